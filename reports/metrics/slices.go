package metrics

import (
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Slice is what became of the calls of a group that were due in one stretch of a run.
type Slice struct {
	// StartSeconds and Seconds place it on the run's clock.
	StartSeconds, Seconds float64
	Counts
	// Theirs counts those of the errors that the target itself made: see [results.Kind.Theirs].
	Theirs uint64
	// Latency are histograms that together have the latencies of the group, of the calls that stand for it.
	Latency []histogram.Packed
}

// theirs counts the errors of a cell that the target itself made.
func (c *stretchCell) theirs() (n uint64) {
	for _, t := range c.tallies {
		if t.of == ofKind && results.Kind(t.index).Theirs() {
			n += t.n
		}
	}
	return n
}

// Slices gives the stretches of each group that [Aggregator.By] gives figures of, by time, as far as calls were due in
// them.
func (v *Stretches) Slices(by Grouping) map[string][]Slice {
	groups := map[string][]Slice{}
	name := func(c *stretchCell) string {
		class := &v.labels.Classes[c.class]
		switch by {
		case ByTier:
			return class.Tier
		case ByContent:
			return class.Content
		case ByClass:
			return class.Name
		case ByPhase:
			return v.labels.Phases[c.phase].Name
		}
		return ""
	}
	for _, c := range v.ordered() {
		if v.labels.Phases[c.phase].Warmup && by != ByPhase {
			continue
		}
		of := name(c)
		list := groups[of]
		start := (time.Duration(c.slot) * v.width).Seconds()
		if last := len(list) - 1; last < 0 || list[last].StartSeconds != start {
			list = append(list, Slice{StartSeconds: start, Seconds: v.width.Seconds()})
		}
		s := &list[len(list)-1]
		s.Counts.merge(&c.Counts)
		s.Theirs += c.theirs()
		// The times of deliberately invalid calls are in those of their own tier, content and class alone.
		if invalid := v.labels.Classes[c.class].Invalid; c.latency.Samples() > 0 && !(invalid && (by == ByPhase || by == Ungrouped)) {
			s.Latency = append(s.Latency, c.latency)
		}
		groups[of] = list
	}
	return groups
}
