package metrics

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// windows are those of a threshold over what was counted of it.
type windows struct {
	t Threshold
	a *Aggregator
	w *watch
	// from and until are the first second and the one after the last, and n is how many of them a window is long.
	from, until, n int
	upTo           []sums // of all seconds from the first on, up to each
	// starts are where windows begin, after from: none lies across a time that is not measured. longest is the time
	// that the longest of them could have had.
	starts  []int
	longest int
	// silent says of each whether there was no answer yet in all the time that was measured without a gap around it.
	silent []bool
	// all is what was counted in the whole run.
	all within
}

// windowsOf are those of so many seconds, elapsed seconds into the run; nil where the threshold is not watched. There
// may be none, since the phases are too short.
func (t Threshold) windowsOf(a *Aggregator, length time.Duration, elapsed float64) *windows {
	w := a.watch(t.String())
	if w == nil {
		return nil
	}
	s := &windows{t: t, a: a, w: w, n: int((length + a.pace.width() - 1) / a.pace.width())}
	slots := w.series.slots
	var without uint64
	for _, k := range slots {
		s.all.merge(k.measured)
		without += k.less.n
	}
	measured := t.measured(t.selects(a), elapsed)
	if len(measured) == 0 {
		s.upTo = make([]sums, 1)
		return s
	}
	s.from, s.until = measured[0].from, measured[len(measured)-1].until
	var sum sums
	s.upTo = append(s.upTo, sum)
	for i := s.from; i < s.until; i++ {
		if i < len(slots) {
			one := slots[i]
			if t.unit() == PerSecond && without == 0 { // an earlier version of andon kept none
				one.less = one.measured
			}
			sum.merge(one)
		}
		s.upTo = append(s.upTo, sum)
	}
	for _, in := range measured {
		answered := true
		if w.when == whenAnswered {
			in, answered = in.fromFirst(a.pace.beats, s.n)
		}
		s.longest = max(s.longest, in.until-in.from)
		for i := in.from; i+s.n <= in.until; i++ {
			s.starts, s.silent = append(s.starts, i-s.from), append(s.silent, !answered)
		}
	}
	return s
}

// fromFirst is a stretch from its first answer on, whatever it said: before it there can be no other. The second of it
// is out as well, being one in part. A stretch that has room for a window and one second more keeps it, however late
// the answer was. ok is false where there is none.
func (in stretch) fromFirst(beats []beat, n int) (from stretch, ok bool) {
	for i := in.from; i < min(in.until, len(beats)); i++ {
		if beats[i].answered > 0 {
			in.from = max(in.from+1, min(i+1, in.until-n))
			return in, true
		}
	}
	return in, false
}

// measured are the times over which the phases of a group went on, elapsed seconds into the run.
func (t Threshold) measured(g *group, elapsed float64) (list []stretch) {
	var phases []results.Phase
	for p, in := range g.phase {
		if in {
			phases = append(phases, g.a.labels.Phases[p])
		}
	}
	for _, one := range joined(phases, elapsed) {
		if in := inWhole(one, g.a.pace.width(), t.unit() == PerSecond); in.from < in.until {
			list = append(list, in)
		}
	}
	return list
}

// count is how many windows there are.
func (s *windows) count() int { return len(s.starts) }

// sums are what a window is made of.
func (s *windows) sums(i int) (in sums) {
	i = s.starts[i]
	before, all := s.upTo[i], s.upTo[i+s.n]
	in.measured, in.less = all.measured.without(before.measured), all.less.without(before.less)
	return in
}

