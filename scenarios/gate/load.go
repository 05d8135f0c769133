package gate

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/targets"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// betweenRuns is by how much a percentile of two runs of one build can differ where the run itself does not tell, as a
// factor: published cases have 15 %.
const betweenRuns = 1.15

// load prepares the run of a scenario with its thresholds.
func (p *Plan) load() (part, error) {
	name := p.Asked.Load.Scenario
	s, plan, err := p.planned(approval.Load, name, p.Seed)
	if err != nil {
		return part{}, err
	}
	config, err := p.measures(plan)
	if err != nil {
		return part{}, fmt.Errorf("load: %w", err)
	}
	most := uses(plan)
	most.add(uses(plan)) // it may be repeated
	return part{name: approval.Load, about: s.Name + p.senders(), most: most, sends: true, again: true, run: func(ctx context.Context, interrupt <-chan struct{}, dir string) made {
		c := config
		c.Dir = dir
		end, err := p.aim(&c)
		if err != nil {
			return unbegun(err)
		}
		defer end()
		r, m := p.tried(ctx, interrupt, c)
		if m.outcome != "" {
			return m
		}
		m.outcome = r.Summary.Verdict.Status
		m.found, m.mend, m.chance = p.judged(r.Summary)
		if r.Summary.Run.End.Reason == results.Finished && r.Summary.Validity.Status != metrics.GeneratorLimited {
			p.measured[plan.Scenario.Digest()] = append(p.measured[plan.Scenario.Digest()], dir)
		}
		return m
	}}, nil
}

// planned opens a scenario and lays its plan, by the caps of the target.
func (p *Plan) planned(part, name string, seed uint64) (*scenarios.Scenario, *scenarios.Plan, error) {
	s, err := p.Scenario(name)
	if err != nil {
		return nil, nil, p.Asked.Blame(name, fmt.Errorf("%s: %w", part, err))
	}
	plan, err := s.Plan(seed)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", part, err)
	}
	if err := p.handed(plan, p.Target); err != nil {
		return s, plan, fmt.Errorf("%s: %w", part, err)
	}
	return s, plan, p.loadCapped(p.Target, part, peak(plan), plan.Limits.InFlight)
}

// uses is what a run of a plan uses at most.
func uses(plan *scenarios.Plan) spend {
	return spend{calls: plan.MaxCalls(), runs: runsOf(plan), seconds: plan.Seconds + plan.Limits.Timeout.Seconds()}
}

// measures is a run of a plan by whose thresholds it is judged.
func (p *Plan) measures(plan *scenarios.Plan) (trial.Config, error) {
	if p.Asked.Fleet > 0 && plan.OfBaseline() {
		return trial.Config{}, errBaseline
	}
	return p.trialOf(plan)
}

// trialOf is a run of a plan, without its directory.
func (p *Plan) trialOf(plan *scenarios.Plan) (trial.Config, error) {
	var set *credentials.Set
	if p.Asked.Fleet == 0 {
		// Workers have secrets of their own.
		var err error
		if set, err = p.Credentials(p.Target, plan.Carried); err != nil {
			return trial.Config{}, err
		}
	}
	p.insecure = p.insecure || set.Asks().Insecure()
	return trial.Config{
		Plan: plan, Target: p.url(), Release: p.Release, Labels: p.Labels, Deviations: p.heldUnderLoad(plan.Scenario), Credentials: set, HTTP2: p.HTTP2,
		Andon: p.Andon, Command: p.Command, Commands: p.Commands, Progress: p.far, Warn: p.tell, Began: p.fires, Ended: p.fired,
	}, nil
}

// aim starts the embedded provider where nothing else is called.
func (p *Plan) aim(c *trial.Config) (end func(), err error) {
	if c.Embedded = c.Target == nil; !c.Embedded {
		return func() {}, nil
	}
	var target *url.URL
	target, end, err = trial.Embedded(c.Plan, nil)
	c.Target = target
	return end, err
}

// tried makes a run, and counts what it started: the calls that were accepted, and those of which no answer tells. What
// it came to has an outcome where there is no more to say.
func (p *Plan) tried(ctx context.Context, interrupt <-chan struct{}, c trial.Config) (trial.Result, made) {
	m, run := made{}, trial.Run
	if p.Make != nil {
		run = p.Make
	}
	c.Observe = func(r results.Row) { m.spent.observe(c.Plan.Labels, r) }
	r, err := run(ctx, interrupt, c)
	var unreachable *trial.UnreachableError
	var short *trial.ShortError
	switch {
	case errors.As(err, &unreachable):
		m.outcome, m.gone, m.stopped, m.found = summary.NoVerdict, ctx.Err() == nil, ctx.Err() != nil, err.Error()
		m.mend = "start the target, or name the one that is meant"
		return r, m
	case r.Aggregator == nil:
		return r, unbegun(err)
	}
	// Of what workers were told to stop before they began there is nothing to be kept.
	m.kept, m.spent.seconds = p.Make == nil || r.Run != nil, r.Summary.Run.DurationSeconds
	m.stopped = r.Summary.Run.End.Reason == results.Interrupted
	if errors.As(err, &short) {
		m.spent, m.stopped = unknown(c.Plan, m.spent), closed(interrupt) || ctx.Err() != nil
		m.outcome, m.found, m.mend = summary.NoVerdict, short.Error(), lost
		return r, m
	}
	if err != nil {
		m.outcome, m.found = r.Summary.Verdict.Status, oneOf(r.Summary.Verdict.Causes)
		return r, incomplete(m, err)
	}
	return r, m
}

