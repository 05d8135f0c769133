package contracts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// ignoredHeaders are those that are no parameters, nor described headers of an answer, whatever stands there: OpenAPI
// has other words for them.
var ignoredHeaders = []string{"Accept", "Content-Type", "Authorization"}

// ownHeaders are those that a call has by what it is, so that no description can give them another value.
var ownHeaders = []string{"Host", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Te", "Trailer", "Expect", "Cookie", "Accept-Encoding"}

// styles are those that a parameter may have in a place, the first of which is usual.
func styles(in string) []string {
	return strings.Fields(map[string]string{
		InPath: "simple label matrix", InQuery: "form spaceDelimited pipeDelimited deepObject", InHeader: "simple", InCookie: "form",
	}[in])
}

func listed(names []string, name string) bool {
	return slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, name) })
}

// carriedBy reads what the calls of an operation carry besides their bodies. Filled is the parameter of its path, in
// braces, that has its values from elsewhere.
func (a *audit) carriedBy(item *schema.Node, itemAt []string, op *schema.Node, opAt []string, path, filled string) (b beside) {
	b.tokens, b.ways = a.security(op, opAt)
	if b.tokens != tokensUnsaid || len(b.ways) > 0 {
		b.parameters = a.parameters(item, itemAt, op, opAt, Operation{carries: b.carried()}.keys())
	} else {
		b.parameters = a.parameters(item, itemAt, op, opAt, nil)
	}
	b.parameters = slices.DeleteFunc(b.parameters, func(p *Parameter) bool { return p.In == InPath && !strings.Contains(path, "{"+p.Name+"}") })
	for _, part := range strings.Split(path, "{")[1:] {
		name, _, closed := strings.Cut(part, "}")
		described := slices.ContainsFunc(b.parameters, func(p *Parameter) bool { return p.In == InPath && p.Name == name })
		if "{"+name+"}" != filled && (!closed || !described) {
			a.fail(op, opAt, "the path %s has the parameter %s, which is described nowhere; describe it under parameters, with in: path", quote(clip(path, 100)), quote(clip(name, 60)))
		}
	}
	b.parameters = slices.DeleteFunc(b.parameters, func(p *Parameter) bool { return p.In == InPath && "{"+p.Name+"}" == filled })
	return b
}

// parameters reads what a call carries besides its body. A parameter of the operation stands in for that of the path.
// What is not read is refused where a call must carry it, and is left aside where it need not.
func (a *audit) parameters(item *schema.Node, itemAt []string, op *schema.Node, opAt []string, keys []Key) (list []*Parameter) {
	known := func(in, name string) bool {
		return slices.ContainsFunc(list, func(p *Parameter) bool { return same(p.In, p.Name, in, name) })
	}
	for _, from := range []struct {
		node *schema.Node
		at   []string
		own  bool
	}{{op, opAt, true}, {item, itemAt, false}} {
		for i, n := range from.node.At("parameters").Items() {
			n, at := a.follow(n, below(from.at, "parameters", strconv.Itoa(i)))
			in, name := n.At("in").Text(), n.At("name").Text()
			key := slices.ContainsFunc(keys, func(k Key) bool { return same(k.In, k.Name, in, name) })
			switch {
			case n == nil, in == InHeader && listed(ignoredHeaders, name), key:
				// A key of the call's security is given by whoever calls.
				continue
			case known(in, name) && from.own:
				a.fail(n, at, "the call has two parameters %s in the %s; take one out", quote(clip(name, 60)), clip(in, 20))
				continue
			case known(in, name):
				continue
			}
			before := len(a.parts)
			p := a.parameter(n, at, in, name)
			if len(a.parts) > before && !p.Required {
				a.parts = a.parts[:before]
				continue
			}
			list = append(list, p)
		}
	}
	return list
}

// parameter reads one parameter.
func (a *audit) parameter(n *schema.Node, at []string, in, name string) *Parameter {
	a.keys(n, at, "parameter")
	required := n.At("required")
	p := &Parameter{In: in, Name: name, Required: required != nil && required.Scalar == true, Line: n.Line, node: n, at: at, document: a.document}
	p.style = style{in: in, name: name}
	what := "the " + clip(in, 20) + " parameter " + quote(clip(name, 60))
	kinds := styles(in)
	switch {
	case len(kinds) == 0:
		a.fail(n, at, "%s stands in %s; expected path, query, header or cookie", quote(clip(name, 60)), quote(clip(in, 20)))
		return p
	case name == "":
		a.fail(n, at, "a parameter has no name")
		return p
	case in == InHeader && listed(ownHeaders, name):
		a.fail(n, at, "%s is what a call has by what it is, so that no value can be put there; take it out", what)
		return p
	case in == InPath && !p.Required:
		a.fail(n, at, "%s is not required, and a path has no place for what is left out; write required: true", what)
		return p
	}
	empty := n.At("allowEmptyValue")
	p.empty = in == InQuery && empty != nil && empty.Scalar == true
	p.style.kind = kinds[0]
	if s := n.At("style"); s != nil {
		if p.style.kind = s.Text(); !slices.Contains(kinds, p.style.kind) {
			a.fail(s, below(at, "style"), "%s has the style %s; expected %s", what, quote(clip(s.Text(), 40)), strings.Join(kinds, ", "))
			return p
		}
	}
	p.style.explode = p.style.kind == "form"
	if e := n.At("explode"); e != nil {
		p.style.explode = e.Scalar == true
	}
	r := n.At("allowReserved")
	p.style.reserved = r != nil && r.Scalar == true
	p.Schema, p.schemaAt = a.value(n, at, &p.style, what)
	if members, err := a.document.Members(p.Schema); err == nil {
		for _, m := range members {
			p.style.members = append(p.style.members, m.Name)
		}
	}
	return p
}

// value reads the schema of a parameter or a header, which may stand under a media type.
func (a *audit) value(n *schema.Node, at []string, s *style, what string) (of *schema.Node, ofAt []string) {
	content := n.At("content")
	if content == nil {
		of, ofAt = n.At("schema"), below(at, "schema")
		a.schema(of, ofAt)
		return of, ofAt
	}
	names := content.Names()
	switch {
	case n.At("schema") != nil:
		a.fail(content, below(at, "content"), "%s has both a schema and content; take one of them out", what)
	case len(names) != 1:
		a.fail(content, below(at, "content"), "%s has %d media types; expected one", what, len(names))
	case !isJSON(ranges(names[0])[0]):
		a.fail(content, below(at, "content"), "%s is written as %s, of which andon knows only application/json; describe it by a schema", what, quote(clip(names[0], 60)))
	default:
		s.kind, s.explode = asJSON, false
		ofAt = below(at, "content", names[0])
		a.keys(content.At(names[0]), ofAt, "media type")
		of, ofAt = content.At(names[0], "schema"), below(ofAt, "schema")
		a.schema(of, ofAt)
	}
	return of, ofAt
}
