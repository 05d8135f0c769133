package compare

import (
	"math"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/student"
)

// confidence is that of the intervals: each end of one is wrong in one of twenty comparisons, and direction is that.
const (
	confidence = 0.9
	direction  = (1 - confidence) / 2
)

// series is one figure of one group in all runs.
type series struct {
	kind, name    string
	figure        figure
	declared      bool
	base, changed []value
	// withinBase and withinChanged are the variances of a value by what the calls of one run tell, on average over the
	// runs of each side; NaN where they do not tell.
	withinBase, withinChanged float64
}

// estimate is what a series comes to. Changes are differences of values: of logarithms, or of shares.
type estimate struct {
	change, low, high float64
	// base and changed are the figures.
	base, changed float64
	// one is the standard deviation of a run's value, and scale the standard error of the change.
	one, scale float64
	freedom    int
	// runs says that the spread is that between runs, not what the calls of one run tell.
	runs bool
}

// known reports whether there is something to compare.
func (s *series) known() bool {
	for _, v := range append(append([]value{}, s.base...), s.changed...) {
		if !v.known {
			return false
		}
	}
	return true
}

// estimate holds the two sides against each other. Where both have several runs, each run is one value, and the spread
// is that between runs, pooled over both sides, and no less than what the calls within them tell: that is Student's
// interval. Else it is of the calls of these runs alone.
func (s *series) estimate() (e estimate) {
	nb, nc := float64(len(s.base)), float64(len(s.changed))
	mb, vb := spread(s.base)
	mc, vc := spread(s.changed)
	within := (nb*s.withinBase + nc*s.withinChanged) / (nb + nc)
	e.runs = nb > 1 && nc > 1
	var variance float64
	switch {
	case e.runs:
		e.freedom = len(s.base) + len(s.changed) - 2
		variance = floored((vb+vc)/float64(e.freedom), within)
		e.scale = math.Sqrt(variance * (1/nb + 1/nc))
	default:
		e.freedom = blocks - 1
		variance = within
		if nb+nc > 2 { // the runs of the one side tell how much they drift, for planning
			variance = floored((vb+vc)/(nb+nc-2), within)
		}
		e.scale = math.Sqrt(s.withinBase/nb + s.withinChanged/nc)
	}
	e.one = math.Sqrt(variance)
	half := student.Percentile((1+confidence)/2, e.freedom) * e.scale
	e.change = mc - mb
	e.low, e.high = e.change-half, e.change+half
	e.base, e.changed = mb, mc
	if s.figure.unit == Share {
		s.shares(&e)
	}
	return e
}

// shares replaces what is said of shares, which lie near one end of what can be: theirs are the score intervals of as
// many calls as tell as much as these do, which are fewer where runs differ by more than their calls would.
func (s *series) shares(e *estimate) {
	sum := func(values []value) (part, whole float64) {
		for _, v := range values {
			part, whole = part+v.part, whole+v.whole
		}
		return part, whole
	}
	pb, nb := sum(s.base)
	pc, nc := sum(s.changed)
	e.base, e.changed = pb/nb, pc/nc
	e.change = e.changed - e.base
	share := (pb + pc) / (nb + nc)
	factor := 1.0
	if independent := share * (1 - share) * (1/nb + 1/nc); independent > 0 && !math.IsNaN(e.scale) {
		factor = max(e.scale*e.scale/independent, 1)
	}
	t := student.Percentile((1+confidence)/2, e.freedom)
	in := metrics.DifferenceOfShares(pb/factor, nb/factor, pc/factor, nc/factor, t)
	e.low, e.high = in.Low, in.High
	// The next call could be the first of its kind.
	share = (pb + pc + 1) / (nb + nc + 2)
	e.scale = math.Sqrt(factor * share * (1 - share) * (1/nb + 1/nc))
	e.one = math.Sqrt(factor * share * (1 - share) / ((nb + nc) / float64(len(s.base)+len(s.changed))))
}

// floored is a variance between runs, which is no less than what the calls within them tell, where they do.
func floored(between, within float64) float64 {
	if math.IsNaN(within) {
		return between
	}
	return max(between, within)
}

// spread is the mean of values, and the sum of the squares of what they are off it.
func spread(values []value) (mean, squares float64) {
	for _, v := range values {
		mean += v.y / float64(len(values))
	}
	for _, v := range values {
		squares += (v.y - mean) * (v.y - mean)
	}
	return mean, squares
}
