package verify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/summary"
)

// memory is a listener whose connections are in memory, so that a test keeps its own time.
type memory chan net.Conn

func (m memory) Accept() (net.Conn, error) {
	c, open := <-m
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (m memory) Close() error   { return nil }
func (m memory) Addr() net.Addr { return &net.TCPAddr{} }

// within verifies a handler in a time of its own, and gives what was decided on beforehand.
func within(t *testing.T, c Config, h http.Handler, check func(summary.Verification)) (p *Plan) {
	t.Helper()
	c.Description, c.Engine, c.Target = description(t), ByDescription, &url.URL{Scheme: "http", Host: "target.test"}
	if c.Credentials == nil {
		c.Credentials = credentials.Bearer(secret)
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
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
		p = prepared(t, c)
		v := p.Run(t.Context())
		close(listener)
		<-done
		_ = server.Close()
		check(v)
	})
	return p
}

// staging is a provider that keeps the contract, behind what a staging environment does to it. It counts what it
// starts.
type staging struct {
	sync.Mutex
	draw  *rand.Rand
	h     http.Handler
	seen  []time.Time
	limit int
	drops bool
	// token is the file of the token, which holds for half a minute; expires is until when.
	token   string
	expires time.Time
	current string
	runs    int
	calls   int
}

// admits reports whether a call carries the token of the moment, which is given in for the one that the provider knows.
func (s *staging) admits(r *http.Request) bool {
	if s.token == "" {
		return true
	}
	if now := time.Now(); now.After(s.expires) {
		s.current, s.expires = fmt.Sprintf("token-until-%d", now.Unix()), now.Add(30*time.Second)
		_ = os.WriteFile(s.token, []byte(s.current), 0o600)
	}
	if r.Header.Get("Authorization") != "Bearer "+s.current {
		return !strings.Contains(r.Header.Get("Authorization"), "token-until-")
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	return true
}

func (s *staging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.Lock()
	now := time.Now()
	s.calls++
	for len(s.seen) > 0 && now.Sub(s.seen[0]) >= time.Second {
		s.seen = s.seen[1:]
	}
	busy := s.limit > 0 && len(s.seen) >= s.limit
	if !busy {
		s.seen = append(s.seen, now)
	}
	admitted := s.admits(r)
	luck, after, jitter := s.draw.Float64(), s.draw.IntN(2), time.Duration(s.draw.IntN(200))*time.Millisecond
	s.Unlock()
	time.Sleep(jitter)
	switch {
	case busy:
		http.Error(w, "slow down", http.StatusTooManyRequests)
		return
	case luck < 0.05:
		if after == 1 {
			w.Header().Set("Retry-After", "1")
		}
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	case !admitted:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"the token has expired"}`))
		return
	}
	rec := httptest.NewRecorder()
	s.h.ServeHTTP(rec, r)
	if rec.Code/100 == 2 {
		s.Lock()
		s.runs++
		s.Unlock()
	}
	if s.drops && luck > 0.99 {
		panic(http.ErrAbortHandler)
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// What a staging environment does now and then changes no verdict, but that a call which it swallowed may have started
// a run. Every run that was started is told of.
func TestStaging(t *testing.T) {
	for seed := range uint64(40) {
		s := &staging{
			draw: rand.New(rand.NewPCG(seed, 1)), h: reference(t), limit: 5, drops: seed >= 20,
			token: filepath.Join(t.TempDir(), "token"), current: "token-until-now",
		}
		if err := os.WriteFile(s.token, []byte(s.current), 0o600); err != nil {
			t.Fatal(err)
		}
		asked, err := credentials.Asked{TokenFile: s.token}.Plan()
		if err != nil {
			t.Fatal(err)
		}
		c := Config{Attempts: 4, Rate: 10, For: time.Hour, Concurrency: int(seed%3) + 1}
		if c.Credentials, err = asked.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := within(t, c, s, func(v summary.Verification) {
			if s.runs != v.Accepted+v.Unsure || s.current == "token-until-now" {
				t.Errorf("seed %d: %d runs started with %s, told of %d and %d", seed, s.runs, s.current, v.Accepted, v.Unsure)
			}
			if len(v.Checks) != v.Planned || v.Count(summary.CheckBroken) != 0 || v.Count(summary.CheckInconclusive) != v.Unsure {
				t.Errorf("seed %d: %d of %d, %d inconclusive, %d unsure: %v", seed, len(v.Checks), v.Planned, v.Count(summary.CheckInconclusive), v.Unsure, v.Verdict)
			}
			if !s.drops && v.Verdict.ExitCode != 0 {
				t.Errorf("seed %d: %v", seed, v.Verdict)
			}
		})
		if s.calls > p.MostCalls || s.runs > p.MostRuns {
			t.Errorf("seed %d: %d calls and %d runs, of at most %d and %d", seed, s.calls, s.runs, p.MostCalls, p.MostRuns)
		}
	}
}

// The same with a real server and real time, for the few cases that this leaves patience for.
func TestStagingOnAWire(t *testing.T) {
	s := &staging{draw: rand.New(rand.NewPCG(1, 1)), h: reference(t)}
	c := serving(t, s)
	c.Engine, c.Attempts, c.Cases = ByDescription, 4, c.All()[:20]
	if v := prepared(t, c).Run(t.Context()); v.Verdict.ExitCode != 0 || s.runs != v.Accepted {
		t.Errorf("%+v, %d runs and %d told of", v.Verdict, s.runs, v.Accepted)
	}
}

// status is a handler that answers some calls otherwise, by how often the same body came.
func status(t *testing.T, change func(body string, n int) (status int, after string)) http.Handler {
	h := reference(t)
	var mutex sync.Mutex
	times := map[string]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		mutex.Lock()
		n := times[string(body)]
		times[string(body)]++
		mutex.Unlock()
		code, after := change(string(body), n)
		switch {
		case code == 0:
			h.ServeHTTP(w, r)
			return
		case code < 0:
			panic(http.ErrAbortHandler)
		case code == 1:
			<-r.Context().Done()
			return
		}
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
	})
}

// What a case comes to depends on what was met, how often, and whether the call may have started a run.
func TestHiccups(t *testing.T) {
	all := Config{Description: description(t)}.All()
	pick := func(id string) cases.Case {
		for _, k := range all {
			if k.ID == id {
				return k
			}
		}
		t.Fatalf("no case %s", id)
		return cases.Case{}
	}
	valid, invalid, other := pick("text.Full"), pick("text.missing-text.negative"), pick("json.Full")
	always, once := 99, 1
	for _, x := range []struct {
		why      string
		k        cases.Case
		status   int
		after    string
		times    int
		verdict  string
		attempts int
		unsure   int
		reason   string
	}{
		{"turned away once", valid, 503, "", once, summary.CheckHeld, 2, 0, "answered with 503 before"},
		{"turned away once, by 429", valid, 429, "2", once, summary.CheckHeld, 2, 0, "answered with 429 before"},
		{"always turned away, by 429", valid, 429, "", always, summary.CheckInconclusive, 4, 0, "all 4 times"},
		{"always turned away, with Retry-After", valid, 503, "1", always, summary.CheckInconclusive, 4, 0, "all 4 times"},
		{"503 and nothing else is a failure", valid, 503, "", always, summary.CheckBroken, 4, 0, "failed with status 503"},
		{"longer than is waited", valid, 503, "3600", always, summary.CheckInconclusive, 1, 0, "for 1h0m0s"},
		{"500 may have started a run", valid, 500, "", once, summary.CheckBroken, 1, 1, "failed with status 500"},
		{"a gateway may have passed it on", valid, 502, "", once, summary.CheckInconclusive, 1, 1, "not sent again"},
		{"a dropped call may have started a run", valid, -1, "", once, summary.CheckInconclusive, 1, 1, "not sent again"},
		{"one that hangs may have, too", valid, 1, "", once, summary.CheckInconclusive, 1, 1, "not sent again"},
		{"500 once, to what is refused", invalid, 500, "", once, summary.CheckHeld, 2, 0, "answered with 500 before"},
		{"500 twice", invalid, 500, "", always, summary.CheckBroken, 2, 0, "failed with status 500"},
		{"a gateway, to what is refused", invalid, 504, "", once, summary.CheckHeld, 2, 0, "answered with 504 before"},
		{"a gateway each time", invalid, 504, "", always, summary.CheckBroken, 4, 0, "failed with status 504"},
		{"dropped once, to be refused", invalid, -1, "", once, summary.CheckHeld, 2, 0, "was dropped before"},
		{"dropped each time while others are answered", invalid, -1, "", always, summary.CheckBroken, 4, 0, "answers other calls"},
		{"hangs each time while others are answered", invalid, 1, "", always, summary.CheckBroken, 2, 0, "answers other calls"},
	} {
		h := status(t, func(body string, n int) (int, string) {
			if body == string(x.k.Body) && n < x.times {
				return x.status, x.after
			}
			return 0, ""
		})
		within(t, Config{Attempts: 4, Cases: []cases.Case{x.k, other}}, h, func(v summary.Verification) {
			c := v.Checks[0]
			if c.Verdict != x.verdict || max(c.Attempts, 1) != x.attempts || v.Unsure != x.unsure || !strings.Contains(c.Reason, x.reason) {
				t.Errorf("%s: %+v, %d unsure", x.why, c, v.Unsure)
			}
			if want := map[string]int{summary.CheckHeld: 0, summary.CheckBroken: 1, summary.CheckInconclusive: 3}[x.verdict]; v.Verdict.ExitCode != want {
				t.Errorf("%s: %+v", x.why, v.Verdict)
			}
		})
	}
}

// A target that chokes on one kind of case is not gone, however many of them there are, but each of them would be
// waited for; one that answers no allowed call is gone, and so is one that turns everything away. No verification
// lasts longer than it may.
func TestEnds(t *testing.T) {
	d := description(t)
	chokes := status(t, func(body string, _ int) (int, string) {
		if _, violation := d.ReadRequest([]byte(body)); violation != nil {
			return 1, ""
		}
		return 0, ""
	})
	within(t, Config{Attempts: 4, For: time.Hour}, chokes, func(v summary.Verification) {
		left, silent := 0, 0
		for _, k := range v.Checks {
			if k.Rule == summary.RuleSilent {
				left++
				if k.Verdict != summary.CheckSkipped || k.Expect != string(cases.Refused) || !strings.Contains(k.Reason, "had to be refused too") {
					t.Errorf("chokes: %+v", k)
				}
			}
			if k.Rule == "no-answer" {
				silent++
			}
		}
		told := strings.Contains(fmt.Sprint(v.Verdict.Causes), fmt.Sprintf("%d cases were not tried", left))
		if len(v.Checks) != v.Planned || v.Count(summary.CheckBroken) < mute || v.Verdict.ExitCode != 1 || left < 20 || silent > 30 || !told {
			t.Errorf("chokes: %+v, %d checks, %d left out", v.Verdict, len(v.Checks), left)
		}
		if v.DurationSeconds > 600 {
			t.Errorf("chokes: it took %v s", v.DurationSeconds)
		}
	})
	for said, x := range map[string]struct {
		status int
		bound  time.Duration
	}{"does not answer any more": {1, time.Hour}, "turns calls away": {429, time.Hour}, "the time of 3s was over": {1, 3 * time.Second}} {
		within(t, Config{Attempts: 4, For: x.bound}, status(t, func(string, int) (int, string) { return x.status, "" }), func(v summary.Verification) {
			if v.Verdict.ExitCode != 3 || len(v.Checks) > 5 || !strings.Contains(strings.ToLower(fmt.Sprint(v.Verdict.Causes)), said) {
				t.Errorf("%s: %+v, %d checks", said, v.Verdict, len(v.Checks))
			}
		})
	}
}

// Calls keep their pace, all attempts counted, and none is sent in a pause that the target asked for.
func TestPace(t *testing.T) {
	var mutex sync.Mutex
	var at []time.Time
	h := status(t, func(string, int) (int, string) {
		mutex.Lock()
		defer mutex.Unlock()
		at = append(at, time.Now())
		if len(at) == 3 {
			return 503, "7"
		}
		return 0, ""
	})
	within(t, Config{Attempts: 4, Rate: 4, Concurrency: 3}, h, func(v summary.Verification) {
		if v.Verdict.ExitCode != 0 || len(at) != v.Planned+1 {
			t.Fatalf("%+v, %d calls", v.Verdict, len(at))
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

// No more runs are started than may be, whatever the target takes, and each is told of.
func TestMaxRuns(t *testing.T) {
	for _, greedy := range []bool{false, true} {
		for _, limit := range []int{0, 1, 2, 20, 500} {
			var mutex sync.Mutex
			runs := 0
			ref := reference(t)
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				ref.ServeHTTP(rec, r)
				mutex.Lock()
				defer mutex.Unlock()
				if greedy {
					rec.Code = 202
				}
				if rec.Code/100 == 2 {
					runs++
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(rec.Code)
				_, _ = w.Write(rec.Body.Bytes())
			})
			c := Config{MaxRuns: limit, Concurrency: 7, Attempts: 2, Shrink: 30}
			c.Cases = append(Config{Description: description(t)}.All(), cases.Random(description(t), 3, 40)...)
			within(t, c, h, func(v summary.Verification) {
				if limit > 0 && runs > limit || runs != v.Accepted || v.Unsure != 0 {
					t.Errorf("greedy %v, at most %d: %d started, %d told of", greedy, limit, runs, v.Accepted)
				}
				if skipped := v.Count(summary.CheckSkipped); (limit == 1 || limit == 2 || limit == 20) != (skipped > 0) || skipped > 0 && v.Verdict.ExitCode == 0 {
					t.Errorf("greedy %v, at most %d: %d skipped, %+v", greedy, limit, skipped, v.Verdict)
				}
			})
		}
	}
}

// A breach that may not be looked at a second time is a breach, and no case that was not sent.
func TestMaxRunsHidesNoBreach(t *testing.T) {
	list := slices.DeleteFunc(Config{Description: description(t)}.All(), func(k cases.Case) bool { return k.ID != "text.missing-text.negative" })
	h := status(t, func(string, int) (int, string) { return http.StatusInternalServerError, "" })
	within(t, Config{Attempts: 4, MaxRuns: 1, Cases: list}, h, func(v summary.Verification) {
		if c := v.Checks[0]; c.Verdict != summary.CheckBroken || c.Status != http.StatusInternalServerError || v.Verdict.ExitCode != 1 {
			t.Errorf("%+v, %+v", c, v.Verdict)
		}
	})
}

// A call of which nothing can be told covers nothing of the description.
func TestTurnedAwayCoversNothing(t *testing.T) {
	list := slices.DeleteFunc(Config{Description: description(t)}.All(), func(k cases.Case) bool { return k.ID != "text.Full" })
	h := status(t, func(string, int) (int, string) { return http.StatusTooManyRequests, "" })
	within(t, Config{Attempts: 2, Cases: list}, h, func(v summary.Verification) {
		for _, p := range v.Coverage {
			if p.Kind != "status" && p.Kept+p.Broken > 0 {
				t.Errorf("%+v", p)
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": -1, "soon": -1, "-1": -1, "1.5": -1, "0": 0, " 7 ": 7 * time.Second, "99999999999999999999": 1 << 31 * time.Second,
		"Thu, 26 Nov 2026 02:00:09 GMT": 9 * time.Second, "Thu, 26 Nov 2026 01:00:00 GMT": 0,
	} {
		got, said := retryAfter(value, now)
		if !said {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}
