package cases

import (
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/schema"
)

const (
	// maxOfParameter is how many cases of a kind a parameter is worth.
	maxOfParameter = 16
	// maxParameter is how long a parameter may be: servers take heads of a few thousand characters, whatever is described.
	maxParameter = 2000
)

// parameters adds the cases about what a call carries besides its body: with each value that is told apart, without
// what must be there, and with what is forbidden. The body is a plain one, which conforms, or nothing could be told.
func (v *deriver) parameters(plain []byte) {
	if _, violation := v.ReadRequest(plain); violation != nil || len(v.Parameters()) == 0 {
		return
	}
	for _, p := range v.Parameters() {
		v.accepted(p, plain)
		v.refused(p, plain)
	}
	if slices.ContainsFunc(v.Parameters(), func(p *contracts.Parameter) bool { return p.In == contracts.InQuery }) {
		name := "andonUnknown"
		unknown := &contracts.Parameter{In: contracts.InQuery, Name: name}
		v.carrying(unknown, Case{ID: "parameter.unknown.silent", Proves: "a parameter of the query that is not described", Expect: Either,
			Operation: v.operation.With(unknown, name+"=1"), Body: plain, Line: v.Lines().Path})
	}
}

// carrying adds a case about a parameter.
func (v *deriver) carrying(p *contracts.Parameter, c Case) {
	c.ContentType, c.Parameter = jsonType, p.In+" "+p.Name
	if c.Line == 0 {
		c.Line = p.Line
	}
	v.add(c)
}

// accepted adds the ways to fill a parameter, each with a value of its own. What is sent in every call needs no case.
func (v *deriver) accepted(p *contracts.Parameter, plain []byte) {
	seen := map[string]bool{}
	if text, ok := v.PlainOf(p); ok && v.operation.Sends(p) {
		seen[text] = true
	}
	for _, x := range v.filled(p) {
		text, ok := p.Write(x.JSON)
		if !ok || seen[text] || len(seen) >= maxOfParameter || len(text) > maxParameter || p.Judge(text) != nil {
			continue
		}
		seen[text] = true
		label := x.Label
		if label == "" {
			label = "present"
		}
		v.carrying(p, Case{ID: "parameter." + p.Name + "." + label, Proves: p.String() + ": " + x.Why, Expect: Accepted,
			Operation: v.operation.With(p, text), Body: plain})
	}
}

// filled are values for a parameter. What a path names has to exist, so that only what the description lists is tried.
func (v *deriver) filled(p *contracts.Parameter) (list []schema.Variant) {
	s, err := v.Document().Resolve(p.Schema)
	if err != nil {
		return nil
	}
	if p.Schema == nil {
		return []schema.Variant{{Why: "any value", JSON: []byte(`"x"`)}}
	}
	if listed := s.At("enum") != nil || slices.Equal(s.Types(), []string{"boolean"}); (p.In == contracts.InPath || p.Required) && !listed {
		return nil
	}
	// A name of a thing that nobody knows would be refused for that.
	return v.values.Valid(p.Schema, p.Name+"Id")
}

// refused adds the ways to break what is said of a parameter.
func (v *deriver) refused(p *contracts.Parameter, plain []byte) {
	if p.Required && p.In != contracts.InPath {
		v.carrying(p, Case{ID: "parameter." + p.Name + ".missing.negative", Proves: "a call without " + p.String(), Expect: Refused,
			Operation: v.operation.Without(p), Body: plain, Rule: contracts.RuleMissingParameter})
	}
	if p.Schema == nil {
		return
	}
	seen := map[string]bool{}
	for _, x := range v.values.Invalid(p.Schema) {
		text, ok := p.Write(x.JSON)
		if !ok || seen[text] || len(seen) >= maxOfParameter || len(text) > maxParameter {
			continue
		}
		violation := p.Judge(text)
		if violation == nil {
			continue // as a text it is not what it is as JSON
		}
		seen[text] = true
		v.carrying(p, Case{ID: "parameter." + p.Name + "." + x.Label + ".negative", Proves: p.String() + ": " + x.Why, Expect: Refused,
			Operation: v.operation.Forcing(p, text), Body: plain, Rule: violation.Rule})
	}
}

// callers adds the cases about who a call says that it is from: nobody, somebody unknown, and somebody who gives all
// keys of a way but one.
func (v *deriver) callers(plain []byte) {
	add := func(id string, auth Auth) {
		v.add(Case{ID: id + ".negative", Proves: "a call with " + string(auth), Expect: Refused, Line: v.Lines().Security, ContentType: jsonType, Auth: auth, Body: plain})
	}
	add("token.missing", NoToken)
	add("token.wrong", WrongToken)
	add("token.empty", EmptyToken)
	ways := v.operation.Ways()
	if slices.ContainsFunc(ways, func(way []contracts.Key) bool {
		return slices.ContainsFunc(way, func(k contracts.Key) bool { return k.Scheme != "" })
	}) {
		add("token.wrong-scheme", WrongScheme)
	}
	for _, way := range ways {
		for _, k := range way {
			rest := func(other []contracts.Key) bool {
				return !slices.ContainsFunc(other, func(o contracts.Key) bool { return o == k || !slices.Contains(way, o) })
			}
			if len(way) > 1 && !slices.ContainsFunc(ways, rest) {
				add("token.without-"+strings.ToLower(k.Name), contracts.Lacking(k))
			}
		}
	}
}
