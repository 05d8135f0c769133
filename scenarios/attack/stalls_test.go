package attack

import (
	"cmp"
	"math"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

// stood is for how long of a span the process stood still.
func stood(d *stallDetector, from, to time.Duration) (total time.Duration) {
	d.spans(from, to, func(s stall) { total += s.to - s.from })
	return total
}

// A detector that wakes late has slept through a stall; what overlaps it stood still for as long, whoever looks first.
func TestStalls(t *testing.T) {
	var d stallDetector
	d.then.Store(3)
	d.look(5*ms, 6*ms)   // on time
	d.look(10*ms, 20*ms) // as late as it may be
	d.look(30*ms, 130*ms)
	d.look(140*ms, 141*ms)
	d.look(150*ms, 170*ms)
	d.next.Store(int64(200 * ms))
	for _, c := range []struct {
		why            string
		from, to, want time.Duration
	}{
		{"before", 0, 30 * ms, 0},
		{"all of both", 0, 180 * ms, 120 * ms},
		{"into the first", 25 * ms, 50 * ms, 20 * ms},
		{"out of the first", 120 * ms, 145 * ms, 10 * ms},
		{"within", 40 * ms, 60 * ms, 20 * ms},
		{"after", 170 * ms, 190 * ms, 0},
		{"while the detector is only a little late", 180 * ms, 210 * ms, 0},
		{"while the detector sleeps on", 190 * ms, 260 * ms, 60 * ms},
		{"begun while the detector sleeps on", 230 * ms, 260 * ms, 30 * ms},
		{"a stall, and while the detector sleeps on", 160 * ms, 260 * ms, 70 * ms},
	} {
		if got := stood(&d, c.from, c.to); got != c.want {
			t.Errorf("%s: from %s to %s it stood still for %s, want %s", c.why, c.from, c.to, got, c.want)
		}
	}
	d.look(200*ms, 260*ms)
	if got := stood(&d, 190*ms, 265*ms); got != 60*ms {
		t.Errorf("after the detector woke: %s, want 60ms, once", got)
	}
	v := d.vitals(time.Second)
	if v.InFlight != 3 || v.Samples != 3 || math.Abs(v.StallSeconds-0.18) > 1e-9 || v.StallMax != 0.1 || v.Seconds != 1 || v.AtSeconds != 1 {
		t.Errorf("the vitals are %+v", v)
	}
	if v := d.vitals(3 * time.Second); v.InFlight != 0 || v.Samples != 0 || v.StallSeconds != 0 || v.Seconds != 2 {
		t.Errorf("taken again, the vitals are %+v", v)
	}
}

// What is counted is what was on the wire when the detector should have looked, however late it does, whether or not
// somebody had read the answers by then.
func TestLooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const due = 50*ms + ms/2
		type event struct {
			at   time.Duration
			what func()
		}
		var d stallDetector
		begin := func() {
			d.step(ms + ms/2)
			d.next.Store(int64(due))
		}
		look := rapid.SampledFrom([]time.Duration{due, due + ms, due + stallFrom}).Draw(t, "look")
		events := []event{{ms + ms/2, begin}, {look, func() { d.step(look) }}}
		want := 0.0
		for range rapid.IntRange(0, 10).Draw(t, "calls") {
			draw := func(name string, from time.Duration) time.Duration {
				return from + time.Duration(rapid.IntRange(0, int((100*ms-from)/ms)).Draw(t, name))*ms
			}
			left := draw("left", 0)
			came := draw("came", left)
			read := draw("read", came)
			events = append(events, event{left, func() { d.left(left) }}, event{read, func() { d.came(came) }})
			if left <= due && came > due {
				want++
			}
		}
		slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
		for _, e := range events {
			e.what()
		}
		if v := d.vitals(time.Second); v.InFlight*float64(v.Samples) != want {
			t.Fatalf("%v were in flight by %d looks, want %v", v.InFlight, v.Samples, want)
		}
	})
}

