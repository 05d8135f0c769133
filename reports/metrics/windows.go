package metrics

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// windows are those of a threshold over what was counted of it.
type windows struct {
	t Threshold
	a *Aggregator
	w *watch
	// from and until are the seconds over which they slide, and n is how many of them a window is long.
	from, until, n int
	upTo           []sums // of all seconds from the first on, up to each
}

// windowsOf are those of so many seconds, elapsed seconds into the run; nil where the threshold is not watched. There
// may be none, since the phases are too short.
func (t Threshold) windowsOf(a *Aggregator, length time.Duration, elapsed float64) *windows {
	w := a.watch(t.String())
	if w == nil {
		return nil
	}
	s := &windows{t: t, a: a, w: w, n: int((length + a.pace.width() - 1) / a.pace.width())}
	s.from, s.until = t.stretch(t.selects(a), elapsed)
	if first := firstOf(w.series.slots); w.when == whenAnswered && first >= s.from {
		s.from = first + 1
	}
	var sum sums
	s.upTo = append(s.upTo, sum)
	for i := s.from; i < s.until; i++ {
		if i < len(w.series.slots) {
			sum.merge(w.series.slots[i])
		}
		s.upTo = append(s.upTo, sum)
	}
	return s
}

// firstOf is the first second in which something was counted; -1 if it never was.
func firstOf(slots []sums) int {
	for i, s := range slots {
		if s.measured.below > 0 {
			return i
		}
	}
	return -1
}

// stretch is the time over which the phases of a group went on, elapsed seconds into the run, in seconds of the pace. A
// second that is the phases' in part is in, but for rates in calls a second, for which it would be too short.
func (t Threshold) stretch(g *group, elapsed float64) (from, until int) {
	begin, end := math.Inf(1), 0.0
	for p, in := range g.phase {
		if phase := g.a.labels.Phases[p]; in && phase.StartSeconds < elapsed {
			begin, end = min(begin, phase.StartSeconds), max(end, min(phase.StartSeconds+phase.Seconds, elapsed))
		}
	}
	if begin >= end {
		return 0, 0
	}
	const hair = 1e-6
	width := g.a.pace.width().Seconds()
	begin, end = begin/width, end/width
	if t.unit() == PerSecond {
		return int(math.Ceil(begin - hair)), int(math.Floor(end + hair))
	}
	return int(math.Floor(begin + hair)), int(math.Ceil(end - hair))
}

// count is how many windows there are.
func (s *windows) count() int { return max(s.until-s.from-s.n+1, 0) }

// sums are what a window is made of.
func (s *windows) sums(i int) (in sums) {
	before, all := s.upTo[i], s.upTo[i+s.n]
	in.measured, in.less = all.measured.without(before.measured), all.less.without(before.less)
	return in
}

// seconds place a window on the run's clock.
func (s *windows) seconds(i int) (from, until float64) {
	width := s.a.pace.width().Seconds()
	return float64(s.from+i) * width, float64(s.from+i+s.n) * width
}

// supports reports whether n calls are enough for a figure.
func (t Threshold) supports(n uint64) bool {
	return n > 0 && (t.percentile == 0 || n >= histogram.Needed(t.percentile))
}

// judge compares a window with the limit by what was counted of it alone: −1, 0 or 1. A mean is not among what counts
// can tell.
func (s *windows) judge(k within) int {
	t := s.t
	if t.unit() != Seconds {
		return cmp.Compare(s.share(k), t.limit)
	}
	rank := uint64(1)
	switch {
	case t.function == "max":
		rank = k.n
	case t.percentile > 0:
		rank = histogram.Rank(t.percentile, k.n)
	}
	switch {
	case k.below >= rank:
		return -1
	case k.upTo >= rank:
		return 0
	}
	return 1
}

// share is the figure of what is counted.
func (s *windows) share(k within) float64 {
	v := float64(k.below)
	switch s.t.unit() {
	case Ratio:
		v /= float64(max(k.n, 1))
	case PerSecond:
		// Runs that went on one after the other are in one second each.
		v /= (time.Duration(s.n) * s.a.pace.width()).Seconds() * float64(max(len(s.a.apart), 1))
	}
	return v
}

// window is one that was judged.
type window struct {
	found
	first int
}

// each judges the windows that have calls enough.
func (s *windows) each(f func(window)) {
	if s.t.unit() != Seconds {
		for i := range s.count() {
			if k := s.sums(i).measured; s.t.supports(k.n) {
				v := s.share(k)
				c := cmp.Compare(v, s.t.limit)
				f(window{found{value: &v, samples: k.n, least: c, most: c}, i})
			}
		}
		return
	}
	var less []*float64
	if s.w.series.less != nil {
		less = make([]*float64, s.count())
		s.slide(s.w.series.less, func(i int, v *float64) { less[i] = v })
	}
	s.slide(s.w.series.measured, func(i int, v *float64) {
		in := s.sums(i)
		if v == nil {
			return
		}
		one := window{found{value: v, samples: in.measured.n}, i}
		one.most = s.t.compare(v, one.samples, s.w, in.measured)
		one.least = one.most
		if less != nil && less[i] != nil {
			one.least = s.t.compare(less[i], one.samples, s.w, in.less)
			if one.less = less[i]; *one.less == *v {
				one.less = nil
			}
		}
		f(one)
	})
}

// slide reads the figure off the histograms of each window; nil where the samples cannot tell it.
func (s *windows) slide(k *stack, each func(i int, v *float64)) {
	if s.count() == 0 {
		return
	}
	s.a.scratch.Slide(s.packed(k), s.n, func(i int) { each(i, s.t.read(s.a.scratch)) })
}

