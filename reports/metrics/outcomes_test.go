package metrics

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// turnedAway is a target that accepts one call in three after 300 ms and turns the others away at once.
func turnedAway() []results.Row {
	shed := failed(steady, lite, results.Shed, 429)
	shed.Service, shed.RetryAfter = 0.001, 5
	later := shed
	later.Status, later.RetryAfter, later.Rule = 503, 120, 1
	refused := failed(steady, lite, results.Status4xx, 409)
	refused.Service = 0.002
	crashed := failed(steady, lite, results.Status5xx, 500)
	crashed.Service = 0.003
	silent := failed(steady, lite, results.TimeoutWaiting, 0)
	silent.Service = 30
	meant := failed(steady, invalid, results.None, 400)
	meant.Service = 0.004
	return slices.Concat(repeat(100, ok(steady, lite, 0.3)), repeat(150, shed), repeat(20, later), repeat(25, refused), repeat(10, crashed),
		repeat(5, silent), repeat(7, failed(steady, lite, results.Reset, 0)), repeat(3, dropped(40, 0)), repeat(50, meant),
		repeat(2, failed(steady, lite, results.Canceled, 0)))
}

// The quicker a target turns calls away, the faster it would look if all answers were in one figure.
func TestOutcomes(t *testing.T) {
	a := aggregate(t, labels(), nil, turnedAway()...)
	f := a.Total(21)
	for _, c := range []struct {
		outcome results.Outcome
		count   uint64
		min     float64
	}{{results.OutcomeAccepted, 100, 0.3}, {results.OutcomeShed, 170, 0.001}, {results.OutcomeRefused, 75, 0.002}, {results.OutcomeFailed, 22, 0.003}} {
		came := f.Outcomes[c.outcome.String()]
		if came.Count != c.count || came.Latency.Min == nil || math.Abs(*came.Latency.Min-c.min) > 1e-6*c.min {
			t.Errorf("%s: %+v, want %d from %v s on", c.outcome, came, c.count, c.min)
		}
	}
	if f.Failed() != 25+10+5+7 || f.Errors["shed"] != 0 || f.OK != 150 || f.Violated() != 20 {
		t.Errorf("%d errors, %v, %d ok, %d violations: a shed call is neither ok nor an error", f.Failed(), f.Errors, f.OK, f.Violated())
	}
	if r := f.RetryAfter; r == nil || *r != (RetryAfter{170, 5, 120}) || r.String() != "5 s to 120 s" {
		t.Errorf("Retry-After %v", r)
	}
	if got := a.Tally().Errors["shed"]; got != 0 {
		t.Errorf("the live view counts %d shed calls as errors", got)
	}
	p := a.Timeline(1)[0]
	if p.Shed != 170 || p.Accepted != 100 || p.Refused != 75 || p.ErrorsByKind["shed"] != 0 || p.Errors != 47 {
		t.Errorf("the timeline has %+v", p)
	}
	for _, c := range []struct {
		expr    string
		value   float64
		samples uint64
		ok      bool
	}{
		{"p50(latency) < 100ms", 0.3, 108, false},
		{"max(latency) <= 40s", 40, 108, true}, // the dropped ones
		{"max(service) <= 30s", 30, 105, true}, // the silent ones
		{"max(latency){outcome=accepted} < 301ms", 0.3, 100, true},
		{"max(latency){outcome=shed} < 2ms", 0.001, 170, true},
		{"max(latency){outcome=refused} < 3ms", 0.002, 25, true},
		{"max(latency){outcome=refused,tier=invalid} < 5ms", 0.004, 50, true},
		{"p50(latency){tier=invalid} < 5ms", 0.004, 50, true},
		{"min(latency){outcome=failed} < 4ms", 0.003, 15, true},
		{"max(latency){outcome=any} <= 40s", 40, 313, true},
		{"p50(latency){outcome=any} < 10ms", 0.001, 313, true},
		{"count(shed) == 170", 170, 369, true},
		{"rate(shed) < 1%", 170.0 / 369, 369, false},
		{"count(accepted) == 100", 100, 369, true},
		{"count(refused){tier=Lite} == 25", 25, 319, true},
		{"rate(accepted) >= 1%", 100.0 / 369, 369, true},
		{"count(sent){outcome=shed} == 170", 170, 372, true},
		{"count(sent){outcome=failed} == 22", 22, 372, true},
		{"count(sent){outcome=any} == 369", 369, 372, true},
		{"count(completed){outcome=failed} == 10", 10, 369, true},
		{"count(completed){outcome=accepted} == 100", 100, 369, true},
		{"rate(errors) < 20%", 47.0 / 369, 369, true},
	} {
		threshold := parse(t, c.expr)
		if err := threshold.Check(labels()); err != nil {
			t.Error(err)
		}
		got := threshold.Evaluate(a, 21)
		if got.Value == nil || math.Abs(*got.Value-c.value) > 2e-3*c.value || got.Samples != c.samples || got.OK != c.ok {
			t.Errorf("%s: %v, want %v over %d, %v", c.expr, wording(got), c.value, c.samples, c.ok)
		}
	}
	if got := parse(t, "rate(accepted) >= 2/s").Evaluate(a, 21); got.Value == nil || got.Unit != PerSecond || *got.Value != f.Rate.Accepted {
		t.Errorf("accepted calls a second: %v, want %v", wording(got), f.Rate.Accepted)
	}
}

