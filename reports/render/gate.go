package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// gate is a gate to be shown.
type gate struct{ approval.Report }

// GateTerminal writes a gate for people: each part with what would turn it green, the budget, and the answer last.
func GateTerminal(w io.Writer, of approval.Report, o Options) error {
	g := gate{of}
	if o.Width <= 0 {
		o.Width = 100
	}
	var b bytes.Buffer
	tables := new(tableWriter)
	o.title(&b, "andon gate")
	o.flow(&b, g.subtitle(text.Printable))
	o.flow(&b, g.knownBy(text.Printable))
	b.WriteByte('\n')
	for _, p := range g.Parts {
		color := map[string]text.Color{summary.Pass: text.Green, summary.Fail: text.Red, summary.NoVerdict: text.Yellow}[p.Outcome]
		word := fmt.Sprintf("%-10s", approval.Word(p.Outcome))
		if color != "" {
			word = o.paint(color, word)
		}
		about := p.Name
		if p.About != "" {
			about += " " + text.Printable(p.About, 100)
		}
		o.marked(&b, word+" ", about+": "+text.Printable(text.Sentence(p.Found), 2000))
		if p.Before != nil {
			wrap(&b, text.Printable(p.First(), 2000), o.Width)
		}
		if p.Mend != "" {
			wrap(&b, "to turn it green: "+text.Printable(p.Mend, 2000), o.Width)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, "Budget"))
	if err := tables.text(&b, budget(g.Budget, text.Printable), o.Width); err != nil {
		return err
	}
	if g.Against != nil {
		fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, "Budget of what it is compared with"))
		if err := tables.text(&b, budget(*g.Against, text.Printable), o.Width); err != nil {
			return err
		}
	}
	for _, n := range g.Notes {
		wrap(&b, text.Printable(n, 2000), o.Width)
	}
	color := map[string]text.Color{summary.Pass: text.Green, summary.Fail: text.Red, summary.NoVerdict: text.Yellow}[g.Verdict.Status]
	b.WriteByte('\n')
	o.marked(&b, o.paint(text.Bold+";"+color, g.Word())+" ", fmt.Sprintf("%s (exit code %d)", text.Printable(g.Headline(), 1000), g.Verdict.ExitCode))
	after := "(with all that is named above)"
	if !slices.ContainsFunc(g.Parts, func(p approval.Part) bool { return p.Dir != "" }) {
		after = ""
	}
	o.named(&b, "report:", o.Dir, after)
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// GateMarkdown writes a gate for a comment on a pull request: short, one line for each part.
func GateMarkdown(w io.Writer, of approval.Report) error {
	g := gate{of}
	var b bytes.Buffer
	tables := new(tableWriter)
	mark := map[string]string{summary.Pass: "✅", summary.Fail: "❌", summary.NoVerdict: "⚠️", approval.LeftOut: "➖"}
	fmt.Fprintf(&b, "## %s %s: %s\n\n", mark[g.Verdict.Status], g.Word(), prose(g.Headline()))
	t := Table{Header: []string{"part", "", "found", "to turn it green"}}
	for _, p := range g.Parts {
		about, found := p.Name, []string{prose(text.Sentence(p.Found))}
		if p.About != "" {
			about += " " + code(p.About, 100)
		}
		if p.Before != nil {
			found = append(found, prose(p.First()))
		}
		t.Rows = append(t.Rows, []string{about, mark[p.Outcome] + " " + approval.Word(p.Outcome), strings.Join(found, " "), prose(p.Mend)})
	}
	if err := tables.markdown(&b, t); err != nil {
		return err
	}
	b.WriteString("\n" + strings.Join(g.subtitle(code), " · ") + "\n")
	if known := g.knownBy(code); len(known) > 0 {
		b.WriteString("\n" + strings.Join(known, " · ") + "\n")
	}
	fmt.Fprintf(&b, "\n<details><summary>Budget: %s</summary>\n\n", prose(g.Budget.Used()))
	if err := tables.markdown(&b, budget(g.Budget, code)); err != nil {
		return err
	}
	if g.Against != nil {
		fmt.Fprintf(&b, "\nAt what it is compared with: %s\n\n", prose(g.Against.Used()))
		if err := tables.markdown(&b, budget(*g.Against, code)); err != nil {
			return err
		}
	}
	b.WriteString("\n</details>\n")
	for _, n := range g.Notes {
		fmt.Fprintf(&b, "\n- %s\n", prose(n))
	}
	fmt.Fprintf(&b, "\n<sub>andon %s · gate %s · openapi.yaml sha256 %s · exit code %d</sub>\n", prose(g.Run.Andon), code(g.Run.ID, 120), code(g.Run.SpecSHA256, 64), g.Verdict.ExitCode)
	_, err := io.WriteString(w, text.Inert(b.String()))
	return err
}

// budget is the table of what was planned and spent, in all and by tier.
func budget(b approval.Budget, foreign func(string, int) string) Table {
	t := Table{Header: []string{"", ">planned, at most", ">spent"}}
	add := func(name, planned, spent string) { t.Rows = append(t.Rows, []string{name, planned, spent}) }
	add("calls", text.Count(b.Calls), text.Count(b.SpentCalls))
	add("runs started", text.Count(b.Runs), text.Count(b.SpentRuns))
	add("time", text.Duration(&b.Seconds), text.Duration(&b.SpentSeconds))
	for _, tier := range b.Tiers {
		name := foreign(tier.Name, 60)
		if tier.Name == "" {
			name = "of any tier"
		}
		planned, spent := text.Count(tier.Runs), text.Count(tier.SpentRuns)
		if b.Unit != "" {
			unit := " " + foreign(b.Unit, 20)
			planned += ", " + text.Digits(tier.Cost) + unit
			spent += ", " + text.Digits(tier.SpentCost) + unit
		}
		add("runs "+name, planned, spent)
	}
	if b.Unit != "" {
		unit := " " + foreign(b.Unit, 20)
		add("cost", text.Digits(b.Cost)+unit, text.Digits(b.SpentCost)+unit)
	}
	for _, c := range b.Caps {
		spent := ""
		if c.Before != "" {
			spent = foreign(c.Before, 60) + " before"
		}
		add("cap: "+c.Name, foreign(c.Cap, 60), spent)
	}
	return t
}

// subtitle says what was held against the gate, when and how long.
func (g gate) subtitle(foreign func(string, int) string) []string {
	where := []string{foreign(g.Run.Target, 300)}
	if g.Run.Against != "" {
		where = append(where, "against "+foreign(g.Run.Against, 300))
	}
	return append(where, g.Run.Started.UTC().Format(time.DateTime+"Z"), "took "+text.Duration(&g.Run.DurationSeconds))
}

// knownBy is the release and the labels, if there are any.
func (g gate) knownBy(foreign func(string, int) string) (said []string) {
	for _, l := range g.Run.KnownBy() {
		said = append(said, foreign(l[0], 64)+" "+foreign(l[1], 200))
	}
	return said
}
