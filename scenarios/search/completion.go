package search

import (
	"fmt"
	"math"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// leastFollowed is for how many seconds executions are accepted in a trial at least, and mostFollowed at most: what
	// a trial lets pile up has to be done by the target before the next.
	leastFollowed, mostFollowed = 15.0, 60.0
	// manyTimes is how many times longer than an execution a trial goes on, so that what runs at its beginning, and at
	// its end, is little beside the rest.
	manyTimes = 6.0
	// fewExecutions is how many a trial needs for the growth of the backlog to be told.
	fewExecutions = 40.0
	// above is where the backlog grows beyond doubt, be the estimate off by its interval (nearer to it, only trials
	// would count that happen to grow by more than they should); justBelow is where it is seen not to grow.
	above, justBelow = 1.3, 0.92
	// mostPrecise and mostConfirmed are how many trials there are of these at most.
	mostPrecise, mostConfirmed = 3, 2
	// mostDoubled is how often the rate is doubled at most.
	mostDoubled = 12
)

// grown is what the backlog of executions did in a trial.
type grown struct {
	// rate is how many calls a second were due, and accepted how many were accepted, for so many seconds.
	rate, accepted, seconds float64
	// growth is nil where it is not known.
	growth *executions.Growth
	// long is how many seconds most executions took; 0 where that is not known.
	long float64
	void bool
}

// grew reports whether the backlog grew beyond doubt.
func (g grown) grew() bool { return g.growth != nil && g.growth.Low > 0 }

// holds reports whether the backlog grew by no more than a tenth of what came, be the estimate off by its interval.
func (g grown) holds() bool { return g.growth != nil && !g.grew() && g.growth.High <= 0.1*g.rate }

// completion searches for the rate at which executions end as fast as they are accepted. Where the backlog grows, that
// is what is accepted less by how much it grows, whatever the rate: so one trial above the rate tells it, and each more
// makes it surer. It is a function of what it was fed with.
type completion struct {
	ceiling float64 // 0 is none
	width   float64
	next    float64
	tried   []grown
	// precise and confirmed count the trials just above and just below.
	precise, confirmed int
	confirming         bool
	why                string // why there is no interval
	done               bool
}

func newCompletion(start, ceiling, width float64) *completion {
	if ceiling > 0 {
		start = min(start, ceiling)
	}
	return &completion{ceiling: ceiling, width: width, next: start}
}

// ask is the trial to be made, and false where the search has ended.
func (c *completion) ask() (rate, seconds float64, ok bool) {
	long := 0.0
	for _, g := range c.tried {
		long = max(long, g.long)
	}
	seconds = min(max(leastFollowed, manyTimes*long, fewExecutions/c.next), max(mostFollowed, fewExecutions/c.next))
	if c.precise > 0 || c.confirming {
		seconds = max(min(2*seconds, mostFollowed), seconds)
	}
	return c.next, seconds, !c.done
}

// take takes what came of the last trial.
func (c *completion) take(g grown) {
	if g.void {
		c.end("a trial said nothing of the target")
		return
	}
	c.tried = append(c.tried, g)
	estimate, known := c.estimate()
	switch {
	case !known && g.accepted < 0.8*g.rate:
		c.end(fmt.Sprintf("at %s the target accepts %s before executions pile up", text.Rate(g.rate), text.Rate(g.accepted)))
	case !known && c.ceiling > 0 && g.rate >= c.ceiling:
		c.end("executions do not pile up at the highest rate that may be tried")
	case !known && len(c.tried) > mostDoubled:
		c.end("executions do not pile up at any rate that was tried")
	case !known:
		if c.next = 2 * g.rate; c.ceiling > 0 {
			c.next = min(c.next, c.ceiling)
		}
	case c.confirming && (!g.grew() || c.confirmed == mostConfirmed):
		c.done = true
	case c.precise < mostPrecise && estimate.High-estimate.Low > c.width*estimate.Value:
		c.precise, c.confirming = c.precise+1, false
		c.next = c.within(above * estimate.Value)
	default:
		c.confirmed, c.confirming = c.confirmed+1, true
		c.next = justBelow * estimate.Value
	}
}

func (c *completion) within(rate float64) float64 {
	if c.ceiling > 0 {
		return min(rate, c.ceiling)
	}
	return rate
}

func (c *completion) end(why string) { c.why, c.done = why, true }

// estimate is the rate by the trials whose backlog grew; false where none did. Each has a say as it is long: by how
// much it says that it may be off would be no better, since those that happen to be off by the most may say the least.
func (c *completion) estimate() (b sizing.Bounds, known bool) {
	var sum, fewer, more, seconds float64
	for _, g := range c.tried {
		if !g.grew() {
			continue
		}
		// What is known to a hair has an interval nonetheless: the backlog is a whole number.
		off := 1 / g.seconds
		low, high := max(g.growth.PerSecond-g.growth.Low, off), max(g.growth.High-g.growth.PerSecond, off)
		sum += g.seconds * (g.accepted - g.growth.PerSecond)
		fewer, more = math.Hypot(fewer, g.seconds*high), math.Hypot(more, g.seconds*low)
		seconds += g.seconds
	}
	if seconds == 0 {
		return b, false
	}
	b.Value = max(sum/seconds, 0)
	b.Low, b.High = max(b.Value-fewer/seconds, 0), b.Value+more/seconds
	return b, true
}

// answer is what is known by now.
func (c *completion) answer() sizing.Capacity {
	a := sizing.Capacity{Kind: sizing.Unknown, Confidence: 0.95, Why: c.why}
	for _, g := range c.tried {
		switch {
		case g.grew():
			if a.Lowest == 0 || g.rate < a.Lowest {
				a.Lowest = g.rate
			}
		case g.growth != nil:
			a.Highest = max(a.Highest, min(g.rate, g.accepted))
		}
	}
	estimate, known := c.estimate()
	switch {
	case known:
		a.Kind, a.Rate, a.Low, a.High = sizing.Interval, estimate.Value, &estimate.Low, &estimate.High
		if a.Highest > a.Lowest {
			a.NotMonotone = fmt.Sprintf("executions did not pile up at %s, though they did at %s", text.Rate(a.Highest), text.Rate(a.Lowest))
		}
	case a.Highest > 0:
		a.Kind, a.Low = sizing.AtLeast, &a.Highest
	case a.Why == "":
		a.Why = "of no trial it is known whether executions piled up"
	}
	return a
}
