package cases

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// Derive lists what a provider must hold, in an order that does not change. The values are the same on every run. Left
// out is the number of combinations of tier, content and optional properties that no case stands for by itself (every
// two of them meet in some case), and of places in a very large description that are not gone into.
func Derive(d *contracts.Description) (list []Case, leftOut *big.Int) {
	v := newDeriver(d)
	v.combine()
	v.conforming()
	v.broken()
	plain := v.plainBody()
	v.malformed(plain)
	v.rewritten(plain)
	v.silent(plain)
	v.heads(plain)
	v.parameters(plain)
	return v.cases, v.leftOut.Add(v.leftOut, big.NewInt(int64(v.values.Cut())))
}

// InvalidBodies are the bodies that the description forbids, so that a provider must refuse them with a 4xx: those of
// the refused cases whose request is like any other apart from its body.
func InvalidBodies(d *contracts.Description) (bodies [][]byte) {
	list, _ := Derive(d)
	for _, c := range list {
		if c.Expect == Refused && c.Method == c.Operation.Method && c.ContentType == jsonType && c.Auth == ValidToken && c.Parameter == "" {
			bodies = append(bodies, c.Body)
		}
	}
	return bodies
}

// Large is a call that conforms, but whose body is larger than a limit that the target is to hold. The description has
// no word for a limit, so whoever names one means it to decide: the authority is that of the description.
func Large(d *contracts.Description, limit int) Case {
	o := d.Operation()
	text := append(jsontext.AppendKey([]byte{'{'}, o.Content), '[', ']')
	text = append(text, bytes.Repeat([]byte(" "), max(limit, 0))...)
	return Case{ID: "body.too-large.negative", Operation: o, Proves: fmt.Sprintf("a body of more than %d bytes", limit), Expect: Refused,
		Large: true, Line: d.Lines().Body, Method: o.Method, ContentType: jsonType, Body: append(text, '}')}
}

// deriver gathers the cases of a description.
type deriver struct {
	*contracts.Description
	operation contracts.Operation
	values    *schema.Deriver
	cases     []Case
	// leftOut has one for each optional property to multiply by, so that no integer type has room for it.
	leftOut *big.Int
	// ids and bodies are those of the cases so far.
	ids, bodies map[string]bool
}

func newDeriver(d *contracts.Description) *deriver {
	return &deriver{Description: d, operation: d.Operation(), values: schema.NewDeriver(d.Document()), leftOut: big.NewInt(1), ids: map[string]bool{}, bodies: map[string]bool{}}
}

// add adds a case under an id that no other has.
func (v *deriver) add(c Case) {
	if c.Operation.Method == "" {
		c.Operation = v.operation
	}
	c.Method = cmp.Or(c.Method, v.operation.Method)
	for i, base := 2, c.ID; v.ids[c.ID]; i++ {
		c.ID = fmt.Sprintf("%s-%d", base, i)
	}
	v.ids[c.ID] = true
	v.cases = append(v.cases, c)
}

// body adds the case of a body. A body is worth one case, and what it is worth is what the description says of it.
func (v *deriver) body(id, proves string, text []byte, want Expectation) {
	_, violation := v.ReadRequest(text)
	switch {
	case v.bodies[string(text)]:
		return
	case want == Refused && violation == nil, want != Refused && violation != nil:
		return
	}
	v.bodies[string(text)] = true
	c := described(v.Description, Case{ID: id, Proves: proves, Expect: want, ContentType: jsonType, Body: text}, violation)
	if want == Refused {
		c.ID, c.Rule = c.ID+".negative", violation.Rule
	} else {
		c.Content = contentTypes(v.Description, text)
	}
	v.add(c)
}

// described adds where the description says what must come back for a case of a body, and whether that is assumed.
func described(d *contracts.Description, c Case, violation *contracts.Violation) Case {
	at := d.PlaceInRequest(c.Body, violation)
	if c.Line = at.Line; at.Assumed {
		c.Authority = ByAssumption
	}
	return c
}

// conforming adds the ways to fill the request's schema.
func (v *deriver) conforming() {
	for _, x := range v.values.Valid(v.RequestSchema(), "") {
		// A single plain item is what the combinations are made of.
		if kind, found := strings.CutPrefix(x.Label, v.operation.Content+".one."); found && !strings.Contains(kind, ".") {
			continue
		}
		v.body(v.caseID(x.Label), x.Why, x.JSON, Accepted)
	}
}

// broken adds the ways to break the request's schema.
func (v *deriver) broken() {
	for _, x := range v.values.Invalid(v.RequestSchema()) {
		v.body(v.caseID(x.Label), x.Why, x.JSON, Refused)
	}
}

