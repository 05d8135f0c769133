package verify

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/summary"
)

const (
	secret  = "tok-valid"
	maxBody = 96 << 10
)

// load reads the description once for all tests: it is safe for concurrent use.
var load = sync.OnceValues(func() (*contracts.Description, error) { return contracts.Load("openapi.yaml", andon.Spec) })

func description(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func reference(t testing.TB) http.Handler {
	t.Helper()
	h, err := provider.New(description(t), provider.Config{Token: secret, MaxBody: maxBody})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// hold verifies a handler.
func hold(t testing.TB, h http.Handler) ([]Outcome, error) {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Description: description(t), Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second, MaxBody: maxBody, Strict: Everything()}
	c.Cases = derived()
	return judge(c)
}

// derived are the cases that hold sends, made once for the hundreds of handlers.
var derived = sync.OnceValue(func() []cases.Case {
	d, err := load()
	if err != nil {
		panic(err)
	}
	return Config{Description: d, MaxBody: maxBody}.All()
})

// judge has the description judge alone.
func judge(c Config) ([]Outcome, error) {
	if c.Cases == nil {
		c.Cases = c.All()
	}
	return c.byDescription(context.Background())
}

func broken(outcomes []Outcome) (out []Outcome) {
	for _, o := range outcomes {
		if o.Verdict == summary.CheckBroken {
			out = append(out, o)
		}
	}
	return out
}

func TestReference(t *testing.T) {
	outcomes, err := hold(t, reference(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if want := map[bool]string{true: summary.CheckNoted, false: summary.CheckHeld}[o.Case.Expect == cases.Either]; o.Verdict != want {
			t.Errorf("%s: %s, %s", o.Case.ID, o.Verdict, o.Reason)
		}
	}
}

// answer is what a handler wrote, open to change.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call is what came in, with what the description says of it.
type call struct {
	*http.Request
	body      []byte
	violation *contracts.Violation
	conforms  func(body []byte) bool
}

// violations are what the description says of the bodies of the cases, which are the same for every provider.
var violations sync.Map

// read judges a request's body, once.
func read(d *contracts.Description, body []byte) *contracts.Violation {
	if known, ok := violations.Load(string(body)); ok {
		return known.(*contracts.Violation)
	}
	_, violation := d.ReadRequest(body)
	violations.Store(string(body), violation)
	return violation
}

// changed puts a change between the reference provider and the caller.
func changed(t testing.TB, change func(call, *answer)) http.Handler {
	h, d := reference(t), description(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		violation := read(d, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		a := answer{rec.Code, rec.Header().Clone(), bytes.Clone(rec.Body.Bytes())}
		change(call{r, body, violation, func(text []byte) bool { return read(d, text) == nil }}, &a)
		a.header.Del("Content-Length")
		for k, v := range a.header {
			w.Header()[k] = v
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	})
}

// edited changes the fields of a success.
func edited(change func(map[string]any)) func(call, *answer) {
	return func(_ call, a *answer) {
		var m map[string]any
		if a.status == 200 && json.Unmarshal(a.body, &m) == nil {
			change(m)
			a.body, _ = json.Marshal(m)
		}
	}
}

func success(change func(call, *answer)) func(call, *answer) {
	return func(c call, a *answer) {
		if a.status == 200 {
			change(c, a)
		}
	}
}

var accepted atomic.Uint64

func accept(a *answer) {
	a.status, a.header = 200, http.Header{"Content-Type": {"application/json"}}
	a.body = fmt.Appendf(nil, `{"sessionId":"s%d","executionId":"e%[1]d","status":"running"}`, accepted.Add(1))
}

func refuse(a *answer, status int) {
	a.status, a.header, a.body = status, http.Header{"Content-Type": {"application/json"}}, []byte(`{}`)
}

// accepts wrongly accepts what breaks a rule at a place.
func accepts(rule, pointer string) func(call, *answer) {
	at := regexp.MustCompile("^" + pointer + "$")
	return func(c call, a *answer) {
		if a.status == 400 && c.violation != nil && c.violation.Rule == rule && at.MatchString(c.violation.Pointer) {
			accept(a)
		}
	}
}

// fails answers with a status where a call looks so.
func fails(status int, pattern string) func(call, *answer) {
	p := regexp.MustCompile(pattern)
	return success(func(c call, a *answer) {
		if p.Match(c.body) {
			refuse(a, status)
		}
	})
}

// turns answers with another status than a refusal should have.
func turns(from, to int) func(call, *answer) {
	return func(_ call, a *answer) {
		if a.status == from {
			a.status = to
		}
	}
}

type mutant struct {
	name   string
	change func(call, *answer)
}

// mutants are the reference provider with one defect each.
func mutants() (list []mutant) {
	add := func(name string, change func(call, *answer)) { list = append(list, mutant{name, change}) }
	// The answer.
	for _, f := range []string{"sessionId", "executionId", "status"} {
		add("drops "+f, edited(func(m map[string]any) { delete(m, f) }))
		add("renames "+f, edited(func(m map[string]any) { m[strings.ToLower(f)+"_"] = m[f]; delete(m, f) }))
		for name, v := range map[string]any{"null": nil, "number": 7, "boolean": true, "list": []string{"x"}, "object": map[string]any{}} {
			add(f+" is a "+name, edited(func(m map[string]any) { m[f] = v }))
		}
	}
	add("sessionId is empty", edited(func(m map[string]any) { m["sessionId"] = "" }))
	add("executionId is empty", edited(func(m map[string]any) { m["executionId"] = "" }))
	add("executionId repeats", edited(func(m map[string]any) { m["executionId"] = "exec_1" }))
	add("answers in an envelope", success(func(_ call, a *answer) { a.body = fmt.Appendf(nil, `{"data":%s}`, a.body) }))
	add("answers with a list", success(func(_ call, a *answer) { a.body = fmt.Appendf(nil, `[%s]`, a.body) }))
	add("answers with a text", success(func(_ call, a *answer) { a.body = []byte(`"started"`) }))
	add("answers with nothing", success(func(_ call, a *answer) { a.body = nil }))
	add("cuts the body", success(func(_ call, a *answer) { a.body = a.body[:len(a.body)/2] }))
	add("writes behind the body", success(func(_ call, a *answer) { a.body = append(a.body, "ok"...) }))
	add("writes a key twice", success(func(_ call, a *answer) {
		a.body = bytes.Replace(a.body, []byte("{"), []byte(`{"status":"x",`), 1)
	}))
	add("writes bytes that are not UTF-8", success(func(_ call, a *answer) { a.body = bytes.Replace(a.body, []byte("running"), []byte("run\xff"), 1) }))
	add("answers with a page", success(func(_ call, a *answer) { a.header.Set("Content-Type", "text/html"); a.body = []byte("<h1>wait</h1>") }))
	for _, media := range []string{"text/plain", "text/html", "application/xml", "application/octet-stream", "json"} {
		add("calls its JSON "+media, success(func(_ call, a *answer) { a.header.Set("Content-Type", media) }))
	}
	add("names no content type", success(func(_ call, a *answer) { a.header["Content-Type"] = nil }))
	for _, status := range []int{201, 202, 204, 302, 304, 500, 502, 503} {
		add(fmt.Sprint("succeeds with ", status), turns(200, status))
	}
	// What it accepts.
	for _, at := range []string{"/agentId", "/content", "/content/0", "/content/0/text", "/content/0/id", "/content/0/data",
		"/archiveSessionFiles", "/summarySchema", "/kaizenVersion", ""} {
		add("accepts any type at "+at, accepts(contracts.RuleWrongType, at))
	}
	for _, at := range []string{"text", "id", "data", "type"} {
		add("accepts an item without "+at, accepts(contracts.RuleMissingProperty, "/content/0/"+at))
	}
	add("accepts any tier", accepts(contracts.RuleWrongValue, "/kaizenVersion"))
	add("accepts any kind of item", accepts(contracts.RuleWrongValue, "/content/0/type"))
	add("accepts what is no JSON", accepts(contracts.RuleMalformedJSON, ""))
	add("accepts a key twice", accepts(contracts.RuleDuplicateKey, ""))
	acceptsBody := func(name, pattern string) {
		p := regexp.MustCompile(pattern)
		add("accepts "+name, func(c call, a *answer) {
			if a.status == 400 && p.Match(c.body) {
				accept(a)
			}
		})
	}
	acceptsBody("null for the agent", `^\{"agentId":null`)
	acceptsBody("null for the content", `^\{"content":null`)
	acceptsBody("null for the tier", `^\{"kaizenVersion":null`)
	acceptsBody("null for the type", `"type":null`)
	acceptsBody("a number for the type", `"type":1.5`)
	acceptsBody("the tier in capitals", `"kaizenVersion":"FULL"`)
	acceptsBody("a tier in small letters", `"kaizenVersion":"lite"`)
	acceptsBody("the other tier in small letters", `"kaizenVersion":"full"`)
	acceptsBody("the other tier in capitals", `"kaizenVersion":"LITE"`)
	acceptsBody("a type that begins with a capital", `"type":"Json"`)
	acceptsBody("the tier with a space", `"kaizenVersion":"Full "`)
	acceptsBody("an empty tier", `"kaizenVersion":""`)
	acceptsBody("a type in capitals", `"type":"TEXT"`)
	acceptsBody("trailing commas", `,\}$`)
	acceptsBody("text behind the JSON", `\}\{\}$`)
	acceptsBody("single quotes", `^\{'`)
	acceptsBody("NaN", `NaN`)
	acceptsBody("an empty body", `^$`)
	acceptsBody("a text for the boolean", `"archiveSessionFiles":"wrong"`)
	acceptsBody("a list for the schema", `"summarySchema":\[\]`)
	acceptsBody("the discriminator of another kind", `"text":"[^"]*","type":"file"`)
	add("ignores the discriminator", func(c call, a *answer) {
		if a.status == 400 && bytes.Contains(c.body, []byte(`"type":`)) && c.violation != nil && c.violation.Rule == contracts.RuleMissingProperty {
			accept(a)
		}
	})
	// What stands before the body.
	for _, media := range []string{"text/plain", "application/xml", "application/x-www-form-urlencoded"} {
		add("takes "+media, func(c call, a *answer) {
			if c.Header.Get("Content-Type") == media {
				accept(a)
			}
		})
	}
	for _, m := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		add("takes "+m, func(c call, a *answer) {
			if c.Method == m {
				accept(a)
			}
		})
	}
	add("Allow is missing", func(_ call, a *answer) { a.header.Del("Allow") })
	add("Allow names another method", func(_ call, a *answer) {
		if a.status == 405 {
			a.header.Set("Allow", "GET, HEAD")
		}
	})
	add("demands no token", func(c call, a *answer) {
		if c.Header.Get("Authorization") == "" && c.Method == "POST" {
			accept(a)
		}
	})
	add("takes any token", func(c call, a *answer) {
		if strings.HasPrefix(c.Header.Get("Authorization"), "Bearer ") && a.status == 401 {
			accept(a)
		}
	})
	add("takes any scheme", func(c call, a *answer) {
		if strings.HasPrefix(c.Header.Get("Authorization"), "Basic ") {
			accept(a)
		}
	})
	add("takes a body of any size", turns(413, 200))
	add("takes any size and answers well", func(_ call, a *answer) {
		if a.status == 413 {
			accept(a)
		}
	})
	// How it refuses.
	for from, to := range map[int][]int{400: {200, 302, 500}, 401: {500, 400, 403}, 405: {404, 400, 501}, 413: {500}, 415: {500, 302}} {
		for _, status := range to {
			add(fmt.Sprint("refuses with ", status, " in place of ", from), turns(from, status))
		}
	}
	for _, media := range []string{"text/html", "text/plain", ""} {
		add("refuses with a body that is "+media, func(_ call, a *answer) {
			if a.status == 400 {
				a.header["Content-Type"], a.body = []string{media}, []byte("<pre>Bad Request</pre>")
			}
		})
	}
	for _, text := range []string{`"no"`, `["no"]`, "null"} {
		add("refuses with "+text, func(_ call, a *answer) {
			if a.status == 400 {
				a.body = []byte(text)
			}
		})
	}
	add("refuses with JSON that is none", func(_ call, a *answer) {
		if a.status == 400 {
			a.body = []byte("{")
		}
	})
	// What it fails on.
	for name, pattern := range map[string]string{
		"the tier Full": `"kaizenVersion":"Full"`, "the tier Lite": `"kaizenVersion":"Lite"`, "a text": `"type":"text"`, "a file": `"type":"file"`,
		"a skill": `"type":"skill"`, "a json": `"type":"json"`, "an empty list": `"content":\[\]`, "nothing at all": `^\{\}$`, "an agent": `"agentId":"agent`,
		"archiving": `"archiveSessionFiles":true`, "no archiving": `"archiveSessionFiles":false`, "a summary schema": `"summarySchema":\{.+\}`,
		"an empty schema": `"summarySchema":\{\}`, "empty data": `"data":\{\}`, "deep data": `(\{"a":\[){10}`, "unicode": `日本語`, "a long text": `(lorem ipsum.*){20}`,
		"two items": `\},\{"`, "a null in the data": `"null":null`, "a large number": `9007199254740993`,
	} {
		add("fails on "+name, fails(500, pattern))
		add("refuses "+name, fails(400, pattern))
	}
	add("refuses a charset", success(func(c call, a *answer) {
		if strings.Contains(c.Header.Get("Content-Type"), "charset") {
			refuse(a, 415)
		}
	}))
	add("fails on what it does not know", success(func(c call, a *answer) {
		if bytes.Contains(c.body, []byte("unknownProperty")) {
			refuse(a, 500)
		}
	}))
	add("fails on ids that it does not know", success(func(c call, a *answer) {
		if bytes.Contains(c.body, []byte("no-such-thing")) {
			refuse(a, 500)
		}
	}))
	return list
}

// Every defect is noticed. What is not is a hole in the cases.
func TestMutants(t *testing.T) {
	t.Parallel()
	list := append(mutants(), readers()...)
	if len(list) < 200 {
		t.Fatalf("there are %d mutants, want 200 at least", len(list))
	}
	var killed atomic.Int64
	t.Run("each", func(t *testing.T) {
		for _, m := range list {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				if kill(t, m) {
					killed.Add(1)
				}
			})
		}
	})
	t.Logf("killed %d of %d mutants: %.1f %%", killed.Load(), len(list), 100*float64(killed.Load())/float64(len(list)))
}

