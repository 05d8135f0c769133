package contracts

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Expectation is what must come back for a case.
type Expectation string

const (
	// Accepted cases conform, so the answer is a documented success.
	Accepted Expectation = "accepted"
	// Refused cases do not, so the answer is a 4xx: never a success, and never a 5xx.
	Refused Expectation = "refused"
	// Either is for cases on which the description is silent: a success and a 4xx are both fine, a 5xx is not.
	Either Expectation = "either"
)

// Auth is the token that a case's request carries.
type Auth string

const (
	// ValidToken is the user's token, where there is one.
	ValidToken Auth = ""
	// NoToken leaves the header out.
	NoToken Auth = "no token"
	// WrongToken sends a token that nobody was given.
	WrongToken Auth = "a wrong token"
	// WrongScheme sends a token under another scheme than Bearer.
	WrongScheme Auth = "a wrong scheme"
)

// Case is one shape of request, derived from the description, with what must come back.
type Case struct {
	// ID names the case wherever it appears: text.Full, json.Lite+summarySchema, file.missing-id.negative.
	ID string
	// Proves says in words what the case is about.
	Proves string
	Expect Expectation
	Method string
	// ContentType is the request's media type; empty sends none.
	ContentType string
	Auth        Auth
	Body        []byte
	// Rule is the rule that the body breaks; empty where it conforms.
	Rule string
	// Content lists the types of the content items in a body that conforms.
	Content []string
	// Generated cases are drawn at random, by a seed.
	Generated bool
}

