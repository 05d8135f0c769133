// Package trial is one measured run as a function: a plan and a target in, a run directory and a summary out.
//
// Whatever sends load goes through [Run], as often as it likes in one process, one trial after the other, with a
// terminal or without:
//
//  1. The target is tried once, without a call. Where it cannot be reached nothing is sent and nothing is written.
//  2. The run directory is made, with all that repeats the run: the scenario, its data, the description, the seed.
//  3. The attack drives the plan (package attack). Every row goes to the files and to the figures, and to whoever
//     observes; about once a second the progress is told.
//  4. Where the scenario wants to know what becomes of the executions, they are followed meanwhile, and to their ends
//     after the last call (package follow).
//  5. What came of it is read back from the directory, and summarized: the summary is a function of the files, so that
//     others can make it again.
//  6. The histograms are kept in the directory, and the summary is written into it, as JSON, as Markdown and as a page.
//
// The verdict is in the summary. What cannot be done is an error: [UnreachableError] and [results.PlaceError] before
// the first call, [IncompleteError] after it, any other before anything was done, since it was asked for wrongly.
package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/attack"
	"github.com/kaizenautomation/andon/scenarios/follow"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// Config says what is run against whom, where it is kept, and who is told.
type Config struct {
	// Plan is that of the whole run, also where a shard of it is sent.
	Plan *scenarios.Plan
	// Shard is the part of the plan that is sent; the zero value is all of it. It needs StartAt.
	Shard scenarios.Shard
	// Group names the run of which the shard is a part. An empty one follows from the plan and StartAt, so that shards
	// agree on it which know of nothing else.
	Group string
	// StartAt, if not zero, is when the first call is due, by this machine's clock. The target is reached, and connections
	// are set up, before. One that is past is refused before anything is sent.
	StartAt time.Time
	// Ahead is how far this machine's clock is ahead of the one that all shards are told the start by, which is the one
	// that is kept; 0 where they have no other than their own.
	Ahead time.Duration
	// Target is the provider's base URL; see [Embedded].
	Target *url.URL
	// Embedded says that the target is what [Embedded] has started.
	Embedded bool
	// Release is what is deployed at the target, and Labels are what else the run is to be known by; see
	// [results.CheckRunLabels].
	Release string
	Labels  map[string]string
	// Deviations are known breaches of the contract, which the run counts and does not hold against the target.
	Deviations []results.Deviation
	// Baseline is the file of the baseline that thresholds refer to; empty is the scenario's own.
	Baseline string
	// Credentials are what the calls carry besides their bodies, and how to connect; nil is nothing. Their secrets are
	// taken out of everything that is kept.
	Credentials *credentials.Set
	// HTTP2 sends over HTTP/2, where the target speaks it.
	HTTP2 bool
	// Traceparent has each call carry a traceparent header.
	Traceparent bool
	// RepeatedIDsAllowed switches off the check that no executionId comes twice.
	RepeatedIDsAllowed bool

	// Webhooks, if not nil, tell of the ends of executions, where the plan has them followed. They are closed in any
	// case.
	Webhooks *follow.Webhooks

	// Dir is the run directory, which must not be there yet. An empty one is named by the time and the scenario, below
	// Root.
	Dir, Root string
	// Andon is the version of the tool, and Command the command line that repeats the run, both for the record.
	Andon   string
	Command []string
	// Commands are the command lines that the page shows.
	Commands page.Commands

	// Warn, if not nil, is told before the first call what a verdict may be short of.
	Warn func(said string)
	// Started, if not nil, is called when the run directory is there and before the first call.
	Started func(results.Manifest)
	// Observe, if not nil, is called with each row that is counted, from one goroutine.
	Observe func(results.Row)
	// Tick, if not nil, is called about once a second: with the time since the start, the rate that the plan asks for
	// now, the callers of a closed loop, and the calls in flight. It and Progress are called from Observe's goroutine.
	Tick func(elapsed time.Duration, asked float64, callers, inFlight int)
	// Enough, if not nil, gives a sentence once enough was measured, such as what was found. It ends the sending as the
	// end of the plan does: the calls in flight are waited for, and executions are followed to their ends.
	Enough <-chan string
	// Began, if not nil, is told when the run's clock began, before the first call leaves.
	Began func(time.Time)
	// Ordered, if not nil, ends the sending for a reason that is known elsewhere, and has nothing judged here that would
	// end it: see [attack.Config].
	Ordered <-chan results.End
	// Progress, if not nil, is told how far the run is: before the first call, once that is due, and then every so often.
	Progress func(summary.Progress)
	// Every is how often; 0 is about once a second. Rates are means over so long.
	Every time.Duration
	// Ended, if not nil, is called when the last call has ended, before anything is made of the results.
	Ended func()

	// part is the plan of the shard, once it is known that it can be.
	part *scenarios.Plan
}

