package live

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

// Where there is no terminal, a line is written every few seconds, and none before the first call.
func TestWatchLines(t *testing.T) {
	var stderr bytes.Buffer
	lines := NewWriter(&stderr)
	w := &Watch{Lines: lines, Target: "http://127.0.0.1:1"}
	if w.Every() != plainEvery {
		t.Errorf("the progress is wanted every %s", w.Every())
	}
	for _, at := range []time.Duration{0, 5 * time.Second, 6 * time.Second, 9500 * time.Millisecond, 10 * time.Second} {
		w.Progress(summary.Progress{Elapsed: at, Total: time.Minute, Phase: "constant", Asked: 110, Achieved: 110, InFlight: 449, Errors: 1, Violations: 1})
		lines.Await(time.Minute)
	}
	told := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if len(told) != 2 || !strings.Contains(told[0], "5.0s") || !strings.Contains(told[1], "9.5s") {
		t.Errorf("%q", told)
	}
	if !strings.Contains(told[0], "110/s of 110/s · 449 in flight") || !strings.Contains(told[0], "1 error · 1 violation") {
		t.Errorf("%q", told[0])
	}
	w.Stopping()
	w.End()
	lines.Await(time.Minute)
	stderr.Reset()
	w.Stopping()
	if lines.Await(time.Minute); stderr.Len() > 0 {
		t.Errorf("after the end: %q", stderr.String())
	}
	w.Say("no page")
	if lines.Await(time.Minute); stderr.String() != "no page\n" {
		t.Errorf("%q", stderr.String())
	}
}

// Who stops a run whose calls are all answered is told of what is stopped.
func TestWatchStopsFollowing(t *testing.T) {
	var stderr bytes.Buffer
	lines := NewWriter(&stderr)
	w := &Watch{Lines: lines}
	w.Progress(summary.Progress{Executions: &summary.ExecutionsProgress{After: true}})
	w.Stopping()
	if lines.Await(time.Minute); stderr.String() != "\nstopped following executions\n" {
		t.Errorf("%q", stderr.String())
	}
}
