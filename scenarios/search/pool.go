package search

import (
	"fmt"
	"math"
	"strings"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// mattersInMix is by how much a capacity has to be off what is predicted, as a share of that, to be named: the
// prediction is of the mean work of a call, and what percentiles make of its scatter moves the capacity by a few
// percent.
const mattersInMix = 0.05

// sharedPool is what a pool would take that calls of two kinds share, when the share of the one is so much, predicted
// from the capacities at two other shares: what a call takes of the pool is 1/λ, and a mix takes the mean of its calls.
// It is nil where one of the two has no interval.
//
// The intervals of the two are of independent trials. By how much the prediction is off is the sum of what they are
// off, on the scale of logarithms, each times what it has to say in the prediction (the delta method), for either side
// apart.
func sharedPool(at, a, b float64, atA, atB sizing.Capacity) *sizing.Bounds {
	if !hasInterval(atA) || !hasInterval(atB) || a == b {
		return nil
	}
	workA, workB := (b-at)/(b-a)/atA.Rate, (at-a)/(b-a)/atB.Rate
	rate := 1 / (workA + workB)
	off := func(endA, endB float64) float64 {
		return math.Hypot(workA*rate*math.Log(endA/atA.Rate), workB*rate*math.Log(endB/atB.Rate))
	}
	return &sizing.Bounds{Value: rate, Low: rate * math.Exp(-off(*atA.Low, *atB.Low)), High: rate * math.Exp(off(*atA.High, *atB.High))}
}

// hasInterval reports whether a capacity has both ends.
func hasInterval(c sizing.Capacity) bool {
	return c.Kind == sizing.Interval && c.Rate > 0 && c.Low != nil && *c.Low > 0 && c.High != nil
}

// predict puts beside each point, but for the two at the ends, what a shared pool would take, and names where that is
// not what was measured.
func predict(m *sizing.Mix) {
	if len(m.Points) < 3 {
		return
	}
	first, last := m.Points[0], m.Points[0]
	for _, p := range m.Points {
		if p.Share < first.Share {
			first = p
		}
		if p.Share > last.Share {
			last = p
		}
	}
	var said []string
	m.Departure = ""
	for i := range m.Points {
		p := &m.Points[i]
		p.Predicted, p.Apart = nil, false
		if p.Share == first.Share || p.Share == last.Share {
			continue
		}
		if p.Predicted = sharedPool(p.Share, first.Share, last.Share, first.Capacity, last.Capacity); p.Predicted == nil {
			continue
		}
		off, ok := departure(p.Capacity, *p.Predicted)
		if !ok || math.Abs(off) <= mattersInMix {
			continue
		}
		p.Apart = true
		than := "above"
		if off < 0 {
			than = "below"
		}
		said = append(said, fmt.Sprintf("at %s by %.0f %% %s", text.Percent(p.Share), 100*math.Abs(off), than))
	}
	if len(said) > 0 {
		m.Departure = fmt.Sprintf("the capacity is not that of a pool which all calls share, as predicted from %s and %s: it lies %s",
			text.Percent(first.Share), text.Percent(last.Share), strings.Join(said, ", "))
	}
}

// departure is by how much a capacity lies outside of what is predicted, as a share of that; false where the two cannot
// be told apart. At least and at most leave it on one side alone.
func departure(c sizing.Capacity, predicted sizing.Bounds) (off float64, ok bool) {
	best := c.Rate
	switch {
	case c.Low != nil && *c.Low > predicted.High:
		if c.High == nil {
			best = *c.Low
		}
	case c.High != nil && *c.High < predicted.Low:
		if c.Low == nil {
			best = *c.High
		}
	default:
		return 0, false
	}
	return best/predicted.Value - 1, true
}
