package page

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// How much of what is not andon's own the page quotes.
const (
	maxSamples = 60
	maxMessage = 600
	maxBody    = 1500
	// maxCauses is how many causes of the verdict are on the first screen.
	maxCauses = 5
)

// frame is what every page begins with: its head, the policy that lets nothing else in, the bar and the verdict.
type frame struct {
	Policy        string
	Style         template.CSS
	Theme, Script template.JS

	Tab, Name, Status, Word, Rest string
	Causes, MoreCauses, Notes     []string
	Validity                      string
	Tiles                         []tile
}

// newFrame is that of a verdict.
func newFrame(name, rest, word string, v summary.Verdict, tiles []tile) frame {
	f := frame{Name: name, Status: text.Printable(v.Status, 20), Word: word, Rest: rest, Causes: printables(v.Causes, 2000), Tiles: tiles}
	if n := maxCauses; len(f.Causes) > n+1 {
		f.Causes, f.MoreCauses = f.Causes[:n:n], f.Causes[n:]
	}
	return f
}

// view is what the page's template is given. Foreign texts in it went through [Printable], and the template escapes
// all.
type view struct {
	frame
	Numbers template.JS

	Trust                    string
	Thresholds               []thresholdRow
	Facts                    []fact
	Closed                   bool
	Tiers, Contents          comparison
	Heat                     []heatMap
	Phases                   table
	Executions               *followed
	HasErrors, HasViolations bool
	LatencyHint, Knee        string
	Marks                    []markLine
	Parts, Lags              []rangeRow
	Outcomes                 table
	Statuses, Kinds, Rules   []barRow
	Samples                  []sampleCard
	MoreSamples              int
	Generator                []fact
	Little, LittleClass      string
	HasVitals                bool
	LeftOut                  []string
	Supported                table
	Intervals, Changes       table
	Certainty                string
	Command, Curl            string
	Scenario                 string
	ScenarioCut              bool
	Seed                     uint64
	SpecSHA256, Andon        string
	ExitCode                 int
	Times                    string // "latency", or "service time" in a closed loop
}

