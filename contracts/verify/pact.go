package verify

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/kaizenautomation/andon/contracts/broker"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// addPact has Pact judge the cases that a pact can hold, if it is to and can.
func (p *Plan) addPact(ctx context.Context) error {
	c := p.config
	switch {
	case c.Engine == ByDescription:
		return nil
	case c.Pact == "" && c.Engine == ByPact:
		return pact.ErrMissing
	case c.Pact == "":
		p.PactLeftOut = true
		return nil
	}
	whole, err := c.Pact.Of(ctx, c.Description)
	if err != nil {
		return err
	}
	text, err := pact.For(whole, c.Cases, c.Description.Operation().Authorized(c.Credentials.Asks()))
	if err != nil {
		return err
	}
	a, err := agree(text)
	if err != nil {
		return err
	}
	if c.MaxRuns > 0 && c.Engine != ByPact && p.MustStart+p.MayStart+a.accepted()+c.books.kept > c.MaxRuns {
		p.PactTooMany = true
		return nil
	}
	p.plan(a)
	p.engines = append(p.engines, func(ctx context.Context) ([]Outcome, error) { return c.byPact(ctx, a) })
	return nil
}

// accepted is how many calls of a pact are to be accepted.
func (a agreed) accepted() (n int) {
	for _, call := range a.calls {
		if call.Accepted() {
			n++
		}
	}
	return n
}

// plan counts the calls of a pact.
func (p *Plan) plan(a agreed) {
	attempts, accepted := max(p.config.Attempts, 1), a.accepted()
	p.Planned += len(a.calls)
	p.MustStart += accepted
	p.MostCalls += len(a.calls) * attempts
	p.MostRuns += accepted + (len(a.calls)-accepted)*attempts
}

// byPact holds the target against a pact.
func (c Config) byPact(ctx context.Context, a agreed) ([]Outcome, error) {
	p := c.newRelay(ctx, a)
	var found []pact.Outcome
	err := p.serve(func(at *url.URL) (err error) {
		found, err = c.Pact.Verify(ctx, at, a.text, c.Credentials)
		return err
	})
	if err == nil {
		err = p.err
	}
	p.always()
	return p.judged(found, err), err
}

// judged puts together what Pact has found and what is known of the calls. An answer that tells nothing is not Pact's
// to judge.
func (p *relay) judged(found []pact.Outcome, failed error) (outcomes []Outcome) {
	said := map[string]pact.Outcome{}
	for _, f := range found {
		said[f.ID] = f
	}
	for at, k := range p.cases {
		f, judged := said[k.ID]
		o := p.outcomes[at]
		switch {
		case o == nil && judged && failed == nil:
			// It is no call over HTTP.
			outcomes = append(outcomes, pactOutcome(Outcome{Engine: ByPact, Case: k}, f))
		case o == nil:
		case o.Verdict != summary.CheckHeld && o.Rule != rulePact:
			outcomes = append(outcomes, *o)
		case judged:
			outcomes = append(outcomes, pactOutcome(*o, f))
		case failed == nil:
			o.Verdict, o.Rule, o.Reason = summary.CheckInconclusive, rulePact, "Pact's verifier does not say what came of it"
			outcomes = append(outcomes, *o)
		}
	}
	return outcomes
}

// pactOutcome is what Pact says of a case, of which this much is known.
func pactOutcome(o Outcome, found pact.Outcome) Outcome {
	if found.Held {
		o.Verdict, o.Rule, o.Answer = summary.CheckHeld, "", ""
		return o
	}
	return o.broken(rulePact, "", strings.TrimSuffix(found.Reason+"; "+o.Reason, "; "))
}

// addBrokered has Pact judge by the pacts of a broker, if there is one.
func (p *Plan) addBrokered(ctx context.Context) error {
	b := p.config.Brokered
	if b == nil {
		return nil
	}
	if p.config.Pact == "" {
		return pact.ErrMissing
	}
	wanted := b.Wanted
	if wanted.Provider == "" {
		wanted.Provider = pact.Provider
	}
	pacts, err := b.Fetch(ctx, wanted)
	if err != nil {
		return err
	}
	p.NothingBrokered = len(pacts) == 0
	for _, theirs := range pacts {
		a, err := agree(theirs.Text)
		if err != nil {
			return fmt.Errorf("%s: %w", text.Printable(theirs.Name, 100), err)
		}
		p.plan(a)
		p.engines = append(p.engines, func(ctx context.Context) ([]Outcome, error) {
			return p.config.byBrokered(ctx, theirs, a, wanted.Provider)
		})
	}
	return nil
}

// byBrokered holds the target against a broker's pact, and tells the broker what came of it if that is wanted.
func (c Config) byBrokered(ctx context.Context, theirs broker.Pact, a agreed, provider string) ([]Outcome, error) {
	outcomes, err := c.byPact(ctx, a)
	kept, told := true, true
	for i := range outcomes {
		o := &outcomes[i]
		o.Case.Proves = theirs.Name
		kept = kept && o.Verdict != summary.CheckBroken
		told = told && o.Verdict != summary.CheckSkipped && o.Verdict != summary.CheckInconclusive
		if theirs.Pending && (o.Verdict == summary.CheckBroken || o.Verdict == summary.CheckInconclusive) {
			o.Verdict, o.Reason = summary.CheckNoted, "pending: "+o.Reason
		}
	}
	if err != nil {
		return outcomes, err
	}
	// That a pact is kept is known when all of it was judged; that it is not, by one call.
	if version := c.Brokered.Publish; version != nil && (told || !kept) {
		if err := c.Brokered.PublishResult(ctx, theirs, provider, *version, kept, c.Andon); err != nil {
			return outcomes, fmt.Errorf("the results of %s were not published: %w", text.Printable(theirs.Name, 100), err)
		}
	}
	return outcomes, nil
}
