package metrics

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

func TestSlowest(t *testing.T) {
	numbered := func(n uint32, r results.Row) results.Row { r.N = n; return r }
	waited := func(seconds float32, kind results.Kind) results.Row {
		r := ok(steady, full, seconds)
		r.Error = kind
		return r
	}
	a := aggregate(t, labels(), nil,
		numbered(1, ok(warmup, full, 50)), numbered(2, ok(steady, full, 0.5)), numbered(3, ok(peak, full, 2)),
		numbered(4, waited(3, results.TimeoutWaiting)), numbered(5, waited(60, results.Reset)), numbered(6, waited(99, results.Dropped)),
		numbered(7, ok(steady, full, 0.25)), numbered(8, ok(steady, lite, 1)))
	got := a.Slowest()
	for i := range got {
		got[i].Status = 0
	}
	equal(t, "slowest", got, []SlowCall{
		{Class: "text.Full", N: 4, LatencySeconds: 3, Error: "timeout-waiting"},
		{Class: "text.Full", N: 3, LatencySeconds: 2},
		{Class: "text.Full", N: 2, LatencySeconds: 0.5},
		{Class: "text+file.Lite", N: 8, LatencySeconds: 1},
	})
	if got := New(labels(), nil, Tolerance).Slowest(); got == nil || len(got) != 0 {
		t.Errorf("of no rows: %v", got)
	}
}

// The slowest are those that sorting all rows gives, in whatever order the rows come.
func TestSlowestIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "calls")
		values := rapid.Uint32Range(1, 6).Draw(t, "values") // few, so that many are equally slow
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var rows []results.Row
		for i := range n {
			r := ok(steady, uint16(random.IntN(2)), float32(random.Uint32N(values)+1)/4)
			r.N = uint32(i)
			rows = append(rows, r)
		}
		random.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		a := New(labels(), nil, Tolerance)
		for _, r := range rows {
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(rows, func(a, b results.Row) int {
			return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(b.Latency(), a.Latency()), cmp.Compare(a.N, b.N))
		})
		got, of := a.Slowest(), [2]int{}
		for _, r := range rows {
			if of[r.Class]++; of[r.Class] > slowestPerClass {
				continue
			}
			if len(got) == 0 || got[0].N != r.N || got[0].LatencySeconds != r.Latency().Seconds() {
				t.Fatalf("call %d of class %d is missing: %+v", r.N, r.Class, got)
			}
			got = got[1:]
		}
		if len(got) > 0 {
			t.Fatalf("too many: %+v", got)
		}
	})
}

func TestTally(t *testing.T) {
	broken := failed(steady, lite, results.Contract, 200)
	broken.Rule = 1
	a := aggregate(t, labels(), nil, ok(warmup, full, 1), broken, failed(peak, full, results.Reset, 0), dropped(1, 0))
	equal(t, "tally", a.Tally(), Tally{
		Status: map[string]uint64{"200": 2}, Errors: map[string]uint64{"contract": 1, "reset": 1}, Violations: map[string]uint64{"schema": 1},
	})
}

func BenchmarkSlowest(b *testing.B) {
	a := New(labels(), nil, Tolerance)
	rows := make([]results.Row, 4096)
	for i := range rows {
		rows[i] = ok(steady, uint16(i%2), float32(rand.ExpFloat64()))
		rows[i].N = uint32(i)
	}
	for i := 0; b.Loop(); i++ {
		r := &rows[i%len(rows)]
		a.slowest.add(r, histogram.Nanoseconds(r.Service))
	}
}