func wording(o Outcome) string {
	if o.Value == nil {
		return o.Reason
	}
	return fmt.Sprintf("%v over %d, ok %v, spoiled %v, less own %v (%s)", *o.Value, o.Samples, o.OK, o.Spoiled, shown(o.LessOwn), o.Reason)
}

func shown(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// TestExactAtTheLimit: a condition on a percentile holds if and only if the time of that rank keeps the limit, whatever
// bucket the two lie in; and the figure that is shown is never on the other side of it.
func TestExactAtTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// A millisecond in nanoseconds is a whole number of them, so that some times are the limit to the last digit.
		limit := rapid.SampledFrom([]string{"800ms", "7ms", "1.5s", "0.3ms", "64us", "0.5ns"}).Draw(t, "limit")
		op := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "op")
		p := rapid.SampledFrom([]string{"p50", "p90", "p1"}).Draw(t, "p")
		threshold, err := ParseThreshold(p + "(service) " + op + " " + limit)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rapid.IntRange(300, 400).Draw(t, "n")
		a := New(labels(), nil, Tolerance)
		a.Watch(threshold)
		var times []float64
		for range n {
			s := float32(threshold.limit)
			for range random.IntN(5) {
				s = math.Nextafter32(s, float32(random.IntN(2)*100))
			}
			if err := a.Add(ok(steady, full, s)); err != nil {
				t.Fatal(err)
			}
			times = append(times, histogram.Seconds(histogram.Nanoseconds(s)))
		}
		slices.Sort(times)
		at := times[histogram.Rank(threshold.percentile, uint64(n))-1]
		want := meets(cmp.Compare(at, threshold.limit), op)
		got := threshold.Evaluate(a, 21)
		if got.OK != want || meets(cmp.Compare(*got.Value, threshold.limit), op) != want {
			t.Fatalf("%s: %v, and the time of that rank is %v", threshold, wording(got), at)
		}
		if !want && strings.Contains(got.Reason, " is "+limit+" over") && op == "<" && at != threshold.limit {
			t.Fatalf("%s", got.Reason)
		}
	})
}

