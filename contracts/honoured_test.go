package contracts

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
)

// Pieces of openapi.yaml at which the tests below put something in.
const (
	atCall     = "      operationId: executeAgent\n"
	atItem     = "  /agents/execute:\n"
	atAnswer   = "          description: The run was accepted and has started.\n"
	atRequest  = "    ExecuteRequest:\n"
	atResponse = "    ExecuteResponse:\n"
	atScheme   = "      type: http\n      scheme: bearer\n"
	atBody     = "        required: true\n        content:\n          application/json:\n            schema:\n"
)

// What andon does not honour is refused, by its place and all at once; what it honours, or may leave aside, is read.
func TestHonoured(t *testing.T) {
	for _, c := range []struct{ why, at, with, want string }{
		{"a required header", atCall, atCall + "      parameters: [{name: X-Tenant, in: header, required: true, schema: {type: string}}]\n", ""},
		{"a header of the connection", atCall, atCall + "      parameters: [{name: host, in: header, required: true, schema: {type: string}}]\n",
			`spec.yaml:36:20: /paths/~1agents~1execute/post/parameters/0: the header parameter "host" is what a call has by what it is`},
		{"an optional one", atCall, atCall + "      parameters: [{name: host, in: header, schema: {type: string}}]\n", ""},
		{"a parameter of the body", atItem, atItem + "    parameters: [{name: v, in: body, required: true, schema: {type: string}}]\n", `"v" stands in "body"; expected path, query, header or cookie`},
		{"an unknown style", atCall, atCall + "      parameters: [{name: v, in: query, required: true, style: simple, schema: {type: string}}]\n", `the query parameter "v" has the style "simple"; expected form, spaceDelimited`},
		{"a slip in a parameter", atCall, atCall + "      parameters: [{name: v, in: query, required: true, explod: true, schema: {type: string}}]\n", `"explod" of a parameter; did you mean explode?`},
		{"XML in a query", atCall, atCall + "      parameters: [{name: v, in: query, required: true, content: {application/xml: {}}}]\n", `is written as "application/xml"`},
		{"schema and content", atCall, atCall + "      parameters: [{name: v, in: query, required: true, schema: {}, content: {application/json: {}}}]\n", "both a schema and content"},
		{"two of a name", atCall, atCall + "      parameters: [{name: v, in: query, schema: {}}, {name: v, in: query, schema: {}}]\n", `two parameters "v" in the query`},
		{"a parameter of a path that is optional", "  /agents/execute:\n", "  /agents/{v}:\n    parameters: [{name: v, in: path, schema: {type: string}}]\n", `is described nowhere`},
		{"a parameter of a path that is described nowhere", "  /agents/execute:\n", "  /agents/{v}:\n", `the path "/agents/{v}" has the parameter "v", which is described nowhere`},
		{"one behind a reference", atCall, atCall + "      parameters: [{$ref: '#/x-p'}]\n", "leads nowhere"},
		{"an optional one", atCall, atCall + "      parameters: [{name: X-Tenant, in: header, schema: {type: string}}]\n", ""},
		{"one that OpenAPI leaves aside", atCall, atCall + "      parameters: [{name: authorization, in: header, required: true, schema: {type: string}}]\n", ""},
		{"a key", atScheme, "      type: apiKey\n      in: header\n      name: X-Key\n", ""},
		{"a key in the body", atScheme, "      type: apiKey\n      in: body\n      name: X-Key\n", `/security/0/bearer: the key of the security scheme "bearer" stands in "body"`},
		{"a key without a name", atScheme, "      type: apiKey\n      in: query\n", `has no name under which its key is sent`},
		{"basic", atScheme, "      type: http\n      scheme: basic\n", ""},
		{"digest", atScheme, "      type: http\n      scheme: digest\n", `is http digest`},
		{"oauth", atScheme, "      type: oauth2\n      flows: {clientCredentials: {tokenUrl: /t, scopes: {}}}\n", ""},
		{"certificates", atScheme, "      type: mutualTLS\n", `is mutualTLS`},
		{"Bearer", atScheme, "      type: http\n      scheme: Bearer\n", ""},
		{"another scheme for the call", atCall, atCall + "      security: [{key: []}]\n", `/paths/~1agents~1execute/post/security/0/key: no security scheme is called "key"`},
		{"none for the call", atCall, atCall + "      security: []\n", ""},
		{"a required header of the answer", atAnswer, atAnswer + "          headers: {X-Id: {required: true, schema: {type: string}}}\n", ""},
		{"one in XML", atAnswer, atAnswer + "          headers: {X-Id: {required: true, content: {application/xml: {}}}}\n", `/post/responses/200/headers/X-Id/content: the header "X-Id" of the answer is written as "application/xml"`},
		{"a style that no header has", atAnswer, atAnswer + "          headers: {X-Id: {required: true, style: form, schema: {type: string}}}\n", `has the style "form"; expected simple`},
		{"an optional one", atAnswer, atAnswer + "          headers: {X-Id: {schema: {type: string}}}\n", ""},
		{"an answer that is text", atAnswer + "          content:\n            application/json:\n", atAnswer + "          content:\n            text/plain:\n", `a success comes as "text/plain" alone`},
		{"one that also is", atAnswer + "          content:\n", atAnswer + "          content:\n            text/plain: {schema: {type: string}}\n", ""},
		{"text by a pattern", atAnswer + "          content:\n", atAnswer + "          content:\n            text/plain: {schema: {type: string, pattern: '^a$'}}\n", `an answer of type "text/plain" is not held against a schema`},
		{"nullable", atResponse, atResponse + "      nullable: true\n", `/components/schemas/ExecuteResponse/nullable: andon does not know the key "nullable" of a schema; it is OpenAPI 3.0's`},
		{"a slip", atRequest, atRequest + "      minPropertys: 1\n", `"minPropertys" of a schema; did you mean minProperties?`},
		{"another base", atRequest, atRequest + "      $id: urn:x\n", "refer by $ref to a place in this file"},
		{"another dialect", "openapi: 3.1.0\n", "openapi: 3.1.0\njsonSchemaDialect: http://json-schema.org/draft-07/schema#\n", "JSON Schema 2020-12 alone"},
		{"beside a reference", "                $ref: '#/components/schemas/ExecuteResponse'\n", "                $ref: '#/components/schemas/ExecuteResponse'\n                minProperties: 9\n", "`minProperties` beside $ref is not read; write allOf"},
		{"a title beside a reference", "                $ref: '#/components/schemas/ExecuteResponse'\n", "                $ref: '#/components/schemas/ExecuteResponse'\n                title: run\n", ""},
		{"another file", "                $ref: '#/components/schemas/ExecuteResponse'\n", "                $ref: 'other.yaml#/x'\n", "bundle the description into one"},
		{"a reference to itself", "                $ref: '#/components/schemas/ExecuteResponse'\n", "                $ref: '#/paths/~1agents~1execute/post/responses/200/content/application~1json/schema'\n", "leads back to itself"},
		{"readOnly and required", atRequest, atRequest + "      allOf: [{type: object, required: [at], properties: {at: {type: string, readOnly: true}}}]\n", ""},
		{"readOnly alone", atRequest, atRequest + "      allOf: [{type: object, properties: {at: {type: string, readOnly: true}}}]\n", ""},
		{"a pattern of ECMAScript", atResponse, atResponse + "      propertyNames: {pattern: '^(?!bad)'}\n", ""},
		{"a pattern that is none", atResponse, atResponse + "      propertyNames: {pattern: '^(bad'}\n", "/propertyNames/pattern: andon cannot read this pattern"},
		{"one of a call that andon does not make", "paths:\n", "paths:\n  /other: {get: {responses: {'200': {description: ok, content: {application/json: {schema: {type: string, pattern: '^(?!bad)'}}}}}}}\n", ""},
		{"a key of later versions", atCall, atCall + "      additionalOperations: {}\n", `andon does not know the key "additionalOperations" of an operation`},
		{"a key of its own", atCall, atCall + "      x-mine: {}\n", ""},
	} {
		err := loadError(edited(t, c.at, c.with))
		switch {
		case c.want == "" && err != "":
			t.Errorf("%s: %s", c.why, err)
		case !strings.Contains(err, c.want) || c.want != "" && !strings.Contains(err, "\n  spec.yaml:"):
			t.Errorf("%s: %q; want %q", c.why, err, c.want)
		}
	}
	both := strings.Replace(edited(t, atCall, atCall+"      parameters: [{name: a, in: body, required: true, schema: {}}]\n"), atRequest, atRequest+"      nullable: true\n", 1)
	if err := loadError(both); !strings.Contains(err, "2 parts") || !strings.Contains(err, `"a" stands in`) || !strings.Contains(err, "nullable") {
		t.Errorf("not all at once: %s", err)
	}
}

