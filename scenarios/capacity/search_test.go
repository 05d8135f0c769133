package capacity_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/queuetest"
)

// drawObjectives draws what may be judged by: medians and far percentiles, limits of a millisecond and of a minute, and
// what may never occur.
func drawObjectives(t *rapid.T) (list []capacity.Objective) {
	for range rapid.IntRange(1, 4).Draw(t, "objectives") {
		list = append(list, capacity.Objective{
			Allowed: rapid.SampledFrom([]float64{0, 1e-6, 0.001, 0.01, 0.05, 0.5, 0.9, 0.999}).Draw(t, "allowed"),
			Horizon: rapid.SampledFrom([]float64{0, 0.001, 0.25, 5, 60}).Draw(t, "horizon"),
		})
	}
	return list
}

// drawCounts draws what a trial counted: what fits its outcome, and what does not.
func drawCounts(t *rapid.T, objectives []capacity.Objective, calls uint64) (list []capacity.Count) {
	for range objectives {
		c := capacity.Count{Inflation: 1, Outcome: capacity.Outcome(rapid.IntRange(0, 2).Draw(t, "count"))}
		c.Calls = rapid.Uint64Range(0, calls).Draw(t, "counted")
		switch rapid.IntRange(0, 3).Draw(t, "share") {
		case 1:
			c.Over = c.Calls
		case 2:
			c.Over = rapid.Uint64Range(0, c.Calls).Draw(t, "over")
		case 3:
			c.Over = c.Calls / 100
		}
		c.Inflation = rapid.Float64Range(1, max(float64(c.Calls)/2, 1)).Draw(t, "inflation")
		list = append(list, c)
	}
	return list
}

// drawTrial draws what came of a trial.
func drawTrial(t *rapid.T, objectives []capacity.Objective, ask capacity.Ask) capacity.Trial {
	trial := capacity.Trial{Ask: ask, Objective: -1, Outcome: capacity.Outcome(rapid.IntRange(0, 3).Draw(t, "outcome"))}
	trial.Calls = rapid.Uint64Range(0, min(ask.Calls, 1_000_000)).Draw(t, "calls")
	trial.Counts = make([]capacity.Count, len(objectives))
	if trial.Seconds = rapid.Float64Range(0, min(ask.Most, 1e6)).Draw(t, "seconds"); trial.Seconds > 0 {
		trial.Counts = drawCounts(t, objectives, trial.Calls)
	}
	if trial.Relaxation = rapid.Float64Range(0, 100).Draw(t, "relaxation"); trial.Outcome == capacity.Broken {
		trial.Objective = rapid.IntRange(0, len(objectives)-1).Draw(t, "objective")
	}
	return trial
}

func drawConfig(t *rapid.T) capacity.Config {
	c := capacity.Config{
		Objectives: drawObjectives(t),
		Start:      rapid.SampledFrom([]float64{0.001, 0.7, 20, 1e4, 1e6}).Draw(t, "start"),
		Confidence: rapid.SampledFrom([]float64{0.5, 0.95, 0.999}).Draw(t, "confidence"),
		Width:      rapid.SampledFrom([]float64{0.01, 0.1, 1}).Draw(t, "width"),
		Least:      rapid.SampledFrom([]float64{1, 10}).Draw(t, "least"),
		Calls:      rapid.SampledFrom([]uint64{0, 1, 100, 200_000, 1e9}).Draw(t, "budget"),
		Seconds:    rapid.SampledFrom([]float64{0, 0.001, 5, 900, 86400}).Draw(t, "time"),
		Trials:     rapid.IntRange(0, 12).Draw(t, "trials"),
	}
	if rapid.Bool().Draw(t, "limited") {
		c.Ceiling = c.Start * rapid.SampledFrom([]float64{0.5, 1, 3, 100}).Draw(t, "ceiling")
	}
	return c
}

// checkAsk holds a trial that is to be made against what is left.
func checkAsk(t *rapid.T, c capacity.Config, a capacity.Ask, calls uint64, seconds float64) {
	finite := func(what string, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			t.Fatalf("trial %d: %s: expected a finite number from 0 on, found %v: %+v", a.N, what, v, a)
		}
	}
	finite("rate", a.Rate)
	finite("settle", a.Settle)
	finite("least", a.Least)
	finite("precision", a.Precision)
	if !(a.Rate > 0 && a.Most > 0) {
		t.Fatalf("expected a rate and a length above 0, found %+v", a)
	}
	if c.Ceiling > 0 && a.Rate > c.Ceiling {
		t.Fatalf("expected at most %v/s, found %v/s", c.Ceiling, a.Rate)
	}
	if c.Calls > 0 && (a.Calls > c.Calls-calls || a.Rate*(a.Settle+a.Most) > float64(c.Calls-calls)*(1+1e-9)) {
		t.Fatalf("expected at most %d calls, found %+v", c.Calls-calls, a)
	}
	if c.Seconds > 0 && a.Settle+a.Most > (c.Seconds-seconds)*(1+1e-9) {
		t.Fatalf("expected at most %v s, found %+v", c.Seconds-seconds, a)
	}
}

