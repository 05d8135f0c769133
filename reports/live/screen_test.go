package live

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// under is a run in the middle of it, with reportstest.Trouble and foreign names.
func under() summary.Progress {
	f := func(v float64) *float64 { return &v }
	p := summary.Progress{
		Scenario: "mixed", Target: "http://127.0.0.1:8080", Elapsed: 31500 * time.Millisecond, Total: time.Minute,
		Phase: "ramp", Shape: "ramp 100/s → 400/s", PhaseNumber: 2, Phases: 3,
		Asked: 212.4, Achieved: 211, InFlight: 37, Limit: 2000, P50: f(0.0812), P99: f(0.4),
		Done: 12345, Completed: 12340, Errors: 123, Violations: 17, Dropped: 2,
		Tiers: []summary.TierProgress{
			{Name: "Full", Sent: 4000, Errors: 100, Latency: metrics.Times{P50: f(0.3), P90: f(0.4), P95: f(0.45), P99: f(0.5), Max: f(1.2)}},
			{Name: "Lite", Sent: 8000, Errors: 0, Latency: metrics.Times{P50: f(0.08), P90: f(0.1), P95: f(0.11), P99: f(0.2), Max: f(0.31)}},
			{Name: reportstest.Hostile, Sent: 45, Errors: 23, Latency: metrics.Times{P50: f(0.08), Max: f(0.31)}},
			{Name: "日本語のティア", Sent: 3, Errors: 0, Latency: metrics.Times{}},
		},
		Statuses: []summary.Tally{{Name: "200", Count: 12000, First: 0}, {Name: "500", Count: 100, First: 12 * time.Second}, {Name: "404", Count: 6, First: 30 * time.Second}},
		Kinds:    []summary.Tally{{Name: "http-5xx", Count: 100, First: 12 * time.Second}, {Name: "contract", Count: 17, First: 3 * time.Second}, {Name: "http-4xx", Count: 6, First: 90 * time.Second}},
		Rules:    []summary.Tally{{Name: "missing-property", Count: 16, First: 3 * time.Second}, {Name: reportstest.Hostile, Count: 1, First: 4 * time.Second}},
		Notes:    []string{"remote write: " + reportstest.Hostile},
	}
	for i := range 90 {
		m := summary.Moment{Achieved: 100 + float64(i)*1.3}
		if i > 4 {
			m.P50 = f(0.05 + float64(i%7)/200)
		}
		if i%11 != 0 {
			m.P99 = f(0.1 + float64(i*i%90)/300)
		}
		p.Past = append(p.Past, m)
	}
	return p
}

