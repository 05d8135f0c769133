package provider

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// refusal is an answer other than a success.
type refusal struct {
	status  int
	code    string
	message string
	// violation is the breach of the contract that the request is refused for, if that is the reason.
	violation *contracts.Violation
}

// gone refuses a call whose caller has left: nobody reads it, but a handler that writes nothing would say 200.
var gone = &refusal{status: http.StatusServiceUnavailable, code: "caller-gone", message: "the caller left before the answer"}

// body says why, as JSON.
func (bad *refusal) body() []byte {
	b := append(make([]byte, 0, 256), `{"error":{"code":`...)
	b = jsontext.AppendString(b, bad.code)
	b = jsontext.AppendString(append(b, `,"message":`...), bad.message)
	if bad.violation != nil {
		b = jsontext.AppendString(append(b, `,"pointer":`...), bad.violation.Pointer)
	}
	return append(b, "}}\n"...)
}

// described is how the description wants a refusal to be. The zero value leaves it to the provider.
type described struct {
	status int
	media  string
	plain  []byte // what conforms, where what the provider has to say does not; nil if anything does
}

// refusing are the statuses with which the provider refuses; free ones may have another of the description in their
// place: HTTP itself demands 401 and 405, and 429 means more than that something is wrong with the request.
var refusing = []struct {
	status int
	free   bool
}{
	{http.StatusBadRequest, true}, {http.StatusUnauthorized, false}, {http.StatusNotFound, true}, {http.StatusMethodNotAllowed, false},
	{http.StatusRequestEntityTooLarge, true}, {http.StatusUnsupportedMediaType, true}, {http.StatusTooManyRequests, false},
}

// newRefusals finds out how the description wants refusals to be. The error is that none was found that conforms.
func newRefusals(d *contracts.Description) (map[int]described, error) {
	all := map[int]described{}
	for _, r := range refusing {
		x := described{status: r.status}
		if r.free {
			x.status = documented(d, r.status)
		}
		response := d.ResponseFor(x.status)
		b := &builder{Description: d, status: x.status}
		if response != nil && len(response.Media) > 0 && !(response.Assumed && b.holds("application/json", []byte(`{"error":{"code":"x","message":"x"}}`))) {
			if x.media, x.plain = b.refusal(inOrder(response.Media)); x.plain == nil && !response.Assumed {
				return nil, fmt.Errorf("no refusal was found that conforms to the response %s of %s; an example in its schema would be one", response.Status, d.Operation())
			}
		}
		all[r.status] = x
	}
	return all, nil
}

// documented is the status that stands for a refusal in the description: itself, the usual ones, or the lowest there
// is.
func documented(d *contracts.Description, status int) int {
	lowest := 0
	for _, r := range d.Responses() {
		if n, err := strconv.Atoi(r.Status); err == nil && n/100 == 4 && (lowest == 0 || n < lowest) {
			lowest = n
		}
	}
	for _, s := range []int{status, http.StatusBadRequest, http.StatusUnprocessableEntity} {
		if d.ResponseFor(s) != nil {
			return s
		}
	}
	return cmp.Or(lowest, status)
}

// refusal finds a body that conforms.
func (b *builder) refusal(media []contracts.Media) (name string, body []byte) {
	for _, m := range media {
		name := concrete(m.Name)
		bodies := b.texts(m.Schema)
		if isJSON(name) {
			bodies = b.Document().Candidates(m.Schema)
		}
		for body := range bodies {
			if b.holds(name, body) {
				return name, body
			}
		}
	}
	return "", nil
}
