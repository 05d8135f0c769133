package telemetry

import (
	"bytes"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

// written is a search as Prometheus reads it.
func written(t *testing.T, r sizing.Report) map[string]*dto.MetricFamily {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCapacity(&b, r); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(&b)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// value is the series with these values of labels; false where there is none.
func value(f *dto.MetricFamily, labels ...string) (float64, bool) {
	for _, m := range f.GetMetric() {
		found := 0
		for _, l := range m.GetLabel() {
			for _, want := range labels {
				if l.GetName()+"="+l.GetValue() == want {
					found++
				}
			}
		}
		if found == len(labels) {
			return m.GetGauge().GetValue(), true
		}
	}
	return 0, false
}

// Prometheus reads what is written, whatever the target and the labels are called.
func TestWriteCapacity(t *testing.T) {
	r := reportstest.Sizing()
	r.Run.Target = reportstest.Hostile
	families := written(t, r)
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"rate", []string{"bound=low", "of=acceptance"}, 71}, {"rate", []string{"bound=best", "of=acceptance"}, 73.1}, {"rate", []string{"bound=high", "of=acceptance"}, 75.2},
		{"rate", []string{"bound=best", "of=completion", "scenario=mixed", "label_commit=3ac1"}, 20.1}, {"need_met", nil, 1}, {"need_rate", nil, 69},
		{"onset_rate", []string{"bound=high", "what=shed"}, 95}, {"mix_rate", []string{"bound=low", "value=Full", "share=1"}, 50.8},
		{"headroom_ratio", []string{"of=acceptance"}, 0.183}, {"in_flight", []string{"of=acceptance"}, 11.4}, {"goodput", []string{"of=completion"}, 20}, {"confidence_ratio", []string{"of=completion"}, 0.95},
		{"replicas_needed", nil, 32}, {"trials", []string{"outcome=void"}, 1}, {"calls", nil, 504_310}, {"found", nil, 1}, {"timestamp_seconds", nil, 1795683600.123 + 9312},
	} {
		f := families["andon_capacity_"+c.name]
		if got, there := value(f, c.labels...); !there || got != c.want || f.GetHelp() == "" || f.GetType() != dto.MetricType_GAUGE {
			t.Errorf("%s%v: %v (%t), want %v", c.name, c.labels, got, there, c.want)
		}
	}
}

// What is not known is not there: no estimate without an interval, and no answer that was not given.
func TestWriteCapacityWithoutAnAnswer(t *testing.T) {
	r := reportstest.Sizing()
	low := 50.0
	r.Acceptance = &sizing.Capacity{Kind: sizing.AtLeast, Rate: 91, Low: &low, Confidence: 0.95, InFlight: 4, Goodput: 90}
	r.Completion, r.Need.Answer, r.Verdict = &sizing.Capacity{Kind: sizing.Unknown, Rate: 3}, sizing.Undecided, summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}
	families := written(t, r)
	for _, m := range families["andon_capacity_rate"].GetMetric() {
		if m.GetGauge().GetValue() != low {
			t.Errorf("there is %v", m)
		}
	}
	for _, name := range []string{"need_met", "in_flight", "goodput", "confidence_ratio"} {
		if f := families["andon_capacity_"+name]; f != nil {
			t.Errorf("%s is there: %v", name, f)
		}
	}
	if got, there := value(families["andon_capacity_found"]); got != 0 || !there {
		t.Errorf("found: %v, %t", got, there)
	}
	var b strings.Builder
	if err := WriteCapacity(&b, sizing.Report{}); err != nil || !strings.Contains(b.String(), "andon_capacity_trials{") {
		t.Errorf("of nothing: %v\n%s", err, b.String())
	}
}
