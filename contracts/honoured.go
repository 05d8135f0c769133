package contracts

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/pattern"
	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/text"
)

// known are the keys of each kind of object that andon honours, or that say nothing of what is sent and what may come
// back. Whatever else stands in such an object is refused: a part that is not read lets a breach pass, or blames a
// provider that does as the description says.
func known(kind string) []string {
	all := ""
	switch kind {
	case "document 3.2":
		all = "$self"
	case "path item 3.2":
		all = "query additionalOperations"
	case "response 3.2":
		all = "summary"
	case "document":
		all = "openapi info jsonSchemaDialect servers paths webhooks components security tags externalDocs"
	case "path item":
		all = "$ref summary description get put post delete options head patch trace servers parameters"
	case "operation":
		all = "tags summary description externalDocs operationId parameters requestBody responses callbacks deprecated security servers"
	case "request body":
		all = "description content required"
	case "parameter":
		all = "name in description required deprecated allowEmptyValue style explode allowReserved schema example examples content"
	case "header":
		all = "description required deprecated style explode schema example examples content"
	case "media type":
		all = "schema example examples encoding"
	case "response":
		all = "description headers content links"
	case "schema choice":
		all = "allOf anyOf oneOf prefixItems"
	case "schema map":
		all = "properties patternProperties dependentSchemas"
	case "schema part":
		all = "items additionalProperties not if then else contains propertyNames unevaluatedItems unevaluatedProperties"
	case "schema value":
		all = "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems " +
			"minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired format"
	case "schema note":
		all = "title description default deprecated readOnly writeOnly example examples discriminator xml externalDocs $comment " +
			"$schema $defs definitions $anchor $dynamicAnchor contentEncoding contentMediaType contentSchema"
	}
	return strings.Fields(all)
}

// dialects are what a schema may say that it is written in: JSON Schema 2020-12, which OpenAPI 3.1 extends by words.
var dialects = []string{"https://json-schema.org/draft/2020-12/schema", "https://spec.openapis.org/oas/3.1/dialect/base", "https://spec.openapis.org/oas/3.2/dialect/2025-09-17"}

// unhonoured is a part of a description that andon does not honour.
type unhonoured struct {
	at      *schema.Node
	pointer []string
	message string
}

// unhonouredError lists all such parts of a description.
type unhonouredError struct {
	file     string
	document *schema.Document
	parts    []unhonoured
}

func (e *unhonouredError) Error() string {
	slices.SortStableFunc(e.parts, func(x, y unhonoured) int { return cmp.Or(x.at.Line-y.at.Line, x.at.Column-y.at.Column) })
	// What the call and the operation that is followed have in common is told once.
	e.parts = slices.CompactFunc(e.parts, func(x, y unhonoured) bool { return x.at == y.at && x.message == y.message })
	var b strings.Builder
	fmt.Fprintf(&b, "%s of this description cannot be honoured, and without would let a breach pass or blame a provider that does as it says:",
		text.Plural(uint64(len(e.parts)), "part"))
	for _, p := range e.parts {
		fmt.Fprintf(&b, "\n  %s: %s", siteOf(e.file, e.document, p.at, p.pointer), p.message)
	}
	return b.String()
}

// audit goes through all that the description says of the call.
type audit struct {
	document *schema.Document
	parts    []unhonoured
	// seen are the schemas that were gone through.
	seen map[*schema.Node]bool
	// call and followed are what calls carry besides their bodies: the call itself, and the operation that is followed.
	call, followed beside
	// chosen says that the call is not the one that the description names.
	chosen bool
	// heads are the headers of the responses.
	heads map[*schema.Node][]*Header
}

