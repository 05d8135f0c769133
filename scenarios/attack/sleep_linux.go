package attack

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// slice is how long one sleep lasts at most, so that the end of the run is noticed.
const slice = 50 * time.Millisecond

// sleeper sleeps more precisely than Go's timers, which wake up to a millisecond late: in a system call on a thread of
// its own, whose timer slack is a nanosecond. The zero value is ready. One goroutine uses it, and keeps its thread.
type sleeper struct{ locked bool }

// until sleeps until d after began. It is false if stop was closed before.
func (s *sleeper) until(began time.Time, d time.Duration, stop <-chan struct{}) bool {
	if isClosed(stop) {
		return false
	}
	wait := d - time.Since(began)
	if wait <= 0 {
		return true
	}
	if !s.locked {
		runtime.LockOSThread()
		// Without the smaller slack the sleep is only less precise.
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
		s.locked = true
	}
	for wait > 0 {
		ts := unix.NsecToTimespec(int64(min(wait, slice)))
		// A signal may end the sleep early; the loop looks at the clock anyway.
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil)
		if isClosed(stop) {
			return false
		}
		wait = d - time.Since(began)
	}
	return true
}
