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
		tables:  new(tableWriter),
		foreign: text.Printable,
		said:    func(s string) string { return text.Printable(s, 2000) },
		good:    func(s string) string { return o.paint(text.Green, s) },
		bad:     func(s string) string { return o.paint(text.Red, s) },
		example: 160,
		width:   o.Width,
	}
	var b bytes.Buffer
	o.title(&b, "andon · "+text.Printable(s.Run.Scenario, 64))
	o.flow(&b, s.subtitle(text.Printable))
	o.flow(&b, s.knownBy(text.Printable))
	for _, section := range sections(s, st) {
		fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, section.title))
		if err := st.tables.text(&b, section.Table, o.Width); err != nil {
			return err
		}
	}
	o.deviations(&b, s.Run.Deviations, "answer")
	b.WriteByte('\n')
	for _, n := range s.Notes() {
		wrap(&b, text.Printable(n, 2000), o.Width)
	}
	b.WriteByte('\n')
	s.writeVerdict(&b, o, len(s.Verdict.Causes))
	o.named(&b, "report:", o.Dir, "")
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// writeVerdict writes the verdict and the first of its causes.
func (s run) writeVerdict(b *bytes.Buffer, o Options, causes int) {
	word, rest := s.VerdictLine()
	color := map[string]text.Color{summary.Pass: text.Green, summary.Fail: text.Red, summary.NoVerdict: text.Yellow}[s.Verdict.Status]
	o.marked(b, o.paint(text.Bold+";"+color, word)+" ", fmt.Sprintf("%s (exit code %d)", rest, s.Verdict.ExitCode))
	for i, c := range s.Verdict.Causes {
		if i == causes {
			wrap(b, fmt.Sprintf("and %d more", len(s.Verdict.Causes)-i), o.Width)
			break
		}
		wrap(b, text.Printable(c, 2000), o.Width)
	}
}

// subtitle says what was run, against whom, when and how long.
func (s run) subtitle(foreign func(string, int) string) []string {
	which := fmt.Sprintf("seed %d", s.Run.Seed)
	if s.Run.Merged != nil {
		which = fmt.Sprintf("%d runs merged", len(s.Run.Merged.Runs))
		if shards := s.Run.Merged.Shards; shards != nil {
			which = fmt.Sprintf("seed %d · %d of %d shards", s.Run.Seed, len(s.Run.Merged.Runs), shards.Of)
		}
	} else if shard := s.Run.Shard; shard != nil {
		which += fmt.Sprintf(" · shard %d/%d alone", shard.Index, shard.Of)
	}
	said := []string{foreign(s.Run.Target, 200), which, s.Run.Started.UTC().Format(time.DateTime + "Z"), "ran for " + text.Duration(&s.Run.DurationSeconds)}
	if s.Run.ClosedLoop {
		said = append(said, "closed loop")
	}
	return append(said, s.Run.End.Reason, s.Validity.Status)
}

// knownBy is the release and the labels of a run, if it has any.
func (s run) knownBy(foreign func(string, int) string) (said []string) {
	for _, l := range s.Run.KnownBy() {
		said = append(said, foreign(l[0], 64)+" "+foreign(l[1], 200))
	}
	return said
}

// wrap writes a text in indented lines of at most width characters; the first one with a dash.
func wrap(b *bytes.Buffer, s string, width int) {
	prefix := "  - "
	for _, line := range text.Wrap(s, max(width-len(prefix), 20)) {
		b.WriteString(prefix + line + "\n")
		prefix = "    "
	}
}

// title writes the first line of a report, in as many lines as it takes.
func (o Options) title(b *bytes.Buffer, s string) {
	for _, line := range text.Wrap(s, o.Width) {
		fmt.Fprintln(b, o.paint(text.Bold, line))
	}
}

// flow writes what is said in few words each, indented, as many to a line as it takes.
func (o Options) flow(b *bytes.Buffer, said []string) {
	for _, line := range text.Flow(said, " · ", o.Width-2) {
		fmt.Fprintf(b, "  %s\n", line)
	}
}

// named writes a directory between words, if there is one, and never breaks it: where it does not fit, it has a line of
// its own, to be copied from there.
func (o Options) named(b *bytes.Buffer, before, dir, after string) {
	if dir == "" {
		return
	}
	dir = text.Printable(dir, 4096)
	if line := strings.TrimSpace(before + " " + dir + " " + after); text.Width(line)+2 <= o.Width {
		fmt.Fprintf(b, "  %s\n", line)
		return
	}
	for _, line := range []string{before, dir, after} {
		if line != "" {
			fmt.Fprintf(b, "  %s\n", line)
		}
	}
}

// say writes a sentence without a dash.
func (o Options) say(b *bytes.Buffer, s string) { writeIndented(b, text.Wrap(s, o.Width-2), 2) }

// marked writes a sentence behind a mark.
func (o Options) marked(b *bytes.Buffer, mark, s string) {
	indent := text.Width(mark) + 1
	for _, line := range text.Wrap(s, o.Width-indent) {
		fmt.Fprintf(b, "%s %s\n", mark, line)
		mark = strings.Repeat(" ", indent-1)
	}
}
