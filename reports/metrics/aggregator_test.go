package metrics

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// labels are a warm-up of 1 s and two phases of 10 s, and three classes, the last of invalid calls.
func labels() results.Labels {
	return results.Labels{
		Classes: []results.Class{
			{Name: "text.Full", Tier: "Full", Content: "text"},
			{Name: "text+file.Lite", Tier: "Lite", Content: "text+file"},
			{Name: "invalid", Tier: "invalid", Content: "invalid", Invalid: true},
		},
		Phases: []results.Phase{
			{Name: "warm-up", Warmup: true, Seconds: 1},
			{Name: "steady", StartSeconds: 1, Seconds: 10},
			{Name: "peak", StartSeconds: 11, Seconds: 10},
		},
		Rules: []string{"", "schema", "repeated-executionId"},
	}
}

const (
	full, lite, invalid  = 0, 1, 2
	warmup, steady, peak = 0, 1, 2
)

func aggregate(t testing.TB, labels results.Labels, planned [][]uint64, rows ...results.Row) *Aggregator {
	t.Helper()
	a := New(labels, planned, Tolerance)
	for _, r := range rows {
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// ok is a row of a success that took seconds.
func ok(phase uint8, class uint16, seconds float32) results.Row {
	return results.Row{Phase: phase, Class: class, Service: seconds, Status: 200, BytesIn: 100, BytesOut: 10,
		Due: time.Duration(phase) * 10 * time.Second}
}

func repeat(n int, r results.Row) []results.Row {
	rows := make([]results.Row, n)
	for i := range rows {
		rows[i] = r
	}
	return rows
}

func failed(phase uint8, class uint16, kind results.Kind, status uint16) results.Row {
	r := ok(phase, class, 0.25)
	r.Error, r.Status = kind, status
	return r
}

func ptr[T any](v T) *T { return &v }

// TestFigures compares figures with those worked out by hand.
func TestFigures(t *testing.T) {
	late := ok(steady, full, 0.5)
	late.Lag = 0.25
	broken := failed(peak, lite, results.Contract, 200)
	broken.Rule = 2
	refused := failed(steady, invalid, results.None, 400)
	refused.Service = 0.0078125
	a := aggregate(t, labels(), [][]uint64{{5, 5, 0}, {6, 3, 1}, {4, 6, 0}},
		ok(warmup, full, 9), ok(warmup, lite, 9),
		late, ok(steady, full, 0.5), ok(steady, full, 1), ok(steady, full, 1), ok(steady, full, 1),
		refused,
		failed(steady, invalid, results.Accepted, 200),
		broken, ok(peak, lite, 0.125),
		failed(peak, lite, results.Reset, 0),          // no latency: it says nothing about how long an answer takes
		failed(peak, lite, results.TimeoutWaiting, 0), // a latency of at least that much
		failed(peak, lite, results.Canceled, 0),
		results.Row{Phase: peak, Class: lite, Error: results.Dropped, Lag: 2},
		results.Row{Phase: peak, Class: lite, Error: results.Unsent},
		failed(peak, full, results.Status5xx, 1),
	)
	// 0.5 s and 1 s lie in buckets 2^19 and 2^20 ns wide; the upper edge of the one with 1 s is above the maximum.
	half := 0.500170751
	total := Figures{
		Planned: ptr(uint64(20)), Sent: 13, Dropped: 1, Unsent: 1, Completed: 10, OK: 7,
		Rate: Rate{Planned: ptr(1.0), Achieved: 13.0 / 15, Answered: 10 / 19.25, Goodput: 7 / 19.25, Accepted: 8 / 19.25},
		// 0.75 0.5 1 1 1, 0.25 0.125, 0.25 (timed out), 2 (dropped); not the 0.25 of a 5xx
		Latency: Times{Min: ptr(0.125), Mean: ptr(6.875 / 9), P50: ptr(0.750256127), Max: ptr(2.0)},
		// 0.5 0.5 1 1 1, 0.25 0.125, 0.25
		Service: Times{Min: ptr(0.125), Mean: ptr(4.625 / 8), P50: ptr(half), Max: ptr(1.0)},
		Outcomes: map[string]Came{
			"accepted": {8, Times{Min: ptr(0.125), Mean: ptr(4.625 / 7), P50: ptr(0.750256127), Max: ptr(1.0)}},
			"failed":   {3, Times{Min: ptr(0.25), Mean: ptr(0.25), Max: ptr(0.25)}}, // of which one has a time, and one had to be given up
			"refused":  {Count: 1},                                                  // deliberately invalid
		},
		Status: map[string]uint64{"200": 8, "400": 1, "other": 1},
		Errors: map[string]uint64{"accepted-invalid": 1, "contract": 1, "reset": 1, "timeout-waiting": 1, "canceled": 1,
			"http-5xx": 1},
		Violations: map[string]uint64{"repeated-executionId": 1},
		Bytes:      Bytes{In: 1300, Out: 130},
	}
	equal(t, "total", a.Total(16), total)
	if got := total.Failed(); got != 5 {
		t.Errorf("Failed() = %d, want 5: all errors but the canceled", got)
	}
	if got := total.Violated(); got != 1 {
		t.Errorf("Violated() = %d, want 1", got)
	}
	equal(t, "class text.Full", a.By(ByClass, 21)["text.Full"], Figures{
		Planned: ptr(uint64(10)), Sent: 6, Completed: 6, OK: 5, Rate: Rate{Planned: ptr(0.5), Achieved: 0.3, Answered: 0.3, Goodput: 0.25, Accepted: 0.25},
		Latency: Times{Min: ptr(0.5), Mean: ptr(4.25 / 5), P50: ptr(1.0), Max: ptr(1.0)},
		Service: Times{Min: ptr(0.5), Mean: ptr(4.0 / 5), P50: ptr(1.0), Max: ptr(1.0)},
		Outcomes: map[string]Came{
			"accepted": {5, Times{Min: ptr(0.5), Mean: ptr(4.25 / 5), P50: ptr(1.0), Max: ptr(1.0)}},
			"failed":   {1, Times{Min: ptr(0.25), Mean: ptr(0.25), Max: ptr(0.25)}},
		},
		Status: map[string]uint64{"200": 5, "other": 1},
		Errors: map[string]uint64{"http-5xx": 1}, Violations: map[string]uint64{},
		Bytes: Bytes{In: 600, Out: 60},
	})
	for _, by := range []Grouping{ByTier, ByContent, ByClass} {
		equal(t, "invalid calls", a.By(by, 21)["invalid"], Figures{
			Planned: ptr(uint64(1)), Sent: 2, Completed: 2, OK: 1, Rate: Rate{Planned: ptr(0.05), Achieved: 0.1, Answered: 0.1, Goodput: 0.05, Accepted: 0.05},
			Latency: Times{Min: ptr(0.0078125), Mean: ptr(0.2578125 / 2), Max: ptr(0.25)},
			Service: Times{Min: ptr(0.0078125), Mean: ptr(0.2578125 / 2), Max: ptr(0.25)},
			Outcomes: map[string]Came{
				"accepted": {1, Times{Min: ptr(0.25), Mean: ptr(0.25), Max: ptr(0.25)}},
				"refused":  {1, Times{Min: ptr(0.0078125), Mean: ptr(0.0078125), Max: ptr(0.0078125)}},
			},
			Status: map[string]uint64{"200": 1, "400": 1},
			Errors: map[string]uint64{"accepted-invalid": 1}, Violations: map[string]uint64{},
			Bytes: Bytes{In: 200, Out: 20},
		})
	}
	phases := a.By(ByPhase, 0.5)
	if len(phases) != 3 || phases["warm-up"].Sent != 2 || *phases["warm-up"].Latency.Max != 9 {
		t.Errorf("warm-up is not shown among the phases: %+v", phases["warm-up"])
	}
	if got := phases["warm-up"].Rate.Achieved; got != 4 {
		t.Errorf("2 calls in half a second are %v/s", got)
	}
	if got := phases["peak"].Rate.Achieved; got != 0 {
		t.Errorf("a phase that did not begin has a rate of %v", got)
	}
	if got := *phases["steady"].Latency.Min; got != 0.5 {
		t.Errorf("the times of invalid calls are in those of their phase: min %v", got)
	}
}

// equal compares by JSON, which also holds the names of the fields.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func TestEmptyFigures(t *testing.T) {
	got, err := json.Marshal(New(labels(), nil, Tolerance).Total(0))
	if err != nil {
		t.Fatal(err)
	}
	none := `{"min":null,"mean":null,"p50":null,"p90":null,"p95":null,"p99":null,"p999":null,"max":null}`
	want := `{"planned":null,"sent":0,"dropped":0,"unsent":0,"completed":0,"ok":0,"rate":{"planned":null,"achieved":0,"answered":0,"goodput":0,"accepted":0},` +
		`"latency":` + none + `,"service":` + none + `,"status":{},"errors":{},"violations":{},"bytes":{"in":0,"out":0}}`
	if string(got) != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

func TestPlanned(t *testing.T) {
	closed := labels()
	closed.Phases[peak].Closed = true
	for _, c := range []struct {
		name    string
		labels  results.Labels
		planned [][]uint64
		want    *uint64
	}{
		{"open", labels(), [][]uint64{{9, 9, 9}, {1, 2, 3}, {4, 5, 6}}, ptr(uint64(21))},
		{"closed", labels(), nil, nil},
		{"partly closed", closed, [][]uint64{{9, 9, 9}, {1, 2, 3}, {0, 0, 0}}, nil},
		{"too few phases", labels(), [][]uint64{{9, 9, 9}, {1, 2, 3}}, nil},
		{"too few classes", labels(), [][]uint64{{9, 9, 9}, {1, 2, 3}, {4, 5}}, nil},
	} {
		if got := New(c.labels, c.planned, Tolerance).Total(21).Planned; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestElapsed(t *testing.T) {
	last := ok(steady, full, 5)
	last.Due, last.Lag = 4*time.Second, 0.5
	a := aggregate(t, labels(), nil, last, ok(warmup, full, 1))
	for _, c := range []struct {
		end  results.End
		want float64
	}{
		{results.End{Reason: results.Finished, Seconds: 25}, 21},    // the phases' end
		{results.End{Reason: results.Interrupted, Seconds: 9}, 4.5}, // not the wait for the last response
		{results.End{Reason: results.Cut}, 4.5},
	} {
		if got := a.Elapsed(c.end); got != c.want {
			t.Errorf("%+v: %v, want %v", c.end, got, c.want)
		}
	}
}

// TestForeignRow: a row that does not fit the labels is refused and counts nowhere.
func TestForeignRow(t *testing.T) {
	for _, r := range []results.Row{{Class: 3}, {Phase: 3}, {Rule: 3}, {Error: 255}} {
		a := New(labels(), nil, Tolerance)
		err := a.Add(r)
		if err == nil || !strings.Contains(err.Error(), "another run") {
			t.Errorf("%+v: error %v", r, err)
		}
		if a.Running() != (Counts{}) || a.Timeline(10) != nil {
			t.Errorf("%+v is counted", r)
		}
	}
	if err := New(results.Labels{}, nil, Tolerance).Add(results.Row{}); err == nil {
		t.Error("a row without labels is accepted")
	}
}

// anyRow draws rows of labels(), whose numbers are at times absurd.
func anyRow() *rapid.Generator[results.Row] {
	seconds := rapid.OneOf(rapid.Float32Range(0, 2), rapid.Float32())
	return rapid.Custom(func(t *rapid.T) results.Row {
		return results.Row{
			Due: rapid.OneOf(
				rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64Range(0, 21e9).Draw(t, "ns")) }),
				rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64().Draw(t, "ns")) }),
			).Draw(t, "due"),
			Lag: seconds.Draw(t, "lag"), OwnLag: seconds.Draw(t, "own"), Service: seconds.Draw(t, "service"),
			Status: rapid.Uint16().Draw(t, "status"),
			Class:  rapid.Uint16Range(0, 2).Draw(t, "class"), Phase: rapid.Uint8Range(0, 2).Draw(t, "phase"),
			Error: results.Kind(rapid.Uint8Range(0, uint8(results.Accepted)).Draw(t, "error")),
			Rule:  rapid.Uint8Range(0, 2).Draw(t, "rule"),
		}
	})
}