// kill reports whether a defect is noticed, and by findings that say what is wrong.
func kill(t *testing.T, m mutant) bool {
	outcomes, err := hold(t, changed(t, m.change))
	found := broken(outcomes)
	if err != nil || len(found) == 0 {
		t.Errorf("survived: a provider that %s: %v", m.name, err)
		return false
	}
	t.Logf("%3d cases, the first: %s: %s", len(found), found[0].Case.ID, found[0].Reason)
	for _, o := range found {
		if o.Rule == "" || o.Reason == "" || !strings.Contains(o.Curl, "curl -") {
			t.Errorf("%s does not say what is wrong: %+v", o.Case.ID, o)
		}
	}
	return true
}

// harmless are ways in which providers differ that break nothing.
func harmless() (list []mutant) {
	add := func(name string, change func(call, *answer)) { list = append(list, mutant{name, change}) }
	set := func(name string, change func(map[string]any)) { add(name, edited(change)) }
	refused := func(change func(call, *answer)) func(call, *answer) {
		return func(c call, a *answer) {
			if a.status/100 == 4 {
				change(c, a)
			}
		}
	}
	header := func(name, value string) {
		add("sends "+name, func(_ call, a *answer) { a.header.Set(name, value) })
	}
	add("none", func(call, *answer) {})
	set("more fields", func(m map[string]any) { m["links"] = map[string]any{"self": "/x"} })
	set("a field that is null", func(m map[string]any) { m["parentExecutionId"] = nil })
	set("another status", func(m map[string]any) { m["status"] = "Enqueued" })
	set("an empty status", func(m map[string]any) { m["status"] = "" })
	set("ids that are UUIDs", func(m map[string]any) { m["executionId"] = schema.UUID(accepted.Add(1), 7) })
	set("ids that look like numbers", func(m map[string]any) { m["executionId"] = fmt.Sprint(accepted.Add(1)) })
	set("ids beyond ASCII", func(m map[string]any) { m["executionId"] = fmt.Sprint("exéc-", accepted.Add(1)) })
	set("long ids", func(m map[string]any) { m["executionId"] = strings.Repeat("x", 5000) + fmt.Sprint(accepted.Add(1)) })
	set("one session for all", func(m map[string]any) { m["sessionId"] = "session" })
	add("indented JSON", success(func(_ call, a *answer) {
		var b bytes.Buffer
		_ = json.Indent(&b, a.body, "", "\t")
		a.body = b.Bytes()
	}))
	add("spaces around", success(func(_ call, a *answer) { a.body = fmt.Appendf(nil, " \r\n%s\n\n", a.body) }))
	add("escaped characters", success(func(_ call, a *answer) { a.body = bytes.ReplaceAll(a.body, []byte("running"), []byte(`\u0072unning`)) }))
	add("a charset", func(_ call, a *answer) { a.header.Set("Content-Type", "application/json; charset=utf-8") })
	add("a media type in capitals", func(_ call, a *answer) { a.header.Set("Content-Type", "Application/JSON") })
	add("slow answers", func(call, *answer) { time.Sleep(2 * time.Millisecond) })
	add("gzip", func(c call, a *answer) {
		if strings.Contains(c.Header.Get("Accept-Encoding"), "gzip") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(a.body)
			_ = z.Close()
			a.body = b.Bytes()
			a.header.Set("Content-Encoding", "gzip")
		}
	})
	header("Connection", "close")
	header("Server", "nginx")
	header("Set-Cookie", "a=b")
	header("X-Request-Id", "42")
	header("Cache-Control", "no-store")
	header("Content-Type", "application/json")
	add("refusals without a body", refused(func(_ call, a *answer) { a.body = nil }))
	add("refusals without a body or a type", refused(func(_ call, a *answer) { a.header["Content-Type"], a.body = nil, nil }))
	add("refusals as problem documents", refused(func(_ call, a *answer) {
		a.header.Set("Content-Type", "application/problem+json")
		a.body = []byte(`{"title":"no"}`)
	}))
	add("refusals of another form", refused(func(_ call, a *answer) { a.body = []byte(`{"message":["no"]}`) }))
	add("422 in place of 400", turns(400, 422))
	add("400 in place of 415", turns(415, 400))
	add("400 in place of 413", turns(413, 400))
	add("other methods in plain text", func(_ call, a *answer) {
		if a.status == 405 {
			a.header.Set("Content-Type", "text/plain; charset=utf-8")
			a.body = []byte("Method Not Allowed\n")
		}
	})
	add("more methods in Allow", func(_ call, a *answer) {
		if a.status == 405 {
			a.header.Set("Allow", "OPTIONS, POST")
		}
	})
	add("says how to authenticate", func(_ call, a *answer) {
		if a.status == 401 {
			a.header.Set("WWW-Authenticate", "Bearer")
		}
	})
	for name, pattern := range map[string]string{"unknown properties": "unknownProperty", "unknown ids": "no-such-thing", "empty texts": `^\{"content":\[\{"type":"(text|file|skill)","(text|id)":""\}\]\}$`} {
		add("refuses "+name, fails(404, pattern))
	}
	add("refuses a body of no type", success(func(c call, a *answer) {
		if c.Header.Get("Content-Type") == "" {
			refuse(a, 415)
		}
	}))
	return list
}

