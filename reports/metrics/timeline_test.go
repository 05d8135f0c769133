package metrics

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"pgregory.net/rapid"
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
	refused := at(2*time.Second, 9) // in the counts, and not in the times
	refused.Class = invalid
	rows := append(repeat(5, at(0, 0.5)), at(1500*time.Millisecond, 7), dropped, unsent, refused)
	a := aggregate(t, long(2.75), nil, rows...)
	half := PointLatency{P50: ptr(0.5), Max: ptr(0.5)} // the bucket's edge is above the maximum
	equal(t, "by second", a.Timeline(300), []Point{
		{0, 1, Counts{Due: 5, Sent: 5, Completed: 5, OK: 5}, half},
		{1, 1, Counts{Due: 1, Sent: 1, Completed: 1, OK: 1}, PointLatency{Max: ptr(7.0)}},
		{2, 0.75, Counts{Due: 3, Sent: 1, Completed: 1, OK: 1, Dropped: 1}, PointLatency{Max: ptr(4.0)}},
	})
	two := a.Timeline(2)
	equal(t, "in two", two, []Point{
		{0, 2, Counts{Due: 6, Sent: 6, Completed: 6, OK: 6}, PointLatency{P50: ptr(0.500170751), Max: ptr(7.0)}},
		{2, 0.75, Counts{Due: 3, Sent: 1, Completed: 1, OK: 1, Dropped: 1}, PointLatency{Max: ptr(4.0)}},
	})
	equal(t, "asked again", a.Timeline(2), two)
	if a.Timeline(0) != nil || a.Timeline(-1) != nil || New(labels(), nil).Timeline(5) != nil {
		t.Error("a timeline without points, or without rows, is not empty")
	}
}

// TestTimelineMerges: the timeline of a run that outgrew its slots is that of one histogram for each point, in whatever
// order rows came.
func TestTimelineMerges(t *testing.T) {
	d := newDense()
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.IntRange(1, 3000).Draw(t, "seconds")
		points := rapid.IntRange(1, 8).Draw(t, "points")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a := New(long(float64(seconds)), nil)
		var rows []results.Row
		for range 1000 {
			r := at(time.Duration(random.Int64N(int64(seconds)*int64(time.Second))), float32(random.ExpFloat64()))
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
		for i, p := range got {
			d.reset()
			var s sparse
			for len(rows) > 0 && (rows[0].Due.Seconds() < p.StartSeconds+p.Seconds || i == len(got)-1) {
				s.record(int64(rows[0].Latency()))
				rows = rows[1:]
			}
			s.addTo(d)
			q := d.percentiles(50, 95, 99)
			want, have := [4]float64{}, [4]float64{}
			for j, v := range []*float64{q[0], q[1], q[2], d.maximum()} {
				if v != nil {
					want[j] = *v
				}
			}
			for j, v := range []*float64{p.Latency.P50, p.Latency.P95, p.Latency.P99, p.Latency.Max} {
				if v != nil {
					have[j] = *v
				}
			}
			if p.Due != s.n || want != have {
				t.Fatalf("point %d: %d hits with %v, want %d with %v", i, p.Due, have, s.n, want)
			}
		}
	})
}

// TestTimelineIsBounded: a week and an absurd due time take no more slots than ten minutes.
func TestTimelineIsBounded(t *testing.T) {
	a := New(long(7*24*3600), nil)
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
	a := New(long(60), nil)
	for i := range 20 { // 5 hits end in each second from 1 on
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
	second := Counts{Due: 5, Sent: 5, Completed: 5, OK: 5}
	for _, c := range []struct {
		name string
		now  time.Duration
		n    int
		want Recent
	}{
		{"last second", 20500 * time.Millisecond, 1, Recent{1, second, ptr(1.25), nil}},
		{"on the second", 20 * time.Second, 1, Recent{1, second, ptr(1.25), nil}},
		{"two", 20500 * time.Millisecond, 2, Recent{2, Counts{Due: 10, Sent: 10, Completed: 10, OK: 10}, ptr(1.25), nil}},
		{"at most seven", 20500 * time.Millisecond, 100, Recent{7, Counts{Due: 35, Sent: 35, Completed: 35, OK: 35}, ptr(1.25), nil}},
		{"nothing since", time.Minute, 3, Recent{Seconds: 3}},
		{"nothing passed", 900 * time.Millisecond, 3, Recent{}},
		{"absurd", -5, -5, Recent{}},
	} {
		equal(t, c.name, a.Recent(c.now, c.n), c.want)
	}
	if got := a.Running(); got != (Counts{Due: 101, Sent: 101, Completed: 101, OK: 101}) {
		t.Errorf("running %+v", got)
	}

	refused := at(0, 0.5)
	refused.Class = invalid
	a = aggregate(t, long(60), nil, repeat(5, refused)...)
	equal(t, "invalid calls are counted and not timed", a.Recent(time.Second, 1), Recent{1, second, nil, nil})
}