// TestAnyRows: whatever the rows, the order does not matter, groups add up, percentiles rise, nothing panics.
func TestAnyRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyRow(), 0, 40).Draw(t, "rows")
		a, b := New(labels(), nil, Tolerance), New(labels(), nil, Tolerance)
		for _, r := range rows {
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range rapid.Permutation(rows).Draw(t, "shuffled") {
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		total := a.Total(21)
		for what, both := range map[string][2]any{
			"total":    {total, b.Total(21)},
			"groups":   {a.By(ByClass, 21), b.By(ByClass, 21)},
			"timeline": {a.Timeline(7), b.Timeline(7)},
			"validity": {a.Validity(5, Generator{}), b.Validity(5, Generator{})},
		} {
			x, err := json.Marshal(both[0])
			if err != nil {
				t.Fatal(err)
			}
			if y, _ := json.Marshal(both[1]); string(x) != string(y) {
				t.Fatalf("%s depends on the order of rows:\n%s\n%s", what, x, y)
			}
		}
		for _, by := range []Grouping{ByTier, ByContent, ByClass, ByPhase} {
			var sent, ok, errors, violations uint64
			for name, f := range a.By(by, 21) {
				if name != "warm-up" {
					sent, ok, errors, violations = sent+f.Sent, ok+f.OK, errors+f.Failed(), violations+f.Violated()
				}
			}
			if sent != total.Sent || ok != total.OK || errors != total.Failed() || violations != total.Violated() {
				t.Fatalf("by %s: the groups do not add up to the total", by)
			}
		}
		rising(t, total.Latency)
		rising(t, total.Service)
		var points Counts
		for _, p := range a.Timeline(3) {
			points.merge(&p.Counts)
		}
		if points != a.Running() || points.Due != uint64(len(rows)) {
			t.Fatalf("the timeline counts %+v, the run %+v", points, a.Running())
		}
		a.Recent(time.Duration(rapid.Int64().Draw(t, "now")), rapid.Int().Draw(t, "n"))
	})
}

