package contracts

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
)

func TestReadRequest(t *testing.T) {
	d := loaded(t)
	for _, c := range []struct{ body, rule, pointer, message string }{
		{`{}`, "", "", ""},
		{`{"content":[]}`, "", "", ""},
		{`{"kaizenVersion":"Lite","agentId":"a","content":[{"type":"text","text":"hi"}],"archiveSessionFiles":false}`, "", "", ""},
		{`{"content":[{"type":"json","data":{"a":[1,{}]}},{"type":"file","id":"f"},{"type":"skill","id":"s"}]}`, "", "", ""},
		{``, RuleMalformedJSON, "", "the body is not JSON: expected a value, found the end of the text at byte 0"},
		{`{"a":1,"a":2}`, RuleDuplicateKey, "", `the body is ambiguous: the key "a" stands twice in one object at byte 7`},
		{`{"":1,"":2}`, RuleDuplicateKey, "", `the body is ambiguous: the key "" stands twice in one object at byte 6`},
		{`[]`, RuleWrongType, "", "the body is an array (an array of 0 items), expected an object"},
		{`{"kaizenVersion":"lite"}`, RuleWrongValue, "/kaizenVersion", "`kaizenVersion` is \"lite\", expected one of \"Full\", \"Lite\""},
		{`{"kaizenVersion":null}`, RuleWrongType, "/kaizenVersion", "`kaizenVersion` is null, expected a string"},
		{`{"content":{}}`, RuleWrongType, "/content", "`content` is an object (an object of 0 properties), expected an array"},
		{`{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"file"}]}`, RuleMissingProperty, "/content/2/id", "content[2] is `file`: `id` is missing"},
		{`{"content":[{"type":"text","text":7}]}`, RuleWrongType, "/content/0/text", "`content[0].text` is a number (7), expected a string"},
		{`{"content":[{"type":"txt","text":"a"}]}`, RuleWrongValue, "/content/0/type", "`content[0].type` is \"txt\", expected one of \"file\", \"json\", \"skill\", \"text\""},
		{`{"content":[{"text":"a"}]}`, RuleMissingProperty, "/content/0/type", "`content[0]` has no `type`"},
		{`{"content":["a"]}`, RuleWrongType, "/content/0", "`content[0]` is \"a\", expected an object"},
		{`{"content":[{"type":"json","data":[]}]}`, RuleWrongType, "/content/0/data", "`content[0].data` is an array (an array of 0 items), expected an object"},
		{`{"archiveSessionFiles":"true"}`, RuleWrongType, "/archiveSessionFiles", "`archiveSessionFiles` is a string (\"true\"), expected a boolean"},
		{`{"content":[{"type":"file"},{"type":"skill"}],"agentId":1}`, RuleWrongType, "/agentId", "`agentId` is a number (1), expected a string"},
	} {
		_, v := d.ReadRequest([]byte(c.body))
		if c.rule == "" {
			if v != nil {
				t.Errorf("%s: %v", c.body, v)
			}
			continue
		}
		if v == nil {
			t.Errorf("%s is accepted, want %s", c.body, c.rule)
		} else if v.Rule != c.rule || v.Pointer != c.pointer || v.Message != c.message {
			t.Errorf("%s:\n got %s %q %s\nwant %s %q %s", c.body, v.Rule, v.Pointer, v.Message, c.rule, c.pointer, c.message)
		}
	}
	r, v := d.ReadRequest([]byte(`{"kaizenVersion":"Full","agentId":"agent_7"}`))
	if v != nil || r != (Request{Tier: "Full", AgentID: "agent_7"}) {
		t.Errorf("found %+v, %v", r, v)
	}
}

const good = `{"sessionId":"session_1","executionId":"exec_1","status":"running"}`

