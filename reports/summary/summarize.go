package summary

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// maxPoints is how many stretches the timeline is cut into at most.
const maxPoints = 300

// Summarize says what came of a run. elapsed and all figures follow from the manifest, the end, the vitals and the rows
// that agg was given, so that a run summarized live and the same run read from its files have the same summary.
func Summarize(m results.Manifest, samples []results.Sample, vitals []results.Vitals, end results.End, agg *metrics.Aggregator) Summary {
	elapsed := agg.Elapsed(end)
	intervals := agg.Intervals(elapsed)
	generator := agg.Generator(m.Generator, vitals)
	s := Summary{
		Schema:   schema,
		Validity: agg.Validity(m.InFlight, generator),
		Run: Run{
			ID: m.ID, Scenario: m.Scenario, Seed: m.Seed, Target: m.Target, Started: m.Started.UTC(),
			DurationSeconds: end.Seconds, SpecSHA256: m.SpecSHA256, Andon: m.Andon,
			Release: m.Release, Insecure: m.Insecure, Labels: maps.Clone(m.RunLabels),
			Command: append([]string{}, m.Generator.Command...), Platform: m.Generator.Platform,
			End:      End{Reason: end.Reason, Detail: end.Detail},
			InFlight: m.InFlight, TimeoutSeconds: m.TimeoutSeconds, LagSeconds: m.LagSeconds, PacingSeconds: m.PacingSeconds,
			Phases: m.Labels.Phases, Classes: m.Labels.Classes, NoTier: m.Labels.NoTier, Rules: slices.Clone(m.Labels.Rules[min(1, len(m.Labels.Rules)):]),
			Unchecked: m.Unchecked, Shard: m.Shard,
		},
		Total: agg.Total(elapsed),
		Groups: Groups{
			Tier: agg.By(metrics.ByTier, elapsed), Content: agg.By(metrics.ByContent, elapsed),
			Class: agg.By(metrics.ByClass, elapsed), Phase: agg.By(metrics.ByPhase, elapsed),
		},
		Intervals: &intervals, Drift: agg.Drift(elapsed),
		Parts: agg.Parts(), Generator: generator,
		Thresholds: []Threshold{},
		Samples:    append([]results.Sample{}, samples...),
		Slowest:    []SlowCall{},
		Timeline:   append([]metrics.Point{}, agg.Timeline(maxPoints)...),
	}
	if account := agg.Followed(); account != nil {
		report := account.Report()
		s.Executions = &report
	}
	for _, h := range agg.Slowest() {
		slow := SlowCall{SlowCall: h}
		if m.Traces != 0 {
			slow.TraceID = fmt.Sprintf("%x", results.TraceID(m.Traces, uint64(h.N)))
		}
		s.Slowest = append(s.Slowest, slow)
	}
	if end.Reason == results.Cut {
		s.Run.DurationSeconds = elapsed
	}
	for _, p := range m.Labels.Phases {
		s.Run.ClosedLoop = s.Run.ClosedLoop || p.Closed
	}
	for _, t := range m.Thresholds {
		s.Thresholds = append(s.Thresholds, evaluate(t.Expr, agg, elapsed))
	}
	for _, standing := range metrics.Standing() {
		t := Threshold{Outcome: standing.Evaluate(agg, elapsed), Parsed: standing}
		if s.Run.ClosedLoop && standing.Metric() == "sent" {
			continue
		}
		if !slices.ContainsFunc(s.Thresholds, func(own Threshold) bool { return own.replaces(t) }) {
			t.Implicit = true
			s.Thresholds = append(s.Thresholds, t)
		}
	}
	s.leave()
	s.Run.Deviations = s.known(m)
	s.Compare(agg)
	s.decide()
	return s
}

// Compare fills in the comparison. agg has been given all rows; without it, times are compared without intervals.
func (s *Summary) Compare(agg *metrics.Aggregator) {
	var tiers, contents map[string]histogram.Distribution
	if agg != nil {
		tiers, contents = agg.Latencies(metrics.ByTier), agg.Latencies(metrics.ByContent)
	}
	gather := func(names []string, figures map[string]metrics.Figures, spreads map[string]histogram.Distribution, reference func(string) bool) (groups []group) {
		for _, n := range names {
			if !s.Invalid(n) {
				groups = append(groups, group{n, figures[n], s.Times(figures[n]), spreads[n], reference(n)})
			}
		}
		return groups
	}
	s.Comparison = &Comparisons{
		Tier:    compare(gather(s.Tiers(), s.Groups.Tier, tiers, s.Run.NamesTier)),
		Content: compare(gather(s.Contents(), s.Groups.Content, contents, func(string) bool { return true })),
	}
}

// evaluate parses a threshold and holds it against what was measured.
func evaluate(expr string, agg *metrics.Aggregator, elapsed float64) Threshold {
	parsed, err := metrics.ParseThreshold(expr)
	if err != nil {
		// The manifest was written by another version of andon, or by hand.
		return Threshold{Outcome: metrics.Outcome{Expr: expr, Unit: metrics.Count, Reason: err.Error()}}
	}
	return Threshold{Outcome: parsed.Evaluate(agg, elapsed), Parsed: parsed}
}

// replaces reports whether t is asked for in the place of a standing condition. What bounds it in another direction, or
// some of the calls or windows alone, says nothing of it: a run that sent 45/s may have dropped as many.
func (t Threshold) replaces(standing Threshold) bool {
	own := t.Parsed
	if own.Selectors() != nil || own.Window() > 0 {
		return false
	}
	op, _ := own.Limit()
	switch own.Metric() {
	case "dropped":
		return standing.Parsed.Metric() == "sent" && (op == "<" || op == "<=" || op == "==")
	case "sent":
		return standing.Parsed.Metric() == "sent" && t.Unit == metrics.Ratio && (op == ">" || op == ">=" || op == "==")
	}
	return own.Metric() == standing.Parsed.Metric()
}

// known are the deviations of a run, with what became of them in it. One whose rule no answer could break is not gone,
// nor is one that has expired where a newer one waives what it is about; and where no call succeeded, none is.
func (s Summary) known(m results.Manifest) (list []Deviation) {
	total := s.Total
	for _, k := range m.Deviations {
		d := Deviation{Rules: k.Rules, Why: k.Why, Ask: k.Ask, Until: k.Until, State: DeviationUntried}
		if k.File != "" {
			d.Place = &Place{File: k.File, Line: k.Line}
		}
		fails := false
		for _, rule := range k.Rules {
			d.Occurred += int(total.Waived[rule] + total.Violations[rule])
			fails = fails || total.Violations[rule] > 0 && s.forbids(rule)
		}
		switch {
		case d.Occurred > 0 && k.Expired && fails:
			d.State = DeviationExpired
		case d.Occurred > 0 && k.Expired:
			d.State = DeviationLapsed
		case d.Occurred > 0:
			d.State = DeviationWaived
		case total.OK > 0 && !slices.ContainsFunc(k.Rules, func(rule string) bool { return s.unchecked(rule) != "" }):
			d.State = DeviationGone
		}
		list = append(list, d)
	}
	return list
}
