package contracts

import "github.com/kaizenautomation/andon/contracts/schema"

// ContentType is one kind of content item.
type ContentType struct {
	// Name is the value of the item's discriminator: "text".
	Name string
	// Properties are what an item of the type holds besides its discriminator, in the description's order.
	Properties []Property
}

// Property is a member of a request or of a content item.
type Property struct {
	Name     string
	Required bool
	// Type is its JSON type: "string", "object", "boolean", …; empty where the description leaves it open.
	Type string
	// Schema is what the description says of its value.
	Schema *schema.Node
}

func newProperty(m schema.Member) Property {
	out := Property{Name: m.Name, Required: m.Required, Schema: m.Schema}
	if t := m.Schema.Types(); len(t) > 0 {
		out.Type = t[0]
	}
	return out
}

// Fixture is what exists at a target: values of a property.
type Fixture struct {
	// ContentType is the type of the content items that have the property; empty for a property of the call.
	ContentType string
	Property    string
	// Values are JSON, and the description allows each.
	Values [][]byte
}