// unknown is what a run used of whose worker nobody knows how many calls it has sent: as much as it could come to.
func unknown(plan *scenarios.Plan, told spend) spend {
	most := uses(plan)
	most.seconds = told.seconds
	return most
}

// observe counts a call, and the run that it started or may have.
func (s *spend) observe(labels results.Labels, r results.Row) {
	if !r.Sent() {
		return
	}
	if s.calls++; s.runs == nil {
		s.runs = targets.Runs{}
	}
	if o := r.Outcome(); o == results.OutcomeAccepted || o == results.OutcomeFailed || o == results.OutcomeNone {
		s.runs[tierOf(labels, int(r.Class))]++
	}
}

// judged says what a run came to, what would turn it green, and whether chance could have done it.
func (p *Plan) judged(s summary.Summary) (found, mend string, chance bool) {
	limited := s.Validity.Status == metrics.GeneratorLimited
	switch {
	case s.Verdict.Status == summary.Pass:
		found = fmt.Sprintf("%s held, over %s", text.Plural(uint64(len(s.Thresholds)), "threshold"), text.Plural(s.Total.Sent, "call"))
		if p99 := s.Total.Latency.P99; p99 != nil {
			found += ", with a p99 of " + text.Duration(p99)
		}
		return found, "", false
	case s.Run.End.Reason == results.Interrupted:
		// What failed until then failed.
		return oneOf(s.Verdict.Causes), "see load/report.md, and run the gate to its end", false
	case s.Verdict.Status == summary.NoVerdict && limited:
		// The advice behind the reason is given as what to do.
		reason, _, _ := strings.Cut(oneOf(s.Validity.Reasons), ";")
		who, mend := p.limited()
		return who + ", not the target: " + reason, mend + ", or ask for a lower rate", true
	}
	failed := slices.DeleteFunc(slices.Clone(s.Thresholds), func(t summary.Threshold) bool { return t.OK })
	for _, t := range failed {
		if t.Parsed.Metric() == "violations" && !t.Spoiled && t.Samples > 0 {
			return t.Expr + ": " + t.Found(), "have the target keep the contract under load; load/report.md names the rules and the calls", false
		}
	}
	found = oneOf(s.Verdict.Causes)
	if len(failed) > 0 && failed[0].Value == nil && s.Total.OK > 0 {
		return found, "let the scenario go on for longer, or have its thresholds ask for less: there were too few calls to tell", false
	}
	if len(failed) == 0 || failed[0].Value == nil {
		return found, "load/report.md says what came back; see why the target gave no answer that can be judged", false
	}
	mend = fmt.Sprintf("make the target meet %s; load/report.md says where its time and its errors are", failed[0].Expr)
	chance = s.Verdict.Status == summary.Fail && len(failed) == len(s.Verdict.Causes) && !slices.ContainsFunc(failed, func(t summary.Threshold) bool { return !byChance(s, t) })
	return found, mend, chance
}

// byChance reports whether a threshold on times could be broken by chance alone: the interval of the figure holds the
// limit or, where the run has no interval of it, it is not further off than two runs of one build differ.
func byChance(s summary.Summary, t summary.Threshold) bool {
	op, limit := t.Parsed.Limit()
	if t.Unit != metrics.Seconds || t.Value == nil || t.Samples == 0 || !strings.HasPrefix(op, "<") {
		return false
	}
	if in := intervalOf(s, t); in != nil {
		return in.Low <= limit
	}
	return *t.Value <= limit*betweenRuns
}

// intervalOf is the interval of the figure that a threshold is on; nil where the run has none.
func intervalOf(s summary.Summary, t summary.Threshold) *metrics.Interval {
	if s.Intervals == nil || t.Parsed.Selectors() != nil || t.Parsed.Window() > 0 || t.Parsed.Metric() != "latency" {
		return nil
	}
	all := s.Intervals.Latency
	function, _, _ := strings.Cut(t.Parsed.String(), "(")
	return map[string]*metrics.Interval{"p50": all.P50, "p90": all.P90, "p95": all.P95, "p99": all.P99, "p99.9": all.P999}[function]
}
