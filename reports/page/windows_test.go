package page

import (
	"testing"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Below a condition stands when its worst window was, and at which rate it broke.
func TestThresholdNotes(t *testing.T) {
	value, offered := 0.9, 412.0
	found := summary.Threshold{Outcome: metrics.Outcome{Expr: "p99(latency, 30s) < 800ms", Value: &value, Unit: metrics.Seconds, Samples: 400}}
	found.Windows = &metrics.Windows{Seconds: 30, Step: 1, Judged: 171, Short: 3, Broken: 12, FromSeconds: 130, UntilSeconds: 160}
	const windows = "between 02:10 and 02:40, 12 of 171 windows did not hold, 3 more had too few calls to tell"
	if got := newThresholdRow(found, "").Note; got != windows {
		t.Errorf("%q, want %q", got, windows)
	}
	found.Broke = &metrics.Broke{AtSeconds: 128.4, Phase: "ramp", IntoSeconds: 28.4, Offered: &offered, Sent: 405, Answered: 310}
	if got, want := newThresholdRow(found, "").Note, windows+"; broke at 412/s (28.4 s into ramp), sent 405/s, answered 310/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
