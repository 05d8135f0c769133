package gate

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/targets"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

const (
	// verifyRate is how many calls a second are sent at most to a target where nobody says.
	verifyRate = 10
	// verifyFor and verifyTimeout bound a verification, and each of its cases; verifyAttempts is how often one is sent.
	verifyFor, verifyTimeout = 10 * time.Minute, 30 * time.Second
	verifyAttempts           = 4
	// embeddedBody is the largest body that the embedded provider takes.
	embeddedBody = 1 << 20
)

// verify prepares the verification.
func (p *Plan) verify() (part, error) {
	set, err := p.Credentials(p.Target, credentials.Asked{})
	if err != nil {
		return part{}, fmt.Errorf("verify: %w", err)
	}
	p.insecure = p.insecure || set.Asks().Insecure()
	c := verify.Config{
		Description: p.Description, Credentials: set, Engine: verify.All, Pact: pact.Find(), Timeout: verifyTimeout, For: verifyFor, Attempts: verifyAttempts,
		Rate: p.Asked.Verify.Rate, Strict: p.Asked.Verify.Strict, Deviations: p.known, Andon: p.Andon, Progress: p.tell, Concurrency: 1, Target: p.url(),
	}
	embedded := p.Target == nil
	switch {
	case embedded:
		secret := ""
		c.Credentials, secret = p.Description.Operation().Embedded(set)
		c.Strict, c.MaxBody = verify.Everything(), embeddedBody
		handler, err := provider.New(p.Description, provider.Config{Token: secret, MaxBody: embeddedBody, Seed: p.Seed})
		if err != nil {
			return part{}, fmt.Errorf("verify: %w", err)
		}
		return p.verifyPart(c, func(c *verify.Config) (end func(), err error) {
			c.Target, end, err = provider.Start(handler)
			return end, err
		})
	case c.Rate == 0:
		c.Rate = verifyRate
		if cap := p.Target.Caps.Rate; cap > 0 {
			c.Rate = math.Min(c.Rate, cap)
		}
	}
	if err := p.loadCapped(p.Target, approval.Verify, c.Rate, c.Concurrency); err != nil {
		return part{}, err
	}
	return p.verifyPart(c, func(*verify.Config) (func(), error) { return func() {}, nil })
}

// verifyPart is the part, with what starts the target.
func (p *Plan) verifyPart(c verify.Config, start func(*verify.Config) (end func(), err error)) (part, error) {
	at := c
	if at.Target == nil {
		at.Target = new(url.URL)
	}
	counted, err := p.counted(at)
	if err != nil {
		return part{}, fmt.Errorf("verify: %w", err)
	}
	run := func(ctx context.Context, interrupt <-chan struct{}, dir string) made {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		done := make(chan struct{})
		defer close(done)
		go func() {
			select {
			case <-interrupt:
				cancel()
			case <-done:
			}
		}()
		c := c
		end, err := start(&c)
		if err != nil {
			return unbegun(err)
		}
		defer end()
		return p.verified(ctx, c, dir)
	}
	return part{name: approval.Verify, most: counted, sends: true, run: run}, nil
}

// counted is what a verification may use at most. The tier of a run is not known beforehand, since a target may take
// what it should refuse.
func (p *Plan) counted(c verify.Config) (spend, error) {
	plan, err := verify.Prepare(context.Background(), c)
	if err != nil {
		return spend{}, err
	}
	seconds := verifyFor.Seconds()
	return spend{calls: uint64(plan.MostCalls), runs: targets.Runs{"": uint64(plan.MostRuns)}, seconds: seconds}, nil
}

// verified holds the target against the cases.
func (p *Plan) verified(ctx context.Context, c verify.Config, dir string) made {
	plan, err := verify.Prepare(ctx, c)
	if err != nil {
		return unbegun(err)
	}
	var v summary.Verification
	m := made{kept: true}
	if _, err := wire.Preflight(ctx, wire.Config{Target: c.Target, TLS: c.Credentials.TLS(), Resolve: c.Credentials.Asks().Addresses()}); err != nil {
		v = plan.Ended(err.Error())
		m.outcome, m.gone, m.stopped = summary.NoVerdict, ctx.Err() == nil, ctx.Err() != nil
		m.found, m.mend = fmt.Sprintf("%s cannot be reached: %v", c.Target, err), "start the target, or name the one that is meant"
	} else {
		v = plan.Run(ctx)
		m.outcome, m.stopped = v.Verdict.Status, ctx.Err() != nil
		m.found, m.mend = foundBy(v)
		// A call that was given up is in no check, and may have started a run.
		m.spent = spend{calls: max(attempts(v), uint64(v.Accepted+v.Unsure)), runs: targets.Runs{"": uint64(v.Accepted + v.Unsure)}, seconds: v.DurationSeconds}
	}
	if err := p.keep(dir, v); err != nil {
		return incomplete(m, err)
	}
	return m
}

// attempts counts the calls of a verification.
func attempts(v summary.Verification) (n uint64) {
	for _, k := range v.Checks {
		if k.Verdict != summary.CheckSkipped {
			n += uint64(max(k.Attempts, 1))
		}
	}
	return n
}

// foundBy says what a verification found, and what would turn it green.
func foundBy(v summary.Verification) (found, mend string) {
	if v.Verdict.Status == summary.Pass {
		found = fmt.Sprintf("%s held", text.Plural(uint64(v.Count(summary.CheckHeld)), "case"))
		if n := v.Count(summary.CheckWaived); n > 0 {
			found += fmt.Sprintf(", and %d are waived by known deviations", n)
		}
		return found, ""
	}
	for _, d := range v.Deviations {
		// What has expired is the one cause where nothing else is broken.
		if d.State == summary.DeviationExpired && !slices.ContainsFunc(v.Checks, func(k summary.Check) bool { return k.Verdict == summary.CheckBroken && k.Deviation == 0 }) {
			return fmt.Sprintf("the deviation %s has expired: it was to hold until %s", d.Name(), d.Until),
				"have the target keep the contract there, or agree on a later day and write it under until"
		}
	}
	if v.Verdict.Status == summary.NoVerdict {
		return oneOf(v.Verdict.Causes), "see why the target gave no answer that tells, and run the gate again"
	}
	for _, f := range summary.Findings(v.Checks, summary.CheckBroken) {
		k := f.Example()
		n := v.Count(summary.CheckBroken)
		found = fmt.Sprintf("%d of %s did not hold; %s: %s", n, text.Plural(uint64(v.Planned), "case"), k.Name, k.Reason)
		return found, fmt.Sprintf("have the target keep the rule %s; the calls that show where it does not are in verify/report.md", text.Printable(k.Rule, 100))
	}
	return oneOf(v.Verdict.Causes), "verify/report.md says where; have the target keep it"
}

// oneOf is the first of several causes, with how many more there are.
func oneOf(causes []string) string {
	switch len(causes) {
	case 0:
		return "it was not told why"
	case 1:
		return causes[0]
	}
	return fmt.Sprintf("%s (and %d more)", strings.TrimSuffix(causes[0], "."), len(causes)-1)
}
