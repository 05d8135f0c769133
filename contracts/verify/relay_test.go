package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/summary"
)

// relayed sends the calls of the pact of some cases to a handler by a relay, in a time of its own, as Pact's verifier
// does, and judges the answers by their statuses alone.
func relayed(t *testing.T, c Config, h http.Handler, check func(p *relay, outcomes []Outcome)) {
	t.Helper()
	c.Description, c.Target = description(t), &url.URL{Scheme: "http", Host: "target.test", Path: "/v1"}
	if c.Credentials == nil {
		c.Credentials = credentials.Bearer(secret)
	}
	c.Timeout = 5 * time.Second
	text, err := pact.For(contracts.Pact, c.Cases, true)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		listener := make(memory)
		c.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			select {
			case listener <- theirs:
				return ours, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		server := &http.Server{Handler: h}
		done := make(chan struct{})
		go func() { _ = server.Serve(listener); close(done) }()
		a, err := agree(text)
		if err != nil {
			t.Fatal(err)
		}
		c.books = newLedger(c.MaxRuns, c.Rate, nil)
		p := c.newRelay(t.Context(), a)
		var found []pact.Outcome
		for _, i := range interactions(t, a.text) {
			w := httptest.NewRecorder()
			p.ServeHTTP(w, i.request(t))
			found = append(found, pact.Outcome{ID: i.Description, Held: w.Code/100 == i.Response.Status/100, Reason: map[bool]string{false: "says Pact"}[w.Code/100 == i.Response.Status/100]})
		}
		p.always()
		outcomes := p.judged(found, p.err)
		p.transport.CloseIdleConnections()
		close(listener)
		<-done
		_ = server.Close()
		check(p, outcomes)
	})
}

// interaction is one of a pact.
type interaction struct {
	Description string
	Request     struct {
		Method, Path string
		Headers      map[string]any
		Body         struct{ Content json.RawMessage }
	}
	Response struct{ Status int }
}

func interactions(t *testing.T, text []byte) []interaction {
	t.Helper()
	var file struct{ Interactions []interaction }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Interactions
}

// request is the call as Pact's verifier makes it.
func (i interaction) request(t *testing.T) *http.Request {
	t.Helper()
	r := httptest.NewRequest(i.Request.Method, i.Request.Path, bytes.NewReader(i.Request.Body.Content))
	for name, values := range i.Request.Headers {
		if one, ok := values.(string); ok {
			values = []any{one}
		}
		for _, v := range values.([]any) {
			r.Header.Add(name, v.(string))
		}
	}
	return r
}

// below serves a handler where the relayed calls go.
func below(h http.Handler) http.Handler { return http.StripPrefix("/v1", h) }

func pick(t *testing.T, ids ...string) (list []cases.Case) {
	t.Helper()
	for _, k := range (Config{Description: description(t)}).All() {
		if slices.Contains(ids, k.ID) {
			list = append(list, k)
		}
	}
	if len(list) != len(ids) {
		t.Fatalf("found %d of %q", len(list), ids)
	}
	return list
}

