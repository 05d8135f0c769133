package render

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// followed is a run whose executions were followed.
func followed(t *testing.T) summary.Summary {
	s := reportstest.Passing(t)
	s.Executions = reportstest.Became()
	return s
}

// What became of executions is told in every width and in Markdown, between the phases and the statuses.
func TestExecutions(t *testing.T) {
	s := followed(t)
	var b bytes.Buffer
	for _, width := range []int{110, 60, 44} {
		var all bytes.Buffer
		if err := Terminal(&all, s, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		b.WriteString(part(t, all.String(), "Executions\n", "\nStatuses\n") + "\n")
	}
	reportstest.Golden(t, "executions.txt", b.Bytes())
	b.Reset()
	var all bytes.Buffer
	if err := errors.Join(Markdown(&all, s), Brief(&b, s, Options{Width: 100})); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n" + part(t, all.String(), "### Executions\n", "\n### Statuses\n"))
	reportstest.Golden(t, "executions.md", b.Bytes())
	for _, bad := range []string{"<script", "[link]", "**bold**", "@someone", "\n## heading", "\x1b", "\u202e"} {
		if strings.Contains(reportstest.OutsideCode(all.String()), bad) {
			t.Errorf("%q is live", bad)
		}
	}
	if !strings.Contains(all.String(), prose(executions.Undetermined)) {
		t.Error("why a percentile is not determined is not said")
	}
}

// part is what stands between two marks, the first of them with it.
func part(t *testing.T, told, from, to string) string {
	t.Helper()
	_, behind, found := strings.Cut(told, from)
	told, _, ends := strings.Cut(behind, to)
	if !found || !ends {
		t.Fatalf("there is no %q before %q in\n%s", from, to, told)
	}
	return from + told
}

// Whatever words came from elsewhere, they are inert and bounded in each text, and each row of a table has its cells.
func TestExecutionsAreInert(t *testing.T) {
	for _, foreign := range []string{reportstest.Hostile, "::error::owned", "##[error]owned", "|`|`|", "\x1b[2J\x00\xff\ufeff\u2028", strings.Repeat("<script>\n", 1<<16)} {
		s := followed(t)
		r := s.Executions
		r.Operation, r.Detail, r.End = foreign, foreign, foreign
		r.Polls.Errors[foreign] = 1
		r.Tiers[foreign] = r.Tiers["Lite"]
		r.Faults = append(r.Faults, executions.Fault{Name: foreign, Count: 5, IDs: []string{foreign, foreign, foreign, foreign}})
		for name, write := range map[string]func(*bytes.Buffer) error{
			"terminal": func(b *bytes.Buffer) error { return Terminal(b, s, Options{Width: 100}) },
			"brief":    func(b *bytes.Buffer) error { return Brief(b, s, Options{Width: 100}) },
			"markdown": func(b *bytes.Buffer) error { return Markdown(b, s) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			reportstest.CheckNoCommand(t, name, b.Bytes())
			if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool {
				return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x2028)
			}); i >= 0 {
				t.Errorf("%s: a control character of %.40q: %q", name, foreign, b.Bytes()[i:min(i+20, b.Len())])
			}
			if b.Len() > 60_000 {
				t.Errorf("%s: %.40q takes %d bytes", name, foreign, b.Len())
			}
			if outside := reportstest.OutsideCode(b.String()); name == "markdown" && (strings.Contains(outside, "<script") || strings.Contains(outside, "[link]")) {
				t.Errorf("%.40q is live: %s", foreign, outside)
			}
		}
	}
}

// What is nowhere has no column, one tier has no sum, and where nothing is known nothing is made up.
func TestExecutionsOfLittle(t *testing.T) {
	st := style{foreign: text.Printable, said: strings.TrimSpace, good: strings.TrimSpace, bad: strings.TrimSpace}
	one := executions.Figures{Accepted: 3, Completed: 3}
	s := run{summary.Summary{Executions: &executions.Report{End: executions.EndSeen, Sample: 1, Total: one, Tiers: map[string]executions.Figures{"Full": one}}}}
	if got := s.becameTable(st); len(got.Rows) != 1 || strings.Join(got.Header, " ") != "tier >accepted >completed >failed >lost >completed/s" {
		t.Errorf("%q", got)
	}
	if got := s.completionTable(st); len(got.Rows) != 0 {
		t.Errorf("times of nothing: %q", got)
	}
	if got := (run{summary.Summary{}}).executions(st); got != nil {
		t.Errorf("told of what was not followed: %v", got)
	}
	if got := s.briefly(Options{}); strings.Join(got, " · ") != "3 executions · completed 3 (100 %)" {
		t.Errorf("%q", got)
	}
}

// Where the target does not tell, no rate and no backlog are made up, and why is said.
func TestExecutionsUntold(t *testing.T) {
	s := followed(t)
	unseen := executions.Figures{Accepted: 300, Unseen: 300}
	s.Executions = &executions.Report{Operation: "POST /executions/get", Sample: 1, End: executions.EndRefused, Total: unseen, Tiers: map[string]executions.Figures{"Full": unseen},
		Backlog: executions.Backlog{Peak: executions.Bounds{High: 300}}, Polls: executions.Polls{Sent: 3, Share: 0.01, PerSecond: 50}}
	var b bytes.Buffer
	if err := errors.Join(Terminal(&b, s, Options{Width: 100}), Brief(&b, s, Options{Width: 100})); err != nil {
		t.Fatal(err)
	}
	told := b.String()
	for _, want := range []string{"unseen  completed/s", "300 (100 %)            –", "ended     the target does not tell what becomes of executions", "300 executions · not seen to end 300 (100 %)"} {
		if !strings.Contains(told, want) {
			t.Errorf("there is no %q in\n%s", want, told)
		}
	}
	for _, bad := range []string{"at its peak", "drained", "completed 0", "0.00/s"} {
		if strings.Contains(told, bad) {
			t.Errorf("%q is told, and not known", bad)
		}
	}
}

// Between what the figure of a threshold lies is beside it, and what is impossible is a cause once.
func TestExecutionThresholds(t *testing.T) {
	s := reportstest.Followed(t)
	var terminal, md bytes.Buffer
	if err := errors.Join(Terminal(&terminal, s, Options{Width: 200}), Markdown(&md, s)); err != nil {
		t.Fatal(err)
	}
	for name, told := range map[string]string{"terminal": terminal.String(), "markdown": md.String()} {
		if !regexp.MustCompile(`backlog\(growth\) <= 0/s.* [\d.]+/s .*between [\d.]+/s and [\d.]+/s`).MatchString(told) {
			t.Errorf("%s does not say between what the growth lies:\n%s", name, told)
		}
		if n := strings.Count(told, "24 were said to go on"); n != 1 {
			t.Errorf("%s says %d times what is impossible", name, n)
		}
		if n := strings.Count(told, "the time for following was over"); n != 1 {
			t.Errorf("%s says %d times how following ended", name, n)
		}
	}
}