func loadError(text string) string {
	if _, err := Load("spec.yaml", []byte(text)); err != nil {
		return err.Error()
	}
	return ""
}

// What a token, a body and a media type are to the call is read off the description.
func TestDemands(t *testing.T) {
	for _, c := range []struct {
		why, at, with string
		tokens, body  bool
	}{
		{"as it is", atCall, atCall, true, true},
		{"no security", atCall, atCall + "      security: []\n", false, true},
		{"a choice to go without", atCall, atCall + "      security: [{}, {bearer: []}]\n", false, true},
		{"an optional body", atBody, strings.Replace(atBody, "        required: true\n", "", 1), true, false},
		{"a body of another type too", atBody, strings.Replace(atBody, "content:\n", "content:\n          text/plain: {}\n", 1), true, true},
		{"a body with parameters", atBody, strings.Replace(atBody, "/json", "/json; charset=utf-8", 1), true, true},
		{"a range", atBody, strings.Replace(atBody, "application/json", "'*/*'", 1), true, true},
	} {
		d, err := Load("spec.yaml", []byte(edited(t, c.at, c.with)))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if d.TokensRequired() != c.tokens || d.TokensOptional() == c.tokens || d.BodyRequired() != c.body {
			t.Errorf("%s: tokens %v, body %v", c.why, d.TokensRequired(), d.BodyRequired())
		}
		if want := strings.Contains(c.with, "text/plain") || strings.Contains(c.with, "*/*"); d.Takes("text/plain") != want || !d.Takes(jsonType) {
			t.Errorf("%s: text is taken: %v", c.why, d.Takes("text/plain"))
		}
		if err := d.CrosscheckRequest([]byte(`{"kaizenVersion":"Full"}`)); err != nil {
			t.Errorf("%s: kin-openapi: %v", c.why, err)
		}
		if err := d.CrosscheckRequest([]byte(`{"kaizenVersion":7}`)); err == nil {
			t.Errorf("%s: kin-openapi takes a wrong body", c.why)
		}
	}
}