// seconds place a window on the run's clock.
func (s *windows) seconds(i int) (from, until float64) {
	width, first := s.a.pace.width().Seconds(), s.from+s.starts[i]
	return float64(first) * width, float64(first+s.n) * width
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

// tellable reports whether a window with so many calls has calls enough for a figure. A rate in calls a second is one
// of none: that is what a target does that falls silent, as long as there were any in the run.
func (s *windows) tellable(n uint64) bool {
	if s.t.unit() == PerSecond {
		n = s.all.n
	}
	return s.t.supports(n)
}

// each judges the windows that have calls enough.
func (s *windows) each(f func(window)) {
	if s.t.unit() != Seconds {
		for i := range s.count() {
			in := s.sums(i)
			if !s.tellable(in.measured.n) {
				continue
			}
			v := s.share(in.measured)
			c := cmp.Compare(v, s.t.limit)
			one := window{found{value: &v, samples: in.measured.n, least: c, most: c}, i}
			if less := s.share(in.less); s.t.unit() == PerSecond && less != v {
				c = cmp.Compare(less, s.t.limit)
				one.less, one.least, one.most = &less, min(one.least, c), max(one.most, c)
			}
			f(one)
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
	next := 0
	s.a.scratch.Slide(s.packed(k), s.n, func(at int) {
		if next < len(s.starts) && s.starts[next] == at {
			each(next, s.t.read(s.a.scratch))
			next++
		}
	})
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
// that of the worst of them. Of runs that went on one after the other each has windows of its own.
func (t Threshold) evaluateWindows(a *Aggregator, elapsed float64) (worst found, all *Windows) {
	if len(a.apart) == 0 {
		return t.windowsIn(a, elapsed)
	}
	for _, part := range a.apart {
		one, of := t.windowsIn(part.Aggregator, part.Elapsed)
		switch {
		case all == nil || of == nil:
			all, worst = of, one
		default:
			all.add(*of, worst.problem == "" && (one.problem != "" || t.worse(one, worst)))
			if worst.problem == "" && (one.problem != "" || t.worse(one, worst)) {
				worst = one
			}
		}
		if of == nil {
			break
		}
	}
	return worst, all
}

// windowsIn holds the condition against the windows of one run, or of several that went on side by side.
func (t Threshold) windowsIn(a *Aggregator, elapsed float64) (worst found, all *Windows) {
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
		worst.problem = fmt.Sprintf("no window of %s fits into the %s that can be judged", spellWindow(t.window), spell(float64(max(s.longest, 0))*width, 3))
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
		if in := s.sums(i); until <= after.Seconds() || until > now.Seconds() || !s.tellable(in.measured.n) || !s.fails(in, 0) {
			continue
		}
		// A first answer that is yet to come is where the windows will begin.
		if s.silent[i] {
			continue
		}
		if s.fails(s.sums(i), s.open(i, now, open)) && (t.function != "mean" || s.failsByMean(i)) {
			return between(from, until)
		}
	}
	return ""
}

// brokenRate reports whether a rate in calls a second over the whole run is broken. Answers come later than their
// calls, so that they count from the first one on, by whole seconds; what was sent may be calls that are under way.
func (t Threshold) brokenRate(a *Aggregator, elapsed float64, open func(from, until time.Duration, seen uint64) uint64) bool {
	if t.moment() == whenLeft {
		if open == nil {
			return true
		}
		var seen uint64
		for _, b := range a.pace.beats {
			seen += b.due
		}
		g, waiting := t.selects(a), open(0, time.Duration(elapsed*1e9), seen)
		n, _ := t.counts(g)
		measured := perSecond(n+waiting, g.lasting(elapsed, false).sending)
		less := perSecond(t.lessOwn(g, n)+waiting, g.lasting(elapsed, true).sending)
		return !meets(cmp.Compare(measured, t.limit), t.op) && !meets(cmp.Compare(less, t.limit), t.op)
	}
	// The last answers may be on their way here.
	s := t.windowsOf(a, a.pace.width(), elapsed-1)
	if s == nil || s.count() == 0 {
		return s == nil
	}
	var measured, less uint64
	for i := range s.count() {
		if s.silent[i] {
			return false
		}
		in := s.sums(i)
		measured, less = measured+in.measured.below, less+in.less.below
	}
	over := float64(s.count()) * a.pace.width().Seconds()
	for _, n := range []uint64{measured, less} {
		if meets(cmp.Compare(perSecond(n, over), t.limit), t.op) {
			return false
		}
	}
	return true
}

// open is how many calls there may be that belong into a window and are not known yet.
func (s *windows) open(i int, now time.Duration, open func(from, until time.Duration, seen uint64) uint64) uint64 {
	first := s.from + s.starts[i]
	last := first + s.n
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
	if s.t.unit() == Seconds || s.t.unit() == PerSecond {
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
		for _, p := range list[s.starts[i] : s.starts[i]+s.n] {
			s.a.scratch.AddPacked(p)
		}
		if v := s.a.scratch.Mean(); v == nil || meets(cmp.Compare(*v, s.t.limit), s.t.op) {
			return false
		}
	}
	return true
}
