package provider

import (
	"sync"
	"time"
)

// crowded is the time over which the rate of the calls is taken that [Faults.Above] is held against.
const crowded = 10 * time.Second

// crowd knows whether calls come at more than a rate: more in the last 10 seconds than it makes of them.
type crowd struct {
	mutex sync.Mutex
	// came is when the last ones came, as many as there may be, and next the place of the oldest.
	came []time.Time
	next int
}

func newCrowd(perSecond float64) *crowd {
	return &crowd{came: make([]time.Time, int(perSecond*crowded.Seconds()+1e-6))}
}

// add counts a call that comes now, and reports whether there are too many with it.
func (c *crowd) add() bool {
	if len(c.came) == 0 {
		return true
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := time.Now()
	oldest := c.came[c.next]
	c.came[c.next] = now
	c.next = (c.next + 1) % len(c.came)
	return !oldest.IsZero() && now.Sub(oldest) < crowded
}
