package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"
)

const (
	// slowest is where the search for the highest rate begins, and finer its step: a twentieth.
	slowest, finer = 1000, 1.05
	// lateEnough is the p99 of the lag from which on a run is not honest any more.
	lateEnough = 10 * time.Millisecond
	// A rate is held in five of six runs.
	enough, often = 5, 6
	// mostRuns bounds the search of one tool.
	mostRuns = 50
	// honestPlaces are enough for 100,000 calls a second over 5 ms.
	honestPlaces = 500
)

// ladder gives the rates that are tried, rounded so that they can be read.
func ladder(from, to float64) (rates []int) {
	for rate := from; rate <= to; rate *= finer {
		rates = append(rates, int(math.Round(rate/10)*10))
	}
	return slices.Compact(rates)
}

// climb searches a ladder for the highest rung that holds often enough. It halves the distance by single tries, of which
// two must fail, and goes down from there, in steps that grow, until one holds.
type climb struct {
	rates []int
	// low is the highest rung that held, and high the lowest that did not; both are out of the ladder at first.
	low, high int
	// doubted says that the rung in the middle failed once.
	doubted bool
	// held and failed count the runs on the rung low, once it is next to high.
	held, failed int
	// drops count the steps down.
	drops int
	runs  int
}

func newClimb(rates []int) *climb { return &climb{rates: rates, low: -1, high: len(rates)} }

func (c *climb) confirming() bool { return c.high-c.low == 1 }

// done reports whether there is nothing more to try. found is the rate that held, or 0.
func (c *climb) done() (found int, done bool) {
	switch {
	case c.held == enough:
		return c.rates[c.low], true
	case c.confirming() && c.low < 0, c.runs >= mostRuns:
		return 0, true
	}
	return 0, false
}

// next is the rate to try.
func (c *climb) next() int {
	if c.confirming() {
		return c.rates[c.low]
	}
	return c.rates[(c.low+c.high)/2]
}

// told takes what came of that.
func (c *climb) told(held bool) {
	c.runs++
	middle := (c.low + c.high) / 2
	switch {
	case c.confirming() && held:
		c.held++
	case c.confirming():
		if c.failed++; c.failed > often-enough {
			c.drops++
			c.low = max(-1, c.low-1-c.drops/3)
			c.high, c.held, c.failed = c.low+1, 0, 0
		}
	case held:
		c.low, c.doubted = middle, false
	case c.doubted:
		c.high, c.doubted = middle, false
	default:
		c.doubted = true
	}
}

// climber is a tool on its way.
type climber struct {
	*climb
	tool tool
	row  *row
	// figures are those of the runs at the rate that may hold.
	figures [][]float64
	// last is the last error of a run, and errors how many there were.
	last   error
	errors int
}

// hopeless is after how many runs a tool is given up that brought none to an end.
const hopeless = 3

// highest searches for each tool the highest rate that it sends honestly. All tools climb at the same time, a try each
// in turn.
func (b *bench) highest() *table {
	t := &table{
		name: "highest", title: "The highest honest rate on one core",
		text: fmt.Sprintf("Open load in which every call is sent and 99 %% are less than %s late, in %d of %d runs of %s; at most %d in flight where a tool has such a cap, "+
			"against a target that answers after %s. The target measures when calls arrive: late is after the even grid that begins with the first. What comes before "+
			"it is due is not late, which is kind to those who send in bursts: the jitter tells of them. Searched in steps of a twentieth from %s to %s calls a second; the other figures are those at the rate found.",
			lateEnough, enough, often, b.open, honestPlaces, delay, whole(slowest), whole(b.fastest)),
		reference: vegetaDefaults,
		columns: []column{
			{name: highestRate, show: perSecond, ratio: true},
			{name: "runs that held", show: whole},
			{name: "runs that did not", show: whole},
			{name: "late, p99", show: duration},
			{name: jitterP99, show: duration},
			{name: cpuEach, show: duration, ratio: true},
		},
	}
	var going []*climber
	for _, tool := range b.tools {
		switch r := t.row(tool.name); {
		case !tool.open && tool.program == andonDefaults:
			t.rows = t.rows[:len(t.rows)-1]
		case !tool.open:
			r.absent = "no rate"
		case tool.program == bareFloor && tool.name != bareFloor:
			t.rows = t.rows[:len(t.rows)-1]
		case !b.built(tool.program):
			r.absent = "not built"
		default:
			going = append(going, &climber{climb: newClimb(ladder(slowest, b.fastest)), tool: tool, row: r})
		}
	}
	end := time.Now().Add(b.searching)
	for len(going) > 0 && b.ctx.Err() == nil && time.Now().Before(end) {
		going = slices.DeleteFunc(going, func(c *climber) bool { return c.step(b) })
	}
	for _, c := range going {
		c.row.fail(fmt.Errorf("no rate was found in %s", b.searching))
	}
	return t
}

var errNoRate = errors.New("no rate was held")

// step tries one rate, and reports whether the search has ended.
func (c *climber) step(b *bench) bool {
	rate, length := c.next(), b.probe
	if c.confirming() {
		length = b.open
		if c.held+c.failed == 0 {
			c.figures = nil
		}
	}
	fmt.Fprintf(b.progress, "The highest honest rate: %s: %s calls a second\n", c.tool.name, whole(float64(rate)))
	held, figures, err := b.honest(c.tool, rate, length)
	switch {
	case err != nil:
		c.last = err
		c.errors++
	case c.confirming() && held:
		c.figures = append(c.figures, figures)
	}
	c.told(held)
	found, done := c.done()
	switch {
	case c.errors == c.runs && c.runs >= hopeless:
		c.row.fail(c.last)
	case !done:
		return false
	case found == 0:
		c.row.fail(errNoRate)
	default:
		values := []float64{float64(found), float64(c.held), float64(c.failed)}
		for i := range c.figures[0] {
			var column []float64
			for _, f := range c.figures {
				column = append(column, f[i])
			}
			values = append(values, median(column))
		}
		c.row.add(values...)
	}
	return true
}

// honest reports whether a tool held a rate, with its lateness, its jitter and its processor time a call.
func (b *bench) honest(tool tool, rate int, length time.Duration) (held bool, figures []float64, err error) {
	j := job{rate: rate, length: length, callers: honestPlaces}
	o, err := b.measure(tool, j, "-delay", delay.String())
	if err != nil {
		return false, nil, err
	}
	if len(o.log) == 0 {
		return false, nil, errors.Join(errors.New("the target saw no call of the schedule"), os.RemoveAll(o.dir))
	}
	late := lateness(o.log, rate)
	_, jittered := jitter(o.log, rate)
	held = late < lateEnough && o.every(share(len(o.log), j.calls()))
	return held, []float64{ns(late), ns(jittered), ns(o.CPU) / float64(o.calls)}, os.RemoveAll(o.dir)
}