// What a call of a pact comes to depends on what was met, as with every other call; Pact judges the answers that tell
// something.
func TestPactHiccups(t *testing.T) {
	valid, invalid := "text.Full", "file.missing-id.negative"
	always, once := 99, 1
	for _, x := range []struct {
		why              string
		id               string
		status           int
		after            string
		times            int
		verdict          string
		attempts, unsure int
		reason           string
	}{
		{"turned away once", valid, 503, "", once, summary.CheckHeld, 2, 0, "answered with 503 before"},
		{"turned away once, by 429", valid, 429, "2", once, summary.CheckHeld, 2, 0, "answered with 429 before"},
		{"always turned away, by 429", valid, 429, "", always, summary.CheckInconclusive, 4, 0, "all 4 times"},
		{"503 and nothing else is a failure", valid, 503, "", always, summary.CheckBroken, 4, 0, "says Pact"},
		{"longer than is waited", valid, 503, "3600", always, summary.CheckInconclusive, 1, 0, "for 1h0m0s"},
		{"500 may have started a run", valid, 500, "", once, summary.CheckBroken, 1, 1, "says Pact"},
		{"a gateway may have passed it on", valid, 502, "", once, summary.CheckInconclusive, 1, 1, "not sent again"},
		{"a dropped call may have started a run", valid, -1, "", once, summary.CheckInconclusive, 1, 1, "not sent again"},
		{"one that hangs may have, too", valid, 1, "", once, summary.CheckInconclusive, 1, 1, "not sent again"},
		{"refused", valid, 404, "", once, summary.CheckBroken, 1, 0, "says Pact"},
		{"nothing of a kind", valid, 204, "", once, summary.CheckHeld, 1, 0, ""},
		{"500 once, to what is refused", invalid, 500, "", once, summary.CheckHeld, 2, 0, "answered with 500 before"},
		{"500 twice", invalid, 500, "", always, summary.CheckBroken, 2, 0, "says Pact"},
		{"accepted, and must not be", invalid, 202, "", always, summary.CheckBroken, 1, 0, "says Pact"},
		{"dropped once, to be refused", invalid, -1, "", once, summary.CheckHeld, 2, 0, "was dropped before"},
		{"dropped each time while others are answered", invalid, -1, "", always, summary.CheckBroken, 4, 0, "answers other calls"},
	} {
		c := Config{Attempts: 4, Cases: pick(t, x.id, "json.Full")}
		body := pick(t, x.id)[0].Body
		h := status(t, func(said string, n int) (int, string) {
			var a, b any
			if json.Unmarshal([]byte(said), &a) == nil && json.Unmarshal(body, &b) == nil && fmt.Sprint(a) == fmt.Sprint(b) && n < x.times {
				return x.status, x.after
			}
			return 0, ""
		})
		relayed(t, c, below(h), func(p *relay, outcomes []Outcome) {
			at := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Case.ID == x.id })
			if len(outcomes) != 2 || at < 0 || outcomes[1-at].Verdict != summary.CheckHeld {
				t.Fatalf("%s: %+v, %v", x.why, outcomes, p.err)
			}
			o := outcomes[at]
			_, unsure, _ := p.books.runs()
			if o.Verdict != x.verdict || o.Attempts != x.attempts || unsure != x.unsure || !strings.Contains(o.Reason, x.reason) || o.Engine != ByPact || !strings.Contains(o.Curl, "/v1/agents/execute") {
				t.Errorf("%s: %s, %q, %d attempts, %d unsure: %+v", x.why, o.Verdict, o.Reason, o.Attempts, unsure, o)
			}
			if o.Verdict == summary.CheckHeld && (o.Answer != "" || o.Rule != "") {
				t.Errorf("%s: %+v", x.why, o)
			}
		})
	}
}

// A target that answers nothing, takes no token, or turns all away ends a pact as it ends every verification: no more
// is sent, and nothing that was not sent is judged.
func TestPactEnds(t *testing.T) {
	for said, code := range map[string]int{"does not answer any more": 1, "turns calls away": 429, "does not take the token": 401, "there is no such call": 404} {
		var sent atomic.Int32
		h := status(t, func(string, int) (int, string) { sent.Add(1); return code, "" })
		c := Config{Attempts: 2, Cases: (Config{Description: description(t)}).All()}
		relayed(t, c, below(h), func(p *relay, outcomes []Outcome) {
			if p.err == nil || !strings.Contains(p.err.Error(), said) || sent.Load() > 40 || len(outcomes) > 30 || len(outcomes) == 0 {
				t.Errorf("%s: %v, %d sent, %d outcomes", said, p.err, sent.Load(), len(outcomes))
			}
			for _, o := range outcomes {
				if o.Verdict == summary.CheckBroken && o.Case.Expect == cases.Accepted {
					t.Errorf("%s: %+v", said, o)
				}
			}
		})
	}
}

