package metrics

import (
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// RatioDifference is the interval of the ratio b of nb less the ratio a of na, by the score intervals of the two; nil
// where one of them is over nothing.
func RatioDifference(a, na, b, nb uint64) *histogram.Interval {
	if na == 0 || nb == 0 {
		return nil
	}
	in := DifferenceOfShares(float64(a), float64(na), float64(b), float64(nb), normal)
	return &in
}

// DifferenceOfShares is as [RatioDifference] for counts that are worth a part of a call, and goes so many standard
// errors to either side (R. G. Newcombe, "Interval estimation for the difference between independent proportions",
// 1998, method 10).
func DifferenceOfShares(a, na, b, nb, errors float64) histogram.Interval {
	pa, pb := a/na, b/nb
	x, y := score(pa, na, errors), score(pb, nb, errors)
	d := pb - pa
	return histogram.Interval{Low: d - math.Hypot(pb-y.Low, x.High-pa), High: d + math.Hypot(y.High-pb, pa-x.Low)}
}

// wilson is the score interval of a ratio, of 95 %.
func wilson(p, n float64) histogram.Interval { return score(p, n, normal) }

// score is the score interval of a ratio, so many standard errors to either side (E. B. Wilson, "Probable inference,
// the law of succession, and statistical inference", 1927).
func score(p, n, z float64) histogram.Interval {
	middle := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	whole := 1 + z*z/n
	return histogram.Interval{Low: max((middle-half)/whole, 0), High: min((middle+half)/whole, 1)}
}
