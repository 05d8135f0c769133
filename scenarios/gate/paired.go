package gate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/paired"
	"github.com/kaizenautomation/andon/scenarios/targets"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// paired prepares the comparison with another target, which is met in turn: that one is the base.
func (p *Plan) paired(name string) (part, error) {
	if err := p.apart(); err != nil {
		return part{}, fmt.Errorf("compare: against: %w", err)
	}
	tolerances, err := p.Asked.Compare.tolerances()
	if err != nil {
		return part{}, err
	}
	_, plan, err := p.planned(approval.Compare, name, p.Seed)
	if plan == nil {
		return part{}, err
	}
	// Each is called at the rate of the load, while it is its turn.
	err = errors.Join(err, p.loadCapped(p.Against, approval.Compare, peak(plan), plan.Limits.InFlight))
	if wrong := paired.Check(plan); wrong != nil {
		err = errors.Join(err, fmt.Errorf("compare: %w", wrong))
	}
	if p.Asked.Fleet > 0 && plan.OfBaseline() {
		err = errors.Join(err, fmt.Errorf("compare: %w", errBaseline))
	}
	if wrong := p.handed(plan, p.Against); wrong != nil {
		err = errors.Join(err, fmt.Errorf("compare: against: %w", wrong))
	}
	if err != nil {
		return part{}, err
	}
	config, err := p.trialOf(plan)
	if err != nil {
		return part{}, fmt.Errorf("compare: %w", err)
	}
	var set *credentials.Set
	if p.Asked.Fleet == 0 {
		if set, err = p.Credentials(p.Against, plan.Carried); err != nil {
			return part{}, fmt.Errorf("compare: against: %w", err)
		}
	}
	c := paired.Config{Config: config, Against: p.url(), AgainstRelease: p.Release, AgainstCredentials: config.Credentials, Tolerances: tolerances, NeedAnswer: p.Asked.Compare.NeedAnswer}
	c.Target, c.Release, c.Credentials, c.Progress = p.Against.URL, "", set, nil
	order := paired.Order(plan.Seed)
	most, against := shares(plan, order)
	return part{name: approval.Compare, about: fmt.Sprintf("%s against %s%s", plan.Name, p.Against.Called(), p.senders()), most: most, against: against, sends: true,
		run: func(ctx context.Context, interrupt <-chan struct{}, dir string) made {
			c, m := c, made{}
			c.Dir, c.Make = dir, p.MakePair
			c.Observe = func(r results.Row) {
				if order(r.Due) {
					m.spent.observe(plan.Labels, r)
				} else {
					m.against.observe(plan.Labels, r)
				}
			}
			r, kept, err := paired.Run(ctx, interrupt, c)
			m = p.inTurn(m, r, kept, err)
			var unreachable *trial.UnreachableError
			var short *trial.ShortError
			if errors.As(err, &short) && r.Schema != "" {
				m = lostInTurn(m, short, most, against)
				m.stopped = closed(interrupt)
			}
			m.stopped = m.stopped || ctx.Err() != nil
			m.gone = errors.As(err, &unreachable) && *unreachable.Target == *p.url() && ctx.Err() == nil
			return m
		}}, nil
}

// apart says why the target cannot be compared with the other one.
func (p *Plan) apart() error {
	switch t, of := p.Target, p.Against; {
	case t == nil:
		return errors.New("the reference provider on this machine is called, which is compared with nothing: name a target")
	case *t.URL == *of.URL:
		return fmt.Errorf("%s is the target itself: name what is deployed", of)
	case of.Fixtures != "" && of.Fixtures != t.Fixtures:
		return of.Blame("fixtures", fmt.Errorf("%s has fixtures of its own, %s, and the same calls go to both: give %s those as well, or leave them out", of, of.Fixtures, t))
	}
	return nil
}

// shares are what the two targets may be sent at most: the one whose turn order tells, and the other.
func shares(plan *scenarios.Plan, order func(due time.Duration) bool) (most, against spend) {
	of := func(second bool) spend {
		s := spend{runs: targets.Runs{}, seconds: plan.Seconds + plan.Limits.Timeout.Seconds()}
		for _, phase := range plan.PlannedOf(func(n uint64) bool { return order(plan.Due(n)) == second }) {
			for class, n := range phase {
				s.calls += n
				s.runs[tierOf(plan.Labels, class)] += n
			}
		}
		return s
	}
	return of(true), of(false)
}

// lostInTurn is what the comparison came to where a worker was lost: as nobody knows what that has sent, all that there
// could be counts.
func lostInTurn(m made, short *trial.ShortError, most, against spend) made {
	most.seconds, against.seconds = m.spent.seconds, m.against.seconds
	m.spent, m.against = most, against
	m.outcome, m.found, m.mend = summary.NoVerdict, short.Error(), lost
	return m
}

// inTurn says what the comparison came to.
func (p *Plan) inTurn(m made, r compare.Report, dir string, err error) made {
	limited := false
	var unreachable *trial.UnreachableError
	switch {
	case errors.As(err, &unreachable):
		m.outcome, m.found, m.mend = summary.NoVerdict, err.Error(), "start what cannot be reached, or name the one that is meant"
		return m
	case dir == "" || r.Schema == "":
		of := unbegun(err)
		of.spent, of.against = m.spent, m.against
		return of
	}
	for _, side := range []string{"a", "b"} {
		if s, err := summary.Read(filepath.Join(dir, side)); err == nil {
			m.stopped = m.stopped || s.Run.End.Reason == results.Interrupted
			m.spent.seconds = max(m.spent.seconds, s.Run.DurationSeconds)
			limited = limited || s.Validity.Status == metrics.GeneratorLimited
		}
	}
	m.against.seconds = m.spent.seconds
	m.outcome, m.kept, m.found = r.Verdict.Status, true, "nothing became worse: "+r.Headline()
	switch r.Verdict.Status {
	case summary.Fail:
		m.found, m.mend = oneOf(r.Verdict.Causes), "take back what made it worse; compare/report.md says where"
	case summary.NoVerdict:
		m.found, m.mend = oneOf(r.Verdict.Causes), "let the scenario go on for longer, or allow for more by tolerance; compare/report.md says what could have been seen"
		if limited {
			_, mend := p.limited()
			m.mend = mend + ", or ask for a lower rate"
		}
	}
	if err != nil {
		return incomplete(m, err)
	}
	return m
}
