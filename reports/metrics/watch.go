package metrics

import (
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// watch counts exactly how many calls keep the limit of a threshold on times: a histogram's bucket may lie on both
// sides of it. By the second, it keeps what any threshold is made of.
type watch struct {
	// key is the threshold in its canonical form.
	key string
	// of says which times it is of.
	of timesOf
	// below and upTo are the longest times, in nanoseconds, that are below the limit, and not above it.
	below, upTo int64
	// measured counts the times as they were measured, less those without the generator's own part.
	measured, less within
	// series is by the second. What is no threshold on times is of share: what one call adds to what is counted, and to
	// what that is of. It counts at a moment of the call.
	series *series
	share  func(k *kind, one Counts, rule uint8) (n, of uint64)
	when   moment
}

// timesOf is one of the three times of a call; or none of them, where calls are counted.
type timesOf uint8

const (
	ofLatency timesOf = iota
	ofService
	ofLag
	ofShare
)

// seen is what a row says to those who watch times.
type seen struct {
	kind *kind
	// at are the moments, as seconds of the pace.
	at [moments]int
	// measured and less are the times by timesOf, as they were measured and less the generator's own part.
	measured, less [ofShare]int64
	sent, late     bool
}

// watchAt is a watch where it meets calls of one class in one phase: of which fates it counts them.
type watchAt struct {
	*watch
	fates fateSet
}

// newWatch watches a limit in seconds.
func newWatch(key string, of timesOf, limit float64) *watch {
	w := &watch{key: key, of: of, below: histogram.Highest, upTo: histogram.Highest}
	if limit <= histogram.Seconds(histogram.Highest) {
		w.below = int64(math.Ceil(limit * 1e9))
		for histogram.Seconds(w.below) >= limit {
			w.below--
		}
		for histogram.Seconds(w.below+1) < limit {
			w.below++
		}
		w.upTo = w.below
		if histogram.Seconds(w.upTo+1) <= limit {
			w.upTo++
		}
	}
	return w
}

// take counts the times of a row.
func (w watchAt) take(e *seen, p *pace) {
	switch {
	case w.of == ofLag && !e.late, w.of == ofService && !e.sent, w.of != ofLag && !w.fates.has(e.kind.fate):
	default:
		measured, less := e.measured[w.of], e.less[w.of]
		s := w.series.at(e.at[whenDue])
		for _, k := range []*within{&w.measured, &s.measured} {
			k.add(measured, w.below, w.upTo)
		}
		for _, k := range []*within{&w.less, &s.less} {
			k.add(less, w.below, w.upTo)
		}
		w.series.time(p, e.at[whenDue], measured, less)
	}
}

// untold are calls of one class and phase, one after the other, that say the same to whoever counts: what became of
// them, and in which seconds. They are told of together, since to tell of each took a third of Add.
type untold struct {
	kind  *kind
	rule  uint8
	at    [moments]int
	shift uint // the pace's, by which at is meant
	n     uint64
}
