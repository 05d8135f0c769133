package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	y := placedYAML{reading{budget: maxNodes}}
	n := y.next(root, 0)
	return n, errors.Join(y.wrong...)
}

// placedYAML reads a tree of YAML.
type placedYAML struct{ reading }

func (r *placedYAML) next(y *yaml.Node, depth int) *Node {
	n := &Node{Line: y.Line, Column: y.Column}
	if !r.room(n, depth) {
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		return r.next(y.Alias, depth+1)
	case yaml.SequenceNode:
		n.IsList = true
		for i, c := range y.Content {
			n.List = append(n.List, r.below(strconv.Itoa(i), func() *Node { return r.next(c, depth+1) }))
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
			r.member(n, key, at, func() *Node { return r.next(y.Content[i+1], depth+1) })
		}
	case yaml.ScalarNode:
		var err error
		if n.Scalar, err = scalar(y); err != nil {
			r.fail(n, "%v", err)
		}
	}
	return n
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
