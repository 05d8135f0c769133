package trial

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
)

// loaded is the description, which no test changes.
var loaded = sync.OnceValues(func() (*contracts.Description, error) { return contracts.Load("openapi.yaml", andon.Spec) })

func planned(t testing.TB, yaml string) *scenarios.Plan {
	t.Helper()
	d, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("test.yaml", []byte(yaml), d, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const twoPhases = `
name: two
load: [{warmup: true, rate: 50/s, for: 3s}, {rate: 200/s, for: 20s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
`

// What is told is what was sent lately, whether or not it has come back, held against what was asked for meanwhile.
func TestProgressRates(t *testing.T) {
	plan := planned(t, twoPhases)
	w := tracker{plan: plan, target: "http://127.0.0.1:1"}
	a := metrics.New(plan.Labels, plan.Planned, metrics.Tolerance)
	n := uint64(0)
	row := func(r results.Row) {
		r.N, r.Phase, r.Class, r.Due = uint32(n), uint8(plan.Phase(n)), uint16(plan.Class(n)), plan.Due(n)
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
		n++
	}
	for range 100 {
		row(results.Row{Status: 200, Service: 0.01})
	}
	row(results.Row{Status: 500, Error: results.Status5xx, Rule: 1})
	if p := w.planned(0, 0); p.Phase != "warmup" || !p.Warmup || p.PhaseNumber != 1 || p.Phases != 2 || p.Asked != 50 || p.Total != 23*time.Second || p.Target != w.target {
		t.Errorf("before the first call: %+v", p)
	}
	// 101 have come back after 5 s, and 449 are on their way: 550 in 5 s, where (3 × 50 + 2 × 200) / 5 were asked for.
	p := w.progress(5*time.Second, a, 449)
	if p.Achieved != 110 || math.Abs(p.Asked-110) > 1e-9 || p.Done != 101 || p.Errors != 1 || p.Violations != 1 || p.InFlight != 449 || p.PhaseNumber != 2 || len(p.Past) != 1 {
		t.Errorf("%+v", p)
	}
	if p.Kinds[0] != (summary.Tally{Name: "http-5xx", Count: 1, First: 5 * time.Second}) || p.Statuses[0].Name != "200" {
		t.Errorf("%+v", p)
	}
	p = w.progress(6*time.Second, a, 649)
	if p.Achieved != 200 || math.Abs(p.Asked-200) > 1e-9 || len(p.Past) != 2 {
		t.Errorf("%+v", p)
	}
	// Too short a time tells no new rate. What was seen first was seen first.
	p = w.progress(6100*time.Millisecond, a, 0)
	if p.Achieved != 200 || len(p.Tiers) != 0 || p.Kinds[0].First != 5*time.Second {
		t.Errorf("%+v", p)
	}
}

// Of a slow rate a whole number of calls comes due in each while, and as many are asked for.
func TestProgressBelowOneCallASecond(t *testing.T) {
	plan := planned(t, "name: slow\nload: [{rate: 0.5/s, for: 60s}]\nmix: {content: [{items: [text]}]}\n")
	w := tracker{plan: plan}
	a := metrics.New(plan.Labels, plan.Planned, metrics.Tolerance)
	if p := w.progress(5*time.Second, a, 3); p.Achieved != 0.6 || p.Asked != 0.6 {
		t.Errorf("after 5 s: %v/s of %v/s", p.Achieved, p.Asked)
	}
	if p := w.progress(10*time.Second, a, 5); p.Achieved != 0.4 || p.Asked != 0.4 {
		t.Errorf("5 s later: %v/s of %v/s", p.Achieved, p.Asked)
	}
}

// What is told every so often is not told between, and a late moment does not move the others.
func TestProgressIsToldEverySoOften(t *testing.T) {
	for _, c := range []struct {
		every time.Duration
		want  int
	}{{0, 12}, {time.Second, 12}, {5 * time.Second, 2}, {3 * time.Second, 4}} {
		var w tracker
		told := 0
		for i := range 12 {
			if w.isTime(time.Duration(i+1)*time.Second+time.Duration(i%2)*30*time.Millisecond, c.every) {
				told++
			}
		}
		if told != c.want {
			t.Errorf("every %s: told %d times in 12 s, want %d", c.every, told, c.want)
		}
	}
}

// What was handed out is not written to again, and is bounded.
func TestProgressRemembers(t *testing.T) {
	var w tracker
	var early []summary.Moment
	for i := range 5 * kept {
		w.remember(summary.Moment{Achieved: float64(i)})
		if i == kept+7 {
			early = w.past
		}
		if len(w.past) > 2*kept || w.past[len(w.past)-1].Achieved != float64(i) {
			t.Fatalf("%d moments after %d", len(w.past), i)
		}
	}
	for i, m := range early {
		if m.Achieved != float64(i) {
			t.Fatalf("moment %d is now %v", i, m.Achieved)
		}
	}
}

// What a second of watching costs, in a run of many classes.
func BenchmarkProgress(b *testing.B) {
	plan := planned(b, `
load: [{steps: {from: 100/s, to: 1000/s, by: 50/s}, for: 3m}]
mix: {tier: {Full: 1, Lite: 1, default: 1}, content: [{items: [text]}, {items: [text, file]}, {items: [file]}, {items: [json]}, {items: [skill]}, {items: []}], invalid: 1%}
`)
	w := tracker{plan: plan}
	a := metrics.New(plan.Labels, plan.Planned, metrics.Tolerance)
	for n := range plan.Calls {
		if err := a.Add(results.Row{N: uint32(n), Phase: uint8(plan.Phase(n)), Class: uint16(plan.Class(n)), Due: plan.Due(n), Status: 200, Service: float32(n%997)/3000 + 0.001}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		w.progress(100*time.Second, a, 10)
	}
}
