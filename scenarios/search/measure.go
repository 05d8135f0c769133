package search

import (
	"context"
	"errors"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// errEnded says that nothing more is to be sent. How the search has ended is in the report.
var errEnded = errors.New("the search has ended")

// measure makes a trial, and waits until the target has done with it. The error is errEnded where it was the last one,
// and errSpent where it was not made because the budget does not allow for it.
func (s *session) measure(ctx context.Context, w want) (made, error) {
	m, err := s.trial(ctx, w)
	switch {
	case errors.Is(err, errSpent):
		return m, err
	case err != nil:
		if err = s.gone(err); err == nil {
			err = errEnded
		}
		return m, err
	case m.Ended != "":
		s.end(m.Ended, m.Why)
		return m, errEnded
	}
	if _, err = s.drain(ctx, m); err == nil && s.report.Run.Ended != "" {
		err = errEnded
	}
	return m, err
}

// hunt searches for the capacity of other calls than those of the scenario. What is known when an error ends it stands.
func (s *session) hunt(ctx context.Context, w want, from float64) (sizing.Capacity, error) {
	f, err := s.find(ctx, w.Of, w.About, w.Scenario, from)
	if err != nil {
		return sizing.Capacity{Kind: sizing.Unknown, Confidence: s.Confidence, Why: err.Error()}, err
	}
	if s.report.Run.Ended != "" {
		err = errEnded
	}
	return s.capacity(f), err
}

// within lets a question use so many seconds of the budget at most; 0 is no bound.
func (s *session) within(seconds float64, question func() error) error {
	if seconds > 0 {
		s.until = s.report.Budget.SpentSeconds + seconds
	}
	defer func() { s.until = 0 }()
	return question()
}

// search lets a question use what is left of the time without the studies.
func (s *session) search(question func() error) error {
	if s.Seconds > 0 {
		s.until = s.Seconds
	}
	defer func() { s.until = 0 }()
	return question()
}

// best is a rate that the target takes for all that is known: the estimate, or what it takes at least; 0 where neither
// is known.
func best(c sizing.Capacity) float64 {
	switch {
	case c.Kind == sizing.Interval:
		return c.Rate
	case c.Kind == sizing.AtLeast && c.Low != nil:
		return *c.Low
	}
	return 0
}

// isVoid reports whether a trial says nothing of the target.
func (m made) isVoid() bool { return m.Outcome == capacity.Void }
