package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
)

func watching(t testing.TB, yaml string) (*watch, *bytes.Buffer) {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("test.yaml", []byte(yaml), d, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	return &watch{c: &command{stderr: &stderr}, plan: plan, target: "http://127.0.0.1:1"}, &stderr
}

const twoPhases = `
name: two
load: [{warmup: true, rate: 50/s, for: 3s}, {rate: 200/s, for: 20s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
`

// What is shown is what was sent lately, whether or not it has come back, held against what was asked for meanwhile.
func TestWatchRates(t *testing.T) {
	w, stderr := watching(t, twoPhases)
	a := metrics.New(w.plan.Labels, w.plan.Planned)
	n := uint64(0)
	row := func(r results.Row) {
		r.N, r.Phase, r.Class, r.Due = uint32(n), uint8(w.plan.Phase(n)), uint16(w.plan.Class(n)), w.plan.Due(n)
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
		n++
	}
	for range 100 {
		row(results.Row{Status: 200, Service: 0.01})
	}
	row(results.Row{Status: 500, Error: results.Status5xx, Rule: 1})
	// 101 have come back after 5 s, and 449 are on their way: 550 in 5 s, where (3 × 50 + 2 × 200) / 5 were asked for.
	w.tick(5*time.Second, a, 449)
	if line := stderr.String(); !strings.Contains(line, "110/s of 110/s · 449 in flight") || !strings.Contains(line, "1 error · 1 violation") {
		t.Errorf("%q", line)
	}
	w.tick(6*time.Second, a, 649)
	if strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("a line too many: %q", stderr.String())
	}
	p := w.progress(6*time.Second, 649)
	w.lately(&p, 6*time.Second, a)
	if p.Achieved != 200 || math.Abs(p.Asked-200) > 1e-9 || p.Done != 101 || p.PhaseNumber != 2 || p.Phases != 2 {
		t.Errorf("%+v", p)
	}
	// Too short a time tells no new rate.
	again := w.progress(6100*time.Millisecond, 0)
	w.lately(&again, 6100*time.Millisecond, a)
	if again.Achieved != 200 {
		t.Errorf("%v/s", again.Achieved)
	}
	w.details(&p, 6*time.Second, a)
	w.details(&again, 9*time.Second, a)
	if len(again.Tiers) != 0 || again.Kinds[0] != (summary.Tally{Name: "http-5xx", Count: 1, First: 6 * time.Second}) || again.Statuses[0].Name != "200" {
		t.Errorf("%+v", again)
	}
}

// What was handed out is not written to again, and is bounded.
func TestWatchRemembers(t *testing.T) {
	w, _ := watching(t, twoPhases)
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
func BenchmarkWatch(b *testing.B) {
	w, _ := watching(b, `
load: [{steps: {from: 100/s, to: 1000/s, by: 50/s}, for: 3m}]
mix: {tier: {Full: 1, Lite: 1, default: 1}, content: [{items: [text]}, {items: [text, file]}, {items: [file]}, {items: [json]}, {items: [skill]}, {items: []}], invalid: 1%}
`)
	a := metrics.New(w.plan.Labels, w.plan.Planned)
	for n := range w.plan.Calls {
		if err := a.Add(results.Row{N: uint32(n), Phase: uint8(w.plan.Phase(n)), Class: uint16(w.plan.Class(n)), Due: w.plan.Due(n), Status: 200, Service: float32(n%997)/3000 + 0.001}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		p := w.progress(100*time.Second, 10)
		w.lately(&p, 100*time.Second, a)
		w.details(&p, 100*time.Second, a)
	}
}
