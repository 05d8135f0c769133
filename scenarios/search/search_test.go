package search

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// No objective of it is on times, so that a busy machine makes no difference.
const steady = `
name: steady
load: [{rate: 200/s, for: 1s}]
mix: {content: [{items: [text]}]}
provider: {latency: 1ms}
limits: {lag: 1m}
thresholds: [rate(errors) < 50%, rate(shed) < 50%]
`

// asked is what is asked of the embedded provider: up to 200/s, the highest rate that may be tried holds.
func asked(t *testing.T, text string) Config {
	t.Helper()
	c := begun(t, text).Config
	c.Dir, c.Find, c.From, c.To = filepath.Join(t.TempDir(), "search"), true, 100, 200
	c.Confidence, c.Width, c.Calls, c.Seconds = 0.95, 0.1, 20_000, 60
	return c
}

func TestRun(t *testing.T) {
	c := asked(t, steady)
	var before sizing.Report
	c.Started = func(dir string, r sizing.Report) { before = r }
	report, dir, err := Run(t.Context(), make(chan struct{}), c)
	if err != nil || dir != c.Dir {
		t.Fatalf("%q: %v", dir, err)
	}
	if before.Budget.Calls != 20_000 || before.Budget.Seconds != 60 || before.Budget.SpentCalls != 0 || len(before.Objectives) != 2 || before.Run.Arrivals != "poisson" {
		t.Errorf("before the first call it is known that %+v", before)
	}
	a := report.Acceptance
	if a == nil || a.Kind != sizing.AtLeast || a.Low == nil || *a.Low != 200 || report.Run.Ended != sizing.EndedCeiling || report.Verdict.ExitCode != 0 || !strings.Contains(a.Why, "200/s holds") {
		t.Errorf("found %+v, which ended %q: %+v", a, report.Run.Ended, report.Verdict)
	}
	kept, err := sizing.Document().Read(dir)
	if err != nil || len(kept.Trials) != len(report.Trials) || len(kept.Trials) < 2 || kept.Budget != report.Budget {
		t.Errorf("kept is %+v: %v", kept, err)
	}
	for _, x := range report.Trials {
		if _, err := summary.Read(filepath.Join(dir, filepath.FromSlash(x.Dir))); err != nil || x.Drained == nil {
			t.Errorf("trial %d: %+v, %v", x.N, x, err)
		}
	}

	// Once it has ended, going on with it sends nothing, and says the same.
	again := c
	again.Resume = true
	twice, _, err := Run(t.Context(), make(chan struct{}), again)
	if err != nil || twice.Budget != report.Budget || !reflect.DeepEqual(twice.Acceptance, report.Acceptance) || twice.Run.Ended != report.Run.Ended || len(twice.Trials) != len(report.Trials) || twice.Run.Resumed != 1 {
		t.Errorf("gone on with it says %+v: %v", twice, err)
	}

	// A trial that was killed has sent its calls, and is made again.
	path := filepath.Join(dir, recordFile)
	var r record
	if err := results.ReadJSON(path, &r); err != nil {
		t.Fatal(err)
	}
	last := r.Trials[len(r.Trials)-1]
	r.Trials, r.Going = r.Trials[:len(r.Trials)-1], &last.Shown
	if err := results.WriteJSON(path, r); err != nil {
		t.Fatal(err)
	}
	third, _, err := Run(t.Context(), make(chan struct{}), again)
	if err != nil || len(third.Trials) != len(report.Trials)+1 || third.Acceptance.Kind != sizing.AtLeast {
		t.Fatalf("gone on with after a kill it says %+v: %v", third, err)
	}
	if x := third.Trials[last.Shown.N-1]; x.Outcome != sizing.Void || x.Calls != last.Shown.Calls || x.Rate != last.Shown.Rate || x.Of != "acceptance" || third.Budget.SpentCalls != report.Budget.SpentCalls+third.Trials[last.Shown.N].Calls {
		t.Errorf("the trial that was killed is %+v, and the budget %+v, was %+v", x, third.Budget, report.Budget)
	}

	// One that was killed before its journal had begun is left where it is.
	r.Trials = r.Trials[:1]
	if err := results.WriteJSON(path, r); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "trials")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "trials", "02"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "trials", "02", "run.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	fourth, _, err := Run(t.Context(), make(chan struct{}), again)
	if err != nil || len(fourth.Trials) < 3 || fourth.Trials[1].Outcome != sizing.Void || fourth.Acceptance.Kind != sizing.AtLeast {
		t.Errorf("gone on with after an early kill it says %+v: %v", fourth, err)
	}

	// What is not the same search is not gone on with, and what differs is named.
	again.Need = 50
	if _, _, err = Run(t.Context(), make(chan struct{}), again); err == nil || !strings.Contains(err.Error(), `need was "", and is "50/s"`) {
		t.Errorf("a search goes on that was asked less: %v", err)
	}
	again.Need = 0
	again.Seed++
	again.Release = "v2"
	if _, _, err = Run(t.Context(), make(chan struct{}), again); err == nil || !strings.Contains(err.Error(), `seed was "7", and is "8"`) || !strings.Contains(err.Error(), "release") || strings.Contains(err.Error(), "target") {
		t.Errorf("another search goes on: %v", err)
	}
	again.Dir = t.TempDir()
	if _, _, err = Run(t.Context(), make(chan struct{}), again); err == nil || !strings.Contains(err.Error(), "no search's directory") {
		t.Errorf("an empty directory is gone on with: %v", err)
	}
	if _, _, err = Run(t.Context(), make(chan struct{}), c); !errors.Is(err, results.ErrNotEmpty) {
		t.Errorf("a search is written over: %v", err)
	}
}

