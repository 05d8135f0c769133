package metrics

import (
	"math"

	"github.com/kaizenautomation/andon/reports/student"
)

// normal is the 97.5th percentile of the normal distribution: the half of an interval of 95 %, in standard errors that
// are known. Where they are estimates, package student has what takes its place.
const normal = 1.959964

// halfWidth is half of the interval of 95 % of a sum: that of all residuals, which are what is left of the values in
// the stretches of each series, one after the other in time, after the mean of the series is taken off. It is 0 where
// every residual is.
//
// Neighbours are alike, since a queue that is long now is long in a second, and so their sum spreads more than that of
// independent values would. How much is read off the slowest waves of each series, as many as grow with two thirds of
// its length: they spread as the sum does, whatever neighbours have in common, as long as that is over within the
// shortest of these waves (E. Lazarus, D. J. Lewis, J. H. Stock and M. W. Watson, "HAR inference: recommendations for
// practice", 2018, the estimator EWC). Several series make one number of degrees of freedom after F. E. Satterthwaite,
// "An approximate distribution of estimates of variance components", 1946.
func halfWidth(residuals [][]float64) float64 {
	var all int
	for _, r := range residuals {
		all += len(r)
	}
	var variance, doubt float64
	for _, r := range residuals {
		n := len(r)
		waves := math.Round(waves(all) * float64(n) / float64(all))
		waves = max(min(waves, float64(n-1)), 1)
		var sum float64
		for j := 1.0; j <= waves; j++ {
			var c float64
			for i, v := range r {
				c += v * math.Cos(math.Pi*j*(float64(i)+0.5)/float64(n))
			}
			sum += 2 * c * c
		}
		v := sum / waves
		variance += v
		doubt += v * v / waves
	}
	if variance == 0 {
		return 0
	}
	return student.Percentile(0.975, max(int(variance*variance/doubt), 1)) * math.Sqrt(variance)
}

// waves is how many of the slowest waves of so many stretches tell the spread of their sum.
func waves(stretches int) float64 {
	return max(0.41*math.Pow(float64(stretches), 2.0/3), 4)
}

// trendTerms is how many curves tell how far a trend can be told from what comes and goes.
const trendTerms = 6

// harmonics are as how many waves what comes again and again is taken: as swift as thrice in each of its periods.
const harmonics = 3

// trend is the straight line through values that follow each other at equal distances, by how much it rises over all of
// them, and half of the interval of that, of the given confidence. What comes again after so many values, as it does
// where period is not 0, is no part of it.
//
// The line is the second of the orthonormal polynomials, after the constant. Where there is no trend the next ones,
// slow curves that neither rise nor fall on the whole, have as much of the values in them as the line, however alike
// neighbours are, as long as that is over within the shortest bend of these curves: so the line is held against them by
// Student's t (P. C. B. Phillips, "HAC estimation by automated regression", 2005).
func trend(values []float64, period, confidence float64) (level, rise, half float64) {
	n := float64(len(values))
	basis := waveBasis(len(values), period)
	waves := len(basis)
	basis = polynomials(basis, trendTerms+1)
	var variance float64
	for _, curve := range basis[waves+1:] {
		c := dot(curve, values)
		variance += c * c / trendTerms
	}
	level = dot(basis[0], values) / math.Sqrt(n)
	// By how much a line of length 1 rises from the beginning of the first value to the end of the last: where there are
	// waves, the line is what they leave of it.
	line := basis[waves]
	var inLine float64
	for i := range line {
		inLine += line[i] * (float64(i) + 0.5) / n
	}
	return level, dot(line, values) / inLine, student.Percentile((1+confidence)/2, trendTerms) * math.Sqrt(variance) / inLine
}

// waveBasis is an orthonormal basis of the constants on n points at equal distances and, where period is not 0, of what
// comes again after so many points.
func waveBasis(n int, period float64) (basis [][]float64) {
	constant := make([]float64, n)
	for i := range constant {
		constant[i] = 1
	}
	basis = orthonormal(basis, constant)
	for h := 1.0; h <= harmonics && 2*h < period; h++ {
		for _, shift := range []float64{0, math.Pi / 2} {
			wave := make([]float64, n)
			for i := range wave {
				wave[i] = math.Cos(2*math.Pi*h*float64(i)/period + shift)
			}
			basis = orthonormal(basis, wave)
		}
	}
	return basis
}

// polynomials adds so many polynomials to an orthonormal basis that has the constant first, a line and up.
func polynomials(basis [][]float64, more int) [][]float64 {
	last := basis[0]
	n := float64(len(last))
	for range more {
		p := make([]float64, len(last))
		for i := range p {
			p[i] = last[i] * (2*float64(i) + 1 - n) / n
		}
		basis = orthonormal(basis, p)
		last = basis[len(basis)-1]
	}
	return basis
}

// orthonormal adds what a vector has that a basis has not.
func orthonormal(basis [][]float64, v []float64) [][]float64 {
	for range 2 { // the second time for what rounding left
		for _, b := range basis {
			c := dot(v, b)
			for i := range v {
				v[i] -= c * b[i]
			}
		}
	}
	length := math.Sqrt(dot(v, v))
	for i := range v {
		v[i] /= length
	}
	return append(basis, v)
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
