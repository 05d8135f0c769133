//go:build !linux

package attack

import "time"

// sleeper sleeps as precisely as Go's timers do.
type sleeper struct{}

// until sleeps until d after began. It is false if stop was closed before.
func (*sleeper) until(began time.Time, d time.Duration, stop <-chan struct{}) bool {
	wait := d - time.Since(began)
	if wait <= 0 {
		return !isClosed(stop)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return !isClosed(stop)
	case <-stop:
		return false
	}
}
