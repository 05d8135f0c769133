package gate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/deviations"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/targets"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Config says what is asked, of whom, and where it is kept.
type Config struct {
	Asked Asked
	// Description is the contract, with what exists at the target in it.
	Description *contracts.Description
	// Target is where calls go; nil is the embedded provider. Against is the one that it is compared with; nil is none.
	Target, Against *targets.Target
	// File is the name of the file of targets, for messages.
	File string
	// Resolved are the addresses that names are led to.
	Resolved map[string][]netip.Addr
	// Scenario opens a scenario, with what exists at the target in it.
	Scenario func(name string) (*scenarios.Scenario, error)
	// Credentials looks up what the calls to a target carry, with what a scenario asks for.
	Credentials func(to *targets.Target, carried credentials.Asked) (*credentials.Set, error)
	// Confirmed is the number of calls that were confirmed; 0 is none.
	Confirmed uint64
	Ledger    targets.Ledger
	// KeepGoing runs parts that cannot matter any more as well.
	KeepGoing bool

	Seed    uint64
	HTTP2   bool
	Release string
	Labels  map[string]string
	// Dir is the directory of the gate, which must not be there yet. An empty one is named by the time, below Root.
	Dir, Root string
	// Andon is the version of the tool, and Command the command line, both for the record.
	Andon   string
	Command []string
	// Commands are the command lines that pages of runs show.
	Commands page.Commands

	// Began, if not nil, is told of each part before it begins, and Ended what it came to.
	Began func(name, about string)
	Ended func(approval.Part)
	// Said, if not nil, is told what else is to be known.
	Said func(string)
	// Make makes the trials where a fleet is asked for, and is wanted when the gate is run; see [trial.Maker].
	Make trial.Maker
	// MakePair is the same for the comparison of two targets, of which the one that is compared with is the first.
	MakePair trial.PairMaker
	// Fires, if not nil, is told when the calls of a run begin, and Fired when all of them are answered.
	Fires func(time.Time)
	Fired func()
	// Progress and Search, if not nil, are told how far a run or a search is.
	Progress func(summary.Progress)
	Search   func(sizing.Progress)
}

// spend is what a part may use, or used.
type spend struct {
	calls   uint64
	runs    targets.Runs
	seconds float64
}

func (s *spend) add(more spend) {
	s.calls += more.calls
	s.seconds += more.seconds
	if s.runs == nil {
		s.runs = targets.Runs{}
	}
	s.runs.Add(more.runs)
}

// made is what a part came to.
type made struct {
	outcome, found, mend string
	// spent is what the target was sent, and against what the one was that it is compared with.
	spent, against spend
	// chance says that the load's own chances could have done it, gone that the target cannot be reached, and stopped that
	// the part was interrupted.
	chance, gone, stopped bool
	// kept is the directory that it left behind; empty where it left none.
	kept bool
}

// part is one question.
type part struct {
	name, about string
	// most is what it sends the target at most, a repetition among it, and against what the one that it is compared with.
	most, against spend
	// sends is false where nothing is sent, and again is true where it is repeated that chance could have done.
	sends, again bool
	run          func(ctx context.Context, interrupt <-chan struct{}, dir string) made
}

// Plan is a gate that is decided on, and of which nothing has been sent.
type Plan struct {
	Config
	// Budget is the most that all parts may use, and AgainstBudget the same of the target that is compared with: nil where
	// there is none.
	Budget        approval.Budget
	AgainstBudget *approval.Budget

	most, against spend
	parts         []part
	// known are the deviations for cases, and held those for load.
	known    []summary.Deviation
	insecure bool
	// measured are the run directories of the load that say something, by the scenario.
	measured map[string][]string
}