// A description that says nothing of tokens neither demands nor forbids them.
func TestNothingSaidOfTokens(t *testing.T) {
	d, err := Load("spec.yaml", []byte(edited(t, "security:\n  - bearer: []\n", "")))
	if err != nil || d.TokensRequired() || d.TokensOptional() {
		t.Errorf("%v, %+v", err, d)
	}
}

// A response is judged alike however many references lead to it, and so is a path.
func TestReferences(t *testing.T) {
	text := edited(t, "  responses:\n    BadRequest:\n", "  responses:\n    Two: {$ref: '#/components/responses/One'}\n    One:\n      description: ok\n      content: {application/json: {schema: {$ref: '#/components/schemas/ExecuteResponse'}}}\n    BadRequest:\n")
	from, to := strings.Index(text, "        '200':\n"), strings.Index(text, "        '400':\n")
	text = text[:from] + "        '200': {$ref: '#/components/responses/Two'}\n" + text[to:]
	item := strings.Replace(strings.Replace(text, "paths:\n  /agents/execute:\n", "paths:\n  /agents/execute: {$ref: '#/components/pathItems/Execute'}\nx-rest:\n  rest:\n", 1), "components:\n", "components:\n  pathItems: {Execute: {$ref: '#/x-rest/rest'}}\n", 1)
	for why, text := range map[string]string{"a response": text, "a path": item} {
		d, err := Load("spec.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", why, err)
			continue
		}
		if v := d.JudgeResponse(200, "application/json", []byte(good)); v.Violation != nil {
			t.Errorf("%s: %v", why, v.Violation)
		}
		if v := d.JudgeResponse(200, "application/json", []byte(`{"sessionId":"s","executionId":"e"}`)); v.Violation == nil || v.Violation.Rule != RuleMissingProperty {
			t.Errorf("%s: a property is missing, and it is %v", why, v.Violation)
		}
		if doubtful, other := d.Doubt(200, "application/json", []byte(good), nil); doubtful {
			t.Errorf("%s: %v", why, other)
		}
	}
}

// No key that andon has not heard of passes in silence, whichever object of the call it stands in.
func TestNoKeyPassesUnread(t *testing.T) {
	places := []string{"openapi: 3.1.0\n", atItem, atCall, atBody[:strings.Index(atBody, "content")], atAnswer, atRequest, atResponse,
		"            application/json:\n              schema:\n                $ref: '#/components/schemas/ExecuteResponse'\n"}
	indents := []string{"", "    ", "      ", "        ", "          ", "      ", "      ", "              "}
	for _, p := range places {
		if !strings.Contains(string(andon.Spec), p) {
			t.Fatalf("openapi.yaml has no %q", p)
		}
	}
	var every []string
	for _, kind := range []string{"document", "path item", "operation", "request body", "media type", "response", "schema choice", "schema map", "schema part", "schema value", "schema note"} {
		every = append(every, known(kind)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(places)-1).Draw(t, "place")
		key := rapid.OneOf(rapid.StringMatching(`[a-w][A-Za-z]{3,14}`), rapid.SampledFrom([]string{"nullable", "$id", "$dynamicRef", "dependencies", "additionalItems", "divisibleBy", "requires"})).Draw(t, "key")
		for _, k := range every {
			if strings.EqualFold(k, key) {
				t.Skip("it is known")
			}
		}
		at := places[i]
		first, rest, _ := strings.Cut(at, "\n")
		with := first + "\n" + indents[i] + key + ": 1\n" + rest
		if i == 3 { // the keys stand beside `required`
			with = at[:strings.Index(at, "required")] + key + ": 1\n" + at
		}
		if i == 7 {
			with = first + "\n" + indents[i] + key + ": 1\n" + rest
		}
		err := loadError(strings.Replace(string(andon.Spec), at, with, 1))
		if !strings.Contains(err, fmt.Sprintf("andon does not know the key %q", key)) {
			t.Fatalf("%s after %q: %s", key, at, err)
		}
	})
}

