package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/broker"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/summary"
)

// pretence names the variable that makes this test program an andon-pact, which finds fault with all that holds its
// value.
const pretence = "ANDON_TEST_PACT"

func TestMain(m *testing.M) {
	if fault, ok := os.LookupEnv(pretence); ok {
		pretend(fault)
	}
	os.Exit(m.Run())
}

// pretend gives the account that andon-pact gives, without Pact's library.
func pretend(fault string) {
	r, err := pact.Attend(os.Stdin, os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	if fault == "sleep" {
		fmt.Println("at work")
		select {}
	}
	code := 0
	if len(r.Calls) > 0 {
		var outcomes []pact.Outcome
		for _, c := range r.Calls {
			outcomes = append(outcomes, pact.Outcome{ID: c.ID, Held: !strings.Contains(string(c.Body), fault)})
		}
		text, _ := json.Marshal(outcomes)
		_ = os.WriteFile(r.Outcomes, text, 0o600)
		os.Exit(code)
	}
	var file struct{ Interactions []interaction }
	text, err := os.ReadFile(r.PactFile)
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	failures := ""
	for _, i := range file.Interactions {
		var status int
		var echo string
		if i.Request.Path != "" {
			status, echo = ask(r.Target, i.Request.Method, i.Request.Path, i.Request.Headers, i.Request.Body.Content)
		}
		if fault == "crash" {
			fmt.Printf("thread panicked at %s\n", echo)
			continue
		}
		fmt.Printf("  %s (1ms loading, 1s 200ms verification)\n", i.Description)
		if strings.Contains(i.Description, fault) || status/100 != i.Response.Status/100 {
			code = 1
			failures += fmt.Sprintf("1) Verifying a pact between andon and agents - %s\n    it has %d, %s\n\n", i.Description, status, echo)
		}
	}
	fmt.Printf("\nFailures:\n\n%s", failures)
	if err != nil || fault == "crash" {
		code = 134
	}
	os.Exit(code)
}

// ask makes a call of a pact, and gives the status of the answer and a header that some targets answer with.
func ask(target, method, path string, headers map[string]any, body []byte) (status int, echo string) {
	request, err := http.NewRequest(method, target+path, bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	for name, values := range headers {
		list, _ := values.([]any)
		if one, ok := values.(string); ok {
			list = []any{one}
		}
		for _, v := range list {
			request.Header.Add(name, fmt.Sprint(v))
		}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("X-Echo")
}

// serving gives the configuration that verifies a handler, with Pact.
func serving(t *testing.T, h http.Handler) Config {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Description: description(t), Target: target, Credentials: credentials.Bearer(secret), Timeout: 5 * time.Second, MaxBody: maxBody, Concurrency: 4,
		Pact: pact.Program(os.Args[0]), Andon: "test",
	}
}

// echoing answers with what the call was sent by, besides.
func echoing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		h.ServeHTTP(w, r)
	})
}

func prepared(t *testing.T, c Config) *Plan {
	t.Helper()
	p, err := Prepare(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func count(v summary.Verification, engine, verdict string) (n int) {
	for _, c := range v.Checks {
		if c.Engine == engine && c.Verdict == verdict {
			n++
		}
	}
	return n
}

// What will be sent is known before anything is: by the description every case, by Pact those that a pact can hold.
func TestPrepare(t *testing.T) {
	t.Setenv(pretence, "nothing")
	sent := 0
	c := serving(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent++ }))
	must, may, held := 0, 0, 0
	all := c.All()
	for _, k := range all {
		must += map[bool]int{true: 1}[k.Expect == cases.Accepted]
		may += map[bool]int{true: 1}[k.Expect == cases.Either]
		if ok, _ := pact.Held(k); ok && k.Expect == cases.Accepted {
			held++
		}
	}
	c.Engine = ByDescription
	if p := prepared(t, c); p.Planned != len(all) || p.MustStart != must || p.MayStart != may || p.PactLeftOut {
		t.Errorf("by the description: %+v, want %d, %d and %d", p, len(all), must, may)
	}
	c.Engine = ByPact
	alone := prepared(t, c)
	if alone.Planned < 100 || alone.MustStart != held || alone.MayStart != 0 {
		t.Errorf("by Pact: %d, %d and %d", alone.Planned, alone.MustStart, alone.MayStart)
	}
	c.Engine = All
	if p := prepared(t, c); p.Planned != len(all)+alone.Planned || p.MustStart != must+held || p.MayStart != may {
		t.Errorf("by both: %d, %d and %d", p.Planned, p.MustStart, p.MayStart)
	}
	// Pact is left out where the runs that it must start do not fit in as well; alone it starts as many as it may.
	for _, x := range []struct {
		engine  string
		most    int
		tooMany bool
	}{{All, must + may + held + 1, false}, {All, must + may + held, true}, {ByPact, held, false}, {ByPact, 1, false}} {
		c.Engine, c.MaxRuns = x.engine, x.most
		if p := prepared(t, c); p.PactTooMany != x.tooMany {
			t.Errorf("%s, at most %d runs: %v", x.engine, x.most, p.PactTooMany)
		}
	}
	c.Engine, c.MaxRuns = All, 0
	c.Pact = ""
	if p := prepared(t, c); !p.PactLeftOut || p.Planned != len(all) {
		t.Errorf("without andon-pact: %d, left out %v", p.Planned, p.PactLeftOut)
	}
	c.Engine = ByPact
	if _, err := Prepare(context.Background(), c); !errors.Is(err, pact.ErrMissing) {
		t.Errorf("without andon-pact by Pact alone: %v", err)
	}
	c.Engine, c.Brokered = All, &Brokered{}
	if _, err := Prepare(context.Background(), c); !errors.Is(err, pact.ErrMissing) {
		t.Errorf("the broker's pacts without andon-pact: %v", err)
	}
	if sent != 0 {
		t.Errorf("%d calls were sent", sent)
	}
}

