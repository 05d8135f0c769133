// Package doctor finds out what a machine allows a load test that is run from it: what the system lets a process have,
// and the highest rate at which runs are valid, measured against a neutral target.
//
// The target is a process of its own, so that it has neither the generator's scheduler nor its garbage collector, and a
// core of its own where there is one. It takes less of a call than the generator does (see provider.ServeNeutral).
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/fitness"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/attack"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// Config says what is measured.
type Config struct {
	// Scenario has the calls that are sent; its load is not. Judged says that its own highest rate is held against what
	// is measured.
	Scenario *scenarios.Scenario
	Judged   bool
	// Credentials are what the calls carry besides; nil is nothing.
	Credentials *credentials.Set
	// Neutral is the command line, the program first, that serves the neutral target: it says its address in a line, and
	// ends when its standard input does.
	Neutral []string
	// Andon is the version of the tool.
	Andon string
	// Say, if not nil, is told each try as it ends.
	Say func(string)
}

// lengths say how long each part takes.
type lengths struct {
	closed, short, long time.Duration
	// patience is how long rates are looked for, before the one that was found is tried again.
	patience time.Duration
}

func standard() lengths {
	return lengths{800 * time.Millisecond, time.Second, 2 * time.Second, 6 * time.Second}
}

const (
	// callers are as many as keep the generator and the target busy; more only wait for each other.
	callers = 64
	// near is how close a rate that is held and one that is not may be for nothing to be tried between them.
	near = 1.12
	// lowest is a rate that every machine holds which is good for anything.
	lowest = 10
	// checked is a rate of which a plan can be made in any case, to find out whether the scenario can be sent at all.
	checked = 1000
	// atFirst is the share of what callers get through that is tried first.
	atFirst = 0.5
	// fewer is what is tried in the place of a rate that was held once and not again.
	fewer = 0.8
)

// Examine takes about ten seconds. Closing interrupt, which may be nil, ends it with what is known by then. The error
// says that the scenario cannot be sent at all.
func Examine(ctx context.Context, interrupt <-chan struct{}, c Config) (fitness.Report, error) {
	return c.examine(ctx, interrupt, standard())
}

func (c Config) examine(ctx context.Context, interrupt <-chan struct{}, l lengths) (fitness.Report, error) {
	began := time.Now()
	r := fitness.Report{Schema: fitness.Schema, Andon: c.Andon, Platform: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(), Started: began.UTC()}
	r.Rate.Scenario, r.Rate.Tries = c.Scenario.Name, []fitness.Try{}
	if need := c.Scenario.PeakRate(); c.Judged && need > 0 {
		r.Rate.Needed = &need
	}
	scenario, err := c.Scenario.WithFollowing(nil).WithThresholds()
	if err != nil {
		return r, err
	}
	m := &measuring{Config: c, scenario: scenario, rate: &r.Rate, interrupt: interrupt, lengths: l}
	if _, err := m.plan(fitness.Try{Rate: checked}, l.short); err != nil {
		return r, err
	}
	timers := overslept()
	before := readUsed("/")
	if err := m.measure(ctx); err != nil {
		r.Rate.Why = text.Sentence(err.Error())
	}
	r.Rate.CoresOfOthers = before.others(readUsed("/"), m.took)
	r.Allows = allowances(host{root: "/", look: lookPath}, m.generator, timers)
	r.DurationSeconds = time.Since(began).Seconds()
	r.Decide()
	return r, nil
}

// measuring is a search that goes on.
type measuring struct {
	Config
	lengths
	scenario  *scenarios.Scenario
	rate      *fitness.Rate
	interrupt <-chan struct{}
	target    *neutral
	dir       string
	tries     int
	// generator is what the last run said of it, and took the processor time of this process and of the target.
	generator metrics.Generator
	took      time.Duration
}

var errInterrupted = errors.New("it was interrupted")

// measure fills in what was found. The error says why that is nothing, or not all.
func (m *measuring) measure(ctx context.Context) (err error) {
	if m.dir, err = os.MkdirTemp("", "andon-doctor-"); err != nil {
		return err
	}
	defer os.RemoveAll(m.dir)
	own := attack.ProcessTime()
	if m.target, err = serve(ctx, m.Neutral); err != nil {
		return fmt.Errorf("the neutral target cannot be started: %w", err)
	}
	defer func() { m.took = m.target.end() + attack.ProcessTime() - own }()
	free, err := m.try(ctx, fitness.Try{}, m.closed)
	if err != nil {
		return err
	}
	if m.rate.Most = free.Achieved; m.rate.Most < lowest {
		return fmt.Errorf("%d callers got through %s in %s", callers, text.Plural(free.Sent, "call"), m.closed)
	}
	if err := m.search(ctx); err != nil {
		return err
	}
	return m.confirm(ctx)
}

