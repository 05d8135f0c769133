package metrics

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// climbing are calls whose rate is asked for at each moment of so many seconds; change says what came of one by its
// moment and the rate then.
func climbing(seconds float64, rate func(t float64) float64, change func(t, rate float64, r *results.Row)) (rows []results.Row) {
	due := 0.0
	const step = 1e-4
	for i := range int(seconds / step) {
		t := float64(i) * step
		for due += rate(t) * step; due >= 1; due-- {
			r := results.Row{N: uint32(len(rows)), Due: time.Duration(t * 1e9), Service: 0.01, Status: 200}
			change(t, rate(t), &r)
			rows = append(rows, r)
		}
	}
	return rows
}

func TestBroke(t *testing.T) {
	ramp := func(t float64) float64 { return 100 + 10*t } // to 500/s in 40 s
	sine := func(t float64) float64 { return 300 - 200*math.Sin(2*math.Pi*t/20) }
	slowAbove := func(limit float64) func(t, rate float64, r *results.Row) {
		return func(_, rate float64, r *results.Row) {
			if rate > limit {
				r.Service = 0.8
			}
		}
	}
	one := results.Labels{
		Classes: labels().Classes, Rules: labels().Rules,
		Phases: []results.Phase{{Name: "climb", Shape: "ramp 100/s → 500/s", Seconds: 40}},
	}
	steady := one
	steady.Phases = []results.Phase{{Name: "climb", Shape: "300/s", Steady: true, Seconds: 40}}
	closed := one
	closed.Phases = []results.Phase{{Name: "few", Shape: "5 callers", Closed: true, Steady: true, Seconds: 20}, {Name: "many", Shape: "50 callers", Closed: true, Steady: true, StartSeconds: 20, Seconds: 20}}
	for _, c := range []struct {
		why, expr string
		labels    results.Labels
		rate      func(float64) float64
		change    func(t, rate float64, r *results.Row)
		at, from  float64 // the rate at which it broke; 0 where nothing is said of it, −1 where it did not hold from the start
	}{
		{"a ramp", "p99(latency) < 300ms", one, ramp, slowAbove(350), 350, 0},
		{"the highest percentile is told by a window as long as it takes", "p99.9(latency) < 300ms", one, ramp, slowAbove(350), 350, 0},
		{"the largest", "max(latency) < 300ms", one, ramp, slowAbove(350), 350, 0},
		{"half of the calls, in half of a window", "p50(latency) < 300ms", one, ramp, slowAbove(350), 355, 0},
		{"windows", "p90(latency, 2s) < 300ms", one, ramp, slowAbove(350), 350, 0},
		{"the first of the waves", "p99(latency) < 300ms", one, sine, slowAbove(450), 450, 0},
		{"errors", "rate(errors) < 1%", one, ramp, func(_, rate float64, r *results.Row) {
			if rate > 250 {
				r.Error, r.Status = results.Status5xx, 500
			}
		}, 250, 0},
		{"a few errors here and there are not where it broke", "rate(errors) < 1%", one, ramp, func(t, rate float64, r *results.Row) {
			if rate > 350 && r.N%20 == 0 || rate <= 350 && r.N%300 == 0 {
				r.Error, r.Status = results.Status5xx, 500
			}
		}, 350, 0},
		{"a hiccup on the way is not where it broke", "p99(latency) < 300ms", one, ramp, func(t, rate float64, r *results.Row) {
			if rate > 350 || t > 8 && t < 8.1 {
				r.Service = 0.8
			}
		}, 350, 0},
		{"one violation is", "count(violations) == 0", one, ramp, func(t, rate float64, r *results.Row) {
			if t > 8 && t < 8.1 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, 180, 0},
		{"from the start", "p99(latency) < 300ms", one, ramp, slowAbove(0), -1, 100},
		{"one rate", "p99(latency) < 300ms", steady, func(float64) float64 { return 300 }, slowAbove(0), 0, 0},
		{"it held", "p99(latency) < 300ms", one, ramp, slowAbove(600), 0, 0},
		{"what no window can tell", "mean(latency) < 20ms", one, ramp, slowAbove(350), 0, 0},
		{"callers", "p99(latency) < 300ms", closed, ramp, slowAbove(350), 350, 0},
	} {
		threshold := parse(t, c.expr)
		whole, parts := watching(c.labels, threshold), []*Aggregator{watching(c.labels, threshold), watching(c.labels, threshold)}
		for _, r := range climbing(40, c.rate, c.change) {
			if len(c.labels.Phases) > 1 && r.Due >= 20*time.Second {
				r.Phase = 1
			}
			if whole.Add(r) != nil || parts[r.N%2].Add(r) != nil {
				t.Fatal("a row is refused")
			}
		}
		o := threshold.Evaluate(whole, 40)
		switch b := o.Broke; {
		case b == nil:
			if c.at != 0 {
				t.Errorf("%s: %s broke nowhere: %+v", c.why, c.expr, o)
			}
			continue
		case c.at == 0:
			t.Errorf("%s: %s broke at %+v", c.why, c.expr, b)
			continue
		case b.FromStart != (c.at < 0):
			t.Errorf("%s: %s broke at %+v", c.why, c.expr, b)
		case b.FromStart:
			if !strings.Contains(o.Reason, "; it did not hold from the start, at ") {
				t.Errorf("%s: %s", c.why, o.Reason)
			}
		default:
			rate, where := b.Sent, "many"
			if b.Offered != nil {
				rate, where = *b.Offered, "climb"
			}
			if math.Abs(rate-c.at) > 0.05*c.at || b.Phase != where || math.Abs(b.Sent-rate) > 1 || b.Answered > rate+1 || (b.Offered == nil) != c.labels.Phases[0].Closed {
				t.Errorf("%s: %s broke at %+v, offered %v; want %v", c.why, c.expr, b, rate, c.at)
			}
			if !strings.Contains(o.Reason, "; it broke ") || !strings.Contains(o.Reason, " s into "+where+"), sent ") && !strings.Contains(o.Reason, " s into "+where+", sent ") {
				t.Errorf("%s: %s", c.why, o.Reason)
			}
		}
		// Of two runs one after the other it is the rate of one; side by side that of both.
		if parts[0].Merge(parts[1]); c.at > 0 {
			both := *threshold.Evaluate(parts[0], 40).Broke
			parts[0].Apart([]Part{{parts[0], 40}, {parts[1], 40}})
			if one := *threshold.Evaluate(parts[0], 40).Broke; math.Abs(both.Sent-o.Broke.Sent) > 1 || math.Abs(one.Sent-both.Sent/2) > 1 {
				t.Errorf("%s: merged, it broke at %+v, and one after the other at %+v; want %+v", c.why, both, one, o.Broke)
			}
		}
	}
}

func TestRatesAtAMoment(t *testing.T) {
	a := aggregate(t, labels(), nil, repeat(40, ok(steady, lite, 0.1))...)
	if got := a.At(11 * time.Second); got.Phase != "steady" || got.Rates() != "at 40/s (10 s into steady), sent 40/s, answered 40/s" {
		t.Errorf("%+v: %s", got, got.Rates())
	}
	if got := a.At(0); got != nil {
		t.Errorf("before anything has happened: %+v", got)
	}
	if got := New(labels(), nil, Tolerance).At(time.Hour); got != nil {
		t.Errorf("where nothing has happened: %+v", got)
	}
}
