package histogram

import "github.com/HdrHistogram/hdrhistogram-go"

// Curve is a percentile curve: how long calls take, by the share of calls that take no longer. Times are in seconds.
type Curve struct {
	// Samples is the number of calls; Mean and Max are exact (up to an hour), and null over no sample.
	Samples   uint64
	Mean, Max *float64
	// Deviation is the standard deviation, with the histograms' 3 digits; 0 over no sample.
	Deviation float64
	// Steps go up to the highest percentile that the samples support (see [Needed]), ever closer; the last is the
	// maximum.
	Steps []Step
}

// Step says that of all calls Samples, Quantile of them (0 to 1), took Value seconds or less.
type Step struct {
	Value, Quantile float64
	Samples         uint64
}

// stepsPerHalf is how many steps there are on the way to half of the calls, and then to half of the rest each time, as
// HdrHistogram's own tools have it.
const stepsPerHalf = 5

// Curve is the percentile curve of what is in s.
func (s *Scratch) Curve() Curve {
	c := Curve{Samples: s.n, Mean: s.Mean(), Max: s.Max()}
	if s.n == 0 {
		return c
	}
	h := s.library()
	c.Deviation = h.StdDev() / 1e9
	for _, b := range h.CumulativeDistributionWithTicks(stepsPerHalf) {
		// The last step before the end is where the count reaches all: it can stand for a percentile beyond what the
		// samples support, and the maximum says as much.
		if b.Quantile < 100 && (b.Quantile == 0 || s.n >= Needed(b.Quantile)) {
			c.Steps = append(c.Steps, Step{Seconds(min(b.ValueAt, s.max)), b.Quantile / 100, uint64(b.Count)})
		}
	}
	c.Steps = append(c.Steps, Step{Seconds(s.max), 1, s.n})
	return c
}

// library is what is in s as HdrHistogram has it.
func (s *Scratch) library() *hdrhistogram.Histogram {
	counts := make([]int64, bucketCount)
	s.each(func(i int, n uint64) { counts[i] = int64(n) })
	return hdrhistogram.Import(&hdrhistogram.Snapshot{
		LowestTrackableValue: Lowest, HighestTrackableValue: Highest, SignificantFigures: Digits, Counts: counts,
	})
}
