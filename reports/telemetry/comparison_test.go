package telemetry

import (
	"bytes"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/reportstest"
)

// Prometheus reads what is written, and what is not known has no series.
func TestWriteComparison(t *testing.T) {
	for _, c := range []struct {
		r      compare.Report
		name   string
		labels []string
		want   float64
		none   bool
	}{
		{reportstest.Comparison(), "figure", []string{"name=Full", "figure=p99", "side=new", "unit=seconds"}, 0.126, false},
		{reportstest.Comparison(), "figure", []string{"name=default", "side=base"}, 0, true},
		{reportstest.Comparison(), "change_ratio", []string{"name=Full", "figure=p99", "bound=low"}, 0.12, false},
		{reportstest.Comparison(), "change_ratio", []string{"kind=all", "figure=errors", "bound=best"}, 0.0004, false},
		{reportstest.Comparison(), "change_ratio", []string{"name=default"}, 0, true},
		{reportstest.Comparison(), "visible_ratio", []string{"name=Lite", "figure=p99"}, 0.31, false},
		{reportstest.Comparison(), "figures", []string{"verdict=unknown"}, 2, false},
		{reportstest.Comparison(), "figures", []string{"verdict=drift"}, 0, false},
		{reportstest.Comparison(), "runs", []string{"side=base", "base=2026.10"}, 5, false},
		{reportstest.Comparison(), "passed", nil, 0, false},
		{reportstest.ComparisonForced(), "passed", nil, 1, false},
		{reportstest.ComparisonOfOne(), "passed", nil, 0, true},
	} {
		c.r.New.Target = reportstest.Hostile
		var b bytes.Buffer
		if err := WriteComparison(&b, c.r); err != nil {
			t.Fatal(err)
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(&b)
		if err != nil {
			t.Fatal(err)
		}
		if got, there := value(families["andon_comparison_"+c.name], c.labels...); got != c.want || there == c.none {
			t.Errorf("%s %v: %v, %t", c.name, c.labels, got, there)
		}
	}
}
