package contracts

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// jsonType is the media type of the request.
const jsonType = "application/json"

// follow gives what stands at a place of the document, through references, and where that is.
func (d *Description) follow(n *schema.Node, at []string) (*schema.Node, []string, error) {
	for n.At("$ref") != nil {
		ref := n.At("$ref").Text()
		if _, err := d.document.Resolve(n); err != nil {
			return nil, nil, err
		}
		var err error
		if n, err = d.document.Pointer(ref); err != nil {
			return nil, nil, err
		}
		at = nil
		for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			at = append(at, strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~"))
		}
	}
	return n, at, nil
}

// below gives a place further down.
func below(at []string, more ...string) []string { return append(at[:len(at):len(at)], more...) }

func (d *Description) readRequest() error {
	body, at, err := d.follow(d.node().At("requestBody"), below(d.pointer(), "requestBody"))
	if err != nil {
		return err
	}
	if body.At("content", jsonType, "schema") == nil {
		return fmt.Errorf("%s has no request body of type application/json with a schema", d.operation)
	}
	d.bodyAt = below(at, "content", jsonType, "schema")
	if d.validator, err = d.compile(d.bodyAt); err != nil {
		return fmt.Errorf("the request's schema does not compile: %w", err)
	}
	return d.readFields()
}

// readFields reads what the request consists of.
func (d *Description) readFields() error {
	var err error
	if d.body, err = d.document.Resolve(d.document.Root.At(d.bodyAt...)); err != nil {
		return err
	}
	if d.fields, err = d.document.Members(d.body); err != nil {
		return err
	}
	d.tiers, d.content = nil, nil
	for _, f := range d.fields {
		switch f.Name {
		case d.operation.Tier:
			d.tiers = f.Schema.At("enum").Texts()
			if c := f.Schema.At("const").Text(); c != "" {
				d.tiers = []string{c}
			}
		case d.operation.Content:
			if err := d.readContent(f.Schema); err != nil {
				return err
			}
		}
	}
	return nil
}

// readContent reads the kinds of content items: the branches of the item schema's oneOf (or anyOf), each named by the
// constant of its discriminator.
func (d *Description) readContent(list *schema.Node) error {
	if list.At("items") == nil {
		return fmt.Errorf("line %d: `%s` has no items", list.Line, d.operation.Content)
	}
	items, err := d.document.Resolve(list.At("items"))
	if err != nil {
		return err
	}
	disc := "type"
	if p := items.At("discriminator", "propertyName").Text(); p != "" {
		disc = p
	}
	d.document.Discriminator = disc
	branches := items.At("oneOf")
	if branches == nil {
		branches = items.At("anyOf")
	}
	if branches == nil {
		branches = &schema.Node{IsList: true, List: []*schema.Node{items}}
	}
	for _, b := range branches.List {
		props, err := d.document.Members(b)
		if err != nil {
			return err
		}
		ct := ContentType{}
		for _, p := range props {
			if p.Name != disc {
				ct.Properties = append(ct.Properties, newProperty(p))
				continue
			}
			ct.Name = p.Schema.At("const").Text()
			if e := p.Schema.At("enum").Texts(); ct.Name == "" && len(e) == 1 {
				ct.Name = e[0]
			}
		}
		if ct.Name == "" {
			return fmt.Errorf("line %d: a kind of content item has no constant `%s`: give the property a `const`", b.Line, disc)
		}
		for _, other := range d.content {
			if other.Name == ct.Name {
				return fmt.Errorf("line %d: two kinds of content items are called %q", b.Line, ct.Name)
			}
		}
		d.content = append(d.content, ct)
	}
	return nil
}

func newProperty(m schema.Member) Property {
	out := Property{Name: m.Name, Required: m.Required, Schema: m.Schema}
	if t := m.Schema.Types(); len(t) > 0 {
		out.Type = t[0]
	}
	return out
}