func TestJudgeResponse(t *testing.T) {
	d := loaded(t)
	for _, c := range []struct {
		why     string
		status  int
		media   string
		body    string
		rule    string
		pointer string
		id      string
	}{
		{"good", 200, "application/json", good, "", "", "exec_1"},
		{"with parameters", 200, "Application/JSON ; charset=utf-8", good, "", "", "exec_1"},
		{"more than described", 200, "application/json", `{"sessionId":"s","executionId":"e","status":"x","more":1}`, "", "", "e"},
		{"an undocumented status", 202, "application/json", good, RuleUndocumentedStatus, "", ""},
		{"no status at all", 0, "", "", RuleUndocumentedStatus, "", ""},
		{"a page", 200, "text/html", "<h1>", RuleContentType, "", ""},
		{"no content type", 200, "", good, RuleContentType, "", ""},
		{"a parameter without a value", 200, "application/json; charset", good, "", "", "exec_1"},
		{"an unreadable content type", 200, "json", good, RuleContentType, "", ""},
		{"half", 200, "application/json", good[:20], RuleMalformedJSON, "", ""},
		{"nothing", 200, "application/json", "", RuleMalformedJSON, "", ""},
		{"twice", 200, "application/json", good + good, RuleMalformedJSON, "", ""},
		{"a list", 200, "application/json", "[]", RuleWrongType, "", ""},
		{"a missing field", 200, "application/json", `{"sessionId":"s","executionId":"e"}`, RuleMissingProperty, "/status", "e"},
		{"a number for an id", 200, "application/json", `{"sessionId":"s","executionId":7,"status":"x"}`, RuleWrongType, "/executionId", ""},
		{"an empty id", 200, "application/json", `{"sessionId":"s","executionId":"","status":"x"}`, RuleEmptyID, "/executionId", ""},
		{"an empty session", 200, "application/json", `{"sessionId":"","executionId":"e","status":"x"}`, RuleEmptyID, "/sessionId", "e"},
		{"a key twice", 200, "application/json", `{"executionId":"a","executionId":"b","sessionId":"s","status":"x"}`, RuleDuplicateKey, "", ""},
		{"an assumed status, any body", 400, "text/plain", "no", "", "", ""},
		{"an assumed status, JSON that is none", 400, "application/json", "{", RuleMalformedJSON, "", ""},
		{"an assumed status, no body", 429, "application/json", "", "", "", ""},
	} {
		v := d.JudgeResponse(c.status, c.media, []byte(c.body))
		rule, pointer := "", ""
		if v.Violation != nil {
			rule, pointer = v.Violation.Rule, v.Violation.Pointer
			if v.Violation.Message == "" || !slices.Contains(Rules(), rule) {
				t.Errorf("%s: the violation is %+v", c.why, v.Violation)
			}
		}
		if rule != c.rule || pointer != c.pointer || v.ExecutionID != c.id {
			t.Errorf("%s: found %q at %q, id %q; want %q at %q, id %q", c.why, rule, pointer, v.ExecutionID, c.rule, c.pointer, c.id)
		}
	}
}

// What the description guesses of a refusal's body is held to its media type and its schema, where there is a body.
func TestJudgeAssumption(t *testing.T) {
	d := loaded(t)
	for _, c := range []struct {
		why    string
		status int
		media  string
		body   string
		rule   string
	}{
		{"as it is guessed", 400, "application/json", `{"error":"no"}`, ""},
		{"with a charset", 400, "application/json; charset=utf-8", `{"error":"no"}`, ""},
		{"of another form", 400, "application/json", `{"message":["no"]}`, ""},
		{"a problem document", 400, "application/problem+json", `{"title":"no"}`, ""},
		{"no body", 401, "", "", ""},
		{"no body, by a name", 401, "text/html", "", ""},
		{"a page", 400, "text/html", "<pre>no</pre>", RuleContentType},
		{"a text", 404, "text/plain; charset=utf-8", "no", RuleContentType},
		{"without a name", 400, "", `{"error":"no"}`, RuleContentType},
		{"a list", 422, "application/json", "[]", RuleWrongType},
		{"a problem that is a list", 422, "application/problem+json", "[]", RuleWrongType},
		{"a text in JSON", 400, "application/json", `"no"`, RuleWrongType},
		{"half", 400, "application/json", `{"error"`, RuleMalformedJSON},
		{"not a guess", 200, "text/html", "<pre>no</pre>", ""},
		{"not described", 409, "text/html", "<pre>no</pre>", ""},
	} {
		rule, v := "", d.JudgeAssumption(c.status, c.media, []byte(c.body))
		if v != nil {
			rule = v.Rule
		}
		if rule != c.rule {
			t.Errorf("%s: %q, want %q", c.why, rule, c.rule)
		}
	}
}

