package verify

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
)

// unguessed are changes of which no case can know: a provider that is wrong about one value among all that there are.
var unguessed = []string{
	"before a value is ruled out", "before a value is taken out", "before one form less", "before a first item of a kind", "before no empty text",
	"after a value is taken out", "after one form less",
}

// holdOne verifies a handler by some of the cases of a description.
func holdOne(t testing.TB, d *contracts.Description, h http.Handler, patterns ...string) []Outcome {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Description: d, Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second, Strict: Everything(), MaxBody: maxBody}
	if c.Cases, err = (cases.Filter{Patterns: patterns}).Choose(c.All()); err != nil {
		t.Fatal(err)
	}
	outcomes, err := judge(c)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// A provider that goes by another description than it says is noticed where that means something else, and nowhere
// else: one that takes more than it should, or less.
func TestMutantsOfValues(t *testing.T) {
	t.Parallel()
	mutants, harmless := 0, 0
	means := map[string]bool{} // what stands for the same both ways
	for _, why := range []string{"null by anyOf and by type", "values are in another order", "a constant for a list of one", "a list of one for a constant", "a bound written otherwise",
		"a length of 0 says nothing", "read only", "deprecated", "a default", "a description", "examples", "a problem in the place of a reference to it", "a choice of one",
		"anyOf for a oneOf of different types", "types for a oneOf of them", "parts in one"} {
		means[why] = true
	}
	for _, p := range pairs() {
		why, is := strings.CutPrefix(p.why, "call: ")
		if !is || !p.breaks && !means[why] {
			continue
		}
		for says, does := range map[string]string{p.before: p.after, p.after: p.before} {
			name := "before " + why
			if says == p.after {
				name = "after " + why
			}
			if slices.Contains(unguessed, name) {
				continue
			}
			d, err := contracts.Load("says.yaml", []byte(pairOf(says)))
			if err != nil {
				t.Fatal(err)
			}
			e, err := contracts.Load("does.yaml", []byte(pairOf(does)))
			if err != nil {
				t.Fatal(err)
			}
			h, err := provider.New(e, provider.Config{Token: secret})
			if err != nil {
				t.Fatal(err)
			}
			found := broken(holdOne(t, d, h, "*z*", "empty.default"))
			switch {
			case p.breaks && len(found) == 0:
				t.Errorf("survived: a provider that says what stood there %s, and does not do so", name)
			case !p.breaks && len(found) > 0:
				t.Errorf("false alarm: %s: %s: %s", name, found[0].Case.ID, found[0].Reason)
			}
			if p.breaks {
				mutants++
			} else {
				harmless++
			}
		}
	}
	if t.Logf("%d mutants, %d harmless", mutants, harmless); mutants < 60 || harmless < 20 {
		t.Errorf("there are %d mutants and %d that are harmless, want 60 and 20 at least", mutants, harmless)
	}
}

// answered is a description whose answers have members of all kinds.
const answered = `ofAnswer: additionalProperties: false
out: n: {type: integer, minimum: -5, maximum: 9007199254740993}, big: {type: integer, multipleOf: 1000000007}, part: {type: number, multipleOf: 0.1, exclusiveMaximum: 10}, any: {type: number}, ` +
	`list: {type: array, items: {type: string}, minItems: 1, maxItems: 3, uniqueItems: true}, pair: {type: array, prefixItems: [{type: string}, {type: integer}], items: false}, ` +
	`has: {type: array, contains: {const: 1}, maxContains: 2}, none: {const: null}, maybe: {type: [string, 'null'], minLength: 2}, tier: {enum: [Full, Lite, "caf\u00e9"]}, id: {type: string, format: uuid}, ` +
	`at: {type: string, format: date-time}, code: {type: string, pattern: '^[A-Z]{3}$'}, map: {type: object, additionalProperties: {type: integer}, propertyNames: {maxLength: 3}, maxProperties: 2}, ` +
	`open: {type: object, properties: {a: {type: string}}, unevaluatedProperties: false}, item: {oneOf: [{$ref: '#/components/schemas/Text'}, {$ref: '#/components/schemas/File'}], discriminator: {propertyName: type}}, ` +
	`both: {type: object, dependentRequired: {a: [b]}}, no: {not: {type: string}}, some: {anyOf: [{type: string, maxLength: 2}, {type: integer}]}, when: {if: {required: [x]}, then: {required: [y]}}`

