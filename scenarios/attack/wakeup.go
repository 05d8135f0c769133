package attack

import (
	"sync/atomic"
	"time"
)

// wakeupLead is how long before a call is due the pacer lets it go. The worker that takes it builds the request, and
// watches the clock for what is left, so that the request leaves when it is due and not some tens of microseconds
// later. How long all that takes is learned from call to call.
type wakeupLead struct {
	d atomic.Int64
	// slept is 1 + the number of the last call that the pacer slept for: only a call that was let go in time tells
	// anything.
	slept atomic.Uint64
}

func (l *wakeupLead) get() time.Duration { return time.Duration(l.d.Load()) }

// wait takes note of call n, whose request is ready at a moment of the run, and returns when it is due.
func (l *wakeupLead) wait(n uint64, began time.Time, ready, due time.Duration) {
	if l.slept.Load() == n+1 {
		l.learn(ready - due)
	}
	if due-ready <= longestLead {
		for time.Since(began) < due {
		}
	}
}

// learn takes note of by how much a call that was let go in time was late.
func (l *wakeupLead) learn(late time.Duration) { l.d.Store(int64(nearer(l.get(), late, longestLead))) }

// nearer moves a lead by small steps, whatever the distance, so that a call which something else held up does not count
// for more than any other: twice as far after a late call as after an early one, so that two calls in three are ready
// in time.
func nearer(lead, late, longest time.Duration) time.Duration {
	const step = 500 * time.Nanosecond
	if late > 0 {
		return min(lead+2*step, longest)
	}
	return max(lead-step, 0)
}
