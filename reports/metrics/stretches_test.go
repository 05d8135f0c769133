package metrics

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

func same(a, b *float64) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

func stretchesOf(t testing.TB, l results.Labels, rows ...results.Row) *Stretches {
	t.Helper()
	v := NewStretches(l)
	for _, r := range rows {
		if err := v.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// Whatever the rows: the stretches of each class and second count what an aggregator of these rows alone counts, the
// order of the rows does not matter, and all of them together are the run.
func TestStretchesAreTheRows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(anyRow(), 0, 60).Draw(rt, "rows")
		for i := range rows {
			rows[i].Due = min(max(rows[i].Due, 0), 2*time.Second) // so that many fall into one cell
		}
		v := NewStretches(labels())
		for _, r := range rapid.Permutation(rows).Draw(rt, "shuffled") {
			if err := v.Add(r); err != nil {
				rt.Fatal(err)
			}
			if rapid.IntRange(0, 9).Draw(rt, "settle") == 9 {
				v.settle() // as it does by itself after many rows
			}
		}
		statuses, _, _ := v.Names()
		var all Counts
		err := v.Each(func(i Stretch) error {
			a := New(labels(), nil, Tolerance)
			for _, r := range rows {
				if float64(r.Due/time.Second) == i.StartSeconds && labels().Phases[r.Phase].Name == i.Phase.Name && labels().Classes[r.Class].Name == i.Class.Name {
					r.Phase = steady // a warm-up is in no class's figures
					if err := a.Add(r); err != nil {
						rt.Fatal(err)
					}
				}
			}
			f := a.By(ByClass, 21)[i.Class.Name]
			if i.Seconds != 1 || i.Counts != a.Running() || i.Due == 0 || fmt.Sprint(i.Errors, i.Violations) != fmt.Sprint(f.Errors, f.Violations) ||
				len(f.Status) <= maxStatuses && len(statuses) <= maxStatuses && fmt.Sprint(i.Status) != fmt.Sprint(f.Status) {
				rt.Fatalf("%v: %+v, want %+v, %+v", i.StartSeconds, i, a.Running(), f)
			}
			for k, pair := range [][2]*float64{{i.P50, f.Latency.P50}, {i.P90, f.Latency.P90}, {i.P99, f.Latency.P99}, {i.Max, f.Latency.Max}} {
				if !same(pair[0], pair[1]) {
					rt.Fatalf("%v: time %d is %v, want %v", i.StartSeconds, k, value(pair[0]), value(pair[1]))
				}
			}
			all.merge(&i.Counts)
			return nil
		})
		if want := aggregate(t, labels(), nil, rows...).Running(); err != nil || all != want {
			rt.Fatalf("together %+v, want %+v (%v)", all, want, err)
		}
	})
}

// Read by HdrHistogram's own decoder and added up, the stretches of a tier are its percentile curve, to the last count.
func TestEachTierIsTheCurve(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(anyRow(), 0, 20).Draw(rt, "rows")
		for i := range rows {
			rows[i].Due = min(max(rows[i].Due, 0), 2*time.Second) // the library takes its time for each histogram
		}
		if rapid.Bool().Draw(rt, "many") {
			rows = append(rows, repeat(rapid.IntRange(1, 5000).Draw(rt, "times"), ok(steady, lite, 0.25))...)
		}
		a, v := aggregate(t, labels(), nil, rows...), stretchesOf(t, labels(), rows...)
		sums := map[string]*hdrhistogram.Histogram{}
		last := -1.0
		err := v.EachTier(func(i TierStretch) error {
			h, err := hdrhistogram.Decode(i.Histogram)
			if err != nil {
				return err
			}
			if h.Max() < int64(i.Max*1e9*0.999) || i.StartSeconds < last || h.TotalCount() == 0 {
				rt.Fatalf("%+v has at most %d", i, h.Max())
			}
			last = i.StartSeconds
			if sums[i.Tier] == nil {
				sums[i.Tier] = hdrhistogram.New(histogram.Lowest, histogram.Highest, histogram.Digits)
			}
			sums[i.Tier].Merge(h)
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		for _, tier := range []string{"", "Full", "Lite", "invalid"} {
			d := a.Curve(tier, false)
			h := sums[tier]
			if (h == nil) != (d.Samples == 0) {
				rt.Fatalf("tier %q: %d samples, and a histogram %v", tier, d.Samples, h)
			}
			if h == nil {
				continue
			}
			if h.TotalCount() != int64(d.Samples) || h.StdDev()/1e9 != d.Deviation {
				rt.Fatalf("tier %q: %d samples, want %d", tier, h.TotalCount(), d.Samples)
			}
			end := d.Steps[len(d.Steps)-1]
			if end != (histogram.Step{Value: *d.Max, Quantile: 1, Samples: d.Samples}) {
				rt.Fatalf("tier %q ends with %+v, the longest is %v", tier, end, *d.Max)
			}
			bars := slices.DeleteFunc(h.Distribution(), func(b hdrhistogram.Bar) bool { return b.Count == 0 })
			for k, s := range d.Steps {
				var below uint64
				for _, b := range bars {
					if b.From <= int64(s.Value*1e9+0.5) {
						below += uint64(b.Count)
					}
				}
				if s.Samples != below || float64(s.Samples) < s.Quantile*float64(d.Samples)-1e-6 || k > 0 && (s.Value < d.Steps[k-1].Value || s.Quantile <= d.Steps[k-1].Quantile) ||
					s.Quantile > 0 && s.Quantile < 1 && d.Samples < histogram.Needed(s.Quantile*100) {
					rt.Fatalf("tier %q, step %d of %d samples: %+v, of which %d are below", tier, k, d.Samples, s, below)
				}
			}
		}
	})
	if d := New(labels(), nil, Tolerance).Curve("", false); d.Samples != 0 || d.Mean != nil || d.Max != nil || d.Steps != nil {
		t.Errorf("of nothing: %+v", d)
	}
}

