package page

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/text"
)

// WriteComparison writes a comparison as one HTML file that needs nothing else, as that of a search for capacity does:
// not even a script, to be read.
func WriteComparison(w io.Writer, of compare.Report) error {
	v := sides{of}.view()
	t, err := assemble(&v.frame, "comparison.html", []string{"page.css", "plot.css", "comparison.css"}, []string{"common.js", "plain.js"})
	if err != nil {
		return err
	}
	return t.Execute(inert(w), v)
}

// sides is a comparison to be shown.
type sides struct{ compare.Report }

// sidesView is what the template of a comparison's page is given. Foreign texts in it went through [text.Printable],
// and the template escapes all.
type sidesView struct {
	frame

	Sides      []sideFacts
	Differs    []string
	Sizes      string
	Rows       []effectRow
	Drifts     bool
	HasChances bool
	Remarks    []string
	Legend     []string
	Curves     []plot
	Times      []plot
	Pairs      *plot
	Runs       *plot
	RunTable   table
	MoreRuns   int
	Others     []groupTable
	MoreOthers int
	Chances    string
	Andon      string
	ExitCode   int
}

// sideFacts is what is known of a side.
type sideFacts struct {
	Name, Class string
	Facts       []fact
}

// effectRow is a declared row, with its interval as a picture.
type effectRow struct {
	verdictWord
	Name, Base, New, Changed, Tolerated, Seen, Chance, Needs string
	Effect                                                   effect
}

// effect is a change with its interval on an axis from 0 to 100, on which 50 is no change.
type effect struct {
	OK                        bool
	At, Low, Width, Tolerated float64
	Text                      string
}

// groupTable are figures for looking of one kind of group.
type groupTable struct {
	Title string
	Table table
}

func (d sides) view() sidesView {
	name := text.Printable(cmp.Or(d.New.Scenario, d.Base.Scenario), 64)
	v := sidesView{
		frame:   newFrame(name, text.Sentence(text.Printable(d.Headline(), 600)), d.Word(), d.Verdict, d.tiles()),
		Differs: printables(d.Differs, 600), Sizes: d.Sizes(), Drifts: d.Drifts(), HasChances: d.HasChances(), Remarks: printables(d.Remarks(), 1000), Legend: d.Legend(),
		Curves: d.curves(), Times: d.times(), Pairs: d.pairs(), Runs: d.runs(), Chances: d.Chances(), Andon: text.Printable(d.Andon, 64), ExitCode: d.Verdict.ExitCode,
	}
	v.Causes, v.MoreCauses = printables(d.Causes(), 2000), nil
	if n := maxCauses; len(v.Causes) > n+1 {
		v.Causes, v.MoreCauses = v.Causes[:n:n], v.Causes[n:]
	}
	v.Tab, v.Notes = d.Word()+" · "+name+" · comparison · andon", printables(d.Beside(), 600)
	for i, side := range []compare.Side{d.Base, d.New} {
		v.Sides = append(v.Sides, newSideFacts([]string{"base", "new"}[i], side))
	}
	rows := d.Declared()
	for _, r := range rows {
		base, changed := r.Figures()
		v.Rows = append(v.Rows, effectRow{rowWord(r), r.Subject(), base, changed, r.Changed(), r.Tolerated(), r.Seen(), d.Chance(r), r.Needs(), newEffect(r, reach(rows, r.Unit))})
	}
	v.RunTable, v.MoreRuns = d.runTable()
	v.Others, v.MoreOthers = d.others()
	return v
}

func newSideFacts(name string, s compare.Side) sideFacts {
	f := sideFacts{Name: name, Class: name, Facts: []fact{{"Runs", text.Count(uint64(len(s.Runs)))}}}
	add := func(name, value string) {
		if value != "" {
			f.Facts = append(f.Facts, fact{name, text.Printable(value, 300)})
		}
	}
	add("From", s.Name)
	add("Target", s.Target)
	add("Release", s.Release)
	add("Scenario", s.Scenario)
	return f
}

// tiles are how many figures came to what, and the one that matters most.
func (d sides) tiles() (tiles []tile) {
	if w := d.Worst(); w.Changed() != text.Unsupported {
		change, interval, _ := strings.Cut(w.Changed(), " (")
		tiles = append(tiles, tile{w.Subject(), change, cmp.Or(strings.TrimSuffix(interval, ")"), "of its interval the other end is not known"), map[string]string{compare.Regression: "bad"}[w.Verdict]})
	}
	all := text.Plural(uint64(len(d.Declared())), "declared figure")
	for _, of := range []struct {
		name, class string
		verdicts    []string
	}{{"Worse", "bad", []string{compare.Regression}}, {"Cannot tell", "", []string{compare.Unknown, compare.Drift}}, {"Not worse", "", []string{compare.Same}}, {"Better", "", []string{compare.Improvement}}} {
		n, class := d.Count(of.verdicts...), of.class
		if n == 0 {
			class = ""
		}
		tiles = append(tiles, tile{of.name, text.Count(uint64(n)), "of " + all, class})
	}
	sizes, what := fmt.Sprintf("%d + %d", len(d.Base.Runs), len(d.New.Runs)), "base + new"
	if d.Paired != nil {
		return append(tiles, tile{"Pairs", text.Count(uint64(max(d.Paired.Pairs, 0))), "of slices of " + text.Duration(&d.Paired.SliceSeconds), ""})
	}
	return append(tiles, tile{"Runs", sizes, what, ""})
}

func rowWord(r compare.Row) verdictWord {
	switch r.Verdict {
	case compare.Regression:
		return verdictWord{"✕", r.Word(), "bad"}
	case compare.Improvement, compare.Same:
		return verdictWord{"✓", r.Word(), "good"}
	}
	return verdictWord{"?", r.Word(), "unsure"}
}