// newAudit audits the call of a path and a method.
func newAudit(document *schema.Document, o Operation, chosen bool) *audit {
	a := &audit{document: document, chosen: chosen, seen: map[*schema.Node]bool{}, heads: map[*schema.Node][]*Header{}}
	root := document.Root
	a.keys(root, nil, "document")
	if d := root.At("jsonSchemaDialect"); d != nil && !slices.Contains(dialects, d.Text()) {
		a.fail(d, []string{"jsonSchemaDialect"}, "schemas are read as JSON Schema 2020-12 alone, found %s; write them so, and leave this out", quote(clip(d.Text(), 100)))
	}
	at := []string{"paths", o.Path}
	item := root.At(at...)
	item, at = a.follow(item, at)
	a.keys(item, at, "path item")
	method := strings.ToLower(o.Method)
	op, opAt := item.At(method), below(at, method)
	a.keys(op, opAt, "operation")
	a.call = a.carriedBy(item, at, op, opAt, o.Path, "")
	if body := op.At("requestBody"); body != nil {
		a.requestBody(a.follow(body, below(opAt, "requestBody")))
	}
	for _, status := range op.At("responses").Names() {
		if !strings.HasPrefix(status, "x-") {
			a.response(op.At("responses", status), below(opAt, "responses", status))
		}
	}
	return a
}

func (a *audit) fail(at *schema.Node, pointer []string, format string, args ...any) {
	a.parts = append(a.parts, unhonoured{at: at, pointer: pointer, message: fmt.Sprintf(format, args...)})
}

// keys holds an object's keys against those that are known.
func (a *audit) keys(n *schema.Node, at []string, kinds ...string) {
	var all []string
	for _, kind := range kinds {
		all = append(all, known(kind)...)
		if strings.HasPrefix(a.document.Root.At("openapi").Text(), "3.2.") {
			all = append(all, known(kind+" 3.2")...)
		}
	}
	for _, key := range n.Names() {
		if strings.HasPrefix(key, "x-") || slices.Contains(all, key) {
			continue
		}
		hint := "take it out"
		switch near := text.Nearest(key, all); {
		case key == "nullable":
			hint = "it is OpenAPI 3.0's; in 3.1 it is a type: [string, 'null']"
		case key == "$dynamicRef" || key == "$recursiveRef" || key == "$id":
			hint = "refer by $ref to a place in this file, #/components/schemas/…"
		case near != "":
			hint = "did you mean " + near + "?"
		}
		kind, _, _ := strings.Cut(kinds[0], " ")
		if kind != "schema" {
			kind = kinds[0]
		}
		a.fail(n.Fields[key], below(at, key), "andon does not know the key %s of %s; %s", quote(clip(key, 60)), schema.Article(kind), hint)
	}
}

// follow gives what a reference leads to, through further ones. What stands beside one says nothing, by OpenAPI, where
// it is not a summary or a description: whoever wrote it meant something by it.
func (a *audit) follow(n *schema.Node, at []string) (*schema.Node, []string) {
	for range maxReferences {
		ref := n.At("$ref")
		if ref == nil {
			return n, at
		}
		for _, key := range n.Names() {
			if key != "$ref" && key != "summary" && key != "description" && !strings.HasPrefix(key, "x-") {
				a.fail(n.Fields[key], below(at, key), "`%s` beside $ref has no meaning there; move it to where the reference leads", clip(key, 60))
			}
		}
		next, place, err := step(a.document, ref.Text())
		if err != nil {
			a.fail(ref, below(at, "$ref"), "%v", err)
			return nil, at
		}
		n, at = next, place
	}
	a.fail(n, at, "the reference leads back to itself, or through more than %d others; refer to the place itself", maxReferences)
	return nil, at
}

// maxReferences is how long a chain of references may be.
const maxReferences = 64

func (a *audit) requestBody(body *schema.Node, at []string) {
	a.keys(body, at, "request body")
	if name := requestType(body); name != "" {
		at = below(at, "content", name)
		a.keys(body.At("content", name), at, "media type")
		a.schema(body.At("content", name, "schema"), below(at, "schema"))
	}
}

