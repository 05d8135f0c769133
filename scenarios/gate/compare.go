package gate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/baseline"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// compare prepares the comparison of runs with those of a baseline.
func (p *Plan) compare() (part, error) {
	a := *p.Asked.Compare
	name := a.Scenario
	if name == "" {
		name = p.Asked.Load.Scenario
	}
	if a.Against != "" {
		return p.paired(name)
	}
	base, err := baseline.Open(a.Baseline)
	if err != nil {
		return part{}, p.Asked.Blame(a.Baseline, fmt.Errorf("compare: %w", err))
	}
	tolerances, err := a.tolerances()
	if err != nil {
		return part{}, err
	}
	var plans []*scenarios.Plan
	var most spend
	var config trial.Config
	for i := range a.Runs {
		// Each run has chances of its own.
		_, plan, err := p.planned(approval.Compare, name, p.Seed+uint64(i))
		if err != nil {
			return part{}, err
		}
		if i == 0 {
			if config, err = p.measures(plan); err != nil {
				return part{}, fmt.Errorf("compare: %w", err)
			}
		}
		// The load's own run is the first one, where it is of this scenario.
		if i > 0 || p.Asked.Load == nil || p.Asked.Load.Scenario != name {
			most.add(uses(plan))
		}
		plans = append(plans, plan)
	}
	// What a new description changes is asked by its own part.
	options := compare.Options{Andon: p.Andon, Tolerances: tolerances, NeedAnswer: a.NeedAnswer, Force: p.Asked.Description != nil}
	like := config.Describe()
	if p.Asked.Fleet > 0 {
		// What is between the workers and the target, they alone know.
		like.Generator.Proxy, like.Generator.Transport = base.Runs[0].Generator.Proxy, base.Runs[0].Generator.Transport
	}
	if err := fits(base, like, options); err != nil {
		return part{}, fmt.Errorf("compare: %w", err)
	}
	c := comparison{Plan: p, base: base, options: options, plans: plans, config: config}
	if c.reuses = p.Asked.Load != nil && p.Asked.Load.Scenario == name; c.reuses {
		most.add(uses(plans[0])) // if the load's says nothing
	}
	about := fmt.Sprintf("%s with %s%s", text.Plural(uint64(a.Runs), "run"), a.Baseline, p.senders())
	return part{name: approval.Compare, about: about, most: most, sends: true, run: c.run}, nil
}

// tolerances are by how much figures may become worse.
func (a Compare) tolerances() (t compare.Tolerances, err error) {
	if a.Tolerance == "" {
		return t, nil
	}
	if t, err = compare.ParseTolerances(a.Tolerance); err != nil {
		err = fmt.Errorf("compare: tolerance: %w", err)
	}
	return t, err
}

// fits says what keeps runs from being compared with a baseline, before any is made.
func fits(base *baseline.Baseline, m results.Manifest, o compare.Options) error {
	m.ID = "the gate's runs"
	err := compare.Alike([]compare.Measured{base.Runs[0], {Manifest: m, End: results.End{Reason: results.Finished}, Validity: metrics.Valid}})
	var refused *compare.RefusedError
	if errors.As(err, &refused) && (!refused.Forceable || !o.Force) {
		return fmt.Errorf("the runs cannot be held against %s:\n  %s\nname the baseline of this load, or make one with andon baseline add", base.Path, strings.Join(refused.Reasons, "\n  "))
	}
	return nil
}

// comparison is what is compared, and how.
type comparison struct {
	*Plan
	base    *baseline.Baseline
	options compare.Options
	plans   []*scenarios.Plan
	config  trial.Config
	// reuses says that the load's run is one of them.
	reuses bool
}

// run makes the runs that there are not yet, and compares.
func (c comparison) run(ctx context.Context, interrupt <-chan struct{}, dir string) (m made) {
	if few := c.base.Few(); few != "" {
		c.say("%s", few)
	}
	changed := compare.Set{Name: "this gate"}
	var dirs []string
	if c.reuses {
		if load := c.measured[c.plans[0].Scenario.Digest()]; len(load) > 0 {
			dirs = load[len(load)-1:]
		}
	}
	config := c.config
	end, err := c.aim(&config)
	if err != nil {
		return unbegun(err)
	}
	defer end()
	var spent spend
	for i := len(dirs); i < len(c.plans); i++ {
		one := config
		one.Plan, one.Dir = c.plans[i], filepath.Join(dir, "runs", fmt.Sprintf("%02d", i+1))
		r, m := c.tried(ctx, interrupt, one)
		spent.add(m.spent)
		m.spent = spent
		switch s := r.Summary; {
		case m.outcome != "":
			m.kept = false
			return m
		case s.Validity.Status == metrics.GeneratorLimited && s.Verdict.Status != summary.Fail: // else what stands is compared
			m.outcome, m.kept = summary.NoVerdict, false
			who, mend := c.limited()
			m.found = fmt.Sprintf("run %d of %d says nothing of the target: %s: %s", i+1, len(c.plans), who, oneOf(s.Validity.Reasons))
			m.mend = mend + ", or ask for a lower rate"
			return m
		case s.Run.End.Reason != results.Finished:
			m.outcome, m.found, m.kept = summary.NoVerdict, fmt.Sprintf("run %d of %d did not go to its end: %s", i+1, len(c.plans), oneOf(s.Verdict.Causes)), false
			m.mend = "see why, and run the gate again"
			return m
		}
		dirs = append(dirs, one.Dir)
	}
	for _, d := range dirs {
		run, err := reports.Measure(d)
		if err != nil {
			return made{outcome: summary.NoVerdict, found: err.Error(), mend: "see to that, and run the gate again", spent: spent}
		}
		changed.Runs = append(changed.Runs, run)
	}
	m = c.compared(changed, dir)
	m.spent = spent
	return m
}

// compared says what the comparison came to.
func (c comparison) compared(changed compare.Set, dir string) made {
	r, err := compare.Compare(compare.Set{Name: c.base.Path, Runs: c.base.Runs}, changed, c.options)
	var refused *compare.RefusedError
	if errors.As(err, &refused) {
		return made{outcome: summary.NoVerdict, found: "the runs must not be compared with the baseline: " + oneOf(refused.Reasons), mend: "make the baseline anew of runs of this load, with andon baseline add"}
	} else if err != nil {
		return made{outcome: summary.NoVerdict, found: err.Error(), mend: "see to that, and run the gate again"}
	}
	m := made{outcome: r.Verdict.Status, found: fmt.Sprintf("nothing became worse, by %d runs and %d of the baseline", len(changed.Runs), len(c.base.Runs)), kept: true}
	switch r.Verdict.Status {
	case summary.Fail:
		m.found, m.mend = oneOf(r.Verdict.Causes), "take back what made it worse; compare/report.md says where. Or, where it is meant, make the baseline anew"
	case summary.NoVerdict:
		m.found, m.mend = oneOf(r.Verdict.Causes), "make more runs a side, as compare/report.md says, so that a change can be told from drift"
	}
	if err := reports.KeepComparison(dir, r); err != nil {
		return incomplete(m, err)
	}
	return m
}
