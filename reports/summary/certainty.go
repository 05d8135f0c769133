package summary

import (
	"fmt"
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Bound is a headline figure in words, and between what it lies with a confidence of 95 %.
type Bound struct{ Name, Value, Interval string }

// Bounds are the headline figures with their intervals; nil where the run cannot tell any of them.
func (s Summary) Bounds() (list []Bound) {
	if s.Intervals == nil {
		return nil
	}
	told := false
	add := func(name, value string, in *metrics.Interval, write func(low float64, high *float64) string) {
		b := Bound{name, value, text.Unsupported}
		if in != nil {
			b.Interval, told = write(in.Low, in.High), true
		}
		list = append(list, b)
	}
	times := "latency "
	if s.Run.ClosedLoop {
		times = "service time "
	}
	l, r, f := s.Intervals.Latency, s.Intervals.Rate, s.Total
	of := []*metrics.Interval{l.P50, l.P90, l.P95, l.P99, l.P999}
	for i, p := range s.Times(f).Percentiles() {
		if p.Value != nil {
			add(times+p.Name, text.Duration(p.Value), of[i], text.DurationBetween)
		}
	}
	add("rate sent", text.Rate(f.Rate.Achieved), r.Achieved, text.RateBetween)
	add("rate answered", text.Rate(f.Rate.Answered), r.Answered, text.RateBetween)
	add("goodput", text.Rate(f.Rate.Goodput), r.Goodput, text.RateBetween)
	if n := f.Of(results.OutcomeShed); n > 0 {
		add("accepted", text.Rate(f.Rate.Accepted), r.Accepted, text.RateBetween)
		add("shed", text.Share(n, f.Sent), s.Intervals.Shed, text.PercentBetween)
	}
	add("errors", text.Share(f.Failed(), f.Sent), s.Intervals.Errors, text.PercentBetween)
	if !told {
		return nil
	}
	return list
}

// Certainty says how intervals are to be read.
const Certainty = "An interval holds the figure that the run would come to if it went on as it did, with a confidence of 95 %. It is by stretches of the run, " +
	"since calls that are near each other are alike; ≥ is said where the slowest calls came in too few clusters to tell how slow they can be."

// Changes are by how much figures changed over the phases whose load was the same all along, or came again and again,
// whether they drift or not.
func (s Summary) Changes() (list []Bound) {
	for _, d := range s.Drift {
		write := text.SignedDuration
		switch d.Figure {
		case metrics.DriftErrors:
			write = text.Points
		case metrics.DriftInFlight:
			write = text.SignedDigits
		}
		list = append(list, Bound{s.drifting(d) + ", " + text.Printable(d.Phase, 64), write(d.Change), write(d.Low) + " to " + write(d.High)})
	}
	return list
}

// drifting names the figure.
func (s Summary) drifting(d metrics.Drift) string {
	switch d.Figure {
	case metrics.DriftErrors:
		return "share of errors"
	case metrics.DriftInFlight:
		return "calls in flight"
	}
	if s.Run.ClosedLoop {
		return d.Figure + " service time"
	}
	return d.Figure + " latency"
}

// Drifted are sentences on the figures that changed over such a phase by more than chance explains, and enough to
// matter. Of a run that the generator spoiled nothing is said.
func (s Summary) Drifted() (notes []string) {
	if s.Validity.Status == metrics.GeneratorLimited {
		return nil
	}
	for i, change := range s.Changes() {
		d := s.Drift[i]
		if !d.Drifts {
			continue
		}
		load := "was the same all along"
		if slices.ContainsFunc(s.Run.Phases, func(p results.Phase) bool { return p.Name == d.Phase && p.PeriodSeconds > 0 }) {
			load = "came again and again"
		}
		note := fmt.Sprintf("Drift: over the %s of %s, whose load %s, %s changed by %s (95 %% interval %s)",
			text.Duration(&d.Seconds), text.Printable(d.Phase, 64), load, s.drifting(d), change.Value, change.Interval)
		if d.Mean > 0 {
			note += fmt.Sprintf(", %.0f %% of the mean", 100*math.Abs(d.Change)/d.Mean)
		}
		notes = append(notes, note+".")
	}
	return notes
}
