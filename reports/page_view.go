package reports

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// How much of what is not andon's own the page quotes.
const (
	maxPageSamples = 60
	maxPageMessage = 600
	maxPageBody    = 1500
)

// view is what the page's template is given. Foreign texts in it went through [Printable], and the template escapes all.
type view struct {
	Policy        string
	Style         template.CSS
	Theme, Script template.JS
	Numbers       template.JS

	Title, Status, Word, Rest string
	Causes, Notes             []string
	Validity                  string
	Tiles                     []tile
	Thresholds                []thresholdRow
	Facts                     []fact
	Closed                    bool
	Tiers, Contents           comparison
	Heat                      []heatMap
	Phases                    Table
	HasErrors, HasViolations  bool
	P99Of                     string
	Bend                      string
	Parts, Lags               []rangeRow
	Statuses, Kinds, Rules    []barRow
	Samples                   []sampleCard
	MoreSamples               int
	Generator                 []fact
	Little, LittleClass       string
	HasVitals                 bool
	LeftOut                   []string
	Supported                 Table
	Command, Curl             string
	Scenario                  string
	ScenarioCut               bool
	Seed                      uint64
	SpecSHA256, Andon         string
	ExitCode                  int
	Times                     string // "latency", or "service time" in a closed loop
}

type tile struct{ Name, Value, Note, Class string }

type fact struct{ Name, Value string }

type thresholdRow struct {
	OK                         bool
	Expr, Found, Samples, Note string
	// Bar is the width of the figure's bar where the limit stands at 100 of 150; negative where there is none.
	Bar float64
}

// comparison sets groups beside each other, and all but one against that one.
type comparison struct {
	Names []string
	// Reference is the index of the one that the others are held against; −1 where there is nothing to compare.
	Reference int
	Spread    []spread
	Rows      []compared
}

// Lines are the groups with the figures of each row, the other way round.
func (c comparison) Lines() (lines []compared) {
	for i, name := range c.Names {
		line := compared{Name: name}
		for _, r := range c.Rows {
			line.Cells = append(line.Cells, r.Cells[i])
		}
		lines = append(lines, line)
	}
	return lines
}

// compared is one figure of all groups.
type compared struct {
	Name  string
	Cells []comparedCell
}

type comparedCell struct {
	Value, Class string
	// Gap is the difference, Interval its uncertainty; both empty where it cannot be told.
	Gap, Interval string
	// Apart tells whether the interval leaves out 0.
	Apart bool
}

// spread is a distribution as a line from min to max with a bar from p50 to p99, on a logarithmic axis from 0 to 100. There
// is no bar where the samples support no p99, and no mark where they support no p50.
type spread struct {
	OK                   bool
	Min, Max, P50, P99   float64
	HasMiddle, HasHigher bool
	Text                 string
}

type heatMap struct {
	Name, Title string
	Columns     []string
	Rows        []heatRow
}

type heatRow struct {
	Name  string
	Cells []heatCell
}

// heatCell has a Level of 0 to 8, or −1 where there is nothing to colour.
type heatCell struct {
	Value, Note string
	Level       int
}

type rangeRow struct {
	Name   string
	Cells  []string
	Spread spread
}

type barRow struct {
	Name, Count, Share, Example string
	Width                       float64
	Bad                         bool
}

type sampleCard struct {
	Kind, Rule, Where, Message, Pointer, Body, Curl string
}

// chart is the place of a chart, which the script fills.
type chart struct{ ID, Title, Hint string }

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

var pageFuncs = template.FuncMap{
	"head":    func(h string) string { return strings.TrimPrefix(h, ">") },
	"numeric": func(t Table, column int) bool { return strings.HasPrefix(t.Header[column], ">") },
	"span":    func(from, to float64) float64 { return math.Round(10*(to-from)) / 10 },
	"chart":   func(id, title, hint string) chart { return chart{id, capital(title), hint} },
	"latencyHint": func(v view) string {
		hint := "of the calls that were due in each stretch; a percentile is drawn where its samples support it"
		if v.P99Of != "" {
			hint += ", and the p99 over stretches of " + v.P99Of
		}
		return hint
	},
}

