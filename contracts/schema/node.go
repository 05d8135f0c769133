package schema

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// maxNodes bounds a description, aliases counted as often as they are used.
const maxNodes = 200_000

// maxDepth bounds how deep a document nests, and how long a chain of references is.
const maxDepth = jsontext.MaxDepth

// Node is a value of the description's document. Unlike a map it keeps the order in which keys were written, which is
// the order in which request bodies, cases and reports list things.
type Node struct {
	Keys   []string
	Fields map[string]*Node // not nil for an object
	List   []*Node
	IsList bool
	Scalar any // string, float64, json.Number, bool or nil, where it is neither object nor list
	Line   int
	Column int
}

// Value converts to the types that the validator takes.
func (n *Node) Value() any {
	switch {
	case n.Fields != nil:
		m := make(map[string]any, len(n.Fields))
		for k, v := range n.Fields {
			m[k] = v.Value()
		}
		return m
	case n.IsList:
		l := make([]any, len(n.List))
		for i, v := range n.List {
			l[i] = v.Value()
		}
		return l
	}
	return n.Scalar
}

// At walks down object keys; it is nil where one is missing.
func (n *Node) At(keys ...string) *Node {
	for _, k := range keys {
		if n == nil {
			return nil
		}
		n = n.Fields[k]
	}
	return n
}

func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	s, _ := n.Scalar.(string)
	return s
}

func (n *Node) Texts() []string {
	var out []string
	if n != nil {
		for _, v := range n.List {
			if s, ok := v.Scalar.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// Number is a node's number, if it is one.
func (n *Node) Number() (float64, bool) {
	if n == nil {
		return 0, false
	}
	switch s := n.Scalar.(type) {
	case float64:
		return s, true
	case json.Number:
		// A bound need not be exact to choose values by.
		f, err := s.Float64()
		return f, err == nil
	}
	return 0, false
}

// open reports whether additionalProperties admits any: it is left out, true, or {}.
func (n *Node) open() bool {
	return n == nil || n.Scalar == true || n.Fields != nil && len(n.Fields) == 0
}

// Types lists a schema's types: none where it names none.
func (n *Node) Types() []string {
	t := n.At("type")
	if t == nil {
		return nil
	}
	if t.IsList {
		return t.Texts()
	}
	return []string{t.Text()}
}

// ReadJSON reads JSON. Unlike a map, a node keeps the order of keys.
func ReadJSON(body []byte) (*Node, error) {
	r := json.NewDecoder(bytes.NewReader(body))
	r.UseNumber()
	return nextNode(r)
}

func nextNode(r *json.Decoder) (*Node, error) {
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	n := &Node{Scalar: token}
	switch token {
	case json.Delim('['):
		n.IsList, n.Scalar = true, nil
		for r.More() {
			x, err := nextNode(r)
			if err != nil {
				return nil, err
			}
			n.List = append(n.List, x)
		}
		_, err = r.Token()
	case json.Delim('{'):
		n.Fields, n.Scalar = map[string]*Node{}, nil
		for r.More() {
			key, err := r.Token()
			if err != nil {
				return nil, err
			}
			x, err := nextNode(r)
			if err != nil {
				return nil, err
			}
			n.Keys = append(n.Keys, key.(string)) // the decoder takes nothing else for a key
			n.Fields[key.(string)] = x
		}
		_, err = r.Token()
	}
	return n, err
}

func (n *Node) AppendJSON(dst []byte) []byte {
	switch {
	case n.Fields != nil:
		dst = append(dst, '{')
		for i, k := range n.Keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = n.Fields[k].AppendJSON(jsontext.AppendKey(dst, k))
		}
		return append(dst, '}')
	case n.IsList:
		dst = append(dst, '[')
		for i, x := range n.List {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.AppendJSON(dst)
		}
		return append(dst, ']')
	}
	if s, ok := n.Scalar.(string); ok {
		return jsontext.AppendString(dst, s)
	}
	return append(dst, jsontext.Of(n.Scalar)...)
}

// Names are the keys of an object; a missing node has none.
func (n *Node) Names() []string {
	if n == nil {
		return nil
	}
	return n.Keys
}

// Items are the elements of a list; a missing node has none.
func (n *Node) Items() []*Node {
	if n == nil {
		return nil
	}
	return n.List
}

// Clone copies a tree.
func (n *Node) Clone() *Node {
	out := *n
	if n.Fields != nil {
		out.Keys, out.Fields = slices.Clone(n.Keys), make(map[string]*Node, len(n.Fields))
		for k, f := range n.Fields {
			out.Fields[k] = f.Clone()
		}
	}
	out.List = slices.Clone(n.List)
	for i, x := range out.List {
		out.List[i] = x.Clone()
	}
	return &out
}

// annotations are the keywords that say nothing of a value's validity.
var annotations = []string{"description", "title", "example", "examples", "deprecated", "default", "readOnly", "writeOnly"}

// Only reports whether a schema has no other keywords than these and annotations.
func (n *Node) Only(keywords ...string) bool {
	return !slices.ContainsFunc(n.Keys, func(k string) bool {
		return !slices.Contains(keywords, k) && !slices.Contains(annotations, k) && !strings.HasPrefix(k, "x-")
	})
}

// Forget takes a key away from an object.
func (n *Node) Forget(key string) {
	n.Keys = slices.DeleteFunc(n.Keys, func(k string) bool { return k == key })
	delete(n.Fields, key)
}

// Set gives an object a key.
func (n *Node) Set(key string, value *Node) {
	if n.Fields[key] == nil {
		n.Keys = append(n.Keys, key)
	}
	n.Fields[key] = value
}

// ForgetExamples takes away a schema's own examples.
func (n *Node) ForgetExamples() {
	delete(n.Fields, "examples")
	delete(n.Fields, "example")
}

// EachObject visits every object of a document.
func (n *Node) EachObject(visit func(*Node)) {
	if n.Fields != nil {
		visit(n)
	}
	for _, f := range n.Fields {
		f.EachObject(visit)
	}
	for _, f := range n.List {
		f.EachObject(visit)
	}
}
