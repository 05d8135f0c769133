package metrics

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

// What a known deviation waives is counted apart: all else is as if the answers had kept the rule.
func TestWaived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := labels()
		l.Waived = []bool{false, true, false}
		var rows, kept []results.Row
		waived := uint64(0)
		for n := range rapid.IntRange(1, 40).Draw(t, "calls") {
			r := ok(steady, rapid.SampledFrom([]uint16{full, lite, invalid}).Draw(t, "class"), 0.01)
			r.N, r.Rule = uint32(n), rapid.Uint8Range(0, 2).Draw(t, "rule")
			if r.Rule > 0 {
				r.Error = rapid.SampledFrom([]results.Kind{results.Contract, results.Accepted, results.Status5xx}).Draw(t, "kind")
			}
			rows = append(rows, r)
			if r.Rule == 1 {
				waived++
				if r.Rule = 0; r.Error != results.Status5xx {
					r.Error = results.None
				}
			}
			kept = append(kept, r)
		}
		a, b := New(l, nil, Tolerance), New(labels(), nil, Tolerance)
		for _, expr := range []string{"count(violations) == 0", "count(violations){rule=schema} == 0", "rate(violations) < 1%", "rate(errors) < 1%", "rate(goodput) > 1/s", "rate(ok) > 50%"} {
			threshold, err := ParseThreshold(expr)
			if err != nil {
				t.Fatal(err)
			}
			a.Watch(threshold)
			b.Watch(threshold)
		}
		v, w := NewStretches(l), NewStretches(labels())
		for i := range rows {
			if a.Add(rows[i]) != nil || b.Add(kept[i]) != nil || v.Add(rows[i]) != nil || w.Add(kept[i]) != nil {
				t.Fatal("a row is refused")
			}
		}
		x, y := a.Total(20), b.Total(20)
		if x.Waived["schema"] != waived || len(x.Waived) > 1 || y.Waived != nil {
			t.Fatalf("%d are waived, and %v counted", waived, x.Waived)
		}
		if x.Waived = nil; !reflect.DeepEqual(x, y) {
			t.Fatalf("%+v\nand as if it had been kept\n%+v", x, y)
		}
		if !reflect.DeepEqual(a.Tally(), b.Tally()) || !reflect.DeepEqual(a.Timeline(100), b.Timeline(100)) {
			t.Fatal("the tally or the timeline counts what is waived")
		}
		for _, s := range Standing() {
			if p, q := s.Evaluate(a, 20), s.Evaluate(b, 20); !reflect.DeepEqual(p, q) {
				t.Fatalf("%+v, and as if it had been kept %+v", p, q)
			}
		}
		threshold, _ := ParseThreshold("count(violations){rule=schema} == 0")
		if o := threshold.Evaluate(a, 20); !o.OK {
			t.Fatalf("what is waived is counted by name: %+v", o)
		}
		if !reflect.DeepEqual(each(t, v), each(t, w)) {
			t.Fatal("the stretches count what is waived")
		}
	})
}

func each(t *rapid.T, v *Stretches) (all []Counts) {
	if err := v.Each(func(s Stretch) error {
		if len(s.Violations) > 0 && s.Violations["schema"] > 0 {
			t.Fatal("what is waived is a violation of a stretch")
		}
		all = append(all, s.Counts)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}
