package metrics

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// watching is an aggregator that watches thresholds.
func watching(l results.Labels, thresholds ...Threshold) *Aggregator {
	a := New(l, nil, Tolerance)
	for _, t := range thresholds {
		a.Watch(t)
	}
	return a
}

// slidingRows are calls over 21 seconds, some of which fail, are slow, or were held up by the generator, more of them
// in one stretch than in the others.
func slidingRows(t *rapid.T) (rows []results.Row) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	worse := rapid.IntRange(0, 20).Draw(t, "worse from")
	for i := range rapid.SampledFrom([]int{0, 5, 100, 900, 2500}).Draw(t, "calls") {
		due := time.Duration(random.Int64N(21e9))
		bad := int(due/time.Second) >= worse && int(due/time.Second) < worse+4
		r := results.Row{
			N: uint32(i), Due: due, Phase: steady, Status: 200, Class: uint16(random.IntN(3)), Service: float32(random.ExpFloat64() / 20),
			Lag: float32(random.ExpFloat64() / 1000),
		}
		switch {
		case due < time.Second:
			r.Phase = warmup
		case due >= 11*time.Second:
			r.Phase = peak
		}
		if bad {
			r.Service += float32(random.ExpFloat64() / 3)
		}
		switch x := random.IntN(100); {
		case r.Class == invalid:
			r.Status = 400
		case x < 5 && bad, x < 1:
			r.Error, r.Status = results.Status5xx, 500
		case x < 7 && bad:
			r.Error, r.Rule = results.Contract, uint8(1+random.IntN(2))
		case x < 8:
			r.Error, r.Status, r.Service = results.TimeoutWaiting, 0, 1
		case x < 9:
			r.Error, r.Status, r.Service, r.Lag = results.Dropped, 0, 0, 1
		case x < 15 && bad:
			r.Stall = 0.05
			r.Service += 0.05
		}
		rows = append(rows, r)
	}
	return rows
}

// bruteForce is a threshold, and what a row adds to it.
type bruteForce struct {
	expr string
	from int // the first second in which there is something
	// times says which time of a row counts, how long it was and what it was without the generator's part; share what it
	// adds to what is counted.
	times func(r results.Row) (measured, less int64, counts bool)
	share func(r results.Row) (n, of uint64)
}

func steadyOrPeak(r results.Row) bool { return r.Phase != warmup }

func latencyOf(in func(results.Row) bool) func(r results.Row) (measured, less int64, counts bool) {
	return func(r results.Row) (int64, int64, bool) {
		v := min(histogram.Nanoseconds(r.Lag)+histogram.Nanoseconds(r.Service), histogram.Highest)
		own := histogram.Nanoseconds(r.OwnLag) + histogram.Nanoseconds(r.Stall)
		stands := r.Error == results.None || r.Error == results.Contract || r.Error == results.TimeoutWaiting || r.Error == results.Dropped
		less := v
		if own > int64(Tolerance) {
			less = max(v-own, 0)
		}
		return v, less, in(r) && stands
	}
}

func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func bruteForces() []bruteForce {
	valid := func(r results.Row) bool { return steadyOrPeak(r) && r.Class != invalid }
	sent := func(r results.Row) bool { return r.Error != results.Dropped }
	failed := func(r results.Row) bool { return r.Error != results.None && sent(r) }
	return []bruteForce{
		{"p50(latency, 3s) < 60ms", 1, latencyOf(valid), nil},
		{"p90(latency, 3s) < 200ms", 1, latencyOf(valid), nil},
		{"p99(latency, 5s) <= 1s", 1, latencyOf(valid), nil},
		{"p80(latency, 1s){tier=Lite} < 300ms", 1, latencyOf(func(r results.Row) bool { return valid(r) && r.Class == lite }), nil},
		{"max(latency, 2s){phase=peak} < 1s", 11, latencyOf(func(r results.Row) bool { return valid(r) && r.Phase == peak }), nil},
		{"min(latency, 2s) > 1ms", 1, latencyOf(valid), nil},
		{"mean(latency, 4s) < 80ms", 1, latencyOf(valid), nil},
		{"rate(errors, 2s) < 5%", 1, nil, func(r results.Row) (uint64, uint64) {
			return one(steadyOrPeak(r) && failed(r)), one(steadyOrPeak(r) && sent(r))
		}},
		{"rate(sent, 10s){phase=steady} >= 99%", 1, nil, func(r results.Row) (uint64, uint64) {
			return one(r.Phase == steady && sent(r)), one(r.Phase == steady)
		}},
		{"count(violations, 3s){rule=schema} == 0", 1, nil, func(r results.Row) (uint64, uint64) {
			return one(steadyOrPeak(r) && r.Rule == 1), one(steadyOrPeak(r) && sent(r))
		}},
		{"count(errors, 3s){error=http-5xx,tier=Full} <= 2", 1, nil, func(r results.Row) (uint64, uint64) {
			in := steadyOrPeak(r) && r.Class == full
			return one(in && r.Error == results.Status5xx), one(in && sent(r))
		}},
		{"count(ok, 20s) > 0", 1, nil, func(r results.Row) (uint64, uint64) {
			return one(steadyOrPeak(r) && r.Error == results.None), one(steadyOrPeak(r) && sent(r))
		}},
	}
}

