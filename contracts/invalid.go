package contracts

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// InvalidCall is a request that the description forbids, so that a provider must refuse it with a 4xx.
type InvalidCall struct {
	// ID names it in reports: "missing-text", "unknown-kaizenVersion".
	ID   string
	Body []byte
}

// InvalidCalls lists requests that break one thing each: a required property left out of a content item, a value of
// another type, an unknown tier, an unknown or missing discriminator, content that is no list, a body that is no JSON.
// They are derived from the description, and none of them conforms to it.
func (d *Description) InvalidCalls() []InvalidCall { return d.invalid }

func (d *Description) deriveInvalid() []InvalidCall {
	var out []InvalidCall
	add := func(id, body string) { out = append(out, InvalidCall{ID: id, Body: []byte(body)}) }
	add("malformed-json", `{"`+contentProperty+`":[`)
	add("body-array", `[]`)
	for _, f := range d.fields {
		if wrong := wrongType(f.schema); wrong != "" {
			add("wrong-type-"+f.name, fmt.Sprintf(`{%s:%s}`, quote(f.name), wrong))
		}
	}
	if len(d.tiers) > 0 {
		add("unknown-"+tierProperty, fmt.Sprintf(`{%s:%s}`, quote(tierProperty), quote(d.tiers[0]+"-unknown")))
		add("case-"+tierProperty, fmt.Sprintf(`{%s:%s}`, quote(tierProperty), quote(swapCase(d.tiers[0]))))
	}
	if len(d.content) > 0 {
		add("unknown-"+d.disc, fmt.Sprintf(`{%s:[{%s:"unknown"}]}`, quote(contentProperty), quote(d.disc)))
		add("missing-"+d.disc, fmt.Sprintf(`{%s:[{}]}`, quote(contentProperty)))
	}
	rng := rand.New(rand.NewPCG(0, 0))
	for _, ct := range d.content {
		for _, broken := range ct.Properties {
			item := Item{Type: ct.Name}
			for _, p := range ct.Properties {
				if p.Required && p.Name != broken.Name {
					item.Fields = append(item.Fields, Field{p.Name, d.Generate(nil, p, rng)})
				}
			}
			if broken.Required {
				out = append(out, InvalidCall{ct.Name + "-missing-" + broken.Name, d.AppendBody(nil, &Call{Content: []Item{item}})})
			}
			if wrong := wrongType(broken.schema); wrong != "" {
				item.Fields = append(item.Fields, Field{broken.Name, []byte(wrong)})
				out = append(out, InvalidCall{ct.Name + "-wrong-type-" + broken.Name, d.AppendBody(nil, &Call{Content: []Item{item}})})
			}
		}
	}
	// What the description turns out to allow is no invalid call.
	kept := out[:0]
	for _, c := range out {
		if _, violation := d.ReadRequest(c.Body); violation != nil {
			kept = append(kept, c)
		}
	}
	return kept
}

// wrongType is a value that a schema's type does not admit, as JSON; empty where it admits every one.
func wrongType(s *node) string {
	types := s.types()
	if len(types) == 0 {
		return ""
	}
	has := func(t string) bool {
		for _, u := range types {
			if u == t {
				return true
			}
		}
		return false
	}
	switch {
	case !has("string"):
		return `"wrong"`
	case !has("number") && !has("integer"):
		return `42`
	case !has("array"):
		return `[]`
	case !has("object"):
		return `{}`
	case !has("boolean"):
		return `true`
	}
	return ""
}

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}
