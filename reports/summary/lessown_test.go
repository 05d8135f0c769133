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

// What is left of a shortfall without andon's own part is the target's where it is more than andon's: both are
// estimates.
func TestMostlyTheirs(t *testing.T) {
	for _, c := range []struct {
		unit        string
		value, less float64
		want        bool
	}{
		{metrics.Ratio, 0.33, 0.7, false}, {metrics.Ratio, 0.33, 0.5, true}, {metrics.Ratio, 0.9, 0.9, true}, {metrics.Ratio, 0, 0, true}, {metrics.Ratio, 0, 0.98, false},
		{metrics.Count, 100, 60, true}, {metrics.Count, 100, 20, false},
	} {
		if got := (Threshold{Outcome: metrics.Outcome{Unit: c.unit, Value: &c.value, LessOwn: &c.less}}).mostlyTheirs(); got != c.want {
			t.Errorf("%g of it, %g without andon's own part (%s): expected %t", c.value, c.less, c.unit, c.want)
		}
	}
	value := 0.5
	if !(Threshold{Outcome: metrics.Outcome{Unit: metrics.Ratio, Value: &value}}).mostlyTheirs() {
		t.Error("andon has no part in it")
	}
}
