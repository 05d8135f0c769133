package metrics

import (
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// RatioDifference is the interval of the ratio b of nb less the ratio a of na, by the score intervals of the two; nil
// where one of them is over nothing (R. G. Newcombe, "Interval estimation for the difference between independent
// proportions", 1998, method 10).
func RatioDifference(a, na, b, nb uint64) *histogram.Interval {
	if na == 0 || nb == 0 {
		return nil
	}
	pa, pb := float64(a)/float64(na), float64(b)/float64(nb)
	x, y := wilson(pa, float64(na)), wilson(pb, float64(nb))
	d := pb - pa
	return &histogram.Interval{Low: d - math.Hypot(pb-y.Low, x.High-pa), High: d + math.Hypot(y.High-pb, pa-x.Low)}
}

// wilson is the score interval of a ratio (E. B. Wilson, "Probable inference, the law of succession, and statistical
// inference", 1927).
func wilson(p, n float64) histogram.Interval {
	const z = normal
	middle := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	whole := 1 + z*z/n
	return histogram.Interval{Low: max((middle-half)/whole, 0), High: min((middle+half)/whole, 1)}
}
