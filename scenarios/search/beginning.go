package search

import (
	"math"

	"github.com/kaizenautomation/andon/reports/sizing"
)

const (
	// closeEnough is how far apart the highest rate without something and the lowest with it are left, as a ratio.
	closeEnough = 1.08
	// expected is how many calls with it a trial would have to have, had it what there was at the higher rate: with so
	// many, one without any comes by chance once in 150 times.
	expected = 5.0
	// mostOnset is how many trials there are at most.
	mostOnset = 10
	// leastOnset is how many seconds each measures at least: what depends on the load may look at it for a while.
	leastOnset = 20.0
)

// beginning looks for the rate at which something begins that few calls show. It is a function of what it was fed with.
type beginning struct {
	// clean is the highest rate that was seen to be without it, 0 for none; of so many calls.
	clean float64
	calls uint64
	// dirty is the lowest rate that was seen with it, and share its share there.
	dirty, share float64
	tried        int
	done         bool
}

// newBeginning begins with what trials have shown already. share says of a trial in which share of its calls it was;
// below is the rate above which it is no news.
func newBeginning(trials []sizing.Trial, share func(sizing.Trial) float64, below float64) *beginning {
	o := &beginning{}
	for _, t := range trials {
		if s := share(t); s > 0 && t.Rate > 0 && t.Rate < below && (o.dirty == 0 || t.Rate < o.dirty) {
			o.dirty, o.share = t.Rate, s
		}
	}
	for _, t := range trials {
		if t.Rate < o.dirty && t.Rate > o.clean && o.enough(t.Calls) {
			o.clean, o.calls = t.Rate, t.Calls
		}
	}
	o.done = o.dirty == 0
	return o
}

// enough reports whether so many calls would have shown it.
func (o *beginning) enough(calls uint64) bool { return float64(calls)*o.share >= expected*0.9 }

// ask is the trial to be made, with at least so many calls, and false where nothing more is to be found out.
func (o *beginning) ask() (rate float64, calls uint64, ok bool) {
	rate = o.dirty / 2
	if o.clean > 0 {
		rate = math.Sqrt(o.clean * o.dirty)
	}
	return rate, uint64(math.Ceil(expected / o.share)), !o.done && o.tried < mostOnset && o.dirty > o.clean*closeEnough
}

// take takes what came of the last trial: in which share of so many calls it was.
func (o *beginning) take(rate float64, share float64, calls uint64) {
	o.tried++
	switch {
	case share > 0:
		o.dirty, o.share = rate, share
	case o.enough(calls):
		o.clean, o.calls = rate, calls
	default:
		o.done = true // it ended too early to tell, and would again
	}
}

// show puts what is known into a report's onset.
func (o *beginning) show(to *sizing.Onset) {
	if o.dirty > 0 {
		to.High, to.Share = &o.dirty, o.share
	}
	if to.Low = nil; o.clean > 0 {
		to.Low, to.Clean = &o.clean, o.calls
	}
}
