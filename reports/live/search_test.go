package live

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
)

// searching is a search in its tenth trial.
func searching() sizing.Progress {
	f := func(v float64) *float64 { return &v }
	r := reportstest.Sizing()
	b := r.Budget
	b.SpentCalls, b.SpentTrials, b.SpentSeconds, b.SpentCost = 41_210, 12, 600, 81.9
	return sizing.Progress{
		Scenario: "mixed", Target: "http://127.0.0.1:8080", Elapsed: 11*time.Minute + 31*time.Second + 400*time.Millisecond, Objectives: r.Objectives, Need: 60,
		Trials: r.Trials[:12], Rate: 73.1, Low: 70.8, High: 75.3, Budget: b,
		Now:   &sizing.Current{N: 13, Sending: true, Of: "acceptance", Step: "confirmation", Rate: 71.5, Elapsed: 31 * time.Second, Most: 95 * time.Second, Sent: 2216, InFlight: 12, P95: f(0.61), P99: f(0.94), Counted: 1900, Shares: []float64{0.0042, 0}},
		Notes: []string{"the target said " + reportstest.Hostile},
	}
}

func TestSearchScreen(t *testing.T) {
	first := sizing.Progress{Scenario: "smoke", Target: "http://127.0.0.1:1", Elapsed: 900 * time.Millisecond, Objectives: searching().Objectives,
		Now: &sizing.Current{N: 1, Sending: true, Of: "acceptance", Step: "growth", Rate: 10, Elapsed: 900 * time.Millisecond, Settling: true, Sent: 4, InFlight: 1}}
	between := searching()
	between.Now, between.Notes, between.Low, between.Rate, between.Need = nil, nil, 0, 0, 0
	stopping := searching()
	stopping.Stopping, stopping.Notes, stopping.High, stopping.Trials = true, nil, 0, stopping.Trials[:3]
	ladder := searching()
	ladder.Now = &sizing.Current{N: 13, Sending: true, Of: "ladder", About: "4 callers", Callers: 4, Draining: true, Counted: 3, Shares: []float64{0.5, 0}}
	ladder.Trials = append(ladder.Trials, sizing.Trial{N: 12, Of: "ladder", About: "2 callers", Callers: 2, Outcome: sizing.Open})
	for _, c := range []struct {
		name string
		p    sizing.Progress
		size [][2]int
	}{
		{"under", searching(), [][2]int{{120, 40}, {100, 24}, {60, 24}, {30, 12}, {80, 5}, {120, 1}}},
		{"first", first, [][2]int{{100, 24}, {60, 24}}},
		{"between", between, [][2]int{{100, 24}, {120, 1}}},
		{"stopping", stopping, [][2]int{{100, 24}, {60, 12}}},
		{"ladder", ladder, [][2]int{{100, 24}}},
	} {
		var b strings.Builder
		for _, size := range c.size {
			fmt.Fprintf(&b, "%d × %d\n%s\n\n", size[0], size[1], SearchScreen(c.p, size[0], size[1], false))
		}
		reportstest.Golden(t, "search-"+c.name+".txt", []byte(b.String()))
	}
}

