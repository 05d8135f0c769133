package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// CapacityTerminal writes a search for capacity for people: the answer first, then what broke, then how it was found.
func CapacityTerminal(w io.Writer, of sizing.Report, o Options) error {
	s := search{of}
	if o.Width <= 0 {
		o.Width = 100
	}
	st := style{
		tables:  new(tableWriter),
		foreign: text.Printable,
		said:    func(s string) string { return text.Printable(s, 2000) },
		good:    func(s string) string { return o.paint(text.Green, s) },
		bad:     func(s string) string { return o.paint(text.Red, s) },
		width:   o.Width,
	}
	var b bytes.Buffer
	o.title(&b, "andon capacity · "+text.Printable(s.Run.Scenario, 64))
	o.flow(&b, s.subtitle(text.Printable))
	o.flow(&b, s.knownBy(text.Printable))
	b.WriteByte('\n')
	color := map[string]text.Color{summary.Pass: text.Green, summary.Fail: text.Red, summary.NoVerdict: text.Yellow}[s.Verdict.Status]
	o.marked(&b, o.paint(text.Bold+";"+color, s.Word())+" ", text.Printable(s.Headline(), 2000))
	for _, cause := range s.Verdict.Causes {
		wrap(&b, text.Printable(cause, 2000), o.Width)
	}
	for _, c := range s.chapters(st) {
		fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, c.title))
		for _, said := range c.said {
			wrap(&b, st.said(said), o.Width)
		}
		for i, t := range c.tables {
			if i > 0 {
				b.WriteByte('\n')
			}
			if err := st.tables.text(&b, t, o.Width); err != nil {
				return err
			}
		}
	}
	b.WriteByte('\n')
	o.marked(&b, o.paint(text.Bold+";"+color, s.Word())+" ", fmt.Sprintf("(exit code %d)", s.Verdict.ExitCode))
	o.named(&b, "report:", o.Dir, "")
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// CapacityMarkdown writes a search for capacity for a comment on a pull request or a CI summary.
func CapacityMarkdown(w io.Writer, of sizing.Report) error {
	s := search{of}
	st := style{tables: new(tableWriter), foreign: code, said: prose, good: func(s string) string { return s }, bad: func(s string) string { return "**" + s + "**" }}
	var b bytes.Buffer
	mark := map[string]string{summary.Pass: "✅", summary.Fail: "❌", summary.NoVerdict: "⚠️"}[s.Verdict.Status]
	fmt.Fprintf(&b, "## %s %s: andon capacity %s, %s\n\n", mark, s.Word(), code(s.Run.Scenario, 64), prose(s.Headline()))
	for _, cause := range s.Verdict.Causes {
		fmt.Fprintf(&b, "- %s\n", prose(cause))
	}
	if len(s.Verdict.Causes) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(strings.Join(s.subtitle(code), " · ") + "\n")
	if known := s.knownBy(code); len(known) > 0 {
		b.WriteString("\n" + strings.Join(known, " · ") + "\n")
	}
	for _, c := range s.chapters(st) {
		fmt.Fprintf(&b, "\n### %s\n\n", c.title)
		for _, said := range c.said {
			fmt.Fprintf(&b, "- %s\n", st.said(said))
		}
		for i, t := range c.tables {
			if i > 0 || len(c.said) > 0 {
				b.WriteByte('\n')
			}
			if err := st.tables.markdown(&b, t); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(&b, "\n<sub>andon %s · search %s · openapi.yaml sha256 %s · exit code %d</sub>\n",
		prose(s.Run.Andon), code(s.Run.ID, 120), code(s.Run.SpecSHA256, 64), s.Verdict.ExitCode)
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// subtitle says what was searched, against whom, when and how long.
func (s search) subtitle(foreign func(string, int) string) []string {
	arrivals := map[string]string{"poisson": "calls arrive at random (Poisson)", "even": "calls are evenly spaced"}[s.Run.Arrivals]
	target := "no target was called"
	if s.Run.Target != "" {
		target = foreign(s.Run.Target, 200)
	}
	said := []string{target, fmt.Sprintf("seed %d", s.Run.Seed), s.Run.Started.UTC().Format(time.DateTime + "Z"), "took " + text.Duration(&s.Run.DurationSeconds)}
	if arrivals != "" {
		said = append(said, arrivals)
	}
	if s.Run.Resumed > 0 {
		said = append(said, "interrupted and resumed "+text.Plural(uint64(s.Run.Resumed), "time"))
	}
	return said
}

// knownBy is the release and the labels of a search, if it has any.
func (s search) knownBy(foreign func(string, int) string) (said []string) {
	for _, l := range s.Run.KnownBy() {
		said = append(said, foreign(l[0], 64)+" "+foreign(l[1], 200))
	}
	return said
}