// checkAnswer holds an answer against what no answer may be.
func checkAnswer(t *rapid.T, a capacity.Answer) {
	if _, err := json.Marshal(a); err != nil {
		t.Fatalf("expected numbers, found %+v: %v", a, err)
	}
	switch a.Kind {
	case capacity.Interval:
		if !(0 < a.Low && a.Low <= a.Rate && a.Rate <= a.High) {
			t.Fatalf("expected the estimate in its interval, found %v in %v to %v", a.Rate, a.Low, a.High)
		}
		if plain := a.NotMonotone == "" && a.Highest < a.Lowest; plain && (a.High > max(1.2*a.Lowest, a.Rate)+1e-9 && a.Rate < 1.05*a.Lowest || a.Low < a.Highest/1.2 && a.Rate > a.Highest) {
			t.Fatalf("expected an interval that leaves out what was decided, found %v to %v, held up to %v, broken from %v", a.Low, a.High, a.Highest, a.Lowest)
		}
	case capacity.AtLeast:
		if !(a.Low > 0) {
			t.Fatalf("expected at least something, found %v", a.Low)
		}
	case capacity.AtMost:
		if !(a.High > 0) {
			t.Fatalf("expected at most something, found %v", a.High)
		}
	}
	for _, p := range a.Curve {
		if !(0 <= p.Low && p.Low <= p.Share && p.Share <= p.High && p.High <= 1) {
			t.Fatalf("expected shares, found %+v", p)
		}
	}
}

// TestSearchEnds feeds searches with whatever trials may come to: they end, stay within what they may use, and say
// nothing that cannot be.
func TestSearchEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawConfig(t)
		s, again := capacity.New(c), capacity.New(c)
		calls, seconds, most := uint64(0), 0.0, c.Trials
		if most == 0 {
			most = 40
		}
		for n := 1; ; n++ {
			ask, more := s.Next()
			if same, moreToo := again.Next(); !reflect.DeepEqual(ask, same) || more != moreToo {
				t.Fatalf("trial %d: expected what was fed with the same to ask for the same, %+v, found %+v", n, ask, same)
			}
			if !more {
				break
			}
			if n > most {
				t.Fatalf("expected %d trials at most", most)
			}
			checkAsk(t, c, ask, calls, seconds)
			trial := drawTrial(t, c.Objectives, ask)
			took := rapid.Float64Range(0, min(ask.Settle+ask.Most, 1e6)).Draw(t, "took")
			s.Take(trial, took)
			again.Take(trial, took)
			calls, seconds = calls+trial.Calls, seconds+took
			checkAnswer(t, s.Answer())
		}
		answer := s.Answer()
		checkAnswer(t, answer)
		if answer.End == "" {
			t.Fatal("expected an end")
		}
		if _, more := s.Next(); more {
			t.Fatal("expected a search that has ended to have ended")
		}
		if same := again.Answer(); !reflect.DeepEqual(answer, same) {
			t.Fatalf("expected %+v again, found %+v", answer, same)
		}
	})
}

// TestSearchOfSlowLimits searches where a trial beyond the capacity is ended long before a call is over: that none was
// yet says nothing of the rate.
func TestSearchOfSlowLimits(t *testing.T) {
	const truth = 79.0 // of 80/s that four workers of 50 ms make
	for _, limit := range []float64{2, 10, 30} {
		objectives := []capacity.Objective{{Name: "none"}, {Name: "slow", Allowed: 0.01, Horizon: limit}, {Name: "few", Allowed: 0.01}}
		q := queuetest.Queue{Workers: 4, Service: queuetest.Fixed(0.05)}
		r := rand.New(rand.NewPCG(7, uint64(limit)))
		s := capacity.New(capacity.Config{Objectives: objectives, Start: 10, Confidence: 0.95, Width: 0.1, Least: 10, Calls: 200_000, Seconds: 1800})
		for ask, more := s.Next(); more; ask, more = s.Next() {
			if ask.Rate > 3*truth {
				t.Errorf("limit %v s: expected no trial far above one that was broken, found %.4g/s", limit, ask.Rate)
			}
			j := capacity.NewJudge(objectives, ask, s.Alpha())
			stopped, drained := q.Follow(ask.Rate, r, ask.Settle+ask.Most, func(due, latency float64) {
				c := capacity.Call{Due: due, Latency: latency, Counted: 7}
				if latency > limit {
					c.Over = 2
				}
				j.Add(c)
			}, j.Look)
			trial := j.Outcome(stopped)
			if trial.Outcome == capacity.Broken && trial.Objective != 1 {
				t.Errorf("limit %v s, %.4g/s: expected what waiting breaks, found objective %d", limit, ask.Rate, trial.Objective)
			}
			s.Take(trial, drained)
		}
		a := s.Answer()
		if a.Kind != capacity.AtMost && a.Low > truth*1.02 || a.Kind != capacity.AtLeast && a.Kind != capacity.Unknown && a.High < truth*0.98 {
			t.Errorf("limit %v s: expected about %v/s, found %v of %.4g/s, %.4g/s to %.4g/s", limit, truth, a.Kind, a.Rate, a.Low, a.High)
		}
	}
}

