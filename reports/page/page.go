// Package page writes a run as one HTML file that needs nothing else, no network either: figures and tables are in its
// text, and a script draws the charts from the numbers that come with it.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"path/filepath"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// maxScenario is how many bytes of a scenario the page quotes.
const maxScenario = 64 << 10

//go:embed page.html page.css page.js theme.js uplot/uPlot.iife.min.js uplot/uPlot.min.css
var files embed.FS

// Data is what the page shows of a run. Make it with [New].
type Data struct {
	Summary summary.Summary
	// Timeline is finer than the summary's; StoppedSeconds is when the run stopped sending.
	Timeline       []metrics.Point
	StoppedSeconds float64
	// Coarse is a timeline in stretches that are long enough for a p99, where they are not in Timeline; else nil.
	Coarse []metrics.Point
	// Tiers and Contents are the latencies by tier and by content signature; Lag and OwnLag say how late calls left.
	Tiers, Contents map[string]histogram.Distribution
	Lag, OwnLag     histogram.Distribution
	Vitals          []results.Vitals
	// Scenario is the text of the scenario.
	Scenario []byte
	Commands Commands
}

// Commands are command lines that the page shows, for the run directory, where the scenario and the description are.
// One that is nil is not shown.
type Commands struct {
	// Run repeats a run of that seed, where it is not known how it was started.
	Run func(seed uint64) string
	// Curl prints a call of a run of that seed, by its number from 1, as a curl line.
	Curl func(seed, call uint64) string
}

// New gathers what the page shows: a summary, and what rows, of which agg has been given all, and run directories
// say beyond it. Of several runs that were merged, how the generators did is not drawn.
func New(s summary.Summary, agg *metrics.Aggregator, runs ...*results.Run) Data {
	d := Data{
		Summary: s, Timeline: agg.Timeline(maxPoints), StoppedSeconds: agg.Elapsed(results.End{Reason: s.Run.End.Reason}),
		Tiers: agg.Latencies(metrics.ByTier), Contents: agg.Latencies(metrics.ByContent),
	}
	if len(runs) == 1 {
		d.Vitals = runs[0].Vitals
	}
	d.Lag, d.OwnLag = agg.Lags()
	d.Coarse = coarser(d.Timeline, agg)
	if len(runs) > 0 {
		// A run whose scenario is not there has a page without it.
		d.Scenario, _ = readStart(filepath.Join(runs[0].Dir, "scenario.yaml"))
	}
	return d
}

func readStart(path string) ([]byte, error) {
	f, _, err := results.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxScenario+1))
}

// coarser is a timeline in stretches of which four in five support a p99; nil where those of fine do, or none of at
// least five would.
func coarser(fine []metrics.Point, agg *metrics.Aggregator) []metrics.Point {
	enough := func(points []metrics.Point) bool {
		due, supported := 0, 0
		for _, p := range points {
			if p.Due > 0 {
				due++
			}
			if p.Latency.P99 != nil {
				supported++
			}
		}
		return 5*supported >= 4*due
	}
	if enough(fine) {
		return nil
	}
	for points := len(fine) / 2; points >= 5; points = points * 3 / 4 {
		if coarse := agg.Timeline(points); enough(coarse) {
			return coarse
		}
	}
	return nil
}

// Write writes the run as one HTML file that needs nothing else, no network either: figures and tables are in the text,
// and a script draws the charts from the numbers that come with it. Its Content-Security-Policy lets nothing run or
// load but what andon put there, so that what a provider sent stays text.
func Write(w io.Writer, d Data) error {
	read := func(names ...string) (string, error) {
		var all []byte
		for _, name := range names {
			text, err := files.ReadFile(name)
			if err != nil {
				return "", err
			}
			all = append(append(all, text...), '\n')
		}
		return string(all), nil
	}
	source, err1 := read("page.html")
	style, err2 := read("uplot/uPlot.min.css", "page.css")
	theme, err3 := read("theme.js")
	script, err4 := read("uplot/uPlot.iife.min.js", "page.js")
	numbers, err5 := json.Marshal(d.columns())
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	t, err := template.New("page").Funcs(funcs).Parse(source)
	if err != nil {
		return err
	}
	v := d.view()
	v.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(style) +
		"; script-src " + hash(theme) + " " + hash(script)
	v.Style, v.Theme, v.Script = template.CSS(style), template.JS(theme), template.JS(script)
	// encoding/json writes <, > and & and the two line separators of JavaScript as escapes.
	v.Numbers = template.JS(numbers)
	return t.Execute(w, v)
}

// hash is a source expression of a Content-Security-Policy that allows exactly this text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
