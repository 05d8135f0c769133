package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"

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

// In however few columns, no line is wider than the terminal, no word is cut that fits into a line, and nothing that a
// wide terminal shows is missing.
func TestTerminalNarrow(t *testing.T) {
	steps := reportstest.Failing(t)
	steps.Run.Release, steps.Run.Labels = "2026.11.3-rc1", map[string]string{"pipeline": "nightly/4711", "commit": strings.Repeat("ab", 20)}
	for i := range 12 {
		p := steps.Run.Phases[1]
		p.Name, p.Shape = fmt.Sprintf("step-%d", i+1), fmt.Sprintf("%d/s, step %d of 12", 50*(i+1), i+1)
		steps.Run.Phases = append(steps.Run.Phases, p)
		steps.Groups.Phase[p.Name] = steps.Groups.Phase["constant"]
	}
	long := reportstest.Closed(t)
	long.Run.Scenario = strings.Repeat("scenario-", 8)
	for i := range long.Thresholds {
		long.Thresholds[i].Expr = fmt.Sprintf("p99(latency, 30s){tier=Lite,content=text+file+skill} < %dms", 100*i)
	}
	traced := reportstest.Failing(t)
	for i := range traced.Slowest {
		traced.Slowest[i].TraceID = strings.Repeat("4bf92f35", 4)
	}
	m := reportstest.Manifest()
	empty := summary.Summarize(m, nil, nil, results.End{Reason: results.Interrupted, Detail: "stopped by hand after 3s"}, metrics.New(m.Labels, m.Planned, metrics.Tolerance))
	for name, s := range map[string]summary.Summary{"pass": reportstest.Passing(t), "fail": reportstest.Failing(t), "closed": reportstest.Closed(t), "steps": steps,
		"long": long, "traced": traced, "empty": empty, "followed": followed(t)} {
		for _, write := range []func(io.Writer, summary.Summary, Options) error{Terminal, Brief} {
			told := func(width int) string {
				var b bytes.Buffer
				if err := write(&b, s, Options{Width: width, Color: true, Dir: "reports/runs/20261125T201927Z-mixed"}); err != nil {
					t.Fatal(err)
				}
				return regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(b.String(), "")
			}
			wide := told(1000)
			for _, width := range []int{44, 60, 72, 80, 100, 120} {
				narrow := told(width)
				fits(t, name, narrow, width)
				for line := range strings.Lines(wide) {
					for _, cell := range regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(line), -1) {
						if displaywidth.String(cell) <= 20 && !strings.Contains(narrow, cell) {
							t.Errorf("%s: in %d columns there is no %q", name, width, cell)
						}
					}
					for _, word := range strings.Fields(line) {
						if displaywidth.String(word) <= min(longWord, width-8) && !strings.Contains(narrow, word) {
							t.Errorf("%s: in %d columns there is no %q", name, width, word)
						}
					}
				}
			}
		}
	}
}