// Formats of OpenAPI's own are held to, by what is sent and by what comes back.
func TestFormats(t *testing.T) {
	d, err := Load("spec.yaml", []byte(edited(t, atRequest, atRequest+"      allOf: [{properties: {n: {type: integer, format: int32, minimum: 2147483000}, l: {type: integer, format: int64}, b: {type: string, format: byte}}}]\n")))
	if err != nil {
		t.Fatal(err)
	}
	for body, valid := range map[string]bool{
		`{"n":2147483647}`: true, `{"n":2147483648}`: false, `{"l":9007199254740993}`: true, `{"l":1e19}`: false,
		`{"b":"YWJj"}`: true, `{"b":"a b"}`: false, `{"n":"x"}`: false,
	} {
		if _, violation := d.ReadRequest([]byte(body)); (violation == nil) != valid {
			t.Errorf("%s: %v", body, violation)
		}
	}
	for _, p := range d.Fields() {
		for seed := range uint64(50) {
			if violation := d.CheckValue("", p.Name, d.Document().Generate(nil, p.Schema, rand.New(rand.NewPCG(seed, 0)))); violation != nil {
				t.Fatalf("%s: %v", p.Name, violation)
			}
		}
	}
}

// What frameworks write for a property that may be left out is read as what it is.
func TestOptionalAsFrameworksWriteIt(t *testing.T) {
	text := edited(t, "    ExecuteRequest:\n", "    Tier: {type: string, enum: [Full, Lite]}\n    ExecuteRequest:\n")
	from := strings.Index(text, "        kaizenVersion:\n          description")
	text = text[:from] + "        kaizenVersion: {anyOf: [{$ref: '#/components/schemas/Tier'}, {type: 'null'}]}\n        old:\n" + text[from+len("        kaizenVersion:\n"):]
	d, err := Load("spec.yaml", []byte(text))
	if err != nil || len(d.Tiers()) != 2 || len(d.ContentTypes()) != 4 {
		t.Errorf("%v: %v", err, d)
	}
}

// However many parts are not honoured, each is told.
func TestEveryPartIsTold(t *testing.T) {
	parts := []struct{ at, with, want string }{
		{atCall, atCall + "      parameters: [{name: Host, in: header, required: true, schema: {type: string}}]\n", `"Host" is what a call has`},
		{atItem, atItem + "    parameters: [{name: v, in: body, required: true, schema: {type: string}}]\n", `"v" stands in "body"`},
		{atScheme, "      type: mutualTLS\n", "is mutualTLS"},
		{atAnswer, atAnswer + "          headers: {X-Id: {required: true, style: form, schema: {type: string}}}\n", `the header "X-Id" of the answer`},
		{atResponse, atResponse + "      nullable: true\n", `"nullable" of a schema`},
		{atRequest, atRequest + "      dependencies: {}\n", `"dependencies" of a schema`},
		{"    TextContent:\n", "    TextContent:\n      $id: urn:x\n", `"$id" of a schema`},
	}
	rapid.Check(t, func(t *rapid.T) {
		text, wants := string(andon.Spec), 0
		chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, len(parts)-1), 1, -1, rapid.ID).Draw(t, "parts")
		for _, i := range chosen {
			changed := strings.Replace(text, parts[i].at, parts[i].with, 1)
			if changed == text {
				t.Fatalf("openapi.yaml has no %q", parts[i].at)
			}
			text, wants = changed, wants+1
		}
		err := loadError(text)
		if strings.Count(err, "\n  spec.yaml:") != wants {
			t.Fatalf("%d parts are wrong, and told is %s", wants, err)
		}
		for _, i := range chosen {
			if !strings.Contains(err, parts[i].want) {
				t.Fatalf("%s is not told: %s", parts[i].want, err)
			}
		}
	})
}