// A search that is interrupted says so, and goes on to what it would have come to.
func TestInterrupted(t *testing.T) {
	c := asked(t, steady)
	c.Seconds = 450 // for trials of five seconds
	stop := make(chan struct{})
	stopped := false
	c.Progress = func(p sizing.Progress) {
		if p.Now != nil && p.Now.N == 2 && p.Now.Sent > 20 && !stopped {
			stopped = true
			var r record
			if err := results.ReadJSON(filepath.Join(c.Dir, recordFile), &r); err != nil || r.Going == nil || r.Going.N != 2 || r.Going.Rate != p.Now.Rate {
				t.Errorf("while trial 2 goes on, %+v is known of it: %v", r.Going, err)
			}
			close(stop)
		}
	}
	report, _, err := Run(t.Context(), stop, c)
	if err != nil || report.Run.Ended != sizing.EndedInterrupted || report.Verdict.ExitCode != 3 || len(report.Trials) != 2 || report.Trials[1].Outcome != sizing.Void || report.Trials[1].Calls == 0 {
		t.Fatalf("it came to %+v: %v", report, err)
	}
	c.Resume, c.Progress = true, nil
	// The trial that was cut short is not what the answer is made of.
	s := &session{Config: c, interrupt: make(chan struct{})}
	s.thresholds, _ = conditions(c.Scenario)
	if err := s.open(); err != nil || len(s.replay) != 1 || s.replay[0].Shown.N != 1 || s.report.Budget.SpentCalls != report.Trials[1].Calls {
		t.Errorf("what is given again is %+v: %v", s.replay, err)
	}
	_ = s.held.Close()
	whole, _, err := Run(t.Context(), make(chan struct{}), c)
	if err != nil || whole.Run.Ended != sizing.EndedCeiling || whole.Verdict.ExitCode != 0 || whole.Acceptance.Kind != sizing.AtLeast {
		t.Fatalf("it came to %+v: %v", whole, err)
	}
	// The first trial was not made again, and what the second sent is counted.
	if len(whole.Trials) < 3 || !reflect.DeepEqual(whole.Trials[0].Dir, "trials/01") || whole.Trials[1].Outcome != sizing.Void || whole.Run.Resumed != 2 || whole.Budget.SpentCalls <= report.Budget.SpentCalls {
		t.Errorf("the trials are %+v", whole.Trials)
	}
}