// plainStyle is the style of texts that a template will escape.
func plainStyle() style {
	same := func(s string) string { return s }
	return style{foreign: Printable, good: same, bad: same, example: 160}
}

func (d PageData) view() view {
	s := d.Summary
	word, rest := s.verdictLine()
	v := view{
		Title: Printable(s.Run.Scenario, 64), Status: s.Verdict.Status, Word: word, Rest: rest, Causes: printables(s.Verdict.Causes, 2000),
		Validity: d.validitySentence(), Tiles: s.tiles(), Facts: s.facts(), Closed: s.Run.ClosedLoop,
		Phases: s.phaseTable(plainStyle()), Seed: s.Run.Seed, SpecSHA256: Printable(s.Run.SpecSHA256, 64), Andon: Printable(s.Run.Andon, 64),
		ExitCode: s.Verdict.ExitCode, Times: "latency", Generator: d.generatorFacts(), LeftOut: s.leftOut(), Supported: d.supported(),
		Bend: d.bend().Sentence, HasVitals: len(d.Vitals) > 0,
		HasErrors: s.Total.Failed()+s.Total.Dropped > 0, HasViolations: s.Total.Violated() > 0,
	}
	if v.Closed {
		v.Times = "service time"
		v.Notes = append(v.Notes, closedNote)
	}
	for _, p := range d.Timeline {
		v.HasErrors = v.HasErrors || p.Dropped > 0 || len(p.ErrorsByKind) > 0
		v.HasViolations = v.HasViolations || len(p.ViolationsByRule) > 0
	}
	if d.Coarse != nil {
		v.P99Of = duration(&d.Coarse[0].Seconds)
	}
	for _, t := range s.Thresholds {
		v.Thresholds = append(v.Thresholds, newThresholdRow(t))
	}
	v.Tiers = s.compare(s.tiers(), s.Groups.Tier, d.Tiers, func(n string) bool { return n != "default" })
	v.Contents = s.compare(s.contents(), s.Groups.Content, d.Contents, func(string) bool { return true })
	// There are more content types than a page is wide; they are set below each other.
	v.Contents.Rows = slices.DeleteFunc(v.Contents.Rows, func(r compared) bool { return r.Name == "rate" || r.Name == "p90" || r.Name == "p99.9" })
	v.Heat = s.heatMaps()
	v.Parts = s.partRows()
	v.Lags = s.lagRows()
	for _, n := range mostFirst(s.Total.Status) {
		v.Statuses = append(v.Statuses, newBar(n, s.Total.Status[n], s.Total.Sent, s.Total.Errors["http-"+n[:1]+"xx"] > 0, ""))
	}
	if none := s.Total.Sent - min(sum(s.Total.Status), s.Total.Sent); none > 0 {
		v.Statuses = append(v.Statuses, newBar("none", none, s.Total.Sent, true, "no response head arrived"))
	}
	st := plainStyle()
	for _, n := range mostFirst(s.Total.Errors) {
		v.Kinds = append(v.Kinds, newBar(n, s.Total.Errors[n], s.Total.Sent, true, s.example(st, func(x results.Sample) bool { return x.Kind == n })))
	}
	if s.Total.Dropped > 0 {
		v.Kinds = append(v.Kinds, newBar(results.Dropped.String(), s.Total.Dropped, s.Total.Sent+s.Total.Dropped, true, "waited longer than the timeout for a free slot, and was never sent"))
	}
	for _, n := range mostFirst(s.Total.Violations) {
		v.Rules = append(v.Rules, newBar(Printable(n, 60), s.Total.Violations[n], s.Total.Completed, true, s.example(st, func(x results.Sample) bool { return x.Rule == n })))
	}
	for _, x := range s.Samples[:min(len(s.Samples), maxPageSamples)] {
		v.Samples = append(v.Samples, s.newSampleCard(x))
	}
	v.MoreSamples = len(s.Samples) - len(v.Samples)
	v.Little, v.LittleClass = littleSentence(s.Generator.Little, len(d.Vitals) > 0)
	v.Command = s.command()
	v.Curl = s.curlOf(0)
	text := d.Scenario
	if len(text) > maxPageScenario {
		text, v.ScenarioCut = text[:maxPageScenario], true
	}
	v.Scenario = printableLines(string(text))
	return v
}

