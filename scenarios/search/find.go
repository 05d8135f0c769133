package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// found is what a search for the highest rate of one scenario came to.
type found struct {
	capacity.Answer
	// Conditions are the objectives that it was judged by, and Trials what it was told of.
	Conditions []condition
	Trials     []made
	// Everywhere says what was wrong with every call whatever the rate was; empty where there is no such thing.
	Everywhere string
}

// find searches for the highest rate at which the objectives hold, from a rate on. What has ended it before it was
// found is in the report.
func (s *session) find(ctx context.Context, of, about string, sc *scenarios.Scenario, from float64) (found, error) {
	f := found{Conditions: held(s.thresholds, sc.Labels)}
	if len(f.Conditions) == 0 {
		return f, errors.New("no objective of the search is of any call of this mix")
	}
	left := s.left()
	search := capacity.New(capacity.Config{
		Objectives: objectives(f.Conditions), Start: from, Ceiling: s.To, Confidence: s.Confidence, Width: s.Width,
		Least: s.least(), Calls: bounded(left.calls), Seconds: finite(left.seconds),
	})
	spent := false
	for {
		ask, more := search.Next()
		if !more {
			break
		}
		if ask.Rate = rounded(ask.Rate); s.To > 0 {
			ask.Rate = min(ask.Rate, s.To)
		}
		m, err := s.trial(ctx, want{Of: of, About: about, Scenario: sc, Ask: ask, Alpha: search.Alpha()})
		if errors.Is(err, errSpent) {
			spent = true
			break
		} else if err != nil {
			return f, s.gone(err)
		}
		if m.Ended != "" {
			s.end(m.Ended, m.Why)
			break
		}
		took, err := s.drain(ctx, m)
		if err != nil {
			return f, err
		}
		search.Take(m.Trial, m.Took+took)
		f.Trials = append(f.Trials, m)
		f.Answer = search.Answer()
		s.narrowed(m.Shown.N, f.Answer)
		if s.report.Run.Ended != "" {
			break
		}
		if f.Everywhere = f.everywhere(); f.Everywhere != "" {
			f.Answer = capacity.Answer{End: capacity.Nothing, Lowest: f.Lowest}
			s.rate, s.low, s.high = 0, 0, 0
			return f, nil
		}
	}
	if f.Answer = search.Answer(); spent {
		f.End = capacity.Budget
	}
	return f, nil
}

// everywhere says which objective no call has kept in any trial, although the rate fell to a quarter and the target was
// not overloaded: the rate has nothing to do with it, and lower ones are not worth their calls.
func (f found) everywhere() string {
	if len(f.Trials) < 3 {
		return ""
	}
	first, last := f.Trials[0], f.Trials[len(f.Trials)-1]
	for _, t := range f.Trials {
		if t.Outcome != capacity.Broken || t.Saturated || t.Objective != last.Objective || t.Objective < 0 || t.Counts[t.Objective].Over < t.Counts[t.Objective].Calls {
			return ""
		}
	}
	if last.Ask.Rate > first.Ask.Rate/4*1.01 {
		return ""
	}
	return fmt.Sprintf("every call was over %s, from %s down to %s, so that it is no matter of the rate; %s/report.html shows such calls",
		f.Conditions[last.Objective].Expr, text.Rate(first.Ask.Rate), text.Rate(last.Ask.Rate), last.Shown.Dir)
}

// gone makes of a target that cannot be reached any more, or of those who are too few to send, the end of the search;
// other errors stay.
func (s *session) gone(err error) error {
	var unreachable *trial.UnreachableError
	var short *trial.ShortError
	switch {
	case errors.As(err, &unreachable):
		s.end(sizing.EndedUnreachable, unreachable.Err.Error())
		return nil
	case errors.As(err, &short):
		s.end(sizing.EndedShort, short.Error())
		return nil
	}
	return err
}

// narrowed keeps what is known after trial n.
func (s *session) narrowed(n int, a capacity.Answer) {
	s.rate, s.low, s.high = a.Rate, a.Low, a.High
	if a.Kind == capacity.Interval {
		t := &s.report.Trials[n-1]
		t.Low, t.High = &a.Low, &a.High
	}
	s.tell(nil)
}

// bounded is a bound as package capacity has it, where 0 is none; what is spent leaves 1, which is too few for a trial.
func bounded(calls uint64) uint64 {
	if calls == math.MaxUint64 {
		return 0
	}
	return max(calls, 1)
}

func finite(seconds float64) float64 {
	if math.IsInf(seconds, 1) {
		return 0
	}
	return math.Max(seconds, 1e-3)
}

// rounded is a rate in four digits, as it is written everywhere.
func rounded(rate float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 4, 64), 64)
	if err != nil || r <= 0 {
		return rate
	}
	return r
}
