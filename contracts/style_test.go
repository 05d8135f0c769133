package contracts

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// withParameter is openapi.yaml with one parameter of the call, as YAML in one line.
func withParameter(t testing.TB, parameter string) *Description {
	t.Helper()
	text := strings.Replace(string(andon.Spec), atCall, atCall+"      parameters: ["+parameter+"]\n", 1)
	if strings.Contains(parameter, "in: path") {
		text = strings.Replace(text, "  /agents/execute:\n", "  /agents/{p}/execute:\n", 1)
	}
	d, err := Load("spec.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", parameter, err)
	}
	return d
}

// Values stand in a request as the specification has them in its table of styles.
func TestStyles(t *testing.T) {
	const text, list, object = `{type: string}`, `{type: array, items: {type: string}}`, `{type: object, properties: {R: {type: integer}, G: {type: integer}}}`
	for _, c := range []struct{ parameter, value, want string }{
		{`{name: p, in: path, required: true, schema: ` + text + `}`, `"a b/ü"`, "a%20b%2F%C3%BC"},
		{`{name: p, in: path, required: true, schema: ` + text + `}`, `".."`, "%2E%2E"},
		{`{name: p, in: path, required: true, schema: ` + list + `}`, `["a","b,c"]`, "a,b%2Cc"},
		{`{name: p, in: path, required: true, explode: true, schema: ` + object + `}`, `{"R":1,"G":2}`, "R=1,G=2"},
		{`{name: p, in: path, required: true, schema: ` + object + `}`, `{"R":1,"G":2}`, "R,1,G,2"},
		{`{name: p, in: path, required: true, style: label, schema: ` + text + `}`, `"blue"`, ".blue"},
		{`{name: p, in: path, required: true, style: label, explode: true, schema: ` + list + `}`, `["a","b"]`, ".a.b"},
		{`{name: p, in: path, required: true, style: label, explode: true, schema: ` + object + `}`, `{"R":1,"G":2}`, ".R=1.G=2"},
		{`{name: p, in: path, required: true, style: matrix, schema: ` + text + `}`, `"blue"`, ";p=blue"},
		{`{name: p, in: path, required: true, style: matrix, schema: ` + list + `}`, `["a","b"]`, ";p=a,b"},
		{`{name: p, in: path, required: true, style: matrix, explode: true, schema: ` + list + `}`, `["a","b"]`, ";p=a;p=b"},
		{`{name: p, in: path, required: true, style: matrix, explode: true, schema: ` + object + `}`, `{"R":1,"G":2}`, ";R=1;G=2"},
		{`{name: p, in: query, schema: ` + text + `}`, `"a b&c"`, "p=a%20b%26c"},
		{`{name: p, in: query, schema: ` + text + `}`, `""`, "p="},
		{`{name: p, in: query, allowReserved: true, schema: ` + text + `}`, `"/a:b"`, "p=/a:b"},
		{`{name: p, in: query, schema: ` + list + `}`, `["a","b"]`, "p=a&p=b"},
		{`{name: p, in: query, explode: false, schema: ` + list + `}`, `["a","b"]`, "p=a,b"},
		{`{name: p, in: query, style: spaceDelimited, explode: false, schema: ` + list + `}`, `["a","b"]`, "p=a%20b"},
		{`{name: p, in: query, style: pipeDelimited, explode: false, schema: ` + list + `}`, `["a","b"]`, "p=a%7Cb"},
		{`{name: p, in: query, style: pipeDelimited, explode: false, schema: ` + list + `}`, `["a","b|c"]`, ""},
		{`{name: p, in: query, schema: ` + object + `}`, `{"R":1,"G":2}`, "R=1&G=2"},
		{`{name: p, in: query, explode: false, schema: ` + object + `}`, `{"R":1,"G":2}`, "p=R,1,G,2"},
		{`{name: p, in: query, style: deepObject, explode: true, schema: ` + object + `}`, `{"R":1,"G":2}`, "p%5BR%5D=1&p%5BG%5D=2"},
		{`{name: p, in: query, content: {application/json: {schema: ` + object + `}}}`, `{"R":1,"G":2}`, "p=%7B%22R%22%3A1%2C%22G%22%3A2%7D"},
		{`{name: p, in: query, schema: ` + object + `}`, `{"R":{}}`, ""},
		{`{name: P, in: header, schema: ` + text + `}`, `"a b"`, "a b"},
		{`{name: P, in: header, schema: ` + text + `}`, `" a"`, ""},
		{`{name: P, in: header, schema: ` + text + `}`, `"ü"`, ""},
		{`{name: P, in: header, schema: ` + list + `}`, `["a","b"]`, "a,b"},
		{`{name: P, in: header, explode: true, schema: ` + object + `}`, `{"R":1,"G":2}`, "R=1,G=2"},
		{`{name: P, in: header, content: {application/json: {schema: ` + object + `}}}`, `{"R":1}`, `{"R":1}`},
		{`{name: p, in: cookie, schema: ` + text + `}`, `"a"`, "p=a"},
		{`{name: p, in: cookie, schema: ` + text + `}`, `"a;b"`, ""},
		{`{name: p, in: cookie, schema: ` + list + `}`, `["a","b"]`, ""},
	} {
		d := withParameter(t, c.parameter)
		if len(d.Parameters()) != 1 {
			t.Fatalf("%s is not read", c.parameter)
		}
		if got, ok := d.Parameters()[0].Write([]byte(c.value)); got != c.want && ok || ok != (c.want != "") {
			t.Errorf("%s: %s is written %q, %v; want %q", c.parameter, c.value, got, ok, c.want)
		}
	}
}

