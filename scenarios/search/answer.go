package search

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// capacity is what was found, as a report has it, with what broke first.
func (s *session) capacity(f found) sizing.Capacity {
	kinds := map[capacity.Kind]string{capacity.Unknown: sizing.Unknown, capacity.Interval: sizing.Interval, capacity.AtLeast: sizing.AtLeast, capacity.AtMost: sizing.AtMost}
	c := sizing.Capacity{
		Kind: kinds[f.Kind], Confidence: s.Confidence, Highest: f.Highest, Lowest: f.Lowest, NotMonotone: f.NotMonotone, Hysteresis: f.Hysteresis, Spread: f.Spread,
	}
	at := 0.0
	switch f.Kind {
	case capacity.Interval:
		c.Rate, c.Low, c.High = f.Rate, &f.Low, &f.High
		at = f.Rate
	case capacity.AtLeast:
		c.Low, at = &f.Low, f.Low
	case capacity.AtMost:
		c.High = &f.High
	}
	c.InFlight, c.Goodput = f.near(at)
	if n := s.report.Need; n != nil && c.Low != nil {
		room := *c.Low/n.Rate - 1
		c.Headroom = &room
	}
	for _, p := range f.Curve {
		c.Curve = append(c.Curve, sizing.CurvePoint{Rate: p.Rate, Share: p.Share, Low: p.Low, High: p.High})
	}
	c.Broke = s.broke(f)
	c.Why = s.why(f)
	return c
}

// longest is after how many seconds it is known of a call whether it is over any limit.
func longest(list []condition) (seconds float64) {
	for _, o := range objectives(list) {
		seconds = math.Max(seconds, o.Horizon)
	}
	return seconds
}

// near is how many calls are in flight at a rate, and the goodput, by the trial that is nearest to it; 0 where none is.
func (f found) near(rate float64) (inFlight, goodput float64) {
	nearest := math.Log(1.3)
	for _, t := range f.Trials {
		away := math.Abs(math.Log(t.Ask.Rate / rate))
		if t.Outcome == capacity.Void || t.Saturated || t.Shown.Answered == 0 || !(away < nearest) {
			continue
		}
		nearest = away
		inFlight = t.Shown.InFlight / t.Ask.Rate * rate
		goodput = math.Min(t.Shown.Goodput/t.Shown.Answered, 1) * rate
	}
	return inFlight, goodput
}

// endFound says how the search has ended, if nothing else ended it.
func (s *session) endFound(f found) {
	switch f.End {
	case capacity.Found:
		s.end(sizing.EndedFound, "")
	case capacity.Budget:
		s.end(sizing.EndedBudget, "")
	case capacity.Generator:
		s.end(sizing.EndedGenerator, "")
	case capacity.Ceiling:
		s.end(sizing.EndedCeiling, "")
	default:
		s.end(sizing.EndedUndecided, "")
	}
}

// why says how an answer came about that is no interval.
func (s *session) why(f found) string {
	if f.Kind == capacity.Interval {
		return ""
	}
	switch {
	case f.Everywhere != "":
		return f.Everywhere
	case f.End == capacity.Budget && len(f.Trials) == 0:
		horizon := longest(f.Conditions)
		return fmt.Sprintf("the budget has no room for a single trial at %.4g/s, in which it takes up to %s to know of a call whether it is over", s.From, text.Duration(&horizon))
	case f.End == capacity.Generator:
		for i := len(f.Trials) - 1; i >= 0; i-- {
			if t := f.Trials[i]; t.Outcome == capacity.Void {
				return fmt.Sprintf("at %.4g/s the generator itself was the limit, so that higher rates say nothing of the target", t.Ask.Rate)
			}
		}
	case f.End == capacity.Ceiling && f.Kind != capacity.AtLeast:
		said := fmt.Sprintf("it is not decided whether %.4g/s holds, which is the highest rate that was to be tried", s.To)
		if last := f.Trials[len(f.Trials)-1]; last.Outcome == capacity.Undecided {
			said += " (" + last.Shown.Reason + ")"
		}
		return said
	case f.End == capacity.Ceiling:
		return fmt.Sprintf("%.4g/s holds, and is the highest rate that was to be tried", s.To)
	case f.End == capacity.Nothing:
		return "no rate that was tried holds"
	}
	switch s.report.Run.Ended {
	case sizing.EndedInterrupted:
		return "the search was interrupted"
	case sizing.EndedUnreachable:
		return "the target went away"
	case sizing.EndedUnkept:
		return "what was measured could not be kept"
	case sizing.EndedShort:
		return "a worker was lost"
	case sizing.EndedUndecided:
		if s.report.Run.Detail != "" {
			return s.report.Run.Detail
		}
	}
	if f.Kind == capacity.AtLeast {
		return "the budget was spent before a rate was found that does not hold"
	}
	return "the budget was spent before an interval was found"
}

// conclude fills in the verdict and what is told of all trials together.
func (s *session) conclude() {
	r := &s.report
	for _, k := range s.replay {
		s.spend(k) // nobody asked for it again
	}
	r.Onsets = s.onsets()
	r.Run.DurationSeconds = r.Budget.SpentSeconds
	r.Verdict = s.verdict()
	s.tell(nil)
}

// verdict is the answer as an exit code.
func (s *session) verdict() summary.Verdict {
	r := s.report
	none := func(why string) summary.Verdict {
		return summary.Verdict{Status: summary.NoVerdict, ExitCode: 3, Causes: []string{why}}
	}
	pass := summary.Verdict{Status: summary.Pass, Causes: []string{}}
	if n := r.Need; n != nil {
		switch n.Answer {
		case sizing.Yes:
			return pass
		case sizing.No:
			return summary.Verdict{Status: summary.Fail, ExitCode: 1, Causes: []string{fmt.Sprintf("It does not take %.4g/s: %s.", n.Tried, n.Reason)}}
		}
		return none(fmt.Sprintf("Whether it takes %.4g/s is not decided: %s.", n.Tried, n.Reason))
	}
	switch a := r.Acceptance; {
	case a == nil && r.Replicas != nil && r.Replicas.Needed > 0:
		return pass
	case a == nil && r.Replicas != nil:
		return summary.Verdict{Status: summary.Fail, ExitCode: 1, Causes: []string{fmt.Sprintf("No number of replicas takes %s: %s.", text.Rate(r.Replicas.Need), strings.Join(r.Replicas.Assumptions, "; "))}}
	case a == nil:
		return none("The search ended before anything was found.")
	case slices.Contains([]string{sizing.EndedInterrupted, sizing.EndedUnreachable, sizing.EndedUnkept, sizing.EndedShort}, r.Run.Ended):
		return none("The search was cut short: " + a.Why + detail(r.Run.Detail) + ".")
	case a.Kind == sizing.Interval || a.Kind == sizing.AtLeast && r.Run.Ended == sizing.EndedCeiling:
		return pass
	default:
		return none("No interval was found: " + a.Why + ".")
	}
}

func detail(of string) string {
	if of == "" {
		return ""
	}
	return " (" + of + ")"
}

// keep writes the report.
func (s *session) keep() error {
	return reports.KeepSizing(s.dir, s.report)
}
