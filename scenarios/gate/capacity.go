package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/search"
	"github.com/kaizenautomation/andon/scenarios/targets"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

const (
	// confidence is that of the answer to whether a rate is met, and mostCalls the most calls of one that nobody bounds.
	confidence = 0.95
	mostCalls  = 200_000
)

// capacity prepares the answer to whether the target takes a rate.
func (p *Plan) capacity() (part, error) {
	a := *p.Asked.Capacity
	name := a.Scenario
	if name == "" {
		name = p.Asked.Load.Scenario
	}
	s, plan, err := p.planned(approval.Capacity, name, p.Seed)
	if err != nil && plan == nil {
		return part{}, err
	}
	tried := a.Need * (1 + a.Headroom)
	// Its own load is not used: what counts is the rate that is tried.
	if err := p.loadCapped(p.Target, approval.Capacity, tried, plan.Limits.InFlight); err != nil {
		return part{}, err
	}
	calls := a.Calls
	if calls == 0 {
		// Calls that come at random can be more than the rate has.
		of := tried * a.Time.Seconds()
		calls = uint64(min(mostCalls, math.Ceil(of+5*math.Sqrt(of)+10)))
	}
	config, err := p.trialOf(plan)
	if err != nil {
		return part{}, fmt.Errorf("capacity: %w", err)
	}
	c := search.Config{
		Scenario: s, Target: p.url(), Seed: p.Seed, Arrivals: scenarios.Poisson, Need: a.Need, Headroom: a.Headroom, Confidence: confidence, Width: 0.1, Calls: calls,
		Seconds: a.Time.Seconds(), Release: p.Release, Labels: p.Labels, Deviations: config.Deviations, Credentials: config.Credentials, HTTP2: p.HTTP2,
		Andon: p.Andon, Command: p.Command, Commands: p.Commands, Progress: p.searched,
	}
	if err := short(c, a.Calls, a.Time); err != nil {
		return part{}, err
	}
	most := spend{calls: calls, runs: shared(plan, calls), seconds: a.Time.Seconds()}
	return part{name: approval.Capacity, about: fmt.Sprintf("%s, %s%s", s.Name, text.Rate(a.Need), p.senders()), most: most, sends: true, run: func(ctx context.Context, interrupt <-chan struct{}, dir string) made {
		c := c
		c.Dir, c.Make = dir, p.Make
		if c.Embedded = c.Target == nil; c.Embedded {
			target, end, err := trial.Embedded(plan, nil)
			if err != nil {
				return unbegun(err)
			}
			defer end()
			c.Target = target
		}
		return p.sized(ctx, interrupt, c, plan)
	}}, nil
}

// short says why the budget of the part cannot turn it green. Without its own bound, calls are as many as the time has.
func short(c search.Config, most uint64, time time.Duration) error {
	seconds, calls := c.Shortest()
	var wrong []error
	add := func(has, key, least string) {
		wrong = append(wrong, fmt.Errorf("capacity: %s is too little to tell whether the target takes %s, so that nothing was sent: even where no call is over a limit it takes at least %s; write more under %s, or ask for less by the thresholds",
			has, text.Rate(c.Need*(1+c.Headroom)), least, key))
	}
	if seconds > time.Seconds() {
		add(time.String(), "time", text.Duration(&seconds))
	}
	if bound := cmp.Or(most, mostCalls); calls > bound {
		add(text.Plural(bound, "call"), "calls", text.Count(calls))
	}
	return errors.Join(wrong...)
}

// shared are so many runs, by the tiers of a plan.
func shared(plan *scenarios.Plan, calls uint64) targets.Runs {
	of := runsOf(plan)
	runs, total := targets.Runs{}, float64(of.Total())
	var sum, before float64
	for _, tier := range slices.Sorted(maps.Keys(of)) {
		sum += float64(of[tier]) / total * float64(calls)
		runs[tier] = uint64(math.Round(sum) - math.Round(before))
		before = sum
	}
	return runs
}

// begun are the runs that the trials of a search started or may have: all calls but those that were turned away.
func begun(r sizing.Report) (n uint64) {
	for _, t := range r.Trials {
		away := uint64(math.Round(t.Shed * float64(t.Calls)))
		away -= min(away, t.Status["429"])
		for status, of := range t.Status {
			if status >= "300" && status < "500" {
				away += of
			}
		}
		n += t.Calls - min(away, t.Calls)
	}
	return max(n, r.Budget.Started)
}

// sized makes the search, and says what came of it.
func (p *Plan) sized(ctx context.Context, interrupt <-chan struct{}, c search.Config, plan *scenarios.Plan) made {
	r, dir, err := search.Run(ctx, interrupt, c)
	var unreachable *trial.UnreachableError
	switch {
	case errors.As(err, &unreachable):
		return made{outcome: summary.NoVerdict, gone: ctx.Err() == nil, stopped: ctx.Err() != nil, found: err.Error(), mend: "start the target, or name the one that is meant"}
	case dir == "":
		return unbegun(err)
	}
	m := made{outcome: r.Verdict.Status, kept: true, stopped: r.Run.Ended == sizing.EndedInterrupted,
		spent: spend{calls: r.Budget.SpentCalls, runs: shared(plan, begun(r)), seconds: r.Budget.SpentSeconds}}
	m.found = r.Need.String()
	switch {
	case r.Need.Answer == sizing.No:
		m.mend = fmt.Sprintf("make room for %s: andon capacity finds what breaks first, and how many replicas are needed", text.Rate(r.Need.Tried))
	case r.Run.Ended == sizing.EndedBudget:
		m.mend = "give the part capacity more time and calls"
	case r.Run.Ended == sizing.EndedGenerator:
		who, mend := p.limited()
		m.found, m.mend = who+", not the target: "+m.found, mend
	case r.Run.Ended == sizing.EndedShort:
		m.mend = lost
		if len(r.Trials) > 0 {
			m.spent.calls, m.spent.runs = c.Calls, shared(plan, c.Calls)
		}
	case r.Need.Answer == sizing.Undecided:
		m.mend = "give the part capacity more time, or see in capacity/report.md what kept it from an answer"
	}
	if err != nil {
		return incomplete(m, err)
	}
	return m
}
