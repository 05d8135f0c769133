package scenarios

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
)

// What a baseline gives takes the place of what is so many times it, in the scenario and in its file, and whatever it
// does not give is told at once, where the file has it.
func TestAgainst(t *testing.T) {
	const text = `load: [{rate: 10/s, for: 1s}]
headers: {X-Key: "{env:KEY}", X-Team: core}
baseline: kept/mixed.baseline
thresholds:
  - p99(latency) < 1.1x baseline # a tenth more
  - {expr: rate(errors) < 2 × baseline, abort: true, after: 1s}
  - count(violations) == 0
`
	s, err := Parse(filepath.Join("some", "test.yaml"), []byte(text), description(t), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if !s.OfBaseline() || s.Baseline != filepath.Join("some", "kept", "mixed.baseline") {
		t.Errorf("the baseline is %q", s.Baseline)
	}
	no := errors.New("no such figure")
	for range 2 { // what was told once is not told again
		_, err = s.Against(func(metrics.Threshold) (metrics.Threshold, error) { return metrics.Threshold{}, no })
		want := filepath.Join("some", "test.yaml") + ":5:5: no such figure"
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), "no such figure") != 2 || !strings.Contains(err.Error(), ":6:12: no such figure") {
			t.Errorf("%v", err)
		}
	}
	_, err = s.Against(func(t metrics.Threshold) (metrics.Threshold, error) {
		return t, &metrics.ExprError{Expr: t.Expr(), Offset: 5, Text: "latency", Problem: "none there"}
	})
	if err == nil || !strings.Contains(err.Error(), ":5:9: threshold: none there") || strings.Count(err.Error(), " ^^^^^^^\n") != 1 {
		t.Errorf("%v", err)
	}
	against, err := s.Against(func(t metrics.Threshold) (metrics.Threshold, error) {
		return metrics.ParseThreshold(t.Expr() + map[string]string{"latency": " (213ms)", "errors": " (0.2%)"}[t.Metric()])
	})
	if err != nil {
		t.Fatal(err)
	}
	if against.OfBaseline() || against.Baseline != "" || !s.OfBaseline() || !against.Thresholds[1].Abort {
		t.Errorf("%+v", against.Thresholds)
	}
	again, err := Parse("again.yaml", against.Source, description(t), noEnv)
	if err != nil {
		t.Fatalf("%v in\n%s", err, against.Source)
	}
	if again.Digest() != against.Digest() || again.Baseline != "" || again.OfBaseline() || !strings.Contains(string(against.Source), "X-Team: core") {
		t.Errorf("its file says something else:\n%s", against.Source)
	}
	if _, limit := again.Thresholds[0].Limit(); limit != 0.213 {
		t.Errorf("the limit is %v", limit)
	}
}
