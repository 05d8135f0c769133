package metrics

import (
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// watch counts exactly how many calls keep the limit of a threshold on times: a histogram's bucket may lie on both
// sides of it.
type watch struct {
	// key is the threshold in its canonical form.
	key string
	// of says which times it is of.
	of timesOf
	// below and upTo are the longest times, in nanoseconds, that are below the limit, and not above it.
	below, upTo int64
	// measured counts the times as they were measured, less those without the generator's own part.
	measured, less within
}

// timesOf is one of the three times of a call.
type timesOf uint8

const (
	ofLatency timesOf = iota
	ofService
	ofLag
)

// within counts how many of n times are below a limit, and how many are not above it.
type within struct{ n, below, upTo uint64 }

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

func (w *watch) add(measured, less int64) {
	w.measured.add(measured, w.below, w.upTo)
	w.less.add(less, w.below, w.upTo)
}

func (k *within) add(v, below, upTo int64) {
	k.n++
	if v <= below {
		k.below++
	}
	if v <= upTo {
		k.upTo++
	}
}

func (k *within) merge(o within) {
	k.n += o.n
	k.below += o.below
	k.upTo += o.upTo
}