// Result is what came of a trial.
type Result struct {
	// Dir is the run directory, and Run what is in it: nil if it could not be read back.
	Dir string
	Run *results.Run
	// Summary has the figures and the verdict.
	Summary summary.Summary
	// Aggregator is what the figures were taken from.
	Aggregator *metrics.Aggregator
}

// UnreachableError says that there is no way to the target. Nothing was sent, and nothing written.
type UnreachableError struct {
	Target *url.URL
	Err    error
}

// Error says why.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s cannot be reached, nothing was sent: %v", e.Target.Redacted(), e.Err)
}

// Unwrap gives the reason alone.
func (e *UnreachableError) Unwrap() error { return e.Err }

// IncompleteError says that calls were sent and counted, and the summary is there, but that not all of it could be
// kept.
type IncompleteError struct{ Err error }

// Error says why.
func (e *IncompleteError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *IncompleteError) Unwrap() error { return e.Err }

// A Maker makes a trial, as [Run] does.
type Maker func(ctx context.Context, interrupt <-chan struct{}, c Config) (Result, error)

// ShortError says that not all have sent their parts of a trial who were to: what it measured says nothing of the
// target, and they make no other.
type ShortError struct{ Err error }

// Error says who.
func (e *ShortError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *ShortError) Unwrap() error { return e.Err }

// Embedded starts the reference provider on this machine, as the plan's scenario wants it to behave. Where it runs
// executions, its webhooks go to the URL of hooks, signed with the secret of that, unless it is nil. It serves until
// stop is called.
func Embedded(p *scenarios.Plan, hooks *provider.Webhooks) (target *url.URL, stop func(), err error) {
	behaviour, err := p.OpenProvider(context.Background())
	if err != nil {
		return nil, nil, err
	}
	if hooks != nil && behaviour.Executions != nil {
		if behaviour.Webhooks == nil {
			behaviour.Webhooks = new(provider.Webhooks)
		}
		behaviour.Webhooks.URL, behaviour.Webhooks.Secret = hooks.URL, hooks.Secret
	}
	behaviour.Seed = p.Seed
	handler, err := provider.New(p.Description(), behaviour)
	if err != nil {
		return nil, nil, err
	}
	return provider.Start(handler)
}

// Warning says what the run may be short of on this machine; empty where it is short of nothing that is known
// beforehand.
func (c Config) Warning() string {
	if err := c.share(); err != nil {
		return "" // the run itself will say so
	}
	return attack.Config{Plan: c.part}.Short()
}

// Reach tries whether there is a way to the target, without a call, and reports whether it speaks HTTP/2 where that was
// asked for and there is no TLS. The error is an [UnreachableError].
func (c Config) Reach(ctx context.Context) (http2 bool, err error) {
	http2, err = wire.Preflight(ctx, wire.Config{Target: c.Target, TLS: c.Credentials.TLS(), Resolve: c.Credentials.Asks().Addresses(), HTTP2: c.HTTP2})
	if err != nil {
		return false, &UnreachableError{c.Target, err}
	}
	return http2, nil
}