func rising(t *rapid.T, times Times) {
	last := math.Inf(-1)
	for _, v := range []*float64{times.Min, times.P50, times.P90, times.P95, times.P99, times.P999, times.Max} {
		if v == nil {
			continue
		}
		if *v < last {
			t.Fatalf("percentiles fall: %+v", times)
		}
		last = *v
	}
}

// TestLatencyIsTheRows: the latency that we add up is the row's own.
func TestLatencyIsTheRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := results.Row{Lag: rapid.Float32Range(0, 100).Draw(t, "lag"), Service: rapid.Float32Range(0, 100).Draw(t, "service")}
		if got := histogram.Nanoseconds(r.Lag) + histogram.Nanoseconds(r.Service); got != int64(r.Latency()) {
			t.Fatalf("%d ns, the row says %d", got, r.Latency())
		}
	})
}

// TestPercentiles: a group's percentiles are those of one library histogram with all its rows.
func TestPercentiles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	a, want := New(labels(), nil, Tolerance), hdrhistogram.New(histogram.Lowest, histogram.Highest, histogram.Digits)
	for range 5000 {
		r := ok(uint8(1+random.IntN(2)), uint16(random.IntN(2)), float32(0.1*math.Exp(0.5*random.NormFloat64())))
		r.Lag = float32(random.Float64() / 1000)
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
		if err := want.RecordValue(int64(r.Latency())); err != nil {
			t.Fatal(err)
		}
	}
	got := a.Total(21).Latency
	for _, p := range got.Percentiles() {
		if *p.Value != float64(want.ValueAtPercentile(p.P))/1e9 || p.Name != fmt.Sprintf("p%v", p.P) {
			t.Errorf("%s = %v, want %v", p.Name, *p.Value, want.ValueAtPercentile(p.P))
		}
	}
}