// Nothing that breaks no contract is called a breach.
func TestHarmless(t *testing.T) {
	t.Parallel()
	list := append(harmless(), careless()...)
	if len(list) < 48 {
		t.Fatalf("there are %d variations, want 48 at least", len(list))
	}
	var alarms atomic.Int64
	t.Run("each", func(t *testing.T) {
		for _, m := range list {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				outcomes, err := hold(t, changed(t, m.change))
				if err != nil {
					t.Error(err)
				}
				for _, o := range broken(outcomes) {
					alarms.Add(1)
					t.Errorf("false alarm: %s: %s", o.Case.ID, o.Reason)
				}
			})
		}
	})
	t.Logf("%d false alarms on %d variations", alarms.Load(), len(list))
}

// What follows a 101 has no end that the context could bring about, and is no answer's body: nothing waits for it.
func TestSwitchingProtocols(t *testing.T) {
	c := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn) // until andon closes it
		_ = conn.Close()
	}))
	outcomes, err := judge(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.Status != http.StatusSwitchingProtocols || o.Verdict != summary.CheckBroken && o.Verdict != summary.CheckAdvice {
			t.Errorf("%s: status %d, %s: %s", o.Case.ID, o.Status, o.Verdict, o.Reason)
		}
	}
}

// A target that goes away in the middle is given up soon, and what was established before stands.
func TestLost(t *testing.T) {
	var n atomic.Int64
	h := reference(t)
	outcomes, err := hold(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 50 {
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	}))
	if !errors.Is(err, errLost) || len(outcomes) != 53 || outcomes[49].Verdict != summary.CheckHeld {
		t.Errorf("%d outcomes, %v", len(outcomes), err)
	}
}

