package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// studies makes the studies, one after the other, as long as the search has not ended. What a spent budget left out is
// noted.
func (s *session) studies(ctx context.Context) error {
	start := s.From
	if a := s.report.Acceptance; a != nil && best(*a) > 0 {
		start = best(*a) / 2
	}
	x := s.Studies
	for _, study := range []struct {
		asked bool
		what  string
		make  func() error
	}{
		{x.Mix != nil, "the capacity by the mix", func() error { return s.mix(ctx, *x.Mix, start) }},
		{x.Isolation, "what one tier does to another", func() error { return s.isolation(ctx, start) }},
		{len(x.Ladder) > 0, "the throughput by callers", func() error { return s.ladder(ctx, x.Ladder) }},
		{x.Soak > 0, "whether anything drifts", func() error { return s.soak(ctx, x.Soak.Seconds()) }},
		{x.Replicas != nil, "", func() error { s.report.Replicas = x.Replicas.needed(s.report.Acceptance); return nil }},
	} {
		if !study.asked {
			continue
		}
		if err := s.spent(study.make(), study.what); err != nil {
			return err
		}
	}
	return nil
}

// spent notes what a spent budget has left unknown; other errors stay.
func (s *session) spent(err error, what string) error {
	if errors.Is(err, errSpent) {
		s.note(fmt.Sprintf("The budget was spent before %s was known.", what))
		return nil
	}
	return err
}

// settling is for how long calls are left out at a rate: as long as the target took in trials before, at rates that it
// took.
func (s *session) settling(rate float64) float64 {
	const least, most = 1.0, 30.0
	settle := least
	for _, t := range s.report.Trials {
		if t.Rate > 0 && t.Rate <= rate*1.05 && t.Outcome != sizing.Broken && t.Outcome != sizing.Void {
			settle = max(settle, t.Settled)
		}
	}
	return min(settle, most)
}

// acceptance is the scenario without the following of executions: what they come to is measured apart from how many
// calls are accepted, since the target cannot be asked about thousands a second.
func (s *session) acceptance() *scenarios.Scenario {
	if s.Scenario.Following == nil {
		return s.Scenario
	}
	kept := slices.DeleteFunc(slices.Clone(s.Scenario.Thresholds), func(c metrics.Condition) bool { return c.OfExecutions() })
	without, err := s.Scenario.WithFollowing(nil).WithThresholds(kept...)
	if err != nil {
		return s.Scenario.WithFollowing(nil)
	}
	return without
}

// complete searches for the completion capacity, before calls are accepted faster than executions end.
func (s *session) complete(ctx context.Context) error {
	if s.Scenario.Following == nil {
		return nil
	}
	c := newCompletion(s.From/4, s.To, s.Width)
	asked := s.Arrivals
	s.Arrivals = scenarios.Even
	err := s.within(ofCompletion*s.Seconds, func() error {
		for {
			rate, seconds, more := c.ask()
			if !more {
				return nil
			}
			w := want{Of: "completion", About: fmt.Sprintf("trial %d", len(c.tried)+1), Scenario: s.Scenario, Ask: capacity.Ask{Rate: rounded(rate)}, Seconds: seconds}
			m, err := s.measure(ctx, w)
			if err != nil {
				return err
			}
			c.take(s.growing(m))
		}
	})
	s.Arrivals = asked
	answer := c.answer()
	s.report.Completion = &answer
	s.note("The completion capacity was searched for first, with calls at even distances and executions followed to their ends; in all other trials they are not followed.")
	return s.spent(err, "the completion capacity")
}

// growing is what the backlog did in a trial, which the report is told.
func (s *session) growing(m made) grown {
	g := grown{rate: m.Shown.Rate, accepted: m.Shown.Accepted, seconds: m.Shown.Seconds, void: m.isVoid()}
	x := m.Summary.Executions
	if x == nil {
		return g
	}
	if p := x.Total.Completion.P50; p != nil {
		g.long = p.High
	}
	if g.growth = x.Backlog.Growth; g.growth != nil {
		shown := &s.report.Trials[m.Shown.N-1]
		shown.Growth = &sizing.Bounds{Value: g.growth.PerSecond, Low: g.growth.Low, High: g.growth.High}
		switch {
		case g.void:
		case g.grew():
			shown.Outcome, shown.Reason = sizing.Broken, "executions piled up"
		case g.holds():
			shown.Outcome = sizing.Holds
		}
	}
	return g
}

// begin narrows down the rates below the capacity at which something begins that is in no objective.
func (s *session) begin(ctx context.Context) error {
	if s.report.Acceptance == nil || s.report.Acceptance.Low == nil {
		return nil
	}
	for _, o := range []struct {
		name, what string
		of         func(sizing.Trial) float64
	}{
		{"contract", "the rate from which on the contract is broken", func(t sizing.Trial) float64 { return t.Violations }},
		{"shed", "the rate from which on calls are shed", func(t sizing.Trial) float64 { return t.Shed }},
	} {
		search := newBeginning(judged(s.report.Trials), o.of, *s.report.Acceptance.Low)
		for {
			rate, calls, more := search.ask()
			if !more {
				break
			}
			m, err := s.measure(ctx, want{
				Of: "onset", About: fmt.Sprintf("%s, trial %d", o.name, search.tried+1), Scenario: s.acceptance(),
				Ask: capacity.Ask{Rate: rounded(rate), Settle: s.settling(rate)}, Seconds: math.Max(float64(calls)/rate*1.1, leastOnset),
			})
			if err != nil {
				return s.spent(err, o.what)
			}
			search.take(m.Shown.Rate, o.of(m.Shown), m.Shown.Calls)
		}
	}
	return nil
}

// judged are the trials of the scenario itself, which say something of the target.
func judged(trials []sizing.Trial) (list []sizing.Trial) {
	for _, t := range trials {
		if (t.Of == "acceptance" || t.Of == "need" || t.Of == "onset") && t.Outcome != sizing.Void {
			list = append(list, t)
		}
	}
	return list
}
