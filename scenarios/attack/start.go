package attack

import "time"

const (
	// armed is how long before a common start connections are set up: early enough for any number of them, and late
	// enough that no target has closed one which was not used yet.
	armed = 10 * time.Second
	// glance is how often the clock is looked at while a start is far away: it may be set meanwhile.
	glance = time.Second
	// lastSleep is left to the pacer, which is more precise than a timer.
	lastSleep = 5 * time.Millisecond
)

// await waits until so long before a common start, or until the run is to end.
func (r *run) await(before time.Duration) {
	for {
		left := time.Until(r.StartAt) - before
		if r.StartAt.IsZero() || left <= 0 {
			return
		}
		again := time.NewTimer(min(left, glance))
		select {
		case <-again.C:
		case <-r.stop:
			again.Stop()
			return
		}
	}
}

// begin sets the clock of the run: it begins now, or at the common start, which a machine that took long is behind.
// What came due meanwhile leaves late then, by its own fault.
func (r *run) begin() {
	r.beginning.Lock()
	defer r.beginning.Unlock()
	now := time.Now()
	if r.began = now; !r.StartAt.IsZero() && !isClosed(r.stop) {
		// By the machine's clock that can be set, unless the start was told by the one that cannot, and by that from then
		// on.
		r.began = now.Add(r.StartAt.Sub(now))
	}
}

// elapsed is how long the run has gone on; 0 before it began.
func (r *run) elapsed() time.Duration {
	r.beginning.Lock()
	defer r.beginning.Unlock()
	if r.began.IsZero() {
		return 0
	}
	return max(time.Since(r.began), 0)
}
