package contracts

import (
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// WithFixtures gives the description with such values in place of its own examples.
func (d *Description) WithFixtures(list []Fixture) (*Description, error) {
	// Examples decide on no body, so what was compiled stays as it is.
	out := *d
	out.document = &schema.Document{Root: d.document.Root.Clone(), Files: d.document.Files, Unread: d.document.Unread}
	if err := out.readFields(); err != nil {
		return nil, err
	}
	out.fixtures = slices.Concat(d.fixtures, list)
	for _, f := range list {
		place := out.placeOf(f)
		if place == nil {
			return nil, fmt.Errorf("the description has no property %s", quote(f.Property))
		}
		examples := &schema.Node{IsList: true}
		for _, text := range f.Values {
			value, err := schema.ReadJSON(text)
			if err != nil {
				return nil, err
			}
			examples.List = append(examples.List, value)
		}
		place.ForgetExamples()
		place.Fields["examples"] = examples
		// A schema's own examples would hide those of its properties.
		out.body.ForgetExamples()
		out.document.Root.EachObject(func(s *schema.Node) {
			if f.ContentType != "" && s.At("properties", out.document.Discriminator, "const").Text() == f.ContentType {
				s.ForgetExamples()
			}
		})
	}
	return &out, nil
}

// placeOf is the schema of the property that a fixture is for.
func (d *Description) placeOf(f Fixture) *schema.Node {
	list := d.Fields()
	for _, t := range d.content {
		if t.Name == f.ContentType {
			list = t.Properties
		}
	}
	for _, p := range list {
		if p.Name == f.Property {
			return p.Schema
		}
	}
	return nil
}

// MadeUp names the ids in a valid body for which there is no fixture, so that no target need know them: the name that
// fixtures have for them, and the value.
func (d *Description) MadeUp(body []byte) (out []Field) {
	v, bad := jsontext.Decode(body)
	call, ok := v.(map[string]any)
	if bad != nil || !ok {
		return nil
	}
	add := func(name string, f Fixture, in map[string]any) {
		id, is := in[f.Property].(string)
		given := slices.ContainsFunc(d.fixtures, func(o Fixture) bool { return o.ContentType == f.ContentType && o.Property == f.Property })
		known := slices.ContainsFunc(out, func(o Field) bool { return o.Name == name })
		if is && !given && !known && schema.Identifier(f.Property) {
			out = append(out, Field{Name: name, JSON: []byte(id)})
		}
	}
	for _, p := range d.Fields() {
		add(p.Name, Fixture{Property: p.Name}, call)
	}
	items, _ := call[d.operation.Content].([]any)
	for _, item := range items {
		fields, _ := item.(map[string]any)
		kind, _ := fields[d.document.Discriminator].(string)
		for _, t := range d.content {
			for _, p := range t.Properties {
				if t.Name == kind {
					add(kind, Fixture{ContentType: kind, Property: p.Name}, fields)
				}
			}
		}
	}
	return out
}
