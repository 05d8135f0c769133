package fleet

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/paired"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

const inTurn = `
name: in-turn
load: [{rate: 60/s, for: 2s}]
mix: {content: [{items: [text]}]}
thresholds: [{expr: rate(errors) < 5%, abort: true, after: 500ms}]
`

// second is another provider, which takes so long and answers a token of its own, and counts its calls.
func (s *stage) second(latency time.Duration, token string, calls *atomic.Int64) *url.URL {
	s.t.Helper()
	h, err := provider.New(s.plan.Description(), provider.Config{Seed: 2})
	if err != nil {
		s.t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		time.Sleep(latency)
		if got := r.Header.Get("Authorization"); got != token {
			s.t.Errorf("the second target was sent %q, want %q", got, token)
		}
		h.ServeHTTP(w, r)
	}))
	s.t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// abba meets the second target in the second and the third of every four slices of 100 ms.
var abba = trial.Against{SliceSeconds: 0.1, Takes: trial.Turns(strings.Repeat("abba", 200), 0.1)}

// own gives a worker a token for each target, by what the job says of it.
func own(w *Worker) {
	w.Prepare = func(asked credentials.Asked, _ *url.URL) (trial.Config, error) {
		set := new(credentials.Set)
		if asked.Bearer != "" {
			set = credentials.Bearer(asked.Bearer)
		}
		return trial.Config{Credentials: set}, nil
	}
}

// Workers of a crew meet two targets by one schedule. Both come home from each, are two runs as any others, and are
// what was told; each target is sent what is meant for it, and by all workers in the same slice. What one of them
// breaks ends both, and is its fault alone.
func TestCrewPair(t *testing.T) {
	t.Parallel()
	s := newStage(t, inTurn)
	s.hub.Stop()
	s.times = quickly
	var calls atomic.Int64
	with := Against{Against: abba, Carried: credentials.Asked{Bearer: "theirs"}}
	with.Target, with.Release = s.second(time.Millisecond, "Bearer theirs", &calls), "r2"
	var a, b <-chan error
	c := s.crew(2, func() { a, b = s.worker(t.Context(), "a", own), s.worker(t.Context(), "b", own) })

	told := map[bool]uint64{}
	one := s.trial("one")
	one.Observe = func(r results.Row) { told[with.Takes(r.Due)]++ }
	x, y, err := c.RunPair(t.Context(), nil, one, credentials.Asked{}, with)
	if err != nil {
		t.Fatal(err)
	}
	if s.tokens.Load() != 0 || uint64(s.calls.Load()+calls.Load()) != s.plan.Calls || told[false] != uint64(s.calls.Load()) || told[true] != uint64(calls.Load()) {
		t.Errorf("%d and %d calls, %v told, of %d, %d with a token", s.calls.Load(), calls.Load(), told, s.plan.Calls, s.tokens.Load())
	}
	for i, r := range []trial.Result{x, y} {
		side := "ab"[i : i+1]
		n := 0
		for _, row := range s.rows(filepath.Join(s.dir, "one", side), 2) {
			if n++; with.Takes(row.Due) != (i == 1) {
				t.Errorf("call %d, due at %s, is of side %s", row.N, row.Due, side)
			}
		}
		m := r.Run.Manifest
		if uint64(n) != told[i == 1] || m.Paired == nil || m.Paired.Side != side || m.Paired.Order != "abbaabbaabbaabbaabba" || m.Release != []string{"", "r2"}[i] {
			t.Errorf("side %s: %d calls of %d, %+v", side, n, told[i == 1], m)
		}
		if rate := *r.Summary.Total.Rate.Planned; rate < 59 || rate > 61 || r.Summary.Run.End.Reason != results.Finished {
			t.Errorf("side %s was asked for %v/s while it was its turn, and ended with %+v", side, rate, r.Summary.Run.End)
		}
		if kept, err := summary.Read(filepath.Join(s.dir, "one", side)); err != nil || kept.Total.Sent != uint64(n) {
			t.Errorf("kept is %+v, %v", kept.Total, err)
		}
	}

	// The first answers with errors alone, which ends the trial, and is not held against the second.
	s.respond.Store(&failing)
	x, y, err = c.RunPair(t.Context(), nil, s.trial("two"), credentials.Asked{}, with)
	if first, other := x.Summary.Run.End, y.Summary.Run.End; err != nil || first.Reason != results.Aborted || other.Reason != results.Enough || !strings.Contains(other.Detail, "the other target ended it") {
		t.Errorf("%v, %+v, %+v", err, first, other)
	}
	// One that is not there is named, and nothing is sent.
	before := s.calls.Load()
	with.Target = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	_, _, err = c.RunPair(t.Context(), nil, s.trial("three"), credentials.Asked{}, with)
	var none *trial.UnreachableError
	if !errors.As(err, &none) || none.Target.Host != "127.0.0.1:1" || s.calls.Load() != before {
		t.Errorf("%v", err)
	}
	c.Close()
	<-a
	<-b
}

