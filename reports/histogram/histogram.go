// Package histogram counts times, so that any percentile of any number of calls can be told, merged and kept.
//
// All histograms share one configuration, HdrHistogram's with 3 significant digits from 100 ns to an hour. Merging is
// then adding counts: it is exact, whatever the order, and on whatever machines the parts were recorded. The forms of
// one histogram are, in the order in which times pass through them:
//
//  1. A [Recorder] takes times while a run goes on, in a memory that follows what is recorded.
//  2. A [Packed] is a histogram at rest: about two bytes for each distinct value, the same bytes for the same times.
//  3. A [Scratch] is where histograms are merged, again and again.
//  4. A [Distribution] is read off it: percentiles, the only way to any; the difference of two with its uncertainty.
//  5. A [Curve] and an [Encoder] give a histogram to HdrHistogram's own tools.
package histogram

import (
	"math"
	"math/bits"
	"time"
)

// The one configuration, in nanoseconds. [Highest] is where every time is cut off.
const (
	Lowest  = int64(100)
	Highest = int64(time.Hour)
	Digits  = 3
)

// The bucket arithmetic that HdrHistogram derives from the configuration; a test holds the two together.
const (
	unitBits    = 6                                   // values closer than 2^6 ns, the power of two within Lowest, are not told apart
	halfBits    = 10                                  // half of the 2^11 sub-buckets that 3 digits take
	subMask     = int64(1)<<(unitBits+halfBits+1) - 1 // values up to here lie in the first bucket
	octaves     = 42 - (unitBits + halfBits + 1) + 1  // an hour is below 2^42 ns
	bucketCount = (octaves + 1) << halfBits           // 27648
	pageBits    = 6                                   // counts come in pages of 64
	pageCount   = bucketCount >> pageBits             // 432
)

// bucket is the index of v's count in HdrHistogram's counts. v must be in [0, Highest].
func bucket(v int64) int {
	octave := bits.Len64(uint64(v|subMask)) - (unitBits + halfBits + 1)
	return octave<<halfBits + int(v>>(octave+unitBits))
}

// edge is the largest value that bucket i counts.
func edge(i int) int64 {
	octave := max(i>>halfBits-1, 0)
	return int64(i-octave<<halfBits+1)<<(octave+unitBits) - 1
}

// Rank is the place, from 1, of percentile p (0 < p < 100) among n samples in order: the first at or below which p % of
// them lie. It is never rounded down. The next smaller p stands for p, as in HdrHistogram's Java, since 0.07 as a
// binary fraction is a little more than 0.07, and of 10,000 samples would ask for the 8th.
func Rank(p float64, n uint64) uint64 {
	return min(max(uint64(math.Ceil(math.Nextafter(p, 0)*float64(n)/100)), 1), n)
}

// confidence is how sure it must be that the sample reaches beyond the percentile it is to tell.
const confidence = 0.95

// Needed is the number of samples that support percentile p (0 < p < 100): with q = p/100, the smallest n with 1 − qⁿ ≥
// 0.95, so that with 95 % confidence the largest of the n lies above the true percentile (Wilks, "Determination of
// sample sizes for setting tolerance limits", 1941). p50 needs 5, p99 299, p99.9 2995. Below the median the same is
// asked of the smallest. No number of samples supports a p outside the range: that is math.MaxUint64.
func Needed(p float64) uint64 {
	q := max(p, 100-p) / 100
	if !(q < 1) {
		return math.MaxUint64
	}
	return uint64(math.Ceil(math.Log(1-confidence) / math.Log(q)))
}

// exact is what is kept exactly beside the counts. The zero value is "no samples". The sum is of nanoseconds.
type exact struct {
	n        uint64
	sum      Sum
	min, max int64
}

func (e *exact) record(v int64) {
	if e.n == 0 || v < e.min {
		e.min = v
	}
	if v > e.max {
		e.max = v
	}
	e.n++
	e.sum.Add(uint64(v))
}

func (e *exact) merge(o exact) {
	if o.n == 0 {
		return
	}
	if e.n == 0 || o.min < e.min {
		e.min = o.min
	}
	e.max = max(e.max, o.max)
	e.n += o.n
	e.sum.Merge(o.sum)
}

// Samples is the number of times.
func (e exact) Samples() uint64 { return e.n }

// Min is the smallest time in seconds, exactly; nil over no sample.
func (e exact) Min() *float64 { return e.ifAny(Seconds(e.min)) }

// Max is the largest time in seconds, exactly; nil over no sample.
func (e exact) Max() *float64 { return e.ifAny(Seconds(e.max)) }

// Mean is the mean in seconds, exactly; nil over no sample.
func (e exact) Mean() *float64 { return e.ifAny(e.sum.Float() / float64(max(e.n, 1)) / 1e9) }

func (e exact) ifAny(v float64) *float64 {
	if e.n == 0 {
		return nil
	}
	return &v
}

// Seconds is a time of so many nanoseconds in seconds.
func Seconds(ns int64) float64 { return float64(ns) / 1e9 }

// Nanoseconds turns seconds into nanoseconds within [0, Highest]; whatever is no time is 0.
func Nanoseconds(s float32) int64 {
	switch {
	case !(s > 0):
		return 0
	case s >= float32(time.Hour/time.Second):
		return Highest
	}
	return int64(float64(s) * float64(time.Second))
}