// A target of which another path is called makes no list of 53 breaches, and of ids that are made up: it is said where
// to look. One that knows the call, and only not the ids, is judged to the end.
func TestPathThatIsNotThere(t *testing.T) {
	d, knows := description(t), reference(t)
	k := &http.ServeMux{}
	k.Handle("/v1/", http.StripPrefix("/v1", knows))
	outcomes, err := hold(t, k)
	if !errors.Is(err, errPath) || len(outcomes) != lost || len(broken(outcomes)) != 0 {
		t.Errorf("with a wrong path: %d outcomes, %d broken, %v", len(outcomes), len(broken(outcomes)), err)
	}
	for _, o := range outcomes {
		if o.Verdict != summary.CheckInconclusive || strings.Contains(o.Reason, "made up") {
			t.Errorf("%s is %s: %s", o.Case.ID, o.Verdict, o.Reason)
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Body = io.NopCloser(bytes.NewReader(body)); r.Header.Get("Authorization") != "" && len(d.MadeUp(body)) > 0 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":{"code":"not_found","message":"no such thing"}}`)
			return
		}
		knows.ServeHTTP(w, r)
	}))
	defer s.Close()
	target, _ := url.Parse(s.URL)
	c := Config{Description: d, Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second}
	if err := c.Choose(cases.Filter{Patterns: []string{"file.F*", "skill.F*", "mixed.F*"}}); err != nil {
		t.Fatal(err)
	}
	if outcomes, err = judge(c); err != nil || len(outcomes) < 5 || len(broken(outcomes)) != len(outcomes) {
		t.Errorf("of %d calls that name ids %d are broken, %v", len(outcomes), len(broken(outcomes)), err)
	}
}

