package page

import (
	"cmp"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// WriteGate writes a gate as one HTML file, which needs nothing else, as that of a run does: not even a script, to be
// read. Its links lead to the reports of the parts, in the gate's directory.
func WriteGate(w io.Writer, of approval.Report) error {
	v := gate{of}.view()
	t, err := assemble(&v.frame, "gate.html", []string{"page.css", "verification.css"}, []string{"common.js", "plain.js"})
	if err != nil {
		return err
	}
	return t.Execute(inert(w), v)
}

// gate is a gate to be shown.
type gate struct{ approval.Report }

// gateView is what the template of a gate's page is given. Foreign texts in it went through [text.Printable], and the
// template escapes all.
type gateView struct {
	frame
	Parts             []partRow
	Budget, Against   table
	Facts             []fact
	Command           string
	Andon, SpecSHA256 string
	ExitCode          int
}

// partRow is a part as the page shows it.
type partRow struct {
	verdictWord
	Name, About, Href, Proves, Found, First, Mend string
	Took, Calls, Runs                             string
}

func (g gate) view() gateView {
	word := cmp.Or(g.Word(), "NO VERDICT")
	v := gateView{
		frame:  newFrame("gate", text.Sentence(text.Printable(g.Headline(), 1000)), word, summary.Verdict{Status: g.Verdict.Status}, g.tiles()),
		Budget: budget(g.Budget), Command: commandLine(g.Run.Command), Andon: text.Printable(g.Run.Andon, 64), SpecSHA256: text.Printable(g.Run.SpecSHA256, 64), ExitCode: g.Verdict.ExitCode,
	}
	v.Tab = word + " · gate · andon"
	v.Notes = printables(g.Notes, 1000)
	v.Facts = []fact{{"Target", text.Printable(g.Run.Target, 300)}}
	if g.Run.Against != "" {
		v.Facts = append(v.Facts, fact{"Compared with", text.Printable(g.Run.Against, 300)})
	}
	if g.Against != nil {
		v.Against = budget(*g.Against)
	}
	v.Facts = append(v.Facts, fact{"Started", g.Run.Started.UTC().Format(time.DateTime + "Z")}, fact{"Took", text.Duration(&g.Run.DurationSeconds)})
	for _, known := range g.Run.KnownBy() {
		v.Facts = append(v.Facts, fact{text.Printable(known[0], 64), text.Printable(known[1], 200)})
	}
	for _, p := range g.Parts {
		v.Parts = append(v.Parts, partRow{
			verdictWord: partWord(p.Outcome), Name: p.Name, About: text.Printable(p.About, 200), Href: partReport(p), Proves: p.Proves(),
			Found: text.Printable(text.Sentence(p.Found), 2000), First: text.Printable(p.First(), 2000), Mend: text.Printable(text.Sentence(p.Mend), 2000),
			Took: text.Duration(&p.Seconds), Calls: text.Count(p.Calls), Runs: text.Count(p.Runs),
		})
	}
	return v
}

// partWord is an outcome as the page shows it.
func partWord(outcome string) verdictWord {
	switch outcome {
	case summary.Pass:
		return verdictWord{"✓", "pass", "good"}
	case summary.Fail:
		return verdictWord{"✕", "fail", "bad"}
	case approval.LeftOut:
		return verdictWord{"–", "left out", "soft"}
	}
	return verdictWord{"?", "no verdict", "unsure"}
}

// partReport is the link to a part's own report; empty where its directory is none within the gate's.
func partReport(p approval.Part) string {
	words := strings.ReplaceAll(p.Dir, "/", "")
	if !fs.ValidPath(p.Dir) || p.Dir == "." || text.Token(words) != words || len(words) > 100 {
		return ""
	}
	return p.Dir + "/report.html"
}

func (g gate) tiles() []tile {
	b := g.Budget
	tiles := []tile{
		{"Calls", text.Count(b.SpentCalls), "at most " + text.Count(b.Calls), ""},
		{"Runs started", text.Count(b.SpentRuns), "at most " + text.Count(b.Runs), ""},
		{"Time", text.Duration(&b.SpentSeconds), "at most " + text.Duration(&b.Seconds), ""},
	}
	if b.Unit != "" {
		unit := text.Printable(b.Unit, 20)
		tiles = append(tiles, tile{"Cost", text.Digits(b.SpentCost) + " " + unit, "at most " + text.Digits(b.Cost) + " " + unit, ""})
	}
	return tiles
}

// budget is the table of what was planned and spent by tier, and of the caps.
func budget(b approval.Budget) table {
	t := table{Header: []column{{"", false}, {"planned, at most", true}, {"spent", true}}}
	for _, tier := range b.Tiers {
		planned, spent := text.Count(tier.Runs), text.Count(tier.SpentRuns)
		if b.Unit != "" {
			unit := " " + text.Printable(b.Unit, 20)
			planned, spent = planned+", "+text.Digits(tier.Cost)+unit, spent+", "+text.Digits(tier.SpentCost)+unit
		}
		t.Rows = append(t.Rows, []string{"runs of " + cmp.Or(text.Printable(tier.Name, 60), "any tier"), planned, spent})
	}
	for _, c := range b.Caps {
		before := ""
		if c.Before != "" {
			before = text.Printable(c.Before, 60) + " before"
		}
		t.Rows = append(t.Rows, []string{"cap: " + text.Printable(c.Name, 60), text.Printable(c.Cap, 60), before})
	}
	return t
}