// What is written is read back as the same, by andon and by kin-openapi, whatever it is.
func TestStylesAreReadBack(t *testing.T) {
	kinds := []string{
		"in: path, required: true", "in: path, required: true, style: label", "in: path, required: true, style: matrix, explode: true",
		"in: query", "in: query, explode: false", "in: query, style: spaceDelimited, explode: false", "in: query, style: pipeDelimited, explode: false",
		"in: query, style: deepObject, explode: true", "in: header", "in: header, explode: true", "in: cookie", "in: cookie, explode: false",
	}
	schemas := map[string]string{
		"text": "{type: string}", "number": "{type: integer}", "truth": "{type: boolean}",
		"list": "{type: array, items: {type: integer}}", "texts": "{type: array, items: {type: string}}",
		"object": "{type: object, properties: {a: {type: integer}, b: {type: string}}}",
	}
	loaded := map[string]*Description{}
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
		name := rapid.SampledFrom([]string{"text", "number", "truth", "list", "texts", "object"}).Draw(rt, "schema")
		if strings.Contains(kind, "Delimited") && name != "list" && name != "texts" || strings.Contains(kind, "deep") && name != "object" {
			return // the specification has no such
		}
		parameter := fmt.Sprintf("{name: p, %s, schema: %s}", kind, schemas[name])
		d := loaded[parameter]
		if d == nil {
			d = withParameter(t, parameter)
			loaded[parameter] = d
		}
		word := rapid.StringMatching(`[a-z0-9 /%&=ü;|.+-]{1,8}`)
		var value any
		switch name {
		case "text":
			value = word.Draw(rt, "text")
		case "number":
			value = float64(rapid.IntRange(-99, 99).Draw(rt, "number"))
		case "truth":
			value = rapid.Bool().Draw(rt, "truth")
		case "list", "texts":
			list := []any{}
			for range rapid.IntRange(1, 3).Draw(rt, "length") {
				if name == "list" {
					list = append(list, float64(rapid.IntRange(0, 9).Draw(rt, "item")))
				} else {
					list = append(list, word.Draw(rt, "item"))
				}
			}
			value = list
		default:
			value = map[string]any{"a": float64(rapid.IntRange(0, 9).Draw(rt, "a")), "b": word.Draw(rt, "b")}
		}
		p := d.Parameters()[0]
		text, ok := p.Write(jsontext.Of(value))
		if !ok {
			return
		}
		o := d.Operation().With(p, text)
		r := o.NewRequest(t.Context(), &url.URL{Scheme: "http", Host: "h"}, nil, []byte("{}"))
		if violation := d.JudgeParameters(r); violation != nil {
			rt.Fatalf("%s: %s: %v", parameter, text, violation)
		}
		if read := readBack(d, p, r); !reflect.DeepEqual(read, value) {
			rt.Fatalf("%s: %#v is written %q and read as %#v", parameter, value, text, read)
		}
		if err := secondly(d, r); err != nil {
			rt.Fatalf("%s: %q: kin-openapi: %v", parameter, text, err)
		}
	})
}

// readBack is the value that a request has for a parameter.
func readBack(d *Description, p *Parameter, r *http.Request) any {
	as := shapes(d.document, p.Schema)[0]
	var found parts
	switch p.In {
	case InPath:
		values, _ := match(d.operation.Path, r.URL.EscapedPath())
		found, _ = p.style.read(values[p.Name], as)
	case InQuery:
		found, _, _ = p.style.find(r.URL.RawQuery, as)
	case InHeader:
		found, _ = p.style.read(r.Header.Get(p.Name), as)
	case InCookie:
		c, _ := r.Cookie(p.Name)
		found, _ = p.style.read(c.Value, as)
	}
	v, _ := p.style.value(d.document, found, p.Schema)
	return v
}

// secondly is what kin-openapi says of the parameter of a request.
func secondly(d *Description, r *http.Request) error {
	inPath, _ := match(d.operation.Path, r.URL.EscapedPath())
	for name, value := range inPath {
		inPath[name], _ = url.PathUnescape(value)
		if inPath[name] != value {
			return nil // it is given unescaped, where separators cannot be told from what they separate
		}
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: inPath, Options: &openapi3filter.Options{},
		Route: &routers.Route{Spec: d.crosscheck().document, Path: d.operation.Path, Method: "POST", Operation: d.crosscheck().operation},
	}
	p := d.crosscheck().operation.Parameters[0].Value
	return openapi3filter.ValidateParameter(r.Context(), input, p)
}