// Other keywords of JSON Schema are explained as well.
func TestKeywords(t *testing.T) {
	d, err := Load("test.yaml", []byte(`
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /agents/execute:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              properties:
                short: {type: string, maxLength: 3, minLength: 1}
                few: {type: array, maxItems: 1, uniqueItems: true}
                num: {type: number, maximum: 10}
                pat: {type: string, pattern: "^a+$"}
                day: {type: string, format: date}
                one: {const: 7}
                any: {anyOf: [{type: string}, {type: number}]}
                no: false
                props: {type: object, minProperties: 1}
                dup: {type: array, uniqueItems: true}
                if: {not: {type: string}}
      responses: {default: {description: any}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ body, rule, pointer, says string }{
		{`{"short":"four"}`, RuleOutOfBounds, "/short", "4 characters, at most 3"},
		{`{"short":""}`, RuleOutOfBounds, "/short", "0 characters, at least 1"},
		{`{"few":[1,2]}`, RuleOutOfBounds, "/few", "2 items, at most 1"},
		{`{"num":11}`, RuleOutOfBounds, "/num", "is 11: at most 10 expected"},
		{`{"pat":"b"}`, RuleFormat, "/pat", "a match of ^a+$"},
		{`{"day":"today"}`, RuleFormat, "/day", "a date"},
		{`{"one":8}`, RuleWrongValue, "/one", "expected 7"},
		{`{"any":[]}`, RuleWrongType, "/any", "is an array"},
		{`{"no":1}`, RuleUnknownProperty, "/no", "not allowed"},
		{`{"props":{}}`, RuleOutOfBounds, "/props", "at least 1"},
		{`{"dup":[3,3]}`, RuleOutOfBounds, "/dup", "items 0 and 1 are equal"},
		{`{"if":"x"}`, RuleSchema, "/if", "not"},
		{`{"a/b~c":1}`, RuleUnknownProperty, "/a~1b~0c", "unknown property `a/b~c`"},
	} {
		_, v := d.ReadRequest([]byte(c.body))
		if v == nil || v.Rule != c.rule || v.Pointer != c.pointer || !strings.Contains(v.Message, c.says) {
			t.Errorf("%s: %+v; want %s at %s, with %q", c.body, v, c.rule, c.pointer, c.says)
		}
	}
	if v := d.JudgeResponse(299, "text/plain", []byte("x")); v.Violation != nil {
		t.Errorf("a default response does not cover a status: %v", v.Violation)
	}
}

// A message says what is wrong, and with what, whatever keyword of the schema it was.
func TestMessages(t *testing.T) {
	const forms = `{oneOf: [{type: object, required: [kind, id], properties: {kind: {const: ok}, id: {type: string}}},
            {type: object, required: [kind, position], properties: {kind: {enum: [queued, waiting]}, position: {type: integer}}}]}`
	for _, c := range []struct{ schema, value, rule, pointer, message string }{
		{forms, `{"kind":"queued"}`, RuleMissingProperty, "/z/position", "z is `queued`: `position` is missing"},
		{forms, `{"kind":"other"}`, RuleWrongValue, "/z/kind", "`z.kind` is \"other\", expected one of \"ok\", \"queued\", \"waiting\""},
		{forms, `{"kind":"ok","id":7}`, RuleWrongType, "/z/id", "`z.id` is a number (7), expected a string"},
		{forms, `7`, RuleWrongType, "/z", "`z` is 7, expected an object"},
		{forms, `{}`, RuleSchema, "/z", "`z` fits none of the 2 forms that the description allows (form 1: z: `kind` is missing)"},
		{"{oneOf: [{type: number}, {type: integer}]}", `1`, RuleSchema, "/z", "`z` fits the forms 1 and 2 of the description at once, expected exactly one of its forms"},
		{"{oneOf: [{type: string, format: date}, {type: 'null'}]}", `"x"`, RuleFormat, "/z", "`z` is \"x\", expected a date"},
		{"{anyOf: [{type: string}, {type: 'null'}, {type: number}]}", `[]`, RuleWrongType, "/z", "`z` is an array of 0 items, expected a null or number or string"},
		{"{anyOf: [{required: [a, b]}, {required: [c]}]}", `{}`, RuleSchema, "/z", "`z` fits none of the 2 forms that the description allows (form 1: z: `a` is missing)"},
		{"{anyOf: [{properties: {k: {const: [1]}}}, {properties: {k: {const: [1]}}}]}", `{"k":[2]}`, RuleWrongValue, "/z/k", "`z.k` is an array of 1 items, expected one of an array of 1 items"},
		{"{exclusiveMinimum: 0}", `0`, RuleOutOfBounds, "/z", "`z` is 0: more than 0 expected"},
		{"{exclusiveMaximum: 0.1}", `1`, RuleOutOfBounds, "/z", "`z` is 1: less than 0.1 expected"},
		{"{minimum: 1.5}", `1`, RuleOutOfBounds, "/z", "`z` is 1: at least 1.5 expected"},
		{"{multipleOf: 0.01}", `0.005`, RuleOutOfBounds, "/z", "`z` is 0.005: a multiple of 0.01 expected"},
		{"{dependentRequired: {cost: [currency]}}", `{"cost":1}`, RuleMissingProperty, "/z/currency", "`currency` is missing, which has to be there where `z.cost` is"},
		{"{propertyNames: {maxLength: 2}}", `{"abc":1,"abd":2}`, RuleOutOfBounds, "/z/abc", "the name of a property of `z` is \"abc\": 3 characters, at most 2 expected"},
		{"{propertyNames: {enum: [a, b]}}", `{"c":1}`, RuleWrongValue, "/z/c", "the name of a property of `z` is \"c\", expected one of \"a\", \"b\""},
		{"{propertyNames: false}", `{"c":1}`, RuleUnknownProperty, "/z/c", "the name of a property of `z` is \"c\", which is not allowed"},
		{"{additionalProperties: false}", `{"e":1,"b":1,"d":1}`, RuleUnknownProperty, "/z/b", "`z` has the unknown property `b`"},
		{"{not: {type: string}}", `"x"`, RuleSchema, "/z", "`z` is \"x\", which the description rules out by `not`"},
		{"{contains: {type: number}}", `["a"]`, RuleOutOfBounds, "/z", "`z` is an array of 1 items: none of its items is one that has to be there, at least 1 expected"},
		{"{contains: {type: number}, minContains: 2}", `["a",1]`, RuleOutOfBounds, "/z", "`z` is an array of 2 items: 1 items of those that have to be there, at least 2 expected"},
		{"{contains: {type: number}, maxContains: 1}", `[1,2]`, RuleOutOfBounds, "/z", "`z` is an array of 2 items: 2 items of those that are counted, at most 1 expected"},
		{"{format: int64}", `9223372036854775808`, RuleFormat, "/z", "`z` is 9223372036854775808, expected an int64"},
		{"{format: int64}", `9223372036854775807`, "", "", ""},
	} {
		d, err := Load("x.yaml", []byte(edited(t, "        sessionId:\n", "        z: "+c.schema+"\n        sessionId:\n")))
		if err != nil {
			t.Fatal(err)
		}
		for range 5 { // the validator goes through properties in no order
			v := d.JudgeResponse(200, "application/json", []byte(strings.TrimSuffix(good, "}")+`,"z":`+c.value+"}")).Violation
			if v == nil {
				v = &Violation{}
			}
			if v.Rule != c.rule || v.Pointer != c.pointer || v.Message != c.message {
				t.Errorf("%s with %s:\n got %s %q %s\nwant %s %q %s", c.schema, c.value, v.Rule, v.Pointer, v.Message, c.rule, c.pointer, c.message)
				break
			}
		}
	}
}

// What a provider sends cannot make the judge panic, and what it says of it stays short and valid UTF-8.
func FuzzJudgeResponse(f *testing.F) {
	for _, body := range []string{good, good[:30], "[]", `{"sessionId":` + strings.Repeat("[", 2000), `{"executionId":"\u0000","sessionId":"` + strings.Repeat("x", 500) + `","status":{}}`} {
		f.Add(200, "application/json", []byte(body))
	}
	f.Add(200, "application/json", []byte(`{"sessionId":"","executionId":"e","status":"running"}`))
	f.Add(200, "application/json", []byte(`{"sessionId":"s","executionId":"","status":"running"}`))
	f.Add(400, "application/problem+json; a=\"\x00", []byte("{"))
	f.Add(-1, "/;=", []byte(nil))
	d := loaded(f)
	slow := loaded(f)
	for _, r := range slow.responses {
		r.fast = nil
	}
	f.Fuzz(func(t *testing.T, status int, media string, body []byte) {
		verdict := d.JudgeResponse(status, media, body)
		if want := slow.JudgeResponse(status, media, body); (verdict.Violation == nil) != (want.Violation == nil) || verdict.ExecutionID != want.ExecutionID || verdict.SessionID != want.SessionID {
			t.Fatalf("by the fast path %+v, by the validator %+v", verdict, want)
		}
		v := verdict.Violation
		if v == nil {
			return
		}
		if !slices.Contains(Rules(), v.Rule) {
			t.Fatalf("the rule is %q", v.Rule)
		}
		for _, s := range []string{v.Message, v.Expected, v.Found} {
			if len(s) > 2000 || !utf8.ValidString(s) {
				t.Fatalf("a text of %d bytes: %q", len(s), s)
			}
		}
		if v.Message == "" || v.Pointer != "" && v.Pointer[0] != '/' {
			t.Fatalf("%+v", v)
		}
	})
}

// Bodies put together of plain and odd pieces: what the fast path takes, the validator takes, and reads the same id.
func TestFastPath(t *testing.T) {
	d := loaded(t)
	f := d.byStatus["200"].fast
	if f == nil {
		t.Fatal("the response has no fast path")
	}
	schema := d.byStatus["200"].Media[0].validator
	member := rapid.SampledFrom([]string{
		`"sessionId":"s"`, `"sessionId" : "s" `, `"executionId":"e"`, `"executionId":"e2"`, `"status":"running"`, `"status":""`,
		`"executionId":""`, `"sessionId":""`, `"sessionId":1`, `"other":"x"`, `"status":"\u0061"`, `"status":"é"`, "\"status\":\"\x01\"", `"st\u0061tus":"x"`, `"status":"a`, ``,
	})
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.SliceOfN(member, 0, 4).Draw(t, "odd members")
		members = rapid.Permutation(append(members, `"sessionId":"s1"`, `"executionId":"e1"`, `"status":"r"`)).Draw(t, "members")
		members = members[:rapid.IntRange(len(members)-2, len(members)).Draw(t, "kept")]
		body := rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "space") + "{" + strings.Join(members, rapid.SampledFrom([]string{",", " , "}).Draw(t, "comma")) +
			"}" + rapid.SampledFrom([]string{"", "\r\n", "}", "x"}).Draw(t, "after")
		id, session, ok := f.takes([]byte(body))
		if !ok {
			return
		}
		taken++
		v, violation := judgeBody([]byte(body), schema, "")
		if violation != nil {
			t.Fatalf("%s is taken by the fast path; the validator says %v", body, violation)
		}
		if m := v.(map[string]any); m["executionId"] != string(id) || m["executionId"] == "" || m["sessionId"] != string(session) || len(session) == 0 {
			t.Fatalf("%s: the ids are read as %q and %q", body, id, session)
		}
	})
	if taken == 0 {
		t.Error("nothing was taken by the fast path")
	}
}

