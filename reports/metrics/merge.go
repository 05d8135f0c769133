package metrics

import (
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// Merge adds what o was given to a, as if each of its rows had been added. Both are of the same labels, on one clock.
// What ended lately (see [Aggregator.Recent]) is of a alone.
func (a *Aggregator) Merge(o *Aggregator) {
	var working []byte
	add := func(to, from *histogram.Recorder) { to.Merge(from.Pack(&working)) }
	for i, from := range o.cells {
		if from == nil {
			continue
		}
		if a.cells[i] == nil {
			a.cells[i] = &cell{kinds: make([]uint64, len(a.kinds))}
		}
		to := a.cells[i]
		to.Counts.merge(&from.Counts)
		to.left.merge(from.left)
		to.answered.merge(from.answered)
		to.bytesIn += from.bytesIn
		to.bytesOut += from.bytesOut
		for kind, n := range from.kinds {
			to.kinds[kind] += n
		}
		if to.rules == nil && from.rules != nil {
			to.rules = make([]uint64, len(a.labels.Rules))
		}
		for rule, n := range from.rules {
			to.rules[rule] += n
		}
		for _, s := range from.status {
			to.addStatus(s.status, s.n)
		}
		to.retry.merge(from.retry)
		for fate, times := range from.times {
			if times == nil {
				continue
			}
			if to.times[fate] == nil {
				to.times[fate] = new(cellTimes)
			}
			to.times[fate].latency.merge(&times.latency, &working)
			to.times[fate].service.merge(&times.service, &working)
		}
	}
	for i := range a.labels.Phases {
		if o.lag[i] != nil {
			if a.lag[i] == nil {
				a.lag[i] = new(bounds)
			}
			a.lag[i].merge(o.lag[i], &working)
		}
		if o.ownLag[i] != nil {
			if a.ownLag[i] == nil {
				a.ownLag[i] = new(histogram.Recorder)
			}
			add(a.ownLag[i], o.ownLag[i])
		}
		if from := o.parts[i]; from != nil {
			if a.parts[i] == nil {
				a.parts[i] = new(parts)
			}
			to := a.parts[i]
			add(&to.connect, &from.connect)
			add(&to.tls, &from.tls)
			add(&to.wait, &from.wait)
			add(&to.read, &from.read)
		}
	}
	for class := range o.slowest {
		for _, call := range o.slowest[class].calls[:o.slowest[class].used] {
			a.slowest[class].add(call)
		}
	}
	a.tellAll()
	o.tellAll()
	a.pace.merge(o.pace)
	for _, w := range a.watches {
		// Where the other has not watched the limit, there are fewer times than the histograms have, and these decide.
		for _, from := range o.watches {
			if from.key == w.key {
				w.measured.merge(from.measured)
				w.less.merge(from.less)
				a.pace.mergeSeries(w.series, o.pace, from.series)
			}
		}
	}
	a.busy.Merge(o.busy)
	a.sentUntil = max(a.sentUntil, o.sentUntil)
	a.timeline.mergeWith(o.timeline)
}

// mergeWith adds o to t.
func (t *timeline) mergeWith(o *timeline) {
	t.until = max(t.until, o.until)
	t.sealAll()
	o.sealAll()
	for t.shift < o.shift {
		t.fold()
	}
	for i := range o.slots {
		from := &o.slots[i]
		// The slot of t that from begins in, and by how much later it begins.
		at := i >> (t.shift - o.shift)
		later := uint64(i-at<<(t.shift-o.shift)) * uint64(o.width()/time.Microsecond)
		for len(t.slots) <= at {
			t.slots = append(t.slots, slot{})
		}
		to := &t.slots[at]
		to.merge(*from, later)
		t.scratch.Reset()
		t.scratch.AddPacked(to.latency)
		t.scratch.AddPacked(from.latency)
		to.latency = t.scratch.Pack(&t.working)
	}
}
