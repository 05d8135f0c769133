package contracts

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/text"
)

// WithFixtures gives the description with values that exist at a target in place of its own examples, for the
// properties that name things: as YAML, lists by the name of a property of the call (agentId) or of a content type that
// has an id (file, skill).
func (d *Description) WithFixtures(data []byte) (*Description, error) {
	fixtures, err := schema.Parse(data)
	if err != nil {
		return nil, err
	}
	// Examples decide on no body, so what was compiled stays as it is.
	out := *d
	out.document = &schema.Document{Root: d.document.Root.Clone()}
	if err := out.readFields(); err != nil {
		return nil, err
	}
	known, places := out.fixturePlaces()
	if fixtures.Fields == nil {
		return nil, fmt.Errorf("line %d: expected lists by name, such as file: [file_1]", fixtures.Line)
	}
	for _, name := range fixtures.Keys {
		place, list := places[name], fixtures.Fields[name]
		switch {
		case place == nil:
			hint := "expected one of " + strings.Join(known, ", ")
			if near := text.Nearest(name, known); near != "" {
				hint = "did you mean " + quote(near) + "?"
			}
			return nil, fmt.Errorf("line %d: nothing that the description has is called %s; %s", list.Line, quote(clip(name, 60)), hint)
		case !list.IsList || len(list.List) == 0 || len(list.Texts()) != len(list.List):
			return nil, fmt.Errorf("line %d: expected a list of texts for %s", list.Line, name)
		}
		place.ForgetExamples()
		place.Fields["examples"] = list
		// A schema's own examples would hide those of its properties.
		out.body.ForgetExamples()
		out.document.Root.EachObject(func(s *schema.Node) {
			if s.At("properties", out.document.Discriminator, "const").Text() == name {
				s.ForgetExamples()
			}
		})
	}
	return &out, nil
}

// fixturePlaces are the schemas whose values name things, by the names under which fixtures are given for them.
func (d *Description) fixturePlaces() (known []string, places map[string]*schema.Node) {
	places = map[string]*schema.Node{}
	for _, f := range d.fields {
		if schema.Identifier(f.Name) {
			known, places[f.Name] = append(known, f.Name), f.Schema
		}
	}
	for _, t := range d.content {
		for _, p := range t.Properties {
			if schema.Identifier(p.Name) {
				known, places[t.Name] = append(known, t.Name), p.Schema
			}
		}
	}
	return known, places
}