// One verification has the findings of all its engines, in the same terms.
func TestRun(t *testing.T) {
	t.Setenv(pretence, "text.Full")
	c := serving(t, echoing(reference(t)))
	p := prepared(t, c)
	v := p.Run(context.Background())
	if v.Verdict.ExitCode != 1 || len(v.Checks) != p.Planned || v.Planned != p.Planned || v.Andon != "test" || v.SpecSHA256 != c.Description.SHA256() {
		t.Errorf("%+v: %d checks of %d", v.Verdict, len(v.Checks), v.Planned)
	}
	broken := count(v, ByPact, summary.CheckBroken)
	if broken == 0 || count(v, ByDescription, summary.CheckBroken) != 0 || v.Accepted < p.MustStart || v.Accepted > p.MustStart+p.MayStart || v.Unsure != 0 {
		t.Errorf("%d are broken by Pact, %d calls were accepted of %d to %d, %d unsure", broken, v.Accepted, p.MustStart, p.MustStart+p.MayStart, v.Unsure)
	}
	if share, ok := v.Covered(); !ok || share != 1 {
		t.Errorf("%v of the description is covered", share)
	}
	for _, k := range v.Checks {
		if k.Engine == ByPact && k.Name == "text.Full" && (k.Rule != "pact" || k.Reason != "it has 200, Bearer [token]" || k.Proves == "" ||
			k.Expect != "accepted" || !strings.Contains(k.Curl, "curl ") || k.Status != 200 || k.Seconds <= 0 || !strings.Contains(k.Answer, "executionId")) {
			t.Errorf("by Pact: %+v", k)
		}
		if k.Engine == ByDescription && k.Name == "text.Full" && (k.Verdict != summary.CheckHeld || k.Status != 200 || k.Seconds <= 0) {
			t.Errorf("by the description: %+v", k)
		}
	}

	// At the first case that does not hold nothing else is tried, by whichever engine.
	c.FailFast = true
	c.Target = serving(t, http.NotFoundHandler()).Target
	c.Concurrency = 1
	if v = prepared(t, c).Run(context.Background()); len(v.Checks) != 1 || v.Planned != 1 || v.Verdict.ExitCode != 1 {
		t.Errorf("with the first breach as the last: %d checks of %d: %+v", len(v.Checks), v.Planned, v.Verdict)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if v = p.Run(ctx); v.Verdict.ExitCode != 3 || !strings.Contains(v.Verdict.Causes[0], "interrupted") || len(v.Checks) != 0 {
		t.Errorf("interrupted: %+v", v.Verdict)
	}
}

// A crash of Pact is no verdict; what was established before stands, the token is in no message, and no file is left
// behind.
func TestCrash(t *testing.T) {
	t.Setenv(pretence, "crash")
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	c := serving(t, echoing(reference(t)))
	v := prepared(t, c).Run(context.Background())
	causes := strings.Join(v.Verdict.Causes, " ")
	if v.Verdict.ExitCode != 3 || !strings.Contains(causes, "exit status 134") || !strings.Contains(causes, "[token]") || strings.Contains(causes, secret) {
		t.Errorf("%+v", v.Verdict)
	}
	// What it sent before it crashed is known.
	if p := prepared(t, c); v.Accepted < p.MustStart || v.Accepted > p.MustStart+p.MayStart || v.Unsure != 0 {
		t.Errorf("%d calls were accepted, %d may have been, want %d to %d", v.Accepted, v.Unsure, p.MustStart, p.MustStart+p.MayStart)
	}
	if n := count(v, ByDescription, summary.CheckHeld); n < 150 {
		t.Errorf("%d cases held by the description", n)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// The broker is told what came of each of its pacts, and a pending one fails nothing.
func TestBrokered(t *testing.T) {
	t.Setenv(pretence, "nobody")
	var results []map[string]any
	pending := false
	interaction := func(name string) string {
		return fmt.Sprintf(`{"description":%q,"request":{"method":"POST","path":"/agents/execute","headers":{"Content-Type":"application/json"},"body":{"content":{}}},"response":{"status":200}}`, name)
	}
	interactions := []string{interaction("a run of the shop"), interaction("what nobody grants")}
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	defer s.Close()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"_links":{"pb:provider-pacts-for-verification":{"href":"/wanted/{provider}"}}}`)
	})
	mux.HandleFunc("POST /wanted/agents", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"_embedded":{"pacts":[{"verificationProperties":{"pending":%v},"_links":{"self":{"href":"/pact","name":"of the shop"}}}]}}`, pending)
	})
	mux.HandleFunc("GET /pact", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"_links":{"pb:publish-verification-results":{"href":"/results"}},"interactions":[%s]}`, strings.Join(interactions, ","))
	})
	mux.HandleFunc("POST /results", func(_ http.ResponseWriter, r *http.Request) {
		var result map[string]any
		_ = json.NewDecoder(r.Body).Decode(&result)
		results = append(results, result)
	})
	u, err := broker.ParseURL(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := serving(t, reference(t))
	c.Engine, c.Cases = ByPact, slices.DeleteFunc(c.All(), func(k cases.Case) bool { return k.ID != "text.Lite" })
	c.Brokered = &Brokered{Broker: broker.Broker{URL: u}, Publish: &broker.Version{Number: "v1"}}
	for _, x := range []struct {
		pending             bool
		code, broken, noted int
		interactions        []string
	}{
		{false, 1, 1, 0, interactions},
		{true, 0, 0, 1, interactions},
		{false, 0, 0, 0, interactions[:1]},
	} {
		pending, interactions = x.pending, x.interactions
		p := prepared(t, c)
		v := p.Run(context.Background())
		if v.Verdict.ExitCode != x.code || count(v, ByPact, summary.CheckBroken) != x.broken || count(v, ByPact, summary.CheckNoted) != x.noted {
			t.Errorf("%+v: %+v", x, v.Checks)
		}
		if p.Planned != 1+len(interactions) || p.MustStart != 1+len(interactions) || v.Accepted != p.Planned {
			t.Errorf("%d planned, %d must start a run, %d have", p.Planned, p.MustStart, v.Accepted)
		}
		if k := v.Checks[1]; k.Name != "a run of the shop" || k.Proves != "of the shop" || k.Expect != "accepted" || k.Curl != "" {
			t.Errorf("the first of the broker's: %+v", k)
		}
		last := results[len(results)-1]
		if last["success"] != (x.broken+x.noted == 0) || last["providerApplicationVersion"] != "v1" || fmt.Sprint(last["verifiedBy"]) != "map[implementation:andon version:test]" {
			t.Errorf("%+v: the broker was told %v", x, last)
		}
	}
	// What was not sent, or of which nothing can be told, was not verified: the broker is told nothing, but that a pact is
	// not kept where one call has shown it.
	h := reference(t)
	turnedAway := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		h.ServeHTTP(w, r)
	}))
	hiccup := c
	hiccup.Target = turnedAway.Target
	for _, x := range []struct {
		pending               bool
		code, results, status int
		more                  string
	}{{false, 3, 0, 200, ""}, {true, 0, 0, 200, ""}, {false, 1, 1, 200, interaction("what nobody grants")}, {false, 0, 1, 429, ""}} {
		pending, interactions = x.pending, []string{fmt.Sprintf(`{"description":"busy","request":{"method":"GET","path":"/busy"},"response":{"status":%d}}`, x.status)}
		if x.more != "" {
			interactions = append(interactions, x.more)
		}
		before := len(results)
		if v := prepared(t, hiccup).Run(context.Background()); v.Verdict.ExitCode != x.code || len(results)-before != x.results {
			t.Errorf("%+v: the broker was told %v; %+v, %+v", x, results[before:], v.Verdict, v.Checks)
		}
	}
	told := len(results)
	pending = false
	interactions = []string{interaction("a run of the shop"), interaction("what nobody grants")}
	few := c
	few.MaxRuns = 1
	if v := prepared(t, few).Run(context.Background()); len(results) != told || count(v, ByPact, summary.CheckSkipped) != 2 {
		t.Errorf("the broker was told %v; %+v", results[told:], v.Checks)
	}
	interactions = nil
	if p := prepared(t, c); p.Planned != 1 {
		t.Errorf("%d planned by a pact without interactions", p.Planned)
	}
}

// A broker that keeps its answer to itself is waited for no longer than the whole may take.
func TestBrokerHangs(t *testing.T) {
	t.Setenv(pretence, "nobody")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer s.Close()
	u, err := broker.ParseURL(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := serving(t, reference(t))
	c.Engine, c.For, c.Brokered = ByPact, 300*time.Millisecond, &Brokered{Broker: broker.Broker{URL: u}}
	if _, err := Prepare(t.Context(), c); err == nil || !strings.Contains(err.Error(), "the time of 300ms was over before the pacts of the broker were there") {
		t.Errorf("it says %v", err)
	}
}

// Calls that load is to send are judged without a target; what the description allows and Pact does not is doubtful.
func TestCalls(t *testing.T) {
	t.Setenv(pretence, "odd")
	calls := []Call{
		{ID: "a", Class: "text.Full", Body: []byte(`{"content":[{"type":"text","text":"fine"}]}`)},
		{ID: "b", Class: "text.Full", Body: []byte(`{"content":[{"type":"text","text":"odd"}]}`)},
		{ID: "c", Class: "text.Full", Body: []byte(`{"content":[{"type":"odd"}]}`)},
		{ID: "d", Class: "invalid", Body: []byte(`{"content":{}}`), Invalid: true},
		{ID: "e", Class: "invalid", Body: []byte(`{}`), Invalid: true},
	}
	c := Config{Description: description(t), Pact: pact.Program(os.Args[0]), Target: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Credentials: credentials.Bearer(secret)}
	p, err := PrepareCalls(c, "the calls of odd", calls)
	if err != nil {
		t.Fatal(err)
	}
	v := p.Run(context.Background())
	var got []string
	for _, k := range v.Checks {
		got = append(got, fmt.Sprintf("%s %s %s %s", k.Name, k.Engine, k.Expect, k.Verdict))
		if !strings.Contains(k.Curl, "http://127.0.0.1:8080/") || !strings.Contains(k.Proves, "a call of the class ") {
			t.Errorf("%+v", k)
		}
	}
	want := []string{
		"a description accepted held", "b description accepted held", "c description accepted broken", "d description refused held",
		"e description refused broken", "a pact accepted held", "b pact accepted doubtful", "c pact accepted broken",
	}
	if !slices.Equal(got, want) || v.Planned != len(want) || v.Target != "the calls of odd" || v.Accepted != 0 || v.Coverage != nil || v.LeftOut != "" {
		t.Errorf("%d planned, %d accepted, %q\nwant %q", v.Planned, v.Accepted, got, want)
	}
	c.Engine = ByDescription
	if p, err = PrepareCalls(c, "", calls); err != nil || p.Planned != len(calls) || len(p.Run(context.Background()).Checks) != len(calls) {
		t.Errorf("by the description alone: %+v, %v", p, err)
	}
	c.Engine, c.Pact = ByPact, ""
	if _, err = PrepareCalls(c, "", calls); !errors.Is(err, pact.ErrMissing) {
		t.Errorf("without andon-pact: %v", err)
	}
}

// A change that breaks callers fails, and any other is noted.
func TestCompare(t *testing.T) {
	d := description(t)
	more := strings.Replace(string(andon.Spec), "enum: [Full, Lite]", "enum: [Full, Lite, Nano]", 1)
	older, err := contracts.Load("older.yaml", []byte(more))
	if err != nil {
		t.Fatal(err)
	}
	v, changes, err := Compare(older, d, "old → new")
	if err != nil || v.Verdict.ExitCode != 1 || Breaking(changes) == 0 || len(v.Checks) != len(changes)+1 || v.Target != "old → new" || v.SpecSHA256 != d.SHA256() {
		t.Errorf("%+v, %v", v, err)
	}
	if k := v.Checks[1]; k.Engine != ByComparison || k.Verdict != summary.CheckBroken || k.Rule != changes[0].ID || k.Reason != changes[0].Text || k.Proves == "" {
		t.Errorf("%+v", k)
	}
	if v, changes, err = Compare(d, older, ""); err != nil || len(changes) == 0 || v.Verdict.ExitCode != 0 || v.Checks[1].Verdict != summary.CheckNoted {
		t.Errorf("%+v, %v", v, err)
	}
	if v, changes, err = Compare(d, d, ""); err != nil || len(changes) != 0 || v.Verdict.ExitCode != 0 || len(v.Checks) != 1 {
		t.Errorf("%+v, %v", v, err)
	}
}
