package document

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// maxDepth is how deep a value may be.
const maxDepth = 32

// maxParts is how many parts a value may have.
const maxParts = 10_000

// JSON reads any value as JSON. Plain scalars mean what [jsontext.Plain] says, and numbers keep their digits.
func (v Value) JSON() ([]byte, bool) {
	budget := maxParts
	out, ok := v.generic(0, &budget)
	if !ok {
		return nil, false
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		v.Fail("this value cannot be written as JSON: %v", err)
		return nil, false
	}
	return bytes.TrimSpace(b.Bytes()), true
}

// generic converts the value; the budget bounds what aliases can blow up.
func (v Value) generic(depth int, budget *int) (any, bool) {
	if *budget--; *budget < 0 || depth > maxDepth {
		v.Fail("this value is too large or too deep; expected at most %d parts in %d levels", maxParts, maxDepth)
		return nil, false
	}
	switch v.node.Kind {
	case yaml.MappingNode:
		members, ok := v.Members("a value")
		out := map[string]any{}
		for _, m := range members {
			var good bool
			out[m.Name], good = m.generic(depth+1, budget)
			ok = ok && good
		}
		return out, ok
	case yaml.SequenceNode:
		items, ok := v.List("a value")
		out := []any{}
		for _, i := range items {
			item, good := i.generic(depth+1, budget)
			out = append(out, item)
			ok = ok && good
		}
		return out, ok
	}
	if v.null() {
		return nil, true
	}
	s, ok := v.Text("a value")
	if !ok || !v.plain() || s == "" {
		// What the environment leaves empty is an empty text.
		return s, ok
	}
	out, err := jsontext.Plain(s)
	if err != nil {
		v.Fail("%v", err)
	}
	return out, err == nil
}
