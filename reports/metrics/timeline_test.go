package metrics

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// long are the labels of a run of one phase.
func long(seconds float64) results.Labels {
	l := labels()
	l.Phases = []results.Phase{{Name: "soak", Seconds: seconds}}
	return l
}

func at(due time.Duration, service float32) results.Row {
	r := ok(0, lite, service)
	r.Due = due
	return r
}

func TestTimeline(t *testing.T) {
	dropped := at(2500*time.Millisecond, 0)
	dropped.Error, dropped.Lag = results.Dropped, 4
	unsent := at(2900*time.Millisecond, 0)
	unsent.Error = results.Unsent
	refused := at(2*time.Second, 1.5) // in the counts, and not in the times
	refused.Class = invalid
	late := at(1500*time.Millisecond, 1)
	late.Lag, late.OwnLag, late.Stall = 0.75, 0.25, 0.125
	late.Error, late.Rule = results.Contract, 2
	lost := at(1750*time.Millisecond, 0.5)
	lost.Error = results.Reset
	rows := append(repeat(5, at(0, 0.5)), late, lost, dropped, unsent, refused)
	a := aggregate(t, long(2.75), nil, rows...)
	half := PointLatency{P50: ptr(0.5), Max: ptr(0.5)} // the bucket's edge is above the maximum
	none := PointLag{ptr(0.0), ptr(0.0), ptr(0.0)}
	equal(t, "by second", a.Timeline(300), []Point{
		{StartSeconds: 0, Seconds: 1, Counts: Counts{Due: 5, Sent: 5, Completed: 5, OK: 5, Accepted: 5},
			Left: 5, Ended: 5, Answered: 5, InFlight: 2.5, Latency: half, Lag: none},
		{StartSeconds: 1, Seconds: 1, Counts: Counts{Due: 2, Sent: 2, Completed: 1, Errors: 2, Violations: 1, Accepted: 1},
			Touched: 1, Left: 1, InFlight: 0.25, ErrorsByKind: map[string]uint64{"contract": 1, "reset": 1},
			ViolationsByRule: map[string]uint64{"repeated-executionId": 1},
			Latency:          PointLatency{Max: ptr(1.75)}, Lag: PointLag{ptr(0.375), ptr(0.75), ptr(0.375)}},
		// late leaves at 2.25 and ends at 3.25, lost ends at 2.25, refused goes on from 2 to 3.5
		{StartSeconds: 2, Seconds: 1, Counts: Counts{Due: 3, Sent: 1, Completed: 1, OK: 1, Dropped: 1, Accepted: 1},
			Left: 2, Ended: 1, InFlight: 2, Latency: PointLatency{Max: ptr(4.0)}, Lag: PointLag{ptr(2.0), ptr(4.0), ptr(0.0)}},
		{StartSeconds: 3, Seconds: 0.5, Ended: 2, Answered: 2, InFlight: 1.5},
	})
	two := a.Timeline(2)
	equal(t, "in two", two, []Point{
		{StartSeconds: 0, Seconds: 2, Counts: Counts{Due: 7, Sent: 7, Completed: 6, OK: 5, Errors: 2, Violations: 1, Accepted: 6},
			Touched: 1, Left: 6, Ended: 5, Answered: 5, InFlight: 1.375, ErrorsByKind: map[string]uint64{"contract": 1, "reset": 1},
			ViolationsByRule: map[string]uint64{"repeated-executionId": 1},
			Latency:          PointLatency{P50: ptr(0.500170751), Max: ptr(1.75)}, Lag: PointLag{ptr(0.10714285714285715), ptr(0.75), ptr(0.375)}},
		{StartSeconds: 2, Seconds: 1.5, Counts: Counts{Due: 3, Sent: 1, Completed: 1, OK: 1, Dropped: 1, Accepted: 1},
			Left: 2, Ended: 3, Answered: 2, InFlight: 2.75 / 1.5, Latency: PointLatency{Max: ptr(4.0)}, Lag: PointLag{ptr(2.0), ptr(4.0), ptr(0.0)}},
	})
	equal(t, "asked again", a.Timeline(2), two)
	if a.Timeline(0) != nil || a.Timeline(-1) != nil || New(labels(), nil, Tolerance).Timeline(5) != nil {
		t.Error("a timeline without points, or without rows, is not empty")
	}
	closed := long(1)
	closed.Phases[0].Closed = true
	if p := aggregate(t, closed, nil, at(0, 0.25)).Timeline(1)[0]; p.Lag != (PointLag{}) || p.InFlight != 0.25 {
		t.Errorf("a closed loop has a lag: %+v", p)
	}
}

