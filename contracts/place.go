package contracts

import (
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// keywords are those of a schema that say what a rule is about.
var keywords = map[string][]string{
	RuleWrongType: {"type"}, RuleWrongValue: {"enum", "const"}, RuleUnknownProperty: {"additionalProperties"}, RuleFormat: {"pattern", "format"},
}

// PlaceInRequest is where the description says what a request's body breaks; without a violation, what a body is.
func (d *Description) PlaceInRequest(body []byte, v *Violation) schema.Place {
	value, bad := jsontext.Decode(body)
	if bad != nil || v == nil {
		return schema.Place{Line: d.body.Line, Assumed: bad == nil && d.document.Assumes(d.body, value)}
	}
	return d.document.PlaceOf(d.body, value, jsontext.Steps(v.Pointer), keywords[v.Rule]...)
}

// PlaceInResponse is where the description says what a response breaks; without a violation, what the status means.
func (d *Description) PlaceInResponse(status int, contentType string, body []byte, v *Violation) schema.Place {
	all := d.node().At("responses")
	r := d.ResponseFor(status)
	if r == nil {
		return schema.Place{Line: all.Line}
	}
	n := all.Fields[r.Status]
	if to, _, err := d.follow(n, below(d.at, "responses", r.Status)); err == nil {
		n = to
	}
	p := schema.Place{Line: n.Line, Assumed: r.Assumed}
	if v == nil {
		return p
	}
	for _, h := range r.Headers {
		if v.Header == h.Name {
			p.Line = h.Line
			return p
		}
	}
	if content := n.At("content"); content != nil {
		p.Line = content.Line
	}
	if m := r.media(mediaType(contentType)); m != nil && m.Schema != nil {
		// The value chooses the branch; of what is no JSON the schema's own line is told.
		value, bad := jsontext.Decode(body)
		if bad != nil {
			return p
		}
		at := d.document.PlaceOf(m.Schema, value, jsontext.Steps(v.Pointer), keywords[v.Rule]...)
		return schema.Place{Line: at.Line, Assumed: p.Assumed || at.Assumed}
	}
	return p
}

// Lines are where the description speaks of what stands around a request's body; 0 is not said.
type Lines struct{ Path, Body, Media, Security int }

// Lines says where the description speaks of the operation's path, its body, its media types, and its security.
func (d *Description) Lines() (l Lines) {
	first := func(nodes ...*schema.Node) int {
		for _, n := range nodes {
			if n != nil {
				return n.Line
			}
		}
		return 0
	}
	root, body := d.document.Root, d.node().At("requestBody")
	l.Path = first(root.At("paths", d.operation.Path))
	l.Body = first(body, d.node())
	l.Media = first(body.At("content"), body, d.node())
	l.Security = first(d.node().At("security"), root.At("security"), d.node())
	return l
}
