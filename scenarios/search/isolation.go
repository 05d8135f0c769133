package search

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// onlyTiers is a scenario that has no calls but those of one tier, or of two with a share of the first.
func onlyTiers(s *scenarios.Scenario, first, second string, share float64) (*scenarios.Scenario, error) {
	alone, err := s.WithShare("invalid", "", 0)
	if err == nil {
		alone, err = alone.WithShare("tier", second, 1)
	}
	if err == nil && share > 0 {
		alone, err = alone.WithShare("tier", first, share)
	}
	return alone, err
}

// isolation measures what one tier does to another. What is known when an error ends it is in the report.
func (s *session) isolation(ctx context.Context, start float64) error {
	added, measured, err := tiersOf(s.Scenario)
	if err != nil {
		return err
	}
	accepting := s.acceptance()
	full, err := onlyTiers(accepting, added, added, 0)
	if err != nil {
		return err
	}
	out := &sizing.Isolation{Tier: measured, Beside: added}
	s.report.Isolation = out
	var alone sizing.Capacity
	asked := s.Width
	s.Width = math.Max(s.Width, roughly)
	err = s.within(ofSearch*s.Seconds, func() (err error) {
		alone, err = s.hunt(ctx, want{Of: "isolation", About: added + " alone", Scenario: full}, start)
		return err
	})
	s.Width = asked
	if out.Capacity = best(alone); out.Capacity == 0 {
		out.Capacity = s.keptAt(added + " alone")
	}
	if out.Capacity == 0 {
		out.Sentence = fmt.Sprintf("how much %s alone takes is not known, so that nothing was measured beside it", added)
		return err
	}
	if err != nil {
		out.Sentence = fmt.Sprintf("it ended before %s was measured", measured)
		return err
	}
	out.Rate = watchedShare * out.Capacity
	var calls [len(loads)][]float64
	for i, load := range loads {
		rate := out.Rate + load*out.Capacity
		mixed, err := onlyTiers(accepting, added, measured, load*out.Capacity/rate)
		if err != nil {
			return err
		}
		about := measured + " alone"
		if load > 0 {
			about = fmt.Sprintf("%s beside %s at %.0f %%", measured, added, 100*load)
		}
		m, err := s.measure(ctx, want{
			Of: "isolation", About: about, Scenario: mixed, Ask: capacity.Ask{Rate: rate, Settle: s.settling(rate)},
			Seconds: min(max(watchedCalls/out.Rate, 2*s.least()), mostIsolation),
		})
		if err == nil && !m.isVoid() {
			calls[i], err = latencies(filepath.Join(s.dir, filepath.FromSlash(m.Shown.Dir)), measured)
		}
		if err != nil {
			out.Sentence = isolated(out, nil)
			return err
		}
		out.Points = append(out.Points, sizing.IsolationPoint{Load: load, Trial: m.Shown.N})
	}
	out.Points = compared(out.Points, calls[:])
	out.Sentence = isolated(out, newTail(calls[0], calls[len(calls)-1]).p99())
	return nil
}

// keptAt is the highest rate of the trials about something at which all objectives were kept by what was counted, below
// the lowest at which one was not; 0 where there is none. It is no capacity, and near enough to take shares of.
func (s *session) keptAt(about string) (rate float64) {
	lowest := math.Inf(1)
	kept := func(t sizing.Trial) bool {
		for i, share := range t.Shares {
			if share > s.report.Objectives[i].Allowed {
				return false
			}
		}
		return t.Outcome != sizing.Broken
	}
	var list []sizing.Trial
	for _, t := range s.report.Trials {
		if t.Of == "isolation" && t.About == about && t.Outcome != sizing.Void {
			list = append(list, t)
			if !kept(t) {
				lowest = min(lowest, t.Rate)
			}
		}
	}
	for _, t := range list {
		if t.Rate < lowest && !math.IsInf(lowest, 1) {
			rate = max(rate, t.Rate)
		}
	}
	return rate
}