// malformed adds bodies that are no JSON, or that readers of JSON do not agree on. What no reading makes a value of,
// such as a text that ends in the middle, is not the object that the description asks for. Of the rest common readers
// make one, each its own; that these are to be refused is what JSON says (RFC 8259), and not the description.
func (v *deriver) malformed(plain []byte) {
	content := string(jsontext.AppendKey(nil, v.operation.Content))
	for _, x := range []struct {
		authority Authority
		schema.Variant
	}{
		{ByDescription, schema.Variant{Label: "body.cut-off", Why: "JSON that ends in the middle", JSON: plain[:len(plain)-1]}},
		{ByDescription, schema.Variant{Label: "body.trailing-comma", Why: "JSON with a comma too many", JSON: append(slices.Clone(plain[:len(plain)-1]), ",}"...)}},
		{ByJSON, schema.Variant{Label: "body.trailing-text", Why: "JSON with more behind it", JSON: append(slices.Clone(plain), "{}"...)}},
		{ByDescription, schema.Variant{Label: "body.single-quotes", Why: "JSON with single quotes", JSON: []byte(strings.ReplaceAll(string(plain), `"`, `'`))}},
		{ByJSON, schema.Variant{Label: "body.not-a-number", Why: "a number that JSON does not have", JSON: []byte(`{` + content + `NaN}`)}},
		{ByJSON, schema.Variant{Label: "body.not-utf-8", Why: "bytes that are not UTF-8", JSON: append(jsontext.AppendKey([]byte{'{'}, v.operation.AgentID), "\"\xff\xfe\"}"...)}},
		{ByDescription, schema.Variant{Label: "body.in-list", Why: "a list of one body", JSON: slices.Concat([]byte{'['}, plain, []byte{']'})}},
		{ByDescription, schema.Variant{Label: "body.empty", Why: "no body at all", JSON: []byte{}}},
		{ByJSON, schema.Variant{Label: "body.comment", Why: "JSON with a comment", JSON: append([]byte("/* a comment */"), plain...)}},
		{ByJSON, schema.Variant{Label: "body.line-break", Why: "a text with a line break that is not escaped", JSON: append(jsontext.AppendKey([]byte{'{'}, v.operation.AgentID), "\"a\nb\"}"...)}},
		{ByJSON, schema.Variant{Label: "body.key-twice", Why: "an object with a key twice", JSON: []byte(`{` + content + `[],` + content + `[]}`)}},
	} {
		if len(x.JSON) == 0 && !v.BodyRequired() {
			v.add(Case{ID: x.Label + ".silent", Proves: x.Why, Expect: Either, ContentType: jsonType, Line: v.Lines().Body})
			continue
		}
		before := len(v.cases)
		v.body(x.Label, x.Why, x.JSON, Refused)
		for i := range v.cases[before:] {
			c := &v.cases[before+i]
			c.Authority, c.Line = x.authority, v.Lines().Body
		}
	}
}

// rewritten adds bodies that say what a plain one says, as JSON lets it be written.
func (v *deriver) rewritten(plain []byte) {
	var lines bytes.Buffer
	_ = json.Indent(&lines, plain, "", "\t") // it is JSON
	escaped := firstLetters.ReplaceAllFunc(plain, func(letter []byte) []byte { return fmt.Appendf(nil, `"\u%04x`, letter[1]) })
	for _, x := range []schema.Variant{
		{Label: "body.lines", Why: "JSON in lines, with tabs", JSON: bytes.ReplaceAll(lines.Bytes(), []byte("\n"), []byte("\r\n"))},
		{Label: "body.escapes", Why: "JSON whose names and texts have escapes", JSON: escaped},
	} {
		before := len(v.cases)
		v.body(x.Label, x.Why, x.JSON, Accepted)
		for i := range v.cases[before:] {
			v.cases[before+i].Authority = ByJSON
		}
	}
}

// firstLetters finds the texts of JSON that begin with a letter.
var firstLetters = regexp.MustCompile(`"[A-Za-z]`)

// plainBody is a body with one item of the first content type.
func (v *deriver) plainBody() []byte {
	c := &contracts.Call{}
	for _, t := range v.ContentTypes()[:min(1, len(v.ContentTypes()))] {
		c.Content = []contracts.Item{v.item(t)}
	}
	v.fillRequired(c)
	return v.AppendBody(nil, c)
}

// fillRequired gives a call the fields that it must have.
func (v *deriver) fillRequired(c *contracts.Call) {
	for _, f := range v.Fields() {
		if f.Required {
			c.Fields = schema.With(c.Fields, contracts.Field{Name: f.Name, JSON: v.values.Plain(f.Schema)})
		}
	}
}

func (v *deriver) item(t contracts.ContentType) contracts.Item {
	it := contracts.Item{Type: t.Name}
	for _, p := range t.Properties {
		if p.Required {
			it.Fields = append(it.Fields, contracts.Field{Name: p.Name, JSON: v.values.Plain(p.Schema)})
		}
	}
	return it
}