// packed are the histograms of all seconds, whether or not a call was due in them.
func (s *windows) packed(k *stack) []histogram.Packed {
	k.settle(s.a.pace)
	list := make([]histogram.Packed, s.until-s.from)
	if s.from < len(k.packed) {
		copy(list, k.packed[s.from:])
	}
	return list
}

// evaluateWindows holds the condition against each window: it holds if it does in all that can be judged. The figure is
// that of the worst of them.
func (t Threshold) evaluateWindows(a *Aggregator, elapsed float64) (worst found, all *Windows) {
	s := t.windowsOf(a, t.window, elapsed)
	if s == nil || t.unit() == Seconds && s.w.series.measured == nil {
		return found{problem: "what was kept of the run has no windows"}, nil
	}
	width := a.pace.width().Seconds()
	all = &Windows{Seconds: float64(s.n) * width, Step: width}
	first := -1
	s.each(func(w window) {
		all.Judged++
		if _, some := w.holds(t.op); !some {
			all.Broken++
		}
		if first < 0 || t.worse(w.found, worst) {
			worst, first = w.found, w.first
		}
	})
	all.Short = s.count() - all.Judged
	switch {
	case first >= 0:
		all.FromSeconds, all.UntilSeconds = s.seconds(first)
	case s.count() == 0:
		worst.problem = fmt.Sprintf("no window of %s fits into the %s that can be judged", spellWindow(t.window), spell(float64(max(s.until-s.from, 0))*width, 3))
	case t.percentile > 0 && s.upTo[len(s.upTo)-1].measured.n > 0:
		worst.problem = fmt.Sprintf("%s needs %d samples, which none of the %d windows of %s has: take a longer window or a lower percentile",
			t.function, histogram.Needed(t.percentile), s.count(), spellWindow(t.window))
	default:
		worst.problem = "no samples: " + t.lacking()
	}
	return worst, all
}

// worse reports whether a window is worse than another: one that does not hold is worse than one that may, and that one
// than one that does; among the same the figure decides.
func (t Threshold) worse(a, b found) bool {
	held := func(f found) int {
		switch all, some := f.holds(t.op); {
		case !some:
			return 2
		case !all:
			return 1
		}
		return 0
	}
	if x, y := held(a), held(b); x != y {
		return x > y
	}
	switch t.op {
	case "<", "<=":
		return *a.value > *b.value
	case ">", ">=":
		return *a.value < *b.value
	}
	return math.Abs(*a.value-t.limit) > math.Abs(*b.value-t.limit)
}

// BrokenWindow says in words when the first window was that ended after a moment of the run, by now, and is broken
// whatever the calls bring that are under way: a run can as well end then. It is empty where there is none. open says
// how many of the calls that were due in a stretch of the run a has not been given yet, where it has been given so
// many.
func (t Threshold) BrokenWindow(a *Aggregator, after, now time.Duration, open func(from, until time.Duration, seen uint64) uint64) string {
	s := t.windowsOf(a, t.window, now.Seconds())
	if s == nil {
		return ""
	}
	for i := range s.count() {
		from, until := s.seconds(i)
		if in := s.sums(i); until <= after.Seconds() || until > now.Seconds() || !t.supports(in.measured.n) || !s.fails(in, 0) {
			continue
		}
		if s.fails(s.sums(i), s.open(i, now, open)) && (t.function != "mean" || s.failsByMean(i)) {
			return between(from, until)
		}
	}
	return ""
}

// open is how many calls there may be that belong into a window and are not known yet.
func (s *windows) open(i int, now time.Duration, open func(from, until time.Duration, seen uint64) uint64) uint64 {
	first, last := s.from+i, s.from+i+s.n
	until := time.Duration(last) * s.a.pace.width()
	switch s.w.when {
	case whenAnswered:
		if until+time.Second <= now {
			return 0 // what was answered then is in since
		}
		first = 0
	case whenLeft:
		first = 0
	}
	var seen uint64
	beats := s.a.pace.beats
	for _, b := range beats[min(first, len(beats)):min(last, len(beats))] {
		seen += b.due
	}
	return open(time.Duration(first)*s.a.pace.width(), until, seen)
}

// fails reports whether a window does not meet the condition, whatever the generator has had a part in, and whatever so
// many calls bring that are under way: all of them within the limit, none of them, or none that counts.
func (s *windows) fails(in sums, open uint64) bool {
	if s.t.function == "mean" {
		return open == 0
	}
	bounds := []within{in.measured}
	if s.t.unit() == Seconds {
		bounds = append(bounds, in.less)
	}
	least, most := 1, -1
	for _, k := range bounds {
		for _, then := range []within{k, {k.n + open, k.below + open, k.upTo + open}, {k.n + open, k.below, k.upTo}} {
			c := s.judge(then)
			least, most = min(least, c), max(most, c)
		}
	}
	_, some := found{least: least, most: most}.holds(s.t.op)
	return !some
}

func (s *windows) failsByMean(i int) bool {
	for _, k := range s.w.series.stacks() {
		list := s.packed(k)
		s.a.scratch.Reset()
		for _, p := range list[i : i+s.n] {
			s.a.scratch.AddPacked(p)
		}
		if v := s.a.scratch.Mean(); v == nil || meets(cmp.Compare(*v, s.t.limit), s.t.op) {
			return false
		}
	}
	return true
}