// answers are members of an answer, and whether they break it.
var answers = []struct {
	member string
	breaks bool
}{
	{`"n":9007199254740993`, false}, {`"n":9007199254740994`, true}, {`"n":1.0`, false}, {`"n":-0`, false}, {`"n":-0.0`, false}, {`"n":1e2`, false}, {`"n":1.5`, true}, {`"n":"1"`, true}, {`"n":1e400`, true},
	{`"n":-6`, true}, {`"n":01`, true}, {`"n":+1`, true}, {`"n":.5`, true}, {`"n":1.`, true}, {`"n":NaN`, true}, {`"n":Infinity`, true}, {`"n":null`, true}, {`"n":true`, true}, {`"n":0x10`, true},
	{`"big":2000000014`, false}, {`"big":2000000015`, true}, {`"big":1000000007000000007`, true}, {`"big":1000000007000000000`, false}, {`"part":0.3`, false}, {`"part":0.35`, true}, {`"part":10`, true}, {`"part":9.9`, false},
	{`"any":1e400`, false}, {`"any":-1E-400`, false}, {`"any":9007199254740993`, false}, {`"list":[]`, true}, {`"list":["a"]`, false}, {`"list":["a","a"]`, true}, {`"list":["a","b","c","d"]`, true},
	{`"list":["\u0061","a"]`, true}, {`"list":["\u00e9","e\u0301"]`, false}, {`"list":[1]`, true}, {`"list":{}`, true}, {`"list":"a"`, true}, {`"list":["a",null]`, true}, {`"pair":["a",1]`, false}, {`"pair":["a"]`, false},
	{`"pair":[1,"a"]`, true}, {`"pair":["a",1,2]`, true}, {`"has":[]`, true}, {`"has":[2,1]`, false}, {`"has":[1,1,1]`, true}, {`"has":[1.0]`, false}, {`"has":["1"]`, true}, {`"none":null`, false}, {`"none":0`, true},
	{`"none":""`, true}, {`"none":"null"`, true}, {`"maybe":null`, false}, {`"maybe":"a"`, true}, {`"maybe":"👩"`, true}, {`"maybe":"👩👩"`, false}, {`"maybe":0`, true}, {`"tier":"Full"`, false}, {`"tier":"full"`, true},
	{`"tier":"FULL"`, true}, {`"tier":"Full "`, true}, {`"tier":"\u0046ull"`, false}, {"\"tier\":\"caf\u00e9\"", false}, {"\"tier\":\"cafe\u0301\"", true}, {`"tier":null`, true}, {`"tier":["Full"]`, true}, {`"id":"no"`, true},
	{`"id":"3b2f0a2e-8a43-4f5e-9c0e-0d1b6d6f1a11"`, false}, {`"id":"3b2f0a2e8a434f5e9c0e0d1b6d6f1a11"`, true}, {`"at":"2026-01-02T03:04:05Z"`, false}, {`"at":"2026-01-02 03:04"`, true}, {`"at":"2026-13-02T03:04:05Z"`, true},
	{`"at":1767322000`, true}, {`"code":"ABC"`, false}, {`"code":"ABCD"`, true}, {`"code":"abc"`, true}, {`"code":"ABC\n"`, true}, {`"map":{"a":1}`, false}, {`"map":{"a":"1"}`, true}, {`"map":{"long":1}`, true},
	{`"map":{"a":1,"b":2,"c":3}`, true}, {`"map":[]`, true}, {`"open":{"a":"x"}`, false}, {`"open":{"b":"x"}`, true}, {`"item":{"type":"text","text":"x"}`, false}, {`"item":{"type":"file","id":"x"}`, false},
	{`"item":{"type":"file","text":"x"}`, true}, {`"item":{"type":"Text","text":"x"}`, true}, {`"item":{"text":"x"}`, true}, {`"item":{"type":"skill","id":"x"}`, true}, {`"item":[]`, true}, {`"both":{"b":1}`, false},
	{`"both":{"a":1}`, true}, {`"no":1`, false}, {`"no":"x"`, true}, {`"some":"ab"`, false}, {`"some":7`, false}, {`"some":"abc"`, true}, {`"when":{"x":1,"y":1}`, false}, {`"when":{"x":1}`, true}, {`"other":1`, true},
	{`"tier":"Full","tier":"Full"`, true}, {`"map":{"a":1,"a":1}`, true}, {"\"maybe\":\"a\tb\"", true}, {"\"maybe\":\"a\\u0000b\"", false}, {`"maybe":"\ud800"`, true}, {"\"maybe\":\"a\xc3\x28\"", true}, {`"n":1,`, true}, {`"n":1/* */`, true},
}

