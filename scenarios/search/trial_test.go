package search

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

const quick = `
name: quick
load: [{rate: 50/s, for: 1s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}], invalid: 10%}
provider: {latency: 1ms}
limits: {calls: 50, lag: 1m}
thresholds:
  - p95(latency) < 5s
  - p95(latency){tier=Lite} < 5s
  - mean(latency) < 5s
  - p95(latency){phase=constant} < 5s
  - rate(errors) <= 2 × baseline
`

// begun is a session on the embedded provider, as a scenario has it.
func begun(t testing.TB, text string) *session {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("scenario.yaml", []byte(text), d, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	target, stop, err := trial.Embedded(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	session := &session{
		Config: Config{Scenario: s, Target: target, Embedded: true, Seed: 7, Arrivals: scenarios.Poisson},
		dir:    t.TempDir(), began: time.Now(), interrupt: make(chan struct{}),
	}
	session.thresholds, session.report.LeftOut = conditions(s)
	session.report.Budget = sizing.Budget{Calls: 500, Seconds: 20, Price: 0.5}
	return session
}

// A trial is a run directory of its own, and what came of it is in the report and in the budget.
func TestTrial(t *testing.T) {
	s := begun(t, quick)
	var told []sizing.Progress
	s.Progress = func(p sizing.Progress) { told = append(told, p) }
	want := want{Of: "acceptance", Scenario: s.Scenario, Ask: capacity.Ask{Rate: 100, Settle: 0.2}, Seconds: 0.8}
	m, err := s.trial(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if m.Calls < 50 || m.Calls > 160 || m.Shown.Calls != m.Calls || m.Outcome != capacity.Undecided || m.Ended != "" || m.Started == 0 || m.Started >= m.Calls {
		t.Errorf("it came to %+v", m)
	}
	x := m.Shown
	if x.N != 1 || x.Dir != "trials/01" || x.Of != "acceptance" || x.Settled != 0.2 || x.Accepted > x.Answered || x.P50 == nil || x.Drained == nil || len(x.Shares) != 4 {
		t.Errorf("it is shown as %+v", x)
	}
	run, err := results.Open(filepath.Join(s.dir, "trials", "01"))
	if err != nil || run.Labels.Phases[0].Name != "settle" || !run.Labels.Phases[0].Warmup || run.Seed != s.seed(1) || len(run.Thresholds) != 3 {
		t.Errorf("the run is %+v: %v", run, err)
	}
	if b := s.report.Budget; b.SpentCalls != m.Calls || b.SpentTrials != 1 || b.SpentCost != float64(m.Calls)/2 || b.SpentSeconds < 1 || b.Started != m.Started {
		t.Errorf("the budget is %+v", b)
	}
	last := told[len(told)-1]
	if last.Now != nil || len(last.Trials) != 1 || last.Target == "" || told[0].Now == nil || told[0].Now.N != 1 || told[0].Now.Most != time.Second {
		t.Errorf("the progress was %+v, at last %+v", told[0], last)
	}

	// Another one has other chances, the same again has the same.
	a, err := s.plan(want, 1)
	b, err2 := s.plan(want, 2)
	again, err3 := s.plan(want, 1)
	if err := errors.Join(err, err2, err3); err != nil || a.Due(5) == b.Due(5) || a.Due(5) != again.Due(5) {
		t.Errorf("the fifth calls are due at %s, %s and %s: %v", a.Due(5), b.Due(5), again.Due(5), err)
	}
}

// What thresholds make no objective is left out, with the reason; what holds unwritten is in.
func TestConditions(t *testing.T) {
	s := begun(t, quick)
	var exprs []string
	for _, c := range s.thresholds {
		exprs = append(exprs, c.Expr())
	}
	if len(exprs) != 4 || exprs[2] != "rate(errors) < 1%" || exprs[3] != "rate(shed) < 1%" {
		t.Errorf("the objectives are %q", exprs)
	}
	if left := s.report.LeftOut; len(left) != 3 || !strings.Contains(left[2].Why, "it is of a baseline") || left[0].Expr != "mean(latency) < 5s" || left[1].Expr != "p95(latency){phase=constant} < 5s" || left[0].Why == "" {
		t.Errorf("left out are %+v", left)
	}
}

// Rates are of what happened in the time, whenever it began.
func TestRates(t *testing.T) {
	w := newWatched(nil, nil)
	// One call every 50 ms, each of 200 ms: four are in flight.
	for n := range 200 {
		r := results.Row{N: uint32(n), Due: time.Duration(n) * 50 * time.Millisecond, Lag: 0.01, Service: 0.2, Status: 200}
		if n%4 == 0 {
			r.Status, r.Error = 500, results.Status5xx
		}
		w.add(r)
	}
	answered, accepted, good, inFlight := w.rates(2, 8)
	if answered != 20 || accepted != 15 || good != 15 || math.Abs(inFlight-4) > 1e-6 {
		t.Errorf("found %g, %g and %g a second, %g in flight", answered, accepted, good, inFlight)
	}
	if a, _, _, f := w.rates(3, 3); a != 0 || f != 0 {
		t.Errorf("in no time %g a second, %g in flight", a, f)
	}
	// What has not left by the end is not known from then on.
	w.add(results.Row{N: 900, Due: 9 * time.Second, Lag: 1, Error: results.Unsent})
	w.add(results.Row{N: 901, Due: 9500 * time.Millisecond, Lag: 0.5, Error: results.Unsent})
	if w.known != 9 {
		t.Errorf("it is known up to %g s", w.known)
	}
}

// No plan has more calls or seconds than are left, whatever is asked for.
func TestPlansKeepTheBudget(t *testing.T) {
	s := begun(t, quick)
	for _, c := range []struct {
		name  string
		spent sizing.Budget
		want  want
		calls uint64 // at most
		fails bool
	}{
		{"all that is left", sizing.Budget{}, want{Ask: capacity.Ask{Rate: 1000, Settle: 0.1, Most: 10}}, 500, false},
		{"what was asked for", sizing.Budget{}, want{Ask: capacity.Ask{Rate: 1000, Settle: 0.1, Most: 10, Calls: 300}}, 300, false},
		{"a rest of calls", sizing.Budget{SpentCalls: 400}, want{Ask: capacity.Ask{Rate: 1000, Most: 10}}, 100, false},
		{"a rest of seconds", sizing.Budget{SpentSeconds: 19}, want{Ask: capacity.Ask{Rate: 100, Most: 10}}, 160, false},
		{"a closed loop", sizing.Budget{SpentCalls: 480}, want{Callers: 2, Seconds: 3}, 20, false},
		{"no calls", sizing.Budget{SpentCalls: 500}, want{Ask: capacity.Ask{Rate: 100, Most: 10}}, 0, true},
		{"no time", sizing.Budget{SpentSeconds: 20}, want{Ask: capacity.Ask{Rate: 100, Most: 10}}, 0, true},
		{"no time beyond the settling", sizing.Budget{SpentSeconds: 19}, want{Ask: capacity.Ask{Rate: 100, Settle: 2, Most: 10}}, 0, true},
		{"more was spent than there was", sizing.Budget{SpentCalls: 501, SpentSeconds: 21}, want{Ask: capacity.Ask{Rate: 100, Most: 10}}, 0, true},
	} {
		s.report.Budget.SpentCalls, s.report.Budget.SpentSeconds = c.spent.SpentCalls, c.spent.SpentSeconds
		c.want.Scenario = s.Scenario
		for n := range 30 {
			p, err := s.plan(c.want, n)
			if c.fails != errors.Is(err, errSpent) || !c.fails && err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if err == nil && (p.MaxCalls() > c.calls || p.Seconds > 20-c.spent.SpentSeconds+0.001) {
				t.Fatalf("%s: %d calls in %g s", c.name, p.MaxCalls(), p.Seconds)
			}
		}
	}
}

// What was made before was sent, whether or not it is asked for again.
func TestPlansLeaveWhatWasSentBefore(t *testing.T) {
	s := begun(t, quick)
	s.replay = []kept{{Shown: sizing.Trial{Of: "soak", Calls: 400}, Took: 19.5}}
	p, err := s.plan(want{Scenario: s.Scenario, Ask: capacity.Ask{Rate: 100, Most: 10}}, 1)
	if err != nil || p.MaxCalls() > 100 || p.Seconds > 0.501 {
		t.Fatalf("planned is %+v: %v", p, err)
	}
	s.conclude()
	if b := s.report.Budget; b.SpentCalls != 400 || b.SpentSeconds != 19.5 {
		t.Errorf("spent is %+v", b)
	}
}

// However many calls there may be, no more are planned than a plan is laid for.
func TestPlansAreLaid(t *testing.T) {
	s := begun(t, quick)
	s.report.Budget.Calls = 1e9
	if p, err := s.plan(want{Scenario: s.Scenario, Ask: capacity.Ask{Rate: 1e6, Most: 10}}, 1); err != nil || p.MaxCalls() > maxCalls {
		t.Fatal(err)
	}
}

// What hangs on the capacity is measured again where the capacity is another one by now.
func TestKnownAtItsRate(t *testing.T) {
	s := begun(t, quick)
	s.replay = []kept{{Shown: sizing.Trial{N: 1, Of: "soak", Rate: 80}}}
	if _, known := s.known(want{Of: "soak", Seconds: 10, Ask: capacity.Ask{Rate: 90}}); known {
		t.Error("what was measured at 80/s is told of 90/s")
	}
	if m, known := s.known(want{Of: "soak", Seconds: 10, Ask: capacity.Ask{Rate: 80.1}}); !known || m.Shown.N != 1 {
		t.Error("what was measured is made again")
	}
}

// A trial that is interrupted says nothing, and ends the search.
func TestInterruptedTrial(t *testing.T) {
	s := begun(t, quick)
	stop := make(chan struct{})
	s.interrupt = stop
	s.Progress = func(p sizing.Progress) {
		if p.Now != nil && p.Now.Sent > 0 && !p.Stopping {
			close(stop)
		}
	}
	m, err := s.trial(context.Background(), want{Of: "need", Scenario: s.Scenario, Ask: capacity.Ask{Rate: 20, Most: 19}})
	if err != nil || m.Outcome != capacity.Void || m.Shown.Outcome != sizing.Void || m.Ended != sizing.EndedInterrupted || m.Calls == 0 {
		t.Errorf("it came to %+v: %v", m, err)
	}
}

// Of a budget that has no bound for one of the two, that one is not told.
func TestLeftover(t *testing.T) {
	for want, l := range map[string]leftover{
		"1 call and 2.00 s": {1, 2}, "2.00 s": {math.MaxUint64, 2}, "1,500 calls": {1500, math.Inf(1)},
	} {
		if l.String() != want {
			t.Errorf("%s, want %s", l, want)
		}
	}
}
