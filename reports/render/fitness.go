package render

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/kaizenautomation/andon/reports/fitness"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// FitnessTerminal writes what a machine allows for people.
func FitnessTerminal(w io.Writer, r fitness.Report, o Options) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	var b bytes.Buffer
	tables := new(tableWriter)
	o.title(&b, "andon doctor")
	o.flow(&b, []string{text.Printable(r.Platform, 200), r.Started.UTC().Format(time.DateTime + "Z"), "took " + text.Duration(&r.DurationSeconds)})
	fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, "What this machine allows"))
	marks := map[string]string{fitness.Fine: o.paint(text.Green, "✓"), fitness.Short: o.paint(text.Yellow, "!"), fitness.Absent: "–", fitness.Unknown: "?"}
	allows := Table{Header: []string{"", "", ""}}
	for _, a := range r.Allows {
		allows.Rows = append(allows.Rows, []string{marks[a.Status], a.Name, text.Printable(a.Found, 300)})
	}
	if err := tables.text(&b, allows, o.Width); err != nil {
		return err
	}
	for _, a := range r.Allows {
		if a.Advice != "" {
			wrap(&b, text.Printable(a.Name+": "+a.Advice, 2000), o.Width)
		}
	}
	if len(r.Rate.Tries) > 0 {
		fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, "What it sends on time, with calls of "+text.Printable(r.Rate.Scenario, 64)))
		if err := tables.text(&b, tries(r.Rate.Tries, o), o.Width); err != nil {
			return err
		}
		for _, n := range r.Rate.Notes() {
			wrap(&b, text.Printable(n, 2000), o.Width)
		}
	}
	b.WriteByte('\n')
	word, color := "PASS", text.Green
	if r.Verdict.Status != summary.Pass {
		word, color = "NO VERDICT", text.Yellow
	}
	o.marked(&b, o.paint(text.Bold+";"+color, word)+" ", fmt.Sprintf("%s (exit code %d)", r.Headline(), r.Verdict.ExitCode))
	for _, cause := range r.Verdict.Causes {
		wrap(&b, text.Printable(cause, 2000), o.Width)
	}
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

func tries(list []fitness.Try, o Options) Table {
	t := Table{Header: []string{"", ">asked", ">sent", ">late p50", ">late p99", ">cores", "run"}}
	for _, x := range list {
		mark, asked := o.paint(text.Green, "✓"), text.Rate(x.Rate)
		if x.Rate == 0 {
			mark, asked = "", "any"
		} else if !x.Held {
			mark = o.paint(text.Red, "✗")
		}
		t.Rows = append(t.Rows, []string{mark, asked, text.Rate(x.Achieved), text.Duration(x.Lag50), text.Duration(x.Lag99), fmt.Sprintf("%.2f", x.Cores), x.Status})
	}
	return t
}
