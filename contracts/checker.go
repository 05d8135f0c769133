package contracts

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Checker holds many calls against the description. Most of them differ in values alone of which the description asks
// no more than their type and, of texts, how long they are: of such calls one is judged for all.
//
// TestChecker holds it to that: what it lets pass, the validator takes.
type Checker struct {
	d      *Description
	values map[valueOf]asked
	// judged are the calls that are right, without those values.
	judged    map[string]bool
	key, body []byte
}

// valueOf is a property of a content type, or of the call where that is empty.
type valueOf struct{ contentType, property string }

// asked is all that the description asks of a value.
type asked struct {
	jsonType    string
	least, most int // the length of a text
}

// NewChecker makes a checker, which is for one goroutine.
func (d *Description) NewChecker() *Checker {
	return &Checker{d: d, values: d.freeValues(), judged: map[string]bool{}}
}

// Check holds a call against the description.
func (c *Checker) Check(call *Call) *Violation {
	c.key = c.key[:0]
	add := func(text string) { c.key = append(binary.AppendUvarint(c.key, uint64(len(text))), text...) }
	free := true
	fields := func(contentType string, list []Field) {
		c.key = binary.AppendUvarint(c.key, uint64(len(list)))
		for _, f := range list {
			add(f.Name)
			a, known := c.values[valueOf{contentType, f.Name}]
			free = free && known && a.met(f.JSON)
		}
	}
	add(call.Tier)
	fields("", call.Fields)
	if call.Content != nil {
		c.key = binary.AppendUvarint(c.key, uint64(len(call.Content)))
	}
	for _, item := range call.Content {
		add(item.Type)
		fields(item.Type, item.Fields)
	}
	if free && c.judged[string(c.key)] {
		return nil
	}
	c.body = c.d.AppendBody(c.body[:0], call)
	_, violation := c.d.ReadRequest(c.body)
	if free && violation == nil {
		c.judged[string(c.key)] = true
	}
	return violation
}

// met reports whether a value is what is asked. One of which it is not seen at once is judged with its call.
func (a asked) met(value []byte) bool {
	switch a.jsonType {
	case "string":
		text, end := plainString(value, 0)
		return end == len(value) && a.least <= len(text) && len(text) <= a.most
	case "boolean":
		return string(value) == "true" || string(value) == "false"
	}
	// Where an object stands it is nested deeper than by itself.
	shallow := bytes.Count(value, []byte("{"))+bytes.Count(value, []byte("[")) < jsontext.MaxDepth/2
	v, bad := jsontext.Decode(value)
	_, object := v.(map[string]any)
	return shallow && bad == nil && object
}

// freeValues are the properties whose values are right or wrong for themselves alone, and easily told: those of which
// no other part of the description speaks than a schema with nothing but a type and lengths.
func (d *Description) freeValues() map[valueOf]asked {
	out := map[valueOf]asked{}
	properties := d.properties(d.document.Root.At(d.bodyAt...))
	for _, name := range properties.Names() {
		if a, ok := d.asked(properties.At(name)); ok {
			out[valueOf{"", name}] = a
		}
	}
	list := d.bare(properties.At(d.operation.Content), "type", "items", "minItems", "maxItems")
	items := d.bare(list.At("items"), "oneOf", "discriminator")
	for _, branch := range items.At("oneOf").Items() {
		properties := d.properties(branch)
		kind := d.bare(properties.At(d.document.Discriminator), "type", "const").At("const").Text()
		for _, name := range properties.Names() {
			if a, ok := d.asked(properties.At(name)); ok && kind != "" {
				out[valueOf{kind, name}] = a
			}
		}
	}
	return out
}

// properties are those of an object of which no more is asked than these.
func (d *Description) properties(s *schema.Node) *schema.Node {
	return d.bare(s, "type", "required", "properties", "additionalProperties").At("properties")
}

// asked is what is asked of a value, where that is easily told.
func (d *Description) asked(s *schema.Node) (a asked, ok bool) {
	s = d.bare(s, "type", "minLength", "maxLength", "additionalProperties")
	a = asked{jsonType: s.At("type").Text(), most: math.MaxInt}
	for keyword, to := range map[string]*int{"minLength": &a.least, "maxLength": &a.most} {
		if n := s.At(keyword); n != nil {
			bound, known := n.Number()
			if !known || bound != math.Trunc(bound) || bound < 0 || bound >= 1<<31 {
				return a, false
			}
			*to = int(bound)
		}
	}
	more := s.At("additionalProperties")
	return a, a.jsonType == "string" || a.jsonType == "boolean" || a.jsonType == "object" && (more == nil || isTrue(more))
}

// bare follows a reference to a schema that has no other keywords than these; nil where it has.
func (d *Description) bare(s *schema.Node, keywords ...string) *schema.Node {
	for range 32 {
		switch {
		case s == nil:
			return nil
		case s.At("$ref") == nil && s.Only(keywords...):
			return s
		case s.At("$ref") == nil || !s.Only("$ref"):
			return nil
		}
		var err error
		if s, err = d.document.Pointer(s.At("$ref").Text()); err != nil {
			return nil
		}
	}
	return nil
}
