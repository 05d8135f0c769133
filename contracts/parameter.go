package contracts

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Parameter is what a call carries in its path, its query, a header or a cookie, as the description has it.
type Parameter struct {
	// In is one of the In constants, and Name the parameter's name there.
	In, Name string
	Required bool
	// Schema is what the description says of its value; nil where it says nothing.
	Schema *schema.Node
	// Line is where it stands.
	Line int

	style style
	// empty says that a query may have the name alone.
	empty     bool
	node      *schema.Node
	at        []string // where it stands in the document
	schemaAt  []string
	document  *schema.Document
	validator *jsonschema.Schema
}

// String is the parameter as people name it: the header X-Tenant.
func (p *Parameter) String() string {
	name := clip(p.Name, 60)
	switch p.In {
	case InPath:
		return "the parameter " + name + " of the path"
	case InQuery:
		return "the parameter " + name + " of the query"
	}
	return "the " + p.In + " " + name
}

// Write gives a JSON value as it stands in a request: in a query and a cookie with its name. It is false where it
// cannot be written such that it is read back as the same.
func (p *Parameter) Write(value []byte) (text string, ok bool) { return p.style.write(value) }

// Judge holds a text, as it stands in a request, against what the description says of the parameter.
func (p *Parameter) Judge(text string) *Violation {
	switch p.In {
	case InQuery:
		return p.judgeQuery(text)
	case InCookie:
		_, text, _ = strings.Cut(text, "=")
	}
	return p.judge(func(as shape) (parts, bool) { return p.style.read(text, as) }, text)
}

// judgeQuery looks for the parameter in a query.
func (p *Parameter) judgeQuery(query string) *Violation {
	there := false
	for _, as := range shapes(p.document, p.Schema) {
		_, found, _ := p.style.find(query, as)
		there = there || found
	}
	if !there {
		return p.missing()
	}
	if p.empty && slices.ContainsFunc(strings.Split(query, "&"), func(one string) bool { return strings.TrimSuffix(one, "=") == url.QueryEscape(p.Name) }) {
		return nil
	}
	return p.judge(func(as shape) (parts, bool) {
		found, there, ok := p.style.find(query, as)
		return found, there && ok
	}, "")
}

// missing is the violation of a request without the parameter; nil where it may be left out.
func (p *Parameter) missing() *Violation {
	if !p.Required {
		return nil
	}
	return &Violation{Rule: RuleMissingParameter, Expected: p.String(), Found: "none", Message: p.String() + " is missing"}
}

// judge holds what a text can be read as against the schema: one reading that conforms is enough. Of several that do
// not, the first is told, which is the likely one.
func (p *Parameter) judge(read func(shape) (parts, bool), text string) (first *Violation) {
	return judgeText(p.String(), p.style, p.document, p.Schema, shapes(p.document, p.Schema), p.validator, read, text)
}

// unfilled says that a parameter has no value, and what to do.
func (p *Parameter) unfilled(what string) error {
	return &schema.Problem{At: p.node, Pointer: p.at, Message: fmt.Sprintf("%s has no example, default or enum that conforms, and no value was given; %s", p, what)}
}

// values are what a parameter may be sent with, the best first: what somebody has written down, and else what is made
// up. The last are none for a path, the value of which names something that has to exist.
func (p *Parameter) values(yield func([]byte) bool) {
	var written []*schema.Node
	add := func(n *schema.Node) {
		if n != nil {
			written = append(written, n)
		}
	}
	add(p.node.At("example"))
	holders := []*schema.Node{p.node}
	if p.style.kind == asJSON {
		holders = append(holders, p.node.At("content", p.node.At("content").Names()[0]))
		add(holders[1].At("example"))
	}
	for _, h := range holders {
		for _, name := range h.At("examples").Names() {
			if e, err := p.document.Resolve(h.At("examples", name)); err == nil {
				add(e.At("value"))
			}
		}
	}
	s, _ := p.document.Resolve(p.Schema)
	add(s.At("example"))
	for _, e := range s.At("examples").Items() {
		add(e)
	}
	add(s.At("default"))
	add(s.At("const"))
	for _, e := range s.At("enum").Items() {
		add(e)
	}
	for _, n := range written {
		if !yield(jsontext.Of(n.Value())) {
			return
		}
	}
	if p.In == InPath {
		return
	}
	if p.Schema == nil {
		yield([]byte(`"x"`))
		return
	}
	p.document.Candidates(p.Schema)(yield)
}

// plain is what the parameter is sent with where nobody says otherwise; ok is false where nothing is known.
func (p *Parameter) plain() (text string, ok bool) {
	p.values(func(value []byte) bool {
		text, ok = p.Write(value)
		ok = ok && p.Judge(text) == nil
		return !ok
	})
	return text, ok
}

// given writes what a user gives for a parameter.
func (p *Parameter) given(value string) (written string, violation *Violation) {
	var candidates [][]byte
	if list := shapes(p.document, p.Schema); p.style.kind == asJSON || list[0] != aPlain {
		candidates = append(candidates, []byte(value))
	}
	if p.style.kind != asJSON {
		candidates = append(candidates, jsontext.Of(leaf(p.document, value, []*schema.Node{p.Schema})), jsontext.AppendString(nil, value))
	}
	for _, c := range candidates {
		text, ok := p.Write(c)
		if !ok {
			continue
		}
		if v := p.Judge(text); v == nil {
			return text, nil
		} else if violation == nil {
			violation = v
		}
	}
	return "", cmp.Or(violation, &Violation{Rule: RuleFormat, Message: p.String() + " cannot be written so that it is read back as the same"})
}
