package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	yaml "go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Parse reads YAML or JSON. The error joins a [*Problem] for all that is wrong, with the pointers of this text.
func Parse(data []byte) (*Node, error) {
	// Some editors begin a file with this mark, which says nothing.
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if isJSON(data) {
		return fromJSON(data)
	}
	root, wrong := document.Tree(data, "a description needs at least openapi, info and paths")
	if wrong != nil {
		at, message := notJSON(data)
		if at == nil {
			at, message = &Node{Line: wrong.Line, Column: wrong.Column}, wrong.Message
		}
		return nil, &Problem{At: at, Pointer: []string{}, Message: message}
	}
	r := reading{budget: maxNodes}
	n := r.yaml(root, 0)
	return n, errors.Join(r.wrong...)
}

// tooLarge is the problem of a document of which no more is read.
const tooLarge = "the document is too large or nests too deep"

// reading is how far a document is read, and what was found to be wrong with it.
type reading struct {
	budget int
	// at are the steps from the root to what is being read.
	at    []string
	wrong []error
	full  bool
}

// room reports whether one more node is read; once there was none, there is none for the rest.
func (r *reading) room(n *Node, depth int) bool {
	if r.budget--; !r.full && (r.budget < 0 || depth > maxDepth) {
		r.full = true
		r.fail(n, tooLarge)
	}
	return !r.full
}

// fail notes a problem, once where an alias leads to it again.
func (r *reading) fail(at *Node, format string, args ...any) {
	p := &Problem{At: &Node{Line: at.Line, Column: at.Column}, Pointer: append([]string{}, r.at...), Message: fmt.Sprintf(format, args...)}
	if !slices.ContainsFunc(r.wrong, func(e error) bool {
		var other *Problem
		return errors.As(e, &other) && other.At.Line == at.Line && other.At.Column == at.Column && other.Message == p.Message
	}) {
		r.wrong = append(r.wrong, p)
	}
}

// below reads what stands a step below.
func (r *reading) below(step string, read func() *Node) *Node {
	r.at = append(r.at, step)
	defer func() { r.at = r.at[:len(r.at)-1] }()
	return read()
}

func (r *reading) yaml(y *yaml.Node, depth int) *Node {
	n := &Node{Line: y.Line, Column: y.Column}
	if !r.room(n, depth) {
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		return r.yaml(y.Alias, depth+1)
	case yaml.SequenceNode:
		n.IsList = true
		for i, c := range y.Content {
			n.List = append(n.List, r.below(strconv.Itoa(i), func() *Node { return r.yaml(c, depth+1) }))
		}
	case yaml.MappingNode:
		n.Fields = make(map[string]*Node, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content); i += 2 {
			key, at := y.Content[i].Value, &Node{Line: y.Content[i].Line, Column: y.Content[i].Column}
			if y.Content[i].Kind != yaml.ScalarNode {
				r.fail(at, "expected a name as the key, found a mapping, a list or an alias; write the name itself")
				continue
			}
			if y.Content[i].ShortTag() == "!!merge" {
				r.fail(at, "the merge key << is not read, which YAML 1.2 no longer has; write the keys themselves")
				continue
			}
			r.member(n, key, at, func() *Node { return r.yaml(y.Content[i+1], depth+1) })
		}
	case yaml.ScalarNode:
		var err error
		if n.Scalar, err = scalar(y); err != nil {
			r.fail(n, "%v", err)
		}
	}
	return n
}

// member reads a member of an object; at is where its key stands.
func (r *reading) member(n *Node, key string, at *Node, read func() *Node) {
	value := r.below(key, func() *Node {
		if first := n.Fields[key]; first != nil {
			r.fail(at, "the key %q stands here twice (what it has first is in line %d); leave one of them", document.Clip(key), first.Line)
		}
		return read()
	})
	if n.Fields[key] == nil {
		n.Keys = append(n.Keys, key)
		n.Fields[key] = value
	}
}

// scalar is what a scalar means. Where readers of YAML 1.1 and 1.2 take it for different values, whoever wrote it meant
// one of them, and nobody can say which.
func scalar(y *yaml.Node) (any, error) {
	switch y.Style {
	case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle:
		return y.Value, nil
	}
	if y.Style&yaml.TaggedStyle != 0 {
		if tag := y.ShortTag(); tag != "!!str" {
			return nil, fmt.Errorf("the tag %s is not read; write the value itself", tag)
		}
		return y.Value, nil
	}
	v, err := jsontext.Plain(y.Value)
	if err != nil {
		return nil, err
	}
	var other any
	number, is := v.(json.Number)
	switch tag := y.ShortTag(); {
	case is != (tag == "!!int" || tag == "!!float"):
		return nil, fmt.Errorf("%.40s is a number to some readers of YAML and a text to others; write it in quotes, or in decimal digits", y.Value)
	case !is:
		return v, nil
	}
	if err := y.Decode(&other); err != nil {
		return nil, err
	}
	n, whole := other.(int)
	if m, err := number.Int64(); whole && (err != nil || int64(n) != m) {
		return nil, fmt.Errorf("%.40s is %d to some readers of YAML and %s to others; write it in quotes, or without the 0 before it", y.Value, n, number)
	}
	return numberOf(number)
}