// Whatever the size, the words and the figures, the screen is filled and nothing else, and foreign words are inert.
func TestSearchScreenFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := searching()
		words := rapid.StringOf(rapid.SampledFrom([]rune("aZ \x1b\r\n\t\u202e\u0301日🦊\x07[31m"))).Draw(t, "words")
		number := rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 1000))
		p.Scenario, p.Target = words, words
		p.Trials = append([]sizing.Trial{{Reason: words, Outcome: words, Of: words, About: words, Step: words, Rate: number.Draw(t, "tried"), Shares: []float64{number.Draw(t, "share")}}}, p.Trials...)
		p.Elapsed = time.Duration(rapid.Int64().Draw(t, "elapsed"))
		p.Low, p.High, p.Rate, p.Need = number.Draw(t, "low"), number.Draw(t, "high"), number.Draw(t, "rate"), number.Draw(t, "need")
		p.Budget.Trials, p.Budget.Seconds = rapid.Int().Draw(t, "trials"), number.Draw(t, "seconds")
		p.Now.Of, p.Now.Rate, p.Now.Callers = words, number.Draw(t, "now"), rapid.Int().Draw(t, "callers")
		p.Now.Elapsed, p.Now.Most = time.Duration(rapid.Int64().Draw(t, "for")), time.Duration(rapid.Int64().Draw(t, "most"))
		p.Objectives = []sizing.Objective{{Expr: words, Allowed: number.Draw(t, "allowed")}}
		p.Stopping = rapid.Bool().Draw(t, "stopping")
		if rapid.Bool().Draw(t, "between") {
			p.Now = nil
		}
		width, height := rapid.IntRange(-1, 250).Draw(t, "width"), rapid.IntRange(-1, 60).Draw(t, "height")
		text := SearchScreen(p, width, height, false)
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
		if got := sgr.ReplaceAllString(SearchScreen(p, width, height, true), ""); got != text {
			t.Fatalf("colours change more than colours:\n%q\n%q", got, text)
		}
	})
}

// Where there is no terminal, each trial has a line when it begins and one when it has ended, and no other, however
// often progress is told.
func TestWatchSearchLines(t *testing.T) {
	for _, columns := range []int{0, 60} {
		var stderr bytes.Buffer
		lines := NewWriter(&stderr)
		w := &Watch{Lines: lines, Columns: columns, Target: "http://127.0.0.1:1"}
		all := searching()
		tell := func(at time.Duration, ended, now int) {
			p := all
			p.Elapsed, p.Trials, p.Now, p.Low, p.High = at, all.Trials[:ended], nil, 0, 0
			if ended > 0 {
				p.Low = *p.Trials[ended-1].Low
			}
			if now > 0 {
				of := all.Trials[now-1]
				p.Now = &sizing.Current{N: now, Of: of.Of, Step: of.Step, Rate: of.Rate, Most: time.Minute}
			}
			w.Search(p)
			lines.Await(time.Minute)
		}
		tell(0, 0, 0)
		tell(time.Second, 0, 1)
		tell(2*time.Second, 0, 1)
		tell(60*time.Second, 1, 0)
		tell(61*time.Second, 1, 2)
		tell(62*time.Second, 1, 2)
		tell(120*time.Second, 4, 5) // what ended in between is told of
		tell(121*time.Second, 10, 0)
		w.Stopping()
		w.End()
		lines.Await(time.Minute)
		reportstest.Golden(t, fmt.Sprintf("search-lines-%d.txt", columns), stderr.Bytes())
	}
}

// The view shows a search as it shows a run: its time goes on, it takes the same keys, and gives the terminal back.
func TestSearchView(t *testing.T) {
	keyboard, keys := io.Pipe()
	out := new(terminal)
	pressed := make(chan struct{}, 10)
	p := searching()
	p.Scenario = "first"
	v := start(keyboard, out, never, searched(p), false, func() { pressed <- struct{}{} }, tea.WithWindowSize(100, 30), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	out.await(t, enter)
	out.await(t, "capacity of first")
	v.show(searched(searching()))
	out.await(t, "mixed")
	v.note("something happened")
	out.await(t, "something happened")
	if _, err := io.WriteString(keys, "q"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-pressed:
	case <-time.After(10 * time.Second):
		t.Fatal("the key q is not heard")
	}
	v.stop()
	out.await(t, "nothing more is sent")
	v.close()
	if text := out.String(); strings.Count(text, leave) != 1 {
		t.Errorf("the alternate screen is not left: %q", text)
	}
	if p.Now.Elapsed != 31*time.Second || len(p.Notes) != 1 {
		t.Error("what was handed over is changed")
	}
	later := searched(searching())(time.Minute, nil, false, 100, 30, false)
	if !strings.Contains(later, "12m31s of 4h0m0s") || !strings.Contains(later, "1m31s of at most 1m35s") {
		t.Errorf("time does not go on:\n%s", later)
	}
}
