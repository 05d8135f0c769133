package provider

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/contracts"
)

// header is one that an answer has, as it is sent.
type header struct {
	name   string
	values []string
}

// newHeaders finds a value for each header that the description has for an answer.
func newHeaders(d *contracts.Description) (all map[*contracts.Response][]header, err error) {
	all = map[*contracts.Response][]header{}
	for _, r := range d.Responses() {
		for _, x := range r.Headers {
			if !x.Required || slices.Contains([]string{"Content-Length", "Transfer-Encoding", "Connection", "Date"}, x.Name) {
				continue // what need not be there is not made up, and these are net/http's to write
			}
			if text, ok := d.Plain(x); ok {
				all[r] = append(all[r], header{x.Name, []string{text}})
			} else {
				err = errors.Join(err, fmt.Errorf("no value was found for the header %s of the response %s of %s; an example would be one", x.Name, r.Status, d.Operation()))
			}
		}
	}
	return all, err
}