// A run of more than an hour is kept by two seconds, and nothing is lost.
func TestStretchesFold(t *testing.T) {
	v := NewStretches(labels())
	var want Counts
	for second := range 2*maxStretches + 10 {
		r := at(time.Duration(second)*time.Second, 0.1+float32(second%100)/1000)
		r.Phase, r.Status, r.Error, r.Rule = steady, 200+uint16(second%3), results.Kind(second%2)*results.Contract, uint8(second%3)
		want.Due++
		if err := v.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	var due, statuses, rules, timed uint64
	next := 0.0
	err := v.Each(func(i Stretch) error {
		if i.Seconds != 4 || i.StartSeconds != next || i.Max == nil {
			t.Fatalf("%+v, want one from %v on", i, next)
		}
		next += 4
		due += i.Due
		for _, n := range i.Status {
			statuses += n
		}
		for _, n := range i.Violations {
			rules += n
		}
		return nil
	})
	if err := v.EachTier(func(i TierStretch) error {
		h, err := hdrhistogram.Decode(i.Histogram)
		if i.Tier == "" {
			timed += uint64(h.TotalCount())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err != nil || due != want.Due || statuses != want.Due || rules != want.Due/3*2 || timed != want.Due {
		t.Errorf("%d calls, %d statuses, %d rules, %d times of %d (%v)", due, statuses, rules, timed, want.Due, err)
	}
	if s, e, r := v.Names(); fmt.Sprint(s, e, r) != "[200 201 202] [contract] [schema repeated-executionId]" {
		t.Errorf("the names are %v %v %v", s, e, r)
	}
	failure := errors.New("full")
	if v.Each(func(Stretch) error { return failure }) != failure || v.EachTier(func(TierStretch) error { return failure }) != failure {
		t.Error("an error is lost")
	}
}

// A provider that makes up statuses is told by the first of them; the rest are counted as other.
func TestManyStatuses(t *testing.T) {
	v := NewStretches(labels())
	for status := uint16(0); status < 1100; status++ {
		r := ok(steady, full, 0.1)
		r.Status = status
		if err := v.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	names, _, _ := v.Names()
	if len(names) != maxStatuses+1 || names[0] != "100" || names[maxStatuses] != "other" {
		t.Errorf("told apart: %v", names)
	}
	_ = v.Each(func(i Stretch) error {
		if i.Status["other"] != 1099-maxStatuses || i.Status["100"] != 1 {
			t.Errorf("%v", i.Status)
		}
		return nil
	})
	if err := v.Add(results.Row{Class: 3}); err == nil {
		t.Error("a row of another run is accepted")
	}
}

// Ten times the calls do not take twice the memory.
func TestStretchesAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("400,000 rows")
	}
	settled := func(add func(func(results.Row) error)) any {
		v := NewStretches(wide())
		add(v.Add)
		v.settle()
		return v
	}
	few, many := heap(t, 3, settled), heap(t, 10, settled)
	if many > 8e6 || many > few*2 {
		t.Errorf("%d bytes for 120,000 rows, %d for 400,000", few, many)
	}
}

func BenchmarkStretches(b *testing.B) {
	rows := wideRows(1 << 17)
	v := NewStretches(wide())
	b.ResetTimer()
	for i := range b.N {
		_ = v.Add(rows[i%len(rows)])
	}
}
