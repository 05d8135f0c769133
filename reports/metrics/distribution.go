package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Distribution is a histogram of times at rest: it can be asked for any percentile, and held against another.
type Distribution struct {
	extent
	// at are the buckets that have hits, upTo the number of hits in each and all those below it.
	at   []int32
	upTo []uint64
}

// Latencies is the distribution of latencies of each group that [Aggregator.By] gives figures of. In a closed loop the
// latency is the service time.
func (a *Aggregator) Latencies(by Grouping) map[string]Distribution {
	all := make(map[string]Distribution)
	for name, g := range a.groups(by) {
		all[name] = g.latency().distribution()
	}
	return all
}

// Lags are the distributions that [Aggregator.Lag] and [Aggregator.OwnLag] sum up.
func (a *Aggregator) Lags() (lag, own Distribution) {
	return a.measured().lag().distribution(), a.measured().ownLag().distribution()
}

func (d *dense) distribution() Distribution {
	r := Distribution{extent: d.extent}
	var sum uint64
	for i, n := range d.counts {
		if n > 0 {
			sum += uint64(n)
			r.at = append(r.at, int32(i))
			r.upTo = append(r.upTo, sum)
		}
	}
	return r
}

// Samples is the number of times in d.
func (d Distribution) Samples() uint64 { return d.n }

// Max is the largest time in seconds; nil over no sample.
func (d Distribution) Max() *float64 {
	if d.n == 0 {
		return nil
	}
	v := inSeconds(d.max)
	return &v
}

// Percentile is the value at percentile p (0 < p < 100) in seconds, nil where d has too few samples (see [Needed]).
func (d Distribution) Percentile(p float64) *float64 {
	if d.n < Needed(p) {
		return nil
	}
	v := inSeconds(d.value(rank(p, d.n)))
	return &v
}

// value is the sample of that rank, from 1, in nanoseconds.
func (d Distribution) value(rank uint64) int64 {
	i := sort.Search(len(d.upTo)-1, func(i int) bool { return d.upTo[i] >= rank })
	return min(edge(int(d.at[i])), d.max)
}

// Interval is a range that holds a figure with a confidence of 95 %.
type Interval struct{ Low, High float64 }

// resamples is how often a difference is drawn anew: enough for a steady 2.5th percentile of it.
const resamples = 2000

// Difference is the interval of b's percentile p less a's, in seconds, by the percentile bootstrap; nil where one of the two
// has too few samples. The same distributions have the same interval.
//
// Drawing n hits anew from a histogram, with multinomial counts, and taking the k-th smallest of them is drawing the k-th
// smallest of n uniform numbers, which is distributed as Beta(k, n − k + 1), and reading the histogram there. So one number
// stands for a whole resample, however many hits the run had (B. Efron, "Bootstrap methods: another look at the jackknife",
// 1979; H. A. David and H. N. Nagaraja, "Order Statistics", section 2.3).
func Difference(a, b Distribution, p float64) *Interval {
	if a.n < Needed(p) || b.n < Needed(p) {
		return nil
	}
	random := rand.New(rand.NewPCG(a.n, b.n))
	ds := make([]float64, resamples)
	for i := range ds {
		ds[i] = inSeconds(b.redraw(p, random) - a.redraw(p, random))
	}
	slices.Sort(ds)
	tail := resamples * 25 / 1000
	return &Interval{ds[tail-1], ds[resamples-tail]}
}

// redraw is percentile p, in nanoseconds, of as many samples drawn anew.
func (d Distribution) redraw(p float64, random *rand.Rand) int64 {
	k := rank(p, d.n)
	x, y := gamma(float64(k), random), gamma(float64(d.n-k+1), random)
	return d.value(min(uint64(x/(x+y)*float64(d.n))+1, d.n))
}

// gamma draws from a gamma distribution of the given shape, at least 1 (G. Marsaglia and W. W. Tsang, "A simple method for
// generating gamma variables", 2000).
func gamma(shape float64, random *rand.Rand) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := random.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-random.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// RatioDifference is the interval of the ratio b of nb less the ratio a of na, by the score intervals of the two; nil where
// one of them is over nothing (R. G. Newcombe, "Interval estimation for the difference between independent proportions",
// 1998, method 10).
func RatioDifference(a, na, b, nb uint64) *Interval {
	if na == 0 || nb == 0 {
		return nil
	}
	pa, pb := float64(a)/float64(na), float64(b)/float64(nb)
	x, y := wilson(pa, float64(na)), wilson(pb, float64(nb))
	d := pb - pa
	return &Interval{d - math.Hypot(pb-y.Low, x.High-pa), d + math.Hypot(y.High-pb, pa-x.Low)}
}

// wilson is the score interval of a ratio (E. B. Wilson, "Probable inference, the law of succession, and statistical
// inference", 1927).
func wilson(p, n float64) Interval {
	const z = 1.959964 // the 97.5th percentile of the normal distribution
	middle := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	whole := 1 + z*z/n
	return Interval{max((middle-half)/whole, 0), min((middle+half)/whole, 1)}
}
