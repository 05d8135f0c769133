package metrics

import (
	"math"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// call is a success that left and was answered at those seconds of the run.
func call(phase uint8, class uint16, due, left, answered float64) results.Row {
	r := ok(phase, class, float32(answered-left))
	r.Due, r.Lag = time.Duration(due*1e9), float32(left-due)
	return r
}

// Rates are what happened over the time in which it happened.
func TestRates(t *testing.T) {
	onePhase := labels()
	onePhase.Phases = []results.Phase{{Name: "one", Seconds: 10}}
	gap := labels()
	gap.Phases = []results.Phase{{Name: "one", Seconds: 10}, {Name: "pause", Warmup: true, StartSeconds: 10, Seconds: 5}, {Name: "two", StartSeconds: 15, Seconds: 5}}
	const all = math.MaxFloat64
	for _, c := range []struct {
		why                      string
		labels                   results.Labels
		elapsed                  float64
		rows                     []results.Row
		sent, answered, sentFull float64
	}{
		{"nothing", onePhase, all, nil, 0, 0, 0},
		{"answered within the phase", onePhase, all, []results.Row{call(0, full, 0, 0, 1), call(0, lite, 9, 9, 9.5)}, 0.2, 0.2, 0.1},
		{"answered late", onePhase, all, []results.Row{call(0, full, 0, 0, 1), call(0, lite, 9, 9, 20)}, 0.2, 0.1, 0.1},
		{"left late", onePhase, all, []results.Row{call(0, full, 0, 0, 1), call(0, full, 1, 2, 3), call(0, lite, 9, 20, 40)}, 3 / 20., 3 / 40., 0.2},
		{"stopped", onePhase, 4, []results.Row{call(0, full, 0, 0, 1), call(0, full, 2, 2, 3)}, 0.5, 0.5, 0.5},
		{"stopped, and answered after it", onePhase, 4, []results.Row{call(0, full, 0, 0, 1), call(0, full, 2, 2, 8)}, 0.5, 0.25, 0.5},
		{"stopped as the first left", onePhase, 0, []results.Row{call(0, full, 0, 0, 1)}, 0, 0, 0},
		{"late into the next phase", labels(), all, []results.Row{call(1, full, 10, 14, 15), call(2, full, 12, 14, 15)}, 0.1, 0.1, 0.1},
		{"late beyond the next phase", labels(), all, []results.Row{call(1, full, 10, 41, 42), call(2, lite, 12, 14, 15)}, 2 / 40., 2 / 41., 1 / 40.},
		{"a warm-up between the phases", gap, all, []results.Row{call(0, full, 0, 0, 1), call(1, full, 11, 11, 13), call(2, full, 15, 15, 16)}, 2 / 15., 2 / 15., 2 / 15.},
		{"late into the warm-up between", gap, all, []results.Row{call(0, full, 0, 12, 13), call(2, lite, 15, 15, 16)}, 2 / 17., 2 / 18., 1 / 17.},
	} {
		a := aggregate(t, c.labels, nil, c.rows...)
		total := a.Total(c.elapsed).Rate
		near := func(what string, got, want float64) {
			t.Helper()
			if math.Abs(got-want) > 1e-6 {
				t.Errorf("%s: %s %v/s, want %v/s", c.why, what, got, want)
			}
		}
		near("sent", total.Achieved, c.sent)
		near("answered", total.Answered, c.answered)
		near("goodput", total.Goodput, c.answered)
		near("sent in Full", a.By(ByTier, c.elapsed)["Full"].Rate.Achieved, c.sentFull)
	}
}

// Phases have rates of their own, each over its own time.
func TestRatesByPhase(t *testing.T) {
	a := aggregate(t, labels(), [][]uint64{{0, 0, 0}, {2, 0, 0}, {5, 0, 0}}, call(steady, full, 1, 1, 2), call(steady, full, 10, 20, 26), call(peak, full, 11, 11, 12))
	phases := a.By(ByPhase, 21)
	if r := phases["steady"].Rate; math.Abs(r.Achieved-2/19.) > 1e-6 || math.Abs(r.Answered-2/25.) > 1e-6 || *r.Planned != 0.2 {
		t.Errorf("steady: %+v", r)
	}
	if r := phases["peak"].Rate; r.Achieved != 0.1 || r.Answered != 0.1 || *r.Planned != 0.5 {
		t.Errorf("peak: %+v", r)
	}
}

// What a target holds up until long after the plan's end was not sent at the rate that was asked for, though all of it
// was sent.
func TestShareOfThePlannedRate(t *testing.T) {
	one := labels()
	one.Phases = []results.Phase{{Name: "one", Seconds: 10}}
	for _, c := range []struct {
		why     string
		last    float64 // when the last call of three left
		elapsed float64
		want    float64
	}{
		{"in time", 9, 10, 1},
		{"a little late, as the last calls are", 10.9, 10.9, 1},
		{"late", 40, 40, 0.25},
		{"stopped before", 40, 8, 1},
	} {
		a := aggregate(t, one, nil, call(0, full, 0, 0, 1), call(0, full, 5, 5, 6), call(0, full, 9, c.last, c.last+1))
		if o := parse(t, "rate(sent) >= 99%").Evaluate(a, c.elapsed); math.Abs(*o.Value-c.want) > 1e-6 || o.OK != (c.want == 1) {
			t.Errorf("%s: %v, %t; want %v", c.why, *o.Value, o.OK, c.want)
		}
	}
}

// What came back broken is an answer, and no goodput.
func TestGoodput(t *testing.T) {
	a := aggregate(t, labels(), nil, ok(steady, full, 0.5), failed(steady, full, results.Status5xx, 500), failed(steady, full, results.Reset, 0))
	if r := a.Total(21).Rate; r.Achieved != 3/20. || r.Answered != 2/20. || r.Goodput != 1/20. {
		t.Errorf("%+v", r)
	}
}

// Runs one after the other are over the time of each, those at once over the time of all; so are the thresholds on it.
func TestRatesApart(t *testing.T) {
	first := aggregate(t, labels(), nil, call(steady, full, 1, 1, 2), call(peak, full, 12, 12, 51))
	second := aggregate(t, labels(), nil, call(steady, full, 1, 1, 2), call(steady, lite, 2, 2, 3))
	whole := New(labels(), [][]uint64{{0, 0, 0}, {20, 0, 0}, {20, 0, 0}}, Tolerance)
	whole.Merge(first)
	whole.Merge(second)
	threshold := parse(t, "rate(answered) >= 0/s")
	if r := whole.Total(21).Rate; r.Achieved != 4/20. || math.Abs(r.Answered-4/50.) > 1e-6 || *r.Planned != 2 || *threshold.Evaluate(whole, 21).Value != r.Answered {
		t.Errorf("at once: %+v", r)
	}
	// The second was stopped after 6 s, 5 of them in the steady phase.
	whole.Apart([]Part{{first, 21}, {second, 6}})
	if r := whole.Total(21).Rate; r.Achieved != 4/25. || math.Abs(r.Answered-4/55.) > 1e-6 || *r.Planned != 1 || *threshold.Evaluate(whole, 21).Value != r.Answered {
		t.Errorf("apart: %+v", r)
	}
}
