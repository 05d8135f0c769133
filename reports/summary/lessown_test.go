package summary

import (
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
)

// What a spoiled figure is without andon's own part is in the unit of the figure.
func TestFigureLessOwn(t *testing.T) {
	value, less := 30.0, 50.0
	for unit, want := range map[string]string{metrics.PerSecond: "50.0/s", metrics.Seconds: "50.0 s", metrics.Count: "50"} {
		got := Threshold{Outcome: metrics.Outcome{Value: &value, LessOwn: &less, Unit: unit}}
		if got.FigureLessOwn() != want || got.Figure() == want {
			t.Errorf("%s: %s, and as measured %s", unit, got.FigureLessOwn(), got.Figure())
		}
	}
}
