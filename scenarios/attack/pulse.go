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
	// beat is how long the pulse waits on average before it looks again.
	beat = 5 * time.Millisecond
	// stallFrom is how late the pulse must wake for the process to have stood still. Timers and collections stay below.
	stallFrom = 10 * time.Millisecond
	// keptStalls is how many stalls are remembered, to tell for how long calls that end later stood still.
	keptStalls = 256
)

// pulse watches the generator itself. It wakes some 200 times a second: where it wakes late, the process was paused or had
// no processor, and whatever was under way seems to have taken longer than it did. Each time it counts the calls on the
// wire, as Little's law wants it.
//
// It waits for a random time, since an even one would see a steady load always in the same state.
type pulse struct {
	// wire counts the calls that are on the wire.
	wire atomic.Int64
	// next is when the pulse should look again, and stalled when the last stall ended: the two that every call looks at.
	next, stalled atomic.Int64

	mu     sync.Mutex
	stalls []stall // the last ones, in order
	counts counts
	// before is what the counters said when they were last taken.
	before counters
	at     time.Duration
}

// stall is a stretch in which the process stood still.
type stall struct{ from, to time.Duration }

// counts are what the pulse saw since it was last asked.
type counts struct {
	stalled, longest time.Duration
	seen             int64
	looks            uint64
}

// counters are what the system and the runtime count from the start of the process.
type counters struct {
	cpu    time.Duration
	pauses metrics.Float64Histogram
	live   uint64
}

// watch looks until stop is closed.
func (p *pulse) watch(began time.Time, stop <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	next := time.Since(began)
	for {
		select {
		case <-timer.C:
		case <-stop:
			return
		}
		p.look(next, time.Since(began))
		wait := beat/2 + rand.N(beat)
		next = time.Since(began) + wait
		p.next.Store(int64(next))
		timer.Reset(wait)
	}
}

// look takes note of a look that was due at a moment and came at another.
func (p *pulse) look(due, now time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if late := now - due; late > stallFrom {
		p.counts.stalled += late
		p.counts.longest = max(p.counts.longest, late)
		if len(p.stalls) == keptStalls {
			p.stalls = append(p.stalls[:0], p.stalls[1:]...)
		}
		p.stalls = append(p.stalls, stall{due, now})
		p.stalled.Store(int64(now))
		return
	}
	p.counts.seen += p.wire.Load()
	p.counts.looks++
}

// still tells for how long of a stretch the process stood still. Whoever asks may have woken before the pulse did.
func (p *pulse) still(from, to time.Duration) (d time.Duration) {
	next := time.Duration(p.next.Load())
	asleep := next > 0 && to-next > stallFrom
	if !asleep && time.Duration(p.stalled.Load()) <= from {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	end := time.Duration(p.stalled.Load())
	for _, s := range p.stalls {
		d += max(min(s.to, to)-max(s.from, from), 0)
	}
	if asleep && end <= next {
		d += max(to-max(next, from), 0)
	}
	return d
}

// vitals are how the generator did since they were last taken.
func (p *pulse) vitals(now time.Duration) results.Vitals {
	after := readCounters()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts
	p.counts = counts{}
	v := results.Vitals{
		AtSeconds: now.Seconds(), Seconds: (now - p.at).Seconds(), CPUSeconds: (after.cpu - p.before.cpu).Seconds(),
		StallSeconds: c.stalled.Seconds(), StallMax: c.longest.Seconds(), Samples: c.looks,
	}
	v.PauseSeconds, v.PauseMax = pausesBetween(p.before.pauses, after.pauses)
	if c.looks > 0 {
		v.InFlight = float64(c.seen) / float64(c.looks)
	}
	p.before, p.at = after, now
	return v
}

// A collection takes a processor for a few milliseconds, in which hits leave late: a fifth as many of them cut the p99 of
// the lag to a third at 10,000 calls a second on one core. They are that seldom while little is live, so that what the
// heap may grow by until the next one stays about headroom; from there on they are as often as always.
const (
	seldom   = 400
	usual    = 100
	headroom = 32 << 20
)

// collectBy gives the percentage for a heap of which so much is live: see [debug.SetGCPercent].
func collectBy(live uint64) int {
	return int(min(max(usual*headroom/max(live, 1), usual), seldom))
}

const (
	pauses = "/sched/pauses/total/gc:seconds"
	live   = "/gc/heap/live:bytes"
)

func readCounters() counters {
	sample := []metrics.Sample{{Name: pauses}, {Name: live}}
	metrics.Read(sample)
	c := counters{cpu: processTime()}
	if sample[0].Value.Kind() == metrics.KindFloat64Histogram {
		h := sample[0].Value.Float64Histogram()
		c.pauses = metrics.Float64Histogram{Counts: append([]uint64(nil), h.Counts...), Buckets: h.Buckets}
	}
	if sample[1].Value.Kind() == metrics.KindUint64 {
		c.live = sample[1].Value.Uint64()
	}
	return c
}

// pausesBetween adds up the pauses that a histogram gained, each taken for its bucket's lower edge, and gives the longest.
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