// A target that goes away ends the search, and says nothing of the rate.
func TestTargetGoes(t *testing.T) {
	c := asked(t, steady)
	c.Seconds = 450
	handler, err := provider.New(c.Scenario.Description(), c.Scenario.Provider)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	c.Embedded = false
	if c.Target, err = url.Parse(server.URL); err != nil {
		t.Fatal(err)
	}
	gone := false
	c.Progress = func(p sizing.Progress) {
		if p.Now != nil && p.Now.N == 2 && p.Now.Sent > 20 && !gone {
			gone = true
			// Whoever tells the progress is not to wait for it.
			time.AfterFunc(0, func() {
				server.Listener.Close()
				server.CloseClientConnections()
			})
		}
	}
	report, _, err := Run(t.Context(), make(chan struct{}), c)
	if err != nil || report.Run.Ended != sizing.EndedUnreachable || report.Verdict.ExitCode != 3 || len(report.Trials) != 2 || report.Trials[1].Outcome != sizing.Void || report.Acceptance == nil || !strings.HasPrefix(report.Verdict.Causes[0], "The search was cut short: the target went away (the last 20 calls found nobody to connect to)") {
		t.Errorf("it came to %+v: %v", report, err)
	}
	c.Dir = filepath.Join(t.TempDir(), "none")
	var unreachable *trial.UnreachableError
	if _, dir, err := Run(t.Context(), make(chan struct{}), c); !errors.As(err, &unreachable) || dir != "" {
		t.Errorf("in %q: %v", dir, err)
	}
	if _, err := os.Stat(c.Dir); err == nil {
		t.Error("a search of which nothing was sent has a directory")
	}
}

// Whether a rate is taken is answered by one trial.
func TestNeed(t *testing.T) {
	for _, x := range []struct {
		name, provider string
		answer         string
		code           int
	}{
		{"it is taken", "{latency: 1ms}", sizing.Yes, 0},
		{"it is not", "{latency: 1ms, faults: {http503: 100%}}", sizing.No, 1},
	} {
		c := asked(t, strings.Replace(steady, "{latency: 1ms}", x.provider, 1))
		c.Find, c.Need, c.Headroom = false, 160, 0.25
		report, _, err := Run(t.Context(), make(chan struct{}), c)
		// On a busy machine a trial may have to go on for longer than it may.
		for again := 0; err == nil && report.Need.Answer == sizing.Undecided && again < 3; again++ {
			c.Dir += "-again"
			report, _, err = Run(t.Context(), make(chan struct{}), c)
		}
		if err != nil {
			t.Fatal(err)
		}
		n := report.Need
		if n.Answer != x.answer || n.Tried != 200 || n.Trial != 1 || n.Error < 0.049 || n.Error > 0.051 || n.Reason == "" || report.Verdict.ExitCode != x.code || report.Run.Ended != sizing.EndedFound || len(report.Trials) != 1 || report.Acceptance != nil {
			t.Errorf("%s: %+v, %+v", x.name, n, report)
		}
	}
}

// What a budget has no room for is said before it is spent.
func TestNeedWithoutRoom(t *testing.T) {
	c := asked(t, strings.Replace(steady, "rate(errors) < 50%", "rate(errors) < 1%", 1))
	c.Find, c.Need, c.Calls = false, 200, 600
	noted := ""
	c.Started = func(_ string, r sizing.Report) { noted = strings.Join(r.Notes, " ") }
	report, _, err := Run(t.Context(), make(chan struct{}), c)
	if err != nil || report.Need.Answer != sizing.Undecided || report.Verdict.ExitCode != 3 {
		t.Errorf("it came to %+v: %v", report.Need, err)
	}
	if want := "after 1,020 calls at the least, and the budget has room for 600"; !strings.Contains(noted, want) {
		t.Errorf("expected %q before the first call, found %q", want, noted)
	}
	if want := "since it takes 1,020 at least"; !strings.Contains(report.Need.Reason, want) {
		t.Errorf("expected %q, found %q", want, report.Need.Reason)
	}
	c.Calls, c.Dir = 100, filepath.Join(t.TempDir(), "none")
	if report, _, err = Run(t.Context(), make(chan struct{}), c); err != nil || report.Budget.SpentCalls != 0 {
		t.Errorf("it came to %+v: %v", report, err)
	}
	if want := "The budget has no trial at this rate, which is one of "; !strings.HasPrefix(noted, want) || strings.Contains(noted, "may be no") {
		t.Errorf("expected %q alone before the first call, found %q", want, noted)
	}
}

