package gate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/targets"
)

// Run runs the parts. Closing interrupt ends the part that goes on, and the gate; when ctx ends, calls in flight are
// given up as well. The error of a gate without a directory is why nothing was sent: a [targets.SpentError], or a
// [results.PlaceError]; that of another is what could not be kept.
func (p *Plan) Run(ctx context.Context, interrupt <-chan struct{}) (r approval.Report, dir string, err error) {
	began := time.Now()
	id := filepath.Base(filepath.Clean(p.Dir))
	if dir = p.Dir; dir == "" {
		if id, dir, err = results.NewDir(p.Root, "gate", began); err != nil {
			return r, "", err
		}
	}
	// The directory is claimed by what repeats the gate's parts: the description.
	if err := reports.ClaimVerification(dir, p.Description.Source()); err != nil {
		return r, "", err
	}
	r = approval.Report{Schema: approval.Schema, Budget: p.Budget, Run: approval.Run{
		ID: id, Target: p.Place(), Production: p.Target != nil && p.Target.Production, Started: began.UTC(), Andon: p.Andon, Command: p.Command,
		SpecSHA256: p.Description.SHA256(), Release: p.Release, Labels: p.Labels, Insecure: p.insecure,
	}}
	accounts := []*account{{target: p.Target, most: p.most, budget: &r.Budget}}
	if p.Against != nil {
		b := *p.AgainstBudget
		r.Against, r.Run.Against = &b, p.Against.String()
		r.Run.Production = r.Run.Production || p.Against.Production
		accounts = append(accounts, &account{target: p.Against, most: p.against, budget: r.Against})
	}
	for i, a := range accounts {
		if a.reserved, err = p.reserve(*a, dir, began); err == nil {
			continue
		}
		// What the ledger refuses leaves nothing behind.
		for _, a := range accounts[:i] {
			err = errors.Join(err, a.settle())
		}
		_ = os.RemoveAll(filepath.Join(dir, "openapi.yaml"))
		_ = os.Remove(dir)
		return r, "", err
	}
	p.all(ctx, interrupt, &r, dir, accounts)
	r.Run.DurationSeconds = time.Since(began).Seconds()
	r.Decide()
	for _, a := range accounts {
		a.close()
		if err := a.settle(); err != nil {
			r.Notes = append(r.Notes, text.Sentence(fmt.Sprintf("the ledger cannot be settled, so that all that was planned counts as spent today: %v", err)))
		}
	}
	return r, dir, reports.KeepGate(dir, r)
}

// account is what may be used at a target, and what was.
type account struct {
	target      *targets.Target
	most, spent spend
	budget      *approval.Budget
	// reserved is nil where the ledger does not count.
	reserved *targets.Reservation
}

// settle notes in the ledger what was started.
func (a *account) settle() error {
	if a.reserved == nil {
		return nil
	}
	runs := targets.Runs{}
	runs.Add(a.spent.runs)
	return a.reserved.Settle(time.Now(), runs)
}

// reserve notes in the ledger what may be started: nil where nothing is capped or sent elsewhere.
func (p *Plan) reserve(a account, dir string, began time.Time) (*targets.Reservation, error) {
	t := a.target
	if t == nil || t.Name == "" && t.Local(p.Resolved) || a.most.runs.Total() == 0 {
		return nil, nil
	}
	before, cost, err := p.Ledger.Spent(*t, began)
	if err != nil {
		return nil, err
	}
	for i := range a.budget.Caps {
		switch c := &a.budget.Caps[i]; c.Name {
		case "runs a day":
			c.Before = text.Count(before.Total())
		case "cost a day":
			c.Before = t.Cost.Spell(cost)
		}
	}
	reserved, err := p.Ledger.Reserve(*t, began, dir, a.most.runs)
	if err != nil {
		return nil, err
	}
	return &reserved, nil
}

// Place says where calls go.
func (p *Plan) Place() string {
	if p.Target == nil {
		return "the embedded reference provider"
	}
	return p.Target.String()
}

