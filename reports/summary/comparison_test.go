package summary_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// of summarizes a run whose classes have these tiers; the fifth class is deliberately invalid.
func of(t *testing.T, change func(*results.Row), tiers ...string) summary.Summary {
	t.Helper()
	m := reportstest.Manifest()
	for i, tier := range tiers {
		m.Labels.Classes[i].Tier = tier
	}
	return summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, change))
}

// Groups are held against the first that stands for itself, and each difference has its interval where the samples tell
// one.
func TestComparison(t *testing.T) {
	s := of(t, reportstest.Trouble, "Full", "Lite", "Full", "Lite")
	c := s.Comparison.Tier
	if c == nil || c.Reference != "Full" || len(c.Groups) != 1 {
		t.Fatalf("%+v", c)
	}
	d := c.Groups["Lite"]
	full, lite := s.Groups.Tier["Full"], s.Groups.Tier["Lite"]
	p50 := d.Times["p50"]
	if p50.Value != *lite.Latency.P50-*full.Latency.P50 || p50.Low == nil || !(*p50.Low < p50.Value && p50.Value < *p50.High) || !p50.Apart() {
		t.Errorf("%+v", p50)
	}
	if most := d.Times["max"]; most.Value != *lite.Latency.Max-*full.Latency.Max || most.Low != nil || most.Apart() {
		t.Errorf("max %+v", most)
	}
	share := float64(lite.Failed())/float64(lite.Sent) - float64(full.Failed())/float64(full.Sent)
	i := metrics.RatioDifference(full.Failed(), full.Sent, lite.Failed(), lite.Sent)
	if d.Errors == nil || d.Errors.Value != share || *d.Errors.Low != i.Low || *d.Errors.High != i.High || d.Errors.Apart() {
		t.Errorf("errors %+v, want %v in %v", d.Errors, share, i)
	}
	if d.Violations == nil || d.Dropped == nil {
		t.Errorf("%+v", d)
	}
	if c := s.Comparison.Content; c.Reference != "text" || len(c.Groups) != 1 || c.Groups["text+file"].Times["p99"].Low == nil {
		t.Errorf("%+v", c)
	}
	again, _ := json.Marshal(of(t, reportstest.Trouble, "Full", "Lite", "Full", "Lite").Comparison)
	if once, _ := json.Marshal(s.Comparison); string(once) != string(again) {
		t.Error("made again, it differs")
	}
}

func TestComparisonGroups(t *testing.T) {
	none := func(r *results.Row) {
		if r.Class == 0 || r.Class == 2 {
			r.Error, r.Status = results.Unsent, 0
		}
	}
	for _, c := range []struct {
		why, reference, others string
		tiers                  []string
		change                 func(*results.Row)
	}{
		{"the first tier", "Full", "Lite", []string{"Full", "Lite", "Full", "Lite"}, nil},
		{"no tier named is nothing to hold others against", "Lite", "default", []string{"default", "Lite", "default", "Lite"}, nil},
		{"nor is one without calls", "Lite", "Full", []string{"Full", "Lite", "Full", "Lite"}, none},
		{"one tier alone", "", "", []string{"Full", "Full", "Full", "Full"}, nil},
		{"none is named", "", "", []string{"default", "default", "default", "default"}, nil},
	} {
		s := of(t, c.change, c.tiers...)
		tier := s.Comparison.Tier
		if tier == nil {
			if c.reference != "" {
				t.Errorf("%s: there is no comparison", c.why)
			}
			continue
		}
		var others []string
		for name := range tier.Groups {
			others = append(others, name)
		}
		if tier.Reference != c.reference || strings.Join(others, ",") != c.others {
			t.Errorf("%s: %v against %s; want %s against %s", c.why, others, tier.Reference, c.others, c.reference)
		}
	}
}

// A summary alone tells shares with their intervals, and times without.
func TestCompareWithoutRows(t *testing.T) {
	s := of(t, reportstest.Trouble, "Full", "Lite", "Full", "Lite")
	whole := *s.Comparison.Tier
	s.Comparison = nil
	s.Compare(nil)
	d := s.Comparison.Tier.Groups["Lite"]
	if *d.Errors.Low != *whole.Groups["Lite"].Errors.Low || d.Times["p50"].Value != whole.Groups["Lite"].Times["p50"].Value || d.Times["p50"].Low != nil {
		t.Errorf("%+v, with rows %+v", d, whole.Groups["Lite"])
	}
}
