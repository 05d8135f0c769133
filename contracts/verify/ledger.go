package verify

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// patience is the longest pause that a target may ask for.
	patience = 30 * time.Second
	// slowest is the longest time between two calls that a target which turns calls away slows us down to.
	slowest = 2 * time.Second
)

// ledger keeps the books of what is sent to a target: when the next call is due, and how many runs the calls until now
// have started, or may have.
type ledger struct {
	max int
	// kept is how many runs the calls that the contract allows leave to those that it forbids.
	kept     int
	progress func(string)

	// mutex guards what follows.
	mutex    sync.Mutex
	interval time.Duration
	next     time.Time
	// paused is until when nothing is sent.
	paused time.Time
	// accepted calls have started a run. Of unsure ones, which the contract allows, that is not known, nor of wild ones,
	// which it forbids, so that they have done so only at a target that does not keep it.
	accepted, unsure, wild, underway int
	// changed is closed when a call comes back.
	changed chan struct{}
}

func newLedger(maxRuns int, rate float64, progress func(string)) *ledger {
	l := &ledger{max: maxRuns, progress: progress, changed: make(chan struct{})}
	if rate > 0 {
		l.interval = time.Duration(float64(time.Second) / rate) // none where it is infinite
	}
	if maxRuns > 1 {
		l.kept = 1
	}
	return l
}

// open waits until a call may be sent, and reports whether it may at all: not where it could start one run too many.
// What is under way counts as if it started one, so that it is waited for.
func (l *ledger) open(ctx context.Context, allowed bool) bool {
	for ctx.Err() == nil {
		l.mutex.Lock()
		limit := l.max
		if allowed {
			limit -= l.kept
		}
		sure := l.accepted + l.unsure + l.wild
		if l.max == 0 || sure+l.underway < limit {
			l.underway++
			l.mutex.Unlock()
			if !l.pace(ctx) {
				l.close(nil)
				return false
			}
			return true
		}
		changed := l.changed
		l.mutex.Unlock()
		if sure >= limit {
			return false
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return false
}

// close books what became of a call: started is one of the ledger's counts, or nil where no run was started.
func (l *ledger) close(started *int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.underway--; started != nil {
		*started++
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// pace waits until the next call is due; it reports whether that came.
func (l *ledger) pace(ctx context.Context) bool {
	l.mutex.Lock()
	due := time.Now()
	if l.next.After(due) {
		due = l.next
	}
	l.next = due.Add(l.interval)
	l.mutex.Unlock()
	for {
		l.mutex.Lock()
		wait := time.Until(due)
		if pause := time.Until(l.paused); pause > wait {
			// Those that waited for the same pause keep their distance.
			due = l.paused
			if l.next.After(due) {
				due = l.next
			}
			l.next = due.Add(l.interval)
			wait = time.Until(due)
		}
		l.mutex.Unlock()
		if wait <= 0 {
			return ctx.Err() == nil
		}
		if !sleep(ctx, wait) {
			return false
		}
	}
}

// turnedAway has nothing sent for a while, and calls sent at a lower rate from then on.
func (l *ledger) turnedAway(status int, pause time.Duration) {
	l.mutex.Lock()
	until := time.Now().Add(pause)
	longer := until.After(l.paused)
	if longer {
		l.paused = until
	}
	if status == http.StatusTooManyRequests {
		l.interval = min(max(l.interval*5/4, 100*time.Millisecond), max(slowest, l.interval))
	}
	l.mutex.Unlock()
	if longer && pause >= time.Second && l.progress != nil {
		l.progress(fmt.Sprintf("the target turned a call away with status %d: nothing is sent for %s", status, pause.Round(time.Second)))
	}
}

// runs are how many runs were started, and how many more may have been.
func (l *ledger) runs() (accepted, unsure, wild int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.accepted, l.unsure, l.wild
}

// sleep waits; it reports whether the time passed before ctx was done.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
