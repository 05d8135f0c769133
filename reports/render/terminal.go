package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Options say what the terminal can show.
type Options struct {
	Color bool
	// Width is the number of columns; 0 is 100.
	Width int
	// Dir is the run directory, named at the end; it may be empty.
	Dir string
}

func (o Options) paint(c text.Color, s string) string { return text.Paint(s, c, o.Color) }

// Terminal writes the report for people.
func Terminal(w io.Writer, of summary.Summary, o Options) error {
	s := run{of}
	if o.Width <= 0 {
		o.Width = 100
	}
	st := style{
		foreign: text.Printable,
		good:    func(s string) string { return o.paint(text.Green, s) },
		bad:     func(s string) string { return o.paint(text.Red, s) },
		example: max(24, o.Width-50),
		width:   o.Width,
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n  %s\n", o.paint(text.Bold, "andon · "+text.Printable(s.Run.Scenario, 64)), s.subtitle(text.Printable))
	if known := s.knownBy(text.Printable); known != "" {
		fmt.Fprintf(&b, "  %s\n", known)
	}
	for _, section := range sections(s, st) {
		fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, section.title))
		if err := section.Text(&b); err != nil {
			return err
		}
	}
	b.WriteByte('\n')
	for _, n := range s.Notes() {
		wrap(&b, text.Printable(n, 2000), o.Width)
	}
	b.WriteByte('\n')
	s.writeVerdict(&b, o, len(s.Verdict.Causes))
	if o.Dir != "" {
		fmt.Fprintf(&b, "  report: %s\n", text.Printable(o.Dir, 4096))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeVerdict writes the verdict and the first of its causes.
func (s run) writeVerdict(b *bytes.Buffer, o Options, causes int) {
	word, rest := s.VerdictLine()
	color := map[string]text.Color{summary.Pass: text.Green, summary.Fail: text.Red, summary.NoVerdict: text.Yellow}[s.Verdict.Status]
	fmt.Fprintf(b, "%s  %s (exit code %d)\n", o.paint(text.Bold+";"+color, word), rest, s.Verdict.ExitCode)
	for i, c := range s.Verdict.Causes {
		if i == causes {
			wrap(b, fmt.Sprintf("and %d more", len(s.Verdict.Causes)-i), o.Width)
			break
		}
		wrap(b, text.Printable(c, 2000), o.Width)
	}
}

// subtitle says what was run, against whom, when and how long.
func (s run) subtitle(foreign func(string, int) string) string {
	which := fmt.Sprintf("seed %d", s.Run.Seed)
	if s.Run.Merged != nil {
		which = fmt.Sprintf("%d runs merged", len(s.Run.Merged.Runs))
	}
	said := fmt.Sprintf("%s · %s · %s · ran for %s", foreign(s.Run.Target, 200), which,
		s.Run.Started.UTC().Format(time.DateTime+"Z"), text.Duration(&s.Run.DurationSeconds))
	if s.Run.ClosedLoop {
		said += " · closed loop"
	}
	return said + " · " + s.Run.End.Reason + " · " + s.Validity.Status
}

// knownBy is the release and the labels of a run in one line; empty where it has none.
func (s run) knownBy(foreign func(string, int) string) string {
	var said []string
	for _, l := range s.Run.KnownBy() {
		said = append(said, foreign(l[0], 64)+" "+foreign(l[1], 200))
	}
	return strings.Join(said, " · ")
}

// wrap writes a text in indented lines of at most width characters; the first one with a dash.
func wrap(b *bytes.Buffer, s string, width int) {
	const indent = "  "
	room := max(width-len(indent)-2, 20)
	prefix := indent + "- "
	for s != "" {
		line := s
		if runes := []rune(s); len(runes) > room {
			cut := room
			for i := room; i > room/2; i-- {
				if runes[i] == ' ' {
					cut = i
					break
				}
			}
			line = string(runes[:cut])
		}
		s = s[len(line):]
		for len(s) > 0 && s[0] == ' ' {
			s = s[1:]
		}
		b.WriteString(prefix + line + "\n")
		prefix = indent + "  "
	}
}
