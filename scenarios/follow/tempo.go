package follow

import (
	"math"
	"time"
)

const (
	// finest is the shortest time that a tempo tells from others, and ratio what one bucket is to the one before it.
	finest = time.Millisecond
	ratio  = 1.05
	// learned is from how many ends on a tempo says when to ask.
	learned = 5
	// soonest is the least time between two polls about one execution.
	soonest = 10 * time.Millisecond
	// first is when an execution is asked about first of which nobody knows how long it takes.
	first = 100 * time.Millisecond
)

// tempo is how long the executions of a tier take, as far as is known.
type tempo struct {
	counts [400]uint32 // of 1 ms to more than a day
	seen   uint64
	// longest is the longest that one took.
	longest time.Duration
}

func (t *tempo) add(took time.Duration) {
	i := 0
	if took > finest {
		i = min(int(math.Log(float64(took)/float64(finest))/math.Log(ratio)), len(t.counts)-1)
	}
	t.counts[i]++
	t.seen++
	t.longest = max(t.longest, took)
}

// quantile is how long a share of them took at most; 0 where none has ended.
func (t *tempo) quantile(share float64) time.Duration {
	left := uint64(math.Ceil(share * float64(t.seen)))
	for i, n := range t.counts {
		if left <= uint64(n) && n > 0 {
			return time.Duration(float64(finest) * math.Pow(ratio, float64(i)))
		}
		left -= min(left, uint64(n))
	}
	return 0
}

// wait is how long to wait with the next poll about an execution that was accepted so long ago. The first one comes
// soon before the time at which the earliest have ended, and the others so that what they tell lies between bounds that
// are within a share of the median. One that takes longer than any other is asked about less and less often.
func (t *tempo) wait(age time.Duration, within float64) time.Duration {
	if t.seen < learned {
		// The bounds become wider as it takes longer, while nothing is known.
		return max(first-age, age/4, soonest)
	}
	if early := t.quantile(0.01) * 9 / 10; age < early {
		return max(early-age, soonest)
	}
	// The answer takes some time, too.
	step := time.Duration(0.9 * within * float64(t.quantile(0.5)))
	return max(step, soonest) + max(age-t.longest*5/4, 0)/4
}