// Tags are words by which cases can be chosen: what must come back, the part of the description that the case is about,
// which is the first word of its id, and the types of its content items.
func (c Case) Tags() []string {
	about, _, _ := strings.Cut(c.ID, ".")
	about, _, _ = strings.Cut(about, "+")
	tags := []string{string(c.Expect), about}
	for _, t := range c.Content {
		if !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	return tags
}

// Status is the status that a refusal must have where HTTP itself says so: 405 for a method that the path does not have, 401
// for a token that is missing or wrong (RFC 9110, sections 15.5.6 and 15.5.2). 0 is any 4xx.
func (c Case) Status() int {
	switch {
	case c.Method != method:
		return http.StatusMethodNotAllowed
	case c.Auth != ValidToken:
		return http.StatusUnauthorized
	}
	return 0
}

// Request makes the case's HTTP request. The token is the valid one, and may be empty.
func (c Case) Request(ctx context.Context, target *url.URL, token string) *http.Request {
	r := NewRequest(ctx, target, token, c.Body)
	r.Method = c.Method
	if c.ContentType != jsonType {
		r.Header.Set("Content-Type", c.ContentType)
	}
	if c.ContentType == "" {
		delete(r.Header, "Content-Type")
	}
	switch c.Auth {
	case NoToken:
		r.Header.Del("Authorization")
	case WrongToken:
		r.Header.Set("Authorization", "Bearer andon-wrong-token")
	case WrongScheme:
		r.Header.Set("Authorization", "Basic YW5kb246d3Jvbmc=")
	}
	return r
}

// Curl is the command line that sends the case's request by hand.
func (c Case) Curl(target string) string {
	var b strings.Builder
	b.WriteString("curl -sS -i -X " + c.Method + " " + shellQuote(strings.TrimSuffix(target, "/")+path))
	if c.ContentType == "" {
		b.WriteString(" -H 'Content-Type:'")
	} else {
		b.WriteString(" -H 'Content-Type: " + c.ContentType + "'")
	}
	switch c.Auth {
	case ValidToken:
		b.WriteString(` -H "Authorization: Bearer $ANDON_TOKEN"`)
	case WrongToken:
		b.WriteString(" -H 'Authorization: Bearer andon-wrong-token'")
	case WrongScheme:
		b.WriteString(" -H 'Authorization: Basic YW5kb246d3Jvbmc='")
	}
	if !utf8.Valid(c.Body) || bytes.IndexByte(c.Body, 0) >= 0 {
		return "printf " + shellQuote(octal(c.Body)) + " | " + b.String() + " --data-binary @-"
	}
	if from, to := spaces(c.Body); to-from > manySpaces {
		return fmt.Sprintf(`{ printf %%s %s; head -c %d /dev/zero | tr '\0' ' '; printf %%s %s; } | %s --data-binary @-`,
			shellQuote(string(c.Body[:from])), to-from, shellQuote(string(c.Body[to:])), b.String())
	}
	return b.String() + " --data-raw " + shellQuote(string(c.Body))
}

// manySpaces is how many spaces in a row a command line does not write out.
const manySpaces = 1000

// spaces finds the first long run of spaces.
func spaces(body []byte) (from, to int) {
	from = bytes.Index(body, bytes.Repeat([]byte(" "), manySpaces+1))
	if from < 0 {
		return 0, 0
	}
	for to = from; to < len(body) && body[to] == ' '; to++ {
	}
	return from, to
}

// octal writes bytes for printf(1).
func octal(body []byte) string {
	var b strings.Builder
	for _, c := range body {
		if c >= ' ' && c < 0x7f && c != '\\' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}

// LargeCase is a call that conforms, but whose body is larger than a limit that the target is to hold.
func (d *Description) LargeCase(limit int) Case {
	text := append([]byte(`{"`+contentProperty+`":[]`), bytes.Repeat([]byte(" "), max(limit, 0))...)
	return Case{ID: "body.too-large.negative", Proves: fmt.Sprintf("a body of more than %d bytes", limit), Expect: Refused,
		Method: method, ContentType: jsonType, Body: append(text, '}')}
}

// Cases lists what a provider must hold, in an order that does not change. The values are the same on every run. Left out
// is the number of combinations of tier, content and optional properties that no case stands for by itself (every two of
// them meet in some case), and of places in a very large description that are not gone into.
func (d *Description) Cases() (cases []Case, leftOut int) { return d.cases, d.leftOut }

// jsonType is the media type of the request.
const jsonType = "application/json"

func (d *Description) deriveCases() {
	v := newDeriver(d)
	ids, bodies := map[string]bool{}, map[string]bool{}
	add := func(c Case) {
		c.Method = cmp.Or(c.Method, method)
		for i, base := 2, c.ID; ids[c.ID]; i++ {
			c.ID = fmt.Sprintf("%s-%d", base, i)
		}
		ids[c.ID] = true
		d.cases = append(d.cases, c)
	}
	// A body is worth one case, and what it is worth is what the description says of it.
	body := func(id, proves string, text []byte, want Expectation) {
		_, violation := d.ReadRequest(text)
		switch {
		case bodies[string(text)]:
			return
		case want == Refused && violation == nil, want != Refused && violation != nil:
			return
		}
		bodies[string(text)] = true
		c := Case{ID: id, Proves: proves, Expect: want, ContentType: jsonType, Body: text}
		if want == Refused {
			c.ID, c.Rule = c.ID+".negative", violation.Rule
		} else {
			c.Content = contentTypes(text, d.disc)
		}
		add(c)
	}

	d.combine(v, body)
	for _, x := range v.valid(d.body, "") {
		// A single plain item is what the combinations are made of.
		if kind, found := strings.CutPrefix(x.label, contentProperty+".one."); found && !strings.Contains(kind, ".") {
			continue
		}
		body(d.caseID(x.label), x.why, x.json, Accepted)
	}
	for _, x := range v.invalid(d.body) {
		body(d.caseID(x.label), x.why, x.json, Refused)
	}
	plain := d.plainBody(v)
	for _, x := range []variant{
		{"body.cut-off", "JSON that ends in the middle", plain[:len(plain)-1]},
		{"body.trailing-comma", "JSON with a comma too many", append(slices.Clone(plain[:len(plain)-1]), ",}"...)},
		{"body.trailing-text", "JSON with more behind it", append(slices.Clone(plain), "{}"...)},
		{"body.single-quotes", "JSON with single quotes", []byte(strings.ReplaceAll(string(plain), `"`, `'`))},
		{"body.not-a-number", "a number that JSON does not have", []byte(`{"` + contentProperty + `":NaN}`)},
		{"body.not-utf-8", "bytes that are not UTF-8", []byte("{\"" + agentProperty + "\":\"\xff\xfe\"}")},
		{"body.empty", "no body at all", []byte{}},
		{"body.key-twice", "an object with a key twice", []byte(`{"` + contentProperty + `":[],"` + contentProperty + `":[]}`)},
	} {
		body(x.label, x.why, x.json, Refused)
	}
	d.leftOut += v.cut
	d.silentCases(v, plain, body)
	d.headCases(plain, add)
	for _, c := range d.cases {
		if c.Expect == Refused && c.Method == method && c.ContentType == jsonType && c.Auth == ValidToken {
			d.invalid = append(d.invalid, c.Body)
		}
	}
}

// plainBody is a body with one item of the first content type.
func (d *Description) plainBody(v *deriver) []byte {
	c := &Call{}
	for _, t := range d.content[:min(1, len(d.content))] {
		c.Content = []Item{v.item(t)}
	}
	for _, f := range d.Fields() {
		if f.Required {
			c.Fields = append(c.Fields, Field{f.Name, v.plain(f.schema)})
		}
	}
	return d.AppendBody(nil, c)
}

func (v *deriver) item(t ContentType) Item {
	it := Item{Type: t.Name}
	for _, p := range t.Properties {
		if p.Required {
			it.Fields = append(it.Fields, Field{p.Name, v.plain(p.schema)})
		}
	}
	return it
}

// caseID shortens the path of a variant: that it lies in the content goes without saying.
func (d *Description) caseID(label string) string {
	for _, prefix := range []string{contentProperty + ".one.", contentProperty + ".item."} {
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

// silentCases are those on which the description says neither yes nor no.
func (d *Description) silentCases(v *deriver, plain []byte, body func(string, string, []byte, Expectation)) {
	extra := append(slices.Clone(plain[:len(plain)-1]), `,"unknownProperty":1}`...)
	if string(plain) == "{}" {
		extra = []byte(`{"unknownProperty":1}`)
	}
	body("body.unknown-property.silent", "a property that is not described", extra, Either)
	for _, t := range d.content {
		it := v.item(t)
		it.Fields = append(it.Fields, Field{"unknownProperty", []byte("1")})
		body(t.Name+".unknown-property.silent", "an item with a property that is not described", d.AppendBody(nil, &Call{Content: []Item{it}}), Either)
		for _, p := range t.Properties {
			if p.Type == "string" {
				it := Item{Type: t.Name, Fields: with(v.item(t).Fields, Field{p.Name, []byte(`""`)})}
				body(t.Name+".empty-"+p.Name+".silent", "an item whose "+p.Name+" is empty", d.AppendBody(nil, &Call{Content: []Item{it}}), Either)
			}
			if identifier(p.Name) && p.Type == "string" {
				it := Item{Type: t.Name, Fields: with(v.item(t).Fields, Field{p.Name, []byte(`"no-such-thing"`)})}
				body(t.Name+".unknown-"+p.Name+".silent", "an item whose "+p.Name+" nobody knows", d.AppendBody(nil, &Call{Content: []Item{it}}), Either)
			}
		}
	}
	for _, f := range d.fields {
		if identifier(f.name) {
			body(f.name+".unknown.silent", "a call whose "+f.name+" nobody knows", d.AppendBody(nil, &Call{Fields: []Field{{f.name, []byte(`"no-such-thing"`)}}}), Either)
		}
	}
}

// headCases are about what stands before the body.
func (d *Description) headCases(plain []byte, add func(Case)) {
	add(Case{ID: "content-type.charset", Proves: "a media type with a charset", Expect: Accepted, ContentType: jsonType + "; charset=utf-8", Body: plain})
	for _, c := range []struct{ id, media, why string }{
		{"content-type.text", "text/plain", "JSON that is called plain text"},
		{"content-type.xml", "application/xml", "JSON that is called XML"},
		{"content-type.form", "application/x-www-form-urlencoded", "JSON that is called a form"},
	} {
		add(Case{ID: c.id + ".negative", Proves: c.why, Expect: Refused, ContentType: c.media, Body: plain})
	}
	add(Case{ID: "content-type.missing.silent", Proves: "a body of no named type", Expect: Either, Body: plain})
	for _, m := range []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if d.root.at("paths", path, strings.ToLower(m)) == nil {
			add(Case{ID: "method." + m + ".negative", Proves: "the method " + m + ", which the path does not have; Allow names those it has",
				Expect: Refused, Method: m, ContentType: jsonType, Body: plain})
		}
	}
	for _, c := range []struct {
		id   string
		auth Auth
	}{{"token.missing", NoToken}, {"token.wrong", WrongToken}, {"token.wrong-scheme", WrongScheme}} {
		add(Case{ID: c.id + ".negative", Proves: "a call with " + string(c.auth), Expect: Refused, ContentType: jsonType, Auth: c.auth, Body: plain})
	}
}

// A choice is one value of one dimension in which calls differ.
type choice struct {
	label string
	set   func(*Call)
}

// combine makes the cases in which tier, content and optional properties meet. Every content type meets every tier; of the
// rest, cases are added until every two choices have met, greedily: the case that brings the most new pairs comes next.
func (d *Description) combine(v *deriver, body func(string, string, []byte, Expectation)) {
	dimensions := d.dimensions(v)
	type pick []int
	met := map[[4]int]bool{}
	gain := func(p pick, commit bool) (n int) {
		for i := range p {
			for j := i + 1; j < len(p); j++ {
				key := [4]int{i, p[i], j, p[j]}
				if !met[key] {
					n++
					if commit {
						met[key] = true
					}
				}
			}
		}
		return n
	}
	made := 0
	send := func(p pick) {
		gain(p, true)
		c := &Call{}
		var id []string
		for i, at := range p {
			dimensions[i][at].set(c)
			if l := dimensions[i][at].label; i < 2 {
				id = append(id, l)
			} else if l != "" {
				id[1] += "+" + l
			}
		}
		made++
		name := strings.Join(id, ".")
		body(name, "content "+id[0]+" with the tier "+strings.ReplaceAll(id[1], "+", " and "), d.AppendBody(nil, c), Accepted)
	}
	for content := range dimensions[0] {
		for tier := range dimensions[1] {
			p := make(pick, len(dimensions))
			p[0], p[1] = content, tier
			send(p)
		}
	}
	total := 1
	for _, dim := range dimensions {
		total *= len(dim)
	}
	for {
		var best pick
		most := 0
		// Every candidate starts from a pair that has not met and is filled up by what brings the most.
		for i := range dimensions {
			for j := i + 1; j < len(dimensions); j++ {
				for a := range dimensions[i] {
					for b := range dimensions[j] {
						if met[[4]int{i, a, j, b}] {
							continue
						}
						p := make(pick, len(dimensions))
						p[i], p[j] = a, b
						for k := range dimensions {
							if k == i || k == j {
								continue
							}
							top := -1
							for at := range dimensions[k] {
								q := slices.Clone(p)
								q[k] = at
								if n := gain(q, false); n > top {
									top, p[k] = n, at
								}
							}
						}
						if n := gain(p, false); n > most {
							most, best = n, p
						}
					}
				}
			}
		}
		if best == nil {
			break
		}
		send(best)
	}
	d.leftOut = total - made
}

// dimensions are the content, the tier, and each optional property.
func (d *Description) dimensions(v *deriver) [][]choice {
	required := func(c *Call) {
		for _, f := range d.Fields() {
			if f.Required {
				c.Fields = with(c.Fields, Field{f.Name, v.plain(f.schema)})
			}
		}
	}
	var contents []choice
	var all []Item
	for _, t := range d.content {
		it := v.item(t)
		all = append(all, it)
		contents = append(contents, choice{t.Name, func(c *Call) { c.Content = []Item{it}; required(c) }})
	}
	if len(all) > 1 {
		contents = append(contents, choice{"mixed", func(c *Call) { c.Content = all; required(c) }})
	}
	if len(all) > 0 {
		contents = append(contents, choice{"empty", func(c *Call) { c.Content = []Item{}; required(c) }})
	}
	contents = append(contents, choice{"none", required})
	var tiers []choice
	for _, t := range d.tiers {
		tiers = append(tiers, choice{t, func(c *Call) { c.Tier = t }})
	}
	tiers = append(tiers, choice{"default", func(*Call) {}})
	out := [][]choice{contents, tiers}
	for _, f := range d.Fields() {
		if f.Required {
			continue
		}
		values := []choice{{"", func(*Call) {}}}
		for i, x := range v.valid(f.schema, f.Name) {
			if i > 1 || i == 1 && f.Type != "boolean" {
				break
			}
			label := f.Name
			if f.Type == "boolean" {
				label += "=" + string(x.json)
			}
			values = append(values, choice{label, func(c *Call) { c.Fields = with(c.Fields, Field{f.Name, x.json}) }})
		}
		out = append(out, values)
	}
	return out
}

// InvalidCalls are the bodies that the description forbids, so that a provider must refuse them with a 4xx: the refused
// cases whose request is like any other apart from its body.
func (d *Description) InvalidCalls() [][]byte { return d.invalid }

// contentTypes reads the types of the content items off a body that conforms.
func contentTypes(body []byte, disc string) (out []string) {
	v, _ := decodeJSON(body)
	m, _ := v.(map[string]any)
	list, _ := m[contentProperty].([]any)
	for _, item := range list {
		if it, ok := item.(map[string]any); ok {
			if t, ok := it[disc].(string); ok {
				out = append(out, t)
			}
		}
	}
	return out
}