// What is too little for any trial is spent before it begins, and no more than it is sent.
func TestBudget(t *testing.T) {
	c := asked(t, steady)
	c.Calls, c.To = 300, 0
	report, _, err := Run(t.Context(), make(chan struct{}), c)
	if err != nil || report.Run.Ended != sizing.EndedBudget || report.Verdict.ExitCode != 3 || report.Budget.SpentCalls > 300 || report.Budget.SpentCalls == 0 {
		t.Errorf("it came to %+v: %v", report, err)
	}
}

// A scenario without an objective sends nothing.
func TestNoConditions(t *testing.T) {
	c := asked(t, steady)
	none := []metrics.Condition{}
	for _, expr := range []string{"mean(latency) < 1s", "count(errors) < 3", "rate(shed) == 0% over 10s"} {
		parsed, err := metrics.ParseThreshold(expr)
		if err != nil {
			continue
		}
		none = append(none, metrics.Condition{Threshold: parsed})
	}
	list, left := conditions(&scenarios.Scenario{Thresholds: none, Labels: c.Scenario.Labels})
	text, _ := json.Marshal(left)
	if len(left) != len(none) || len(list) != 1 && len(list) != 2 {
		t.Errorf("%d objectives, left out are %s", len(list), text)
	}
	said := (&ConditionsError{left}).Error()
	if !strings.Contains(said, "thresholds: [p99(latency) < 1s]") || !strings.Contains(said, "mean(latency) < 1s: ") {
		t.Errorf("said is %s", said)
	}
}

// Where a larger share was over in one tier than elsewhere, it is named.
func TestWhere(t *testing.T) {
	s := begun(t, `
name: apart
load: [{rate: 50/s, for: 1s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
provider: {latency: {Full: 2s, Lite: 1ms}}
limits: {lag: 1m}
thresholds: [p95(latency) < 1500ms]
`)
	m, err := s.trial(t.Context(), want{Of: "need", Scenario: s.Scenario, Ask: capacity.Ask{Rate: 100}, Seconds: 1})
	if err != nil {
		t.Fatal(err)
	}
	tier, class := s.where(m, held(s.thresholds, s.Scenario.Labels)[0])
	if tier != "Full" || class != "" {
		t.Errorf("it was in the tier %q, the class %q", tier, class)
	}
}