// Without a token, the cases about it are skipped, and say so; the token is in no message.
func TestToken(t *testing.T) {
	open, err := provider.New(description(t), provider.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, closed := httptest.NewServer(open), httptest.NewServer(reference(t))
	defer s.Close()
	defer closed.Close()
	guarded, _ := url.Parse(closed.URL)
	if outcomes, err := judge(Config{Description: description(t), Target: guarded, Timeout: time.Second}); !errors.Is(err, errToken) || len(outcomes) != lost {
		t.Errorf("where a token is demanded and none is given: %d outcomes, %v", len(outcomes), err)
	}
	// What is not taken is named, and not what was not used.
	t.Setenv("PASSWORD", "wrong-password")
	file := filepath.Join(t.TempDir(), "token.txt")
	if err := os.WriteFile(file, []byte("wrong-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, asked := range map[string]credentials.Asked{
		"wants a valid token (status 401): set ANDON_TOKEN":                           {},
		"does not take the user with the password from PASSWORD (status 401)":         {User: "ci:{env:PASSWORD}"},
		"does not take the header Authorization from PASSWORD (status 401)":           {Headers: []string{"Authorization: Key {env:PASSWORD}"}},
		"does not take the token from " + file + " (status 401)":                      {TokenFile: file},
		"does not take the token from the output of the command `echo a` (status 401": {TokenCommand: "echo a"},
	} {
		plan, err := asked.Plan()
		if err != nil {
			t.Fatal(err)
		}
		set, err := plan.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := judge(Config{Description: description(t), Target: guarded, Credentials: set, Timeout: time.Minute}); !errors.Is(err, errToken) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	target, _ := url.Parse(s.URL)
	outcomes, err := judge(Config{Description: description(t), Target: target, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	skipped := 0
	for _, o := range outcomes {
		if o.Verdict == summary.CheckSkipped {
			skipped++
		}
	}
	if n := len(broken(outcomes)); n != 0 {
		t.Errorf("%d cases are broken", n)
	}
	if skipped != 4 {
		t.Errorf("%d cases are skipped, want 4", skipped)
	}
	outcomes, _ = hold(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/"+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		_, _ = fmt.Fprint(w, r.Header.Get("Authorization"))
	}))
	for _, o := range outcomes {
		if strings.Contains(o.Reason+o.Curl, secret) {
			t.Fatalf("%s: the token is in %q, %q", o.Case.ID, o.Reason, o.Curl)
		}
	}
}

// What a status breaks depends on what had to come back; the description has no say in a redirection or a failure.
func TestStatuses(t *testing.T) {
	for _, x := range []struct {
		status                    int
		accepted, refused, silent string
	}{
		{500, "server-error: the target failed with status 500, expected a documented success", "server-error: the target failed with status 500, expected a refusal (4xx)",
			"server-error: the target failed with status 500, expected a success or a refusal"},
		{302, "refused: it was refused with status 302, expected a documented success", "undocumented-status: the status is 302, expected a refusal (4xx)",
			"undocumented-status: the status is 302, expected a success or a refusal"},
		{400, "refused: it was refused with status 400, expected a documented success", "", ": answered with status 400"},
	} {
		c := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(x.status)
		}))
		outcomes, err := judge(c)
		if err != nil {
			t.Fatal(err)
		}
		want := map[cases.Expectation]string{cases.Accepted: x.accepted, cases.Refused: x.refused, cases.Either: x.silent}
		for _, o := range outcomes {
			found := o.Rule + ": " + o.Reason
			if o.Case.Status() == 0 && strings.TrimPrefix(found, ": ") != strings.TrimPrefix(want[o.Case.Expect], ": ") {
				t.Errorf("%s with status %d: %q, want %q", o.Case.ID, x.status, found, want[o.Case.Expect])
			}
		}
	}
}

