package capacity_test

import (
	"math/rand/v2"
	"testing"

	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// told feeds a search with trials of which the outcome is known beforehand.
func told(c capacity.Config, outcome func(ask capacity.Ask, before int) capacity.Outcome) (capacity.Answer, []capacity.Ask) {
	c.Objectives, c.Confidence, c.Width = []capacity.Objective{{Name: "p95", Allowed: 0.05, Horizon: 0.1}}, 0.95, 0.1
	s := capacity.New(c)
	var asks []capacity.Ask
	for {
		ask, more := s.Next()
		if !more {
			return s.Answer(), asks
		}
		t := capacity.Trial{Ask: ask, Outcome: outcome(ask, len(asks)), Objective: -1, Seconds: 100, Calls: 5000, Counts: []capacity.Count{{Calls: 5000, Over: 5, Inflation: 1}}}
		if t.Outcome == capacity.Broken {
			t.Objective, t.Counts[0].Over = 0, 4000
		}
		asks = append(asks, ask)
		s.Take(t, 100)
	}
}

// holdsBelow is a target that holds below a rate.
func holdsBelow(rate float64, ask capacity.Ask) capacity.Outcome {
	if ask.Rate < rate {
		return capacity.Holds
	}
	return capacity.Broken
}

func TestGeneratorLimited(t *testing.T) {
	// This machine makes 50 calls a second, and the target takes 100.
	a, _ := told(capacity.Config{Start: 10}, func(ask capacity.Ask, _ int) capacity.Outcome {
		if ask.Rate > 50 {
			return capacity.Void
		}
		return holdsBelow(100, ask)
	})
	if a.End != capacity.Generator || a.Kind != capacity.AtLeast || a.Low < 45 || a.Low > 50 {
		t.Errorf("expected at least nearly 50/s and this machine as the limit, found %+v", a)
	}
	// It makes 50 only for a while.
	a, _ = told(capacity.Config{Start: 10}, func(ask capacity.Ask, _ int) capacity.Outcome {
		switch {
		case ask.Rate > 50 || ask.Step == capacity.Decision && ask.Rate > 30:
			return capacity.Void
		case ask.Step == capacity.Decision:
			return capacity.Holds
		}
		return capacity.Undecided
	})
	if a.End != capacity.Generator || a.Kind != capacity.AtLeast || a.Low < 20 || a.Low > 30 {
		t.Errorf("expected at least what could be decided, and this machine as the limit, found %+v", a)
	}
	// A bad moment now and then is no limit.
	a, _ = told(capacity.Config{Start: 10}, func(ask capacity.Ask, before int) capacity.Outcome {
		if before%3 == 2 {
			return capacity.Void
		}
		return holdsBelow(100, ask)
	})
	if a.End == capacity.Generator || a.Kind != capacity.Interval || a.Low > 100 || a.High < 100 {
		t.Errorf("expected an interval around 100/s, found %+v", a)
	}
}

func TestEnds(t *testing.T) {
	a, _ := told(capacity.Config{Start: 10, Ceiling: 70}, func(ask capacity.Ask, _ int) capacity.Outcome { return holdsBelow(100, ask) })
	if a.End != capacity.Ceiling || a.Kind != capacity.AtLeast || a.Low != 70 {
		t.Errorf("expected at least 70/s, found %+v", a)
	}
	a, _ = told(capacity.Config{Start: 10}, func(capacity.Ask, int) capacity.Outcome { return capacity.Broken })
	if a.End != capacity.Nothing || a.Kind == capacity.Interval || a.Kind == capacity.AtLeast {
		t.Errorf("expected that no rate holds, found %+v", a)
	}
	a, asks := told(capacity.Config{Start: 10, Trials: 4}, func(ask capacity.Ask, _ int) capacity.Outcome { return holdsBelow(100, ask) })
	if a.End != capacity.Budget || len(asks) != 4 {
		t.Errorf("expected four trials and a spent budget, found %d and %+v", len(asks), a)
	}
	// It holds again where it should be worse.
	a, _ = told(capacity.Config{Start: 10}, func(ask capacity.Ask, _ int) capacity.Outcome {
		if ask.Rate < 30 {
			return capacity.Broken
		}
		return holdsBelow(100, ask)
	})
	if a.NotMonotone == "" || a.Kind == capacity.Interval || a.Kind == capacity.AtLeast {
		t.Errorf("expected that the target is not monotone, and where it breaks first, found %+v", a)
	}
}

// TestShortest ends trials in which no call is over a limit before the time that is told, and well after it.
func TestShortest(t *testing.T) {
	for _, c := range []struct{ rate, allowed, horizon float64 }{{20, 0.01, 0.5}, {100, 0.01, 0.2}, {50, 0.05, 1}, {200, 0, 0.3}, {500, 0.01, 0}} {
		list := []capacity.Objective{{Allowed: c.allowed, Horizon: c.horizon}}
		ask := capacity.Question(list, c.rate, capacity.Limits{Least: 1})
		least := capacity.Shortest(list, ask, 0.05)
		r := rand.New(rand.NewPCG(7, 7))
		j := capacity.NewJudge(list, ask, 0.05)
		for due := 0.0; due < 3*least; due += r.ExpFloat64() / c.rate {
			j.Add(capacity.Call{Due: due, Latency: c.horizon / 4 * r.Float64(), Counted: 1})
		}
		if least < ask.Settle+ask.Least/2 || least > ask.Settle+ask.Least/2+0.1 && j.Outcome(0.7*least).Outcome == capacity.Holds || j.Outcome(3*least).Outcome != capacity.Holds {
			t.Errorf("%+v: %v s were told to be the least", c, least)
		}
	}
}

// TestFewest holds a trial in which nobody is over to what is said to decide it.
func TestFewest(t *testing.T) {
	for _, o := range []capacity.Objective{{Allowed: 0.01}, {Allowed: 0.05}, {Allowed: 0.001}, {}} {
		for _, alpha := range []float64{0.05, 0.01} {
			n := capacity.Fewest(o, alpha)
			seen := [3]int{}
			for calls := n - 5; calls < n+10; calls++ {
				j := capacity.NewJudge([]capacity.Objective{o}, capacity.Ask{Rate: 1000, Step: capacity.Decision}, alpha)
				for i := range calls {
					j.Add(capacity.Call{Due: float64(i) / 1000, Counted: 1})
				}
				trial := j.Outcome(float64(calls) / 1000) // the first few are left out
				seen[trial.Outcome]++
				if (trial.Outcome == capacity.Holds) != (trial.Counts[0].Calls >= n) {
					t.Errorf("%g allowed, error %g, decided by %d calls: found %v after %d", o.Allowed, alpha, n, trial.Outcome, trial.Counts[0].Calls)
				}
			}
			if seen[capacity.Holds] == 0 || seen[capacity.Undecided] == 0 {
				t.Errorf("%g allowed: %v", o.Allowed, seen)
			}
		}
	}
}

// TestRoomToDecide has the last decision of a search get what it takes to be made, where a third of what is left is
// too little.
func TestRoomToDecide(t *testing.T) {
	s := capacity.New(capacity.Config{
		Objectives: []capacity.Objective{{Name: "errors", Allowed: 0.01}}, Confidence: 0.95, Width: 0.1, Start: 20, Ceiling: 30, Least: 5, Seconds: 120,
	})
	for {
		ask, more := s.Next()
		if !more {
			break
		}
		seconds := min(ask.Most, 60)
		trial := capacity.Trial{Ask: ask, Objective: -1, Seconds: seconds, Counts: []capacity.Count{{Calls: uint64(ask.Rate * seconds), Inflation: 1}}}
		if ask.Step == capacity.Decision && trial.Counts[0].Calls >= capacity.Fewest(s.Objectives[0], s.Alpha()) {
			trial.Outcome = capacity.Holds
		}
		s.Take(trial, ask.Settle+min(seconds, 10))
	}
	if a := s.Answer(); a.Kind != capacity.AtLeast || a.Low != 30 {
		t.Errorf("expected at least 30/s, found %+v", a)
	}
}

// TestRoomBelow has a search make the trials that there is room for, where one at the capacity itself would take longer
// than what is left.
func TestRoomBelow(t *testing.T) {
	s := capacity.New(capacity.Config{Objectives: []capacity.Objective{{Name: "p95", Allowed: 0.05, Horizon: 0.1}}, Confidence: 0.95, Width: 0.1, Start: 50, Least: 10, Seconds: 250})
	spent := 0.0
	for {
		ask, more := s.Next()
		if !more {
			break
		}
		trial := capacity.Trial{Ask: ask, Objective: -1, Seconds: min(ask.Most, 2*ask.Least), Relaxation: 0.05}
		calls := uint64(ask.Rate * trial.Seconds)
		trial.Counts = []capacity.Count{{Calls: calls, Inflation: 20}}
		switch {
		case ask.Rate > 210:
			trial.Outcome, trial.Objective, trial.Counts[0].Over = capacity.Broken, 0, calls
		case ask.Rate > 190:
			trial.Relaxation, trial.Counts[0].Over = 8, calls/2
		}
		spent += ask.Settle + trial.Seconds
		s.Take(trial, ask.Settle+trial.Seconds)
	}
	if a := s.Answer(); a.End == capacity.Budget && spent < 200 {
		t.Errorf("%g of 250 s were used, and the answer is %+v", spent, a)
	}
}

// TestPlain has an interval that is made of few trials end where one was plainly broken.
func TestPlain(t *testing.T) {
	intervals := 0
	for trials := 6; trials < 16; trials++ {
		s := capacity.New(capacity.Config{Objectives: []capacity.Objective{{Name: "p95", Allowed: 0.05, Horizon: 0.5}}, Confidence: 0.95, Width: 0.02, Start: 20, Least: 5, Trials: trials})
		for {
			ask, more := s.Next()
			if !more {
				break
			}
			calls := uint64(ask.Rate * 8)
			trial := capacity.Trial{Ask: ask, Objective: -1, Seconds: 8, Calls: calls, Relaxation: 0.05, Counts: []capacity.Count{{Calls: calls, Inflation: 20}}}
			switch {
			case ask.Rate > 215:
				trial.Outcome, trial.Objective, trial.Counts[0] = capacity.Broken, 0, capacity.Count{Calls: calls, Over: calls, Inflation: float64(calls) / 2, Outcome: capacity.Broken}
			case ask.Rate > 190:
				trial.Counts[0].Over = calls / 3
			}
			s.Take(trial, 10)
		}
		a := s.Answer()
		if a.Kind != capacity.Interval {
			continue
		}
		intervals++
		if a.High > 1.1*a.Lowest+1e-9 {
			t.Errorf("%d trials: %.1f to %.1f, broken from %.1f", trials, a.Low, a.High, a.Lowest)
		}
	}
	if intervals == 0 {
		t.Error("no search came to an interval")
	}
}
