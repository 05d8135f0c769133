package page

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// maxTrials is how many trials the page shows.
const maxTrials = 500

// WriteCapacity writes a search for capacity as one HTML file, which needs nothing else, as that of a run does: not
// even a script, to be read. Its links lead to the reports of the trials, in the search's directory.
func WriteCapacity(w io.Writer, of sizing.Report) error {
	v := search{of}.view()
	t, err := assemble(&v.frame, "capacity.html", []string{"page.css", "plot.css", "capacity.css"}, []string{"common.js", "plain.js"})
	if err != nil {
		return err
	}
	return t.Execute(inert(w), v)
}

// capacityView is what the template of a search's page is given. Foreign texts in it went through [text.Printable], and
// the template escapes all.
type capacityView struct {
	frame

	Curve       []plot
	Marked      []key
	Capacities  table
	Said        []string
	Broke       string
	BrokeFacts  []fact
	Objectives  table
	LeftOut     table
	Onsets      table
	OnsetNotes  []string
	Trials      []trialRow
	MoreTrials  int
	Over        string // the objective that the trials' shares are of
	Mix         table
	MixPlot     *plot
	MixSaid     string
	Isolation   table
	IsolatePlot *plot
	Isolated    string
	Ladder      table
	LadderPlot  *plot
	LadderSaid  string
	LadderFacts []fact
	Replicas    []fact
	Assumptions []string
	Soak        []fact
	SoakSaid    string
	SoakReport  string
	Drift       []string
	Budget      table
	Facts       []fact
	Command     string
	Andon       string
	ExitCode    int
	SpecSHA256  string
}

func (d search) view() capacityView {
	word := cmp.Or(d.Word(), "NO VERDICT")
	name := text.Printable(d.Run.Scenario, 64)
	v := capacityView{
		frame: newFrame(name, text.Sentence(text.Printable(d.Headline(), 600)), word, d.Verdict, d.tiles()), Capacities: d.capacities(), Said: d.said(), Objectives: d.objectives(), LeftOut: d.leftOut(),
		Budget: d.budget(), Facts: d.facts(), Andon: text.Printable(d.Run.Andon, 64), ExitCode: d.Verdict.ExitCode, SpecSHA256: text.Printable(d.Run.SpecSHA256, 64),
		Command: commandLine(d.Run.Command),
	}
	v.Tab = word + " · " + name + " · capacity · andon"
	v.Notes = printables(d.Notes, 600)
	v.Curve, v.Marked = d.curve()
	v.Broke, v.BrokeFacts = d.broke()
	v.Onsets, v.OnsetNotes = d.onsets()
	v.Over = d.expr(d.focus())
	for _, t := range d.Trials[:min(len(d.Trials), maxTrials)] {
		v.Trials = append(v.Trials, d.trialRow(t))
	}
	v.MoreTrials = len(d.Trials) - len(v.Trials)
	v.Mix, v.MixPlot, v.MixSaid = d.mixed()
	v.Isolation, v.IsolatePlot, v.Isolated = d.isolated()
	v.Ladder, v.LadderPlot, v.LadderFacts, v.LadderSaid = d.scaled()
	v.Replicas, v.Assumptions = d.replicas()
	v.Soak, v.SoakSaid, v.SoakReport, v.Drift = d.soaked()
	return v
}

func (d search) tiles() (tiles []tile) {
	for _, c := range d.both() {
		note := "no interval"
		if c.Kind == sizing.Interval && c.Rate > 0 {
			note = fmt.Sprintf("most likely %s; %s confidence", text.Rate(c.Rate), sizing.Percent(c.Confidence))
		}
		tiles = append(tiles, tile{capital(c.name), c.Between(), note, ""})
	}
	if c := d.main(); c != nil {
		if c.InFlight > 0 {
			tiles = append(tiles, tile{"In flight", text.Digits(c.InFlight), "calls on average, at that rate", ""})
		}
		if c.Goodput > 0 {
			tiles = append(tiles, tile{"Goodput", text.Rate(c.Goodput), "calls that kept every limit, at that rate", ""})
		}
		if c.Headroom != nil {
			class := ""
			if *c.Headroom < 0 {
				class = "bad"
			}
			tiles = append(tiles, tile{"Headroom", signedPercent(*c.Headroom), "of the low end, over what is needed", class})
		}
		if c.Lowest > 0 {
			tiles = append(tiles, tile{"Broken at", text.Rate(c.Lowest), "the lowest rate that was clearly broken", ""})
		}
	}
	if d.Need != nil && d.Need.Error > 0 {
		tiles = append(tiles, tile{"Certainty", sizing.Percent(1 - d.Need.Error), "at least, of such an answer", ""})
	}
	return append(tiles, tile{"Trials", text.Count(uint64(max(d.Budget.SpentTrials, 0))), text.Plural(d.Budget.SpentCalls, "call"), ""})
}

func signedPercent(ratio float64) string {
	if ratio < 0 {
		return "−" + text.Percent(-ratio)
	}
	return "+" + text.Percent(ratio)
}

// said are the sentences that belong to the answer.
func (d search) said() (list []string) {
	add := func(sentences ...string) {
		for _, s := range sentences {
			if s = text.Sentence(text.Printable(s, 600)); s != "" && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	if d.Need != nil {
		add(d.Need.String())
	}
	for _, c := range d.both() {
		add(c.Why, c.NotMonotone, c.Hysteresis) // the rest is in the table
	}
	add(d.Run.Ending())
	return list
}

func (d search) facts() []fact {
	arrivals := map[string]string{"poisson": "at random (Poisson), as from many callers who know nothing of each other", "even": "evenly spaced"}[d.Run.Arrivals]
	if arrivals == "" {
		arrivals = text.Printable(d.Run.Arrivals, 40)
	}
	f := []fact{
		{"Target", cmp.Or(text.Printable(d.Run.Target, 300), "none was called")},
		{"Scenario", text.Printable(d.Run.Scenario, 100)},
		{"Seed", fmt.Sprint(d.Run.Seed)},
		{"Started", d.Run.Started.UTC().Format(time.DateTime) + " UTC"},
		{"Took", text.Duration(&d.Run.DurationSeconds)},
		{"Ended", text.Printable(d.Run.Ended, 40)},
		{"Arrivals", arrivals},
		{"andon", text.Printable(d.Run.Andon, 64)},
	}
	if d.Run.Resumed > 0 {
		f = append(f, fact{"Gone on with", text.Plural(uint64(d.Run.Resumed), "time")})
	}
	for _, l := range d.Run.KnownBy() {
		f = append(f, fact{text.Printable(l[0], 64), text.Printable(l[1], 200)})
	}
	return append(f, fact{"Search", text.Printable(d.Run.ID, 120)})
}
