package render

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// comparison is a comparison to be shown.
type comparison struct{ compare.Report }

// ComparisonTerminal writes a comparison for people: the answer, the declared figures, and then what is for looking.
func ComparisonTerminal(w io.Writer, of compare.Report, o Options) error {
	c := comparison{of}
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
	o.title(&b, c.title(st))
	for _, side := range c.sides(text.Printable) {
		o.flow(&b, side)
	}
	b.WriteByte('\n')
	color := map[string]text.Color{summary.Pass: text.Green, summary.Fail: text.Red, summary.NoVerdict: text.Yellow}[c.Verdict.Status]
	word := o.paint(text.Bold+";"+color, c.Word()) + " "
	o.marked(&b, word, text.Printable(c.Headline(), 2000))
	for _, cause := range c.Causes() {
		wrap(&b, text.Printable(cause, 2000), o.Width)
	}
	for _, c := range append(c.first(st), c.further(st)...) {
		fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, c.title))
		for _, t := range c.tables {
			if err := st.tables.text(&b, t, o.Width); err != nil {
				return err
			}
		}
		if len(c.tables) > 0 && len(c.said) > 0 {
			b.WriteByte('\n')
		}
		for _, said := range c.said {
			wrap(&b, st.said(said), o.Width)
		}
	}
	b.WriteByte('\n')
	o.marked(&b, word, fmt.Sprintf("(exit code %d)", c.Verdict.ExitCode))
	o.named(&b, "report:", o.Dir, "")
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// ComparisonMarkdown writes a comparison for a comment on a pull request or a CI summary: the declared figures, and
// folded what is for looking.
func ComparisonMarkdown(w io.Writer, of compare.Report) error {
	c := comparison{of}
	st := style{tables: new(tableWriter), foreign: code, said: prose, good: func(s string) string { return s }, bad: func(s string) string { return "**" + s + "**" }}
	var b bytes.Buffer
	mark := map[string]string{summary.Pass: "✅", summary.Fail: "❌", summary.NoVerdict: "⚠️"}[c.Verdict.Status]
	fmt.Fprintf(&b, "## %s %s: %s\n\n%s\n", mark, c.Word(), c.title(st), prose(text.Sentence(c.Headline())))
	for i, cause := range c.Causes() {
		fmt.Fprintf(&b, "%s- %s\n", map[bool]string{true: "\n"}[i == 0], prose(cause))
	}
	b.WriteByte('\n')
	for _, side := range c.sides(code) {
		b.WriteString("- " + strings.Join(side, " · ") + "\n")
	}
	for _, chapter := range c.first(st) {
		if err := chapter.markdown(&b, st); err != nil {
			return err
		}
	}
	if further := c.further(st); len(further) > 0 {
		b.WriteString("\n<details><summary>Other figures, the runs, and how to read this</summary>\n")
		for _, chapter := range further {
			if err := chapter.markdown(&b, st); err != nil {
				return err
			}
		}
		b.WriteString("\n</details>\n")
	}
	fmt.Fprintf(&b, "\n<sub>andon %s · exit code %d</sub>\n", prose(c.Andon), c.Verdict.ExitCode)
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// markdown writes a chapter: its tables, then what is said of them.
func (c chapter) markdown(b *bytes.Buffer, st style) error {
	fmt.Fprintf(b, "\n### %s\n\n", c.title)
	for i, t := range c.tables {
		if i > 0 {
			b.WriteByte('\n')
		}
		if err := st.tables.markdown(b, t); err != nil {
			return err
		}
	}
	if len(c.tables) > 0 && len(c.said) > 0 {
		b.WriteByte('\n')
	}
	for _, said := range c.said {
		fmt.Fprintf(b, "- %s\n", st.said(said))
	}
	return nil
}

// title is what was done.
func (c comparison) title(st style) string {
	done := "andon compare"
	switch {
	case c.Control():
		done = "andon run, paired with itself"
	case c.Paired != nil:
		done = "andon run, paired"
	}
	return strings.TrimSuffix(done+" · "+st.foreign(cmp.Or(c.New.Scenario, c.Base.Scenario), 64), " · ")
}

// sides say what is compared.
func (c comparison) sides(foreign func(string, int) string) (lines [][]string) {
	for _, side := range []struct {
		name string
		compare.Side
	}{{"base: ", c.Base}, {"new: ", c.New}} {
		said := side.Known(foreign)
		said[0] = side.name + said[0]
		lines = append(lines, said)
	}
	return lines
}

// first is what decides: the declared figures, what they came to, and what keeps the runs from being compared.
func (c comparison) first(st style) []chapter {
	return kept([]chapter{c.declared(st), {title: "What differs", said: c.Differs}, {title: "Notes", said: c.Beside()}})
}

// further is what is for looking.
func (c comparison) further(st style) []chapter {
	return kept([]chapter{c.others(st), {title: "Runs", tables: []Table{c.runs(st)}}, {title: "How to read this", said: c.Legend()}})
}

// kept are the chapters of which something is known.
func kept(list []chapter) []chapter {
	for i := range list {
		list[i].tables = slices.DeleteFunc(list[i].tables, func(t Table) bool { return len(t.Rows) == 0 })
	}
	return slices.DeleteFunc(list, func(c chapter) bool { return len(c.said) == 0 && len(c.tables) == 0 })
}

// declared is the table of what decides, and a remark on each row that cannot be told.
func (c comparison) declared(st style) chapter {
	t := Table{Header: []string{"", "figure", ">base", ">new", ">change (" + c.Sizes() + ")", ">p", ">limit", ">visible", ">to tell", "verdict"}}
	for _, r := range c.Declared() {
		base, changed := r.Figures()
		word, mark := r.Word(), "?"
		switch r.Verdict {
		case compare.Regression:
			word, mark = st.bad(word), st.bad("✗")
		case compare.Improvement, compare.Same:
			word, mark = st.good(word), st.good("✓")
		}
		needs := ""
		if r.Needs() != "" {
			needs = fmt.Sprintf("n=%d+%d", r.Runs, r.Runs)
		}
		t.Rows = append(t.Rows, []string{mark, st.said(r.Subject()), base, changed, r.Changed(), c.Chance(r), r.Tolerated(), r.Seen(), needs, word})
	}
	shown := []int{0, 1, 2, 3, 4}
	if c.HasChances() {
		shown = append(shown, 5)
	}
	if c.Drifts() { // so that what would have been seen is not known
		shown = append(shown, 6, 8, 9)
	} else {
		shown = append(shown, 6, 7, 9)
	}
	t = t.only(shown)
	return chapter{title: "Declared figures", said: c.Remarks(), tables: []Table{t}}
}

// maxOthers is how many figures for looking are shown; a page shows all.
const maxOthers = 60

// others are figures for looking: those of all calls and of tiers, unless there was nothing on either side, and of the
// other groups what changed.
func (c comparison) others(st style) chapter {
	list := chapter{title: "Other figures, for looking"}
	if said := c.Chances(); said != "" {
		list.said = []string{said}
	}
	t := Table{Header: []string{"of", "figure", ">base", ">new", ">change", ""}}
	left := uint64(0)
	for _, r := range c.Others() {
		none := r.Base != nil && r.New != nil && *r.Base == 0 && *r.New == 0
		if none || r.Kind != compare.All && r.Kind != compare.Tier && !r.Apart() || len(t.Rows) == maxOthers {
			left++
			continue
		}
		base, changed := r.Figures()
		t.Rows = append(t.Rows, []string{st.said(r.Group()), st.said(text.Printable(r.Figure, 40)), base, changed, r.Changed(), r.Word()})
	}
	if left > 0 {
		list.said = append(list.said, fmt.Sprintf("%s more are in %s and on the page.", text.Plural(left, "figure"), compare.File))
	}
	list.tables = []Table{t}
	return list
}

// maxRuns is how many runs of a side are shown.
const maxRuns = 20

// runs are those of both sides.
func (c comparison) runs(st style) Table {
	t := Table{Header: []string{"run", ">started", ">calls", ">p50", ">p99", ">errors"}}
	for _, side := range []struct {
		name string
		compare.Side
	}{{"base", c.Base}, {"new", c.New}} {
		shown := side.Runs[:min(len(side.Runs), maxRuns)]
		for _, r := range shown {
			t.Rows = append(t.Rows, []string{side.name + " " + st.foreign(r.ID, 60), r.Started.UTC().Format(time.DateTime + "Z"), text.Count(r.Sent), text.Duration(r.P50), text.Duration(r.P99),
				r.Failed()})
		}
		if more := len(side.Runs) - len(shown); more > 0 {
			t.Rows = append(t.Rows, []string{side.name + ", " + text.Count(uint64(more)) + " more", "", "", "", "", ""})
		}
	}
	return t
}
