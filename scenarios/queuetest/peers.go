package queuetest

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Found is what a search came to: the highest rate that passed, 0 where none did, and what it took.
type Found struct {
	Rate, Seconds float64
	Calls, Trials int
}

// passes reports whether the percentile of the latencies is within the limit, whatever it is worth.
func (o Objective) passes(latencies []float64) bool { return o.margin(latencies) <= 0 }

// margin is by how much the percentile is above the limit.
func (o Objective) margin(latencies []float64) float64 {
	if len(latencies) == 0 {
		return math.Inf(1)
	}
	slices.Sort(latencies)
	// Between two calls the percentile lies on the line from one to the other, as in most tools.
	place := (1 - o.Allowed) * float64(len(latencies)-1)
	below := int(place)
	above := min(below+1, len(latencies)-1)
	return latencies[below] + (place-float64(below))*(latencies[above]-latencies[below]) - o.Limit
}

// trial sends for so many seconds and then until there are as many calls as wanted, leaves out those that were due
// before from, and waits for the last to end.
func (f *Found) trial(q Queue, rate float64, r *rand.Rand, from, seconds float64, calls int) (latencies []float64) {
	ended := 0.0
	q.Run(rate, r, func(arrival, latency float64) bool {
		if arrival >= seconds && len(latencies) >= calls {
			return false
		}
		f.Calls++
		ended = max(ended, arrival+latency)
		if arrival >= from {
			latencies = append(latencies, latency)
		}
		return true
	})
	f.Seconds += max(ended, seconds)
	f.Trials++
	return latencies
}

// Bisection is the search by hand: trials of a minute, each believed, at twice the rate until one fails and then in the
// middle, until the rates that passed and failed are within 10 % of each other.
func Bisection(q Queue, o Objective, start float64, r *rand.Rand) (f Found) {
	return f.bisection(start, .1, math.MaxInt, func(rate float64) bool {
		return o.passes(f.trial(q, rate, r, 0, 60, 0))
	})
}

// AIPerf is what AIPerf does for the highest load under an objective unless it is told otherwise (style monotonic of
// recipe max-concurrency-under-sla), with a rate in the place of its callers: 1,000 calls a trial, as in its guide,
// which nothing warms up, each believed; doubled, and halved to 5 %, in 30 trials at the most. It gives a point.
func AIPerf(q Queue, o Objective, start float64, r *rand.Rand) (f Found) {
	return f.bisection(start, .05, 30, func(rate float64) bool {
		return o.passes(f.trial(q, rate, r, 0, 0, 1000))
	})
}

// bisection doubles the rate until it fails, and goes on in the middle. Where the first fails it goes down, though
// AIPerf ends there with nothing.
func (f *Found) bisection(start, width float64, trials int, passes func(rate float64) bool) Found {
	failed := math.Inf(1)
	for rate := start; f.Trials < trials && failed-f.Rate >= width*failed; {
		if passes(rate) {
			f.Rate = rate
		} else {
			failed = rate
		}
		if math.IsInf(failed, 1) {
			rate *= 2
		} else {
			rate = (f.Rate + failed) / 2
		}
		if rate < start/1e6 || rate > start*1e6 {
			break
		}
	}
	return *f
}

// AIPerfSmooth is AIPerf's style smooth_isotonic: a minute at the rate first, which is left out, then 1,000 calls; it
// doubles, makes three trials within, and goes on where a monotone curve through the percentiles meets the limit, until
// what passed and what failed are within 5 % of each other, in 30 trials at the most. Its guard against cliffs and its
// replicates, which a single trial at each rate does not set off, are left out.
func AIPerfSmooth(q Queue, o Objective, start float64, r *rand.Rand) Found {
	var f Found
	failed := math.Inf(1)
	margins := map[float64]float64{}
	try := func(rate float64) {
		margin := o.margin(f.trial(q, rate, r, 60, 60, 1000))
		margins[rate] = margin
		switch {
		case margin <= 0 && rate < failed:
			f.Rate = max(f.Rate, rate)
		case margin > 0 && rate > f.Rate:
			failed = min(failed, rate)
		}
	}
	for rate := start; f.Trials < 30 && math.IsInf(failed, 1); rate *= 2 {
		try(rate)
	}
	if f.Rate == 0 || math.IsInf(failed, 1) {
		return f
	}
	ahead := []float64{.25, .5, .75}
	for fits := 0; f.Trials < 30; {
		low, gap := f.Rate, failed-f.Rate
		for _, share := range ahead {
			rate := low + share*gap
			if _, made := margins[rate]; !made && f.Trials < 30 {
				try(rate)
			}
		}
		fits++
		rates, heights, levels := isotonic(margins)
		if gap = failed - f.Rate; gap < .05*failed {
			break
		}
		if levels < 3 && fits < 3 {
			ahead = []float64{.125, .625}
			continue
		}
		at := crossing(rates, heights, f.Rate, failed)
		if _, made := margins[at]; made {
			break
		}
		ahead = []float64{(at - f.Rate) / gap}
	}
	return f
}

// isotonic makes values that fall somewhere level there (pool adjacent violators), and counts the levels.
func isotonic(values map[float64]float64) (at, heights []float64, levels int) {
	type pool struct {
		sum   float64
		count int
	}
	var pools []pool
	for x := range values {
		at = append(at, x)
	}
	slices.Sort(at)
	for _, x := range at {
		pools = append(pools, pool{values[x], 1})
		for n := len(pools); n > 1 && pools[n-2].sum/float64(pools[n-2].count) > pools[n-1].sum/float64(pools[n-1].count); n-- {
			pools[n-2].sum += pools[n-1].sum
			pools[n-2].count += pools[n-1].count
			pools = pools[:n-1]
		}
	}
	for _, p := range pools {
		for range p.count {
			heights = append(heights, p.sum/float64(p.count))
		}
	}
	return at, heights, len(pools)
}

// crossing is where the monotone cubic through the points (Fritsch and Carlson) crosses 0 between low and high, and the
// middle where it does not.
func crossing(at, heights []float64, low, high float64) float64 {
	n := len(at)
	slopes, tangents := make([]float64, n-1), make([]float64, n)
	for i := range slopes {
		slopes[i] = (heights[i+1] - heights[i]) / (at[i+1] - at[i])
	}
	tangents[0], tangents[n-1] = slopes[0], slopes[n-2]
	for i := 1; i < n-1; i++ {
		if before, after := slopes[i-1], slopes[i]; before > 0 && after > 0 {
			// The harmonic mean, weighed by the lengths.
			w1, w2 := 2*(at[i+1]-at[i])+at[i]-at[i-1], at[i+1]-at[i]+2*(at[i]-at[i-1])
			tangents[i] = (w1 + w2) / (w1/before + w2/after)
		}
	}
	curve := func(x float64) float64 {
		i := 0
		for i < n-2 && at[i+1] < x {
			i++
		}
		h := at[i+1] - at[i]
		t := (x - at[i]) / h
		return heights[i]*(1+2*t)*(1-t)*(1-t) + h*tangents[i]*t*(1-t)*(1-t) + heights[i+1]*t*t*(3-2*t) + h*tangents[i+1]*t*t*(t-1)
	}
	if x := bisect(low, high, func(x float64) bool { return curve(x) <= 0 }); x > low && x < high*(1-1e-6) {
		return x
	}
	return (low + high) / 2
}
