package contracts

import (
	"slices"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// step gives what one reference leads to, and where that is.
func step(document *schema.Document, ref string) (n *schema.Node, at []string, err error) {
	if n, err = document.Pointer(ref); err != nil {
		return nil, nil, err
	}
	return n, jsontext.Steps(ref), nil
}

// requestType is the media type of a request's body as the description writes it: application/json, or one with
// parameters or a range that it falls under. It is empty where there is none with a schema.
func requestType(body *schema.Node) string {
	best, rank := "", 0
	for _, name := range body.At("content").Names() {
		for i, want := range []string{"*/*", "application/*", jsonType} {
			if i >= rank && slices.Contains(ranges(name), want) && body.At("content", name, "schema") != nil {
				best, rank = name, i
			}
		}
	}
	return best
}
