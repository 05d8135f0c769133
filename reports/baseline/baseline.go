// Package baseline keeps what runs came to in one small file, for later runs to be held against.
//
// A baseline is a set of runs of one load and one description: with one run, a change can be named but not told from
// what differs between any two runs, so that at least [Enough] are asked for. Its file has the manifest and the
// histograms of each run, as they lie in its directory, and none of its rows.
//
//  1. [Add] and [Prune] change the file; of all processes that do, each has its turn. [Open] reads it.
//  2. [Baseline.Fits] says what keeps another run from being held against it.
//  3. [Baseline.Limits] finds the limits of thresholds such as p99(latency) < 1.1 × baseline, in all runs together.
//  4. [Baseline.Report] is what is shown of it.
package baseline

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// Enough is how many runs a baseline should have: fewer say little of what differs from run to run.
const Enough = 5

// seconds is for how long a run went on.
func seconds(r *compare.Measured) float64 { return r.Whole.Elapsed(r.End) }

// Baseline is what a file holds.
type Baseline struct {
	Path string
	// Runs are the runs by their start, at least one.
	Runs []compare.Measured
}

// Few says how many runs there are, where they are fewer than [Enough]; else it is empty.
func (b *Baseline) Few() string {
	if n := len(b.Runs); n < Enough {
		return fmt.Sprintf("%s has %d of at least %d runs: %s", b.Path, n, Enough, "what differs from run to run cannot be told from so few; add more with andon baseline add")
	}
	return ""
}

// Fits says what keeps a run that is about to begin from being held against the baseline: all that its load, its
// description and what carries it differ in.
func (b *Baseline) Fits(m results.Manifest) error {
	m.ID = "this run"
	runs := []compare.Measured{b.Runs[0], {Manifest: m, End: results.End{Reason: results.Finished}, Validity: metrics.Valid}}
	if reasons := alike(runs); len(reasons) > 0 {
		return refused("this run cannot be held against "+b.Path, reasons, "name the baseline of its own load, or make one with andon baseline add")
	}
	return nil
}

// whole is all runs as one, as they went on one after the other, and for how long they did.
func (b *Baseline) whole() (*metrics.Aggregator, float64) {
	whole := metrics.Of(b.Runs[0].Manifest)
	var apart []metrics.Part
	length := 0.0
	for i := range b.Runs {
		r := &b.Runs[i]
		whole.Merge(r.Whole)
		apart = append(apart, metrics.Part{Aggregator: r.Whole, Elapsed: seconds(r)})
		length += seconds(r)
	}
	whole.Apart(apart)
	return whole, length
}

// Limits finds the limits of thresholds in the baseline: see [metrics.Threshold.Against].
func (b *Baseline) Limits() func(metrics.Threshold) (metrics.Threshold, error) {
	whole, length := b.whole()
	return func(t metrics.Threshold) (metrics.Threshold, error) { return t.Against(whole, length) }
}
