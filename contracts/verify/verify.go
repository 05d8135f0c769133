// Package verify holds a target against the contract: every case of a description is sent to it, as many at once as is
// asked for, and what comes back is judged, by the description and by Pact.
//
// [Prepare] decides who judges what, so that the number of calls, and of runs that they start at the target, is known
// before the first of them; [Plan.Run] sends them and decides. Who judges is an [Engine]: what an engine finds is an
// [Outcome], and outcomes become the checks of a report in one place. [PrepareCalls] judges calls that load is to send,
// and [Compare] the changes between two descriptions, by the same means.
package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/broker"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/deviations"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Who judges, as the checks of a report name it.
const (
	// ByDescription sends the cases and holds what comes back against the description.
	ByDescription = "description"
	// ByPact has Pact's own verifier judge the cases that a pact can hold.
	ByPact = "pact"
	// ByComparison is oasdiff, which says what a change of the description means.
	ByComparison = "oasdiff"
)

// All stands for the description, and Pact where andon-pact is there.
const All = "all"

// Config says what is verified, and by whom.
type Config struct {
	Description *contracts.Description
	Target      *url.URL
	// Credentials are what the calls carry besides, the valid token among it; nil is nothing. Where they do not say who
	// calls, the cases about that are skipped. They also say how to connect, and are taken out of everything that is kept.
	Credentials *credentials.Set
	// Repeat, if given, is the command that draws a random case again, by its id: it stands in the place of a curl line
	// that nobody would read.
	Repeat func(id string) string
	// Engine is All, ByDescription or ByPact; empty is All.
	Engine string
	// Pact is the program that judges by Pact; see [pact.Find].
	Pact pact.Program
	// Brokered, if given, has the target held against the pacts of a Pact Broker besides.
	Brokered *Brokered
	// Timeout bounds each attempt at a case, the body of the answer included.
	Timeout time.Duration
	// For, if not 0, bounds the whole, from [Prepare] on.
	For time.Duration
	// Attempts is how often a case is sent at most that is turned away for the moment or gets no answer, if it has started
	// no run; less than 1 is 1.
	Attempts int
	// Rate is how many calls are sent a second at most; 0 is as fast as the answers come.
	Rate float64
	// MaxRuns, if not 0, is the most runs that may be started, whatever the target does.
	MaxRuns int
	// Progress, if given, is told of pauses that the target asked for.
	Progress func(string)
	// MaxBody, if not 0, is the largest body in bytes that the target should take: a larger one must be refused.
	MaxBody int
	// Cases are what is tried. Without any, it is [Config.All].
	Cases []cases.Case
	// Generated is how many random cases [Config.Choose] draws besides, and Seed says which.
	Generated int
	Seed      uint64
	// Choice says of which of all cases they are, for the report; nil is all of them.
	Choice *summary.Choice
	// Strict are the authorities that decide besides the description, and [summary.StrictDeviations]; see [Strict].
	Strict []string
	// Concurrency is how many cases are under way at once; less than 1 is 1.
	Concurrency int
	// Deviations are the known ones, whose breaches are waived.
	Deviations []summary.Deviation
	// FailFast ends the verification at the first case that does not hold.
	FailFast bool
	// Shrink is how many further calls may be sent, in all, to find smaller bodies for generated cases that do not hold.
	Shrink int
	// RepeatedIDsAllowed switches off the check that no executionId comes twice: mocks draw theirs from a few words.
	RepeatedIDsAllowed bool
	// MinCoverage, if not 0, is the share of the description, from 0 to 1, that the cases have to cover.
	MinCoverage float64
	// Andon is the version of the program that verifies, for the report and for a broker.
	Andon string

	books *ledger
	// now is when the verification was decided on: the day by which deviations expire.
	now time.Time
	// dial connects, if given: tests keep time to themselves with connections in memory.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Brokered says which pacts of a Pact Broker a target is held against, and whether the broker is told what came of it.
type Brokered struct {
	broker.Broker
	// Wanted chooses the pacts; those of [pact.Provider], unless it names another.
	Wanted broker.Wanted
	// Publish, if given, is the version of the provider for which the results are published.
	Publish *broker.Version
}

// All lists every case that this configuration can try: those of the description, and that of a body beyond MaxBody.
func (c Config) All() []cases.Case {
	list, _ := cases.Derive(c.Description)
	if c.MaxBody > 0 {
		list = append(list, cases.Large(c.Description, c.MaxBody))
	}
	return list
}

// Outcome is what became of one case.
type Outcome struct {
	// Engine says who judged.
	Engine string
	Case   cases.Case
	// Verdict is one of the verdicts of [summary.Check].
	Verdict string
	// Rule and Pointer say which rule of the contract was broken and where in the body; they may be empty.
	Rule, Pointer string
	// Reason says in one sentence what was found, for every verdict but held.
	Reason string
	// Status is the answer's; 0 where there was none, or it is not known.
	Status int
	// Took is the time from sending to the last byte.
	Took time.Duration
	// Curl repeats the case by hand; secrets stand in it as the variables, files and commands that they come from.
	Curl string
	// Authority is what the rule comes from that the outcome is about; empty is that of the case.
	Authority cases.Authority
	// Attempts is how often the case was sent.
	Attempts int
	// Line is where the description says what was broken; 0 is the line of the case.
	Line int
	// Answer is the beginning of the answer's body.
	Answer string

	hiccup hiccup
	// after is how long the target asked to be left alone, if it asked.
	after time.Duration
	asked bool
	// mute cases got no answer each time; alike ones are broken where all the allowed ones come to the same.
	mute, alike bool
}

func (o Outcome) broken(rule, pointer, reason string) Outcome {
	o.Verdict, o.Rule, o.Pointer, o.Reason = summary.CheckBroken, rule, pointer, reason
	return o
}

// mayRun reports whether a call of a case may have started a run, though the answer does not say so.
func (o Outcome) mayRun() bool {
	return o.Status/100 != 2 && (o.hiccup == gateway || o.hiccup == failed || o.hiccup == dropped || o.hiccup == hung)
}

// check is the outcome in a report, with the place of what it is about.
func (o Outcome) check(where placing) summary.Check {
	c := summary.Check{
		Engine: o.Engine, Name: o.Case.ID, Proves: o.Case.Proves, Expect: string(o.Case.Expect), Verdict: o.Verdict, Breaks: o.Case.Rule, Rule: o.Rule,
		Authority: string(cmp.Or(o.Authority, o.Case.Authority, cases.ByDescription)), Pointer: o.Pointer, Reason: o.Reason,
		Status: o.Status, Seconds: o.Took.Seconds(), Answer: o.Answer, Curl: o.Curl,
	}
	if o.Attempts > 1 {
		c.Attempts = o.Attempts
	}
	if line := cmp.Or(o.Line, o.Case.Line); line > 0 {
		file, at := where(line)
		c.Place = &summary.Place{File: file, Line: at}
	}
	return c
}

// Engine tries what it was made for, and gives what became of it, in order. The error says why it ended before its end;
// what was found until then is given even so.
type Engine func(context.Context) ([]Outcome, error)

// Plan is a verification that is decided on, and of which nothing has been sent.
type Plan struct {
	// Planned is how many calls will be judged, MustStart how many of them start a run at a target that keeps the
	// contract, and MayStart how many may, since the description leaves it open.
	Planned, MustStart, MayStart int
	// MostCalls and MostRuns are how many calls are sent, and runs started, if all goes as badly as it can.
	MostCalls, MostRuns int
	// PactLeftOut says that Pact was to judge and does not, since there is no andon-pact. NothingBrokered says that the
	// broker has no pacts for the target.
	PactLeftOut, NothingBrokered bool
	// PactTooMany says that Pact was to judge and does not, since its calls could start more runs than may be started.
	PactTooMany bool

	config  Config
	against string
	engines []Engine
	// sends is false where calls are judged without being sent.
	sends bool
}

// Prepare decides what is tried and who judges it. It sends nothing to the target, but asks a broker for its pacts, and
// may make the pact of the description. The error is [pact.ErrMissing] where Pact has to judge and cannot, or says why
// there is no pact.
func Prepare(ctx context.Context, c Config) (*Plan, error) {
	if err := c.Description.Unfilled(); err != nil {
		return nil, err
	}
	if c.Cases == nil {
		c.Cases = c.All()
	}
	c.books, c.now = newLedger(c.MaxRuns, c.Rate, c.Progress), time.Now()
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	p := &Plan{config: c, against: c.Target.String(), sends: true}
	if c.Engine != ByPact {
		for _, k := range c.Cases {
			switch k.Expect {
			case cases.Accepted:
				p.MustStart++
			case cases.Either:
				p.MayStart++
			}
			p.MostRuns++
			if !allowed(k) {
				p.MostRuns += max(c.Attempts, 1) - 1
			}
		}
		p.MostCalls = len(c.Cases)*max(c.Attempts, 1) + c.Shrink
		p.MostRuns += c.Shrink
		p.Planned += len(c.Cases)
		p.engines = append(p.engines, c.byDescription)
	}
	if err := p.addPact(ctx); err != nil {
		return nil, err
	}
	if err := p.addBrokered(ctx); err != nil {
		if errors.Is(context.Cause(ctx), errTime) {
			err = fmt.Errorf("%w before the pacts of the broker were there", context.Cause(ctx))
		}
		return nil, err
	}
	// Each call under way that an old token was turned away with is sent once more with the fresh one.
	p.MostCalls += min(c.Credentials.Renewals(c.For)*max(c.Concurrency, 1), p.MostCalls)
	if c.MaxRuns > 0 {
		p.MostRuns = min(p.MostRuns, c.MaxRuns)
	}
	return p, nil
}

// String says how many calls will be sent, and how.
func (p *Plan) String() string {
	order := "one after the other"
	if p.config.Concurrency > 1 {
		order = fmt.Sprintf("%d at once", p.config.Concurrency)
	}
	return text.Plural(uint64(p.Planned), "call") + ", " + order
}

// Starts says how many of the calls start a run.
func (p *Plan) Starts() string {
	said := fmt.Sprintf("%d of them must start a run, %d may", p.MustStart, p.MayStart)
	if p.config.Shrink > 0 {
		said += fmt.Sprintf("; up to %d further calls make failing random ones smaller", p.config.Shrink)
	}
	if p.MostCalls > 0 {
		said += fmt.Sprintf("; whatever the target does, at most %s are sent and %s started",
			text.Plural(uint64(p.MostCalls), "call"), text.Plural(uint64(p.MostRuns), "run"))
	}
	return said
}

// Ended is the verification of which nothing was sent, for a reason.
func (p *Plan) Ended(why string) summary.Verification {
	v := p.verification(time.Now(), nil)
	v.Decide(p.config.Credentials.Redact(why))
	return v
}

// verification is what outcomes come to, before it is decided on.
func (p *Plan) verification(started time.Time, outcomes []Outcome) summary.Verification {
	return summary.Verification{
		Schema: summary.VerificationSchema, Target: p.against, Started: started.UTC(), SpecSHA256: p.config.Description.SHA256(),
		Andon: p.config.Andon, Planned: p.Planned, Checks: checks(outcomes, placed(p.config.Description)), Description: p.config.Description.Name(),
		Strict: p.config.Strict, Choice: p.config.Choice, DurationSeconds: time.Since(started).Seconds(), MaxRuns: p.config.MaxRuns,
	}
}

// Run tries everything and gives what became of it, decided. Where it ends before its end, the verdict says why.
func (p *Plan) Run(ctx context.Context) summary.Verification {
	started := time.Now()
	ctx, cancel := p.config.bounded(ctx)
	defer cancel()
	outcomes, failed, early := p.hold(ctx)
	secret := p.config.Credentials
	for i := range outcomes {
		outcomes[i].Authority = p.config.authority(outcomes[i])
	}
	v := p.verification(started, outcomes)
	p.config.settle(v.Checks)
	place(&v, p.config.Description)
	if p.sends {
		p.account(&v, outcomes)
	}
	if failed {
		v.Planned = len(outcomes)
	}
	if len(p.config.Deviations) > 0 {
		deviations.Apply(&v, p.config.Deviations, p.config.tried(), p.config.now)
	}
	for i := range v.Checks {
		k := &v.Checks[i]
		if p.config.Repeat != nil && outcomes[i].Case.Random && len(k.Curl) > summary.MaxCurl {
			k.Curl = p.config.Repeat(k.Name)
		}
		// The names of a broker's pact are the broker's.
		for _, said := range []*string{&k.Name, &k.Proves, &k.Reason, &k.Pointer, &k.Answer, &k.Curl} {
			*said = secret.Redact(*said)
		}
	}
	v.Insecure = p.sends && secret.Asks().Insecure()
	v.Decide(secret.Redact(early))
	return v
}

// checks are outcomes as a report has them.
func checks(outcomes []Outcome, where placing) []summary.Check {
	list := make([]summary.Check, 0, len(outcomes))
	for _, o := range outcomes {
		list = append(list, o.check(where))
	}
	return list
}

// hold has one engine after the other judge. It may end because a case failed; early is any other reason why it came to
// an end too soon.
func (p *Plan) hold(ctx context.Context) (outcomes []Outcome, failed bool, early string) {
	for _, engine := range p.engines {
		found, err := engine(ctx)
		outcomes = append(outcomes, found...)
		switch {
		case err != nil && errors.Is(context.Cause(ctx), errTime):
			return outcomes, false, context.Cause(ctx).Error()
		case errors.Is(err, context.Canceled):
			return outcomes, false, "the verification was interrupted"
		case err != nil:
			return outcomes, false, err.Error()
		case p.config.FailFast && slices.ContainsFunc(found, p.config.fails):
			return outcomes, true, ""
		}
	}
	return outcomes, false, ""
}

// bounded is a context for as long as the verification may take.
func (c Config) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.For == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, c.now.Add(c.For), fmt.Errorf("%w of %s was over", errTime, c.For))
}

// errTime says that a verification took as long as it may.
var errTime = errors.New("the time")

// account adds what is known of the target after calls were sent to it: how many it took, and how much of the
// description they covered.
func (p *Plan) account(v *summary.Verification, outcomes []Outcome) {
	_, leftOut := cases.Derive(p.config.Description)
	v.LeftOut, v.JudgedAlone = json.Number(leftOut.String()), p.config.Description.JudgedAlone()
	v.MinCoverage = p.config.MinCoverage
	statuses, tried, described := map[int]int{}, []cases.Case{}, false
	// The books know of all calls, and of those that no outcome shows: what made a body smaller, and earlier attempts.
	v.Accepted, v.Unsure, _ = p.config.books.runs()
	for _, o := range outcomes {
		if o.Engine != ByDescription {
			continue
		}
		described = true
		if o.Status != 0 {
			statuses[o.Status]++
			if o.Verdict != summary.CheckInconclusive {
				tried = append(tried, o.Case)
			}
		}
	}
	if described {
		for _, part := range cases.Coverage(p.config.Description, tried, statuses) {
			v.Coverage = append(v.Coverage, summary.CoveragePart(part))
		}
	}
}