// all runs the parts one after the other, and adds what they used to the accounts.
func (p *Plan) all(ctx context.Context, interrupt <-chan struct{}, r *approval.Report, dir string, accounts []*account) {
	red, gone, stopped := "", "", false
	for _, part := range p.parts {
		a := approval.Part{Name: part.name, About: part.about, Outcome: approval.LeftOut}
		switch {
		case stopped:
			a.Found = "it was not run, since the gate was interrupted before it"
		case red != "" && !p.KeepGoing:
			a.Found = "it cannot matter any more, since " + red + " failed"
		case gone != "" && part.sends:
			a.Found = gone
		default:
			if p.Began != nil {
				p.Began(part.name, part.about)
			}
			m := p.one(ctx, interrupt, part, dir, &a)
			accounts[0].spent.add(m.spent)
			if len(accounts) > 1 {
				accounts[1].spent.add(m.against)
			}
			if m.gone {
				gone = "the target cannot be reached, as " + part.name + " found"
			}
			stopped = m.stopped || closed(interrupt) || ctx.Err() != nil
		}
		if a.Outcome == summary.Fail && red == "" {
			red = a.Name
		}
		r.Parts = append(r.Parts, a)
		if p.Ended != nil {
			p.Ended(a)
		}
	}
}

// one runs a part, and once more where chance could have done what came of it.
func (p *Plan) one(ctx context.Context, interrupt <-chan struct{}, part part, dir string, a *approval.Part) made {
	began := time.Now()
	m := part.run(ctx, interrupt, filepath.Join(dir, part.name))
	take(a, m, part.name, began)
	if !part.again || !m.chance || m.stopped || closed(interrupt) || ctx.Err() != nil {
		return m
	}
	p.say("%s: %s; chance could have done it, so that it is repeated once", part.name, a.Found)
	first := *a
	began = time.Now()
	again := part.run(ctx, interrupt, filepath.Join(dir, part.name+"-2"))
	take(a, again, part.name+"-2", began)
	other := first
	if again.outcome == summary.NoVerdict && m.outcome == summary.Fail {
		// What could not be told the second time does not take back what was found the first time.
		other, *a = *a, first
	}
	a.Before = &approval.Try{Outcome: other.Outcome, Found: other.Found, Dir: other.Dir, Seconds: other.Seconds, Calls: other.Calls, Runs: other.Runs}
	again.spent.add(m.spent)
	again.against.add(m.against)
	return again
}

// take fills in what a part came to, in a directory of such a name.
func take(a *approval.Part, m made, name string, began time.Time) {
	a.Outcome, a.Found, a.Mend, a.Dir = m.outcome, m.found, m.mend, ""
	if m.stopped && m.outcome == summary.NoVerdict {
		// What was known by then is in its own report.
		a.Found, a.Mend = "it was interrupted", "run the gate to its end"
	}
	a.Calls, a.Runs, a.Seconds = m.spent.calls+m.against.calls, m.spent.runs.Total()+m.against.runs.Total(), time.Since(began).Seconds()
	if m.kept {
		a.Dir = name
	}
	if a.Outcome == summary.Pass {
		a.Mend = ""
	}
}

func (p *Plan) say(format string, args ...any) { p.tell(fmt.Sprintf(format, args...)) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// close fills in the budget what was used.
func (a *account) close() {
	b, spent := a.budget, a.spent
	b.SpentCalls, b.SpentRuns, b.SpentSeconds = spent.calls, spent.runs.Total(), spent.seconds
	var cost targets.Cost
	if a.target != nil {
		cost = a.target.Cost
	}
	for i := range b.Tiers {
		t := &b.Tiers[i]
		t.SpentRuns = spent.runs[t.Name]
		t.SpentCost = t.Price * float64(t.SpentRuns)
	}
	if b.Unit != "" {
		b.SpentCost = cost.Of(spent.runs)
	}
}

// incomplete is what a part came to that could not be kept.
func incomplete(m made, err error) made {
	if m.outcome == summary.Pass {
		m.outcome = summary.NoVerdict
	}
	m.found += "; " + err.Error()
	m.mend = "make room where the reports are written, and run the gate again"
	return m
}

// unbegun is what a part came to that could not be begun.
func unbegun(err error) made {
	m := made{outcome: summary.NoVerdict, found: err.Error(), mend: "see to that, and run the gate again"}
	var place *results.PlaceError
	if errors.As(err, &place) {
		m.mend = "make room where the reports are written, and run the gate again"
	}
	return m
}
