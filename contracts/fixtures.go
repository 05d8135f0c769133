package contracts

import (
	"fmt"
	"strings"
)

// forgetExamples takes away a schema's own examples, which would hide those of its properties.
func (n *node) forgetExamples() {
	delete(n.fields, "examples")
	delete(n.fields, "example")
}

// eachSchema visits every object of a document.
func (n *node) eachSchema(visit func(*node)) {
	if n.fields != nil {
		visit(n)
	}
	for _, f := range n.fields {
		f.eachSchema(visit)
	}
	for _, f := range n.list {
		f.eachSchema(visit)
	}
}

// WithFixtures gives the description with values that exist at a target in place of its own examples, for the properties
// that name things: as YAML, lists by the name of a property of the call (agentId) or of a content type that has an id
// (file, skill).
func (d *Description) WithFixtures(data []byte) (*Description, error) {
	fixtures, err := parseTree(data)
	if err != nil {
		return nil, err
	}
	out, err := load(d.source)
	if err != nil {
		return nil, err
	}
	var known []string
	places := map[string]*node{}
	for _, f := range out.fields {
		if identifier(f.name) {
			known, places[f.name] = append(known, f.name), f.schema
		}
	}
	for _, t := range out.content {
		for _, p := range t.Properties {
			if identifier(p.Name) {
				known, places[t.Name] = append(known, t.Name), p.schema
			}
		}
	}
	if fixtures.fields == nil {
		return nil, fmt.Errorf("line %d: expected lists by name, such as file: [file_1]", fixtures.line)
	}
	for _, name := range fixtures.keys {
		place, list := places[name], fixtures.fields[name]
		switch {
		case place == nil:
			hint := "expected one of " + strings.Join(known, ", ")
			if near := Nearest(name, known); near != "" {
				hint = "did you mean " + quote(near) + "?"
			}
			return nil, fmt.Errorf("line %d: nothing that the description has is called %s; %s", list.line, quote(clip(name, 60)), hint)
		case !list.isList || len(list.list) == 0 || len(list.texts()) != len(list.list):
			return nil, fmt.Errorf("line %d: expected a list of texts for %s", list.line, name)
		}
		place.fields["examples"] = list
		delete(place.fields, "example")
		out.body.forgetExamples()
		out.root.eachSchema(func(s *node) {
			if s.at("properties", out.disc, "const").text() == name {
				s.forgetExamples()
			}
		})
	}
	out.cases, out.invalid = nil, nil
	out.deriveCases()
	return out, nil
}
