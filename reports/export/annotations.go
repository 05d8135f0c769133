package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Annotations writes what is to be said of a run as commands of GitHub Actions, which shows them beside the commit when
// they stand on the output of a step. The verdict comes first, since of many only ten are shown.
func Annotations(w io.Writer, s summary.Summary) error {
	v := s.Checks()
	word, rest := s.VerdictLine()
	level := "error"
	if s.Verdict.Status == summary.Pass {
		level = "notice"
	}
	lines := []string{rest}
	for _, known := range v.Properties() {
		lines[0] += " · " + text.Printable(known[0], 64) + " " + text.Printable(known[1], 200)
	}
	lines = append(lines, s.Verdict.Causes...)
	lines = lines[:min(len(lines), maxLines)]
	var b strings.Builder
	annotate(&b, level, v.Title+": "+word, lines...)
	for _, c := range v.Checks {
		if slices.ContainsFunc(lines[1:], c.SaidBy) {
			continue
		}
		level := map[string]string{summary.CheckBroken: "error", summary.CheckDoubtful: "error", summary.CheckNoted: "warning"}[c.Verdict]
		if c.Engine == summary.EngineRun {
			c.Reason = strings.TrimSuffix(c.Rule+": "+c.Reason, ": ")
		}
		if level != "" {
			annotate(&b, level, v.Title+": "+c.Name, c.Reason)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// maxLines is how many lines of an annotation are shown.
const maxLines = 10

// annotate writes one command, whose text has at most ten lines. Whatever is not printable in one is made so, and what
// a command ends with is escaped as the runner reads it (actions/toolkit, command.ts). The runner also acts on "##["
// anywhere in a line, which is how its older commands begin.
func annotate(b *strings.Builder, level, title string, lines ...string) {
	lines = slices.Clone(lines[:min(len(lines), maxLines)])
	for i, line := range lines {
		lines[i] = inert(text.Printable(line, 1000))
	}
	data := strings.NewReplacer("%", "%25", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C")
	fmt.Fprintf(b, "::%s title=%s::%s\n", level, property.Replace(inert(text.Printable(title, 200))), data.Replace(strings.Join(lines, "\n")))
}

// inert takes the beginning from the runner's older commands.
func inert(s string) string { return strings.ReplaceAll(s, "##[", "## [") }
