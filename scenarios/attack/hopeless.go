package attack

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/results"
)

// enough is how many calls in a row, from the first one on, must fail in the same way before the run is called
// hopeless.
const enough = 10

// hopeless notices a run in which nothing can succeed: the first calls all fail to connect, or are all turned away for
// a reason that no other call will escape.
type hopeless struct {
	settled bool
	calls   int
	kind    results.Kind
	status  uint16
}

// add looks at one more row, and says why there is no hope, or nothing.
func (h *hopeless) add(row *results.Row, invalid bool) string {
	if h.settled || invalid || !row.Sent() {
		return ""
	}
	same := false
	switch row.Error {
	case results.DNS, results.DialRefused, results.DialTimeout, results.Dial, results.TLS:
		same = true
	case results.Status4xx:
		switch row.Status {
		case 401, 403, 404, 405:
			same = true
		}
	}
	if !same || h.calls > 0 && (row.Error != h.kind || row.Status != h.status) {
		h.settled = true
		return ""
	}
	h.kind, h.status = row.Error, row.Status
	if h.calls++; h.calls < enough {
		return ""
	}
	h.settled = true
	if row.Status == 0 {
		return fmt.Sprintf("the first %d calls all failed in the same way (%s)", enough, row.Error)
	}
	advice := map[uint16]string{
		401: "the target wants a valid token: set ANDON_TOKEN, or name a file that holds it",
		403: "the token does not allow the call",
		404: "there is no such call below the target's URL: check its path",
		405: "the target does not take POST there: check its path",
	}[row.Status]
	return fmt.Sprintf("the first %d calls were all answered with status %d; %s", enough, row.Status, advice)
}
