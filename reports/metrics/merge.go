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
		to.Counts.merge(from.Counts)
		to.left, to.answered = max(to.left, from.left), max(to.answered, from.answered)
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
		add(&to.latency, &from.latency)
		add(&to.service, &from.service)
	}
	for i := range a.labels.Phases {
		for _, lags := range [][2][]*histogram.Recorder{{a.lag, o.lag}, {a.ownLag, o.ownLag}} {
			to, from := lags[0], lags[1]
			if from[i] == nil {
				continue
			}
			if to[i] == nil {
				to[i] = new(histogram.Recorder)
			}
			add(to[i], from[i])
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
	a.busy += o.busy
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
