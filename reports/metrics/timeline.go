package metrics

import (
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// slots bounds the length of a timeline. When a run outgrows it, neighbours are merged and each slot is twice as wide:
// 10 minutes and what ends after them are kept by the second, an hour by 8 seconds.
const slots = 640

// open is the number of slots that have a histogram ready for recording; the others are packed. Rows come in the order
// of their ends, so that those which come at one time were due over a stretch as long as the longest latency: with
// fewer open slots than that has seconds, nearly every row would pack one slot and unpack another.
const open = 40

// timeline is the run by due time, and by the moments at which calls left and ended.
type timeline struct {
	// shift gives the width of a slot, 2^shift seconds.
	shift uint
	slots []slot
	open  [open]openSlot
	clock uint64
	// until is the last moment at which a call ended.
	until time.Duration
	// working and scratch are where slots are packed, folded and merged.
	working []byte
	scratch *histogram.Scratch
}

// event is what a row says to the timeline.
type event struct {
	due time.Duration
	// lag, own and service are in nanoseconds.
	lag, own, service int64
	one               *Counts
	kind              results.Kind
	rule              uint8
	// timed reports whether the latency counts, late whether the lag does, touched whether andon itself held the call up.
	timed, late, touched bool
}

type slot struct {
	Counts
	// kinds and rules count errors and violations, by results.Kind and rule; nil until the first.
	kinds, rules []uint32
	delay
	traffic
	touched uint64
	latency histogram.Packed
	open    *openSlot // nil while latency is packed
}

// delay is the lag of the calls that were due in a slot, in nanoseconds.
type delay struct {
	n        uint64
	sum      histogram.Sum
	max, own int64
}

func (l *delay) merge(o delay) {
	l.n += o.n
	l.sum.Merge(o.sum)
	l.max = max(l.max, o.max)
	l.own = max(l.own, o.own)
}

// traffic is the sent calls that left and ended in a slot, and the sums of the moments at which they did, in
// microseconds since the slot began: from these follows for how long calls were in flight in it, whatever its width.
// Where a sum wraps, what follows is still right, since it is a difference of such sums that is far smaller.
type traffic struct {
	left, ended, answered uint64
	leftSum, endedSum     uint64
}

// merge adds o, whose slot began so many microseconds later.
func (t *traffic) merge(o traffic, later uint64) {
	t.left += o.left
	t.ended += o.ended
	t.answered += o.answered
	t.leftSum += o.leftSum + o.left*later
	t.endedSum += o.endedSum + o.ended*later
}

type openSlot struct {
	slot    int    // an index, since slots moves as it grows
	touched uint64 // by the clock; 0 if no slot is open here
	latency histogram.Recorder
}

func (t *timeline) width() time.Duration { return time.Second << t.shift }

// at is the slot that a moment is in, and how many microseconds after its beginning. The slot is made if there is none.
// Slots begin at whole seconds, so that the rounding is the same whatever their width. What at gave before is void,
// since slots may have moved.
func (t *timeline) at(moment time.Duration) (s *slot, i int, since uint64) {
	const second = uint64(time.Second / time.Microsecond)
	micros := uint64(moment) / uint64(time.Microsecond)
	i = int(micros / second >> t.shift)
	if i >= len(t.slots) {
		for ; i >= slots; i = int(micros / second >> t.shift) {
			t.fold()
		}
		for len(t.slots) <= i {
			t.slots = append(t.slots, slot{})
		}
	}
	return &t.slots[i], i, micros - uint64(i)<<t.shift*second
}

func (t *timeline) add(e *event) {
	if e.one.Sent > 0 {
		left := e.due + time.Duration(e.lag)
		end := left + time.Duration(e.service)
		t.until = max(t.until, end)
		s, _, since := t.at(end)
		s.ended++
		s.answered += e.one.Completed
		s.endedSum += since
		s, _, since = t.at(left)
		s.left++
		s.leftSum += since
	}
	s, i, _ := t.at(e.due)
	s.Counts.merge(e.one)
	if e.late {
		s.n++
		s.sum.Add(uint64(e.lag))
		s.max = max(s.max, e.lag)
		s.own = max(s.own, e.own)
	}
	if e.touched {
		s.touched++
	}
	if e.kind > results.Unsent && e.kind != results.Shed {
		s.kinds = countOne(s.kinds, int(e.kind))
	}
	if e.rule > 0 {
		s.rules = countOne(s.rules, int(e.rule))
	}
	if !e.timed {
		return
	}
	if s.open == nil {
		t.reopen(i)
	}
	t.clock++
	s.open.touched = t.clock
	s.open.latency.Record(min(e.lag+e.service, histogram.Highest))
}

// countOne counts one more of i.
func countOne(counts []uint32, i int) []uint32 {
	for len(counts) <= i {
		counts = append(counts, 0)
	}
	counts[i]++
	return counts
}

func addCounts(counts, more []uint32) []uint32 {
	for len(counts) < len(more) {
		counts = append(counts, 0)
	}
	for i, n := range more {
		counts[i] += n
	}
	return counts
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
	oldest.latency.Merge(t.slots[i].latency)
	t.slots[i].latency = histogram.Packed{}
	t.slots[i].open = oldest
}

func (t *timeline) seal(o *openSlot) {
	if o.touched == 0 {
		return
	}
	t.slots[o.slot].latency = o.latency.Pack(&t.working)
	t.slots[o.slot].open = nil
	o.latency.Reset()
	o.touched = 0
}

// fold halves the timeline.
func (t *timeline) fold() {
	t.sealAll()
	half := (len(t.slots) + 1) / 2
	for i := range half {
		t.scratch.Reset()
		var s slot
		for k, from := range t.slots[2*i : min(2*i+2, len(t.slots))] {
			s.merge(from, uint64(k)*uint64(t.width()/time.Microsecond))
			t.scratch.AddPacked(from.latency)
		}
		s.latency = t.scratch.Pack(&t.working)
		t.slots[i] = s
	}
	clear(t.slots[half:])
	t.slots = t.slots[:half]
	t.shift++
}

// merge adds all but the latency of a slot that began so many microseconds later.
func (s *slot) merge(from slot, later uint64) {
	s.Counts.merge(&from.Counts)
	s.delay.merge(from.delay)
	s.traffic.merge(from.traffic, later)
	s.touched += from.touched
	s.kinds = addCounts(s.kinds, from.kinds)
	s.rules = addCounts(s.rules, from.rules)
}

func (t *timeline) sealAll() {
	for i := range t.open {
		t.seal(&t.open[i])
	}
}

// ring is the number of seconds of which a live view can ask: the one that goes on, and those before it.
const ring = 8

// recent is the last seconds by the moment at which calls ended: by due time, the latest seconds would hold only their
// quickest calls.
type recent [ring]struct {
	second int64 // 1 + the second, so that the zero value holds none
	Counts
	latency histogram.Recorder
}

func (r *recent) add(end time.Duration, one *Counts, timed bool, latency int64) {
	second := int64(end/time.Second) + 1
	s := &r[second%ring]
	if s.second > second {
		return
	}
	if s.second < second {
		s.second = second
		s.Counts = Counts{}
		s.latency.Reset()
	}
	s.Counts.merge(one)
	if timed {
		s.latency.Record(latency)
	}
}