func TestScreen(t *testing.T) {
	calm := summary.Progress{Scenario: "smoke", Target: "http://127.0.0.1:1", Elapsed: 300 * time.Millisecond, Total: 10 * time.Second, Phase: "warmup", PhaseNumber: 1, Phases: 2, Warmup: true, Asked: 5}
	stopping := under()
	stopping.Stopping, stopping.Notes = true, nil
	closed := under()
	closed.Callers, closed.Asked, closed.Elapsed, closed.Dropped, closed.Notes = 50, 0, 61*time.Second, 0, nil
	followed, after := under(), under()
	followed.Executions = &summary.ExecutionsProgress{Backlog: 1234, PerSecond: 6.02, Failed: 7}
	after.Executions = &summary.ExecutionsProgress{Backlog: 12, PerSecond: 8, Lost: 3, After: true, Left: 9*time.Minute + 12*time.Second}
	after.Elapsed, after.Stopping = 108*time.Second, true
	ahead := summary.Progress{Ahead: true, Scenario: "smoke", Target: "http://127.0.0.1:1", Total: 10 * time.Second, Phase: "constant", PhaseNumber: 1, Phases: 1, Asked: 5}
	never := ahead
	never.Stopping = true
	for _, c := range []struct {
		name string
		p    summary.Progress
		size [][2]int
	}{
		{"under", under(), [][2]int{{200, 40}, {100, 40}, {100, 24}, {60, 24}, {60, 40}, {30, 40}, {30, 12}, {80, 5}, {80, 1}, {12, 3}}},
		{"calm", calm, [][2]int{{100, 24}}},
		{"stopping", stopping, [][2]int{{100, 24}, {30, 24}}},
		{"closed", closed, [][2]int{{100, 24}}},
		{"followed", followed, [][2]int{{100, 24}, {30, 24}, {80, 5}, {120, 1}}},
		{"ahead", ahead, [][2]int{{100, 24}, {30, 12}}},
		{"never", never, [][2]int{{100, 24}}},
		{"after", after, [][2]int{{100, 24}, {60, 24}, {30, 12}, {120, 1}}},
	} {
		var b strings.Builder
		for _, size := range c.size {
			fmt.Fprintf(&b, "%d × %d\n%s\n\n", size[0], size[1], Screen(c.p, size[0], size[1], false))
		}
		reportstest.Golden(t, "screen-"+c.name+".txt", []byte(b.String()))
	}
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Whatever the size and whatever the words, the screen is filled and nothing else, and foreign words are inert.
func TestScreenFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := under()
		words := rapid.StringOf(rapid.SampledFrom([]rune("aZ \x1b\r\n\t\u202e\u0301日🦊\x07[31m"))).Draw(t, "words")
		p.Scenario, p.Target, p.Phase, p.Shape, p.Rules[0].Name, p.Tiers[0].Name = words, words, words, words, words, words
		p.Done = rapid.Uint64().Draw(t, "sent")
		p.Elapsed = time.Duration(rapid.Int64().Draw(t, "elapsed"))
		p.Total = time.Duration(rapid.Int64().Draw(t, "total"))
		if rapid.Bool().Draw(t, "followed") {
			p.Executions = &summary.ExecutionsProgress{Backlog: p.Done, PerSecond: rapid.Float64().Draw(t, "completed"), Lost: 1,
				After: rapid.Bool().Draw(t, "after"), Left: time.Duration(rapid.Int64().Draw(t, "left"))}
		}
		p.Stopping = rapid.Bool().Draw(t, "stopping")
		p.Past = p.Past[:rapid.IntRange(0, len(p.Past)).Draw(t, "past")]
		width, height := rapid.IntRange(-1, 250).Draw(t, "width"), rapid.IntRange(-1, 60).Draw(t, "height")
		text := Screen(p, width, height, false)
		lines := strings.Split(text, "\n")
		if len(lines) > max(height, 1) {
			t.Fatalf("%d lines on %d rows", len(lines), height)
		}
		for _, l := range lines {
			if n := displaywidth.String(l); n > max(width, 1) {
				t.Fatalf("%d columns on %d: %q", n, width, l)
			}
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e }); i >= 0 || !utf8.ValidString(text) {
			t.Fatalf("a control character: %q", text[max(i, 0):])
		}
		colored := Screen(p, width, height, true)
		if got := sgr.ReplaceAllString(colored, ""); got != text {
			t.Fatalf("colours change more than colours:\n%q\n%q", got, text)
		}
	})
}

func BenchmarkScreen(b *testing.B) {
	p := under()
	for b.Loop() {
		Screen(p, 120, 40, true)
	}
}
func TestLine(t *testing.T) {
	half := 0.5
	p := summary.Progress{Elapsed: 3 * time.Second, Total: 10 * time.Second, Phase: "ramp", Asked: 200, Achieved: 199.6, InFlight: 12, P50: &half, Errors: 1, Violations: 2}
	var b bytes.Buffer
	writeLine(&b, p, 0)
	p.Phase, p.Warmup, p.Dropped = reportstest.Hostile, true, 3
	writeLine(&b, p, 0)
	writeLine(&b, summary.Progress{Elapsed: 11 * time.Second, Total: 10 * time.Second, Phase: "ramp", InFlight: 2}, 0)
	writeLine(&b, summary.Progress{Elapsed: time.Second, Total: 10 * time.Second, Phase: "loop", Callers: 5, Achieved: 50}, 0)
	writeLine(&b, summary.Progress{Elapsed: time.Second, Total: 10 * time.Second, Phase: "constant", Asked: 6, Achieved: 6, Executions: &summary.ExecutionsProgress{Backlog: 7, PerSecond: 4}}, 0)
	writeLine(&b, summary.Progress{Elapsed: 12 * time.Second, Total: 10 * time.Second, Phase: "constant",
		Executions: &summary.ExecutionsProgress{Backlog: 3, PerSecond: 4, Failed: 2, Lost: 1, After: true, Left: 598400 * time.Millisecond}}, 80)
	reportstest.Golden(t, "live.txt", b.Bytes())
}
