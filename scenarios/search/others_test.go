package search

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Where other machines send, one that is lost ends the search, and so does a target that they cannot reach. This
// machine need not reach it.
func TestOthersSend(t *testing.T) {
	nowhere := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	lost := errors.New("worker b is lost: no contact for 10s")
	for _, x := range []struct {
		name, ended, why string
		sent             bool
		err              error
	}{
		{"one is lost before", sizing.EndedShort, "A worker was lost", false, &trial.ShortError{Err: lost}},
		{"one is lost meanwhile", sizing.EndedShort, "A worker was lost", true, &trial.ShortError{Err: lost}},
		{"no way to the target", sizing.EndedUnreachable, "The target went away", false, &trial.UnreachableError{Target: nowhere, Err: errors.New("worker a: refused")}},
	} {
		c := asked(t, steady)
		real := c.Target
		c.Find, c.Need, c.Target, c.Embedded = false, 160, nowhere, false
		c.Make = func(ctx context.Context, _ <-chan struct{}, one trial.Config) (trial.Result, error) {
			if !x.sent {
				return trial.Result{}, x.err
			}
			one.Target = real
			stop, n, observe := make(chan struct{}), 0, one.Observe
			one.Observe = func(r results.Row) {
				if n++; n == 10 {
					close(stop)
				}
				observe(r)
			}
			r, err := trial.Run(ctx, stop, one)
			return r, errors.Join(err, x.err)
		}
		report, _, err := Run(t.Context(), make(chan struct{}), c)
		if err != nil || report.Run.Ended != x.ended || report.Verdict.ExitCode != 3 || report.Need.Answer != sizing.Undecided || !strings.HasPrefix(report.Run.Ending(), x.why) {
			t.Errorf("%s: it came to %+v, %+v, %v", x.name, report.Run, report.Need, err)
		}
		if x.sent && (len(report.Trials) != 1 || report.Trials[0].Outcome != sizing.Void || report.Trials[0].Reason != lost.Error() || report.Budget.SpentCalls < 10) {
			t.Errorf("%s: %+v, %+v", x.name, report.Trials, report.Budget)
		}
	}
}

// What was known before the search was cut short is told, and is no answer.
func TestCutShort(t *testing.T) {
	low, high := 40.0, 50.0
	for _, ended := range []string{sizing.EndedInterrupted, sizing.EndedUnreachable, sizing.EndedUnkept, sizing.EndedShort} {
		s := &session{report: sizing.Report{Run: sizing.Run{Ended: ended}, Acceptance: &sizing.Capacity{Kind: sizing.Interval, Rate: 45, Low: &low, High: &high, Why: "why"}}}
		if v := s.verdict(); v.ExitCode != 3 || v.Causes[0] != "The search was cut short: why." {
			t.Errorf("%s: %+v", ended, v)
		}
	}
}

// Of a trial that others were sending when the search was killed, as many calls count as they may have sent.
func TestOthersWereSending(t *testing.T) {
	c := asked(t, steady)
	c.Find, c.Need = false, 160
	var calls uint64
	c.Make = func(_ context.Context, _ <-chan struct{}, one trial.Config) (trial.Result, error) {
		calls = one.Plan.Calls
		return trial.Result{}, errors.Join(os.MkdirAll(one.Dir, 0o777), errors.New("as if it were killed"))
	}
	if _, _, err := Run(t.Context(), make(chan struct{}), c); err == nil {
		t.Fatal("it was not killed")
	}
	c.Resume = true
	c.Make = func(context.Context, <-chan struct{}, trial.Config) (trial.Result, error) {
		return trial.Result{}, &trial.ShortError{Err: errors.New("nobody is there")}
	}
	report, _, err := Run(t.Context(), make(chan struct{}), c)
	if err != nil || calls == 0 || report.Budget.SpentCalls != calls || report.Budget.SpentSeconds < 1 || len(report.Trials) != 1 || report.Trials[0].Outcome != sizing.Void {
		t.Errorf("of %d calls %+v, %+v, %v", calls, report.Budget, report.Trials, err)
	}
}

// Others take a while until they send, and stop when the time is over all the same.
func TestOthersAreLate(t *testing.T) {
	for _, late := range []bool{false, true} {
		s := begun(t, steady)
		s.report.Budget.Seconds = 0.3
		if late {
			s.report.Budget.Seconds = 0.05
		}
		said := ""
		s.Make = func(_ context.Context, _ <-chan struct{}, one trial.Config) (trial.Result, error) {
			time.Sleep(60 * time.Millisecond)
			one.Tick(10*time.Millisecond, 50, 0, 1)
			select {
			case said = <-one.Enough:
			default:
			}
			return trial.Result{}, errors.New("that is all")
		}
		w := want{Of: "soak", Scenario: s.Scenario, Seconds: 0.3}
		w.Ask.Rate = 50
		if _, err := s.trial(t.Context(), w); err == nil || (said != "") != late {
			t.Errorf("late %v: %q, %v", late, said, err)
		}
	}
}

// The calls of a trial are those of all its shards.
func TestOpened(t *testing.T) {
	s := begun(t, steady)
	w := want{Of: "soak", Scenario: s.Scenario, Seconds: 0.3}
	w.Ask.Rate = 50
	m, err := s.trial(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, shard := range []string{"s0", "s1"} {
		if err := os.CopyFS(filepath.Join(dir, shard), os.DirFS(m.Dir)); err != nil {
			t.Fatal(err)
		}
	}
	tier := s.Scenario.Labels.Classes[0].Tier
	one, err := latencies(m.Dir, tier)
	two, err2 := latencies(dir, tier)
	if err != nil || err2 != nil || len(one) == 0 || len(two) != 2*len(one) {
		t.Errorf("%d calls, and %d in two shards: %v", len(one), len(two), errors.Join(err, err2))
	}
	if _, err := opened(filepath.Join(dir, "none")); err == nil {
		t.Error("there is a run in no directory")
	}
}