// Prepare opens all that the parts need and adds up what they may use at most. Its error says all that is wrong; a
// [targets.UnconfirmedError] among it says that the calls have to be confirmed. Nothing is sent.
func Prepare(c Config) (*Plan, error) {
	if err := results.CheckRunLabels(c.Labels, c.Release); err != nil {
		return nil, err
	}
	p := &Plan{Config: c, measured: map[string][]string{}}
	var wrong []error
	if c.Asked.Deviations != "" {
		var err error
		p.known, err = deviations.Read(c.Asked.Deviations, verify.Config{Description: c.Description}.Known())
		wrong = append(wrong, c.Asked.Blame(c.Asked.Deviations, err))
	}
	a := c.Asked
	if a.Fleet > 0 {
		wrong = append(wrong, p.shareable())
	}
	for _, one := range []struct {
		asked   bool
		prepare func() (part, error)
	}{{a.Description != nil, p.description}, {a.Verify != nil, p.verify}, {a.Load != nil, p.load}, {a.Compare != nil, p.compare}, {a.Capacity != nil, p.capacity}} {
		if !one.asked {
			continue
		}
		made, err := one.prepare()
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		p.parts = append(p.parts, made)
		p.most.add(made.most)
		p.against.add(made.against)
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	p.Budget = p.budget(c.Target, p.most)
	wrong = append(wrong, p.capped(c.Target, p.most))
	var planned []targets.Planned
	if c.Target != nil {
		planned = append(planned, targets.Planned{Target: *c.Target, Calls: p.most.calls})
	}
	if c.Against != nil {
		b := p.budget(c.Against, p.against)
		p.AgainstBudget = &b
		wrong = append(wrong, p.capped(c.Against, p.against))
		planned = append(planned, targets.Planned{Target: *c.Against, Calls: p.against.calls})
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	if err := targets.Confirm(c.Confirmed, c.Resolved, planned...); err != nil {
		return nil, err
	}
	return p, nil
}

// budget is what the parts may use at a target at most, in a report.
func (p *Plan) budget(t *targets.Target, most spend) approval.Budget {
	b := approval.Budget{Calls: most.calls, Runs: most.runs.Total(), Seconds: math.Ceil(most.seconds)}
	if t == nil {
		t = &targets.Target{}
	}
	if len(t.Cost.Prices) > 0 {
		b.Unit, b.Cost = t.Cost.Unit, t.Cost.Of(most.runs)
	}
	for _, tier := range p.tiers(most.runs) {
		price := t.Cost.Price(tier)
		b.Tiers = append(b.Tiers, approval.Tier{Name: tier, Runs: most.runs[tier], Price: price, Cost: price * float64(most.runs[tier])})
	}
	add := func(name string, set bool, spelled string) {
		if set {
			b.Caps = append(b.Caps, approval.Cap{Name: name, Cap: spelled})
		}
	}
	caps := t.Caps
	add("rate", caps.Rate > 0, text.Rate(caps.Rate))
	add("calls in flight", caps.InFlight > 0, text.Count(uint64(caps.InFlight)))
	add("runs a gate", caps.RunsPerGate > 0, text.Count(caps.RunsPerGate))
	add("runs a day", caps.RunsPerDay > 0, text.Count(caps.RunsPerDay))
	add("cost a gate", caps.CostPerGate > 0, t.Cost.Spell(caps.CostPerGate))
	add("cost a day", caps.CostPerDay > 0, t.Cost.Spell(caps.CostPerDay))
	return b
}

// tiers are those of which runs may be started, the description's first.
func (p *Plan) tiers(runs targets.Runs) (list []string) {
	known := append(slices.Clone(p.Description.Tiers()), contracts.NoTier(p.Description.Tiers()), "")
	for _, tier := range known {
		if runs[tier] > 0 {
			list = append(list, tier)
		}
	}
	return list
}

// capped says in what the plan as a whole is beyond the caps of a target.
func (p *Plan) capped(t *targets.Target, most spend) error {
	if t == nil {
		return nil
	}
	caps, cost := t.Caps, t.Cost
	var wrong []error
	if runs := most.runs.Total(); caps.RunsPerGate > 0 && runs > caps.RunsPerGate {
		wrong = append(wrong, p.over(t, "", fmt.Sprintf("the parts may start %s", text.Plural(runs, "run")), fmt.Sprintf("%s a gate", text.Count(caps.RunsPerGate)), "runsPerGate"))
	}
	if of := cost.Of(most.runs); caps.CostPerGate > 0 && of > caps.CostPerGate*(1+1e-9) {
		wrong = append(wrong, p.over(t, "", "the parts may cost "+cost.Spell(of), cost.Spell(caps.CostPerGate)+" a gate", "costPerGate"))
	}
	return errors.Join(wrong...)
}

// over says of a part, or of all, what is beyond a cap.
func (p *Plan) over(t *targets.Target, name, what, cap, key string) error {
	if name != "" {
		name += ": "
	}
	return fmt.Errorf("%s%s, and %s is capped at %s, so that nothing was sent: ask for less, or raise caps.%s in %s", name, what, t.Called(), cap, key, p.File)
}

// loadCapped says in what a load is beyond the caps of a target.
func (p *Plan) loadCapped(t *targets.Target, name string, rate float64, inFlight int) error {
	if t == nil {
		return nil
	}
	caps := t.Caps
	var wrong []error
	if caps.Rate > 0 && rate > caps.Rate*(1+1e-9) {
		what := fmt.Sprintf("it calls at up to %s", text.Rate(rate))
		if math.IsInf(rate, 1) {
			what = "it is a closed loop, which calls as fast as it is answered"
		}
		wrong = append(wrong, p.over(t, name, what, text.Rate(caps.Rate), "rate"))
	}
	if caps.InFlight > 0 && inFlight > caps.InFlight {
		wrong = append(wrong, p.over(t, name, fmt.Sprintf("it has up to %s in flight, by limits.inFlight of the scenario", text.Plural(uint64(inFlight), "call")), text.Count(uint64(caps.InFlight)), "inFlight"))
	}
	return errors.Join(wrong...)
}

// peak is the highest rate of a plan.
func peak(plan *scenarios.Plan) float64 {
	if plan.Closed() {
		return math.Inf(1)
	}
	return plan.PeakRate()
}

// runsOf are the runs that a plan may start, by tier. Of calls whose tier is not planned none is known.
func runsOf(plan *scenarios.Plan) targets.Runs {
	runs := targets.Runs{}
	if plan.Planned == nil {
		runs[""] = plan.MaxCalls()
		return runs
	}
	for i := range plan.Labels.Classes {
		runs[tierOf(plan.Labels, i)] += plan.CallsOfClass(i)
	}
	return runs
}

// tierOf is the tier of a class; empty where its calls are invalid on purpose, which should start no run, and may.
func tierOf(labels results.Labels, class int) string {
	if c := labels.Classes[class]; !c.Invalid {
		return c.Tier
	}
	return ""
}

// heldUnderLoad are the known deviations that hold for the calls of a scenario.
func (p *Plan) heldUnderLoad(s *scenarios.Scenario) []results.Deviation {
	held, _ := deviations.ForLoad(p.known, s.Labels.Rules, time.Now())
	return held
}

// url is where calls go; nil is the embedded provider.
func (p *Plan) url() *url.URL {
	if p.Target == nil {
		return nil
	}
	return p.Target.URL
}
