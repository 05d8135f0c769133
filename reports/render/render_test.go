package render

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

func TestTerminal(t *testing.T) {
	for name, s := range map[string]summary.Summary{"pass": reportstest.Passing(t), "fail": reportstest.Failing(t), "closed": reportstest.Closed(t)} {
		var b bytes.Buffer
		if err := Terminal(&b, s, Options{Width: 110, Dir: "reports/runs/x"}); err != nil {
			t.Fatal(err)
		}
		reportstest.Golden(t, name+".txt", b.Bytes())
		if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
			t.Errorf("%s: the terminal gets a control character: %q", name, b.Bytes()[i:min(i+20, b.Len())])
		}
		var colored bytes.Buffer
		if err := Terminal(&colored, s, Options{Width: 110, Dir: "reports/runs/x", Color: true}); err != nil {
			t.Fatal(err)
		}
		plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAll(colored.Bytes(), nil)
		if !bytes.Equal(plain, b.Bytes()) {
			t.Errorf("%s: colours change more than colours", name)
		}
		if bytes.Equal(colored.Bytes(), b.Bytes()) {
			t.Errorf("%s: there are no colours", name)
		}
	}
}

// Where the tiers and their differences do not fit beside each other, they are two tables, in which nothing is missing.
func TestTerminalNarrow(t *testing.T) {
	tiers := func(width int) string {
		var b bytes.Buffer
		if err := Terminal(&b, reportstest.Passing(t), Options{Width: width, Color: true}); err != nil {
			t.Fatal(err)
		}
		plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(b.String(), "")
		_, from, _ := strings.Cut(plain, "\nTiers\n")
		part, _, _ := strings.Cut(from, "\nContent\n")
		return part
	}
	wide, narrow := tiers(80), tiers(60)
	if first, _, _ := strings.Cut(wide, "\n"); !strings.Contains(first, "95 % interval") || strings.Contains(wide, "\nLite") {
		t.Errorf("at 80 columns there is more than one table:\n%s", wide)
	}
	for line := range strings.Lines(narrow) {
		if n := displaywidth.String(strings.TrimSuffix(line, "\n")); n > 60 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if !strings.Contains(narrow, "\nLite − Full\n") {
		t.Errorf("at 60 columns the differences have no table of their own:\n%s", narrow)
	}
	for line := range strings.Lines(wide) {
		for _, cell := range regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(line), -1) {
			if !strings.Contains(narrow, cell) {
				t.Errorf("at 60 columns there is no %q:\n%s", cell, narrow)
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	for name, s := range map[string]summary.Summary{"pass": reportstest.Passing(t), "fail": reportstest.Failing(t), "closed": reportstest.Closed(t)} {
		var b bytes.Buffer
		if err := Markdown(&b, s); err != nil {
			t.Fatal(err)
		}
		reportstest.Golden(t, name+".md", b.Bytes())
		// Outside of code spans, nothing of the provider's is left that Markdown or HTML would act on.
		outside := reportstest.OutsideCode(b.String())
		for _, bad := range []string{"<script", "[link]", "**bold**", "@someone", "\n## heading", "\x1b", "\u202e"} {
			if strings.Contains(outside, bad) {
				t.Errorf("%s: %q is live in\n%s", name, bad, outside)
			}
		}
		for i, line := range strings.Split(b.String(), "\n") {
			if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|") {
				t.Errorf("%s:%d: a row does not end: %q", name, i+1, line)
			}
		}
	}
}

// Every table row has as many cells as its head, whatever stands in the cells.
func TestMarkdownCells(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, reportstest.Failing(t)); err != nil {
		t.Fatal(err)
	}
	cells := func(line string) int { return strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") }
	want := 0
	for _, line := range strings.Split(b.String(), "\n") {
		switch {
		case !strings.HasPrefix(line, "|"):
			want = 0
		case want == 0:
			want = cells(line)
		case cells(line) != want:
			t.Errorf("%d cells in a table of %d: %s", cells(line)-1, want-1, line)
		}
	}
}

// What a run is known by is in every report for people, as plain text whatever it is.
func TestKnownBy(t *testing.T) {
	s := reportstest.Passing(t)
	s.Run.Release, s.Run.Labels = reportstest.Hostile, map[string]string{"team": "core", "b-c": reportstest.Hostile}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"terminal": func(b *bytes.Buffer) error { return Terminal(b, s, Options{Width: 100}) },
		"brief":    func(b *bytes.Buffer) error { return Brief(b, s, Options{Width: 100}) },
		"markdown": func(b *bytes.Buffer) error { return Markdown(b, s) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		line := ""
		for l := range strings.Lines(b.String()) {
			if strings.HasPrefix(strings.Trim(l, " `"), "release") {
				line = l
			}
		}
		if !strings.Contains(strings.ReplaceAll(line, "`", ""), " · team core") || strings.Index(line, "b-c") > strings.Index(line, "team") || strings.ContainsAny(b.String(), "\x1b\x00\u202e") {
			t.Errorf("%s: %q", name, line)
		}
	}
}

// Whoever has watched a run is told that most of it was a warm-up.
func TestBriefSaysWarmup(t *testing.T) {
	s := reportstest.Passing(t)
	for i := range s.Run.Phases {
		s.Run.Phases[i].Warmup = i < 2
	}
	var b bytes.Buffer
	if err := Brief(&b, s, Options{Width: 1000}); err != nil || !strings.Contains(b.String(), "- The warm-up is most of the run: 35.0 s of 55.0 s") {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestBrief(t *testing.T) {
	m := reportstest.Manifest()
	empty := summary.Summarize(m, nil, nil, results.End{Reason: results.Interrupted, Detail: "stopped by hand after 3s"}, metrics.New(m.Labels, m.Planned, metrics.Tolerance))
	many := reportstest.Failing(t)
	for i := range 9 {
		many.Verdict.Causes = append(many.Verdict.Causes, fmt.Sprintf("Cause %d of %s", i, reportstest.Hostile))
	}
	var b bytes.Buffer
	for _, s := range []summary.Summary{reportstest.Passing(t), many, reportstest.Closed(t), empty} {
		if err := Brief(&b, s, Options{Width: 100, Dir: "reports/runs/x"}); err != nil {
			t.Fatal(err)
		}
		b.WriteByte('\n')
	}
	reportstest.Golden(t, "brief.txt", b.Bytes())
	if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
		t.Errorf("the terminal gets a control character: %q", b.Bytes()[i:min(i+20, b.Len())])
	}
}

// Where calls carried a trace-id, the slowest of each class are listed with it; else they are in summary.json alone.
func TestTraced(t *testing.T) {
	m := reportstest.Manifest()
	m.Traces = 7
	m.Labels.Classes[0].Name = reportstest.Hostile
	agg := reportstest.Aggregate(t, m, func(r *results.Row) {
		if r.N == 777 {
			r.Error, r.Status, r.Service = results.TimeoutWaiting, 0, 30
		}
	})
	s := summary.Summarize(m, nil, nil, results.End{Reason: results.Finished, Seconds: 55.2}, agg)
	if len(s.Slowest) != 3*len(m.Labels.Classes) {
		t.Fatalf("%d slow calls", len(s.Slowest))
	}
	for _, h := range s.Slowest {
		if want := fmt.Sprintf("%x", results.TraceID(m.Traces, uint64(h.N))); h.TraceID != want {
			t.Errorf("call %d: %s, want %s", h.N, h.TraceID, want)
		}
	}
	var text, md bytes.Buffer
	if err := Terminal(&text, s, Options{Width: 110}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&md, s); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(text.String(), "Slowest calls\n")
	table, _, _ = strings.Cut(table, "\n\n")
	_, mdTable, _ := strings.Cut(md.String(), "### Slowest calls\n")
	mdTable, _, _ = strings.Cut(mdTable, "\n### ")
	reportstest.Golden(t, "traced.txt", []byte(table+"\n"+mdTable))

	plain := reportstest.Passing(t)
	if len(plain.Slowest) == 0 || plain.Slowest[0].TraceID != "" {
		t.Errorf("%+v", plain.Slowest)
	}
}
func TestVerificationTerminal(t *testing.T) {
	v := reportstest.Verification(summary.CheckHeld, summary.CheckBroken, summary.CheckSkipped, summary.CheckHeld)
	v.Checks = append(v.Checks, summary.Check{Engine: "pact", Name: "text.Full", Proves: "something", Expect: "accepted", Verdict: summary.CheckBroken, Reason: "$ -> missing", Curl: strings.Repeat("x", 2000), Repeat: "andon contracts show text.Full --curl"})
	v.Planned = 5
	v.Decide("")
	var b bytes.Buffer
	if err := VerificationTerminal(&b, v, Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	reportstest.Golden(t, "verification.txt", b.Bytes())
	if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
		t.Errorf("the terminal gets a control character: %q", b.Bytes()[i:min(i+20, b.Len())])
	}
}

func TestVerificationMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := VerificationMarkdown(&b, reportstest.Covered()); err != nil {
		t.Fatal(err)
	}
	reportstest.Golden(t, "verification.md", b.Bytes())
	if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
		t.Errorf("there is a control character: %q", b.Bytes()[i:min(i+20, b.Len())])
	}
}

func FuzzCode(f *testing.F) {
	for _, s := range []string{reportstest.Hostile, "`", "``", "a`", "|", `\|`, " ", "```\n", "", "x`y``z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := code(s, 100)
		if got == "" {
			return
		}
		// CommonMark 6.1: the span ends at the first run of backticks as long as the one that opened it.
		fence := got[:len(got)-len(strings.TrimLeft(got, "`"))]
		inner := got[len(fence) : len(got)-len(fence)]
		for _, run := range regexp.MustCompile("`+").FindAllString(inner, -1) {
			if len(run) == len(fence) {
				t.Fatalf("%q is %q, which ends too early", s, got)
			}
		}
		if !strings.HasSuffix(got, fence) || strings.HasPrefix(inner, "`") || strings.HasSuffix(inner, "`") || strings.Contains(got, "\n") {
			t.Fatalf("%q is %q", s, got)
		}
	})
}

