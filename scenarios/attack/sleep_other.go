//go:build !linux

package attack

import "time"

// longestLead is 0: where sleeps end up to a millisecond late, watching the clock for the rest would take a processor.
const longestLead = 0

// sleep sleeps as precisely as Go's timers do, until d after began. It is false if stop was closed before.
func sleep(began time.Time, d time.Duration, stop <-chan struct{}) bool {
	t := time.NewTimer(d - time.Since(began))
	defer t.Stop()
	select {
	case <-t.C:
		return !isClosed(stop)
	case <-stop:
		return false
	}
}
