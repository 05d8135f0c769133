package document

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v4"
)

// maxDepth is how deep a value may be.
const maxDepth = 32

// JSON reads any value as JSON. Plain scalars mean what they mean in YAML 1.2's core schema.
func (v Value) JSON() ([]byte, bool) {
	budget := 10_000
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
		v.Fail("this value is too large or too deep")
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
	if v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || !ok {
		return s, ok
	}
	var out any
	if (yaml.Load([]byte(s), &out)) != nil {
		return s, true
	}
	switch out.(type) {
	case bool, int, int64, uint64, float64, string:
		return out, true
	}
	return s, true
}
