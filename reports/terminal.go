package reports

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// TerminalOptions say what the terminal can show.
type TerminalOptions struct {
	Color bool
	// Width is the number of columns; 0 is 100.
	Width int
	// Dir is the run directory, named at the end; it may be empty.
	Dir string
}

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
)

func (o TerminalOptions) paint(color, text string) string {
	if !o.Color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// Terminal writes the report for people.
func Terminal(w io.Writer, s Summary, o TerminalOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	st := style{
		foreign: Printable,
		good:    func(s string) string { return o.paint(green, s) },
		bad:     func(s string) string { return o.paint(red, s) },
		example: max(24, o.Width-50),
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n  %s\n", o.paint(bold, "andon · "+Printable(s.Run.Scenario, 64)), s.subtitle(Printable))
	for _, section := range sections(s, st) {
		fmt.Fprintf(&b, "\n%s\n", o.paint(bold, section.title))
		if err := section.Text(&b); err != nil {
			return err
		}
	}
	b.WriteByte('\n')
	for _, n := range s.notes() {
		wrap(&b, Printable(n, 2000), o.Width)
	}
	b.WriteByte('\n')
	s.writeVerdict(&b, o, len(s.Verdict.Causes))
	if o.Dir != "" {
		fmt.Fprintf(&b, "  report: %s\n", Printable(o.Dir, 4096))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeVerdict writes the verdict and the first of its causes.
func (s Summary) writeVerdict(b *bytes.Buffer, o TerminalOptions, causes int) {
	word, rest := s.verdictLine()
	color := map[string]string{Pass: green, Fail: red, NoVerdict: yellow}[s.Verdict.Status]
	fmt.Fprintf(b, "%s  %s (exit code %d)\n", o.paint(bold+";"+color, word), rest, s.Verdict.ExitCode)
	for i, c := range s.Verdict.Causes {
		if i == causes {
			wrap(b, fmt.Sprintf("and %d more", len(s.Verdict.Causes)-i), o.Width)
			break
		}
		wrap(b, Printable(c, 2000), o.Width)
	}
}

// subtitle says what was run, against whom, when and how long.
func (s Summary) subtitle(foreign func(string, int) string) string {
	which := fmt.Sprintf("seed %d", s.Run.Seed)
	if s.Run.Merged != nil {
		which = fmt.Sprintf("%d runs merged", len(s.Run.Merged.Runs))
	}
	text := fmt.Sprintf("%s · %s · %s · ran for %s", foreign(s.Run.Target, 200), which,
		s.Run.Started.UTC().Format(time.DateTime+"Z"), duration(&s.Run.DurationSeconds))
	if s.Run.ClosedLoop {
		text += " · closed loop"
	}
	return text + " · " + s.Run.End.Reason + " · " + s.Validity.Status
}

// wrap writes a text in indented lines of at most width characters; the first one with a dash.
func wrap(b *bytes.Buffer, text string, width int) {
	const indent = "  "
	room := max(width-len(indent)-2, 20)
	prefix := indent + "- "
	for text != "" {
		line := text
		if runes := []rune(text); len(runes) > room {
			cut := room
			for i := room; i > room/2; i-- {
				if runes[i] == ' ' {
					cut = i
					break
				}
			}
			line = string(runes[:cut])
		}
		text = text[len(line):]
		for len(text) > 0 && text[0] == ' ' {
			text = text[1:]
		}
		b.WriteString(prefix + line + "\n")
		prefix = indent + "  "
	}
}