func printables(texts []string, limit int) (all []string) {
	for _, t := range texts {
		all = append(all, Printable(t, limit))
	}
	return all
}

// printableLines is [Printable] for a text of several lines, which stay.
func printableLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(Printable(line, maxPageScenario), `\t`, "\t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// validitySentence says whether the figures can be trusted, and why.
func (d PageData) validitySentence() string {
	v := d.Summary.Validity
	switch {
	case len(v.Reasons) > 0:
		return sentence(Printable(strings.Join(v.Reasons, "; "), 2000))
	case d.Summary.Run.ClosedLoop:
		return "In a closed loop nothing is due, so there is no lag to judge the generator by."
	case v.Lag.P99 != nil:
		return fmt.Sprintf("Calls left on time: 99 in 100 within %s of the moment at which they were due; the latest by %s.", duration(v.Lag.P99), duration(v.Lag.Max))
	case v.Lag.Max != nil:
		return fmt.Sprintf("Calls left on time: the latest by %s.", duration(v.Lag.Max))
	}
	return ""
}

func (s Summary) tiles() []tile {
	f := s.Total
	x := s.headline(f)
	class := func(n uint64) string {
		if n > 0 {
			return "bad"
		}
		return "good"
	}
	note := "of " + planned(f.Planned) + " planned"
	if f.Planned == nil {
		note = "closed loop"
	}
	times := "latency"
	if s.Run.ClosedLoop {
		times = "service time"
	}
	rateNote := "sent, without warm-up"
	if f.Rate.Planned != nil {
		rateNote = "of " + rate(*f.Rate.Planned) + " asked"
	}
	supportedNote := func(v *float64, p float64) string {
		if v != nil {
			return times
		}
		return fmt.Sprintf("needs %s calls", count(histogram.Needed(p)))
	}
	return []tile{
		{"Calls sent", count(f.Sent), note, ""},
		{"Rate", rate(f.Rate.Achieved), rateNote, ""},
		{"p50", duration(x.P50), supportedNote(x.P50, 50), ""},
		{"p99", duration(x.P99), supportedNote(x.P99, 99), ""},
		{"Errors", count(f.Failed()), shareOf(f.Failed(), f.Sent), class(f.Failed())},
		{"Violations", count(f.Violated()), shareOf(f.Violated(), f.Completed), class(f.Violated())},
	}
}

func shareOf(part, whole uint64) string {
	if whole == 0 {
		return "of no calls"
	}
	return share(part, whole) + " of calls"
}

func (s Summary) facts() []fact {
	f := []fact{
		{"Target", Printable(s.Run.Target, 300)},
		{"Scenario", Printable(s.Run.Scenario, 100)},
		{"Seed", fmt.Sprint(s.Run.Seed)},
		{"Started", s.Run.Started.UTC().Format(time.DateTime) + " UTC"},
		{"Ran for", duration(&s.Run.DurationSeconds)},
		{"Ended", Printable(s.Run.End.Reason, 40)},
		{"Limits", fmt.Sprintf("%s in flight, timeout %s", count(uint64(max(s.Run.InFlight, 0))), duration(&s.Run.TimeoutSeconds))},
		{"Bodies", fmt.Sprintf("%s out, %s in", size(s.Total.Bytes.Out), size(s.Total.Bytes.In))},
		{"andon", Printable(s.Run.Andon, 64)},
	}
	if s.Run.Platform != "" {
		f = append(f, fact{"Platform", Printable(s.Run.Platform, 100)})
	}
	return append(f, fact{"Run", Printable(s.Run.ID, 120)})
}

// size writes bytes for people.
func size(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for ; v >= 999.5 && i < len(units)-1; i++ {
		v /= 1000
	}
	if i == 0 {
		return count(n) + " B"
	}
	return digits(v) + " " + units[i]
}

func newThresholdRow(t Threshold) thresholdRow {
	r := thresholdRow{OK: t.OK, Expr: Printable(t.Expr, 120), Found: quantity(t.Value, t.Unit), Samples: count(t.Samples), Bar: -1}
	if !t.OK && (t.Value == nil || t.Samples == 0) {
		r.Note = Printable(t.Reason, 300)
	}
	if t.Implicit {
		r.Note = strings.TrimSpace("checked in every run " + r.Note)
	}
	op, limit := t.Parsed.Limit()
	if op == "" || t.Value == nil {
		return r
	}
	switch {
	case limit > 0:
		r.Bar = min(100**t.Value/limit, 150)
	case *t.Value > 0:
		r.Bar = 150
	default:
		r.Bar = 0
	}
	r.Bar = math.Round(r.Bar*10) / 10
	return r
}

// compare sets groups beside each other; the first that may stand for itself is what the others are held against.
func (s Summary) compare(names []string, groups map[string]metrics.Figures, times map[string]histogram.Distribution, named func(string) bool) comparison {
	c := comparison{Reference: slices.IndexFunc(names, func(n string) bool { return named(n) && !groups[n].Invalid && groups[n].Sent > 0 })}
	for _, n := range names {
		c.Names = append(c.Names, Printable(n, 40))
	}
	others := 0
	for i, n := range names {
		if i != c.Reference && !groups[n].Invalid {
			others++
		}
	}
	if others == 0 {
		c.Reference = -1
	}
	var low, high float64
	for _, n := range names {
		if !groups[n].Invalid {
			low, high = widen(low, high, s.headline(groups[n]))
		}
	}
	for _, n := range names {
		if groups[n].Invalid {
			c.Spread = append(c.Spread, spread{}) // refusals are too quick for the same axis
			continue
		}
		c.Spread = append(c.Spread, newSpread(s.headline(groups[n]), low, high))
	}
	// row adds a row; difference gives the gap of a group to the reference and its interval, in words.
	row := func(name string, cell func(string) comparedCell, difference func(a, b string, to *comparedCell)) {
		r := compared{Name: name}
		empty := true
		for i, n := range names {
			x := cell(n)
			empty = empty && (x.Value == unsupported || x.Value == "")
			if c.Reference >= 0 && i != c.Reference && !groups[n].Invalid && difference != nil {
				difference(names[c.Reference], n, &x)
			}
			r.Cells = append(r.Cells, x)
		}
		if !empty {
			c.Rows = append(c.Rows, r)
		}
	}
	total := s.Total.Sent
	row("calls sent", func(n string) comparedCell {
		return comparedCell{Value: count(groups[n].Sent), Gap: share(groups[n].Sent, total)}
	}, nil)
	row("rate", func(n string) comparedCell { return comparedCell{Value: rate(groups[n].Rate.Achieved)} }, nil)
	ratio := func(name string, part, whole func(metrics.Figures) uint64) {
		row(name, func(n string) comparedCell {
			p := part(groups[n])
			x := comparedCell{Value: counted(p, whole(groups[n]))}
			if p > 0 {
				x.Class = "bad"
			}
			return x
		}, func(a, b string, to *comparedCell) {
			pa, na, pb, nb := part(groups[a]), whole(groups[a]), part(groups[b]), whole(groups[b])
			if i := metrics.RatioDifference(pa, na, pb, nb); i != nil && pa+pb > 0 {
				to.Gap = points(float64(pb)/float64(nb) - float64(pa)/float64(na))
				to.Interval = points(i.Low) + " to " + points(i.High)
				to.Apart = i.Low > 0 || i.High < 0
			}
		})
	}
	ratio("errors", metrics.Figures.Failed, func(f metrics.Figures) uint64 { return f.Sent })
	ratio("violations", metrics.Figures.Violated, func(f metrics.Figures) uint64 { return f.Completed })
	if s.Total.Dropped > 0 {
		ratio("dropped", func(f metrics.Figures) uint64 { return f.Dropped }, func(f metrics.Figures) uint64 { return f.Sent + f.Dropped })
	}
	timed := func(name string, p float64, get func(metrics.Times) *float64) {
		row(name, func(n string) comparedCell { return comparedCell{Value: duration(get(s.headline(groups[n])))} },
			func(a, b string, to *comparedCell) {
				to.Gap = gap(get(s.headline(groups[a])), get(s.headline(groups[b])))
				if p == 0 || to.Gap == "" {
					return
				}
				if i := histogram.Difference(times[a], times[b], p); i != nil {
					to.Interval = signed(i.Low) + " to " + signed(i.High)
					to.Apart = i.Low > 0 || i.High < 0
				}
			})
	}
	timed("p50", 50, func(x metrics.Times) *float64 { return x.P50 })
	timed("p90", 90, func(x metrics.Times) *float64 { return x.P90 })
	timed("p95", 95, func(x metrics.Times) *float64 { return x.P95 })
	timed("p99", 99, func(x metrics.Times) *float64 { return x.P99 })
	timed("p99.9", 99.9, func(x metrics.Times) *float64 { return x.P999 })
	timed("max", 0, func(x metrics.Times) *float64 { return x.Max })
	return c
}

// signed is a difference in seconds.
func signed(d float64) string {
	text := strings.Replace(duration(&d), "-", "−", 1)
	if d > 0 {
		text = "+" + text
	}
	return text
}

// widen stretches the range of a logarithmic axis, from which zeros are left out.
func widen(low, high float64, x metrics.Times) (float64, float64) {
	for _, v := range []*float64{x.Min, x.P50, x.P99, x.Max} {
		if v != nil && *v > 0 {
			if low == 0 || *v < low {
				low = *v
			}
			high = max(high, *v)
		}
	}
	return low, high
}

func newSpread(x metrics.Times, low, high float64) spread {
	if x.Max == nil || low == 0 || high <= low {
		return spread{}
	}
	at := func(v *float64) float64 {
		if v == nil || *v <= low {
			return 0
		}
		return math.Round(1000*math.Log(*v/low)/math.Log(high/low)) / 10
	}
	r := spread{OK: true, Min: at(x.Min), Max: at(x.Max), P50: at(x.P50), P99: at(x.P99), HasMiddle: x.P50 != nil, HasHigher: x.P99 != nil}
	r.Text = fmt.Sprintf("from %s to %s, median %s, p99 %s", duration(x.Min), duration(x.Max), duration(x.P50), duration(x.P99))
	return r
}

// heatLevels is how many shades a heat map has.
const heatLevels = 9

// heatMaps show the classes by tier and content, once for each figure.
func (s Summary) heatMaps() (maps []heatMap) {
	valid := func(names []string, groups map[string]metrics.Figures) []string {
		return slices.DeleteFunc(names, func(n string) bool { return groups[n].Invalid })
	}
	tiers, contents := valid(s.tiers(), s.Groups.Tier), valid(s.contents(), s.Groups.Content)
	if len(tiers) == 0 || len(contents) == 0 {
		return nil
	}
	times := "latency"
	if s.Run.ClosedLoop {
		times = "service time"
	}
	for _, c := range []struct {
		name, title string
		of          func(metrics.Figures) *float64
		text        func(*float64) string
	}{
		{"p50", "median " + times, func(f metrics.Figures) *float64 { return s.headline(f).P50 }, duration},
		{"p95", "p95 " + times, func(f metrics.Figures) *float64 { return s.headline(f).P95 }, duration},
		{"p99", "p99 " + times, func(f metrics.Figures) *float64 { return s.headline(f).P99 }, duration},
		{"errors", "share of errors", func(f metrics.Figures) *float64 {
			if f.Sent == 0 {
				return nil
			}
			v := float64(f.Failed()) / float64(f.Sent)
			return &v
		}, func(v *float64) string { return quantity(v, metrics.Ratio) }},
	} {
		m := heatMap{Name: c.name, Title: c.title}
		for _, t := range tiers {
			m.Columns = append(m.Columns, Printable(t, 24))
		}
		figures := func(content, tier string) (metrics.Figures, bool) {
			i := slices.IndexFunc(s.Run.Classes, func(k results.Class) bool { return k.Content == content && k.Tier == tier })
			if i < 0 {
				return metrics.Figures{}, false
			}
			f, there := s.Groups.Class[s.Run.Classes[i].Name]
			return f, there
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, content := range contents {
			for _, tier := range tiers {
				if f, there := figures(content, tier); there && c.of(f) != nil {
					low, high = min(low, *c.of(f)), max(high, *c.of(f))
				}
			}
		}
		for _, content := range contents {
			r := heatRow{Name: Printable(content, 40)}
			for _, tier := range tiers {
				cell := heatCell{Value: unsupported, Level: -1}
				if f, there := figures(content, tier); there {
					cell.Note = plural(f.Sent, "call")
					if v := c.of(f); v != nil {
						cell.Value, cell.Level = c.text(v), level(*v, low, high)
					}
				}
				r.Cells = append(r.Cells, cell)
			}
			m.Rows = append(m.Rows, r)
		}
		maps = append(maps, m)
	}
	return maps
}

// level is the shade of v between low and high, by its logarithm where both have one.
func level(v, low, high float64) int {
	share := 0.0
	switch {
	case high <= low:
		if v > 0 && low == 0 {
			return heatLevels - 1
		}
		return 0
	case low > 0:
		share = math.Log(v/low) / math.Log(high/low)
	default:
		share = (v - low) / (high - low)
	}
	return min(int(share*heatLevels), heatLevels-1)
}

func (s Summary) partRows() (rows []rangeRow) {
	parts := []struct {
		name string
		x    metrics.Times
	}{
		{"connect (new connections)", s.Parts.Connect}, {"TLS (new connections)", s.Parts.TLS}, {"wait for the first byte", s.Parts.Wait},
		{"read the body", s.Parts.Read}, {"service time, all of it", s.Total.Service},
	}
	var low, high float64
	for _, p := range parts {
		low, high = widen(low, high, p.x)
	}
	for _, p := range parts {
		if p.x.Max != nil {
			rows = append(rows, rangeRow{p.name, []string{duration(p.x.Mean), duration(p.x.P50), duration(p.x.P90), duration(p.x.P99), duration(p.x.Max)}, newSpread(p.x, low, high)})
		}
	}
	return rows
}

func (s Summary) lagRows() (rows []rangeRow) {
	for _, l := range []struct {
		name string
		lag  metrics.Lag
	}{{"lag: due → send", s.Validity.Lag}, {"of it, held up by andon itself", s.Validity.OwnLag}} {
		if l.lag.Max != nil {
			rows = append(rows, rangeRow{Name: l.name, Cells: []string{duration(l.lag.P50), duration(l.lag.P99), duration(l.lag.Max)}})
		}
	}
	return rows
}

func newBar(name string, n, whole uint64, bad bool, example string) barRow {
	b := barRow{Name: name, Count: count(n), Share: share(n, whole), Bad: bad, Example: example}
	if whole > 0 {
		b.Width = math.Round(1000*float64(n)/float64(whole)) / 10
	}
	return b
}

func (s Summary) newSampleCard(x results.Sample) sampleCard {
	where := fmt.Sprintf("hit %d · %s · due at %s", x.N, Printable(x.Class, 80), duration(&x.AtSeconds))
	if x.Status > 0 {
		where += fmt.Sprintf(" · status %d", x.Status)
	}
	return sampleCard{
		Kind: Printable(x.Kind, 40), Rule: Printable(x.Rule, 60), Where: where, Message: Printable(x.Message, maxPageMessage),
		Pointer: Printable(x.Pointer, 200), Body: Printable(x.Body, maxPageBody), Curl: s.curlOf(x.N),
	}
}

// curlOf is the command that prints a hit as a curl line, in the run directory, where the scenario and the description are.
func (s Summary) curlOf(n uint32) string {
	return fmt.Sprintf("andon plan scenario.yaml --spec openapi.yaml --seed %d --curl %d | tail -n 1", s.Run.Seed, uint64(n)+1)
}

// command repeats the run: as it was started, or, where that is not known, from the run directory.
func (s Summary) command() string {
	if len(s.Run.Command) == 0 {
		return fmt.Sprintf("andon run scenario.yaml --spec openapi.yaml --seed %d", s.Run.Seed)
	}
	words := make([]string, len(s.Run.Command))
	for i, w := range s.Run.Command {
		words[i] = shellWord(Printable(w, 4096))
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word of a command line where a shell would not take it as it is.
func shellWord(w string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r)
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plain(r) }) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

func (d PageData) generatorFacts() (facts []fact) {
	g := d.Summary.Generator
	add := func(name, format string, args ...any) {
		facts = append(facts, fact{name, fmt.Sprintf(format, args...)})
	}
	if g.Transport != "" {
		add("Carried by", "%s", Printable(g.Transport, 100))
	}
	if g.Cores > 0 {
		add("Processors", "%s", digits(g.Cores))
	}
	if len(d.Vitals) == 0 {
		return facts
	}
	add("Processors used", "%s on average, %s in the busiest second", digits(g.CPU), digits(g.CPUMax))
	add("Garbage collection", "stopped it for %s in all, %s at once", duration(&g.PauseSeconds), duration(&g.PauseMax))
	add("Stood still", "%s in all, %s at once", duration(&g.StallSeconds), duration(&g.StallMax))
	add("Records waiting", "%s at most", count(uint64(max(g.Queue, 0))))
	files := count(g.Connections)
	if g.OpenFiles > 0 {
		files += fmt.Sprintf(" (of %s files that it may open)", count(g.OpenFiles))
	}
	add("Connections", "%s", files)
	return facts
}

func littleSentence(l metrics.Little, looked bool) (text, class string) {
	if !looked {
		return "Nobody looked at how many calls were in flight, so the times cannot be checked against Little's law.", ""
	}
	how := fmt.Sprintf("Little's law: looking now and then, %s calls were in flight on average; by the times that were measured, it should have been %s.", digits(l.Seen), digits(l.Expected))
	if l.Holds {
		return how + " The two agree, so the times are right.", "good"
	}
	return how + " The two differ by more than chance, so something is wrong with the times.", "bad"
}

// leftOut are sentences on what is in none of the figures, or in some of them only.
func (s Summary) leftOut() (all []string) {
	for _, p := range s.Run.Phases {
		if f, there := s.Groups.Phase[p.Name]; there && p.Warmup {
			all = append(all, fmt.Sprintf("The warm-up phase %s: %s in %s, sent and shown over time, and in no other figure.", Printable(p.Name, 40),
				plural(f.Sent, "call"), duration(&p.Seconds)))
		}
	}
	if _, sent := s.deliberate(); sent > 0 {
		all = append(all, fmt.Sprintf("The times of %s that broke the contract on purpose: a refusal is quick, and would flatter the rest. They are counted in the totals.", plural(sent, "call")))
	}
	canceled := s.Total.Errors[results.Canceled.String()]
	if canceled > 0 {
		all = append(all, fmt.Sprintf("%s that %s given up because the run was stopped: in no time and in no rate of errors.", plural(canceled, "call"), wasWere(canceled)))
	}
	if s.Total.Unsent > 0 {
		all = append(all, fmt.Sprintf("%s that %s due when the run ended, and never sent.", plural(s.Total.Unsent, "call"), wasWere(s.Total.Unsent)))
	}
	if s.Total.Dropped > 0 {
		all = append(all, fmt.Sprintf("%s never left, since no slot came free within the timeout; the latency has the time that they waited, so that the percentiles are not better for it.", plural(s.Total.Dropped, "call")))
	}
	return all
}

func wasWere(n uint64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// supported says which percentiles the samples of each group can tell.
func (d PageData) supported() Table {
	ps := []float64{50, 90, 95, 99, 99.9}
	t := Table{Header: []string{"group", ">samples"}}
	for _, p := range ps {
		t.Header = append(t.Header, fmt.Sprintf(">p%v (%s)", p, count(histogram.Needed(p))))
	}
	row := func(name string, n uint64) {
		r := []string{Printable(name, 40), count(n)}
		for _, p := range ps {
			r = append(r, map[bool]string{true: "yes", false: unsupported}[n >= histogram.Needed(p)])
		}
		t.Rows = append(t.Rows, r)
	}
	var all uint64
	for name, x := range d.Tiers {
		if !d.Summary.Groups.Tier[name].Invalid {
			all += x.Samples()
		}
	}
	row("all calls", all)
	for _, name := range d.Summary.tiers() {
		row(name, d.Tiers[name].Samples())
	}
	for _, name := range d.Summary.contents() {
		if !d.Summary.Groups.Content[name].Invalid {
			row(name, d.Contents[name].Samples())
		}
	}
	return t
}
