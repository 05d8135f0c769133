package attack

import (
	"math/rand/v2"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

const (
	// beat is how long the stall detector waits on average before it looks again.
	beat = 5 * time.Millisecond
	// stallFrom is how late it must wake for the process to have stood still. Timers and collections stay below.
	stallFrom = 10 * time.Millisecond
	// keptStalls is how many stalls are remembered, to tell for how long calls that end later stood still.
	keptStalls = 256
)

// stallDetector watches the generator itself. It looks some 200 times a second: where it looks late, the process was
// paused or had no processor, and whatever was under way seems to have taken longer than it did. Each time it counts
// the calls on the wire, as Little's law wants it. The first lane looks as long as there is one, since it wakes so
// often anyway, and else a goroutine.
//
// It looks at random times, since even ones would see a steady load always in the same state.
type stallDetector struct {
	// wire counts the calls that are on the wire, and then those that are or were at the moment of the next look: it may
	// come late, where the processor is at work or others have it.
	wire, then atomic.Int64
	// idly is for how long calls merely waited through standstills, in nanoseconds over all of them.
	idly atomic.Int64
	// next is when it should look again, stalled when the last stall ended, and looked when the calls on the wire were
	// last counted: what every call looks at.
	next, stalled, looked atomic.Int64

	mu     sync.Mutex
	stalls []stall // the last ones, in order
	counts counts
	// before is what the counters said when they were last taken.
	before counters
	at     time.Duration
	// added is how many bytes the heap was given in each second then.
	added uint64
}

// stall is a span in which the process stood still.
type stall struct{ from, to time.Duration }

// counts are what the detector saw since it was last asked.
type counts struct {
	stalled, longest time.Duration
	seen             int64
	looks            uint64
}

// counters are what the system and the runtime count from the start of the process.
type counters struct {
	cpu    time.Duration
	pauses metrics.Float64Histogram
	// live is what was in use of the heap when garbage was last collected, in bytes, and scanned the part of it that
	// may hold pointers; allocated is all that was ever added to it.
	live, scanned, allocated uint64
}

// watch looks until stop is closed.
func (d *stallDetector) watch(began time.Time, stop <-chan struct{}) {
	timer := time.NewTimer(d.step(time.Since(began)))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			timer.Reset(d.step(time.Since(began)))
		case <-stop:
			return
		}
	}
}

// step looks where that is due, and gives for how long there will be nothing to look at.
func (d *stallDetector) step(now time.Duration) time.Duration {
	next := time.Duration(d.next.Load())
	if now >= next {
		if next > 0 {
			d.look(next, now)
		}
		next = now + beat/2 + rand.N(beat)
		d.next.Store(int64(next))
		d.then.Store(d.wire.Load())
	}
	return next - now
}

// look takes note of a look that was due at a moment and came at another.
func (d *stallDetector) look(due, now time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if late := now - due; late > stallFrom {
		d.counts.stalled += late
		d.counts.longest = max(d.counts.longest, late)
		if len(d.stalls) == keptStalls {
			d.stalls = append(d.stalls[:0], d.stalls[1:]...)
		}
		d.stalls = append(d.stalls, stall{due, now})
		d.stalled.Store(int64(now))
		return
	}
	d.counts.seen += d.then.Load()
	d.counts.looks++
	d.looked.Store(int64(due))
}

// left takes note of a call that is on the wire from a moment on.
func (d *stallDetector) left(at time.Duration) {
	d.wire.Add(1)
	if int64(at) <= d.next.Load() {
		d.then.Add(1)
	}
}

// came takes note of a call that was on the wire until a moment: until somebody had read its answer, it was counted.
func (d *stallDetector) came(at time.Duration) {
	d.wire.Add(-1)
	if int64(at) <= d.next.Load() {
		d.then.Add(-1)
	}
	if int64(at) < d.looked.Load() {
		d.mu.Lock()
		d.counts.seen--
		d.mu.Unlock()
	}
}

