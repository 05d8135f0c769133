package render

import (
	"bytes"
	"fmt"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// deviations writes the known deviations for a terminal, each with its reason and what became of it. One is the word
// for what each was seen in.
func (o Options) deviations(b *bytes.Buffer, list []summary.Deviation, one string) {
	if len(list) == 0 {
		return
	}
	b.WriteByte('\n')
	o.title(b, "Known deviations")
	for _, d := range list {
		mark := o.paint(text.Yellow, "~")
		switch d.State {
		case summary.DeviationExpired:
			mark = o.paint(text.Red, "✗")
		case summary.DeviationLapsed:
			mark = o.paint(text.Yellow, "!")
		case summary.DeviationGone:
			mark = o.paint(text.Green, "✓")
		}
		o.marked(b, mark, text.Printable(d.Subject(), 400)+": "+text.Printable(d.Fate(one), 200))
		wrap(b, text.Printable(d.Why, 1000), o.Width)
		if d.Ask != "" {
			writeIndented(b, text.Wrap("ask: "+text.Printable(d.Ask, 400), o.Width-4), 4)
		}
		if d.Place != nil {
			writeIndented(b, []string{fmt.Sprintf("%s:%d", text.Printable(d.Place.File, 400), d.Place.Line)}, 4)
		}
	}
}

// markdownDeviations writes the known deviations as a table of Markdown.
func markdownDeviations(p *tableWriter, b *bytes.Buffer, list []summary.Deviation, one string) error {
	if len(list) == 0 {
		return nil
	}
	b.WriteString("\n### Known deviations\n\n")
	t := Table{Header: []string{"what", "what became of it", "why", "ask"}}
	for _, d := range list {
		t.Rows = append(t.Rows, []string{code(d.Subject(), 400), prose(d.Fate(one)), prose(text.Printable(d.Why, 1000)), prose(text.Printable(d.Ask, 400))})
	}
	return p.markdown(b, t)
}
