package executions

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/student"
)

const (
	// steps is into how many stretches a phase is cut, whose changes of the backlog are looked at.
	steps = 200
	// tapers is how many curves tell how far the growth can be off.
	tapers = 6
	// fewest is how many executions a phase must have, and shortest how long it must be.
	fewest   = 30
	shortest = 5 * time.Second
)

// drift is by how much a backlog grew per second, with the variance of that, and how many degrees of freedom the
// variance has.
type drift struct{ slope, variance, freedom float64 }

// growth is by how much the backlog grew, on average over the measured phases that asked for the same load all along;
// nil where these are too short to tell. It is of the followed executions: of the others it is not known when they
// ended.
//
// The largest and the smallest backlog that is possible have each a growth with an interval. What is given holds both:
// an end is certain only where both have it.
func (a *Account) growth(class, phase func(int) bool) *Growth {
	l, m, h, ok := a.Growth(class, phase)
	if !ok {
		return nil
	}
	return &Growth{PerSecond: m.PerSecond, Low: min(l.Low, h.Low), High: max(l.High, h.High), Grows: min(l.Grows, h.Grows)}
}

// Growth is that of the smallest backlog that is possible, of the mean of both, and of the largest, of the executions
// of some classes while some phases went on; false where it is not known.
func (a *Account) Growth(class, phase func(int) bool) (low, middle, high Growth, ok bool) {
	l, m, h := a.drifts(choose(len(a.about.Labels.Classes), class), phase)
	return l.interval(), m.interval(), h.interval(), m.freedom > 0
}

// drifts are those of the smallest backlog that is possible, of the mean of both, and of the largest.
func (a *Account) drifts(classes []bool, phase func(int) bool) (low, middle, high drift) {
	var total float64
	for _, p := range a.parts {
		f := p.flow(classes, true)
		share := p.followed(classes)
		for i, ph := range a.about.Labels.Phases {
			from, until := seconds(ph.StartSeconds), min(seconds(ph.StartSeconds+ph.Seconds), p.load)
			if !phase(i) || !ph.Steady || until-from < shortest || share == 0 {
				continue
			}
			if came := f.cameIn(from, until); came < fewest {
				continue
			}
			long := (until - from).Seconds()
			total += long
			var lows, highs [steps + 1]float64
			for k := range lows {
				at := from + time.Duration(float64(until-from)*float64(k)/steps)
				lows[k], highs[k] = f.at(lowest, at)/share, f.at(highest, at)/share
			}
			var means [steps + 1]float64
			for k := range means {
				means[k] = (lows[k] + highs[k]) / 2
			}
			for d, levels := range map[*drift]*[steps + 1]float64{&low: &lows, &middle: &means, &high: &highs} {
				d.add(levels)
			}
		}
	}
	for _, d := range []*drift{&low, &middle, &high} {
		d.mean(total)
	}
	return low, middle, high
}

// followed is which share of the executions of some classes was followed.
func (p part) followed(classes []bool) float64 {
	var followed, all float64
	for i := range p.list {
		x := &p.list[i]
		if int(x.Class) >= len(classes) || !classes[x.Class] {
			continue
		}
		if all++; x.Followed {
			followed++
		}
	}
	return followed / max(all, 1)
}

// cameIn is how many came in between two moments.
func (f *flow) cameIn(from, until time.Duration) (n int) {
	for _, t := range f.in[highest] {
		if t >= from && t <= until {
			n++
		}
	}
	return n
}

// add adds a phase, at whose steps the backlog had these levels.
//
// The growth is the mean of the changes, with weights that fall to 0 at both ends: so a queue that begins empty, and is
// at its level soon, does not grow by that. How far it can be off is read off as many more curves of the same kind, the
// sine tapers (K. S. Riedel and A. Sidorenko, "Minimum bias multiple taper spectral estimation", 1995). A queue that
// has more to do than it can is a walk whose steps are chance: there all curves have as much of the chance in them. One
// that keeps up comes and goes about its level: there the more bent ones have more of it, so that the interval is
// wider than it need be. A straight line through the levels would have it the other way round, and find growth in any
// walk.
func (d *drift) add(levels *[steps + 1]float64) {
	taper := func(k, i int) float64 {
		return math.Sin(math.Pi*float64(k)*(float64(i)+0.5)/steps) * math.Sqrt(2.0/steps)
	}
	var sum, weight float64
	for i := range steps {
		sum += taper(1, i) * (levels[i+1] - levels[i])
		weight += taper(1, i)
	}
	mean := sum / weight
	var variance float64
	for k := 2; k < 2+tapers; k++ {
		var c float64
		for i := range steps {
			c += taper(k, i) * (levels[i+1] - levels[i] - mean)
		}
		variance += c * c / tapers
	}
	variance /= weight * weight
	// It is by how much the backlog grew over the whole phase, so that of all phases each counts as it is long.
	d.slope += mean * steps
	variance *= steps * steps
	d.variance += variance
	d.freedom += variance * variance / tapers
}

// mean ends the adding, of phases which are so many seconds in all. Several variances make one number of degrees of
// freedom after F. E. Satterthwaite, "An approximate distribution of estimates of variance components", 1946.
func (d *drift) mean(total float64) {
	if total == 0 {
		*d = drift{}
		return
	}
	freedom := float64(tapers)
	if d.freedom > 0 {
		freedom = d.variance * d.variance / d.freedom
	}
	*d = drift{d.slope / total, d.variance / (total * total), freedom}
}

func (d drift) interval() Growth {
	freedom := max(int(d.freedom), 1)
	deviation := math.Sqrt(d.variance)
	half := student.Percentile(0.975, freedom) * deviation
	g := Growth{PerSecond: d.slope, Low: d.slope - half, High: d.slope + half}
	switch {
	case deviation > 0:
		g.Grows = student.UpTo(math.Abs(d.slope)/deviation, freedom)
		if d.slope < 0 {
			g.Grows = 1 - g.Grows
		}
	case d.slope > 0:
		g.Grows = 1
	case d.slope == 0:
		g.Grows = 0.5
	}
	return g
}
