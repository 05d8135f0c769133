package capacity

import "math"

// batches is into how many batches a trial is divided at least, to see how much calls resemble their neighbours.
const batches = 20

// inflation is by how much the variance of the calls that were over is above that of independent ones: 1 at least. The
// bins from one on and before another are batched, and what batches of two lengths say is extrapolated, which takes out
// most of what is missed where they are not much longer than calls are alike (D. Vats, J. M. Flegal, "Lugsail lag
// windows for estimating time-average covariance matrices", 2022). It is 0 where nothing can be said: nobody was over,
// or there are too few bins.
func (b *bins) inflation(objective, from, until int) float64 {
	counted, over := b.of(objective, from, until)
	share := over / counted
	if until-from < batches || !(share > 0 && share < 1) {
		return 0
	}
	residual := func(at int) float64 {
		at = at*b.objectives + objective
		return b.over[at] - share*b.counted[at]
	}
	long := batched(from, until, batches, residual)
	short := batched(from, until, min(2*batches, until-from), residual)
	return max((2*long-short)/(counted*share*(1-share)), long/(counted*share*(1-share)), 1)
}

// batched is the variance of a sum of residuals, by that of so many batches of it.
func batched(from, until, n int, residual func(int) float64) float64 {
	length := float64(until-from) / float64(n)
	sum := 0.0
	for i := range n {
		batch := 0.0
		for at := from + int(float64(i)*length); at < from+int(float64(i+1)*length); at++ {
			batch += residual(at)
		}
		sum += batch * batch
	}
	return sum * float64(n) / float64(n-1)
}

// relaxation is how long the target takes to forget, in seconds: after so long, the latency of calls has an e-th of the
// covariance with that of earlier ones that it has with that of their neighbours. Half a bin is the least.
func (b *bins) relaxation(from, until int) float64 {
	if until-from < batches {
		return 0
	}
	calls, sum := 0.0, 0.0
	for at := from; at < until; at++ {
		calls += b.calls[at]
		sum += b.latency[at]
	}
	if calls == 0 {
		return 0
	}
	mean := sum / calls
	residual := make([]float64, until-from)
	for at := range residual {
		residual[at] = b.latency[from+at] - mean*b.calls[from+at]
	}
	covariance := func(lag int) float64 {
		sum := 0.0
		for at := lag; at < len(residual); at++ {
			sum += residual[at] * residual[at-lag]
		}
		return sum / float64(len(residual)-lag)
	}
	first := covariance(1)
	if first <= 0 {
		return b.width / 2
	}
	before, lag := 0.0, 1
	for lag < len(residual)/2 {
		next := max(lag+1, lag*5/4)
		left := covariance(next) / first
		if left < 1/math.E {
			passed := math.Log(1 / math.E)
			at := math.Log(max(left, 1e-3))
			part := (passed - before) / (at - before)
			return b.width * (float64(lag-1) + part*float64(next-lag))
		}
		before, lag = math.Log(left), next
	}
	return b.width * float64(lag)
}