// reach is the largest change of a unit that the pictures have room for.
func reach(rows []compare.Row, unit string) (most float64) {
	for _, r := range rows {
		if (r.Unit == compare.Share) != (unit == compare.Share) {
			continue
		}
		for _, v := range []*float64{r.Low, r.High} {
			if v != nil {
				most = max(most, math.Abs(bounded(*v)))
			}
		}
		most = max(most, 1.2*math.Abs(bounded(r.Tolerance)))
	}
	return min(max(most, 1e-6), 2)
}

func newEffect(r compare.Row, most float64) effect {
	if r.Low == nil || r.High == nil || r.Change == nil {
		return effect{}
	}
	x := axis{low: -most, high: most}
	e := effect{OK: true, At: x.at(*r.Change), Low: x.at(*r.Low), Text: r.Changed()}
	e.Width = math.Round(100*max(x.at(*r.High)-e.Low, 0.4)) / 100
	e.Tolerated = x.at(math.Abs(r.Tolerance))
	if !r.Rises() {
		e.Tolerated = x.at(-math.Abs(r.Tolerance))
	}
	return e
}

// How much of a comparison the page shows.
const (
	maxShownRuns   = 200
	maxShownOthers = 1000
	maxShownCurves = 12
	maxShownPairs  = 2000
)

func (d sides) runTable() (t table, more int) {
	t.Header = []column{{"run", false}, {"side", false}, {"started", true}, {"took", true}, {"calls", true}, {"p50", true}, {"p99", true}, {"errors", true}, {"figures are", false}}
	for i, side := range []compare.Side{d.Base, d.New} {
		shown := side.Runs[:min(len(side.Runs), maxShownRuns)]
		more += len(side.Runs) - len(shown)
		for _, r := range shown {
			t.Rows = append(t.Rows, []string{text.Printable(r.ID, 100), []string{"base", "new"}[i], r.Started.UTC().Format(time.DateTime) + " UTC", text.Duration(&r.Seconds), text.Count(r.Sent),
				text.Duration(r.P50), text.Duration(r.P99), r.Failed(), text.Printable(r.Validity, 40)})
		}
	}
	return t, more
}

// others are all figures for looking, a table for each kind of group.
func (d sides) others() (tables []groupTable, more int) {
	rows := d.Others()
	shown := rows[:min(len(rows), maxShownOthers)]
	for _, of := range [][2]string{{compare.All, "All calls"}, {compare.Tier, "Tiers"}, {compare.Content, "Content types"}, {compare.Class, "Classes"}, {compare.Phase, "Phases"}, {compare.Part, "Parts of a call"}} {
		t := table{Header: []column{{"figure", false}, {"base", true}, {"new", true}, {"change", true}, {"visible", true}, {"", false}}}
		for _, r := range shown {
			if r.Kind != of[0] {
				continue
			}
			base, changed := r.Figures()
			t.Rows = append(t.Rows, []string{r.Subject(), base, changed, r.Changed(), r.Seen(), cmp.Or(r.Word(), text.Printable(r.Reason, 100))})
		}
		if len(t.Rows) > 0 {
			tables = append(tables, groupTable{of[1], t})
		}
	}
	return tables, len(rows) - len(shown)
}

// curves are the percentile curves of both sides, one chart for each tier.
func (d sides) curves() (plots []plot) {
	for _, c := range d.Curves[:min(len(d.Curves), maxShownCurves)] {
		p := plot{Title: "Latency, all calls"}
		if c.Tier != "" {
			p.Title = "Latency of " + text.Printable(c.Tier, 40)
		}
		c.Base, c.New = shown(c.Base), shown(c.New)
		var values []float64
		rarest := 1.0
		for _, q := range slices.Concat(c.Base, c.New) {
			values, rarest = append(values, q.Seconds), max(rarest, min(rarity(q.Quantile), 6))
		}
		if len(values) == 0 {
			p.Empty = "Too few calls for a percentile."
			plots = append(plots, p)
			continue
		}
		x, y := axis{low: 0, high: rarest}, logarithmic(ofTimes, values...)
		p.Y, p.Legend = y.heights(), d.legend("")
		for _, t := range []tick{{math.Log10(2), "p50"}, {1, "p90"}, {2, "p99"}, {3, "p99.9"}, {4, "p99.99"}, {5, "p99.999"}} {
			if t.At <= rarest {
				p.X = append(p.X, tick{x.at(t.At), t.Text})
			}
		}
		for i, of := range [][]compare.Point{c.Base, c.New} {
			var line []point
			for _, q := range of {
				line = append(line, point{rarity(q.Quantile), q.Seconds})
			}
			p.Shapes = append(p.Shapes, shape{drawn(x, y, line), "line " + []string{"base", "new"}[i]})
		}
		plots = append(plots, p)
	}
	return plots
}

// shown is a curve without its highest value, which has no place where what is rare has one of its own.
func shown(curve []compare.Point) []compare.Point {
	return slices.DeleteFunc(slices.Clone(curve), func(p compare.Point) bool { return p.Quantile >= 1 })
}

// rarity is −log10 of the share of calls that take longer: 1 at p90, 2 at p99.
func rarity(quantile float64) float64 { return -math.Log10(max(1-quantile, 1e-9)) }

// legend says which line is which.
func (d sides) legend(mark string) []key {
	name := func(side string, s compare.Side) string {
		if s.Release != "" {
			side += ": " + text.Printable(s.Release, 40)
		}
		return side
	}
	of := func(side string) string {
		if mark == "" {
			return ""
		}
		return side
	}
	return []key{{of("base"), "base", name("base", d.Base)}, {of("new"), "new", name("new", d.New)}}
}