// Run makes one trial. Closing interrupt, which may be nil, stops the sending and waits for the calls in flight; when
// ctx ends, those are given up as well. Both end in a summary. One trial runs at a time in a process; see [attack.Run].
func Run(ctx context.Context, interrupt <-chan struct{}, c Config) (Result, error) {
	if c.Webhooks != nil {
		defer c.Webhooks.Close()
	}
	if err := results.CheckRunLabels(c.Labels, c.Release); err != nil {
		return Result{}, err
	}
	if err := c.together(); err != nil {
		return Result{}, err
	}
	base, err := c.baseline()
	if err != nil {
		return Result{}, err
	}
	plain, err := c.Reach(ctx)
	if err != nil {
		return Result{}, err
	}
	a := c.attack(plain)
	if err := c.against(base, a.Generator()); err != nil {
		return Result{}, err
	}
	if err := c.share(); err != nil {
		return Result{}, err
	}
	a.Plan = c.part
	manifest, dir, err := c.manifest(c.begins(), a.Generator())
	if err != nil {
		return Result{}, err
	}
	a.Traces = manifest.Traces
	if a.Writer, err = results.Create(dir, manifest, c.files()); err != nil {
		return Result{}, err
	}
	t := tracker{plan: c.part, target: c.Target.String()}
	follower, err := c.follow(dir, &a, &t)
	if err != nil {
		return Result{}, errors.Join(err, a.Writer.Close(results.End{Reason: results.Unkept, Detail: err.Error()}))
	}
	if c.Started != nil {
		c.Started(manifest)
	}
	if c.Progress != nil {
		c.tellBegun(&a, &t, interrupt)
	}
	a.Tick = c.tick(&t)
	out, lost := attack.Run(ctx, interrupt, a)
	if follower != nil {
		lost = errors.Join(lost, follower.finish(ctx, interrupt, dir, out))
	}
	if c.Ended != nil {
		c.Ended()
	}
	return c.conclude(dir, manifest, out, lost)
}

// tellBegun tells the progress before the first call, and once that is due, unless there is to be none any more.
func (c Config) tellBegun(a *attack.Config, t *tracker, interrupt <-chan struct{}) {
	p := t.planned(0, 0)
	p.Executions, p.Ahead = t.executions(), true
	c.Progress(p)
	began := a.Began
	a.Began = func(at time.Time) {
		if began != nil {
			began(at)
		}
		select {
		case <-interrupt:
		default:
			p.Ahead = false
			c.Progress(p)
		}
	}
}

// attack is what fires the plan. plain says that the target speaks HTTP/2 without TLS.
func (c Config) attack(plain bool) attack.Config {
	return attack.Config{
		Plan: c.Plan, Target: c.Target, Credentials: c.Credentials, TLS: c.Credentials.TLS(), HTTP2: c.HTTP2, PlainHTTP2: plain,
		StartAt: c.StartAt, RepeatedIDsAllowed: c.RepeatedIDsAllowed, Observe: c.Observe, Enough: c.Enough, Ordered: c.Ordered, Began: c.Began,
	}
}

// tick tells whoever wants to know how far the run is.
func (c Config) tick(t *tracker) func(time.Duration, *metrics.Aggregator, int) {
	return func(now time.Duration, agg *metrics.Aggregator, inFlight int) {
		if c.Tick != nil {
			_, callers, asked := t.plan.At(now)
			c.Tick(now, asked, callers, inFlight)
		}
		if c.Progress != nil && t.isTime(now, c.Every) {
			c.Progress(t.progress(now, agg, inFlight))
		}
	}
}

// manifest says what the run is, and where it is kept. A directory without a name of its own is made.
func (c Config) manifest(started time.Time, generator results.Generator) (_ results.Manifest, dir string, err error) {
	id := filepath.Base(filepath.Clean(c.Dir))
	if dir = c.Dir; dir == "" {
		if id, dir, err = results.NewDir(c.Root, c.Plan.Name, started); err != nil {
			return results.Manifest{}, "", err
		}
	}
	return c.described(id, started, generator), dir, nil
}