func TestApart(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups map[string]counted
		want   string
	}{
		{"one is far above", map[string]counted{"a": {1000, 100}, "b": {1000, 10}}, "a"},
		{"all alike", map[string]counted{"a": {1000, 50}, "b": {1000, 52}}, ""},
		{"by chance alone", map[string]counted{"a": {40, 4}, "b": {1000, 50}}, ""},
		{"too few to tell", map[string]counted{"a": {10, 10}, "b": {1000, 0}}, ""},
		{"there is no other", map[string]counted{"a": {1000, 500}}, ""},
		{"none over", map[string]counted{"a": {1000, 0}, "b": {1000, 0}}, ""},
	} {
		all := counted{}
		for _, g := range c.groups {
			all.n, all.over = all.n+g.n, all.over+g.over
		}
		if got := apart(c.groups, all); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What broke first is told by the lowest trial that was broken, and the highest below it that held.
func TestBroke(t *testing.T) {
	s := begun(t, quick)
	list := held(s.thresholds, s.Scenario.Labels)
	one := func(n int, rate float64, o capacity.Outcome, over uint64, wait float64, status map[string]uint64) made {
		counts := make([]capacity.Count, len(list))
		counts[2] = capacity.Count{Calls: 1000, Over: over, Inflation: 1}
		m := made{Trial: capacity.Trial{Ask: capacity.Ask{Rate: rate}, Outcome: o, Objective: -1, Counts: counts}, Shown: sizing.Trial{N: n}}
		if o == capacity.Broken {
			m.Objective = 2
		}
		m.Summary.Total.Sent, m.Summary.Total.Status = 1000, status
		m.Summary.Parts.Wait.P95 = &wait
		return m
	}
	f := found{Conditions: list, Trials: []made{
		one(1, 50, capacity.Holds, 0, 0.1, map[string]uint64{"200": 1000}),
		one(2, 100, capacity.Broken, 300, 0.5, map[string]uint64{"200": 700, "503": 280, "500": 20}),
		one(3, 200, capacity.Broken, 900, 0.9, nil),
		one(4, 70, capacity.Holds, 1, 0.2, map[string]uint64{"200": 999, "500": 1}),
	}}
	b := s.broke(f)
	if b == nil || b.Held != 4 || b.Failed != 2 || b.Objective != 2 || b.HeldShare != 0.001 || b.FailedShare != 0.3 || b.Phase != "wait" || b.PhaseSeconds < 0.299 || b.PhaseSeconds > 0.301 || b.Status != "503" || b.StatusShare != 0.28 {
		t.Errorf("it is %+v", b)
	}
	if want := "At 100/s 30.0 % of the calls were over rate(errors) < 1%, at 70/s 0.10 %. What grew most was the wait for the first byte of the answer: its p95 by 300 ms. Status 503 came anew, in 28.0 % of the calls."; b == nil || b.Sentence != want {
		t.Errorf("it says %q", b.Sentence)
	}
	if s.broke(found{Conditions: list, Trials: f.Trials[:1]}) != nil {
		t.Error("something broke that held")
	}
}

// Something begins between the highest rate below without it, and the lowest with it.
func TestOnset(t *testing.T) {
	trials := []sizing.Trial{
		{Of: "acceptance", Rate: 50, Calls: 100}, {Of: "acceptance", Rate: 100, Calls: 200, Violations: 0.1, Rules: map[string]uint64{"schema": 3, "status": 1}},
		{Of: "acceptance", Rate: 80, Calls: 300}, {Of: "onset", Rate: 80, Calls: 50}, {Of: "acceptance", Rate: 90, Calls: 10, Violations: 0.01, Rules: map[string]uint64{"status": 4}},
		{Of: "acceptance", Rate: 95, Calls: 900}, {Of: "acceptance", Rate: 20, Calls: 90, Violations: 0.5, Outcome: sizing.Void}, {Of: "mix", Rate: 10, Calls: 9, Violations: 1}, {Of: "ladder", Callers: 5, Calls: 9, Violations: 1},
	}
	s := &session{report: sizing.Report{Trials: trials}}
	list := s.onsets()
	if len(list) != 1 || list[0].What != "contract" || list[0].Rule != "status" || *list[0].Low != 80 || *list[0].High != 90 || list[0].Clean != 350 || list[0].Share != 0.01 {
		t.Errorf("found %+v", list)
	}
	s.report.Trials = trials[1:2]
	if list = s.onsets(); len(list) != 1 || list[0].Low != nil || *list[0].High != 100 {
		t.Errorf("with nothing below, found %+v", list)
	}
}

// A budget in which no trial has room is told as such, and nothing is sent.
func TestNoRoom(t *testing.T) {
	c := asked(t, strings.Replace(steady, "rate(errors) < 50%", "p95(latency) < 30s", 1))
	report, _, err := Run(t.Context(), make(chan struct{}), c)
	if err != nil || report.Budget.SpentCalls != 0 || len(report.Trials) != 0 || report.Verdict.ExitCode != 3 || !strings.Contains(report.Acceptance.Why, "no room for a single trial at 100/s, in which it takes up to 30.0 s to know") {
		t.Errorf("%+v, %+v: %v", report.Acceptance, report.Verdict, err)
	}
}