// What was counted of limits is kept and merged; one that was not counted from the first call on is read off the
// histogram.
func TestWatchesAreKept(t *testing.T) {
	const expr = "p90(latency){tier=Lite} < 300ms"
	m := results.Manifest{Labels: labels(), Thresholds: []results.Threshold{{Expr: expr}, {Expr: "count(errors) <> 1"}, {Expr: "max(lag) < 1s"}}}
	// 0.3 s as a float32 is a little more than 300 ms, and both lie in one bucket.
	below := math.Nextafter32(0.3, 0)
	fill := func(a *Aggregator) *Aggregator {
		for _, r := range slices.Concat(repeat(95, ok(steady, lite, below)), repeat(5, ok(steady, lite, 0.3)), repeat(50, ok(steady, full, 9))) {
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		return a
	}
	a := fill(Of(m))
	threshold := parse(t, expr)
	check := func(what string, a *Aggregator, want bool, samples uint64) {
		t.Helper()
		if got := threshold.Evaluate(a, 21); got.OK != want || got.Samples != samples {
			t.Errorf("%s: %s", what, wording(got))
		}
	}
	check("counted", a, true, 100)
	read, _, err := Read(m, bytes.NewReader(written(t, a, NewStretches(m.Labels))))
	if err != nil {
		t.Fatal(err)
	}
	check("kept", read, true, 100)
	read.Merge(fill(Of(m)))
	check("merged", read, true, 200)
	check("never counted", fill(New(labels(), nil, Tolerance)), false, 100)
	read.Merge(fill(New(labels(), nil, Tolerance)))
	check("counted in part", read, false, 300)
	late := fill(New(labels(), nil, Tolerance))
	late.Watch(threshold)
	fill(late)
	check("counted from the middle on", late, false, 200)
}

// paused is a call that took 5 ms, of which andon was to blame for a part of what was measured.
func paused(ownLag, stall float32) results.Row {
	r := ok(steady, lite, 0.005+stall)
	r.Lag, r.OwnLag, r.Stall = ownLag, ownLag, stall
	return r
}

// A pause of andon's own that touches few calls spoils the figures that it changes, and no others: such a condition is
// not held, and is not broken either.
func TestSpoiled(t *testing.T) {
	rows := slices.Concat(repeat(5950, paused(0, 0)), repeat(25, paused(0.4, 0)), repeat(25, paused(0.1, 0.3)))
	a := aggregate(t, labels(), nil, rows...)
	slow := slices.Concat(rows, repeat(60, ok(steady, lite, 2)))
	b := aggregate(t, labels(), nil, slow...)
	for _, c := range []struct {
		a           *Aggregator
		expr        string
		ok, spoiled bool
	}{
		{a, "p50(latency) < 100ms", true, false},
		{a, "p99(latency) < 100ms", true, false},
		{a, "p99.9(latency) < 100ms", false, true},
		{a, "max(latency) < 100ms", false, true},
		{a, "max(latency) < 1ms", false, false}, // on neither
		{a, "max(latency) < 500ms", true, false},
		{a, "max(latency) > 100ms", false, true},
		{a, "max(latency) == 100ms", false, true}, // it may be
		{a, "mean(latency) < 6ms", false, true},
		{a, "mean(latency) < 9ms", true, false},
		{a, "min(latency) < 6ms", true, false},
		{a, "max(service) < 100ms", false, true},
		{a, "max(latency){outcome=accepted} < 100ms", false, true},
		{a, "max(latency){outcome=any} < 100ms", false, true},
		{a, "max(lag) < 100ms", false, true},
		{a, "count(errors) == 0", true, false},
		{b, "p99.9(latency) < 100ms", false, false}, // the target's, pause or no pause
		{b, "p99(latency) < 100ms", false, true},
	} {
		for _, watched := range []bool{false, true} {
			threshold, of := parse(t, c.expr), c.a
			if watched {
				list := rows
				if of == b {
					list = slow
				}
				of = New(labels(), nil, Tolerance)
				of.Watch(threshold)
				for _, r := range list {
					_ = of.Add(r)
				}
			}
			got := threshold.Evaluate(of, 21)
			if got.OK != c.ok || got.Spoiled != c.spoiled || (got.Reason == "") != c.ok {
				t.Errorf("%s: %s", c.expr, wording(got))
			}
			if broken := threshold.Broken(of, 21, nil); broken != (!c.ok && !c.spoiled) {
				t.Errorf("%s: broken %v", c.expr, broken)
			}
		}
	}
	got := parse(t, "max(latency) < 100ms").Evaluate(a, 21)
	if want := "max(latency) is 405 ms as measured over 6000 calls, and 5 ms without what andon itself held them up for: this machine, not the target"; got.Reason != want {
		t.Errorf("%s\nwant %s", got.Reason, want)
	}
	f := a.Total(21)
	if f.Touched != 50 || f.LatencyLessOwn == nil || *f.LatencyLessOwn.Max > 0.0051 || *f.Latency.Max < 0.4 || *f.ServiceLessOwn.Max > 0.0051 {
		t.Errorf("%d touched, latency %v, less own %v", f.Touched, shown(f.Latency.Max), f.LatencyLessOwn)
	}
	if p := a.Timeline(1)[0]; p.Touched != 50 {
		t.Errorf("%d calls are touched over time", p.Touched)
	}
	// Within the tolerance of a run nothing is touched.
	tolerant := New(labels(), nil, time.Second)
	for _, r := range rows {
		_ = tolerant.Add(r)
	}
	if got := parse(t, "max(latency) < 100ms").Evaluate(tolerant, 21); got.Spoiled || got.OK || tolerant.Total(21).LatencyLessOwn != nil {
		t.Errorf("tolerated, and spoiled: %s", wording(got))
	}
}

// Whatever the target really took, as long as it is between what was measured and that less andon's own part, a
// condition that is said to hold does, and one that is said to be broken is.
func TestTruthBetweenTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		expr := rapid.SampledFrom([]string{"p50(latency)", "p90(latency)", "max(latency)", "min(latency)", "mean(latency)"}).Draw(t, "figure") +
			rapid.SampledFrom([]string{" < ", " <= ", " > ", " >= "}).Draw(t, "op") + rapid.SampledFrom([]string{"100ms", "150ms", "300ms"}).Draw(t, "limit")
		threshold, err := ParseThreshold(expr)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		measured, truth := New(labels(), nil, Tolerance), New(labels(), nil, Tolerance)
		measured.Watch(threshold)
		truth.Watch(threshold)
		for range 50 + random.IntN(50) {
			r := ok(steady, lite, float32(random.ExpFloat64()/7))
			if random.IntN(4) == 0 {
				r.Stall = float32(random.Float64()) * r.Service
			}
			real := r
			real.Stall = 0
			if r.Stall > float32(Tolerance.Seconds()) {
				real.Service -= float32(random.Float64()) * r.Stall
			}
			_ = measured.Add(r)
			_ = truth.Add(real)
		}
		said, is := threshold.Evaluate(measured, 21), threshold.Evaluate(truth, 21)
		if !said.Spoiled && said.OK != is.OK {
			t.Fatalf("%s is said to be %s, and is %s", expr, wording(said), wording(is))
		}
	})
}
