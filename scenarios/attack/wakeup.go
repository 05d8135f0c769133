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

// learn moves by small steps, whatever the distance, so that a call which something else held up does not count for
// more than any other: twice as far after a late call as after an early one, so that two calls in three are ready in
// time.
func (l *wakeupLead) learn(late time.Duration) {
	const step = 500 * time.Nanosecond
	d := l.get()
	if late > 0 {
		d = min(d+2*step, longestLead)
	} else {
		d = max(d-step, 0)
	}
	l.d.Store(int64(d))
}