// Where the two tools disagree on an answer, nothing is said of the target.
func TestDoubt(t *testing.T) {
	// No value is both of these, which kin-openapi does not see: to it the constant null is none.
	text := strings.Replace(string(andon.Spec), "        sessionId:\n", "        z: {const: null, enum: [a]}\n        sessionId:\n", 1)
	d, err := contracts.Load("openapi.yaml", []byte(text))
	if err != nil || text == string(andon.Spec) {
		t.Fatal(err)
	}
	c := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"sessionId":"s","executionId":"e","status":"running","z":"a"}`)
	}))
	c.Description, c.Engine, c.RepeatedIDsAllowed = d, ByDescription, true
	c.Cases = c.All()[:3]
	v := prepared(t, c).Run(context.Background())
	if count(v, ByDescription, summary.CheckDoubtful) != 3 || v.Verdict.ExitCode != 3 || !strings.Contains(v.Checks[0].Reason, "disagree") {
		t.Errorf("%+v: %+v", v.Verdict, v.Checks[0])
	}
}

func TestOpinion(t *testing.T) {
	var none *contracts.Violation
	for want, err := range map[string]error{"it conforms": none, "no": errors.New("no\nand more")} {
		if got := opinion(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
	if got := opinion(nil); got != "it conforms" {
		t.Errorf("nil is %q", got)
	}
}

// Cases under way at once come to the same outcomes, in the same order.
func TestConcurrency(t *testing.T) {
	s := httptest.NewServer(reference(t))
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Description: description(t), Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second, MaxBody: maxBody}
	one, err := judge(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Concurrency = 8
	eight, err := judge(config)
	if err != nil {
		t.Fatal(err)
	}
	if len(one) != len(eight) || len(one) < 150 {
		t.Fatalf("%d and %d outcomes", len(one), len(eight))
	}
	for i := range one {
		if one[i].Case.ID != eight[i].Case.ID || one[i].Verdict != eight[i].Verdict {
			t.Errorf("%s is %s, %s is %s", one[i].Case.ID, one[i].Verdict, eight[i].Case.ID, eight[i].Verdict)
		}
	}
}

// refusing refuses what the reference provider would take if the body has something in it.
func refusing(t *testing.T, sign string, calls *atomic.Int64) http.Handler {
	next := reference(t)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(sign)) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// A generated case that does not hold is shrunk, by as many calls as were allowed; the first that does not hold can be
// the last.
func TestShrinkAndFailFast(t *testing.T) {
	d := description(t)
	var calls atomic.Int64
	s := httptest.NewServer(refusing(t, `"skill"`, &calls))
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Description: d, Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second, Cases: cases.Random(d, 3, 60), Shrink: 400}
	outcomes, err := judge(config)
	if err != nil {
		t.Fatal(err)
	}
	found := broken(outcomes)
	if len(found) < 5 || calls.Load() > int64(len(config.Cases)+config.Shrink) {
		t.Fatalf("%d did not hold, %d calls", len(found), calls.Load())
	}
	first := string(found[0].Case.Body)
	if len(first) > 60 || !strings.Contains(first, `"skill"`) || !strings.Contains(found[0].Reason, "smallest") || !strings.Contains(found[0].Curl, first) {
		t.Errorf("the first is shrunk to %s: %s", first, found[0].Reason)
	}

	calls.Store(0)
	config.FailFast, config.Shrink = true, 0
	if outcomes, err = judge(config); err != nil || len(broken(outcomes)) != 1 || calls.Load() != int64(len(outcomes)) {
		t.Errorf("%d outcomes, %d calls, %v", len(outcomes), calls.Load(), err)
	}
}

// Cases about tokens alone are no sign of a token that the target does not know.
func TestTokenCasesAlone(t *testing.T) {
	s := httptest.NewServer(reference(t))
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Description: description(t), Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second}
	for _, k := range config.All() {
		if k.Auth != cases.ValidToken {
			config.Cases = append(config.Cases, k)
		}
	}
	if outcomes, err := judge(config); err != nil || len(broken(outcomes)) > 0 || len(outcomes) != 4 {
		t.Errorf("%v, %v", outcomes, err)
	}
}

// What a smaller body only meets a gateway with has not broken what the larger one broke.
func TestShrinkTakesNoHiccup(t *testing.T) {
	d := description(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(`"skill"`)) {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	list := slices.DeleteFunc(cases.Random(d, 3, 60), func(k cases.Case) bool { return !bytes.Contains(k.Body, []byte(`"skill"`)) })[:1]
	outcomes, err := judge(Config{Description: d, Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second, Cases: list, Shrink: 400})
	if err != nil || len(outcomes) != 1 || !bytes.Contains(outcomes[0].Case.Body, []byte(`"skill"`)) || outcomes[0].Status != http.StatusInternalServerError {
		t.Errorf("%+v, %v", outcomes, err)
	}
}

// Of an id that is a secret no beginning is told, however long it is.
func TestRepeatedIDHidesTheToken(t *testing.T) {
	long := strings.Repeat("abcdefghij", 8)
	t.Setenv("ANDON_TOKEN", secret)
	t.Setenv("ORG_KEY", long)
	s := httptest.NewServer(changed(t, success(edited(func(body map[string]any) { body["executionId"] = long }))))
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	d := description(t)
	asked, err := credentials.Asked{Headers: []string{"X-Org-Key: {env:ORG_KEY}"}}.Plan()
	if err != nil {
		t.Fatal(err)
	}
	set, err := asked.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := slices.DeleteFunc(Config{Description: d}.All(), func(k cases.Case) bool { return k.ID != "text.Full" && k.ID != "text.Lite" })
	plan, err := Prepare(t.Context(), Config{Description: d, Target: target, Credentials: set, Engine: ByDescription, Timeout: 5 * time.Second, Cases: list})
	if err != nil {
		t.Fatal(err)
	}
	v := plan.Run(t.Context())
	if len(v.Checks) != 2 || v.Checks[1].Rule != "repeated-executionId" || strings.Contains(fmt.Sprint(v.Checks), long[:20]) {
		t.Errorf("%+v", v.Checks)
	}
}