// A tier that the description calls invalid is compared as any other.
func TestTierCalledInvalid(t *testing.T) {
	m := reportstest.TierCalledInvalid()
	s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, nil))
	table := run{s}.tierTable(style{foreign: text.Printable, good: strings.TrimSpace, bad: strings.TrimSpace})
	if got := table.Header; len(got) != 6 || !strings.Contains(got[4], "invalid − Full") {
		t.Errorf("the tiers are %q", got)
	}
}

// Where calls are answered at the rate at which they leave, one rate says it all; a table of one phase names none.
func TestRatesTable(t *testing.T) {
	s := reportstest.Passing(t)
	told := func(s summary.Summary) string {
		t.Helper()
		var b bytes.Buffer
		if err := Terminal(&b, s, Options{Width: 60}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := told(s); strings.Contains(got, "Rates") {
		t.Errorf("rates that are the same are told twice:\n%s", got)
	}
	s.Total.Rate.Answered = s.Total.Rate.Achieved / 2
	if got := told(s); !strings.Contains(got, "\nRates\n phase ") || !strings.Contains(got, "\n total ") {
		t.Errorf("the rates are not told:\n%s", got)
	}
	s.Run.Phases = s.Run.Phases[:1]
	if got := told(s); !strings.Contains(got, "\nRates\n") || strings.Contains(got, "\n total ") {
		t.Errorf("one phase is named:\n%s", got)
	}
	// An older version's summary does not have the rate.
	s.Total.Rate.Answered, s.Total.Rate.Goodput = 0, 0
	if got := told(s); strings.Contains(got, "Rates") {
		t.Errorf("what is not known is told:\n%s", got)
	}
}

// How far the headline figures can be off is told in every width, and what drifted once; where the load changed, and in
// the summaries of older versions, neither is.
func TestIntervals(t *testing.T) {
	m := reportstest.Steady()
	s := summary.Summarize(m, nil, nil, reportstest.Finished(245.5), reportstest.Aggregate(t, m, reportstest.Drifting))
	var terminal, markdown bytes.Buffer
	if err := Terminal(&terminal, s, Options{Width: 60}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&markdown, s); err != nil {
		t.Fatal(err)
	}
	for what, like := range map[string]string{
		terminal.String(): `(?m)^95 % intervals\n +found +95 % interval\n latency p50 +\d+ ms +\d+–\d+ ms\n(.*\n)+ errors +0\.\d\d % +0\.\d\d–0\.\d\d %$`,
		markdown.String(): `(?m)^### 95 % intervals\n\n(.*\n)+\| latency p50 +\| +\d+ ms \| +\d+–\d+ ms \|$`,
	} {
		if !regexp.MustCompile(like).MatchString(what) || strings.Count(what, "p50 latency") != 1 {
			t.Errorf("expected %s in\n%s", like, what)
		}
	}
	s.Intervals, s.Drift = nil, nil
	for _, s := range []summary.Summary{s, reportstest.Passing(t)} {
		terminal.Reset()
		if err := Terminal(&terminal, s, Options{Width: 60}); err != nil {
			t.Fatal(err)
		}
		if got := terminal.String(); strings.Contains(got, "95 % intervals") || strings.Contains(got, "Drift") {
			t.Errorf("what is not known is told:\n%s", got)
		}
	}
}
