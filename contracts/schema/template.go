package schema

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/pattern"
)

// Template is a body with, for each of its values, what else may stand in its place: what a tool needs that matches
// bodies by their shape. It is an object if Members is not nil, a list if Items is not nil, and a value otherwise.
type Template struct {
	Members []TemplateMember
	Items   []Template
	// Value is the value itself, as it stands in the body.
	Value any
	// Exact values are the only ones. Pattern, if not empty, is the regular expression that others match; of the rest, any
	// value of the same JSON type will do.
	Exact   bool
	Pattern string
}

// TemplateMember is a member of an object.
type TemplateMember struct {
	Name string
	Template
}

// TemplateOf is the template that a value has to match by a schema: the value itself as far as it conforms, and a value
// that would in place of what does not. What the schema does not have is left out.
func (d *Document) TemplateOf(value any, s *Node) Template { return d.template(value, s, 0) }

// PlainTemplate is the template of a value that the schema's own examples make up.
func (d *Document) PlainTemplate(s *Node) Template { return d.template(d.plain(s), s, 0) }

// plain is a value of a schema, the same on every run.
func (d *Document) plain(s *Node) any {
	v, _ := jsontext.Decode(d.Generate(nil, s, rand.New(rand.NewPCG(0, 0))))
	return v
}

// formatPatterns are the patterns of the formats that can be told by one.
var formatPatterns = map[string]string{
	"uuid":      `^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`,
	"date":      `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`,
	"date-time": `^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$`,
	"uri":       `^[A-Za-z][A-Za-z0-9+.-]*:.+$`,
	"email":     `^[^@\s]+@[^@\s]+$`,
}

func (d *Document) template(v any, s *Node, depth int) Template {
	s, err := d.Resolve(s)
	if err != nil || depth > maxDepth {
		return Template{Value: v}
	}
	if branches := Branches(s); branches != nil {
		return d.branchTemplate(v, branches, depth)
	}
	if !FitsType(v, s.Types()) {
		v = d.plain(s)
	}
	switch v := v.(type) {
	case map[string]any:
		props, err := d.Members(s)
		if err != nil || len(props) == 0 {
			return Template{Value: v}
		}
		t := Template{Members: []TemplateMember{}}
		for _, p := range props {
			if x, there := v[p.Name]; there || p.Required {
				t.Members = append(t.Members, TemplateMember{p.Name, d.template(x, p.Schema, depth+1)})
			}
		}
		return t
	case []any:
		if s.At("items") == nil {
			return Template{Value: v}
		}
		t := Template{Items: []Template{}}
		for _, x := range v {
			t.Items = append(t.Items, d.template(x, s.At("items"), depth+1))
		}
		return t
	}
	t := Template{Value: v}
	if c := s.At("const"); c != nil {
		t.Exact, t.Value = true, c.Value()
	}
	if e := s.At("enum"); e != nil {
		if texts := e.Texts(); len(texts) == len(e.List) {
			for i := range texts {
				texts[i] = regexp.QuoteMeta(texts[i])
			}
			t.Pattern = "^(" + strings.Join(texts, "|") + ")$"
		} else {
			t.Exact = true
		}
	} else if p := s.At("pattern").Text(); p != "" {
		// Those who match bodies by their shape know no other expressions than Go has.
		if inGo, exact := pattern.InGo(p); exact {
			t.Pattern = inGo
		}
	} else {
		t.Pattern = formatPatterns[s.At("format").Text()]
	}
	return t
}

// FitsType reports whether a value has one of the JSON types; none named admits all.
func FitsType(v any, types []string) bool {
	if len(types) == 0 {
		return true
	}
	for _, t := range types {
		fits := false
		switch v := v.(type) {
		case nil:
			fits = t == "null"
		case bool:
			fits = t == "boolean"
		case string:
			fits = t == "string"
		case float64:
			fits = t == "number" || t == "integer" && v == math.Trunc(v)
		case json.Number:
			fits = t == "number" || t == "integer" && jsontext.Whole(v)
		case []any:
			fits = t == "array"
		case map[string]any:
			fits = t == "object"
		}
		if fits {
			return true
		}
	}
	return false
}

// branchTemplate takes the branch that the discriminator names, or else the first.
func (d *Document) branchTemplate(v any, branches []*Node, depth int) Template {
	m, _ := v.(map[string]any)
	for _, b := range branches {
		n, err := d.Resolve(b)
		if err != nil {
			continue
		}
		if c := n.At("properties", d.Discriminator, "const"); c != nil && m[d.Discriminator] == c.Scalar {
			return d.template(v, n, depth+1)
		}
	}
	if len(branches) == 0 {
		return Template{Value: v}
	}
	return d.template(v, branches[0], depth+1)
}
