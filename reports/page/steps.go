package page

import (
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
)

// steps are percentiles over time. Where a stretch has too few calls for one, it is that of a window of so many
// stretches as have enough, and the same in all of them: a step. No percentile is ever under a lower one, nor over the
// maximum, which is that of the windows of the highest.
type steps struct {
	p50, p90, p99, max numbers
	// narrow and wide are the shortest and the longest window of a p99, in seconds; 0 where there is none.
	narrow, wide float64
}

// newSteps makes those of a timeline; between gives the latencies of the calls that were due between two moments.
func newSteps(points []metrics.Point, between func(from, to float64) metrics.PointLatency) steps {
	s := stepper{points: points, between: between}
	for range percentilesOverTime() {
		s.y = append(s.y, slices.Repeat(numbers{math.NaN()}, len(points)))
	}
	for _, p := range points {
		s.max = append(s.max, orNaN(p.Latency.Max))
	}
	// Nothing is said of the time in which the last calls are waited for.
	from, to := 0, len(points)
	for to > 0 && points[to-1].Due == 0 {
		to--
	}
	for from < to && points[from].Due == 0 {
		from++
	}
	s.fill(from, to, 0, math.Inf(1))
	return steps{p50: s.y[2], p90: s.y[1], p99: s.y[0], max: s.max, narrow: s.narrow, wide: s.wide}
}

// percentilesOverTime are the percentiles of a chart over time, the highest first: the windows of each lie within those
// of the one before it.
func percentilesOverTime() []float64 { return []float64{99, 90, 50} }

type stepper struct {
	points       []metrics.Point
	between      func(from, to float64) metrics.PointLatency
	y            []numbers
	max          numbers
	narrow, wide float64
}

// window is some of the stretches, by index, with a percentile of all of their calls.
type window struct {
	from, to int
	value    float64
}

// fill cuts the stretches from one index up to another into windows for a percentile, and these for the next one. Where
// a window would come out above ceiling, the higher percentile of all these calls, they are one.
func (s *stepper) fill(from, to, level int, ceiling float64) {
	if level == len(s.y) || from == to {
		return
	}
	windows := s.windows(from, to, level)
	if slices.ContainsFunc(windows, func(w window) bool { return w.value > ceiling }) {
		windows = []window{{from, to, *s.of(from, to, level)}}
	}
	for _, w := range windows {
		for i := w.from; i < w.to; i++ {
			s.y[level][i] = w.value
		}
		if level == 0 {
			s.raise(w)
			seconds := s.end(w.to-1) - s.points[w.from].StartSeconds
			if s.wide = max(s.wide, seconds); s.narrow == 0 || seconds < s.narrow {
				s.narrow = seconds
			}
		}
		s.fill(w.from, w.to, level+1, w.value)
	}
	if len(windows) == 0 {
		s.fill(from, to, level+1, math.Inf(1))
	}
}

// raise gives each stretch of a window the maximum of all.
func (s *stepper) raise(w window) {
	most := math.NaN()
	for _, v := range s.max[w.from:w.to] {
		if !(v <= most) && !math.IsNaN(v) {
			most = v
		}
	}
	for i := w.from; i < w.to; i++ {
		s.max[i] = most
	}
}

// windows are as narrow as the percentile allows. What is left at the end belongs to the last one.
func (s *stepper) windows(from, to, level int) (windows []window) {
	least := histogram.Needed(percentilesOverTime()[level])
	needed := least
	var due uint64
	for i, at := from, from; i < to; i++ {
		if due += s.points[i].Due; due < needed {
			continue
		}
		if v := s.of(at, i+1, level); v != nil {
			windows = append(windows, window{at, i + 1, *v})
			at, due, needed = i+1, 0, least
		} else {
			needed = due + due/4 // not all that are due have a latency; looking each time would take too long
		}
	}
	if n := len(windows); n > 0 && windows[n-1].to < to {
		last := &windows[n-1]
		last.to = to
		last.value = *s.of(last.from, to, level)
	}
	return windows
}

func (s *stepper) of(from, to, level int) *float64 {
	x := s.points[from].Latency
	if to-from > 1 {
		x = s.between(s.points[from].StartSeconds, s.end(to-1))
	}
	return []*float64{x.P99, x.P90, x.P50}[level]
}

func (s *stepper) end(i int) float64 { return s.points[i].StartSeconds + s.points[i].Seconds }

// sentence says over what the steps are.
func (s steps) sentence() string {
	switch {
	case s.wide == 0:
		return "too few calls were answered for a p99"
	case s.narrow == s.wide:
		return "p99 and max over " + text.Duration(&s.wide)
	}
	return "p99 and max over " + text.Duration(&s.narrow) + " to " + text.Duration(&s.wide)
}
