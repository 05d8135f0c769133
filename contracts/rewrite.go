package contracts

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/pattern"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// rewritten is a copy of the document in which every schema of the call has been edited once, after those that it
// consists of.
func rewritten(document *schema.Document, o Operation, edit func(*schema.Document, *schema.Node)) *schema.Node {
	w := rewriter{document: &schema.Document{Root: document.Root.Clone()}, seen: map[*schema.Node]bool{}, edit: edit}
	w.operation(o.Path, strings.ToLower(o.Method))
	return w.document.Root
}

// operation rewrites the schemas of one operation.
func (w *rewriter) operation(path, method string) {
	op := w.follow(w.document.Root.At("paths", path)).At(method)
	w.content(op.At("requestBody"))
	for _, status := range op.At("responses").Names() {
		w.content(op.At("responses", status))
		headers := w.follow(op.At("responses", status)).At("headers")
		for _, name := range headers.Names() {
			w.schema(w.follow(headers.At(name)).At("schema"))
		}
	}
}

// parameters rewrites the schemas of what a call carries outside of its body.
func (w *rewriter) parameters(path, method string) {
	item := w.follow(w.document.Root.At("paths", path))
	for _, p := range slices.Concat(item.At("parameters").Items(), w.follow(item.At(method)).At("parameters").Items()) {
		w.schema(w.follow(p).At("schema"))
	}
}

type rewriter struct {
	document *schema.Document
	seen     map[*schema.Node]bool
	edit     func(*schema.Document, *schema.Node)
}

// follow gives what a reference leads to; nil where that is nowhere.
func (w *rewriter) follow(n *schema.Node) *schema.Node {
	to, err := w.document.Resolve(n)
	if err != nil {
		return nil
	}
	return to
}

// content rewrites the schemas of a body.
func (w *rewriter) content(body *schema.Node) {
	content := w.follow(body).At("content")
	for _, name := range content.Names() {
		w.schema(content.At(name, "schema"))
	}
}

func (w *rewriter) schema(s *schema.Node) {
	if s == nil || s.Fields == nil || w.seen[s] {
		return
	}
	w.seen[s] = true
	if s.At("$ref") != nil {
		w.schema(w.follow(s))
	}
	for _, key := range known("schema part") {
		w.schema(s.At(key))
	}
	for _, key := range known("schema choice") {
		for _, b := range s.At(key).Items() {
			w.schema(b)
		}
	}
	for _, key := range known("schema map") {
		for _, name := range s.At(key).Names() {
			w.schema(s.At(key, name))
		}
	}
	w.edit(w.document, s)
}

// forSecondOpinion writes a schema so that kin-openapi reads it as JSON Schema does. The constant null is none to it.
// What refers to itself, or has a discriminator, it reads as OpenAPI 3.0 has it, where null is no value and a
// discriminator decides, unless there is a keyword that 3.0 does not have; one that says nothing will do.
func forSecondOpinion(s *schema.Node) {
	constAsEnum(s)
	if s.At("$ref") == nil && s.At("if") == nil {
		s.Forget("then") // without an if these say nothing either
		s.Forget("else")
		s.Set("if", &schema.Node{Fields: map[string]*schema.Node{}})
	}
}

// patternAsFormat writes a pattern as a format of its own, since kin-openapi reads patterns as Go does.
func patternAsFormat(s *schema.Node, matched map[string]*pattern.Pattern) {
	p, err := pattern.Compile(s.At("pattern").Text())
	if s.At("pattern") == nil || err != nil {
		return
	}
	name := "matches " + p.String()
	matched[name] = p
	s.Forget("pattern")
	format := &schema.Node{Scalar: name}
	if s.At("format") == nil {
		s.Set("format", format)
		return
	}
	all := &schema.Node{IsList: true, List: slices.Clone(s.At("allOf").Items())}
	all.List = append(all.List, &schema.Node{Keys: []string{"format"}, Fields: map[string]*schema.Node{"format": format}})
	s.Set("allOf", all)
}

// keysInGo writes the patterns of keys as Go does. It is false where one cannot be written so.
func keysInGo(s *schema.Node) bool {
	properties := s.At("patternProperties")
	for i, key := range properties.Names() {
		inGo, exact := pattern.InGo(key)
		if !exact || inGo != key && properties.Fields[inGo] != nil {
			return false
		}
		value := properties.Fields[key]
		delete(properties.Fields, key)
		properties.Keys[i], properties.Fields[inGo] = inGo, value
	}
	return true
}

// constAsEnum writes a constant as the only one of its values.
func constAsEnum(s *schema.Node) {
	c, e := s.At("const"), s.At("enum")
	same := func(v *schema.Node) bool { return string(v.AppendJSON(nil)) == string(c.AppendJSON(nil)) }
	if c == nil || e != nil && !slices.ContainsFunc(e.List, same) {
		return
	}
	s.Forget("const")
	s.Set("enum", &schema.Node{IsList: true, List: []*schema.Node{c}, Line: c.Line, Column: c.Column})
}

// forgetRounded takes out of a schema what kin-openapi cannot judge, and reports whether there was any.
func forgetRounded(s *schema.Node) bool {
	keys := roundedIn(s)
	for _, key := range keys {
		s.Forget(key)
	}
	return len(keys) > 0
}

// roundedIn are the keywords by which a schema holds a value against a number that a float64 rounds, which is what
// kin-openapi reads those of a schema as.
func roundedIn(s *schema.Node) (keys []string) {
	for _, key := range known("schema value") {
		if n := s.At(key); n != nil && roundedNumber(n) {
			keys = append(keys, key)
		}
	}
	return keys
}

func roundedNumber(n *schema.Node) bool {
	if number, is := n.Scalar.(json.Number); is {
		return jsontext.Rounded(number)
	}
	return slices.ContainsFunc(n.List, roundedNumber) || slices.ContainsFunc(slices.Collect(maps.Values(n.Fields)), roundedNumber)
}

// roundedBelow reports whether a schema, or one that it consists of, has such keywords.
func roundedBelow(document *schema.Document, s *schema.Node) (found bool) {
	w := rewriter{document: document, seen: map[*schema.Node]bool{}, edit: func(_ *schema.Document, s *schema.Node) {
		found = found || len(roundedIn(s)) > 0
	}}
	w.schema(s)
	return found
}
