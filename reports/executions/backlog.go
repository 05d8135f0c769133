package executions

import (
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// Backlog is that of the executions of some classes while some phases went on, by their places in the labels. Of runs
// one after the other it is the largest, and its growth is the mean.
func (a *Account) Backlog(class, phase func(int) bool) (b Backlog) {
	classes := choose(len(a.about.Labels.Classes), class)
	drained, empty := 0.0, true
	for _, p := range a.parts {
		f := p.flow(classes, false)
		from, until := a.window(phase)
		until = min(until, p.load)
		for bound, to := range [...][2]*float64{{&b.Peak.Low, &b.AtEnd.Low}, {&b.Peak.High, &b.AtEnd.High}} {
			*to[0] = max(*to[0], f.peak(bound, from, until))
			*to[1] = max(*to[1], f.at(bound, p.load))
		}
		empty = empty && len(f.in[highest]) == len(f.out[highest])
		if n := len(f.out[highest]); n > 0 {
			drained = max(drained, (f.out[highest][n-1] - p.load).Seconds())
		}
	}
	b.Growth = a.growth(class, phase)
	if empty {
		b.DrainedSeconds = &drained
	}
	return b
}

// window is from when to when phases went on.
func (a *Account) window(phase func(int) bool) (from, until time.Duration) {
	some := false
	for i, p := range a.about.Labels.Phases {
		if !phase(i) {
			continue
		}
		begin, end := seconds(p.StartSeconds), seconds(p.StartSeconds+p.Seconds)
		if !some {
			from, some = begin, true
		}
		from, until = min(from, begin), max(until, end)
	}
	return from, until
}

// maxPoints is into how many stretches the time is cut at most.
const maxPoints = 600

// widths are how long a stretch can be.
var widths = [...]time.Duration{1 * time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute}

// timeline is the run, and what came after it. Of runs one after the other, the clocks of all begin at once.
func (a *Account) timeline() []Point {
	var last time.Duration
	for _, p := range a.parts {
		last = max(last, p.load)
		for i := range p.list {
			x := &p.list[i]
			last = max(last, x.Accepted, x.Alive, x.Ended)
		}
	}
	width := widths[0]
	for i := 1; last > maxPoints*width; i++ {
		if width *= 2; i < len(widths) {
			width = widths[i]
		}
	}
	n := int((last + width - 1) / width)
	points := make([]Point, max(n, 1))
	t := newTally(len(points), width)
	for _, p := range a.parts {
		for i := range p.list {
			t.add(&p.list[i])
		}
	}
	for i := range points {
		points[i] = t.point(i)
	}
	return points
}

// tally counts by stretches. The first is from 0 up to width, both of them in it; each other one is without the moment
// at which it begins.
type tally struct {
	width             time.Duration
	accepted          []uint64
	certain, possible [2]changes // completed and failed ones that ended within a stretch
	backlog, running  [2]changes // at the end of a stretch, the lowest and the highest
	sums              [8]int
}

// changes are by how much a number differs in a stretch from the one before.
type changes []int

// add adds one to the stretches from one to another, both of which are counted.
func (c changes) add(from, until int) {
	if from = max(from, 0); from <= until && from < len(c)-1 {
		c[from]++
		c[min(until, len(c)-2)+1]--
	}
}

func newTally(n int, width time.Duration) *tally {
	t := &tally{width: width, accepted: make([]uint64, n)}
	for _, to := range []*[2]changes{&t.certain, &t.possible, &t.backlog, &t.running} {
		to[0], to[1] = make(changes, n+1), make(changes, n+1)
	}
	return t
}

// in is the stretch that has the moment in it, and after the one that has what comes right after it.
func (t *tally) in(at time.Duration) int    { return max(int((at+t.width-1)/t.width)-1, 0) }
func (t *tally) after(at time.Duration) int { return int(at / t.width) }

func (t *tally) add(x *results.Execution) {
	last := len(t.accepted) - 1
	t.accepted[min(t.in(x.Accepted), last)]++
	low, high := leaves(x)
	if x.Ended > 0 && x.State.Terminal() {
		kind := int(x.State - results.StateCompleted)
		from, until := t.after(min(x.Alive, x.Ended-1)), t.in(x.Ended)
		t.possible[kind].add(from, until)
		if from == until {
			t.certain[kind].add(from, until)
		}
	}
	// A stretch's end is width after the stretch before it has ended: it is at the moment or later from in on, and
	// before it, or at it, up to the one before after.
	t.backlog[lowest].add(t.in(x.Accepted), t.after(low)-1)
	until := last
	if high > 0 {
		until = t.in(high) - 1
	}
	t.backlog[highest].add(t.in(x.Sent), until)
	if x.Running > 0 {
		t.running[lowest].add(t.in(x.Running), t.after(low)-1)
	}
	t.running[highest].add(t.after(max(x.Waiting, x.Sent)), until)
}

// point is what stretch i comes to; they are asked for in their order.
func (t *tally) point(i int) Point {
	for k, c := range [...]changes{t.certain[0], t.possible[0], t.certain[1], t.possible[1], t.backlog[0], t.backlog[1], t.running[0], t.running[1]} {
		t.sums[k] += c[i]
	}
	bounds := func(k int) Bounds { return Bounds{float64(t.sums[k]), float64(t.sums[k+1])} }
	return Point{
		AtSeconds: (time.Duration(i) * t.width).Seconds(), Seconds: t.width.Seconds(), Accepted: t.accepted[i],
		Completed: bounds(0), Failed: bounds(2), Backlog: bounds(4), Running: bounds(6),
	}
}