// judged is the worst of the windows, looked at one by one with all rows at hand.
func (b bruteForce) judged(threshold Threshold, rows []results.Row) (worst found, w Windows) {
	until := 21
	if strings.Contains(b.expr, "phase=steady") {
		until = 11
	}
	n := int(threshold.window / time.Second)
	first := true
	measured, less := histogram.NewScratch(), histogram.NewScratch()
	for from := b.from; from+n <= until; from++ {
		measured.Reset()
		less.Reset()
		var all, without []int64
		var k within
		for _, r := range rows {
			if r.Due < time.Duration(from)*time.Second || r.Due >= time.Duration(from+n)*time.Second {
				continue
			}
			if b.share != nil {
				x, of := b.share(r)
				k.n, k.below = k.n+of, k.below+x
				continue
			}
			if v, x, counts := b.times(r); counts {
				measured.Record(v)
				less.Record(x)
				all, without = append(all, v), append(without, x)
			}
		}
		var one found
		if b.share != nil {
			if one.samples = k.n; k.n > 0 {
				v := float64(k.below)
				if threshold.unit() == Ratio {
					v /= float64(k.n)
				}
				one.value, one.least = &v, cmp.Compare(v, threshold.limit)
				one.most = one.least
			}
		} else if one.samples = uint64(len(all)); threshold.supports(one.samples) {
			one.value, one.most = exactly(threshold, measured, all)
			one.less, one.least = exactly(threshold, less, without)
			if *one.less == *one.value {
				one.less = nil
			}
		}
		if one.value == nil {
			w.Short++
			continue
		}
		w.Judged++
		if _, some := one.holds(threshold.op); !some {
			w.Broken++
		}
		if first || threshold.worse(one, worst) {
			worst, first = one, false
			w.FromSeconds, w.UntilSeconds = float64(from), float64(from+n)
		}
	}
	w.Seconds, w.Step = float64(n), 1
	return worst, w
}

// exactly is a figure as it is told, and how the exact one compares with the limit.
func exactly(threshold Threshold, d *histogram.Scratch, all []int64) (*float64, int) {
	v := threshold.read(d)
	if threshold.percentile == 0 {
		return v, cmp.Compare(*v, threshold.limit)
	}
	slices.Sort(all)
	exact := histogram.Seconds(all[histogram.Rank(threshold.percentile, uint64(len(all)))-1])
	// A bucket that reaches beyond the limit is no reason to say more than is true.
	c := cmp.Compare(exact, threshold.limit)
	switch {
	case c < 0:
		*v = min(*v, histogram.Seconds(newWatch("", ofLatency, threshold.limit).below))
	case c == 0:
		*v = exact
	}
	return v, c
}

// What is said of windows is what brute force finds in the rows: which are judged, how many do not hold, which is the
// worst, and its figure. Merged of two halves and read back from what was kept, it is the same.
func TestWindowsAreTheRows(t *testing.T) {
	var all []Threshold
	for _, b := range bruteForces() {
		all = append(all, parse(t, b.expr))
	}
	broken := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		rows := slidingRows(t)
		whole, halves := watching(labels(), all...), [2]*Aggregator{watching(labels(), all...), watching(labels(), all...)}
		for _, r := range rows {
			if whole.Add(r) != nil || halves[r.N%2].Add(r) != nil {
				t.Fatal("a row is refused")
			}
		}
		var conditions []Condition
		for _, c := range all {
			conditions = append(conditions, Condition{Threshold: c})
		}
		m := results.Manifest{Labels: labels(), Thresholds: Written(conditions)}
		kept, _, err := Read(m, bytes.NewReader(written(t, whole, NewStretches(labels()))))
		if err != nil {
			t.Fatal(err)
		}
		halves[0].Merge(halves[1])
		for i, b := range bruteForces() {
			want, windows := b.judged(all[i], rows)
			for how, a := range map[string]*Aggregator{"added": whole, "merged": halves[0], "kept": kept} {
				o := all[i].Evaluate(a, 21)
				if o.Windows == nil {
					t.Fatalf("%s, %s: %+v", how, b.expr, o)
				}
				if windows.Judged == 0 {
					if o.OK || o.Value != nil || o.Reason == "" || o.Windows.Short != windows.Short {
						t.Fatalf("%s, %s: without a window it is %+v, %+v", how, b.expr, o, o.Windows)
					}
					continue
				}
				holds, some := want.holds(all[i].op)
				if o.OK != holds || o.Spoiled != (some && !holds) || o.Windows.Judged != windows.Judged || o.Windows.Short != windows.Short || o.Windows.Broken != windows.Broken {
					t.Fatalf("%s, %s: found %+v with %+v; want %+v with %+v", how, b.expr, o, o.Windows, want, windows)
				}
				if *o.Windows != windows || o.Samples != want.samples || want.value != nil && math.Abs(*o.Value-*want.value) > 1e-12 {
					t.Fatalf("%s, %s: the worst is %+v, %v; want %+v, %v", how, b.expr, o.Windows, *o.Value, windows, *want.value)
				}
				if windows.Broken > 0 {
					broken[b.expr]++
				}
			}
		}
	})
	for _, b := range bruteForces()[:11] {
		if broken[b.expr] == 0 {
			t.Errorf("%s never broke", b.expr)
		}
	}
}

