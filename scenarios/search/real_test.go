package search

import (
	"errors"
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
)

const studied = `
name: studied
load: [{rate: 100/s, for: 1s}]
mix: {tier: {Full: 1, Lite: 3}, content: [{items: [text]}]}
data: {text: {length: 10}}
provider: {latency: 1ms, executions: {workers: 4, time: 10ms}}
follow: {for: 5s}
limits: {calls: 100_000, lag: 1m}
thresholds: ['p95(latency) < 5s', 'p95(completion) < 1s']
`

// studying is a session on the embedded provider with a budget of calls.
func studying(t *testing.T, calls uint64) *session {
	s := begun(t, studied)
	s.From, s.Confidence, s.Width, s.Find, s.Arrivals = 100, 0.95, 0.1, true, scenarios.Even
	s.Calls, s.Seconds = calls, 600
	s.report.Budget = sizing.Budget{Calls: calls, Seconds: 3600}
	return s
}

// A ladder is so many trials of a closed loop of which the throughput is told; what the budget leaves out is noted.
func TestLadder(t *testing.T) {
	s := studying(t, 60)
	s.Studies.Ladder = []int{1, 2, 3}
	if err := s.studies(t.Context()); err != nil {
		t.Fatal(err)
	}
	x := s.report.Scaling
	if len(x.Levels) == 0 || x.Levels[0].Callers != 1 || x.Levels[0].Trial != 1 || x.Refused == "" || s.report.Trials[0].Callers != 1 || s.report.Trials[0].Of != "ladder" {
		t.Errorf("%+v", x)
	}
	if n := len(s.report.Notes); n != 1 || s.report.Notes[0] != "The budget was spent before the throughput by callers was known." || s.report.Budget.SpentCalls > 60 {
		t.Errorf("%q after %d calls", s.report.Notes, s.report.Budget.SpentCalls)
	}
}

// A long trial is made at a share of the capacity, if the budget has the calls for it, and executions are not followed.
func TestSoak(t *testing.T) {
	s := studying(t, 400)
	low, high := 9.0, 11.0
	s.report.Acceptance = &sizing.Capacity{Kind: sizing.Interval, Rate: 10, Low: &low, High: &high}
	if err := s.soak(t.Context(), 100); err != nil || s.report.Soak.Trial != 0 || s.report.Soak.Rate != 8 || len(s.report.Trials) != 0 {
		t.Errorf("800 calls of 400: %+v, %v", s.report.Soak, err)
	}
	if err := s.soak(t.Context(), 1.5); err != nil {
		t.Fatal(err)
	}
	x := s.report.Soak
	if x.Trial != 1 || x.Seconds < 1 || len(x.Drift) != 0 || x.Sentence == "" || s.report.Trials[0].Of != "soak" {
		t.Errorf("%+v", x)
	}
	if run, err := results.Open(s.dir + "/trials/01"); err != nil || run.Following != nil || len(run.Thresholds) != 1 {
		t.Errorf("%+v, %v", run.Manifest, err)
	}
	s.report.Acceptance = nil
	if err := s.soak(t.Context(), 1); err != nil || s.report.Soak.Trial != 0 {
		t.Errorf("of no capacity: %+v, %v", s.report.Soak, err)
	}
}

// The latencies of a tier are those of its calls, in order, without those of the warm-up.
func TestLatencies(t *testing.T) {
	s := studying(t, 400)
	mixed, err := onlyTiers(s.acceptance(), "Full", "Lite", 0.25)
	if err != nil {
		t.Fatal(err)
	}
	w := want{Of: "isolation", Scenario: mixed, Seconds: 1}
	w.Ask.Rate, w.Ask.Settle = 100, 0.3
	m, err := s.measure(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	lite, err := latencies(m.Dir, "Lite")
	full, err2 := latencies(m.Dir, "Full")
	if n := len(lite) + len(full); err != nil || err2 != nil || n < 50 || n > 101 || len(lite) < 2*len(full) || lite[0] <= 0 {
		t.Errorf("%d and %d calls of %d, %v", len(lite), len(full), m.Calls, errors.Join(err, err2))
	}
}

// Executions are followed where the completion capacity is searched for, and what the backlog did is told.
func TestCompletionTrial(t *testing.T) {
	s := studying(t, 60)
	s.From = 80
	if err := s.complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := s.report.Completion
	if c == nil || len(s.report.Trials) == 0 || s.report.Trials[0].Of != "completion" || s.report.Trials[0].Rate != 20 || len(s.report.Notes) == 0 || s.Arrivals != scenarios.Even {
		t.Errorf("%+v, %+v, %q", c, s.report.Trials, s.report.Notes)
	}
	if run, err := results.Open(s.dir + "/trials/01"); err != nil || run.Following == nil {
		t.Errorf("%v", err)
	}
}
