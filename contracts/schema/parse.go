package schema

import (
	"bytes"
	"encoding/json"
	"fmt"

	yaml "go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Parse reads YAML or JSON.
func Parse(data []byte) (*Node, error) {
	// Some editors begin a file with this mark, which says nothing.
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if isJSON(data) {
		return fromJSON(data)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, fmt.Errorf("the document is empty")
	}
	budget := maxNodes
	return fromYAML(doc.Content[0], &budget, 0)
}

func fromYAML(y *yaml.Node, budget *int, depth int) (*Node, error) {
	if *budget--; *budget < 0 || depth > maxDepth {
		return nil, fmt.Errorf("line %d: the document is too large or nests too deep", y.Line)
	}
	n := &Node{Line: y.Line, Column: y.Column}
	switch y.Kind {
	case yaml.AliasNode:
		return fromYAML(y.Alias, budget, depth+1)
	case yaml.SequenceNode:
		n.IsList = true
		for _, c := range y.Content {
			v, err := fromYAML(c, budget, depth+1)
			if err != nil {
				return nil, err
			}
			n.List = append(n.List, v)
		}
	case yaml.MappingNode:
		n.Fields = make(map[string]*Node, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content); i += 2 {
			key := y.Content[i].Value
			if y.Content[i].ShortTag() == "!!merge" {
				return nil, fmt.Errorf("line %d: the merge key << is not read, which YAML 1.2 no longer has; write the keys themselves", y.Content[i].Line)
			}
			v, err := fromYAML(y.Content[i+1], budget, depth+1)
			if err != nil {
				return nil, err
			}
			if _, twice := n.Fields[key]; twice {
				return nil, fmt.Errorf("line %d: the key %q stands twice", y.Content[i].Line, key)
			}
			n.Keys = append(n.Keys, key)
			n.Fields[key] = v
		}
	case yaml.ScalarNode:
		var err error
		if n.Scalar, err = scalar(y); err != nil {
			return nil, fmt.Errorf("line %d: %w", y.Line, err)
		}
	}
	return n, nil
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