// described says what a run is.
func (c Config) described(id string, started time.Time, generator results.Generator) results.Manifest {
	p := c.Plan
	part := cmp.Or(c.part, p)
	generator.Command = c.Command
	m := results.Manifest{
		Andon: c.Andon, ID: id, Scenario: p.Name, Seed: p.Seed, Target: c.Target.String(), Started: started.UTC(),
		Method: p.Description().Operation().Method, Path: p.Description().Operation().Path,
		Parameters: p.Description().Choice().Values, Chosen: p.Description().Choice().Operation != "",
		SpecSHA256: p.Description().SHA256(), PlanSHA256: p.Scenario.Digest(), Plan: p.Parts(), Release: c.Release, RunLabels: c.Labels,
		Labels: p.Labels, Planned: part.Planned, Shard: c.shard(), Thresholds: metrics.Written(p.Thresholds),
		TimeoutSeconds: p.Limits.Timeout.Seconds(), InFlight: part.Limits.InFlight, Generator: generator,
	}
	if f := p.Following; f != nil {
		m.Following = &results.Following{Operation: f.Operation.String(), Sample: f.Sample}
	}
	m.Waive(c.Deviations)
	if c.RepeatedIDsAllowed {
		m.Unchecked = []string{contracts.RuleRepeatedID}
	}
	m.Insecure = c.Credentials.Asks().Insecure()
	if c.Embedded {
		m.Provider = p.Behaviour()
	}
	m.PacingSeconds = p.Pacing().Seconds()
	if p.Limits.Lag != metrics.Tolerance {
		m.LagSeconds = p.Limits.Lag.Seconds()
	}
	if c.Traceparent {
		h := fnv.New64a()
		fmt.Fprint(h, id, p.Seed, started.UnixNano())
		// Other readers of run.json know no whole numbers beyond 2^53; 0 would be none.
		m.Traces = h.Sum64()>>11 | 1
	}
	return m
}

// Describe is what run.json says of the run, but for its id and when it begins: what other runs are held against before
// it is made.
func (c Config) Describe() results.Manifest {
	if c.Embedded = c.Target == nil; c.Embedded {
		c.Target = &url.URL{Scheme: "http", Host: "127.0.0.1"}
	}
	return c.described("", time.Time{}, attack.Config{Plan: c.Plan, Target: c.Target, Credentials: c.Credentials, TLS: c.Credentials.TLS(), HTTP2: c.HTTP2}.Generator())
}

// files are what repeats the run.
func (c Config) files() map[string][]byte {
	files := map[string][]byte{"scenario.yaml": c.Plan.Source, "openapi.yaml": c.Plan.Description().Source()}
	for name, data := range c.Plan.Feeders {
		files[name] = data
	}
	return files
}

// conclude reads the run back, summarizes it, and writes the reports. Where the directory is of no use any more, the
// summary is made of what the attack remembers.
func (c Config) conclude(dir string, m results.Manifest, out attack.Outcome, lost error) (Result, error) {
	r := Result{Dir: dir, Aggregator: out.Aggregator}
	run, err := results.Open(dir)
	if err != nil {
		lost = errors.Join(lost, fmt.Errorf("the run directory cannot be read back: %w", err))
		r.Summary = summary.Summarize(m, out.Samples, out.Vitals, unkept(out.End, lost), out.Aggregator)
		return r, &IncompleteError{lost}
	}
	r.Run = run
	r.Summary = summary.Summarize(run.Manifest, run.Samples, run.Vitals, out.End, out.Aggregator)
	d := page.New(r.Summary, out.Aggregator, run)
	d.Commands = c.Commands
	if err := errors.Join(lost, metrics.Keep(run, out.Aggregator), reports.Keep(dir, d)); err != nil {
		// Whoever is shown the summary all the same is not to read another exit code in it.
		r.Summary = summary.Summarize(run.Manifest, run.Samples, run.Vitals, unkept(out.End, err), out.Aggregator)
		return r, &IncompleteError{err}
	}
	return r, nil
}

// unkept is the end of a run that went to its end, but not all of which could be kept.
func unkept(end results.End, err error) results.End {
	if end.Reason == results.Finished || end.Reason == results.Enough {
		end.Reason = results.Unkept
		end.Detail, _, _ = strings.Cut(err.Error(), "\n")
	}
	return end
}
