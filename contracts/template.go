package contracts

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
)

// Template is a body with, for each of its values, what else may stand in its place: what a tool needs that matches bodies
// by their shape. It is an object if Members is not nil, a list if Items is not nil, and a value otherwise.
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

// RequestTemplate is the template that a body has to match by the description: its own values, as far as they conform, and
// values that would in place of those that do not. What the description does not have is left out.
func (d *Description) RequestTemplate(body []byte) Template {
	v, _ := decodeJSON(body)
	return d.template(v, d.body, 0)
}

// ResponseTemplate is the template of a body of the response with a status; it is false where the description has no JSON
// body for it.
func (d *Description) ResponseTemplate(status string) (Template, bool) {
	n := d.root.at("paths", path, strings.ToLower(method), "responses", status)
	if ref := n.at("$ref"); ref != nil {
		n, _ = d.pointer(ref.text())
	}
	s := n.at("content", jsonType, "schema")
	if s == nil {
		return Template{}, false
	}
	v, _ := decodeJSON(d.generate(nil, s, rand.New(rand.NewPCG(0, 0)), 0))
	return d.template(v, s, 0), true
}

// formatPatterns are the patterns of the formats that can be told by one.
var formatPatterns = map[string]string{
	"uuid":      `^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`,
	"date":      `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`,
	"date-time": `^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$`,
	"uri":       `^[A-Za-z][A-Za-z0-9+.-]*:.+$`,
	"email":     `^[^@\s]+@[^@\s]+$`,
}

func (d *Description) template(v any, s *node, depth int) Template {
	s, err := d.resolve(s)
	if err != nil || depth > maxDepth {
		return Template{Value: v}
	}
	if branches := branchesOf(s); branches != nil {
		return d.branchTemplate(v, branches, depth)
	}
	if !fitsType(v, s.types()) {
		v, _ = decodeJSON(d.generate(nil, s, rand.New(rand.NewPCG(0, 0)), 0))
	}
	switch v := v.(type) {
	case map[string]any:
		props, err := d.members(s)
		if err != nil || len(props) == 0 {
			return Template{Value: v}
		}
		t := Template{Members: []TemplateMember{}}
		for _, p := range props {
			if x, there := v[p.name]; there || p.required {
				t.Members = append(t.Members, TemplateMember{p.name, d.template(x, p.schema, depth+1)})
			}
		}
		return t
	case []any:
		if s.at("items") == nil {
			return Template{Value: v}
		}
		t := Template{Items: []Template{}}
		for _, x := range v {
			t.Items = append(t.Items, d.template(x, s.at("items"), depth+1))
		}
		return t
	}
	t := Template{Value: v}
	if c := s.at("const"); c != nil {
		t.Exact, t.Value = true, c.value()
	}
	if e := s.at("enum"); e != nil {
		if texts := e.texts(); len(texts) == len(e.list) {
			for i := range texts {
				texts[i] = regexp.QuoteMeta(texts[i])
			}
			t.Pattern = "^(" + strings.Join(texts, "|") + ")$"
		} else {
			t.Exact = true
		}
	} else if p := s.at("pattern").text(); p != "" {
		t.Pattern = p
	} else {
		t.Pattern = formatPatterns[s.at("format").text()]
	}
	return t
}

// fitsType tells whether a value has one of the JSON types; none named admits all.
func fitsType(v any, types []string) bool {
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
			fits = t == "number" || t == "integer"
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
func (d *Description) branchTemplate(v any, branches []*node, depth int) Template {
	m, _ := v.(map[string]any)
	for _, b := range branches {
		n, err := d.resolve(b)
		if err != nil {
			continue
		}
		if c := n.at("properties", d.disc, "const"); c != nil && m[d.disc] == c.scalar {
			return d.template(v, n, depth+1)
		}
	}
	if len(branches) == 0 {
		return Template{Value: v}
	}
	return d.template(v, branches[0], depth+1)
}
