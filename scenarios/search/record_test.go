package search

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// remembered is a record of two trials, with two objectives.
func remembered() record {
	r := record{Schema: recordSchema}
	for n, rate := range []float64{100, 200} {
		r.Trials = append(r.Trials, kept{
			Trial: capacity.Trial{
				Ask: capacity.Ask{N: n + 1, Rate: rate}, Outcome: capacity.Outcome(n + 1), Objective: n - 1, Seconds: 5, Settled: 1, Calls: 600,
				Counts: []capacity.Count{{Calls: 500, Over: uint64(400 * n), Inflation: 1}, {Calls: 500, Inflation: 2}},
			},
			Shown: sizing.Trial{N: n + 1, Dir: dirOf(n + 1), Of: "acceptance", Rate: rate, Outcome: []string{sizing.Holds, sizing.Broken}[n], Shares: []float64{0, 0}},
			Took:  7,
		})
	}
	return r
}

// What somebody has edited is held against what a search can have kept, and the place is named.
func TestRecordIsChecked(t *testing.T) {
	if err := remembered().check(2); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		change func(k *kept)
		want   string
	}{
		{func(k *kept) { k.Shown.N = 9 }, "/trials/1/shown/n: expected 2, found 9"},
		{func(k *kept) { k.Shown.Dir = "../../etc" }, `/trials/1/shown/dir: expected "trials/02", found "../../etc"`},
		{func(k *kept) { k.Shown.Shares = nil }, "/trials/1/shown/shares: expected 2 shares, found 0"},
		{func(k *kept) { k.Took = -1 }, "/trials/1/took: expected seconds, found -1"},
		{func(k *kept) { k.Shown.Rate = -1 }, "/trials/1/shown/rate"},
		{func(k *kept) { k.Shown.Rate, k.Trial.Ask.Rate = 1e308, 1e308 }, "/trials/1/shown/rate"},
		{func(k *kept) { k.Shown.Rate, k.Trial.Ask.Rate = 0, 0 }, "/trials/1/shown/rate"},
		{func(k *kept) { k.Shown.Outcome = "fine" }, `/trials/1/shown/outcome: expected that of trial/Outcome, found "fine"`},
		{func(k *kept) { k.Trial.Outcome = 77 }, "/trials/1/shown/outcome"},
		{func(k *kept) { k.Trial.Objective = 2 }, "/trials/1/trial/Objective: expected -1, or one of 2 counts, found 2"},
		{func(k *kept) { k.Trial.Counts = nil }, "/trials/1/trial/Objective"},
		{func(k *kept) { k.Trial.Seconds = -5 }, "/trials/1/trial/Seconds"},
		{func(k *kept) { k.Trial.Counts[1].Over = 501 }, "/trials/1/trial/Counts/1: expected Over up to Calls"},
		{func(k *kept) { k.Trial.Counts[1].Inflation = -1 }, "/trials/1/trial/Counts/1"},
	} {
		r := remembered()
		c.change(&r.Trials[1])
		if err := r.check(2); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, expected %s", err, c.want)
		}
	}
}

// Whatever a record says, it is refused, or is kept and passes the check again. What a search makes of it is fitted,
// which is too slow to be tried with many: see [TestTaken].
func FuzzRecord(f *testing.F) {
	seed, err := json.Marshal(remembered())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var r, again record
		if json.Unmarshal(data, &r) != nil || r.check(2) != nil {
			return
		}
		kept, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(kept, &again); err != nil || again.check(2) != nil {
			t.Errorf("%s is read as %+v, %v", kept, again, err)
		}
	})
}

