package attack

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// slice is how long one sleep lasts at most, so that the end of the run is noticed.
const slice = 50 * time.Millisecond

// longestLead is how long before a call is due it may be let go: what a processor that has gone idle takes to wake,
// more in a virtual machine, and what it takes to hand the call to a worker and to build its request.
const longestLead = 100 * time.Microsecond

// sleep sleeps until d after began, more precisely than Go's timers, which wake up to a millisecond late: in a system
// call, on a thread whose timer slack is a nanosecond. It is false if stop was closed before.
func sleep(began time.Time, d time.Duration, stop <-chan struct{}) bool {
	// The call that was let go last is waiting for this very processor, which the system call would hold.
	runtime.Gosched()
	for wait := d - time.Since(began); wait > 0; wait = d - time.Since(began) {
		// The thread may be another one each time. Without the smaller slack the sleep is only less precise.
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
		ts := unix.NsecToTimespec(int64(min(wait, slice)))
		// A signal may end the sleep early; the loop looks at the clock anyway.
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil)
		if isClosed(stop) {
			return false
		}
	}
	return !isClosed(stop)
}