// A verification keeps to the terminal's columns too; only what is to be copied is left whole.
func TestVerificationNarrow(t *testing.T) {
	v := reportstest.Covered()
	v.Checks = append(v.Checks, reportstest.Verification(summary.CheckHeld, summary.CheckBroken, summary.CheckSkipped).Checks...)
	for _, width := range []int{44, 60, 80, 120} {
		var b bytes.Buffer
		if err := VerificationTerminal(&b, v, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line := range strings.Lines(b.String()) {
			if trimmed := strings.TrimSpace(line); !strings.HasPrefix(trimmed, "andon ") && !strings.HasPrefix(trimmed, "curl ") {
				lines = append(lines, line)
			}
		}
		fits(t, "verification", strings.Join(lines, ""), width)
	}
}

// fits holds each line against the width of the terminal; a directory that has a line of its own is left whole.
func fits(t *testing.T, name, told string, width int) {
	t.Helper()
	for line := range strings.Lines(told) {
		line = strings.TrimRight(line, "\n")
		if n := displaywidth.String(line); n > width && strings.TrimSpace(line) != "reports/runs/20261125T201927Z-mixed" {
			t.Errorf("%s: %d columns in %d: %q", name, n, width, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("%s: %q ends in a space", name, line)
		}
	}
}

// Whatever is in a table, it is written in as many columns as there are, and all of it.
func TestNarrowTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9.%=<(]{1,9}|[a-z]{10,17}|−?[0-9]{1,3} ms|日本語|✗`)
		words := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(word, 0, rapid.SampledFrom([]int{1, 1, 2, 20}).Draw(t, "most")).Draw(t, "words"), " ")
		})
		table := Table{}
		for range rapid.IntRange(1, 9).Draw(t, "columns") {
			table.Header = append(table.Header, rapid.SampledFrom([]string{">", ""}).Draw(t, "side")+rapid.SampledFrom([]string{"", "p99", "violations", "for example"}).Draw(t, "head"))
		}
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			table.Rows = append(table.Rows, rapid.SliceOfN(words, len(table.Header), len(table.Header)).Draw(t, "row"))
		}
		width := rapid.IntRange(40, 130).Draw(t, "width")
		var b bytes.Buffer
		if err := table.Text(&b, width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := displaywidth.String(strings.TrimRight(line, "\n")); n > width {
				t.Fatalf("%d columns in %d: %q of %q", n, width, line, table)
			}
		}
		want, got := map[string]int{}, map[string]int{}
		for _, r := range table.Rows {
			for _, cell := range r {
				for _, word := range strings.Fields(cell) {
					want[word]++
				}
			}
		}
		for _, word := range strings.Fields(b.String()) {
			got[word]++
		}
		for word, n := range want {
			if got[word] < n {
				t.Fatalf("%q is there %d times of %d in %d columns:\n%s", word, got[word], n, width, b.String())
			}
		}
	})
}

// What a tableWriter wrote before is nowhere in what it writes next: no row, no width, no side.
func TestTablesOfOneWriter(t *testing.T) {
	tables := []Table{
		{Header: []string{"a long head", ">n"}, Rows: [][]string{{"one", "1"}, {"two", "22"}, {"three", "333"}}},
		{Header: []string{">n", "word", ">m"}, Rows: [][]string{{"1", "of many letters", "2"}}},
		{Header: []string{"word"}, Rows: [][]string{{"a"}}},
		{Header: []string{"", ">"}, Rows: [][]string{{"", ""}, {"b", "2"}}},
	}
	var both tableWriter
	var one, each bytes.Buffer
	for _, i := range []int{0, 1, 2, 3, 1, 0} {
		for _, err := range []error{
			both.text(&one, tables[i], 0), both.text(&one, tables[i], 12), both.markdown(&one, tables[i]),
			new(tableWriter).text(&each, tables[i], 0), new(tableWriter).text(&each, tables[i], 12), new(tableWriter).markdown(&each, tables[i]),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if one.String() != each.String() {
		t.Errorf("by one:\n%s\nby one for each:\n%s", one.String(), each.String())
	}
}

// A row of which only the label is known is not lost where columns are set apart, and is not told in each part.
func TestNarrowLabels(t *testing.T) {
	table := Table{Header: []string{"phase", ">a rather long head", ">another long head", ">and one more head"}, Rows: [][]string{{"empty", "", "", ""}, {"full", "1", "2", "3"}}}
	var b bytes.Buffer
	if err := table.Text(&b, 40); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "empty"); n != 1 || strings.Count(b.String(), "full") < 2 {
		t.Errorf("the empty row is there %d times:\n%s", n, b.String())
	}
}

// Where the tiers and their differences do not fit beside each other, they are two tables.
func TestTerminalDifferences(t *testing.T) {
	for width, apart := range map[int]bool{80: false, 60: true} {
		var b bytes.Buffer
		if err := Terminal(&b, reportstest.Passing(t), Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "\nLite − Full\n"); got != apart {
			t.Errorf("in %d columns the differences have a table of their own: %v", width, got)
		}
	}
}

// What the verdict gives as a cause is said once: not among the notes, the thresholds or the errors again.
func TestCausesOnce(t *testing.T) {
	m := reportstest.Manifest()
	behind := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) { r.Lag, r.OwnLag = 2, 2 }))
	nothing := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) { r.Error, r.Status = results.DialRefused, 0 }))
	aborted := summary.Summarize(m, reportstest.Samples(), nil, results.End{Reason: results.Aborted, Detail: "the threshold rate(errors) < 0.1% was broken after 1s", Seconds: 55},
		reportstest.Aggregate(t, m, reportstest.Trouble))
	for name, s := range map[string]summary.Summary{"behind": behind, "nothing": nothing, "aborted": aborted, "closed": reportstest.Closed(t), "fail": reportstest.Failing(t)} {
		if len(s.Verdict.Causes) == 0 {
			t.Fatalf("%s has no cause", name)
		}
		var text, md bytes.Buffer
		if err := Terminal(&text, s, Options{Width: 10_000}); err != nil {
			t.Fatal(err)
		}
		if err := Markdown(&md, s); err != nil {
			t.Fatal(err)
		}
		said := append(slices.Clone(s.Verdict.Causes), "the body is not JSON:", "p99 needs 299 samples", "was broken after", "a finding about the target", "the generator fell behind")
		for _, cause := range said {
			cause = strings.ToLower(strings.TrimRight(cause, "."))
			for in, told := range map[string]string{"text": text.String(), "md": md.String()} {
				if in == "md" {
					cause = strings.ToLower(prose(cause))
				}
				if n := strings.Count(strings.ToLower(told), cause); n > 1 {
					t.Errorf("%s: %s says %d times %q", name, in, n, cause)
				}
			}
		}
	}
	if n := len(aborted.Verdict.Causes); n != 4 || !strings.HasPrefix(aborted.Verdict.Causes[0], "The threshold rate(errors) < 0.1% was broken after 1s: found 6.1 %") {
		t.Errorf("%q", aborted.Verdict.Causes)
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
		"terminal": func(b *bytes.Buffer) error { return Terminal(b, s, Options{Width: 1000}) },
		"brief":    func(b *bytes.Buffer) error { return Brief(b, s, Options{Width: 1000}) },
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
	v.Planned, v.JudgedAlone = 5, []string{"minimum: 9007199254740993 (a.yaml:1:2)", "enum: [\"\x1b[31m\",0.10000000000000000001] (a.yaml:7:9)"}
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

// What many cases found alike is told once, with what came back, of which nothing has an effect.
func TestFindings(t *testing.T) {
	v := reportstest.Found()
	var b, m bytes.Buffer
	if err := errors.Join(VerificationTerminal(&b, v, Options{Width: 100}), VerificationMarkdown(&m, v)); err != nil {
		t.Fatal(err)
	}
	reportstest.Golden(t, "found.txt", b.Bytes())
	reportstest.Golden(t, "found.md", m.Bytes())
	for name, out := range map[string]string{"terminal": b.String(), "markdown": m.String()} {
		reportstest.CheckNoCommand(t, name, []byte(out))
		if n := strings.Count(out, "the property executionId is missing"); n != 1 {
			t.Errorf("%s: what 14 cases found is told %d times", name, n)
		}
		for _, want := range []string{"14 cases", "text.Full+option-9", "and 4 more", "api/openapi.yaml:42", "by the description", "by HTTP", "Cannot GET"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
		if strings.Contains(out, "text.Full+option-10") {
			t.Errorf("%s names all cases", name)
		}
		if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
			t.Errorf("%s has a control character: %q", name, out[i:min(i+20, len(out))])
		}
	}
	if outside := reportstest.OutsideCode(m.String()); strings.Contains(outside, "<script") || strings.Contains(outside, "<pre>") {
		t.Errorf("the Markdown is live: %s", outside)
	}
	for line := range strings.Lines(b.String()) {
		if trimmed := strings.TrimSpace(line); displaywidth.String(strings.TrimRight(line, "\n")) > 100 && !strings.HasPrefix(trimmed, "curl ") && !strings.HasPrefix(trimmed, "printf ") {
			t.Errorf("more than 100 columns: %q", line)
		}
	}
}

// Whatever a body is made of, the block of code in which it stands ends where it should (CommonMark 0.31, section 4.5).
func FuzzFenced(f *testing.F) {
	for _, s := range []string{"", "```", "````\n~~~", "a\n   ```\nb", "`````` x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		lines := text.Lines(s, 9, 80)
		block := strings.Split(fenced(lines), "\n")
		fence := strings.TrimSuffix(block[0], "text")
		if strings.Trim(fence, "`") != "" || len(fence) < 3 || block[len(block)-1] != fence {
			t.Fatalf("%q is fenced as %q", s, block)
		}
		for _, line := range block[1 : len(block)-1] {
			if bare := strings.TrimSpace(line); strings.Trim(bare, "`") == "" && len(bare) >= len(fence) {
				t.Fatalf("%q ends at %q", s, line)
			}
		}
	})
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