// A run of a day is kept by half a minute: its windows are as long as that, and no breach is diluted by more.
func TestWindowsOfLongRuns(t *testing.T) {
	l := labels()
	l.Phases = []results.Phase{{Name: "day", Steady: true, Seconds: 86400}}
	late := parse(t, "p90(latency, 10s) < 100ms")
	whole := parse(t, "p90(latency) < 100ms")
	a := watching(l, late, whole)
	for i := range 86400 * 2 {
		r := results.Row{Due: time.Duration(i) * time.Second / 2, Service: 0.01, Status: 200}
		if i >= 170_000 && i < 170_100 {
			r.Service = 0.4
		}
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if o := whole.Evaluate(a, 86400); !o.OK {
		t.Errorf("over the whole day it is %+v", o)
	}
	o := late.Evaluate(a, 86400)
	if o.OK || *o.Value < 0.39 || *o.Windows != (Windows{Seconds: 32, Step: 32, Judged: 2700, Broken: 2, FromSeconds: 84992, UntilSeconds: 85024}) {
		t.Errorf("%+v, %v with %+v", o, *o.Value, o.Windows)
	}
	if want := "p90(latency, 10s) is 400 ms over 64 calls, not < 100ms, between 23:36:32 and 23:37:04, 2 of 2700 windows of 32s did not hold"; o.Reason != want {
		t.Errorf("%q, want %q", o.Reason, want)
	}
	if n := len(a.pace.beats); n > longest {
		t.Errorf("%d seconds are kept", n)
	}
}

func TestNoWindows(t *testing.T) {
	row := func(n int) []results.Row { return repeat(n, ok(steady, lite, 0.1)) }
	for _, c := range []struct {
		expr    string
		rows    []results.Row
		elapsed float64
		want    string
	}{
		{"p99(latency, 30s) < 1s", row(400), 21, "no window of 30s fits into the 20 s that can be judged"},
		{"p99(latency, 5s) < 1s", row(400), 4, "no window of 5s fits into the 3 s that can be judged"},
		{"p99(latency, 5s) < 1s", row(100), 21, "p99 needs 299 samples, which none of the 16 windows of 5s has"},
		{"p99(latency, 5s) < 1s", nil, 21, "no samples: no call was accepted or timed out, in a measured phase"},
		{"count(errors, 5s) == 0", nil, 21, "no samples: no call was sent, in a measured phase"},
		{"count(errors, 5s){phase=peak} == 0", row(100), 21, "no samples: no call was sent, of those that count(errors, 5s){phase=peak} selects"},
	} {
		threshold := parse(t, c.expr)
		a := watching(labels(), threshold)
		for _, r := range c.rows {
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		if o := threshold.Evaluate(a, c.elapsed); o.OK || o.Value != nil || !strings.Contains(o.Reason, c.want) {
			t.Errorf("%s: %+v, want %q", c.expr, o, c.want)
		}
	}
	threshold := parse(t, "p99(latency, 30s) < 1s")
	if o := threshold.Evaluate(New(labels(), nil, Tolerance), 21); o.OK || !strings.Contains(o.Reason, "has no windows") {
		t.Errorf("where nothing is watched: %+v", o)
	}
}

// A run is ended by a window that is broken whatever the calls bring that are under way, and by no other.
func TestBrokenWindow(t *testing.T) {
	rows := func(seconds, each int, change func(second, i int, r *results.Row)) (rows []results.Row) {
		for s := range seconds {
			for i := range each {
				r := results.Row{Due: time.Duration(1+s)*time.Second + time.Duration(i)*time.Second/time.Duration(each), Phase: steady, Status: 200, Service: 0.01}
				change(s, i, &r)
				rows = append(rows, r)
			}
		}
		return rows
	}
	slow := func(s, i int, r *results.Row) {
		if s == 3 && i < 20 {
			r.Service = 1
		}
	}
	failing := func(s, i int, r *results.Row) {
		if s == 3 && i < 20 {
			r.Error, r.Status = results.Status5xx, 500
		}
	}
	held := func(s, i int, r *results.Row) {
		if s == 3 && i < 20 {
			r.Service, r.Stall = 1, 0.995
		}
	}
	for _, c := range []struct {
		why, expr  string
		change     func(second, i int, r *results.Row)
		after, now time.Duration
		open       uint64
		want       time.Duration // when the window ended; 0 for none
	}{
		{"a fifth of a second's calls", "p95(latency, 2s) < 100ms", slow, 0, 9 * time.Second, 0, 5 * time.Second},
		{"which is less than a tenth of four", "p90(latency, 4s) < 100ms", slow, 0, 9 * time.Second, 0, 0},
		{"the window is not over", "p95(latency, 2s) < 100ms", slow, 0, 4900 * time.Millisecond, 0, 0},
		{"it was over before", "p95(latency, 2s) < 100ms", slow, 6 * time.Second, 9 * time.Second, 0, 0},
		{"the next was not", "p95(latency, 2s) < 100ms", slow, 5 * time.Second, 9 * time.Second, 0, 6 * time.Second},
		{"calls under way may make up for it", "p95(latency, 2s) < 100ms", slow, 0, 9 * time.Second, 200, 0},
		{"so many cannot", "p95(latency, 2s) < 100ms", slow, 0, 9 * time.Second, 199, 5 * time.Second},
		{"one too slow", "max(latency, 1s) < 1s", slow, 0, 9 * time.Second, 1000, 5 * time.Second},
		{"too slow on average", "mean(latency, 1s) < 200ms", slow, 0, 9 * time.Second, 0, 5 * time.Second},
		{"which a call can change", "mean(latency, 1s) < 200ms", slow, 0, 9 * time.Second, 1, 0},
		{"errors", "rate(errors, 2s) <= 9%", failing, 0, 9 * time.Second, 0, 5 * time.Second},
		{"as a share of more", "rate(errors, 2s) <= 9%", failing, 0, 9 * time.Second, 30, 0},
		{"a count does not become less", "count(errors, 2s) < 20", failing, 0, 9 * time.Second, 1000, 5 * time.Second},
		{"but may become more", "count(ok, 1s) > 90", failing, 0, 9 * time.Second, 11, 0},
		{"or cannot", "count(ok, 1s) > 90", failing, 0, 9 * time.Second, 10, 5 * time.Second},
		{"or what is asked for", "count(ok, 1s) == 100", failing, 0, 9 * time.Second, 20, 0},
		{"what the generator did", "p95(latency, 2s) < 100ms", held, 0, 9 * time.Second, 0, 0},
		{"answers in time", "rate(goodput, 1s) >= 90/s", failing, 0, 9 * time.Second, 1000, 5 * time.Second},
	} {
		threshold := parse(t, c.expr)
		a := watching(labels(), threshold)
		for _, r := range rows(8, 100, c.change) {
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		got := threshold.BrokenWindow(a, c.after, c.now, func(from, until time.Duration, seen uint64) uint64 {
			if until-from == threshold.window && seen != uint64(100*threshold.window/time.Second) {
				t.Errorf("%s: %d calls are seen from %v to %v", c.why, seen, from, until)
			}
			return c.open
		})
		want := ""
		if c.want > 0 {
			want = between((c.want - threshold.window).Seconds(), c.want.Seconds())
		}
		if got != want {
			t.Errorf("%s: %s broke %q, want %q", c.why, c.expr, got, want)
		}
	}
}

// A condition sees every call that was counted so far, while the run goes on.
func TestWindowsSeeTheLastCall(t *testing.T) {
	m := results.Manifest{Labels: labels(), Thresholds: []results.Threshold{{Expr: "count(errors, 2s) == 0"}}}
	a := Of(m)
	for n, r := range []results.Row{ok(steady, lite, 0.1), failed(steady, lite, results.Status5xx, 500), failed(steady, lite, results.Status5xx, 500)} {
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
		if o := parse(t, "count(errors, 2s) == 0").Evaluate(a, 20); o.Value == nil || *o.Value != float64(n) {
			t.Errorf("after %d calls: %+v", n+1, o)
		}
	}
}
