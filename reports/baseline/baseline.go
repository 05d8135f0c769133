// Package baseline keeps what runs came to in one small file, for later runs to be held against.
//
// A baseline is a set of runs of one load and one description: with one run, a change can be named but not told from
// what differs between any two runs, so that at least [Enough] are asked for. Its file has the manifest and the
// histograms of each run, as they lie in its directory, and none of its rows.
//
//  1. [Add] and [Prune] change the file; of all processes that do, each has its turn. [Open] reads it.
//  2. [Baseline.Differs] lists what keeps another run from being held against it.
//  3. [Baseline.Limit] finds the limit of a threshold such as p99(latency) < 1.1 × baseline in all of its runs together.
//  4. [Baseline.Report] is what is shown of it.
package baseline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Enough is how many runs a baseline should have: fewer say little of what differs from run to run.
const Enough = 5

// Run is one run of a baseline.
type Run struct {
	// Name is how it was named when it was read, such as its directory.
	Name string
	results.Manifest
	End results.End
	// Validity is that of its summary.
	Validity   string
	Aggregator *metrics.Aggregator
	Stretches  *metrics.Stretches
}

// Seconds is for how long it went on.
func (r *Run) Seconds() float64 { return r.Aggregator.Elapsed(r.End) }

// is reports whether the two are one run.
func (r *Run) is(o *Run) bool { return r.ID == o.ID && r.Started.Equal(o.Started) }

// Baseline is what a file holds.
type Baseline struct {
	Path string
	// Runs are the runs by their start, at least one.
	Runs []Run
}

// Few says how many runs there are, where they are fewer than [Enough]; else it is empty.
func (b *Baseline) Few() string {
	if n := len(b.Runs); n < Enough {
		return fmt.Sprintf("%s has %d of at least %d runs: %s", b.Path, n, Enough, "what differs from run to run cannot be told from so few; add more with andon baseline add")
	}
	return ""
}

// Differs lists what keeps a run from being held against the baseline.
func (b *Baseline) Differs(m *results.Manifest) []string { return differs(&b.Runs[0].Manifest, m) }

// whole is all runs as one, as they went on one after the other, and for how long they did.
func (b *Baseline) whole() (*metrics.Aggregator, float64) {
	whole := metrics.Of(b.Runs[0].Manifest)
	var apart []metrics.Part
	seconds := 0.0
	for i := range b.Runs {
		r := &b.Runs[i]
		whole.Merge(r.Aggregator)
		apart = append(apart, metrics.Part{Aggregator: r.Aggregator, Elapsed: r.Seconds()})
		seconds += r.Seconds()
	}
	whole.Apart(apart)
	return whole, seconds
}

// Limit is a threshold with its limit found in the baseline: see [metrics.Threshold.Against].
func (b *Baseline) Limit(t metrics.Threshold) (metrics.Threshold, error) {
	whole, seconds := b.whole()
	return t.Against(whole, seconds)
}

// named is how a run is told of.
func (r *Run) named() string {
	id := text.Printable(r.ID, 100)
	if r.Name == "" || filepath.Base(r.Name) == r.ID {
		return id
	}
	return fmt.Sprintf("%s (%s)", text.Printable(r.Name, 200), id)
}

// distinct are texts, each once, in the order in which they come.
func distinct(runs []Run, of func(*Run) string) (list []string) {
	for i := range runs {
		if one := of(&runs[i]); !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// joined are texts as one, such as "a, b".
func joined(list []string) string { return strings.Join(list, ", ") }