// compared puts the percentiles and their changes beside the trials, of which the first and the last are of the tier
// alone.
func compared(points []sizing.IsolationPoint, calls [][]float64) []sizing.IsolationPoint {
	last := len(points) - 1
	alone, first := newTail(calls[0], calls[last]), newTail(calls[0])
	for i := range points {
		t, against := newTail(calls[i]), alone
		if i == last {
			against = first
		}
		p99 := t.p99()
		if p99 == nil {
			continue
		}
		points[i].P99 = *p99
		if i == 0 {
			continue
		}
		low, high := t.change(against)
		switch {
		case low != nil && high != nil:
			value := *p99 - *against.p99()
			points[i].Change = &sizing.Bounds{Value: value, Low: min(*low, value), High: max(*high, value)}
		case low != nil:
			points[i].AtLeast = low
		}
	}
	return points
}

// latencies are those of a tier's calls that were answered or given up in the measured time of a run, in the order in
// which they were due.
func latencies(dir, tier string) ([]float64, error) {
	runs, err := opened(dir)
	if err != nil {
		return nil, err
	}
	var calls []timed
	for _, run := range runs {
		_, err := run.Rows(func(r results.Row) error {
			c := run.Labels.Classes[r.Class]
			if c.Tier == tier && !c.Invalid && !run.Labels.Phases[r.Phase].Warmup && !r.Error.GivenUp() && r.Error != results.Unsent {
				calls = append(calls, timed{r.Due.Seconds(), r.Latency().Seconds()})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return inOrder(calls), nil
}

// isolated says whether a tier is hurt by the load of another.
func isolated(x *sizing.Isolation, alone *float64) string {
	var hurt, open, alike []string
	var most float64
	for i, p := range x.Points {
		if i == 0 {
			continue
		}
		beside := fmt.Sprintf("at %.0f %%", 100*p.Load)
		low, high := p.AtLeast, (*float64)(nil)
		if p.Change != nil {
			low, high = &p.Change.Low, &p.Change.High
		}
		switch {
		case p.Load == 0 && (alone == nil || low == nil):
		case alone == nil || low == nil:
			open = append(open, beside)
		case p.Load == 0 && (*low > hurtful**alone || high != nil && *high < -hurtful**alone):
			return fmt.Sprintf("the p99 of %s alone changed between the first trial and the last, by %s to %s, so that the rest says nothing of %s",
				x.Tier, text.SignedDuration(*low), signedEnd(high), x.Beside)
		case p.Load == 0:
		case *low > hurtful**alone && high != nil:
			hurt = append(hurt, fmt.Sprintf("%s of its capacity by %s to %s", beside, text.SignedDuration(*low), signedEnd(high)))
		case *low > hurtful**alone:
			hurt = append(hurt, fmt.Sprintf("%s of its capacity by %s at the least", beside, text.SignedDuration(*low)))
		case high == nil:
			open = append(open, beside)
		default:
			most, alike = max(most, *high), append(alike, beside)
		}
	}
	switch {
	case len(hurt) > 0:
		return fmt.Sprintf("%s hurts %s: it changes the p99 %s (95 %% intervals)", x.Beside, x.Tier, strings.Join(hurt, ", "))
	case alone == nil || len(x.Points) < len(loads) || !slices.Contains(alike, "at 80 %"):
		return fmt.Sprintf("whether %s hurts %s is not known: too few calls tell the p99", x.Beside, x.Tier)
	}
	// What the heaviest load does not do, a lighter one is not taken to do.
	upTo, untold := "up to ", ""
	if len(open) > 0 {
		upTo, untold = "", "; too few calls tell it "+strings.Join(open, ", ")
	}
	return fmt.Sprintf("%s is not seen to hurt %s: beside %s80 %% of its capacity the p99, %s alone, changes by %s at the most (95 %% intervals)%s",
		x.Beside, x.Tier, upTo, text.Duration(alone), text.SignedDuration(most), untold)
}

func signedEnd(seconds *float64) string {
	if seconds == nil {
		return "more"
	}
	return text.SignedDuration(*seconds)
}
