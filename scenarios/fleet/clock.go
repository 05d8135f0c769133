package fleet

import "time"

// A reading says how a clock stands to the hub's: what is to be added to it, and how far that may be wrong.
type reading struct {
	Offset    time.Duration `json:"offset"`
	Uncertain time.Duration `json:"uncertain"`
}

// tells is how many readings a clock keeps. Clocks drift apart by some microseconds a second, so that old ones say
// less.
const tells = 64

// A clock knows the hub's time from questions that were answered. The answer was given somewhere between the moments of
// asking and of hearing, so that the one with the shortest way says most, and is wrong by half its way at most.
type clock struct {
	// base is the first moment that was seen: others are counted from it, so that nobody who sets the machine's clock
	// meanwhile makes a difference.
	base     time.Time
	readings [tells]reading
	n        int
}

// at is a moment by a clock that was not set since base.
func (c *clock) at(t time.Time) time.Time { return evenly(c.base, t) }

// evenly is a moment by a clock that nobody has set since epoch.
func evenly(epoch, t time.Time) time.Time { return epoch.Round(0).Add(t.Sub(epoch)) }

// heard takes down that what was asked at one moment was answered at hub, by the hub's clock, and heard at another.
func (c *clock) heard(asked time.Time, hub int64, at time.Time) {
	if c.n == 0 {
		c.base = asked
	}
	half := at.Sub(asked) / 2
	c.readings[c.n%tells] = reading{Offset: time.Unix(0, hub).Sub(c.at(asked).Add(half)), Uncertain: half}
	c.n++
}

// best is the reading that is most certain.
func (c *clock) best() (r reading) {
	r = c.readings[0]
	for _, other := range c.readings[1:min(max(c.n, 1), tells)] {
		if other.Uncertain < r.Uncertain {
			r = other
		}
	}
	return r
}

// hub is a moment by the hub's clock.
func (c *clock) hub(t time.Time) time.Time { return c.at(t).Add(c.best().Offset) }

// after is one function after another, which may be nil.
func after(first, then func(time.Time)) func(time.Time) {
	if first == nil {
		return then
	}
	return func(at time.Time) {
		first(at)
		then(at)
	}
}