var failing http.HandlerFunc = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// Where one machine may not send to the second target, it says so, and no call is sent.
func TestPairHosts(t *testing.T) {
	s := newStage(t, inTurn)
	j := jobOf(s.trial("x"), "run", 1, credentials.Asked{}, &Against{Against: elsewhere(t)})
	if _, err := j.permits(s.plan, []string{"127.0.0.1"}); err != nil {
		t.Error(err)
	}
	if _, err := j.other().permits(s.plan, []string{"127.0.0.1"}); err == nil || !strings.Contains(err.Error(), "elsewhere.example.com, where this worker may not send") {
		t.Error(err)
	}
	for _, wrong := range []second{{Order: "", SliceSeconds: 1}, {Order: "abc", SliceSeconds: 1}, {Order: "ab", SliceSeconds: 0}, {Order: "ab", SliceSeconds: 1e9}} {
		if err := wrong.turns(); err == nil || !strings.Contains(err.Error(), "/against") {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

func elsewhere(t *testing.T) trial.Against {
	with, err := abba, error(nil)
	if with.Target, err = url.Parse("https://elsewhere.example.com"); err != nil {
		t.Fatal(err)
	}
	return with
}

const forLong = `
name: for-long
load: [{rate: 40/s, for: 46s}]
mix: {content: [{items: [text]}]}
limits: {lag: 10s}
provider: {latency: 15ms}
`

// pair compares two targets by two workers that join one run; kill, if not nil, ends one of them after so long.
func (s *stage) pair(c paired.Config, kill time.Duration) (compare.Report, error) {
	s.hub.Stop()
	ctx, end := context.WithCancel(s.t.Context())
	defer end()
	var workers []<-chan error
	c.Config = s.trial("run")
	c.Make = func(ctxRun context.Context, interrupt <-chan struct{}, t trial.Config, with trial.Against) (a, b trial.Result, err error) {
		return RunPair(ctxRun, interrupt, Config{
			Trial: t, Workers: 2, Listen: "127.0.0.1:0", Identity: s.id, Times: s.times, Against: &Against{Against: with},
			Joined: func(_ string, join hub.Join) error {
				s.addr = join.Address
				workers = append(workers, s.worker(ctx, "a"), s.worker(s.t.Context(), "b"))
				return nil
			},
			Say: func(said string) {
				s.say("coordinator: %s", said)
				if kill > 0 && strings.Contains(said, "are armed") {
					time.AfterFunc(kill, end)
				}
			},
		})
	}
	r, _, err := paired.Run(s.t.Context(), nil, c)
	for _, w := range workers {
		if wrong := <-w; wrong != nil && kill == 0 {
			s.t.Error(wrong)
		}
	}
	return r, err
}

// A second target that is slower is found to be, before the load is over, by the calls of all workers; one that is the
// first again is not; and once a worker is lost there is no verdict.
func TestPairedFleet(t *testing.T) {
	t.Parallel()
	tolerances, err := compare.ParseTolerances("p50=40%,p99=900%,errors=20pp")
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		latency, kill time.Duration
		control       bool
		code          int
	}{"slower": {latency: 40 * time.Millisecond, code: 1}, "alike": {latency: 15 * time.Millisecond, control: true}, "lost": {latency: 15 * time.Millisecond, kill: 4 * time.Second, code: 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, forLong)
			s.times = quickly
			var calls atomic.Int64
			r, err := s.pair(paired.Config{Against: s.second(x.latency, "", &calls), Control: x.control, Tolerances: tolerances}, x.kill)
			var short *trial.ShortError
			if errors.As(err, &short) != (x.kill > 0) || x.kill == 0 && err != nil {
				t.Errorf("it ended with %v", err)
			}
			// A machine that is busy otherwise says so itself.
			busy := strings.Contains(strings.Join(r.Verdict.Causes, " "), "held up where they were sent from")
			if r.Verdict.ExitCode != x.code && !busy {
				t.Errorf("%+v, %s", r.Verdict, r.Paired.Ended)
			}
			if x.code == 1 && (r.Paired.Pairs < 10 || r.Paired.Ended == "the plan was over") {
				t.Errorf("it ended after %d pairs: %s", r.Paired.Pairs, r.Paired.Ended)
			}
			if found := r.Count(compare.Regression) > 0; found != (x.code == 1) {
				t.Errorf("found: %v, %s", found, r.Headline())
			}
		})
	}
}