// Each member of an answer is judged by itself: a call is answered with one, and found to be broken or not.
func TestMutantsOfAnswers(t *testing.T) {
	t.Parallel()
	d, err := contracts.Load("answers.yaml", []byte(pairOf(answered)))
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Uint64
	var body string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"executionId":"e%d","sessionId":"s","status":"x",%s}`, n.Add(1), body)
	})
	mutants, harmless := 0, 0
	for _, a := range answers {
		body = a.member
		found := holdOne(t, d, h, "empty.default")
		if held := len(broken(found)) == 0; held == a.breaks || found[0].Verdict == "doubtful" {
			t.Errorf("%q: breaks %v, and is %s: %s", a.member, a.breaks, found[0].Verdict, found[0].Reason)
		}
		if a.breaks {
			mutants++
		} else {
			harmless++
		}
	}
	t.Logf("%d mutants, %d harmless", mutants, harmless)
}

// around are answers as a whole, and whether they break what the description says: the status, the media type, and how
// the bytes come.
func around() (list []struct {
	name   string
	breaks bool
	answer http.HandlerFunc
}) {
	var n atomic.Uint64
	good := func() string { return fmt.Sprintf(`{"executionId":"w%d","sessionId":"s","status":"x"}`, n.Add(1)) }
	add := func(name string, breaks bool, answer http.HandlerFunc) {
		list = append(list, struct {
			name   string
			breaks bool
			answer http.HandlerFunc
		}{name, breaks, answer})
	}
	plain := func(name string, breaks bool, status int, media, before, after string) {
		add(name, breaks, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{media}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, before+good()+after)
		})
	}
	for _, status := range []int{201, 202, 203, 206, 208, 226, 299, 300, 301, 307, 308, 400, 402, 418, 451, 501, 507} {
		plain(fmt.Sprint("status ", status), true, status, "application/json", "", "")
	}
	for _, media := range []string{"application/json; charset=utf-8", "application/json;charset=UTF-8", "application/json; profile=x", " application/json", "APPLICATION/JSON", "application/json ; charset=\"utf-8\"", "application/json; charset=utf8"} {
		plain("type "+media, false, 200, media, "", "")
	}
	for _, media := range []string{"application/vnd.x+json", "application/problem+json", "text/json", "application/x-json", "application/jsonp", "application/jsons", "multipart/mixed", "application/ld+json", "application/json5",
		"image/png", "application/*", "charset=utf-8", "text/event-stream", "application/x-ndjson"} {
		plain("type "+media, true, 200, media, "", "")
	}
	plain("a byte order mark", true, 200, "application/json", "\ufeff", "")
	plain("bytes behind", true, 200, "application/json", "", "\x00")
	plain("a second value", true, 200, "application/json", "", "{}")
	plain("a comma behind", true, 200, "application/json", "", ",")
	plain("a prefix against hijacking", true, 200, "application/json", ")]}',\n", "")
	plain("a call of a function", true, 200, "application/json", "f(", ")")
	plain("lines around", false, 200, "application/json", "\n\r\t ", " \n")
	add("UTF-16", true, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, b := range []byte(good()) {
			_, _ = w.Write([]byte{b, 0})
		}
	})
	add("cut off by the length", true, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "5000")
		_, _ = io.WriteString(w, good())
	})
	add("gzip by name alone", true, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, good())
	})
	add("in many pieces", false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, b := range []byte(good()) {
			_, _ = w.Write([]byte{b})
			_ = http.NewResponseController(w).Flush()
		}
	})
	add("an early hint", false, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, good())
	})
	return list
}

func TestMutantsAroundAnswers(t *testing.T) {
	t.Parallel()
	d, err := contracts.Load("around.yaml", []byte(pairOf("")))
	if err != nil {
		t.Fatal(err)
	}
	mutants, harmless := 0, 0
	for _, a := range around() {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(&bytes.Buffer{}, r.Body)
			a.answer(w, r)
		})
		outcomes := holdOne(t, d, h, "empty.default")
		if held := outcomes[0].Verdict == "held"; held == a.breaks || outcomes[0].Verdict == "doubtful" {
			t.Errorf("%s: breaks %v, and is %s: %s", a.name, a.breaks, outcomes[0].Verdict, outcomes[0].Reason)
		}
		if a.breaks {
			mutants++
		} else {
			harmless++
		}
	}
	t.Logf("%d mutants, %d harmless", mutants, harmless)
}
