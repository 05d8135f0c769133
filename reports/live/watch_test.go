package live

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
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

// Who stops something is told what becomes of what is under way just then, and of nothing that is not.
func TestWatchStopping(t *testing.T) {
	now := &sizing.Current{N: 1, Sending: true}
	over, ended := &sizing.Current{N: 1, Sending: true, Draining: true}, &sizing.Current{N: 1, Sent: 9}
	run := func(p summary.Progress) func(*Watch) { return func(w *Watch) { p.Total = time.Hour; w.Progress(p) } }
	search := func(now *sizing.Current, trials int) func(*Watch) {
		return func(w *Watch) { w.Search(sizing.Progress{Now: now, Trials: make([]sizing.Trial, trials)}) }
	}
	const none, flight = "stopped before the first call: no call was sent", "waiting for the calls in flight (Ctrl-C again gives them up)"
	const written = "no call is in flight, and no other is sent; what was measured is written down (Ctrl-C again ends that)"
	for _, c := range []struct {
		when string
		by   Sender
		come func(*Watch)
		want string
	}{
		{"nothing was told", Here, func(*Watch) {}, none},
		{"workers are waited for", Workers, func(*Watch) {}, none},
		{"the hub is waited for", Worker, func(*Watch) {}, none},
		{"a common start is waited for", Here, run(summary.Progress{Ahead: true}), none},
		{"calls are sent", Here, run(summary.Progress{InFlight: 1}), "stopped sending; " + flight},
		{"calls are sent, of which nothing is told", Here, func(w *Watch) { w.Began(time.Now()) }, "stopped sending; " + flight},
		{"the last answers are waited for", Here, run(summary.Progress{Elapsed: time.Hour, InFlight: 1}), "all calls were sent before; " + flight},
		{"executions are to be followed", Here, run(summary.Progress{Executions: &summary.ExecutionsProgress{}}), "stopped sending; waiting for the calls in flight, and then for the executions that have not ended (Ctrl-C again ends that)"},
		{"executions are followed", Here, run(summary.Progress{Executions: &summary.ExecutionsProgress{After: true}}), "stopped following executions"},
		{"executions are followed further", Here, (*Watch).Follows, "stopped following executions"},
		{"the report is written", Here, (*Watch).Answered, written},
		{"workers send", Workers, run(summary.Progress{}), "stopped sending; the workers wait for the calls in flight, and hand in what they measured (Ctrl-C again gives that up)"},
		{"a worker sends", Worker, func(w *Watch) { w.Began(time.Now()) }, "stopped sending; waiting for the calls in flight, and handing in what was measured (Ctrl-C again gives that up)"},
		{"a worker hands in", Worker, (*Watch).Answered, "no call is in flight; what was measured is handed in (Ctrl-C again gives that up)"},
		{"cases are asked", Here, (*Watch).Asks, "stopped sending; the cases that are left are not asked (Ctrl-C again ends it at once)"},
		{"a search has not begun", Here, search(nil, 0), none},
		{"the first trial has not begun", Here, search(&sizing.Current{N: 1}, 0), none},
		{"a trial sends", Here, search(now, 0), "stopped sending; " + flight},
		{"a trial has enough", Here, search(over, 3), "all calls were sent before; " + flight},
		{"a trial has ended", Here, search(ended, 1), written},
		{"between two trials", Here, search(nil, 2), written},
		{"it is over", Here, (*Watch).End, ""},
	} {
		var stderr bytes.Buffer
		lines := NewWriter(&stderr)
		w := &Watch{Lines: lines, By: c.by}
		c.come(w)
		lines.Await(time.Minute)
		stderr.Reset()
		w.Stopping()
		if lines.Await(time.Minute); strings.TrimSpace(stderr.String()) != c.want {
			t.Errorf("%s: %q", c.when, stderr.String())
		}
	}
}