// The calls of a pact keep the pace, and none is sent in a pause that the target asked for.
func TestPactPace(t *testing.T) {
	var mutex sync.Mutex
	var at []time.Time
	h := status(t, func(string, int) (int, string) {
		mutex.Lock()
		defer mutex.Unlock()
		if at = append(at, time.Now()); len(at) == 3 {
			return 503, "7"
		}
		return 0, ""
	})
	c := Config{Attempts: 4, Rate: 4, Cases: (Config{Description: description(t)}).All()}
	relayed(t, c, below(h), func(p *relay, outcomes []Outcome) {
		if len(at) != len(p.calls)+1 || slices.ContainsFunc(outcomes, func(o Outcome) bool { return o.Verdict != summary.CheckHeld }) {
			t.Fatalf("%d calls for %d interactions", len(at), len(p.calls))
		}
		for i := 1; i < len(at); i++ {
			want := 250 * time.Millisecond
			if i == 3 {
				want = 7 * time.Second
			}
			if gap := at[i].Sub(at[i-1]); gap < want {
				t.Fatalf("call %d came %s after the one before, want %s", i+1, gap, want)
			}
		}
	})
}

// A pact starts no more runs than may be started, whatever the target takes; each is told of, and so is what was not
// sent for it.
func TestPactMaxRuns(t *testing.T) {
	for _, greedy := range []bool{false, true} {
		for _, limit := range []int{1, 2, 20, 500} {
			runs := 0
			ref := reference(t)
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				if ref.ServeHTTP(rec, r); greedy {
					rec.Code = 202
				}
				if rec.Code/100 == 2 {
					runs++
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write(rec.Body.Bytes())
			})
			c := Config{Attempts: 2, MaxRuns: limit, Cases: (Config{Description: description(t)}).All()}
			relayed(t, c, below(h), func(p *relay, outcomes []Outcome) {
				accepted, unsure, _ := p.books.runs()
				skipped := 0
				for _, o := range outcomes {
					if o.Verdict == summary.CheckSkipped && o.Rule == summary.RuleMaxRuns {
						skipped++
					}
				}
				if runs > limit || runs != accepted || unsure != 0 || (limit < 500) != (skipped > 0) || len(outcomes) != len(p.calls) {
					t.Errorf("greedy %v, at most %d: %d started, %d told of, %d unsure, %d skipped", greedy, limit, runs, accepted, unsure, skipped)
				}
			})
		}
	}
}

// The calls carry what all calls carry, by the token of the moment, and nothing of the way that they took; those that
// are about a token's absence carry none.
func TestPactCarries(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(token string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("tok-first")
	t.Setenv("ANDON_TEST_ORG", "org-secret")
	plan, err := credentials.Asked{Headers: []string{"X-Org-Id: {env:ANDON_TEST_ORG}"}, Query: []string{"api_key={env:ANDON_TEST_ORG}"}, TokenFile: file}.Plan()
	if err != nil {
		t.Fatal(err)
	}
	set, err := plan.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ref := reference(t)
	tokens := map[string]int{}
	calls := 0
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		tokens[r.Header.Get("Authorization")]++
		if r.URL.Path != "/v1/agents/execute" || r.Header.Get("X-Org-Id") != "org-secret" || r.URL.RawQuery != "api_key=org-secret" || r.Header.Get(pact.Mark)+r.Header.Get("X-Forwarded-For") != "" {
			t.Errorf("the target was sent %s, %v", r.URL, r.Header)
		}
		if calls == 20 {
			write("tok-second")
		}
		if r.Header.Get("Authorization") == "Bearer tok-first" && calls > 20 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Header.Get("Authorization") != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		r.URL.Path = "/agents/execute"
		ref.ServeHTTP(w, r)
	})
	c := Config{Attempts: 2, Credentials: set, Cases: (Config{Description: description(t)}).All()}
	relayed(t, c, h, func(p *relay, outcomes []Outcome) {
		for _, o := range outcomes {
			if o.Verdict != summary.CheckHeld {
				t.Errorf("%+v", o)
			}
		}
		bare := 0
		for _, k := range p.calls {
			if k.Bare {
				bare++
			}
		}
		if bare == 0 || tokens[""] != bare || tokens["Bearer tok-first"] == 0 || tokens["Bearer tok-second"] < 100 || len(tokens) != 3 || calls > len(p.calls)+1 {
			t.Errorf("%d calls were sent with %v, %d of the pact are without a token", calls, tokens, bare)
		}
	})
}

