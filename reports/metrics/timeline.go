package metrics

import (
	"slices"
	"time"
)

// slots bounds the length of a timeline. When a run outgrows it, neighbours are merged and each slot is twice as wide:
// 10 minutes are kept by the second, an hour by 8 seconds.
const slots = 600

// open is the number of slots that have a histogram ready for recording; the others are packed. Rows come in the order
// of their ends, so that those which come at one time were due over a stretch as long as the longest latency: with
// fewer open slots than that has seconds, nearly every row would pack one slot and unpack another.
const open = 40

// timeline is the run by due time.
type timeline struct {
	width time.Duration
	slots []slot
	open  [open]openSlot
	clock uint64
	// buf and merged are where slots are packed and folded, sum is where they are merged for a query.
	buf    []byte
	merged sparse
	sum    *dense
}

type slot struct {
	Counts
	latency packed
	open    *openSlot // nil while latency is packed
}

type openSlot struct {
	slot    int    // an index, since slots moves as it grows
	touched uint64 // by the clock; 0 if no slot is open here
	latency sparse
}

func (t *timeline) add(due time.Duration, one Counts, timed bool, latency int64) {
	for due/t.width >= slots {
		t.fold()
	}
	i := int(due / t.width)
	for len(t.slots) <= i {
		t.slots = append(t.slots, slot{})
	}
	s := &t.slots[i]
	s.Counts.merge(one)
	if !timed {
		return
	}
	if s.open == nil {
		t.reopen(i)
	}
	t.clock++
	s.open.touched = t.clock
	s.open.latency.record(latency)
}

// reopen opens slot i in the place of the one that was left alone for longest.
func (t *timeline) reopen(i int) {
	oldest := &t.open[0]
	for k := range t.open {
		if t.open[k].touched < oldest.touched {
			oldest = &t.open[k]
		}
	}
	t.seal(oldest)
	oldest.slot = i
	oldest.latency.unpack(t.slots[i].latency)
	t.slots[i].latency = packed{}
	t.slots[i].open = oldest
}

func (t *timeline) seal(o *openSlot) {
	if o.touched == 0 {
		return
	}
	t.slots[o.slot].latency = t.pack(&o.latency)
	t.slots[o.slot].open = nil
	o.latency.reset()
	o.touched = 0
}

func (t *timeline) pack(s *sparse) packed {
	t.buf = s.pack(t.buf[:0])
	return packed{s.extent, slices.Clone(t.buf)}
}

// fold halves the timeline.
func (t *timeline) fold() {
	t.sealAll()
	half := (len(t.slots) + 1) / 2
	for i := range half {
		t.merged.reset()
		var s slot
		for _, from := range t.slots[2*i : min(2*i+2, len(t.slots))] {
			s.Counts.merge(from.Counts)
			t.merged.unpack(from.latency)
		}
		s.latency = t.pack(&t.merged)
		t.slots[i] = s
	}
	clear(t.slots[half:])
	t.slots = t.slots[:half]
	t.width *= 2
}

func (t *timeline) sealAll() {
	for i := range t.open {
		t.seal(&t.open[i])
	}
}

// Timeline is the run in at most maxPoints stretches of equal length, a whole number of seconds each, merged exactly; the
// last one ends with the last phase. It is empty if no row was added or maxPoints is less than 1.
func (a *Aggregator) Timeline(maxPoints int) []Point {
	t := a.timeline
	if maxPoints < 1 || len(t.slots) == 0 {
		return nil
	}
	t.sealAll()
	var end float64
	for _, p := range a.labels.Phases {
		end = max(end, p.StartSeconds+p.Seconds)
	}
	step := (len(t.slots) + maxPoints - 1) / maxPoints
	seconds := t.width.Seconds() * float64(step)
	points := make([]Point, 0, (len(t.slots)+step-1)/step)
	for i := 0; i < len(t.slots); i += step {
		p := Point{StartSeconds: float64(i) * t.width.Seconds(), Seconds: seconds}
		if rest := end - p.StartSeconds; rest > 0 {
			p.Seconds = min(p.Seconds, rest)
		}
		t.sum.reset()
		for _, s := range t.slots[i:min(i+step, len(t.slots))] {
			p.Counts.merge(s.Counts)
			s.latency.addTo(t.sum)
		}
		q := t.sum.percentiles(50, 95, 99)
		p.Latency = PointLatency{P50: q[0], P95: q[1], P99: q[2], Max: t.sum.maximum()}
		points = append(points, p)
	}
	return points
}

// ring is the number of seconds of which a live view can ask: the one that goes on, and those before it.
const ring = 8

// recent is the last seconds by the moment at which hits ended: by due time, the latest seconds would hold only their
// quickest hits.
type recent [ring]struct {
	second int64 // 1 + the second, so that the zero value holds none
	Counts
	latency sparse
}

func (r *recent) add(end time.Duration, one Counts, timed bool, latency int64) {
	second := int64(end/time.Second) + 1
	s := &r[second%ring]
	if s.second > second {
		return
	}
	if s.second < second {
		s.second = second
		s.Counts = Counts{}
		s.latency.reset()
	}
	s.Counts.merge(one)
	if timed {
		s.latency.record(latency)
	}
}

// Recent is what ended in the n whole seconds before now, the time since the start of the run: all phases, warm-up too,
// and all classes, the latency without that of deliberately invalid calls. n is at most 7, and no more than have passed.
func (a *Aggregator) Recent(now time.Duration, n int) Recent {
	current := int64(max(now, 0) / time.Second)
	n = int(min(int64(max(n, 0)), ring-1, current))
	r := Recent{Seconds: float64(n)}
	a.sum.reset()
	for i := range a.recent {
		// s.second is 1 + the second that it holds: the last whole one before now is current.
		if s := &a.recent[i]; s.second > current-int64(n) && s.second <= current {
			r.Counts.merge(s.Counts)
			s.latency.addTo(a.sum)
		}
	}
	p := a.sum.percentiles(50, 99)
	r.P50, r.P99 = p[0], p[1]
	return r
}