// TestDecisionStands decides that a rate holds: calls that were in flight then change it only where one of them is what
// may never occur.
func TestDecisionStands(t *testing.T) {
	objectives := []capacity.Objective{{Name: "slow", Allowed: 0.05}, {Name: "none"}}
	for _, c := range []struct {
		late      uint64 // what is over in those in flight
		outcome   capacity.Outcome
		objective int
	}{{0, capacity.Holds, -1}, {1, capacity.Holds, -1}, {2, capacity.Broken, 1}, {3, capacity.Broken, 1}} {
		j := capacity.NewJudge(objectives, capacity.Ask{N: 1, Rate: 100, Step: capacity.Decision, Least: 5, Most: 1000}, 0.05)
		now := 0
		for decided := false; !decided && now < 1000; decided = j.Look(float64(now), 1) {
			for i := range 100 {
				j.Add(capacity.Call{Due: float64(now) + float64(i)/100, Latency: 0.05 + float64(i%7)/1000, Counted: 3})
			}
			now++
		}
		for i := range 20 * now {
			j.Add(capacity.Call{Due: float64(i) / 20, Latency: 0.05, Counted: 3, Over: c.late})
		}
		if got := j.Outcome(float64(now)); now == 1000 || got.Outcome != c.outcome || got.Objective != c.objective {
			t.Errorf("%b late: expected %v by %d, found %+v after %d s", c.late, c.outcome, c.objective, got, now)
		}
	}
}

// TestSearchStaysBelowWhatWasEnded grows until something else than an objective ends a trial: the rate is too high.
func TestSearchStaysBelowWhatWasEnded(t *testing.T) {
	s := capacity.New(capacity.Config{Objectives: []capacity.Objective{{Allowed: 0.01, Horizon: 1}}, Start: 10, Confidence: 0.95, Width: 0.1, Least: 10, Trials: 12})
	for ask, more := s.Next(); more; ask, more = s.Next() {
		trial := capacity.Trial{Ask: ask, Objective: -1, Outcome: capacity.Holds, Seconds: 100, Calls: 10_000, Counts: []capacity.Count{{Calls: 10_000, Inflation: 1}}}
		if ask.Rate > 35 {
			trial.Outcome = capacity.Broken
		}
		if ask.Rate > 80 {
			t.Errorf("expected no trial far above what was broken at 40/s, found %.4g/s", ask.Rate)
		}
		s.Take(trial, 100)
	}
	if a := s.Answer(); a.Kind == capacity.Interval && a.Low > 40 || a.Highest > 35 {
		t.Errorf("expected about 35/s, found %+v", a)
	}
}

// TestJudgeTakesAnything follows trials of whatever calls: what comes of one fits itself.
func TestJudgeTakesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		objectives := drawObjectives(t)
		rate := rapid.SampledFrom([]float64{0.001, 1, 100, 1e6}).Draw(t, "rate")
		span := 1000 / rate
		j := capacity.NewJudge(objectives, capacity.Ask{
			N: 1, Rate: rate, Step: capacity.Step(rapid.IntRange(0, 4).Draw(t, "step")), Settle: span * rapid.Float64Range(0, 2).Draw(t, "settle"),
			Least: span * rapid.Float64Range(0, 1).Draw(t, "least"), Most: span, Precision: 0.3,
		}, 0.01)
		calls, now := uint64(0), 0.0
		over := rapid.SampledFrom([]float64{0, 0.005, 0.2, 1}).Draw(t, "over")
		for range rapid.IntRange(0, 12).Draw(t, "looks") {
			for range rapid.IntRange(0, 60).Draw(t, "calls") {
				c := capacity.Call{Due: now + span/12*rapid.Float64Range(-0.5, 1).Draw(t, "due"), Latency: rapid.Float64Range(0, 100).Draw(t, "latency"), Counted: ^uint64(0)}
				if rapid.Float64Range(0, 1).Draw(t, "chance") < over {
					c.Over = rapid.Uint64().Draw(t, "which")
				}
				j.Add(c)
				calls++
			}
			now += span / 12
			if j.Look(now, rapid.IntRange(0, 1000).Draw(t, "in flight")) {
				break
			}
		}
		got := j.Outcome(rapid.Float64Range(0, 1.2).Draw(t, "stopped") * now)
		if _, err := json.Marshal(got); err != nil {
			t.Fatalf("expected numbers, found %+v: %v", got, err)
		}
		if got.Calls != calls || len(got.Counts) != len(objectives) {
			t.Fatalf("expected %d calls and %d counts, found %+v", calls, len(objectives), got)
		}
		if (got.Outcome == capacity.Broken) != (got.Objective >= 0) {
			t.Fatalf("expected an objective where one is broken, and none elsewhere, found %+v", got)
		}
		for i, c := range got.Counts {
			if c.Over > c.Calls || c.Calls > calls || c.Calls > 0 && c.Inflation < 1 {
				t.Fatalf("expected counts, found %+v", c)
			}
			if got.Outcome == capacity.Holds && objectives[i].Allowed == 0 && c.Over > 0 {
				t.Fatalf("expected what may not occur to break it, found %+v", got)
			}
		}
	})
}