// itemWith is an item of a type in which a property has a value.
func (v *deriver) itemWith(t contracts.ContentType, property, value string) []byte {
	it := contracts.Item{Type: t.Name, Fields: schema.With(v.item(t).Fields, contracts.Field{Name: property, JSON: []byte(value)})}
	return v.AppendBody(nil, &contracts.Call{Content: []contracts.Item{it}})
}

// caseID shortens the path of a variant: that it lies in the content goes without saying.
func (v *deriver) caseID(label string) string {
	for _, prefix := range []string{v.operation.Content + ".one.", v.operation.Content + ".item."} {
		if rest, found := strings.CutPrefix(label, prefix); found && strings.Contains(rest, ".") {
			return rest
		}
	}
	if property, found := strings.CutPrefix(label, "with-"); found {
		return property + ".alone"
	}
	if !strings.Contains(label, ".") {
		return "body." + cmp.Or(label, "plain")
	}
	return label
}

// silent adds the cases on which the description says neither yes nor no.
func (v *deriver) silent(plain []byte) {
	extra := append(slices.Clone(plain[:len(plain)-1]), `,"unknownProperty":1}`...)
	if string(plain) == "{}" {
		extra = []byte(`{"unknownProperty":1}`)
	}
	v.body("body.unknown-property.silent", "a property that is not described", extra, Either)
	for _, t := range v.ContentTypes() {
		v.body(t.Name+".unknown-property.silent", "an item with a property that is not described", v.itemWith(t, "unknownProperty", "1"), Either)
		for _, p := range t.Properties {
			if p.Type == "string" {
				v.body(t.Name+".empty-"+p.Name+".silent", "an item whose "+p.Name+" is empty", v.itemWith(t, p.Name, `""`), Either)
			}
			if schema.Identifier(p.Name) && p.Type == "string" {
				v.body(t.Name+".unknown-"+p.Name+".silent", "an item whose "+p.Name+" nobody knows", v.itemWith(t, p.Name, `"no-such-thing"`), Either)
			}
		}
	}
	for _, f := range v.Members() {
		if schema.Identifier(f.Name) {
			call := &contracts.Call{Fields: []contracts.Field{{Name: f.Name, JSON: []byte(`"no-such-thing"`)}}}
			v.body(f.Name+".unknown.silent", "a call whose "+f.Name+" nobody knows", v.AppendBody(nil, call), Either)
		}
	}
}

// heads adds the cases about what stands before the body.
func (v *deriver) heads(plain []byte) {
	at := v.Lines()
	if _, violation := v.ReadRequest(plain); violation == nil {
		v.add(Case{ID: "content-type.charset", Proves: "a media type with a charset", Expect: Accepted, Authority: ByHTTP, Line: at.Media,
			ContentType: jsonType + "; charset=utf-8", Body: plain})
	}
	for _, c := range []struct{ id, media, why string }{
		{"content-type.text", "text/plain", "JSON that is called plain text"},
		{"content-type.xml", "application/xml", "JSON that is called XML"},
		{"content-type.form", "application/x-www-form-urlencoded", "JSON that is called a form"},
	} {
		if !v.Takes(c.media) {
			v.add(Case{ID: c.id + ".negative", Proves: c.why, Expect: Refused, Authority: ByHTTP, Line: at.Media, ContentType: c.media, Body: plain})
		}
	}
	v.add(Case{ID: "content-type.missing.silent", Proves: "a body of no named type", Expect: Either, Authority: ByHTTP, Line: at.Media, Body: plain})
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if !slices.Contains(v.Methods(), m) {
			v.add(Case{ID: "method." + m + ".negative", Proves: "the method " + m + ", which the path does not have; Allow names those it has",
				Expect: Refused, Authority: ByHTTP, Line: at.Path, Method: m, ContentType: jsonType, Body: plain})
		}
	}
	if _, violation := v.ReadRequest(plain); v.TokensOptional() && v.operation.Secured() && violation == nil {
		v.add(Case{ID: "token.missing", Proves: "a call with no token, which the description allows", Expect: Accepted, ContentType: jsonType, Auth: NoToken, Body: plain})
	}
	if !v.TokensRequired() {
		return
	}
	v.callers(plain)
}

// contentTypes reads the types of the content items off a body that conforms.
func contentTypes(d *contracts.Description, body []byte) (out []string) {
	v, _ := jsontext.Decode(body)
	m, _ := v.(map[string]any)
	list, _ := m[d.Operation().Content].([]any)
	for _, item := range list {
		if it, ok := item.(map[string]any); ok {
			if t, ok := it[d.Document().Discriminator].(string); ok {
				out = append(out, t)
			}
		}
	}
	return out
}
