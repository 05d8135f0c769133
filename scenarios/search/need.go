package search

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// again is how often it is tried whether a need is met where a trial says more of this machine than of the target.
const again = 2

// Shortest is how many seconds it takes at least to find that the target takes the rate that is needed, and how many
// calls those are.
func (c Config) Shortest() (seconds float64, calls uint64) {
	s := &session{Config: c}
	s.thresholds, _ = conditions(c.Scenario)
	if len(s.thresholds) > most {
		return 0, 0 // refused when it is begun
	}
	rate := c.Need * (1 + c.Headroom)
	list := objectives(held(s.thresholds, c.Scenario.Labels))
	seconds = capacity.Shortest(list, capacity.Question(list, rate, capacity.Limits{Least: s.least()}), 1-c.Confidence)
	return seconds, uint64(math.Ceil(seconds * rate))
}

// needed is the trial that is to tell.
func (s *session) needed() want {
	list := held(s.thresholds, s.Scenario.Labels)
	limits := capacity.Limits{Least: s.least()}
	if s.Find {
		// Where it is not plain, something is left for the search.
		left := s.left()
		limits.Calls, limits.Most = bounded(left.calls), finite(left.seconds/3)
	}
	return want{Of: "need", Scenario: s.acceptance(), Ask: capacity.Question(objectives(list), s.report.Need.Tried, limits), Alpha: 1 - s.Confidence}
}

// noTrial says that the budget has none.
func (s *session) noTrial(w want) string {
	return fmt.Sprintf("the budget has no trial at this rate, which is one of %s at least, and has %s left",
		text.Duration(&w.Ask.Least), s.left())
}

// hopeless notes where the budget has no room for a yes.
func (s *session) hopeless() {
	if s.Need == 0 {
		return
	}
	if w := s.needed(); len(s.replay) == 0 {
		if _, err := s.plan(w, 1); errors.Is(err, errSpent) {
			s.note(text.Sentence(s.noTrial(w) + ": it cannot be decided"))
			return
		}
	}
	left := s.left()
	room, most := math.Min(float64(left.calls), s.report.Need.Tried*left.seconds), condition{}
	least := uint64(0)
	for _, c := range held(s.thresholds, s.Scenario.Labels) {
		if n := capacity.Fewest(c.objective(), 1-s.Confidence); n > least {
			least, most = n, c
		}
	}
	if room < float64(least) {
		s.note(fmt.Sprintf("That %s is kept is plain after %s at the least, and the budget has room for %s: the answer may be no, and cannot be yes.",
			most.Expr, text.Plural(least, "call"), text.Count(uint64(room))))
	}
}

// decide answers whether the target takes the rate that is needed.
func (s *session) decide(ctx context.Context) error {
	need := s.report.Need
	list := held(s.thresholds, s.Scenario.Labels)
	w := s.needed()
	for n := range again {
		m, err := s.trial(ctx, w)
		switch {
		case errors.Is(err, errSpent):
			if n == 0 {
				need.Reason = s.noTrial(w)
			} else {
				need.Reason += "; the budget has no other trial at this rate"
			}
			s.endNeed(sizing.EndedBudget)
			return nil
		case err != nil:
			err = s.gone(err)
			if need.Reason = "the target went away"; s.report.Run.Ended == sizing.EndedShort {
				need.Reason = "a worker was lost"
			}
			return err
		}
		need.Trial = m.Shown.N
		if need.Reason = m.Shown.Reason; m.Ended != "" {
			s.end(m.Ended, m.Why)
			return nil
		}
		if _, err := s.drain(ctx, m); err != nil {
			return err
		}
		switch m.Outcome {
		case capacity.Holds:
			need.Answer, need.Reason = sizing.Yes, nearest(m, list)
		case capacity.Broken:
			need.Answer = sizing.No
		case capacity.Void:
			continue
		}
		s.endNeed(sizing.EndedFound)
		return nil
	}
	s.endNeed(sizing.EndedGenerator)
	return nil
}

// endNeed ends the search where nothing else was asked.
func (s *session) endNeed(ended string) {
	switch {
	case s.Find:
	case ended == sizing.EndedFound && s.report.Need.Answer == sizing.Undecided:
		s.end(sizing.EndedUndecided, "")
	default:
		s.end(ended, "")
	}
}

// nearest says of the objective that is nearest to its limit how many calls were over.
func nearest(m made, list []condition) string {
	if len(m.Counts) == 0 {
		return "nothing was counted"
	}
	at := 0
	for i, c := range m.Counts {
		if used(c, list[i]) > used(m.Counts[at], list[at]) {
			at = i
		}
	}
	c, o := m.Counts[at], list[at]
	return fmt.Sprintf("%s: %s of %s were over, and %s may be", o.Expr, text.Percent(share(c.Over, c.Calls)), text.Plural(c.Calls, "call"), text.Percent(o.Allowed))
}
