package compare

import (
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// curve is the percentile curve of one tier of a set, or of all tiers: at each share of the calls the mean of its runs,
// on the scale on which times are compared, up to the highest percentile that every run has the samples for; nil where
// a run has no such calls.
func curve(set Set, tier string) (points []Point) {
	var steps [][]histogram.Step
	for _, m := range set.Runs {
		c := m.Whole.Curve(tier, false)
		if c.Samples == 0 {
			return nil
		}
		// The last step is the maximum, which stands for no percentile.
		steps = append(steps, c.Steps[:len(c.Steps)-1])
	}
	for _, at := range steps[0] {
		var sum float64
		for _, of := range steps {
			i := slices.IndexFunc(of, func(s histogram.Step) bool { return s.Quantile >= at.Quantile })
			if i < 0 {
				return points
			}
			sum += math.Log(max(of[i].Value, 1e-9)) / float64(len(steps))
		}
		points = append(points, Point{Quantile: at.Quantile, Seconds: math.Exp(sum)})
	}
	return points
}