// A schema that asks for more than strings has no fast path.
func TestFastPathSchemas(t *testing.T) {
	for _, c := range []struct {
		from, to string
		short    bool
	}{
		{"required: [sessionId, executionId, status]", "required: [sessionId, executionId]", true},
		{"examples: [running]", "enum: [running]", false},
		{"examples: [running]", "minLength: 1", false},
		{"required: [sessionId, executionId, status]", "required: [sessionId]\n      additionalProperties: false", false},
	} {
		text := strings.Replace(string(andon.Spec), c.from, c.to, 1)
		d, err := Load("openapi.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if short := d.byStatus["200"].fast != nil; short != c.short {
			t.Errorf("with %q the fast path is there: %v", c.to, short)
		}
	}
}

// Generated values conform: one property at a time, for a few hundred draws each.
func TestGenerate(t *testing.T) {
	d := loaded(t)
	rng := rand.New(rand.NewPCG(1, 2))
	check := func(contentType string, p Property) {
		for range 200 {
			value := d.Document().Generate(nil, p.Schema, rng)
			if v := d.CheckValue(contentType, p.Name, value); v != nil {
				t.Fatalf("%s.%s: %s: %v", contentType, p.Name, value, v)
			}
		}
	}
	for _, f := range d.Fields() {
		check("", f)
	}
	for _, c := range d.ContentTypes() {
		for _, p := range c.Properties {
			check(c.Name, p)
		}
	}
}

