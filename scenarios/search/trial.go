package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// The phases of a trial. What the target does until it has settled counts for nothing.
const (
	settlePhase   = "settle"
	measuredPhase = "measured"
)

// errSpent says that the budget allows for no such trial.
var errSpent = errors.New("the budget is spent")

// trial makes one trial in a directory of its own, and adds it to the report. The error is that of a trial which was
// not made: no call was sent.
func (s *session) trial(ctx context.Context, w want) (made, error) {
	if m, there := s.known(w); there {
		if n, judged := len(held(s.thresholds, w.Scenario.Labels)), w.Callers == 0 && w.Seconds == 0; judged && len(m.Counts) != n {
			return made{}, fmt.Errorf("%s: /trials/%d/trial/Counts: expected %s, found %d; restore it, or begin another search", recordFile, m.Shown.N-1, text.Plural(uint64(n), "count"), len(m.Counts))
		}
		return m, nil
	}
	if s.stopped() || ctx.Err() != nil {
		return made{Ended: sizing.EndedInterrupted, Why: "it was told to stop between two trials"}, nil
	}
	if s.attempt != nil {
		return s.attempt(ctx, w)
	}
	n := len(s.report.Trials) + 1
	plan, err := s.plan(w, n)
	if err != nil {
		return made{}, err
	}
	// What it is judged by is what it can come to.
	w.Ask.Calls, w.Ask.Most = plan.Limits.Calls, math.Min(w.Ask.Most, plan.Seconds-w.Ask.Settle)
	conditions := held(s.thresholds, plan.Labels)
	var judge *capacity.Judge
	if w.Callers == 0 && w.Seconds == 0 {
		judge = capacity.NewJudge(objectives(conditions), w.Ask, w.Alpha)
	}
	t := &running{session: s, want: w, plan: plan, left: math.Inf(1), began: time.Now(), watched: newWatched(conditions, judge), enough: make(chan string, 1)}
	t.shown = sizing.Trial{
		N: n, Dir: dirOf(n), Of: w.Of, About: w.About, Step: stepName(w.Ask.Step, judge != nil), Rate: w.Ask.Rate, Callers: w.Callers,
	}
	going, run := t.shown, trial.Run
	if s.Make != nil {
		// What other machines have sent of it is not known here before it ends; this is the most.
		run, going.Calls, going.Seconds = s.Make, plan.Calls, plan.Seconds
		_, took := s.waiting()
		t.left = s.left().seconds - took
	}
	s.record.Going = &going
	if err := s.remember(); err != nil {
		return made{}, err
	}
	t.tell(0, 0)
	result, err := run(ctx, s.interrupt, trial.Config{
		Plan: plan, Target: s.Target, Embedded: s.Embedded, Release: s.Release, Labels: s.Labels, Deviations: s.Deviations,
		Credentials: s.Credentials, HTTP2: s.HTTP2, Dir: filepath.Join(s.dir, filepath.FromSlash(t.shown.Dir)), Andon: s.Andon, Command: s.repeats(plan.Seed),
		Commands: s.Commands, Observe: t.add, Tick: t.tick, Enough: t.enough,
		Began: func(time.Time) { t.sending = true; t.tell(0, 0) },
		Ended: func() { t.sending = false; t.tell(time.Since(t.began), 0) },
	})
	if result.Aggregator == nil {
		return made{}, err
	}
	if t.lonely || result.Summary.Run.End.Reason == results.Hopeless {
		_, unreachable := (trial.Config{Target: s.Target, Credentials: s.Credentials, HTTP2: s.HTTP2}).Reach(ctx)
		t.gone = unreachable != nil
	}
	m := t.made(result, err)
	m.Took = time.Since(t.began).Seconds()
	return m, s.take(m)
}