func (a *audit) response(n *schema.Node, at []string) {
	marked := n.At("x-assumption")
	target, place := a.follow(n, at)
	if marked == nil {
		marked = target.At("x-assumption")
	}
	if marked != nil && marked.Scalar == true {
		return // it is held to little
	}
	a.keys(target, place, "response")
	a.heads[target] = a.headers(target, place)
	content := target.At("content")
	judged := false
	for _, name := range content.Names() {
		m, at := content.At(name), below(place, "content", name)
		a.keys(m, at, "media type")
		if slices.ContainsFunc(ranges(name), mayBeJSON) {
			judged = true
			a.schema(m.At("schema"), below(at, "schema"))
			continue
		}
		if s, _ := a.document.Resolve(m.At("schema")); s != nil && !anyText(s) {
			a.fail(s, below(at, "schema"), "an answer of type %s is not held against a schema, only JSON is (application/json, application/…+json); leave the schema out", quote(clip(name, 60)))
		}
	}
	status := at[len(at)-1]
	if (strings.HasPrefix(status, "2") || status == "default") && len(content.Names()) > 0 && !judged {
		a.fail(content, below(place, "content"), "a success comes as %s alone, which andon cannot judge; expected application/json or application/…+json", quote(clip(strings.Join(content.Names(), ", "), 100)))
	}
}

// anyText reports whether a schema says no more than that there is a text, which every body is.
func anyText(s *schema.Node) bool {
	return s.Scalar == true || s.Fields != nil && s.Only("type", "format") && (s.At("type") == nil || slices.Contains(s.Types(), "string"))
}

// schema goes through a schema and all that it consists of.
func (a *audit) schema(s *schema.Node, at []string) {
	if s == nil || s.Fields == nil || a.seen[s] {
		return
	}
	a.seen[s] = true
	if ref := s.At("$ref"); ref != nil {
		for _, key := range s.Names() {
			if key != "$ref" && !strings.HasPrefix(key, "x-") && !slices.Contains(known("schema note"), key) {
				a.fail(s.Fields[key], below(at, key), "`%s` beside $ref is not read; write allOf: [{$ref: …}, {%s: …}]", clip(key, 60), clip(key, 60))
			}
		}
		next, place, err := step(a.document, ref.Text())
		if err == nil {
			_, err = a.document.Resolve(s)
		}
		if err != nil {
			var p *schema.Problem
			if errors.As(err, &p) {
				err = errors.New(p.Message)
			}
			a.fail(ref, below(at, "$ref"), "%v", err)
			return
		}
		a.schema(next, place)
		return
	}
	a.keys(s, at, "schema value", "schema note", "schema part", "schema choice", "schema map")
	if d := s.At("$schema"); d != nil && !slices.Contains(dialects, strings.TrimSuffix(d.Text(), "#")) {
		a.fail(d, below(at, "$schema"), "schemas are read as JSON Schema 2020-12 alone, found %s; write it so, and leave this out", quote(clip(d.Text(), 100)))
	}
	a.patterns(s, at)
	for _, key := range known("schema part") {
		a.schema(s.At(key), below(at, key))
	}
	for _, key := range known("schema choice") {
		for i, b := range s.At(key).Items() {
			a.schema(b, below(at, key, strconv.Itoa(i)))
		}
	}
	for _, key := range known("schema map") {
		for _, name := range s.At(key).Names() {
			a.schema(s.At(key, name), below(at, key, name))
		}
	}
}

// patterns refuses those that are none of ECMAScript's, from which JSON Schema takes them.
func (a *audit) patterns(s *schema.Node, at []string) {
	if p := s.At("pattern"); p != nil {
		if _, err := pattern.Compile(p.Text()); err != nil {
			a.fail(p, below(at, "pattern"), "andon cannot read this pattern (%s); write it without", clip(err.Error(), 100))
		}
	}
	for _, p := range s.At("patternProperties").Names() {
		if _, err := pattern.Compile(p); err != nil {
			a.fail(s.At("patternProperties", p), below(at, "patternProperties", p), "andon cannot read this pattern (%s); write it without", clip(err.Error(), 100))
		}
	}
}
