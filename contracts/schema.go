package contracts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// maxNodes bounds a description, aliases counted as often as they are used.
const maxNodes = 200_000

// node is a value of the description's document. Unlike a map it keeps the order in which keys were written, which is
// the order in which request bodies, cases and reports list things.
type node struct {
	keys   []string
	fields map[string]*node // not nil for an object
	list   []*node
	isList bool
	scalar any // string, float64, bool or nil, where it is neither object nor list
	line   int
}

// parseTree reads YAML or JSON.
func parseTree(data []byte) (*node, error) {
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

func fromYAML(y *yaml.Node, budget *int, depth int) (*node, error) {
	if *budget--; *budget < 0 || depth > maxDepth {
		return nil, fmt.Errorf("line %d: the document is too large or nests too deep", y.Line)
	}
	n := &node{line: y.Line}
	switch y.Kind {
	case yaml.AliasNode:
		return fromYAML(y.Alias, budget, depth+1)
	case yaml.SequenceNode:
		n.isList = true
		for _, c := range y.Content {
			v, err := fromYAML(c, budget, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, v)
		}
	case yaml.MappingNode:
		n.fields = make(map[string]*node, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content); i += 2 {
			key := y.Content[i].Value
			v, err := fromYAML(y.Content[i+1], budget, depth+1)
			if err != nil {
				return nil, err
			}
			if _, twice := n.fields[key]; twice {
				return nil, fmt.Errorf("line %d: the key %q stands twice", y.Content[i].Line, key)
			}
			n.keys = append(n.keys, key)
			n.fields[key] = v
		}
	case yaml.ScalarNode:
		switch y.ShortTag() {
		case "!!null":
		case "!!bool", "!!int", "!!float":
			var v any
			if err := y.Decode(&v); err != nil {
				return nil, fmt.Errorf("line %d: %w", y.Line, err)
			}
			switch v := v.(type) {
			case int:
				n.scalar = float64(v)
			case int64:
				n.scalar = float64(v)
			case uint64:
				n.scalar = float64(v)
			default:
				n.scalar = v
			}
		default:
			n.scalar = y.Value
		}
	}
	return n, nil
}

// value converts to the types that the validator takes.
func (n *node) value() any {
	switch {
	case n.fields != nil:
		m := make(map[string]any, len(n.fields))
		for k, v := range n.fields {
			m[k] = v.value()
		}
		return m
	case n.isList:
		l := make([]any, len(n.list))
		for i, v := range n.list {
			l[i] = v.value()
		}
		return l
	}
	return n.scalar
}

// at walks down object keys; it is nil where one is missing.
func (n *node) at(keys ...string) *node {
	for _, k := range keys {
		if n == nil {
			return nil
		}
		n = n.fields[k]
	}
	return n
}

func (n *node) text() string {
	if n == nil {
		return ""
	}
	s, _ := n.scalar.(string)
	return s
}

func (n *node) texts() []string {
	var out []string
	if n != nil {
		for _, v := range n.list {
			if s, ok := v.scalar.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// resolve follows local references ("#/components/…") from a schema.
func (d *Description) resolve(n *node) (*node, error) {
	for range maxDepth {
		ref := n.at("$ref")
		if ref == nil {
			return n, nil
		}
		target, err := d.pointer(ref.text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n.line, err)
		}
		n = target
	}
	return nil, fmt.Errorf("line %d: the reference %q leads back to itself", n.line, n.at("$ref").text())
}

func (d *Description) pointer(ref string) (*node, error) {
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return nil, fmt.Errorf("the reference %q does not start with #/; andon reads one file, so bundle the description into one", ref)
	}
	n := d.root
	for _, part := range strings.Split(path, "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch {
		case n.fields[part] != nil:
			n = n.fields[part]
		case n.isList:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(n.list) {
				return nil, fmt.Errorf("the reference %q leads nowhere (at %q)", ref, part)
			}
			n = n.list[i]
		default:
			return nil, fmt.Errorf("the reference %q leads nowhere (at %q)", ref, part)
		}
	}
	return n, nil
}

// A property is one member of an object schema.
type property struct {
	name     string
	schema   *node
	required bool
}

// members lists an object schema's properties in order, through references and allOf.
func (d *Description) members(schema *node) ([]property, error) {
	var out []property
	required := map[string]bool{}
	var walk func(n *node, depth int) error
	walk = func(n *node, depth int) error {
		if depth > maxDepth {
			return fmt.Errorf("line %d: allOf leads back to itself", n.line)
		}
		n, err := d.resolve(n)
		if err != nil {
			return err
		}
		if all := n.at("allOf"); all != nil {
			for _, part := range all.list {
				if err := walk(part, depth+1); err != nil {
					return err
				}
			}
		}
		if props := n.at("properties"); props != nil {
			for _, name := range props.keys {
				s, err := d.resolve(props.fields[name])
				if err != nil {
					return err
				}
				if i := slices.IndexFunc(out, func(p property) bool { return p.name == name }); i >= 0 {
					out[i].schema = s
				} else {
					out = append(out, property{name: name, schema: s})
				}
			}
		}
		for _, name := range n.at("required").texts() {
			required[name] = true
		}
		return nil
	}
	if err := walk(schema, 0); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].required = required[out[i].name]
	}
	return out, nil
}

// types lists a schema's types: none where it names none.
func (n *node) types() []string {
	t := n.at("type")
	if t == nil {
		return nil
	}
	if t.isList {
		return t.texts()
	}
	return []string{t.text()}
}