// plan is what a trial sends: at most as many calls as it may, which is known before the first one.
func (s *session) plan(w want, n int) (*scenarios.Plan, error) {
	left := s.left()
	// What was sent before was sent, whoever asks for it again.
	sent, took := s.waiting()
	left.calls -= min(sent, left.calls)
	left.seconds -= took
	calls := min(left.calls, maxCalls)
	if w.Ask.Calls > 0 {
		calls = min(calls, w.Ask.Calls)
	}
	shape, arrivals := scenarios.Constant(w.Ask.Rate), s.Arrivals
	if w.Callers > 0 {
		shape, arrivals = scenarios.Callers(w.Callers), scenarios.Even
	}
	settle, most := w.Ask.Settle, cmp.Or(w.Seconds, w.Ask.Most)
	most = min(most, left.seconds-settle)
	if w.Callers == 0 {
		// By chance, more calls come than the rate has.
		spare := 0.0
		if arrivals == scenarios.Poisson {
			spare = 5*math.Sqrt(float64(calls)) + 5
		}
		most = min(most, (float64(calls)-spare)/w.Ask.Rate-settle)
	}
	// What is left for less than half of the least says nothing.
	if calls == 0 || !(most > 0.01 && most > w.Ask.Least/2) {
		return nil, errSpent
	}
	limits := w.Scenario.Limits
	limits.Calls = calls
	limited, err := w.Scenario.WithLimits(limits)
	if err != nil {
		return nil, err
	}
	phases := []scenarios.Phase{{Name: measuredPhase, Shape: shape, For: duration(most)}}
	if settle >= 0.001 {
		phases = slices.Insert(phases, 0, scenarios.Phase{Name: settlePhase, Shape: shape, For: duration(settle), Warmup: true})
	}
	loaded, err := limited.WithLoad(phases, arrivals)
	if err != nil {
		return nil, err
	}
	// A threshold on a phase of the scenario's own has nothing to be held against here, nor has one of a baseline.
	kept := slices.DeleteFunc(slices.Clone(loaded.Thresholds), func(c metrics.Condition) bool { return c.OfBaseline() || c.Check(loaded.Labels) != nil })
	if loaded, err = loaded.WithThresholds(kept...); err != nil {
		return nil, err
	}
	return loaded.Plan(s.seed(n))
}

// maxCalls is the most calls that a plan is laid for: more would take longer to lay than to send.
const maxCalls = 5_000_000

// seed is that of trial n: another for each, so that no trial repeats the chances of another. Other readers of files
// know no whole numbers beyond 2^53.
func (s *session) seed(n int) uint64 { return rand.NewPCG(s.Seed, uint64(n)).Uint64() >> 11 }

// repeats is the command line that repeats a trial, from its own directory.
func (s *session) repeats(seed uint64) []string {
	if s.Commands.Run == nil {
		return nil
	}
	return strings.Fields(s.Commands.Run(seed))
}

func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds*1000)) * time.Millisecond
}

// running is a trial that goes on.
type running struct {
	*session
	want    want
	plan    *scenarios.Plan
	watched *watched
	shown   sizing.Trial
	sent    uint64
	// began is when it began, and left how many seconds there were then for other machines, which take some until they
	// send.
	began time.Time
	left  float64
	// enough is told once, when no more is to be sent, why.
	enough chan string
	over   bool
	// sending says that calls are due, or not all of them answered.
	sending bool
	// lonely says that nobody could be connected to any more, and gone that this is so when the trial has ended.
	lonely, gone bool
}

func (t *running) add(r results.Row) {
	if r.Sent() {
		t.sent++
	}
	t.watched.add(r)
	if t.watched.lone >= alone && !t.lonely {
		t.lonely = true
		t.end(nobody())
	}
}

func nobody() string { return fmt.Sprintf("the last %d calls found nobody to connect to", alone) }

func (t *running) end(why string) {
	if !t.over {
		t.over = true
		t.enough <- why
	}
}

func (t *running) tick(elapsed time.Duration, _ float64, _, inFlight int) {
	// The last tick comes when all calls have ended; what they came to is asked for then.
	if j := t.watched.judge; j != nil && !t.over && elapsed.Seconds() < t.plan.Seconds && j.Look(elapsed.Seconds(), inFlight) {
		t.end("the objectives of the search are known well enough")
	}
	if time.Since(t.began).Seconds() > t.left && elapsed.Seconds() < t.plan.Seconds {
		t.end("the time of the search is over")
	}
	t.tell(elapsed, inFlight)
}

