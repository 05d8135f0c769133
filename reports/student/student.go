// Package student has Student's t distribution: how far an estimate is off, in standard errors that are estimates
// themselves.
package student

import "math"

// Percentile is the percentile p (0.5 ≤ p < 1) of the distribution with so many degrees of freedom, at least 1.
func Percentile(p float64, freedom int) float64 {
	low, high := 0.0, 1.0
	for UpTo(high, freedom) < p && high < 1e9 {
		low, high = high, 2*high
	}
	for range 60 {
		if middle := (low + high) / 2; UpTo(middle, freedom) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// UpTo is how likely it is that Student's t is t or less, where t is not negative: a sum of powers of a cosine
// (M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 1964, 26.7.3 and 26.7.4).
func UpTo(t float64, freedom int) float64 {
	angle := math.Atan(t / math.Sqrt(float64(freedom)))
	sin, cos := math.Sincos(angle)
	odd := freedom % 2
	term, sum := math.Pow(cos, float64(odd)), 0.0
	for k := odd; k <= freedom-2; k += 2 {
		sum += term
		term *= float64(k+1) / float64(k+2) * cos * cos
	}
	within := sin * sum
	if odd == 1 {
		within = 2 / math.Pi * (angle + within)
	}
	return (1 + within) / 2
}