// What does not carry the mark of a call of the pact is sent nowhere, nor is a call that was sent already; a redirect
// is judged, and not followed.
func TestRelayIsForThePactAlone(t *testing.T) {
	sent := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent++
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.Header().Set("X-Kept", "yes")
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = io.WriteString(w, "moved")
	}))
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Description: description(t), Target: target, Timeout: 5 * time.Second, Cases: pick(t, "text.Full", "text.Lite")}
	text, err := pact.For(contracts.Pact, c.Cases, true)
	if err != nil {
		t.Fatal(err)
	}
	a, err := agree(text)
	if err != nil {
		t.Fatal(err)
	}
	p := c.newRelay(t.Context(), a)
	err = p.serve(func(at *url.URL) error {
		for _, x := range []struct {
			mark string
			want int
		}{{"", 403}, {"0", 403}, {a.key, 403}, {a.key + "-", 403}, {"x" + a.key + "-0", 403}, {a.key + "-2", 403}, {a.key + "--1", 403}, {a.key + "-0", 307}, {a.key + "-0", 403}} {
			request, err := http.NewRequest(http.MethodPost, at.String()+"/agents/execute", strings.NewReader("{}"))
			if err != nil {
				return err
			}
			request.Header.Set(pact.Mark, x.mark)
			answer, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				return err
			}
			body, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode != x.want || x.want == 307 && (string(body) != "moved" || answer.Header.Get("Location") != "" || answer.Header.Get("X-Kept") != "yes") {
				t.Errorf("%q: %d, %v, %q", x.mark, answer.StatusCode, answer.Header, body)
			}
		}
		return nil
	})
	if err != nil || sent != 1 {
		t.Errorf("%d calls were sent; %v", sent, err)
	}
	// What Pact does not speak of is not green, and what was never asked for is not judged.
	outcomes := p.judged(nil, nil)
	if len(outcomes) != 1 || outcomes[0].Verdict != summary.CheckInconclusive || !strings.Contains(outcomes[0].Reason, "does not say") {
		t.Errorf("%+v", outcomes)
	}
}

// A name that leads elsewhere leads there for Pact's calls too, whatever the environment says of proxies.
func TestPactResolves(t *testing.T) {
	t.Setenv(pretence, "nobody")
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY", "PACT_URL"} {
		t.Setenv(name, "http://127.0.0.1:1/none")
	}
	c := serving(t, reference(t))
	t.Setenv("ANDON_TOKEN", secret)
	plan, err := credentials.Asked{Connection: credentials.Connection{Resolve: []string{"staging.test:" + c.Target.Port() + ":127.0.0.1"}}}.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if c.Credentials, err = plan.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NO_PROXY", "staging.test")
	c.Target.Host, c.Engine = "staging.test:"+c.Target.Port(), ByPact
	p := prepared(t, c)
	if v := p.Run(t.Context()); v.Verdict.ExitCode != 0 || len(v.Checks) != p.Planned || p.Planned < 100 {
		t.Errorf("%+v, %d checks of %d", v.Verdict, len(v.Checks), p.Planned)
	}
}

// When andon ends, however it does, andon-pact does, and takes its directory with it; it removes no other.
func TestOrphan(t *testing.T) {
	for name, want := range map[string]bool{"andon-pact-orphan": false, "mine": true} {
		for _, text := range []string{`{"target":"http://127.0.0.1:1"}`, `{"target":`, ""} {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.MkdirAll(filepath.Join(dir, "below"), 0o700); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], dir)
			cmd.Env = append(os.Environ(), pretence+"=sleep")
			input, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			output, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(input, text); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(text, "}") {
				// It is at work.
				if _, err := output.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
			}
			_ = input.Close()
			_, _ = io.Copy(io.Discard, output)
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 3 && strings.HasSuffix(text, "}") || code <= 0 {
				t.Errorf("%q: exit code %d", text, code)
			}
			if _, err := os.Stat(dir); (err == nil) != want {
				t.Errorf("%s with %q: %v", name, text, err)
			}
		}
	}
}