// Distributions are of the same calls as figures.
func TestDistributions(t *testing.T) {
	a := aggregate(t, labels(), nil, ok(steady, full, 0.5), ok(steady, lite, 1), ok(warmup, lite, 1), ok(peak, invalid, 0.001))
	by := a.Latencies(ByTier)
	if len(by) != 3 || by["Full"].Samples() != 1 || *by["Lite"].Max() != 1 || by["Lite"].Samples() != 1 || by["invalid"].Samples() != 1 {
		t.Errorf("by tier: %v", by)
	}
	lag, own := a.Lags()
	if lag.Samples() != 4-1 || own.Samples() != 3 {
		t.Errorf("lags of %d and %d calls", lag.Samples(), own.Samples())
	}
}

// wide are the labels of a large run: 20 classes, 7 phases of 10 s.
func wide() results.Labels {
	var l results.Labels
	for i := range 20 {
		l.Classes = append(l.Classes, results.Class{Name: fmt.Sprint("class ", i), Tier: fmt.Sprint("tier ", i%3),
			Content: fmt.Sprint("content ", i/3)})
	}
	for i := range 7 {
		l.Phases = append(l.Phases, results.Phase{Name: fmt.Sprint("phase ", i), StartSeconds: float64(i * 10), Seconds: 10})
	}
	l.Rules = []string{""}
	return l
}