type thresholdRow struct {
	OK                         bool
	Expr, Found, Samples, Note string
	// Bar is the width of the figure's bar where the limit stands at 100 of 150; negative where there is none.
	Bar float64
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

var funcs = template.FuncMap{
	"span":  func(from, to float64) float64 { return math.Round(10*(to-from)) / 10 },
	"plus":  func(a, b int) int { return a + b },
	"chart": func(id, title, hint string) chart { return chart{id, capital(title), hint} },
}

func (d Data) view() view {
	s := run{d.Summary}
	word, rest := s.VerdictLine()
	v := view{
		frame: newFrame(text.Printable(s.Run.Scenario, 64), rest+".", word, s.Verdict, s.tiles()),
		Trust: d.trustSentence(), Facts: s.facts(), Closed: s.Run.ClosedLoop,
		Phases: s.phases(), Seed: s.Run.Seed, SpecSHA256: text.Printable(s.Run.SpecSHA256, 64), Andon: text.Printable(s.Run.Andon, 64),
		ExitCode: s.Verdict.ExitCode, Times: "latency", Generator: d.generatorFacts(), LeftOut: s.leftOut(), Supported: d.supported(),
		Knee: d.knee().Sentence, HasVitals: len(d.Vitals) > 0,
		HasErrors: s.Total.Failed()+s.Total.Dropped > 0, HasViolations: s.Total.Violated() > 0,
	}
	v.Tab = word + " · " + v.Name
	if s.Run.Release != "" {
		v.Tab += " · " + text.Printable(s.Run.Release, 40)
	}
	v.Tab, v.Validity = v.Tab+" · andon", d.validitySentence()
	if v.Closed {
		v.Times = "service time"
		v.Notes = append(v.Notes, summary.ClosedLoop)
	}
	if s.Run.Insecure {
		v.Notes = append(v.Notes, summary.Insecure)
	}
	for _, note := range []string{s.Tolerance(), s.Pacing()} {
		if note != "" {
			v.Notes = append(v.Notes, note)
		}
	}
	v.Notes = append(v.Notes, s.Drifted()...)
	v.Intervals, v.Changes, v.Certainty = s.intervals(), s.changes(), summary.Certainty
	for _, p := range d.Timeline {
		v.HasErrors = v.HasErrors || p.Dropped > 0 || len(p.ErrorsByKind) > 0
		v.HasViolations = v.HasViolations || len(p.ViolationsByRule) > 0
	}
	v.LatencyHint = "by the moment at which calls were due; where a stretch has too few of them for a percentile, it is that of a wider one, drawn as a step: " + d.Steps.sentence()
	v.Marks = d.markLines()
	for _, t := range s.Thresholds {
		v.Thresholds = append(v.Thresholds, newThresholdRow(t, s.Unexplained(t)))
	}
	var against summary.Comparisons
	if s.Comparison != nil {
		against = *s.Comparison
	}
	v.Tiers = s.compare(s.Tiers(), s.Groups.Tier, against.Tier)
	v.Contents = s.compare(s.Contents(), s.Groups.Content, against.Content)
	// There are more content types than a page is wide; they are set below each other.
	v.Contents.Rows = slices.DeleteFunc(v.Contents.Rows, func(r compared) bool { return r.Name == "rate" || r.Name == "p90" || r.Name == "p99.9" })
	v.Heat = s.heatMaps()
	v.Outcomes = s.outcomes()
	v.Executions = d.executions()
	v.Parts = s.partRows()
	v.Lags = s.lagRows()
	for _, n := range summary.MostFirst(s.Total.Status) {
		v.Statuses = append(v.Statuses, newBar(n, s.Total.Status[n], s.Total.Sent, s.Total.Errors["http-"+n[:1]+"xx"] > 0, ""))
	}
	if none := s.NoStatus(); none > 0 {
		v.Statuses = append(v.Statuses, newBar("none", none, s.Total.Sent, true, "no response head arrived"))
	}
	for _, n := range summary.MostFirst(s.Total.Errors) {
		v.Kinds = append(v.Kinds, newBar(n, s.Total.Errors[n], s.Total.Tried(), true, ""))
	}
	if s.Total.Dropped > 0 {
		v.Kinds = append(v.Kinds, newBar(results.Dropped.String(), s.Total.Dropped, s.Total.Sent+s.Total.Dropped, true, "waited longer than the timeout for a free slot, and was never sent"))
	}
	for _, n := range summary.MostFirst(s.Total.Violations) {
		v.Rules = append(v.Rules, newBar(text.Printable(n, 60), s.Total.Violations[n], s.Total.Completed, true, ""))
	}
	for _, d := range s.Run.Deviations {
		v.Rules = append(v.Rules, newBar(text.Printable(d.Subject(), 200), uint64(d.Occurred), s.Total.Completed, d.State == summary.DeviationExpired,
			text.Printable("known: "+d.Fate("answer")+": "+d.Why+" "+d.Ask, 1000)))
	}
	for _, x := range s.Samples[:min(len(s.Samples), maxSamples)] {
		v.Samples = append(v.Samples, d.newSampleCard(x))
	}
	v.MoreSamples = len(s.Samples) - len(v.Samples)
	v.Little, v.LittleClass = littleSentence(s.Generator.Little, len(d.Vitals) > 0)
	v.Command = d.command()
	v.Curl = d.curl(0)
	text := d.Scenario
	if len(text) > maxScenario {
		text, v.ScenarioCut = text[:maxScenario], true
	}
	v.Scenario = printableLines(string(text))
	return v
}

// printableLines is [Printable] for a text of several lines, which stay.
func printableLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(text.Printable(line, maxScenario), `\t`, "\t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func (s run) tiles() []tile {
	f := s.Total
	x := s.Times(f)
	class := func(n uint64) string {
		if n > 0 {
			return "bad"
		}
		return "good"
	}
	note := "closed loop"
	if f.Planned != nil {
		note = "of " + text.Count(*f.Planned) + " planned"
	}
	times := "latency"
	if s.Run.ClosedLoop {
		times = "service time"
	}
	rateNote := "sent, without warm-up"
	if f.Rate.Planned != nil {
		rateNote = "of " + text.Rate(*f.Rate.Planned) + " asked"
	}
	if f.Uneven() {
		rateNote += fmt.Sprintf(", %s answered, goodput %s", text.Rate(f.Rate.Answered), text.Rate(f.Rate.Goodput))
	}
	less := f.LatencyLessOwn
	if s.Run.ClosedLoop {
		less = f.ServiceLessOwn
	}
	supportedNote := func(v *float64, p float64) string {
		if v != nil {
			note := times
			if less == nil {
				return note
			}
			for _, q := range less.Percentiles() {
				if q.P == p && q.Value != nil && text.Duration(q.Value) != text.Duration(v) {
					note += "; " + text.Duration(q.Value) + " less andon's own standstill"
				}
			}
			return note
		}
		return fmt.Sprintf("needs %s calls", text.Count(histogram.Needed(p)))
	}
	tiles := []tile{
		{"Calls sent", text.Count(f.Sent), note, ""},
		{"Rate", text.Rate(f.Rate.Achieved), rateNote, ""},
		{"p50", text.Duration(x.P50), supportedNote(x.P50, 50), ""},
		{"p99", text.Duration(x.P99), supportedNote(x.P99, 99), ""},
		{"Errors", text.Count(f.Failed()), shareOf(f.Failed(), f.Sent), class(f.Failed())},
		{"Violations", text.Count(f.Violated()), shareOf(f.Violated(), f.Completed), class(f.Violated())},
	}
	if shed := f.Of(results.OutcomeShed); shed > 0 {
		tiles = append(tiles, tile{"Shed", text.Count(shed), shareOf(shed, f.Sent), class(shed)})
	}
	return append(tiles, s.executionTiles()...)
}

func shareOf(part, whole uint64) string {
	if whole == 0 {
		return "of no calls"
	}
	return text.Share(part, whole) + " of calls"
}

// limits names what the run was under; the tolerated lag only where it is not the usual one.
func (s run) limits() string {
	words := fmt.Sprintf("%s in flight, timeout %s", text.Count(uint64(max(s.Run.InFlight, 0))), text.Duration(&s.Run.TimeoutSeconds))
	if s.Run.LagSeconds > 0 {
		words += ", lag " + text.Duration(&s.Run.LagSeconds)
	}
	return words
}

func (s run) facts() []fact {
	f := []fact{
		{"Target", text.Printable(s.Run.Target, 300)},
		{"Scenario", text.Printable(s.Run.Scenario, 100)},
		{"Seed", fmt.Sprint(s.Run.Seed)},
		{"Started", s.Run.Started.UTC().Format(time.DateTime) + " UTC"},
		{"Ran for", text.Duration(&s.Run.DurationSeconds)},
		{"Ended", text.Printable(s.Run.End.Reason, 40)},
		{"Limits", s.limits()},
		{"Bodies", fmt.Sprintf("%s out, %s in", text.Bytes(s.Total.Bytes.Out), text.Bytes(s.Total.Bytes.In))},
		{"andon", text.Printable(s.Run.Andon, 64)},
	}
	if s.Run.Platform != "" {
		f = append(f, fact{"Platform", text.Printable(s.Run.Platform, 100)})
	}
	for _, l := range s.Run.KnownBy() {
		f = append(f, fact{text.Printable(l[0], 64), text.Printable(l[1], 200)})
	}
	return append(f, fact{"Run", text.Printable(s.Run.ID, 120)})
}

func newThresholdRow(t summary.Threshold, why string) thresholdRow {
	r := thresholdRow{OK: t.OK, Expr: text.Printable(t.Expr, 120), Found: t.Figure(), Samples: text.Count(t.Samples), Bar: -1}
	if t.Spoiled {
		why = t.Doubt()
	}
	if t.Left {
		why = summary.Left
	}
	var notes []string
	if why != "" {
		notes = append(notes, text.Printable(why, 300))
	}
	if between := t.Between(); between != "" && !t.Spoiled {
		notes = append(notes, between)
	}
	if t.Windows != nil && t.Value != nil {
		notes = append(notes, t.Windows.String())
	}
	if t.Broke != nil {
		notes = append(notes, t.Broke.String())
	}
	r.Note = strings.Join(notes, "; ")
	if t.Implicit {
		r.Note = strings.TrimSpace("checked in every run " + r.Note)
	}
	op, limit := t.Parsed.Limit()
	if op == "" || t.Value == nil {
		return r
	}
	switch {
	case limit > 0:
		r.Bar = max(min(100**t.Value/limit, 150), 0)
	case *t.Value > 0:
		r.Bar = 150
	default:
		r.Bar = 0
	}
	r.Bar = math.Round(r.Bar*10) / 10
	return r
}

func newBar(name string, n, whole uint64, bad bool, example string) barRow {
	b := barRow{Name: name, Count: text.Count(n), Share: text.Share(n, whole), Bad: bad, Example: example}
	if whole > 0 {
		b.Width = math.Round(1000*float64(n)/float64(whole)) / 10
	}
	return b
}

func (d Data) newSampleCard(x results.Sample) sampleCard {
	where := fmt.Sprintf("call %d · %s · due at %s", x.N, text.Printable(x.Class, 80), text.Duration(&x.AtSeconds))
	if x.Status > 0 {
		where += fmt.Sprintf(" · status %d", x.Status)
	}
	return sampleCard{
		Kind: text.Printable(x.Kind, 40), Rule: text.Printable(x.Rule, 60), Where: where, Message: text.Printable(x.Message, maxMessage),
		Pointer: text.Printable(x.Pointer, 200), Body: text.Printable(x.Body, maxBody), Curl: d.curl(x.N),
	}
}

// curl is the command line that prints a call, by its number in the plan, as a curl line; empty where none is known.
func (d Data) curl(n uint32) string {
	if d.Commands.Curl == nil {
		return ""
	}
	target := ""
	if !d.Embedded {
		target = shellWord(text.Printable(d.Summary.Run.Target, 4096))
	}
	return d.Commands.Curl(target, d.Summary.Run.Seed, uint64(n)+1)
}

// command repeats the run: as it was started, or, where that is not known, from the run directory.
func (d Data) command() string {
	started := d.Summary.Run.Command
	if len(started) == 0 && d.Commands.Run != nil {
		return d.Commands.Run(d.Summary.Run.Seed)
	}
	return commandLine(started)
}

// commandLine writes the words of a command so that a shell takes them as they are.
func commandLine(started []string) string {
	words := make([]string, len(started))
	for i, w := range started {
		words[i] = shellWord(text.Printable(w, 4096))
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
