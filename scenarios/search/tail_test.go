package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// tiers is a provider of two tiers whose truth is known: calls of both come at random to workers that they share, or
// of which each has as many of its own.
type tiers struct {
	workers    int
	split      bool
	lite, full float64 // mean service times, which are exponential
}

// run gives the latencies of the Lite calls, in order, over so many seconds after a while.
func (q tiers) run(r *rand.Rand, liteRate, fullRate, seconds float64) (list []float64) {
	const settle = 20
	pools := [2][]float64{make([]float64, q.workers), make([]float64, q.workers)}
	for at := 0.0; at < settle+seconds; {
		at += r.ExpFloat64() / (liteRate + fullRate)
		pool, service, isLite := &pools[0], q.lite*r.ExpFloat64(), true
		if r.Float64()*(liteRate+fullRate) >= liteRate {
			isLite, service = false, q.full*r.ExpFloat64()
			if q.split {
				pool = &pools[1]
			}
		}
		first := slices.Index(*pool, slices.Min(*pool))
		end := max(at, (*pool)[first]) + service
		(*pool)[first] = end
		if isLite && at > settle && at < settle+seconds {
			list = append(list, end-at)
		}
	}
	return list
}

// The interval of a change of the p99 holds the true change at least as often as it says, where the tiers share a pool
// and where they do not; and it tells the one from the other.
func TestChangeOfTheTail(t *testing.T) {
	const liteRate, seconds, times = 16, 180, 20
	for _, c := range []struct {
		name   string
		q      tiers
		rate   float64 // of Full
		change float64 // of the p99 of Lite, by runs of 400,000 s
	}{
		{"shared, hardly loaded", tiers{4, false, 0.02, 0.05}, 16, 0.0012},
		{"shared, half loaded", tiers{4, false, 0.02, 0.05}, 40, 0.0334},
		{"shared, loaded", tiers{4, false, 0.02, 0.05}, 60, 0.2201},
		{"split, loaded", tiers{4, true, 0.02, 0.05}, 60, 0},
	} {
		r := rand.New(rand.NewPCG(18, 1))
		held, above := 0, 0
		for range times {
			alone := newTail(c.q.run(r, liteRate, 0, seconds), c.q.run(r, liteRate, 0, seconds))
			low, high := newTail(c.q.run(r, liteRate, c.rate, seconds)).change(alone)
			if low == nil {
				t.Fatalf("%s: nothing can be told", c.name)
			}
			if *low <= c.change && (high == nil || c.change <= *high) {
				held++
			}
			if *low > 0 {
				above++
			}
		}
		if held < times*85/100 {
			t.Errorf("%s: %d of %d intervals hold the change", c.name, held, times)
		}
		if hurts := c.change > 0.01; hurts && above < times*90/100 || !hurts && above > times*10/100 {
			t.Errorf("%s: %d of %d say that it hurts", c.name, above, times)
		}
	}
}
