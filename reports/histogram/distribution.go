package histogram

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Distribution is a histogram of times at rest: it can be asked for any percentile, and held against another.
type Distribution struct {
	exact
	// at are the buckets that have samples, upTo the number of samples in each and all those below it.
	at   []int32
	upTo []uint64
}

// Percentile is the value at percentile p (0 < p < 100) in seconds, nil where d has too few samples (see [Needed]). A
// bucket's upper edge can lie above the largest value in it: no percentile is said to be above the maximum.
func (d Distribution) Percentile(p float64) *float64 {
	if d.n < Needed(p) {
		return nil
	}
	v := Seconds(d.value(Rank(p, d.n)))
	return &v
}

// At is the sample of a place, from 1 to their number, in the order of their size, in seconds: see [Rank].
func (d Distribution) At(place uint64) float64 { return Seconds(d.value(place)) }

// value is the sample of that rank, from 1, in nanoseconds.
func (d Distribution) value(rank uint64) int64 {
	i := sort.Search(len(d.upTo)-1, func(i int) bool { return d.upTo[i] >= rank })
	return min(edge(int(d.at[i])), d.max)
}

// Interval is a range that holds a figure with a confidence of 95 %.
type Interval struct{ Low, High float64 }

// resamples is how often a difference is drawn anew: enough for a steady 2.5th percentile of it.
const resamples = 2000

// Difference is the interval of b's percentile p less a's, in seconds, by the percentile bootstrap; nil where one of
// the two has too few samples. The same distributions have the same interval.
//
// Drawing n samples anew from a histogram, with multinomial counts, and taking the k-th smallest of them is drawing the
// k-th smallest of n uniform numbers, which is distributed as Beta(k, n − k + 1), and reading the histogram there. So
// one number stands for a whole resample, however many calls the run had (B. Efron, "Bootstrap methods: another look at
// the jackknife", 1979; H. A. David and H. N. Nagaraja, "Order Statistics", section 2.3).
func Difference(a, b Distribution, p float64) *Interval {
	if a.n < Needed(p) || b.n < Needed(p) {
		return nil
	}
	in := difference(a, b, p, a.n, b.n)
	return &in
}

// DifferenceOfAlike is as [Difference] for calls that resemble their neighbours: how many of them are over a time
// varies more than it would for as many independent ones, by a factor of its variance of at least 1 on either side.
// They tell as much as so many fewer. Where those of b are too few, nothing is known of how high the difference is; where
// of those of a none is beyond the percentile, nothing at all.
func DifferenceOfAlike(a, b Distribution, p, factorA, factorB float64) *Interval {
	manyA, manyB := uint64(float64(a.n)/max(factorA, 1)), uint64(float64(b.n)/max(factorB, 1))
	if float64(manyA)*(1-p/100) < 1 || b.n < Needed(p) {
		return nil
	}
	in := difference(a, b, p, manyA, max(manyB, 1))
	if manyB < Needed(p) {
		in.High = math.Inf(1)
	}
	return &in
}

// difference is the interval for so many samples drawn anew from each.
func difference(a, b Distribution, p float64, manyA, manyB uint64) Interval {
	random := rand.New(rand.NewPCG(a.n, b.n))
	ds := make([]float64, resamples)
	for i := range ds {
		ds[i] = Seconds(b.redraw(p, manyB, random) - a.redraw(p, manyA, random))
	}
	slices.Sort(ds)
	tail := resamples * 25 / 1000
	return Interval{ds[tail-1], ds[resamples-tail]}
}

// redraw is percentile p, in nanoseconds, of so many samples drawn anew.
func (d Distribution) redraw(p float64, n uint64, random *rand.Rand) int64 {
	k := Rank(p, n)
	x, y := gamma(float64(k), random), gamma(float64(n-k+1), random)
	return d.value(min(uint64(x/(x+y)*float64(d.n))+1, d.n))
}

// gamma draws from a gamma distribution of the given shape, at least 1 (G. Marsaglia and W. W. Tsang, "A simple method
// for generating gamma variables", 2000).
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
