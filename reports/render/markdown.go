package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Markdown writes the report for a comment on a pull request or a CI summary: the verdict first, then the tables.
func Markdown(w io.Writer, of summary.Summary) error {
	s := run{of}
	st := style{
		tables:  new(tableWriter),
		foreign: code,
		said:    prose,
		good:    func(s string) string { return s },
		bad:     func(s string) string { return s },
		example: 160,
	}
	var b bytes.Buffer
	word, rest := s.VerdictLine()
	mark := map[string]string{summary.Pass: "✅", summary.Fail: "❌", summary.NoVerdict: "⚠️"}[s.Verdict.Status]
	fmt.Fprintf(&b, "## %s %s: andon %s, %s\n\n", mark, word, code(s.Run.Scenario, 64), rest)
	for _, c := range s.Verdict.Causes {
		fmt.Fprintf(&b, "- %s\n", prose(c))
	}
	if len(s.Verdict.Causes) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(strings.Join(s.subtitle(code), " · ") + "\n")
	if known := s.knownBy(code); len(known) > 0 {
		b.WriteString("\n" + strings.Join(known, " · ") + "\n")
	}
	for _, section := range sections(s, st) {
		fmt.Fprintf(&b, "\n### %s\n\n", section.title)
		if err := st.tables.markdown(&b, section.Table); err != nil {
			return err
		}
	}
	if err := markdownDeviations(st.tables, &b, s.Run.Deviations, "answer"); err != nil {
		return err
	}
	if notes := s.Notes(); len(notes) > 0 {
		b.WriteByte('\n')
		for _, n := range notes {
			fmt.Fprintf(&b, "- %s\n", prose(n))
		}
	}
	fmt.Fprintf(&b, "\n<sub>andon %s · run %s · openapi.yaml sha256 %s · exit code %d</sub>\n",
		prose(s.Run.Andon), code(s.Run.ID, 100), code(s.Run.SpecSHA256, 64), s.Verdict.ExitCode)
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}