// TestTimelineMerges: the timeline of a run that outgrew its slots is that of one histogram for each point, in whatever
// order rows came.
func TestTimelineMerges(t *testing.T) {
	d := histogram.NewScratch()
	kinds := []results.Kind{results.None, results.None, results.Reset, results.Status5xx, results.Shed, results.Contract, results.Dropped, results.Unsent}
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.IntRange(1, 3000).Draw(t, "seconds")
		points := rapid.IntRange(1, 8).Draw(t, "points")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a := New(long(float64(seconds)), nil, Tolerance)
		var rows []results.Row
		for range 1000 {
			r := at(time.Duration(random.Int64N(int64(seconds)*int64(time.Second))), float32(random.ExpFloat64()))
			r.Lag = float32(random.ExpFloat64() / 4)
			r.Error = kinds[random.IntN(len(kinds))]
			r.Rule = uint8(random.IntN(3))
			rows = append(rows, r)
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(rows, func(a, b results.Row) int { return cmp.Compare(a.Due, b.Due) })
		got := a.Timeline(points)
		if len(got) > points {
			t.Fatalf("%d points, asked for %d", len(got), points)
		}
		checkTraffic(t, got, rows)
		for i, p := range got {
			d.Reset()
			var due uint64
			var most float64
			errors, violations := map[string]uint64{}, map[string]uint64{}
			for len(rows) > 0 && (rows[0].Due.Seconds() < p.StartSeconds+p.Seconds || i == len(got)-1) {
				r := rows[0]
				due++
				if headline(false).has(fateOf(r)) {
					d.Record(min(histogram.Nanoseconds(r.Lag)+histogram.Nanoseconds(r.Service), histogram.Highest))
				}
				if r.Error > results.Unsent && r.Error != results.Shed {
					errors[r.Error.String()]++
				}
				if r.Rule > 0 {
					violations[a.labels.Rules[r.Rule]]++
				}
				if r.Error != results.Unsent {
					most = max(most, histogram.Seconds(histogram.Nanoseconds(r.Lag)))
				}
				rows = rows[1:]
			}
			if !maps.Equal(errors, p.ErrorsByKind) || !maps.Equal(violations, p.ViolationsByRule) {
				t.Fatalf("point %d: %v and %v, want %v and %v", i, p.ErrorsByKind, p.ViolationsByRule, errors, violations)
			}
			if p.Lag.Max != nil && *p.Lag.Max != most {
				t.Fatalf("point %d: lag of %v, want %v", i, *p.Lag.Max, most)
			}
			q := d.Percentiles(50, 90, 95, 99)
			want, have := [5]float64{}, [5]float64{}
			for j, v := range []*float64{q[0], q[1], q[2], q[3], d.Max()} {
				if v != nil {
					want[j] = *v
				}
			}
			for j, v := range []*float64{p.Latency.P50, p.Latency.P90, p.Latency.P95, p.Latency.P99, p.Latency.Max} {
				if v != nil {
					have[j] = *v
				}
			}
			if p.Due != due || want != have {
				t.Fatalf("point %d: %d calls with %v, want %d with %v", i, p.Due, have, due, want)
			}
		}
	})
}