// A call is lengthened by the standstills in which it could not go out or its answer could not be noticed, and not by
// those that it waited through. Nothing is lost between the two.
func TestLengthened(t *testing.T) {
	for _, c := range []struct {
		why                   string
		stalls                []stall
		sent, connected, over time.Duration
		want                  time.Duration
	}{
		{"none", nil, 0, 0, time.Second, 0},
		{"before and after", []stall{{0, 100 * ms}, {900 * ms, 950 * ms}}, 100 * ms, 100 * ms, 900 * ms, 0},
		{"waited through", []stall{{500 * ms, 600 * ms}}, 0, 0, 2 * time.Second, 0},
		{"the answer came meanwhile", []stall{{500 * ms, 600 * ms}}, 0, 0, 601 * ms, 100 * ms},
		{"the answer was seen to soon afterwards", []stall{{500 * ms, 1500 * ms}}, 0, 0, 1749 * ms, time.Second},
		{"the answer came later", []stall{{500 * ms, 1500 * ms}}, 0, 0, 1751 * ms, 0},
		{"over before the detector woke", []stall{{500 * ms, 1500 * ms}}, 0, 0, 1400 * ms, 900 * ms},
		{"while the call went out", []stall{{105 * ms, 200 * ms}}, 100 * ms, 100 * ms, 5 * time.Second, 95 * ms},
		{"while it connected", []stall{{250 * ms, 300 * ms}}, 100 * ms, 290 * ms, 5 * time.Second, 50 * ms},
		{"when it was on its way", []stall{{301 * ms, 400 * ms}}, 100 * ms, 290 * ms, 5 * time.Second, 0},
		{"waited through for a connection", []stall{{500 * ms, 600 * ms}}, 100 * ms, 4 * time.Second, 5 * time.Second, 0},
		{"when it was connected", []stall{{3900 * ms, 3995 * ms}}, 100 * ms, 4 * time.Second, 5 * time.Second, 95 * ms},
		{"held back by a quota to the end", []stall{{1000 * ms, 1092 * ms}, {1100 * ms, 1192 * ms}, {1200 * ms, 1292 * ms}}, 0, 0, 1295 * ms, 276 * ms},
		{"held back by a quota, long ago, and once more", []stall{{1000 * ms, 1092 * ms}, {1100 * ms, 1192 * ms}, {1900 * ms, 1992 * ms}}, 0, 0, 2 * time.Second, 92 * ms},
	} {
		var d stallDetector
		for _, s := range c.stalls {
			d.look(s.from, s.to)
		}
		got := d.lengthened(c.sent, c.connected, c.over)
		if idly := time.Duration(d.idly.Load()); got != c.want || got+idly != stood(&d, c.sent, c.over) {
			t.Errorf("%s: lengthened by %s, and %s waited through; want %s", c.why, got, idly, c.want)
		}
	}
}

// The number of stalls that are remembered is bounded.
func TestStallsAreForgotten(t *testing.T) {
	var d stallDetector
	for i := range time.Duration(3 * keptStalls) {
		d.look(i*100*ms, i*100*ms+50*ms)
	}
	if len(d.stalls) != keptStalls {
		t.Errorf("%d stalls are kept", len(d.stalls))
	}
	last := time.Duration(3*keptStalls-1) * 100 * ms
	if got := stood(&d, last, last+60*ms); got != 50*ms {
		t.Errorf("of the last stall %s are known", got)
	}
}

func TestPauses(t *testing.T) {
	edges := []float64{math.Inf(-1), 0, 0.001, 0.01, math.Inf(1)}
	before := metrics.Float64Histogram{Counts: []uint64{0, 5, 1, 0}, Buckets: edges}
	after := metrics.Float64Histogram{Counts: []uint64{0, 9, 3, 1}, Buckets: edges}
	if sum, longest := pausesBetween(before, after); math.Abs(sum-0.012) > 1e-12 || longest != 0.01 {
		t.Errorf("the pauses take %v s, the longest %v s", sum, longest)
	}
	if sum, longest := pausesBetween(after, after); sum != 0 || longest != 0 {
		t.Errorf("without a pause: %v s, %v s", sum, longest)
	}
}

// Collections are seldom while little is live, and as often as always once there is much to look through; between them
// the heap grows by little, also where much is kept that nothing has to be looked for in.
func TestCollectBy(t *testing.T) {
	for _, c := range []struct{ live, scanned, added, want int }{
		{0, 0, 0, seldom}, {1, 1, 0, 400}, {4, 3, 2, 300}, {8, 7, 2, 100}, {12, 3, 2, 33}, {8, 4, 16, 100}, {8, 7, 32, 200}, {8, 7, 1000, 400},
		{32, 30, 64, 100}, {1000, 1000, 64, 100}, {64, 16, 64, 50}, {40, 3, 1, often}, {32, 4, 1, 12}, {128, 16, 64, 25}, {128, 64, 64, 50}, {4000, 32, 64, often},
	} {
		if got := collectBy(uint64(c.live)<<20, uint64(c.scanned)<<20, uint64(c.added)<<20); got != c.want {
			t.Errorf("with %d MiB live, %d MiB looked through, and %d MiB a second: %d, want %d", c.live, c.scanned, c.added, got, c.want)
		}
	}
}

// After a run that took little, a report is made without a collection; after one that took much, with no more memory
// than it needs.
func TestCollectAfter(t *testing.T) {
	for _, c := range []struct{ live, allocated, want int }{{0, 1, seldom}, {3, 20, 400}, {6, 60, 200}, {6, 65, 100}, {1, 4000, 100}, {20, 30, 100}} {
		if got := collectAfter(uint64(c.live)<<20, uint64(c.allocated)<<20); got != c.want {
			t.Errorf("with %d MiB live of %d MiB: %d, want %d", c.live, c.allocated, got, c.want)
		}
	}
}
