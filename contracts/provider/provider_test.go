package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

var description = sync.OnceValues(func() (*contracts.Description, error) { return contracts.Load("openapi.yaml", andon.Spec) })

func describe(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newProvider(t testing.TB, c Config) http.Handler {
	t.Helper()
	h, err := New(describe(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// listen serves c on loopback and gives the URL of the call.
func listen(t *testing.T, c Config) (*httptest.Server, string) {
	s := httptest.NewServer(newProvider(t, c))
	t.Cleanup(s.Close)
	return s, s.URL + describe(t).Operation().Path
}

const (
	jsonType = "application/json"
	lite     = `{"content":[{"type":"text","text":"hello"}],"kaizenVersion":"Lite"}`
)

type answered struct {
	status int
	header http.Header
	body   []byte
}

func do(t *testing.T, client *http.Client, method, url string, header http.Header, body io.Reader) (answered, error) {
	t.Helper()
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	resp, err := client.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return answered{resp.StatusCode, resp.Header, b}, err
}

func TestRefusals(t *testing.T) {
	s, url := listen(t, Config{Token: "secret-0", MaxBody: 1000})
	head := func(kv ...string) http.Header {
		h := http.Header{"Authorization": {"Bearer secret-0"}, "Content-Type": {jsonType}}
		for i := 0; i < len(kv); i += 2 {
			h.Del(kv[i])
			if kv[i+1] != "" {
				h.Set(kv[i], kv[i+1])
			}
		}
		return h
	}
	large := `{"agentId":"` + strings.Repeat("x", 1000) + `"}`
	chunked := func(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) } // a reader of unknown length
	for _, c := range []struct {
		why    string
		method string
		url    string
		header http.Header
		body   io.Reader
		status int
		code   string
		say    string // part of the message
		also   string // a header that must be there, "Name: value"
	}{
		{"another path", "POST", s.URL + "/agents", head(), strings.NewReader(lite), 404, "not-found", "POST /agents/execute", ""},
		{"a slash too many", "POST", url + "/", head(), strings.NewReader(lite), 404, "not-found", "", ""},
		{"GET", "GET", url, head(), nil, 405, "method-not-allowed", "POST", "Allow: POST"},
		{"DELETE without a token", "DELETE", url, head("Authorization", ""), nil, 405, "method-not-allowed", "", "Allow: POST"},
		{"no token", "POST", url, head("Authorization", ""), strings.NewReader(lite), 401, "missing-token", "Bearer", `Www-Authenticate: Bearer realm="andon"`},
		{"another scheme", "POST", url, head("Authorization", "Basic secret-0"), strings.NewReader(lite), 401, "missing-token", "", `Www-Authenticate: Bearer realm="andon"`},
		{"a scheme alone", "POST", url, head("Authorization", "Bearer"), strings.NewReader(lite), 401, "missing-token", "", `Www-Authenticate: Bearer realm="andon"`},
		{"the beginning of the token", "POST", url, head("Authorization", "Bearer secret"), strings.NewReader(lite), 401, "invalid-token", "", `Www-Authenticate: Bearer realm="andon", error="invalid_token"`},
		{"the token and more", "POST", url, head("Authorization", "Bearer secret-00"), strings.NewReader(lite), 401, "invalid-token", "", ""},
		{"no content type", "POST", url, head("Content-Type", ""), strings.NewReader(lite), 415, "unsupported-media-type", "found none", ""},
		{"text", "POST", url, head("Content-Type", "text/plain"), strings.NewReader(lite), 415, "unsupported-media-type", `found "text/plain"`, ""},
		{"a kind of JSON", "POST", url, head("Content-Type", "application/vnd.api+json"), strings.NewReader(lite), 415, "unsupported-media-type", "", ""},
		{"no media type at all", "POST", url, head("Content-Type", ";;"), strings.NewReader(lite), 415, "unsupported-media-type", "", ""},
		{"compressed", "POST", url, head("Content-Encoding", "gzip"), strings.NewReader(lite), 415, "unsupported-content-encoding", "gzip", ""},
		{"too large, and says so", "POST", url, head(), strings.NewReader(large), 413, "body-too-large", "1000 bytes", ""},
		{"too large without saying so", "POST", url, head(), chunked(large), 413, "body-too-large", "1000 bytes", ""},
		{"empty", "POST", url, head(), nil, 400, contracts.RuleMalformedJSON, "not JSON", ""},
		{"cut off", "POST", url, head(), strings.NewReader(lite[:20]), 400, contracts.RuleMalformedJSON, "", ""},
		{"a key twice", "POST", url, head(), strings.NewReader(`{"agentId":"a","agentId":"b"}`), 400, contracts.RuleDuplicateKey, "agentId", ""},
		{"an unknown tier", "POST", url, head(), strings.NewReader(`{"kaizenVersion":"Medium"}`), 400, contracts.RuleWrongValue, "Medium", ""},
	} {
		got, err := do(t, s.Client(), c.method, c.url, c.header, c.body)
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		var body struct {
			Error struct{ Code, Message string }
		}
		err = json.Unmarshal(got.body, &body)
		if got.status != c.status || err != nil || body.Error.Code != c.code || !strings.Contains(body.Error.Message, c.say) || body.Error.Message == "" {
			t.Errorf("%s: answered %d %s (%v), want %d with the code %s and a message with %q", c.why, got.status, got.body, err, c.status, c.code, c.say)
		}
		if m := got.header.Get("Content-Type"); m != jsonType {
			t.Errorf("%s: came as %q, want %s", c.why, m, jsonType)
		}
		if name, value, _ := strings.Cut(c.also, ": "); got.header.Get(name) != value {
			t.Errorf("%s: %s is %q, want %q", c.why, name, got.header.Get(name), value)
		}
		if v := describe(t).JudgeResponse(got.status, got.header.Get("Content-Type"), got.body); v.Violation != nil {
			t.Errorf("%s: the refusal breaks the contract: %v", c.why, v.Violation)
		}
	}
}

// Each call that the description forbids is refused, with the place of the trouble.
func TestInvalidCallsAreRefused(t *testing.T) {
	s, url := listen(t, Config{Workers: 1})
	for _, body := range cases.InvalidBodies(describe(t)) {
		got, err := do(t, s.Client(), "POST", url, http.Header{"Content-Type": {jsonType}}, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var refusal struct {
			Error struct{ Code, Message, Pointer *string }
		}
		if err := json.Unmarshal(got.body, &refusal); err != nil || got.status != 400 || refusal.Error.Code == nil || refusal.Error.Message == nil || refusal.Error.Pointer == nil {
			t.Errorf("%s is answered %d %s, want a 400 with code, message and pointer", body, got.status, got.body)
		}
	}
}

func TestAccepted(t *testing.T) {
	for _, c := range []struct {
		why    string
		token  string
		header http.Header
		body   io.Reader
	}{
		{"plain", "", http.Header{"Content-Type": {jsonType}}, strings.NewReader(lite)},
		{"of unknown length", "", http.Header{"Content-Type": {jsonType}}, io.MultiReader(strings.NewReader(lite))},
		{"with a parameter", "", http.Header{"Content-Type": {"Application/JSON; charset=utf-8"}}, strings.NewReader(lite)},
		{"nothing in it", "", http.Header{"Content-Type": {jsonType}}, strings.NewReader("{}")},
		{"with the token", "t", http.Header{"Content-Type": {jsonType}, "Authorization": {"Bearer t"}}, strings.NewReader(lite)},
		{"the scheme in small letters", "t", http.Header{"Content-Type": {jsonType}, "Authorization": {"bearer  t"}}, strings.NewReader(lite)},
		{"a token nobody asked for", "", http.Header{"Content-Type": {jsonType}, "Authorization": {"Bearer t"}}, strings.NewReader(lite)},
		{"larger than a pooled buffer", "", http.Header{"Content-Type": {jsonType}}, strings.NewReader(`{"agentId":"` + strings.Repeat("x", 200_000) + `"}`)},
		{"as large as can be", "", http.Header{"Content-Type": {jsonType}}, strings.NewReader(`{"agentId":"` + strings.Repeat("x", defaultMaxBody-14) + `"}`)},
	} {
		s, url := listen(t, Config{Token: c.token})
		got, err := do(t, s.Client(), "POST", url, c.header, c.body)
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		v := describe(t).JudgeResponse(got.status, got.header.Get("Content-Type"), got.body)
		if got.status != 200 || v.Violation != nil || v.ExecutionID == "" || !bytes.Contains(got.body, []byte(`"status":"running"`)) {
			t.Errorf("%s: answered %d %s (%v), want a 200 that keeps the contract", c.why, got.status, got.body, v.Violation)
		}
	}
}

// Ids are unique over concurrent calls and over two providers.
func TestIDsAreUnique(t *testing.T) {
	type ids struct{ SessionID, ExecutionID string }
	const callers, each = 8, 100
	var all [2 * callers][each]ids
	var wg sync.WaitGroup
	for p := range 2 {
		h := newProvider(t, Config{})
		for i := range callers {
			wg.Go(func() {
				for j := range each {
					if err := json.Unmarshal(call(h, lite).Body.Bytes(), &all[p*callers+i][j]); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, caller := range all {
		for _, got := range caller {
			seen[got.SessionID], seen[got.ExecutionID] = true, true
		}
	}
	if want := 2 * 2 * callers * each; len(seen) != want || seen[""] {
		t.Errorf("%d different ids, want %d, none of them empty", len(seen), want)
	}
}

// Each fault is met as what it is, as often as its share says.
func TestFaults(t *testing.T) {
	const n, share = 400, 0.3
	rule := func(want ...string) func(answered, error, contracts.Verdict, bool) bool {
		return func(got answered, err error, v contracts.Verdict, _ bool) bool {
			return err == nil && got.status == 200 && v.Violation != nil && fmt.Sprint(want) == fmt.Sprint([]string{v.Violation.Rule})
		}
	}
	status := func(want int) func(answered, error, contracts.Verdict, bool) bool {
		return func(got answered, err error, v contracts.Verdict, _ bool) bool {
			return err == nil && got.status == want && got.header.Get("Content-Type") == jsonType && v.Violation != nil &&
				v.Violation.Rule == contracts.RuleUndocumentedStatus
		}
	}
	for _, c := range []struct {
		name    string
		isFault func(got answered, err error, v contracts.Verdict, repeated bool) bool
	}{
		{"http500", status(500)},
		{"http503", status(503)},
		{"reset", func(_ answered, err error, _ contracts.Verdict, _ bool) bool {
			return errors.Is(err, syscall.ECONNRESET)
		}},
		{"truncated", rule(contracts.RuleMalformedJSON)},
		{"missingField", rule(contracts.RuleMissingProperty)},
		{"wrongType", rule(contracts.RuleWrongType)},
		{"html", func(got answered, err error, v contracts.Verdict, _ bool) bool {
			return rule(contracts.RuleContentType)(got, err, v, false) && bytes.HasPrefix(got.body, []byte("<!DOCTYPE html>"))
		}},
		{"contentType", func(got answered, err error, v contracts.Verdict, _ bool) bool {
			return rule(contracts.RuleContentType)(got, err, v, false) && json.Valid(got.body)
		}},
		{"repeatedId", func(got answered, err error, v contracts.Verdict, repeated bool) bool {
			return err == nil && got.status == 200 && v.Violation == nil && repeated
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Config{Seed: 11}
			*config.Faults.Share(c.name) = share
			s, url := listen(t, config)
			met, bodies, seen := 0, map[string]bool{}, map[string]bool{}
			for range n {
				got, err := do(t, s.Client(), "POST", url, http.Header{"Content-Type": {jsonType}}, strings.NewReader(lite))
				v := describe(t).JudgeResponse(got.status, got.header.Get("Content-Type"), got.body)
				repeated := v.ExecutionID != "" && seen[v.ExecutionID]
				seen[v.ExecutionID] = true
				switch {
				case c.isFault(got, err, v, repeated):
					met++
					if v.Violation != nil {
						bodies[v.Violation.Message] = true
					}
				case err != nil || got.status != 200 || v.Violation != nil || repeated:
					t.Fatalf("an answer is neither right nor the fault asked for: %d %s, %v, %v, repeated: %v", got.status, got.body, err, v.Violation, repeated)
				}
			}
			if off, bound := math.Abs(float64(met)-n*share), 4*math.Sqrt(n*share*(1-share)); off > bound {
				t.Errorf("%d of %d calls met the fault, want %.0f ± %.0f", met, n, n*share, bound)
			}
			if c.name == "missingField" && len(bodies) != 3 {
				t.Errorf("%d different fields were left out, want 3: %v", len(bodies), bodies)
			}
			if c.name == "wrongType" && len(bodies) != 9 {
				t.Errorf("%d different values of a wrong type, want 3 fields × 3 values: %v", len(bodies), bodies)
			}
		})
	}
}

// The first id of all repeats none; from then on there is always one to repeat, but never one that a faulty answer kept
// to itself.
func TestRepeatedIDs(t *testing.T) {
	h := newProvider(t, Config{Faults: Faults{RepeatedID: 1}})
	first := describe(t).JudgeResponse(200, jsonType, call(h, lite).Body.Bytes()).ExecutionID
	for range 3 {
		if id := describe(t).JudgeResponse(200, jsonType, call(h, lite).Body.Bytes()).ExecutionID; id != first || id == "" {
			t.Errorf("a repeated executionId is %q, the first was %q", id, first)
		}
	}
	h = newProvider(t, Config{Faults: Faults{RepeatedID: 0.5, MissingField: 0.4}})
	good, seen := map[string]bool{}, 0
	for range 200 {
		v := describe(t).JudgeResponse(200, jsonType, call(h, lite).Body.Bytes())
		if v.Violation != nil {
			continue
		}
		if len(good) > 0 && good[v.ExecutionID] {
			seen++
		}
		good[v.ExecutionID] = true
	}
	// Half of 200 within four standard deviations; an id from an answer that had none would be new to the caller.
	if seen < 72 || seen > 128 {
		t.Errorf("%d of 200 answers repeated an id that the caller knows, want 100 ± 28", seen)
	}
}

// The faults of a run are a function of its seed.
func TestFaultsRepeat(t *testing.T) {
	sequence := func(seed uint64) (s string) {
		h := newProvider(t, Config{Seed: seed, Faults: Faults{HTTP500: .3, HTTP503: .3}})
		for range 64 {
			s += fmt.Sprint(call(h, lite).Code, " ")
		}
		return s
	}
	if a, b := sequence(1), sequence(1); a != b {
		t.Errorf("the same seed gave\n%s and\n%s", a, b)
	}
	if a, b := sequence(1), sequence(2); a == b {
		t.Errorf("two seeds gave the same faults: %s", a)
	}
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		why  string
		c    Config
		want []string
	}{
		{"negative numbers", Config{MaxBody: -1, Workers: -1, Queue: -2}, []string{
			"maxBody: expected at least 0 bytes, found -1", "workers: expected at least 0, found -1", "queue: expected at least 0, found -2"}},
		{"workers for nobody, for too few and twice", Config{Workers: 1, Pools: map[string]int{"Fulll": 3, "Lite": 0}}, []string{
			`pools: expected one of the tiers Full, Lite, default, found "Fulll" (did you mean "Full"?)`, `pools: expected at least 1 worker for "Lite", found 0`,
			"pools: their workers are of one tier each, and those of workers of all; leave one of them out"}},
		{"a queue for nothing", Config{Queue: 5}, []string{"queue: 5 calls can wait, but without a number of workers none ever has to; set workers"}},
		{"a token with a line end", Config{Token: "abc\n"}, []string{"token: it has a space, a line end"}},
		{"a misspelt tier", Config{Latency: map[string]Latency{"lite": {}, "\x1b": {}}}, []string{
			`latency: expected one of the tiers Full, Lite, default, found "lite" (did you mean "Lite"?)`, `found "\x1b"`}},
		{"faults", Config{Faults: Faults{Reset: 2}}, []string{"fault reset:"}},
	} {
		h, err := New(describe(t), c.c)
		if err == nil || h != nil {
			t.Errorf("%s: New gave no error", c.why)
			continue
		}
		if n := len(strings.Split(err.Error(), "\n")); n != len(c.want) {
			t.Errorf("%s: %d problems, want %d:\n%v", c.why, n, len(c.want), err)
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: New =\n%v, want it to say\n%s", c.why, err, part)
			}
		}
		if c.c.Token != "" && strings.Contains(err.Error(), "abc") {
			t.Errorf("the error gives the token away: %v", err)
		}
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	h := newProvider(t, Config{Token: "secret", Log: slog.New(slog.NewJSONHandler(&out, nil)), Faults: Faults{}})
	send := func(authorization, body string) {
		r := request(body)
		r.Header.Set("Authorization", authorization)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	send("Bearer secret", `{"agentId":"a\u001b[31m","kaizenVersion":"Full"}`)
	send("Bearer secret", `{}`)
	send("Bearer secret", `{}`)
	send("Bearer wrong", `{}`)
	send("Bearer secret", `[]`)
	type line struct {
		Msg, Method, Path, Code, Tier, AgentID, ExecutionID string
		Status                                              int
		AgentCreated                                        bool
		Seconds                                             *float64
	}
	var lines []line
	for text := range strings.Lines(out.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in the line %s", err, text)
		}
		if l.Msg != "call" || l.Method != "POST" || l.Path != "/agents/execute" || l.Seconds == nil {
			t.Errorf("an incomplete line: %s", text)
		}
		lines = append(lines, l)
	}
	if len(lines) != 5 {
		t.Fatalf("%d lines for 5 calls:\n%s", len(lines), &out)
	}
	if l := lines[0]; l.Status != 200 || l.Tier != "Full" || l.AgentID != "a\x1b[31m" || l.AgentCreated || !strings.HasPrefix(l.ExecutionID, "exec_") {
		t.Errorf("the first call is logged as %+v", l)
	}
	if a, b := lines[1], lines[2]; a.Tier != "default" || !a.AgentCreated || b.AgentCreated || a.AgentID != b.AgentID || a.AgentID == "" {
		t.Errorf("two calls without an agent are logged as\n%+v and\n%+v, want one agent, created by the first", a, b)
	}
	if l := lines[3]; l.Status != 401 || l.Code != "invalid-token" {
		t.Errorf("a wrong token is logged as %+v", l)
	}
	if l := lines[4]; l.Status != 400 || l.Code != contracts.RuleWrongType {
		t.Errorf("an invalid body is logged as %+v", l)
	}
	for _, never := range []string{"secret", "wrong\"", "\x1b"} {
		if strings.Contains(out.String(), never) {
			t.Errorf("the log contains %q:\n%s", never, &out)
		}
	}
}

func FuzzServeHTTP(f *testing.F) {
	h := newProvider(f, Config{MaxBody: 4096})
	f.Add("/agents/execute", "application/json", []byte(lite))
	f.Add("/agents/execute", "application/json; charset", []byte(`{"content":[{"type":"text"}]}`))
	f.Add("/", "", []byte("\xff"))
	f.Fuzz(func(t *testing.T, path, media string, body []byte) {
		r := request(string(body))
		r.URL.Path = path
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if v := describe(t).JudgeResponse(w.Code, w.Header().Get("Content-Type"), w.Body.Bytes()); v.Violation != nil {
			t.Errorf("answered %d %s: %v", w.Code, w.Body, v.Violation)
		}
	})
}

func request(body string) *http.Request {
	r := httptest.NewRequest("POST", "/agents/execute", strings.NewReader(body))
	r.Header.Set("Content-Type", jsonType)
	return r
}

func call(h http.Handler, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(body))
	return w
}

// BenchmarkServeHTTP is the handler alone, without net/http around it.
func BenchmarkServeHTTP(b *testing.B) {
	h := newProvider(b, Config{Workers: 4, Queue: 4})
	r := request(lite)
	body := &replay{Reader: strings.NewReader(lite)}
	r.Body = body
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = body.Seek(0, io.SeekStart)
		h.ServeHTTP(w, r)
	}
	if w.status != 200 {
		b.Fatalf("answered %d", w.status)
	}
}

type replay struct{ *strings.Reader }

func (*replay) Close() error { return nil }

type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// The provider keeps its contract in every shape that the description allows and forbids.
func TestCases(t *testing.T) {
	d := describe(t)
	h := newProvider(t, Config{Token: "valid"})
	list, _ := cases.Derive(d)
	for _, c := range list {
		r := httptest.NewRequest(c.Method, "/agents/execute", bytes.NewReader(c.Body))
		if c.ContentType != "" {
			r.Header.Set("Content-Type", c.ContentType)
		}
		switch c.Auth {
		case cases.ValidToken:
			r.Header.Set("Authorization", "Bearer valid")
		case cases.WrongToken:
			r.Header.Set("Authorization", "Bearer wrong")
		case cases.WrongScheme:
			r.Header.Set("Authorization", "Basic valid")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if ok := w.Code == 200; ok != (c.Expect == cases.Accepted) && c.Expect != cases.Either || w.Code >= 500 || w.Code/100 != 2 && w.Code/100 != 4 {
			t.Errorf("%s (%s) was answered %d: %s", c.ID, c.Proves, w.Code, w.Body)
		}
	}
}