// checkTraffic works out, row by row, what left and ended in each point and for how long calls were in flight in it.
func checkTraffic(t *rapid.T, points []Point, rows []results.Row) {
	for i, p := range points {
		from, to := p.StartSeconds, p.StartSeconds+p.Seconds
		in := func(moment float64) bool { return moment >= from && (moment < to || i == len(points)-1) }
		var left, ended, answered uint64
		var busy float64
		for _, r := range rows {
			if !r.Sent() {
				continue
			}
			start := (r.Due + time.Duration(histogram.Nanoseconds(r.Lag))).Seconds()
			end := (r.Due + time.Duration(histogram.Nanoseconds(r.Lag)+histogram.Nanoseconds(r.Service))).Seconds()
			busy += max(0, min(end, to)-max(start, from))
			if in(start) {
				left++
			}
			if in(end) {
				ended++
				if r.Completed() {
					answered++
				}
			}
		}
		if p.Left != left || p.Ended != ended || p.Answered != answered || math.Abs(p.InFlight*p.Seconds-busy) > 1e-3 {
			t.Fatalf("point %d: %d left, %d ended, %d answered, %v in flight; want %d, %d, %d, %v", i, p.Left, p.Ended, p.Answered,
				p.InFlight, left, ended, answered, busy/p.Seconds)
		}
	}
}

// TestTimelineIsBounded: a week and an absurd due time take no more slots than ten minutes.
func TestTimelineIsBounded(t *testing.T) {
	a := New(long(7*24*3600), nil, Tolerance)
	for i := range 7 * 24 * 60 {
		if err := a.Add(at(time.Duration(i)*time.Minute, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.timeline.slots); n > slots || n < slots/4 {
		t.Errorf("%d slots for a week", n)
	}
	for _, due := range []time.Duration{1<<63 - 1, -1 << 63} {
		r := at(due, 3e38)
		r.Lag = 3e38
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.timeline.slots); n > slots {
		t.Errorf("%d slots", n)
	}
	if p := a.Timeline(10); len(p) > 10 {
		t.Errorf("%d points", len(p))
	}
}

func TestRecent(t *testing.T) {
	a := New(long(60), nil, Tolerance)
	for i := range 20 { // 5 calls end in each second from 1 on
		for range 5 {
			if err := a.Add(at(time.Duration(i)*time.Second, 1.25)); err != nil {
				t.Fatal(err)
			}
		}
	}
	late := at(0, 2) // ended before the ring began
	if err := a.Add(late); err != nil {
		t.Fatal(err)
	}
	second := Counts{Due: 5, Sent: 5, Completed: 5, OK: 5, Accepted: 5}
	for _, c := range []struct {
		name string
		now  time.Duration
		n    int
		want Recent
	}{
		{"last second", 20500 * time.Millisecond, 1, Recent{1, second, ptr(1.25), nil}},
		{"on the second", 20 * time.Second, 1, Recent{1, second, ptr(1.25), nil}},
		{"two", 20500 * time.Millisecond, 2, Recent{2, Counts{Due: 10, Sent: 10, Completed: 10, OK: 10, Accepted: 10}, ptr(1.25), nil}},
		{"at most seven", 20500 * time.Millisecond, 100, Recent{7, Counts{Due: 35, Sent: 35, Completed: 35, OK: 35, Accepted: 35}, ptr(1.25), nil}},
		{"nothing since", time.Minute, 3, Recent{Seconds: 3}},
		{"nothing passed", 900 * time.Millisecond, 3, Recent{}},
		{"absurd", -5, -5, Recent{}},
	} {
		equal(t, c.name, a.Recent(c.now, c.n), c.want)
	}
	if got := a.Running(); got != (Counts{Due: 101, Sent: 101, Completed: 101, OK: 101, Accepted: 101}) {
		t.Errorf("running %+v", got)
	}

	refused := at(0, 0.5)
	refused.Class = invalid
	a = aggregate(t, long(60), nil, repeat(5, refused)...)
	equal(t, "invalid calls are counted and not timed", a.Recent(time.Second, 1), Recent{1, second, nil, nil})
}