// tell tells the progress.
func (t *running) tell(elapsed time.Duration, inFlight int) {
	now := &sizing.Current{
		N: t.shown.N, Of: t.shown.Of, About: t.shown.About, Step: t.shown.Step, Rate: t.shown.Rate, Callers: t.shown.Callers,
		Elapsed: elapsed, Most: duration(t.plan.Seconds), Settling: elapsed.Seconds() < t.want.Ask.Settle, Draining: t.over, Sending: t.sending,
		Sent: t.sent, InFlight: inFlight, Shares: make([]float64, len(t.thresholds)),
	}
	for i, c := range t.watched.conditions {
		now.Counted = max(now.Counted, t.watched.counted[i])
		now.Shares[c.index] = share(t.watched.over[i], t.watched.counted[i])
	}
	t.session.tell(now)
}

// made is what came of it.
func (t *running) made(r trial.Result, lost error) made {
	m := made{Dir: r.Dir, Summary: r.Summary, Shown: t.shown, Started: r.Aggregator.Running().Accepted}
	sum := r.Summary
	end := sum.Run.End
	stopped := t.plan.Seconds
	if r.Run != nil && r.Run.End.StoppedSeconds > 0 {
		stopped = r.Run.End.StoppedSeconds
	}
	until := min(stopped, t.watched.known)
	if j := t.watched.judge; j != nil {
		m.Trial = j.Outcome(until)
	} else {
		m.Trial = capacity.Trial{Ask: t.want.Ask, Objective: -1, Settled: t.want.Ask.Settle, Seconds: max(until-t.want.Ask.Settle, 0)}
	}
	m.Calls, m.Lost = r.Aggregator.Running().Sent, t.watched.lost
	m.judged(end, sum, t.watched.conditions, t.want.Alpha, lost)
	if t.gone && t.lonely {
		end.Detail = nobody() // also where enough was known before
	}
	if end.Reason == results.Hopeless || t.gone {
		m.nothing(end, t.gone)
	}
	s := &m.Shown
	s.Outcome, s.Saturated = outcomeName(m.Outcome), m.Saturated
	s.Seconds, s.Settled, s.Calls = m.Seconds, m.Settled, m.Calls
	s.Answered, s.Accepted, s.Goodput, s.InFlight = t.watched.rates(m.Settled, m.Settled+m.Seconds)
	times := sum.Times(sum.Total)
	s.P50, s.P95, s.P99 = times.P50, times.P95, times.P99
	s.Shares, s.Inflation = make([]float64, len(t.thresholds)), make([]float64, len(t.thresholds))
	for i := range s.Inflation {
		s.Inflation[i] = 1
	}
	for i, c := range m.Counts {
		at := t.watched.conditions[i].index
		s.Shares[at], s.Inflation[at] = share(c.Over, c.Calls), max(c.Inflation, 1)
	}
	sent := sum.Total.Sent
	s.Errors, s.Shed, s.Violations = share(sum.Total.Failed(), sent), share(sum.Total.Of(results.OutcomeShed), sent), share(sum.Total.Violated(), sent)
	s.Status, s.Rules = sum.Total.Status, sum.Total.Violations
	if r.Run != nil && t.watched.lost == 0 && end.Reason != results.Interrupted {
		took := max(r.Run.End.Seconds-stopped, 0)
		s.Drained = &took
	}
	return m
}

// stepName is a step as a report has it; a trial that is not judged has none.
func stepName(s capacity.Step, judged bool) string {
	if !judged {
		return ""
	}
	return map[capacity.Step]string{
		capacity.Growth: "growth", capacity.Narrowing: "narrowing", capacity.FromAbove: "from above", capacity.Confirmation: "confirmation",
		capacity.Decision: "decision",
	}[s]
}
