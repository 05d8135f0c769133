package metrics

import (
	"cmp"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// pace is the run by the second: how many calls were due, left and were answered, and what the thresholds are made of.
// Its memory depends on the run's length and the number of thresholds, not on the number of calls: a run longer than an
// hour is kept by two seconds, four, and so on.
type pace struct {
	// shift gives the width of a second, 2^shift of them.
	shift   uint
	beats   []beat
	series  []*series
	scratch *histogram.Scratch
	working []byte
}

// beat counts the calls of all phases and classes by a second: those that were due in it, left in it and were answered
// in it.
type beat struct{ due, left, answered uint64 }

func (b *beat) merge(o beat) {
	b.due += o.due
	b.left += o.left
	b.answered += o.answered
}

// series is what one threshold is made of, by the second in which calls were due.
type series struct {
	slots []sums
	// measured and less are the histograms of a threshold with a window on times, and nil where it has none. There is a
	// less only from the first call on that the generator had a part in; until then it would be the same.
	measured, less *stack
}

// sums are the times of a second within the limit, as they were measured and less the generator's own part. Of what is
// counted, below is how many calls are, and n how many they are of; less is of rates in calls a second alone, by the
// moments that there would have been without that part.
type sums struct{ measured, less within }

func (s *sums) merge(o sums) {
	s.measured.merge(o.measured)
	s.less.merge(o.less)
}

// within counts how many of n times are below a limit, and how many are not above it.
type within struct{ n, below, upTo uint64 }

func (k *within) add(v, below, upTo int64) {
	k.n++
	if v <= below {
		k.below++
	}
	if v <= upTo {
		k.upTo++
	}
}

func (k *within) merge(o within) {
	k.n += o.n
	k.below += o.below
	k.upTo += o.upTo
}

// without is what was counted since.
func (k within) without(before within) within {
	return within{k.n - before.n, k.below - before.below, k.upTo - before.upTo}
}

// stack is a histogram for each second. Times wait to be sorted by second: packing one anew for each would take longer
// than all the rest, and one that is open takes a hundred times the room.
type stack struct {
	packed  []histogram.Packed
	pending []struct {
		slot int
		time int64
	}
}

// moment is one of a call's.
type moment uint8

const (
	whenDue moment = iota
	whenLeft
	whenAnswered
	// leftLess and answeredLess are when it would have left and been answered without the generator's own part.
	leftLess
	answeredLess
	moments
)

// longest is how many seconds are kept before two are made one.
const longest = 3600

// maxWaiting is how many times a stack lets wait.
const maxWaiting = 1 << 13

func (p *pace) width() time.Duration { return time.Second << p.shift }

// watch makes the series of a threshold.
func (p *pace) watch(windowOnTimes bool) *series {
	s := new(series)
	if windowOnTimes {
		s.measured = new(stack)
	}
	p.series = append(p.series, s)
	return s
}

// slot is where a moment is. It is void once a later moment was looked up, which may have made slots longer.
func (p *pace) slot(moment time.Duration) int {
	i := int(moment/time.Second) >> p.shift
	for ; i >= longest; i = int(moment/time.Second) >> p.shift {
		p.fold()
	}
	for len(p.beats) <= i {
		p.beats = append(p.beats, beat{})
	}
	return i
}

// add counts a row by its moments, of which none is after that of the answer, and says where they are.
func (p *pace) add(when *[moments]time.Duration, one *Counts, at *[moments]int) {
	last := p.slot(when[whenAnswered]) // room is made for the last of them first, so that all stay where they are
	begins := time.Duration(last) << p.shift * time.Second
	for i, moment := range when {
		at[i] = last
		if moment < begins { // seldom, and a division takes longer than the rest
			at[i] = int(moment/time.Second) >> p.shift
		}
	}
	p.beats[at[whenDue]].due++
	p.beats[at[whenLeft]].left += one.Sent
	p.beats[at[whenAnswered]].answered += one.Completed
}

func (s *series) at(slot int) *sums {
	if slot >= len(s.slots) {
		s.slots = append(s.slots, make([]sums, slot+1-len(s.slots))...)
	}
	return &s.slots[slot]
}

// time keeps a time for the histograms, if there are any.
func (s *series) time(p *pace, slot int, measured, less int64) {
	if s.measured == nil {
		return
	}
	if s.less == nil && less != measured {
		s.less = &stack{packed: slices.Clone(s.measured.packed), pending: slices.Clone(s.measured.pending)}
	}
	s.measured.add(p, slot, measured)
	if s.less != nil {
		s.less.add(p, slot, less)
	}
}

func (s *stack) add(p *pace, slot int, time int64) {
	s.pending = append(s.pending, struct {
		slot int
		time int64
	}{slot, time})
	if len(s.pending) >= maxWaiting {
		s.settle(p)
	}
}

// settle moves the times that wait into the histograms.
func (s *stack) settle(p *pace) {
	slices.SortFunc(s.pending, func(a, b struct {
		slot int
		time int64
	}) int {
		return cmp.Compare(a.slot, b.slot)
	})
	for i := 0; i < len(s.pending); {
		slot := s.pending[i].slot
		s.grow(slot + 1)
		p.scratch.Reset()
		p.scratch.AddPacked(s.packed[slot])
		for ; i < len(s.pending) && s.pending[i].slot == slot; i++ {
			p.scratch.Record(s.pending[i].time)
		}
		s.packed[slot] = p.scratch.Pack(&p.working)
	}
	s.pending = s.pending[:0]
}

func (s *stack) grow(n int) {
	if n > len(s.packed) {
		s.packed = append(s.packed, make([]histogram.Packed, n-len(s.packed))...)
	}
}

// stacks are the histograms that there are.
func (s *series) stacks() []*stack {
	return slices.DeleteFunc([]*stack{s.measured, s.less}, func(k *stack) bool { return k == nil })
}

// fold makes one second of every two.
func (p *pace) fold() {
	p.beats = halved(p.beats, (*beat).merge)
	for _, s := range p.series {
		s.slots = halved(s.slots, (*sums).merge)
		for _, k := range s.stacks() {
			k.settle(p)
			k.packed = halved(k.packed, func(to *histogram.Packed, o histogram.Packed) { *to = p.merged(*to, o) })
		}
	}
	p.shift++
}

func halved[T any](list []T, merge func(*T, T)) []T {
	for i := range list {
		if i%2 == 0 {
			list[i/2] = list[i]
		} else {
			merge(&list[i/2], list[i])
		}
	}
	return slices.Clip(list[:(len(list)+1)/2])
}

func (p *pace) merged(a, b histogram.Packed) histogram.Packed {
	switch {
	case b.Samples() == 0:
		return a
	case a.Samples() == 0:
		return b
	}
	p.scratch.Reset()
	p.scratch.AddPacked(a)
	p.scratch.AddPacked(b)
	return p.scratch.Pack(&p.working)
}

// merge adds the seconds of o, whose slots may be shorter once p was folded to be no shorter than they are.
func (p *pace) merge(o *pace) {
	for p.shift < o.shift {
		p.fold()
	}
	for i, b := range o.beats {
		p.beats[p.slot(time.Duration(i)*o.width())].merge(b)
	}
}

// mergeSeries adds what the same threshold is made of in o, after the two paces were merged.
func (p *pace) mergeSeries(s *series, o *pace, from *series) {
	for i, sum := range from.slots {
		s.at(p.slot(time.Duration(i) * o.width())).merge(sum)
	}
	if s.measured == nil || from.measured == nil {
		return
	}
	for _, k := range append(s.stacks(), from.stacks()...) {
		k.settle(p)
	}
	if from.less != nil && s.less == nil {
		s.less = &stack{packed: slices.Clone(s.measured.packed)}
	}
	p.mergeStack(s.measured, o, from.measured)
	if s.less != nil {
		less := from.less
		if less == nil {
			less = from.measured
		}
		p.mergeStack(s.less, o, less)
	}
}

func (p *pace) mergeStack(s *stack, o *pace, from *stack) {
	for i, packed := range from.packed {
		slot := p.slot(time.Duration(i) * o.width())
		s.grow(slot + 1)
		s.packed[slot] = p.merged(s.packed[slot], packed)
	}
}
