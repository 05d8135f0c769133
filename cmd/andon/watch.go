package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
)

// A watch tells a person how a run goes on: in a view that takes the terminal, or in lines on standard error.
type watch struct {
	c      *command
	plan   *scenarios.Plan
	target string
	// past and first are what the view has seen so far: see [summary.Progress].
	past  []summary.Moment
	first map[string]time.Duration
	// last is when the last line was written; sent and sentAt are how many calls had left when the rate was last told.
	last   time.Duration
	sent   uint64
	sentAt time.Duration
	rate   float64

	mu   sync.Mutex
	view *live.View // nil where there is none
	over bool
}

// plainEvery is how often progress is told where it cannot be shown in place.
const plainEvery = 5 * time.Second

// watched is the terminal for a live view. There is none where nobody looks (no terminal, CI), where the terminal cannot do it
// (TERM=dumb), or where it is another process's.
func (c *command) watched() (keyboard, screen *os.File, ok bool) {
	screen, ok = c.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(screen.Fd())) || !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, nil, false
	}
	if os.Getenv("CI") != "" || os.Getenv("TERM") == "dumb" || !inForeground(screen) {
		return nil, nil, false
	}
	return os.Stdin, screen, true
}

// start begins to show the run; press is a Ctrl-C that the view has read from the keyboard.
func (w *watch) start(plainLines bool, press func()) {
	keyboard, out, ok := w.c.watched()
	if plainLines || !ok {
		return
	}
	_, color, _ := screen(out)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view = live.Start(keyboard, out, w.progress(0, 0), color, press)
}

// say tells something beside the progress.
func (w *watch) say(note string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.view != nil && !w.view.Gone() {
		w.view.Note(note)
		return
	}
	fmt.Fprintln(w.c.stderr, text.Printable(note, 1000))
}

// stopping is called when somebody has stopped the run.
func (w *watch) stopping() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
	case w.view != nil && !w.view.Gone():
		w.view.Stopping()
	default:
		fmt.Fprintln(w.c.stderr, "\nstopped sending; waiting for the calls in flight (Ctrl-C again gives them up)")
	}
}

// end gives the terminal back, and tells whether it was taken.
func (w *watch) end() (shown bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.view == nil {
		return false
	}
	for _, note := range w.view.Close() {
		fmt.Fprintln(w.c.stderr, text.Printable(note, 1000))
	}
	w.view = nil
	return true
}

// tick is told about once a second how far the run is.
func (w *watch) tick(now time.Duration, a *metrics.Aggregator, inFlight int) {
	w.mu.Lock()
	view := w.view
	w.mu.Unlock()
	if view == nil || view.Gone() {
		if now-w.last < plainEvery-plainEvery/10 {
			return
		}
		w.last = now
		p := w.progress(now, inFlight)
		w.lately(&p, now, a)
		live.WriteLine(w.c.stderr, p)
		return
	}
	p := w.progress(now, inFlight)
	w.lately(&p, now, a)
	if now >= time.Second {
		w.remember(summary.Moment{Achieved: p.Achieved, P50: p.P50, P99: p.P99})
	}
	p.Past = w.past
	w.details(&p, now, a)
	view.Show(p)
}

// progress is what the plan says of a moment.
func (w *watch) progress(now time.Duration, inFlight int) summary.Progress {
	phase, callers, asked := w.plan.At(now)
	label := w.plan.Labels.Phases[phase]
	return summary.Progress{
		Scenario: w.plan.Name, Target: w.target, Elapsed: now, Total: time.Duration(w.plan.Seconds * float64(time.Second)),
		Phase: label.Name, Shape: label.Shape, PhaseNumber: phase + 1, Phases: len(w.plan.Labels.Phases), Warmup: label.Warmup,
		Asked: asked, Callers: callers, InFlight: inFlight, Limit: w.plan.Limits.InFlight,
	}
}

// latency is over so many seconds: in a single one there are more often than not too few calls for a p99.
const window = 5

// lately fills in what was sent since the last time, and what came back lately.
func (w *watch) lately(p *summary.Progress, now time.Duration, a *metrics.Aggregator) {
	recent, all := a.Recent(now, window), a.Running()
	p.P50, p.P99 = recent.P50, recent.P99
	p.Done, p.Completed, p.Errors, p.Violations, p.Dropped = all.Sent, all.Completed, all.Errors, all.Violations, all.Dropped
	// What the aggregator knows has come back. At the end there is a moment too short for a rate.
	since := now - w.sentAt
	sent := all.Sent + uint64(max(p.InFlight, 0))
	if since >= time.Second/2 {
		w.rate = float64(sent-min(w.sent, sent)) / since.Seconds()
		w.sent, w.sentAt = sent, now
	}
	p.Achieved = w.rate
	if since > 0 {
		p.Asked = w.asked(now-since, now)
	}
}

// asked is the mean rate that the plan wanted between two moments.
func (w *watch) asked(from, to time.Duration) (mean float64) {
	const looks = 20
	for i := range looks {
		_, _, rate := w.plan.At(from + (to-from)*time.Duration(2*i+1)/(2*looks))
		mean += rate / looks
	}
	return mean
}

// kept is how many moments the view remembers, which is more than any terminal has columns.
const kept = 600

// remember appends to what the view has seen. What was handed out is never written to again.
func (w *watch) remember(m summary.Moment) {
	if len(w.past) == 2*kept {
		w.past = append(make([]summary.Moment, 0, 2*kept), w.past[kept:]...)
	}
	w.past = append(w.past, m)
}

// details fills in the figures by tier, and what came back.
func (w *watch) details(p *summary.Progress, now time.Duration, a *metrics.Aggregator) {
	tiers := a.By(metrics.ByTier, now.Seconds())
	for _, c := range w.plan.Labels.Classes {
		f, there := tiers[c.Tier]
		if !there || f.Sent == 0 {
			continue
		}
		delete(tiers, c.Tier)
		t := summary.TierProgress{Name: c.Tier, Sent: f.Sent, Errors: f.Failed(), Latency: f.Latency}
		if w.plan.Closed() {
			t.Latency = f.Service
		}
		p.Tiers = append(p.Tiers, t)
	}
	all := a.Tally()
	p.Statuses = w.tallies(now, "status", all.Status)
	p.Kinds = w.tallies(now, "error", all.Errors)
	p.Rules = w.tallies(now, "rule", all.Violations)
}

func (w *watch) tallies(now time.Duration, kind string, counts map[string]uint64) (list []summary.Tally) {
	for name, n := range counts {
		key := kind + " " + name
		if _, seen := w.first[key]; !seen {
			if w.first == nil {
				w.first = map[string]time.Duration{}
			}
			w.first[key] = now
		}
		list = append(list, summary.Tally{Name: name, Count: n, First: w.first[key]})
	}
	slices.SortFunc(list, func(a, b summary.Tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return list
}
