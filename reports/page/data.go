package page

import (
	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// maxScenario is how many bytes of a scenario the page quotes.
const maxScenario = 64 << 10

// maxPoints is how many stretches the page's timeline has at most: ten minutes by the second, and what ends after them.
const maxPoints = 640

// Data is what the page shows of a run. Make it with [New].
type Data struct {
	Summary summary.Summary
	// Timeline is finer than the summary's; StoppedSeconds is when the run stopped sending.
	Timeline       []metrics.Point
	StoppedSeconds float64
	// Steps are the percentiles of the latency over time.
	Steps steps
	// Coarse is a timeline in stretches that are long enough for a p99, where they are not in Timeline; else nil.
	Coarse []metrics.Point
	// Tiers and Contents are the latencies by tier and by content signature; Lag and OwnLag say how late calls left.
	Tiers, Contents map[string]histogram.Distribution
	Lag, OwnLag     histogram.Distribution
	Vitals          []results.Vitals
	// Scenario is the text of the scenario.
	Scenario []byte
	Commands Commands
	// Embedded says that the target was the embedded provider.
	Embedded bool
}

// Commands are command lines that the page shows, for the run directory, where the scenario and the description are.
// One that is nil is not shown.
type Commands struct {
	// Run repeats a run of that seed, where it is not known how it was started.
	Run func(seed uint64) string
	// Curl prints a call of a run of that seed, by its number from 1, as a curl line to a target, which is a word of a
	// shell; it is empty where that was the embedded provider, which is gone.
	Curl func(target string, seed, call uint64) string
}

// New gathers what the page shows: a summary, and what rows, of which agg has been given all, and run directories
// say beyond it. Of several runs that were merged, how the generators did is not drawn.
func New(s summary.Summary, agg *metrics.Aggregator, runs ...*results.Run) Data {
	end := results.End{Reason: s.Run.End.Reason}
	if len(runs) == 1 {
		end = runs[0].End
	}
	d := Data{
		Summary: s, Timeline: agg.Timeline(maxPoints), StoppedSeconds: agg.Elapsed(end),
		Tiers: agg.Latencies(metrics.ByTier), Contents: agg.Latencies(metrics.ByContent),
	}
	if len(runs) == 1 {
		d.Vitals = runs[0].Vitals
	}
	d.Lag, d.OwnLag = agg.Lags()
	d.Steps = newSteps(d.Timeline, agg.Between)
	d.Coarse = coarser(d.Timeline, agg)
	if len(runs) > 0 {
		d.Embedded = runs[0].Manifest.Provider != nil
		// A run whose scenario is not there has a page without it.
		d.Scenario, _ = runs[0].ScenarioFile()
	}
	return d
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

// load is when the last phase ends.
func (d Data) load() (end float64) {
	for _, p := range d.Summary.Run.Phases {
		end = max(end, p.StartSeconds+p.Seconds)
	}
	return end
}

// run is a summary to be shown.
type run struct{ summary.Summary }