// A text is held against the type that the schema means, in every place.
func TestJudgeParameters(t *testing.T) {
	for _, c := range []struct {
		parameter string
		change    func(*http.Request)
		rule      string
	}{
		{`{name: p, in: query, required: true, schema: {type: string}}`, func(r *http.Request) { r.URL.RawQuery = "" }, RuleMissingParameter},
		{`{name: p, in: query, schema: {type: string}}`, func(r *http.Request) { r.URL.RawQuery = "" }, ""},
		{`{name: p, in: query, required: true, schema: {type: integer}}`, func(r *http.Request) { r.URL.RawQuery = "p=1.5" }, RuleWrongType},
		{`{name: p, in: query, required: true, schema: {type: integer}}`, func(r *http.Request) { r.URL.RawQuery = "p=07" }, RuleWrongType},
		{`{name: p, in: query, required: true, schema: {type: integer, maximum: 5}}`, func(r *http.Request) { r.URL.RawQuery = "p=6" }, RuleOutOfBounds},
		{`{name: p, in: query, required: true, schema: {type: integer, format: int64}}`, func(r *http.Request) { r.URL.RawQuery = "p=9007199254740993" }, ""},
		{`{name: p, in: query, required: true, schema: {type: string, enum: ['1', a]}}`, func(r *http.Request) { r.URL.RawQuery = "p=1" }, ""},
		{`{name: p, in: query, required: true, schema: {enum: [1, a]}}`, func(r *http.Request) { r.URL.RawQuery = "p=2" }, RuleWrongValue},
		{`{name: p, in: query, required: true, allowEmptyValue: true, schema: {type: integer}}`, func(r *http.Request) { r.URL.RawQuery = "p=" }, ""},
		{`{name: p, in: query, required: true, schema: {type: array, items: {type: integer}}}`, func(r *http.Request) { r.URL.RawQuery = "p=1&p=x" }, RuleWrongType},
		{`{name: p, in: query, required: true, schema: {anyOf: [{type: integer}, {type: array, items: {type: string}}]}}`, func(r *http.Request) { r.URL.RawQuery = "p=a&p=b" }, ""},
		{`{name: p, in: query, required: true, content: {application/json: {schema: {type: object}}}}`, func(r *http.Request) { r.URL.RawQuery = "p=%7B" }, RuleMalformedJSON},
		{`{name: X-P, in: header, required: true, schema: {type: string, format: uuid}}`, func(r *http.Request) { r.Header = http.Header{"X-P": {"x"}} }, RuleFormat},
		{`{name: x-p, in: header, required: true, schema: {type: boolean}}`, func(r *http.Request) { r.Header = http.Header{"X-P": {"true"}} }, ""},
		{`{name: X-P, in: header, required: true, schema: {type: string}}`, func(r *http.Request) { r.Header = http.Header{} }, RuleMissingParameter},
		{`{name: p, in: cookie, required: true, schema: {type: integer}}`, func(r *http.Request) { r.Header = http.Header{"Cookie": {"q=1; p=2"}} }, ""},
		{`{name: p, in: cookie, required: true, schema: {type: integer}}`, func(r *http.Request) { r.Header = http.Header{"Cookie": {"q=1"}} }, RuleMissingParameter},
		{`{name: p, in: path, required: true, schema: {type: integer}, example: 1}`, func(r *http.Request) { r.URL = &url.URL{Path: "/agents/x/execute"} }, RuleWrongType},
	} {
		d := withParameter(t, c.parameter)
		r := d.Operation().NewRequest(t.Context(), &url.URL{Scheme: "http", Host: "h"}, nil, []byte("{}"))
		if violation := d.JudgeParameters(r); violation != nil {
			t.Errorf("%s: what andon sends is judged: %v", c.parameter, violation)
		}
		c.change(r)
		violation := d.JudgeParameters(r)
		switch {
		case (violation == nil) != (c.rule == ""), violation != nil && violation.Rule != c.rule:
			t.Errorf("%s: %+v, want %q", c.parameter, violation, c.rule)
		case violation != nil && !strings.Contains(strings.ToLower(violation.Message), "p"):
			t.Errorf("%s: %s does not name it", c.parameter, violation.Message)
		}
	}
}

// Whatever stands in a request, it is judged.
func FuzzJudgeParameters(f *testing.F) {
	d := withParameter(f, `{name: a, in: query, schema: {type: array, items: {type: integer}}}, {name: b, in: query, style: deepObject, explode: true, schema: {type: object, properties: {x: {type: boolean}}}}, {name: p, in: path, style: matrix, required: true, schema: {type: object}}, {name: c, in: cookie, schema: {type: number}}, {name: h, in: header, content: {application/json: {}}}`)
	f.Add("/agents/;p=a,1/execute", "a=1&a=2&b[x]=true", "{}", "c=1")
	f.Add("/agents//execute", "a=%&b[=&b[]=&=", "\x00", ";;c")
	f.Fuzz(func(t *testing.T, path, query, header, cookie string) {
		r := &http.Request{URL: &url.URL{Path: path, RawPath: path, RawQuery: query}, Header: http.Header{"H": {header}, "Cookie": {cookie}}}
		if d.Operation().Matches(r.URL) {
			d.JudgeParameters(r)
		}
	})
}
