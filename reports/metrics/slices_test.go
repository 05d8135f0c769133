package metrics_test

import (
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
)

// TestSlices holds the slices of each group together against what the aggregator has of it.
func TestSlices(t *testing.T) {
	m := reportstest.Manifest()
	a, v := metrics.Of(m), metrics.NewStretches(m.Labels)
	for _, row := range reportstest.Rows(m, reportstest.Trouble) {
		if err := a.Add(row); err != nil {
			t.Fatal(err)
		}
		if err := v.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	for _, by := range []metrics.Grouping{metrics.Ungrouped, metrics.ByTier, metrics.ByContent, metrics.ByClass, metrics.ByPhase} {
		figures, latencies, slices := a.By(by, 55), a.Latencies(by), v.Slices(by)
		if len(figures) != len(slices) || len(figures) == 0 {
			t.Errorf("by %q: %d groups, expected %d", by, len(slices), len(figures))
		}
		for name, f := range figures {
			var sent, errors, violations, times uint64
			last := -1.0
			for _, s := range slices[name] {
				if s.StartSeconds <= last {
					t.Errorf("%s %s: a slice at %v after one at %v", by, name, s.StartSeconds, last)
				}
				last = s.StartSeconds
				sent, errors, violations = sent+s.Sent, errors+s.Errors, violations+s.Violations
				for _, h := range s.Latency {
					times += h.Samples()
				}
			}
			if sent != f.Sent || errors != f.Failed() || violations != f.Violated() || times != latencies[name].Samples() {
				t.Errorf("%s %s: %d sent, %d errors, %d violations, %d times; expected %d, %d, %d, %d", by, name,
					sent, errors, violations, times, f.Sent, f.Failed(), f.Violated(), latencies[name].Samples())
			}
		}
	}
	total := a.Total(55)
	if one := a.By(metrics.Ungrouped, 55)[""]; one.Sent != total.Sent || *one.Latency.P99 != *total.Latency.P99 || one.Rate != total.Rate && one.Rate.Goodput != total.Rate.Goodput {
		t.Errorf("ungrouped: %+v, expected %+v", one.Rate, total.Rate)
	}
}