func BenchmarkJudgeResponse(b *testing.B) {
	d := loaded(b)
	body := []byte(good)
	b.ReportAllocs()
	for b.Loop() {
		if v := d.JudgeResponse(200, "application/json", body); v.Violation != nil {
			b.Fatal(v.Violation)
		}
	}
}

func BenchmarkReadRequest(b *testing.B) {
	d := loaded(b)
	body := fmt.Appendf(nil, `{"content":[{"type":"text","text":%q},{"type":"file","id":"file_1"}],"kaizenVersion":"Lite"}`, strings.Repeat("word ", 80))
	b.ReportAllocs()
	for b.Loop() {
		if _, v := d.ReadRequest(body); v != nil {
			b.Fatal(v)
		}
	}
}

// A number that no float64 holds is a number: it is judged as one, quickly, and by the second opinion too. What nests
// too deep to be read is not said to be no JSON.
func TestNumbersBeyondFloat64(t *testing.T) {
	d := loaded(t)
	began := time.Now()
	for _, c := range []struct{ body, rule, message string }{
		{`{"sessionId":"s","executionId":"e","status":"running","x":1e999999,"y":-1e-999999,"z":[1e99999999999,` + strings.Repeat("9", 300_000) + `]}`, "", ""},
		{`{"sessionId":1e999999,"executionId":"e","status":"running"}`, RuleWrongType, "`sessionId` is a number (beyond what a float64 holds), expected a string"},
		{`{"sessionId":"s","executionId":"e","status":"running","x":` + strings.Repeat("[", 1001) + strings.Repeat("]", 1001) + `}`,
			RuleMalformedJSON, "the body is JSON that few readers take: nested deeper than 1000 levels at byte 1058"},
		{`{"sessionId":"\ud800","executionId":"e","status":"running"}`, RuleMalformedJSON, "the body is JSON that few readers take: a string holds half of a surrogate pair at byte 14"},
	} {
		v := d.JudgeResponse(200, "application/json", []byte(c.body)).Violation
		switch {
		case (v == nil) != (c.rule == ""):
			t.Errorf("%.100s: %v, want %q", c.body, v, c.rule)
		case v != nil && (v.Rule != c.rule || v.Message != c.message):
			t.Errorf("%.100s: %s, %s", c.body, v.Rule, v.Message)
		case v == nil:
			if doubtful, other := d.Doubt(200, "application/json", []byte(c.body), v); doubtful {
				t.Errorf("%.100s: the second opinion is another: %v", c.body, other)
			}
		}
	}
	if _, v := d.ReadRequest([]byte(`{"content":[{"type":"json","data":{"a":1e999999}}]}`)); v != nil {
		t.Errorf("a request with a large number: %v", v)
	}
	text := strings.Replace(string(andon.Spec), "        sessionId:\n", "        share: {type: number, minimum: 0, maximum: 1, multipleOf: 0.01}\n        size: {type: integer}\n        sessionId:\n", 1)
	bounded, err := Load("bounded.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for member, rule := range map[string]string{
		`"share":1e999999`: RuleOutOfBounds, `"share":-1e999999`: RuleOutOfBounds, `"share":1e-999999`: RuleOutOfBounds, `"share":0.5`: "",
		`"size":1e999999`: "", `"size":1e-999999`: RuleWrongType,
	} {
		v := bounded.JudgeResponse(200, "application/json", []byte(`{"sessionId":"s","executionId":"e","status":"running",`+member+`}`)).Violation
		if v == nil && rule != "" || v != nil && v.Rule != rule {
			t.Errorf("%s: %v, want %q", member, v, rule)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Numbers are compared as they are written, and formats are what their specifications say; the second opinion is the
// same or none.
func TestExactValues(t *testing.T) {
	for _, c := range []struct {
		schema    string
		good, bad []string
	}{
		{"{type: integer, minimum: 9007199254740993}", []string{"9007199254740993"}, []string{"9007199254740992"}},
		{"{const: 9007199254740993}", []string{"9007199254740993", "9007199254740993.0"}, []string{"9007199254740992", "9007199254740994"}},
		{"{type: number, multipleOf: 0.01}", []string{"0.07", "19.99", "1e3"}, []string{"0.075", "0.0100000000000000001"}},
		{"{type: number, maximum: 0.1}", []string{"0.1", "0.10"}, []string{"0.1000000000000000001"}},
		{"{type: number, exclusiveMaximum: 0.1}", []string{"0.09999999999999999999"}, []string{"0.1"}},
		{"{type: number, maximum: 0.10000000000000000001}", []string{"0.1", "0.10000000000000000001"}, []string{"0.10000000000000000002"}},
		{"{const: 0.1}", []string{"0.10", "1e-1"}, []string{"0.10000000000000000001"}},
		{"{type: integer}", []string{"1.0", "1e3", "9007199254740993.0"}, []string{"9007199254740993.5", "1.00000000000000000001"}},
		{"{uniqueItems: true}", []string{"[0.1,0.10000000000000000001]"}, []string{"[0.1,0.10]", "[9007199254740993,9007199254740993.0]"}},
		{"{type: string, format: regex}", []string{`"a(?=b)"`}, []string{`"("`}},
		{"{type: string, format: email}", []string{`"a@b.c"`}, []string{`"@b.c"`, `"a"`}},
		{"{type: string, format: uri}", []string{`"http://x/y?z#q"`, `"http://[::1]/"`}, []string{`"http://x/ y"`, `"http://x/ü"`, `"http://x/<y>"`, `"http://::1/"`, `"/y"`}},
		{"{type: string, format: uri-reference}", []string{`"/y"`, `"#q"`}, []string{`"/ y"`, `"\\y"`}},
	} {
		text := strings.Replace(string(andon.Spec), "        executionId:\n          description: The run itself", "        x: "+c.schema+"\n        executionId:\n          description: The run itself", 1)
		d, err := Load("openapi.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for i, value := range append(slices.Clone(c.good), c.bad...) {
			body := []byte(`{"sessionId":"s","executionId":"e","status":"running","x":` + value + `}`)
			v := d.JudgeResponse(200, "application/json", body).Violation
			if (v == nil) != (i < len(c.good)) {
				t.Errorf("%s: %s: %v", c.schema, value, v)
			}
			if doubtful, other := d.Doubt(200, "application/json", body, v); doubtful {
				t.Errorf("%s: %s: %v, and by the second opinion %v", c.schema, value, v, other)
			}
		}
	}
}

// What a float64 does not hold is judged by one validator alone, and all else by both: the second opinion stays for the
// rest of the schema, whatever the part stands in.
func TestJudgedAlone(t *testing.T) {
	base := `openapi: 3.1.0
info: {title: t, version: '1'}
paths: {/agents/execute: {post: {requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/x'}}}},
  responses: {'200': {description: ok, headers: {X-N: {schema: {type: integer, maximum: 9007199254740993}}}, content: {application/json: {schema: {$ref: '#/components/schemas/x'}}}}}}}}
components: {schemas: {x: {type: object, required: [s], properties: {s: {type: string, maxLength: 3}, n: `
	for _, c := range []struct {
		schema    string
		alone     []string
		good, bad []string
	}{
		{"{type: integer, maximum: 9007199254740993, minimum: 3}", []string{"maximum: 9007199254740993 (x.yaml:5:131)"}, []string{"3", "10"}, []string{"2", `"x"`, "1.5"}},
		{"{type: number, minimum: 1.00000000000000000001}", []string{"minimum: 1.00000000000000000001 (x.yaml:5:130)"}, []string{"1.5"}, []string{"0", "-1", "true"}},
		{"{type: integer, multipleOf: 9007199254740993}", []string{"multipleOf: 9007199254740993 (x.yaml:5:134)"}, []string{"0"}, []string{"7", "null"}},
		{"{type: integer, exclusiveMaximum: " + strings.Repeat("9", 300) + "}", []string{"exclusiveMaximum: " + strings.Repeat("9", 60) + "… (x.yaml:5:140)"}, []string{"7"}, []string{"1.5"}},
		{"{not: {minimum: 0.10000000000000000001}}", []string{"minimum: 0.10000000000000000001 (x.yaml:5:122)"}, []string{"0.1", "-2"}, []string{"2"}},
		{"{enum: [1, 9007199254740993]}", []string{"enum: [1,9007199254740993] (x.yaml:5:113)"}, []string{"1"}, []string{"2"}},
		{"{const: {a: 9007199254740993}}", []string{`const: {"a":9007199254740993} (x.yaml:5:114)`}, nil, []string{"{}", `{"a":1}`}},
		{"{oneOf: [{type: integer, minimum: 9007199254740993}, {type: integer, maximum: 5}]}", []string{"minimum: 9007199254740993 (x.yaml:5:140)"}, []string{"5"}, []string{"6", `"x"`}},
		{"{type: integer, maximum: 9007199254740992, minimum: 0.1}", nil, []string{"1"}, []string{"0"}},
	} {
		d, err := Load("x.yaml", []byte(base+c.schema+"}}}}\n"))
		if err != nil {
			t.Errorf("%s: %v", c.schema, err)
			continue
		}
		var alone []string
		for _, part := range d.JudgedAlone() {
			if !strings.Contains(part, "x.yaml:4:") { // the header's
				alone = append(alone, part)
			}
		}
		if !slices.Equal(alone, c.alone) {
			t.Errorf("%s: judged alone are %q", c.schema, alone)
		}
		for i, n := range append(slices.Clone(c.good), c.bad...) {
			for s, holds := range map[string]bool{`"abc"`: true, `"abcd"`: false, "7": false} {
				body := []byte(`{"s":` + s + `,"n":` + n + `}`)
				holds = holds && i < len(c.good)
				_, request := d.ReadRequest(body)
				answer := d.JudgeResponse(200, "application/json", body).Violation
				if (request == nil) != holds || (answer == nil) != holds {
					t.Errorf("%s: %s: %v, %v", c.schema, body, request, answer)
				}
				if doubtful, other := d.Doubt(200, "application/json", body, answer); doubtful {
					t.Errorf("%s: %s: doubtful: %v", c.schema, body, other)
				}
				other := d.CrosscheckRequest(body)
				if holds && other != nil || s != `"abc"` && other == nil {
					t.Errorf("%s: %s: the second opinion is %v", c.schema, body, other)
				}
			}
		}
		// It can still be of another mind.
		if doubtful, _ := d.Doubt(200, "application/json", []byte(`{"s":"abcd"}`), nil); !doubtful {
			t.Errorf("%s: nothing is doubted", c.schema)
		}
	}
}