// search narrows down between what is held and what is not.
func (m *measuring) search(ctx context.Context) error {
	highest := m.rate.Most
	for began, rate := time.Now(), m.rate.Most*atFirst; time.Since(began) < m.patience && rate >= lowest; {
		t, err := m.try(ctx, fitness.Try{Rate: rate}, m.short)
		if err != nil {
			return err
		}
		if m.take(t); t.Held {
			rate = math.Sqrt(t.Rate * highest)
		} else {
			highest = t.Rate
			rate = cmp.Or(math.Sqrt(m.rate.Held*highest), highest/2)
		}
		if highest/m.rate.Held < near {
			break
		}
	}
	return nil
}

// confirm tries the rate that was held again, for longer, and lower ones as long as it is not.
func (m *measuring) confirm(ctx context.Context) error {
	for rate, n := m.rate.Held, 0; rate >= lowest; rate, n = rate*fewer, n+1 {
		m.rate.Held = 0
		if n == 3 {
			return fmt.Errorf("rates were on time once and late the next time, down to %s: something else has the processors now and then", text.Rate(rate/fewer))
		}
		t, err := m.try(ctx, fitness.Try{Rate: rate}, m.long)
		if err != nil {
			return err
		}
		if m.take(t); t.Held {
			return nil
		}
	}
	return nil
}

// take takes note of what a try came to.
func (m *measuring) take(t fitness.Try) {
	switch {
	case t.Held:
		m.rate.Held = max(m.rate.Held, t.Rate)
	case m.rate.Failed == nil || t.Rate < *m.rate.Failed:
		m.rate.Failed, m.rate.TargetLimited = &t.Rate, t.Status == metrics.TargetLimited
	}
}

// plan is that of a try.
func (m *measuring) plan(t fitness.Try, length time.Duration) (*scenarios.Plan, error) {
	shape, arrivals, calls := scenarios.Callers(callers), scenarios.Even, 1_000_000.0
	if t.Rate > 0 {
		// At random, as most loads are; by chance, more may come than the rate has.
		calls = t.Rate * length.Seconds()
		shape, arrivals, calls = scenarios.Constant(t.Rate), scenarios.Poisson, calls+10*math.Sqrt(calls)+10
	}
	limits := m.scenario.Limits
	limits.Calls = uint64(calls)
	limited, err := m.scenario.WithLimits(limits)
	if err != nil {
		return nil, err
	}
	loaded, err := limited.WithLoad([]scenarios.Phase{{Name: "measured", Shape: shape, For: length}}, arrivals)
	if err != nil {
		return nil, err
	}
	return loaded.Plan(uint64(m.tries + 1))
}

// try makes one run. The error says that there is no more to come.
func (m *measuring) try(ctx context.Context, t fitness.Try, length time.Duration) (fitness.Try, error) {
	select {
	case <-m.interrupt:
		return t, errInterrupted
	default:
	}
	t.Rate = math.Round(t.Rate)
	p, err := m.plan(t, length)
	if err != nil {
		return t, err
	}
	m.tries++
	dir := filepath.Join(m.dir, fmt.Sprint(m.tries))
	result, err := trial.Run(ctx, m.interrupt, trial.Config{Plan: p, Target: m.target.url, Credentials: m.Credentials, Dir: dir, Andon: m.Andon})
	if err != nil {
		return t, err
	}
	s := result.Summary
	switch end := s.Run.End; end.Reason {
	case results.Finished, results.Enough:
	case results.Interrupted:
		return t, errInterrupted
	default:
		return t, errors.New(cmp.Or(end.Detail, end.Reason))
	}
	m.generator = s.Generator
	m.rate.StolenCores = max(m.rate.StolenCores, s.Generator.Machine.StolenSeconds/s.Run.DurationSeconds)
	t.Achieved, t.Sent, t.Seconds, t.Cores = s.Total.Rate.Achieved, s.Total.Sent, s.Run.DurationSeconds, s.Generator.CPU
	t.Status, t.Lag50, t.Lag99 = s.Validity.Status, s.Validity.Lag.P50, s.Validity.Lag.P99
	t.Held = t.Status == metrics.Valid && most(s.Total.Sent, s.Total.Tried()+s.Total.Unsent) && most(s.Total.Completed, s.Total.Sent)
	m.rate.Tries = append(m.rate.Tries, t)
	if m.Say != nil {
		m.Say(said(t))
	}
	return t, os.RemoveAll(dir)
}

// most reports whether a part is 99 % of a whole, as every run has to send.
func most(part, whole uint64) bool { return 100*part >= 99*whole }

func said(t fitness.Try) string {
	switch {
	case t.Rate == 0:
		return fmt.Sprintf("%d callers got through %s", callers, text.Rate(t.Achieved))
	case t.Held:
		return text.Rate(t.Rate) + " left on time"
	}
	return text.Rate(t.Rate) + " did not leave on time: " + t.Status
}