// wideRows are n rows spread evenly over the run, in the order of their ends, as a sink sees them.
func wideRows(n int) []results.Row {
	random := rand.New(rand.NewPCG(3, 4))
	rows := make([]results.Row, n)
	for i := range rows {
		due := 70 * time.Second * time.Duration(i) / time.Duration(n)
		rows[i] = results.Row{N: uint32(i), Due: due, Phase: uint8(due / (10 * time.Second)), Class: uint16(random.IntN(20)),
			Lag: float32(random.ExpFloat64() / 5000), OwnLag: float32(random.ExpFloat64() / 5000), Status: 200,
			Service: float32(0.2 * math.Exp(0.4*random.NormFloat64())), BytesIn: 300, BytesOut: 500}
	}
	slices.SortFunc(rows, func(a, b results.Row) int { return cmp.Compare(a.Due+a.Latency(), b.Due+b.Latency()) })
	return rows
}

// TestAddDoesNotAllocate: once the pages are there, a row costs no allocation.
func TestAddDoesNotAllocate(t *testing.T) {
	rows := wideRows(20_000)
	a := aggregate(t, wide(), nil, rows...)
	// Rows of the last second only: rows that jump about in the run would pack and unpack its seconds.
	last := rows[len(rows)-200:]
	for range 3 {
		for _, r := range last {
			_ = a.Add(r)
		}
	}
	if n := testing.AllocsPerRun(10, func() {
		for _, r := range last {
			_ = a.Add(r)
		}
	}); n > 0 {
		t.Errorf("%v allocations for %d rows", n, len(last))
	}
}

// TestMemoryIsBounded: ten times the calls take less than half as much memory again, and 400,000 of them, in 20
// classes and 7 phases, take less than 5 MB. It is the heap that is measured, so that nothing can be forgotten.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("400,000 rows")
	}
	aggregated := func(add func(func(results.Row) error)) any {
		a := New(wide(), nil, Tolerance)
		add(a.Add)
		return a
	}
	few, many := heap(t, 1, aggregated), heap(t, 10, aggregated)
	if many > 5e6 || many > few*3/2 {
		t.Errorf("%d bytes for 40,000 rows, %d for 400,000", few, many)
	}
}

// heap is the memory that is kept of so many times 40,000 rows, each time with other times.
func heap(t testing.TB, times int, keep func(add func(func(results.Row) error)) any) (bytes uint64) {
	rows := wideRows(40_000)
	random := rand.New(rand.NewPCG(5, 6))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := keep(func(add func(results.Row) error) {
		for range times {
			for _, r := range rows {
				r.Service *= float32(0.8 + 0.4*random.Float64())
				r.Lag *= float32(random.Float64() + 0.5)
				if err := add(r); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(rows)
	runtime.KeepAlive(kept)
	return after.HeapAlloc - before.HeapAlloc
}

func BenchmarkAdd(b *testing.B) {
	rows := wideRows(1 << 17)
	a := New(wide(), nil, Tolerance)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := a.Add(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAddWatched has the thresholds of every run, and two more.
func BenchmarkAddWatched(b *testing.B) {
	rows := wideRows(1 << 17)
	a := Of(results.Manifest{Labels: wide(), Thresholds: []results.Threshold{{Expr: "p99(latency) < 1s"}, {Expr: "p99(latency, 10s) < 1s"}}})
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := a.Add(rows[i%len(rows)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	a := aggregate(b, wide(), nil, wideRows(300_000)...)
	for _, expr := range []string{"p99(latency) < 800ms", "rate(errors){tier=\"tier 1\"} < 0.1%"} {
		threshold, err := ParseThreshold(expr)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(expr[:4], func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				threshold.Evaluate(a, 21)
			}
		})
	}
}

func BenchmarkDifference(b *testing.B) {
	a := aggregate(b, wide(), nil, wideRows(300_000)...)
	by := a.Latencies(ByTier)
	x, y := by["tier 0"], by["tier 1"]
	for b.Loop() {
		histogram.Difference(x, y, 99)
	}
}
