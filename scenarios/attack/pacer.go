package attack

import (
	"fmt"
	"time"
)

// pacer is vegeta's Pacer: it returns when a call may leave.
type pacer struct {
	run *run
	// last is when the call before was due.
	last time.Duration
}

// Pace implements vegeta.Pacer. It does the waiting itself, since vegeta's sleep is up to a millisecond late.
func (p *pacer) Pace(_ time.Duration, calls uint64) (time.Duration, bool) {
	r := p.run
	if r.closed {
		return 0, !p.awaitCaller(calls)
	}
	if calls >= r.Plan.Calls || isClosed(r.stop) {
		return 0, true
	}
	n := r.Plan.Number(calls)
	due := r.Plan.Leaves(r.Plan.Due(n))
	// Where calls follow each other closely, watching the clock would take the processor from those under way.
	early := due - min(r.wakeup.get(), (due-p.last)/2)
	p.last = due
	if early > time.Since(r.began) {
		r.wakeup.slept.Store(n + 1)
		if !sleep(r.began, early, r.stop) {
			return 0, true
		}
	}
	return 0, false
}

// Rate implements vegeta.Pacer.
func (p *pacer) Rate(elapsed time.Duration) float64 {
	_, _, rate := p.run.Plan.At(elapsed)
	return rate
}

// awaitCaller waits until the phase has a caller who is not waiting for an answer. It is false when the loop is over.
func (p *pacer) awaitCaller(calls uint64) bool {
	r := p.run
	end := time.Duration(r.Plan.Seconds * float64(time.Second))
	if time.Since(r.began) < 0 && !sleep(r.began, 0, r.stop) {
		return false
	}
	for {
		now := time.Since(r.began)
		if now >= end || isClosed(r.stop) {
			return false
		}
		if calls >= r.Plan.Limits.Calls {
			r.exhausted = now
			return false
		}
		if _, callers, _ := r.Plan.At(now); r.inFlight.Load() < int64(min(callers, r.Plan.Limits.InFlight)) {
			r.inFlight.Add(1)
			return true
		}
		// A phase may end while every caller waits, so look again now and then.
		again := time.NewTimer(min(end-now, 50*time.Millisecond))
		select {
		case <-r.freed:
		case <-r.stop:
		case <-again.C:
		}
		again.Stop()
	}
}

// String names the pacer in vegeta's messages.
func (p *pacer) String() string { return fmt.Sprintf("plan of %d calls", p.run.Plan.Calls) }
