package search

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/student"
)

// tailPercentile is the one by which tiers are held against each other.
const tailPercentile = 99

// batches are into how many parts a trial is cut to see by how much neighbours resemble each other: few and long ones
// see what lasts, many and short ones are surer of what they see.
var batches = [...]int{10, 20, 40}

// levels are the percentiles at which that is looked at. The slowest calls come in few clusters, and a trial that
// happens to have few of them would be sure of itself: what calls have in common is at least what they have in the
// figures below.
var levels = [...]float64{90, 95, tailPercentile}

// tail is how slow the slowest calls of one or several trials were.
type tail struct {
	times histogram.Distribution
	// alike is by how much the number of calls over a time varies more than that of as many independent calls, as a
	// factor of the variance.
	alike float64
}

// newTail makes one of the latencies of trials, in seconds, each in the order in which the calls were due.
func newTail(trials ...[]float64) tail {
	s := histogram.NewScratch()
	for _, trial := range trials {
		for _, seconds := range trial {
			s.Record(int64(seconds * float64(time.Second)))
		}
	}
	t := tail{times: s.Distribution(), alike: 1}
	for _, p := range levels {
		limit := t.times.Percentile(p)
		if limit == nil {
			continue
		}
		for _, n := range batches {
			t.alike = max(t.alike, inflation(trials, *limit, n))
		}
	}
	return t
}

// p99 is the percentile, nil where the samples cannot tell.
func (t tail) p99() *float64 { return t.times.Percentile(tailPercentile) }

// change is between what the percentile is higher than before, with a confidence of 95 %. It has no upper end where the
// slow calls came in too few clusters to tell one, and none at all where nothing can be told.
func (t tail) change(before tail) (low, high *float64) {
	in := histogram.DifferenceOfAlike(before.times, t.times, tailPercentile, before.alike, t.alike)
	switch {
	case in == nil:
		return nil, nil
	case math.IsInf(in.High, 1):
		return &in.Low, nil
	}
	return &in.Low, &in.High
}

// inflation is by how much the number of calls over a limit varies more than that of as many independent calls would,
// by the means of batches (P. W. Glynn and W. Whitt, "Estimating the asymptotic variance with batch means", 1991): a
// factor of the variance, of at least 1, widened by what so few batches cannot know.
func inflation(trials [][]float64, limit float64, batches int) float64 {
	var counts, sizes []float64
	var over, all float64
	for _, trial := range trials {
		for i := range batches {
			var n float64
			batch := trial[i*len(trial)/batches : (i+1)*len(trial)/batches]
			for _, seconds := range batch {
				if seconds > limit {
					n++
				}
			}
			counts, sizes = append(counts, n), append(sizes, float64(len(batch)))
			over, all = over+n, all+float64(len(batch))
		}
	}
	share := over / max(all, 1)
	independent := all * share * (1 - share)
	if independent == 0 {
		return 1
	}
	var variance float64
	for i, n := range counts {
		off := n - share*sizes[i]
		variance += off * off
	}
	freedom := len(counts) - 1
	variance *= float64(len(counts)) / float64(freedom)
	wider := student.Percentile(0.975, freedom) / 1.959964
	return max(variance/independent*wider*wider, 1)
}

// inOrder sorts calls by when they were due, and gives their latencies.
func inOrder(calls []timed) []float64 {
	slices.SortFunc(calls, func(a, b timed) int { return cmp.Compare(a.due, b.due) })
	list := make([]float64, len(calls))
	for i, c := range calls {
		list[i] = c.latency
	}
	return list
}

// timed is when a call was due, and how long it took from then on, in seconds.
type timed struct{ due, latency float64 }
