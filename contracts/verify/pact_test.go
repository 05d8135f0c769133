package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	var r pact.Request
	var token string
	err := json.NewDecoder(os.Stdin).Decode(&r)
	if header := r.Headers["Authorization"]; len(header) > 0 {
		token = strings.TrimPrefix(header[0], "Bearer ")
	}
	if err != nil || fault == "crash" {
		fmt.Printf("thread panicked at %s\n", token)
		os.Exit(134)
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
	text, _ := os.ReadFile(r.PactFile)
	names, _ := pact.Interactions(text)
	failures := ""
	for _, name := range names {
		fmt.Printf("  %s (1ms loading, 1ms verification)\n", name)
		if strings.Contains(name, fault) {
			code = 1
			failures += fmt.Sprintf("1) Verifying a pact between andon and agents - %s\n    it has %s\n\n", name, token)
		}
	}
	fmt.Printf("\nFailures:\n\n%s", failures)
	os.Exit(code)
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
	c := serving(t, reference(t))
	p := prepared(t, c)
	v := p.Run(context.Background())
	if v.Verdict.ExitCode != 1 || len(v.Checks) != p.Planned || v.Planned != p.Planned || v.Andon != "test" || v.SpecSHA256 != c.Description.SHA256() {
		t.Errorf("%+v: %d checks of %d", v.Verdict, len(v.Checks), v.Planned)
	}
	broken := count(v, ByPact, summary.CheckBroken)
	if broken == 0 || count(v, ByDescription, summary.CheckBroken) != 0 || v.Accepted < p.MustStart-broken || v.Accepted > p.MustStart-broken+p.MayStart {
		t.Errorf("%d are broken by Pact, %d calls were accepted of %d to %d", broken, v.Accepted, p.MustStart, p.MustStart+p.MayStart)
	}
	if share, ok := v.Covered(); !ok || share != 1 {
		t.Errorf("%v of the description is covered", share)
	}
	for _, k := range v.Checks {
		if k.Engine == ByPact && k.Name == "text.Full" && (k.Rule != "pact" || k.Reason != "it has [token]" || k.Proves == "" ||
			k.Expect != "accepted" || !strings.Contains(k.Curl, "curl ") || k.Status != 0) {
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
	c := serving(t, reference(t))
	v := prepared(t, c).Run(context.Background())
	causes := strings.Join(v.Verdict.Causes, " ")
	if v.Verdict.ExitCode != 3 || !strings.Contains(causes, "exit status 134") || !strings.Contains(causes, "[token]") || strings.Contains(causes, secret) {
		t.Errorf("%+v", v.Verdict)
	}
	// Pact may have sent calls before it crashed.
	c.Engine = ByPact
	if must := prepared(t, c).MustStart; v.Unsure != must || must == 0 {
		t.Errorf("%d calls may have started a run, want %d", v.Unsure, must)
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
		return fmt.Sprintf(`{"description":%q,"request":{"body":{}},"response":{"status":200}}`, name)
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
		if p.Planned != 1+len(interactions) || p.MustStart != 1+len(interactions) || v.Accepted != 2 {
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
	// Of a pact that was not sent the broker is told nothing.
	told := len(results)
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
	if !slices.Equal(got, want) || v.Planned != len(want) || v.Target != "the calls of odd" || v.Accepted != 0 || v.Coverage != nil || v.LeftOut != 0 {
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