// What passes the check makes no search panic, nor tell what is no number, at the ends of what may be.
func TestTaken(t *testing.T) {
	r := remembered()
	k := &r.Trials[0]
	k.Trial.Counts = []capacity.Count{{Calls: math.MaxUint64, Over: math.MaxUint64, Inflation: 1e9}, {Calls: 1, Inflation: 1e-300}}
	k.Trial.Seconds, k.Trial.Settled, k.Trial.Relaxation, k.Took = 1e6, 1e6, 1e6, math.MaxFloat64
	if err := r.check(2); err != nil {
		t.Fatal(err)
	}
	s := capacity.New(capacity.Config{
		Objectives: []capacity.Objective{{Name: "p95", Allowed: 0.05, Horizon: 1}, {Name: "none"}}, Start: 100, Confidence: 0.95, Width: 0.1, Least: 5, Calls: 100_000, Seconds: 900,
	})
	if _, more := s.Next(); !more {
		t.Fatal("nothing is asked for")
	}
	s.Take(k.Trial, k.Took)
	if a := s.Answer(); math.IsNaN(a.Low+a.High+a.Rate) || a.Low > a.High && a.High > 0 {
		t.Errorf("%+v", a)
	}
}

// What is needed is answered by a trial at that rate, and by none at another one.
func TestNeedIsOfItsRate(t *testing.T) {
	s := begun(t, quick)
	k := remembered().Trials[0]
	k.Shown.Of, k.Trial.Ask.Step = "need", capacity.Decision
	s.replay = []kept{k}
	if _, there := s.known(want{Of: "need", Ask: capacity.Ask{Step: capacity.Decision, Rate: 20}}); there {
		t.Error("100/s answers for 20/s")
	}
	if _, there := s.known(want{Of: "need", Ask: capacity.Ask{Step: capacity.Decision, Rate: 100}}); !there {
		t.Error("100/s does not answer for itself")
	}
}

// Calls that break an objective at every rate are no matter of the rate, unless the target is far beyond its capacity.
func TestEverywhere(t *testing.T) {
	broken := func(rate float64, over uint64, saturated bool) made {
		return made{
			Trial: capacity.Trial{Ask: capacity.Ask{Rate: rate}, Outcome: capacity.Broken, Saturated: saturated, Counts: []capacity.Count{{Calls: 50, Over: over}}},
			Shown: sizing.Trial{Dir: "trials/03"},
		}
	}
	for _, c := range []struct {
		name   string
		trials []made
		want   bool
	}{
		{"three rates", []made{broken(8, 50, false), broken(4, 50, false), broken(2, 50, false)}, true},
		{"two rates", []made{broken(8, 50, false), broken(2, 50, false)}, false},
		{"one call kept it", []made{broken(8, 50, false), broken(4, 49, false), broken(2, 50, false)}, false},
		{"it is overloaded", []made{broken(8, 50, true), broken(4, 50, false), broken(2, 50, false)}, false},
		{"the rate is the same", []made{broken(8, 50, false), broken(8, 50, false), broken(8, 50, false)}, false},
	} {
		f := found{Conditions: []condition{{Objective: metrics.Objective{Expr: "count(violations) == 0"}}}, Trials: c.trials}
		if said := f.everywhere(); (said != "") != c.want || c.want && !strings.Contains(said, "every call was over count(violations) == 0, from 8.00/s down to 2.00/s") {
			t.Errorf("%s: %q", c.name, said)
		}
	}
}

// Two that go on with one search would give its trials the same places.
func TestHeld(t *testing.T) {
	a := &session{dir: t.TempDir()}
	b := &session{dir: a.dir}
	if err := a.hold(); err != nil {
		t.Fatal(err)
	}
	if err := b.hold(); err == nil || !strings.Contains(err.Error(), "still goes on, in another process") {
		t.Errorf("two have it: %v", err)
	}
	if err := errors.Join(a.held.Close(), b.held.Close(), b.hold(), b.held.Close()); err != nil {
		t.Errorf("it was given back: %v", err)
	}
	if err := (&session{dir: a.dir + "/none"}).hold(); err != nil {
		t.Errorf("there is nothing to have: %v", err)
	}
}