// spans gives the spans within a longer one in which the process stood still, the last first. Whoever asks may have
// woken before the detector did.
func (d *stallDetector) spans(from, to time.Duration, f func(stall)) {
	next := time.Duration(d.next.Load())
	asleep := next > 0 && to-next > stallFrom
	if !asleep && time.Duration(d.stalled.Load()) <= from {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if asleep && time.Duration(d.stalled.Load()) <= next {
		f(stall{max(next, from), to})
	}
	for i := len(d.stalls) - 1; i >= 0 && d.stalls[i].to > from; i-- {
		if s := d.stalls[i]; s.from < to {
			f(stall{max(s.from, from), min(s.to, to)})
		}
	}
}

// besides is the length of a span, but nothing if the process stood still in it: what else went by was of the same
// cause.
func (d *stallDetector) besides(from, to time.Duration) time.Duration {
	rest := max(to-from, 0)
	d.spans(from, to, func(stall) { rest = 0 })
	return rest
}

// lengthened is by how much the standstills of the process may have lengthened a call. The moments are those at which
// it had something to do for the call, from its beginning to its end: a standstill at one of them, or just before, when
// it may have had to, lengthened the call, and so did those that this one followed closely. What the call waited
// through in between did nothing to it: the process was awake when the answer came.
func (d *stallDetector) lengthened(moments ...time.Duration) (by time.Duration) {
	var idly, until time.Duration
	d.spans(moments[0], moments[len(moments)-1], func(s stall) {
		// What waited meanwhile is seen to first, and that takes a while.
		after := s.to + max(stallFrom, (s.to-s.from)/4)
		matters := after >= until && until > 0
		for _, at := range moments {
			// The detector may have slept for a while before it should have looked.
			matters = matters || after >= at && s.from <= at+stallFrom
		}
		if !matters {
			idly += s.to - s.from
			return
		}
		by += s.to - s.from
		until = s.from
	})
	if idly > 0 {
		d.idly.Add(int64(idly))
	}
	return by
}

// vitals are how the generator did since they were last taken.
func (d *stallDetector) vitals(now time.Duration) results.Vitals {
	after := readCounters()
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.counts
	d.counts = counts{}
	v := results.Vitals{
		AtSeconds: now.Seconds(), Seconds: (now - d.at).Seconds(), CPUSeconds: (after.cpu - d.before.cpu).Seconds(),
		StallSeconds: c.stalled.Seconds(), StallMax: c.longest.Seconds(), Samples: c.looks,
	}
	v.PauseSeconds, v.PauseMax = pausesBetween(d.before.pauses, after.pauses)
	v.WaitedSeconds = time.Duration(d.idly.Swap(0)).Seconds()
	if c.looks > 0 {
		v.InFlight = max(float64(c.seen)/float64(c.looks), 0)
	}
	d.added = uint64(float64(after.allocated-d.before.allocated) / max(v.Seconds, 1e-3))
	d.before, d.at = after, now
	return v
}

const (
	pauses    = "/sched/pauses/total/gc:seconds"
	live      = "/gc/heap/live:bytes"
	scanned   = "/gc/scan/heap:bytes"
	allocated = "/gc/heap/allocs:bytes"
)

func readCounters() counters {
	sample := []metrics.Sample{{Name: pauses}, {Name: live}, {Name: scanned}, {Name: allocated}}
	metrics.Read(sample)
	c := counters{cpu: ProcessTime()}
	if sample[0].Value.Kind() == metrics.KindFloat64Histogram {
		h := sample[0].Value.Float64Histogram()
		c.pauses = metrics.Float64Histogram{Counts: append([]uint64(nil), h.Counts...), Buckets: h.Buckets}
	}
	for i, to := range []*uint64{&c.live, &c.scanned, &c.allocated} {
		if v := sample[1+i].Value; v.Kind() == metrics.KindUint64 {
			*to = v.Uint64()
		}
	}
	return c
}

// pausesBetween adds up the pauses that a histogram gained, each taken for its bucket's lower edge, and gives the
// longest.
func pausesBetween(before, after metrics.Float64Histogram) (sum, longest float64) {
	for i, n := range after.Counts {
		if i < len(before.Counts) {
			n -= before.Counts[i]
		}
		if edge := after.Buckets[i]; n > 0 && edge > 0 {
			sum += float64(n) * edge
			longest = edge
		}
	}
	return sum, longest
}
