package telemetry

import (
	"cmp"
	"io"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// WriteComparison writes what the declared figures of a comparison came to in Prometheus' text format, for a collector
// of text files. What is not known has no series: a change is only there with both ends of its interval, and the
// verdict only where there is one.
func WriteComparison(w io.Writer, r compare.Report) error {
	known := constants(results.Manifest{Release: r.New.Release})
	known["scenario"], known["target"], known["base"] = cmp.Or(r.New.Scenario, r.Base.Scenario), r.New.Target, cmp.Or(r.Base.Release, r.Base.Name)
	for name, value := range known {
		known[name] = harmless(value)
	}
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "andon_comparison_" + name, Help: help, ConstLabels: known}, labels)
		registry.MustRegister(v)
		return v
	}
	of := []string{"kind", "name", "figure"}
	figure := gauge("figure", "A declared figure of each side: times in seconds, shares from 0 to 1, rates in calls a second.", append(of, "unit", "side")...)
	change := gauge("change_ratio", "The change of a declared figure and the ends of its interval: relative for times and rates, a difference for shares.", append(of, "bound")...)
	visible := gauge("visible_ratio", "The smallest change to the worse that would be called a regression four times in five.", of...)
	figures := gauge("figures", "The declared figures, by what they came to.", "verdict")
	for _, verdict := range []string{compare.Regression, compare.Improvement, compare.Same, compare.Unknown, compare.Drift} {
		figures.WithLabelValues(verdict).Set(float64(r.Count(verdict)))
	}
	for _, row := range r.Declared() {
		labels := []string{harmless(row.Kind), harmless(row.Name), harmless(row.Figure)}
		for _, side := range []struct {
			name  string
			value *float64
		}{{"base", row.Base}, {"new", row.New}} {
			if side.value != nil {
				figure.WithLabelValues(append(labels, harmless(row.Unit), side.name)...).Set(*side.value)
			}
		}
		if row.Low != nil && row.High != nil && row.Change != nil {
			for bound, v := range map[string]float64{"low": *row.Low, "best": *row.Change, "high": *row.High} {
				change.WithLabelValues(append(labels, bound)...).Set(v)
			}
		}
		if row.Visible != nil {
			visible.WithLabelValues(labels...).Set(*row.Visible)
		}
	}
	runs := gauge("runs", "The runs of each side.", "side")
	runs.WithLabelValues("base").Set(float64(len(r.Base.Runs)))
	runs.WithLabelValues("new").Set(float64(len(r.New.Runs)))
	if passed, decided := map[string]float64{summary.Pass: 1, summary.Fail: 0}[r.Verdict.Status]; decided {
		gauge("passed", "Whether nothing became worse: 1 or 0. Where that cannot be told, it is not there.").WithLabelValues().Set(passed)
	}
	return expose(w, registry)
}
