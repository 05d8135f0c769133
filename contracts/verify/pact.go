package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/contracts/broker"
	"github.com/kaizenautomation/andon/contracts/cases"
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
	case len(c.Credentials.Asks().Addresses()) > 0 && c.Engine == ByPact:
		return errors.New("where a name leads cannot be told to Pact's verifier: let the description alone judge, or have the name resolved")
	case c.Pact == "" || len(c.Credentials.Asks().Addresses()) > 0:
		p.PactLeftOut = true
		return nil
	}
	whole, err := c.Pact.Of(ctx, c.Description)
	if err != nil {
		return err
	}
	text, _, err := pact.For(whole, c.Cases, c.Credentials.Asks().Authorized())
	if err != nil {
		return err
	}
	if names, _ := pact.Interactions(text); c.MaxRuns > 0 && p.MustStart+p.MayStart+len(names) > c.MaxRuns {
		p.PactTooMany = true
		return nil
	}
	p.plan(text)
	p.engines = append(p.engines, func(ctx context.Context) ([]Outcome, error) { return c.byPact(ctx, text) })
	return nil
}

// plan counts the calls that Pact's verifier makes for a pact.
func (p *Plan) plan(text []byte) {
	names, accepted := pact.Interactions(text)
	p.Planned += len(names)
	p.MostCalls += len(names)
	p.MostRuns += len(names)
	for _, name := range names {
		if accepted[name] {
			p.MustStart++
		}
	}
}

// byPact holds the target against a pact.
func (c Config) byPact(ctx context.Context, text []byte) (outcomes []Outcome, err error) {
	byID := map[string]cases.Case{}
	for _, k := range c.Cases {
		byID[k.ID] = k
	}
	if outcomes := c.beyond(text, byID); outcomes != nil {
		return outcomes, nil
	}
	found, err := c.Pact.Verify(ctx, c.Target, c.Credentials, text)
	if err != nil {
		c.unheard(text, found)
	}
	for _, f := range found {
		curl := ""
		k, known := byID[f.ID]
		if known {
			curl = k.Curl(c.Target.String(), c.Credentials.Asks())
		}
		k.ID = f.ID
		outcomes = append(outcomes, pactOutcome(f, k, curl))
	}
	return outcomes, err
}

// beyond skips a pact that could start more runs than may be started, after those until now; nil is one that could not.
// Pact sends all its calls at once, and does not say what they started: they are booked at their worst.
func (c Config) beyond(text []byte, byID map[string]cases.Case) (outcomes []Outcome) {
	names, _ := pact.Interactions(text)
	c.books.mutex.Lock()
	defer c.books.mutex.Unlock()
	b := c.books
	if b.max == 0 || b.accepted+b.unsure+b.wild+len(names) <= b.max {
		b.wild += len(names)
		return nil
	}
	for _, name := range names {
		k := byID[name]
		k.ID = name
		outcomes = append(outcomes, Outcome{Engine: ByPact, Case: k, Verdict: summary.CheckSkipped, Rule: summary.RuleMaxRuns,
			Reason: fmt.Sprintf("it was not sent: the calls of the pact could start more than the %d runs that may be started", b.max)})
	}
	return outcomes
}

// unheard books the calls of a pact of which Pact did not tell before it ended: they may have been sent.
func (c Config) unheard(text []byte, found []pact.Outcome) {
	names, accepted := pact.Interactions(text)
	c.books.mutex.Lock()
	defer c.books.mutex.Unlock()
	for _, name := range names {
		if accepted[name] && !slices.ContainsFunc(found, func(f pact.Outcome) bool { return f.ID == name }) {
			c.books.unsure++
		}
	}
}

// pactOutcome is what Pact says of a case.
func pactOutcome(found pact.Outcome, k cases.Case, curl string) Outcome {
	o := Outcome{Engine: ByPact, Case: k, Verdict: summary.CheckHeld, Curl: curl}
	if !found.Held {
		return o.broken(rulePact, "", found.Reason)
	}
	return o
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
		p.plan(theirs.Text)
		p.engines = append(p.engines, func(ctx context.Context) ([]Outcome, error) {
			return p.config.byBrokered(ctx, theirs, wanted.Provider)
		})
	}
	return nil
}

// byBrokered holds the target against a broker's pact, and tells the broker what came of it if that is wanted.
func (c Config) byBrokered(ctx context.Context, theirs broker.Pact, provider string) ([]Outcome, error) {
	outcomes, err := c.byPact(ctx, theirs.Text)
	kept, sent := true, true
	_, accepted := pact.Interactions(theirs.Text)
	for i := range outcomes {
		o := &outcomes[i]
		o.Case.Proves, o.Case.Expect = theirs.Name, cases.Refused
		if accepted[o.Case.ID] {
			o.Case.Expect = cases.Accepted
		}
		sent = sent && o.Verdict != summary.CheckSkipped
		if o.Verdict == summary.CheckBroken {
			kept = false
			if theirs.Pending {
				o.Verdict, o.Reason = summary.CheckNoted, "pending: "+o.Reason
			}
		}
	}
	if err != nil {
		return outcomes, err
	}
	// What was not sent was not verified: the broker is told nothing of it.
	if version := c.Brokered.Publish; version != nil && sent {
		if err := c.Brokered.PublishResult(ctx, theirs, provider, *version, kept, c.Andon); err != nil {
			return outcomes, fmt.Errorf("the results of %s were not published: %w", text.Printable(theirs.Name, 100), err)
		}
	}
	return outcomes, nil
}
