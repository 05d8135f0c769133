package scalability

import (
	"math"

	"github.com/kaizenautomation/andon/reports/student"
)

// The coefficients by their place in a curve.
const (
	gamma = iota
	alpha
	beta
)

// curve is N/X as a sum of (1, N-1, N(N-1)) with factors, of which those are 0 that are not free: the law, in terms
// that are nearly linear.
type curve struct {
	factors [3]float64
	free    []int
}

func terms(n float64) [3]float64 { return [3]float64{1, n - 1, n * (n - 1)} }

func (c curve) at(n float64) float64 {
	sum := 0.0
	for i, t := range terms(n) {
		sum += c.factors[i] * t
	}
	return n / sum
}

// squares is the sum of the squared residuals, and infinity where the curve is none.
func (c curve) squares(levels []Level) float64 {
	sum := 0.0
	for _, l := range levels {
		x := c.at(l.N)
		if !(x > 0) {
			return math.Inf(1)
		}
		sum += (l.X - x) * (l.X - x)
	}
	return sum
}

// possible reports whether no coefficient is below 0.
func (c curve) possible() bool {
	return c.factors[gamma] > 0 && c.factors[alpha] >= 0 && c.factors[beta] >= 0
}

// leastSquares follows Gauss and Newton from the fit of N/X, which is linear, to that of X.
func leastSquares(levels []Level, free []int) (curve, bool) {
	c := curve{free: free}
	// The error of N/X is that of X times N/X².
	weigh := func(l Level) float64 { return l.X * l.X / l.N }
	wanted := func(l Level) float64 { return weigh(l) * l.N / l.X }
	start, _, ok := solve(levels, free, weigh, wanted)
	if c.factors = start; !ok || math.IsInf(c.squares(levels), 1) {
		c.factors = [3]float64{}
		for _, l := range levels {
			c.factors[gamma] += l.N / l.X / float64(len(levels))
		}
	}
	for range 200 {
		before := c.squares(levels)
		step, _, ok := solve(levels, free,
			func(l Level) float64 { x := c.at(l.N); return x * x / l.N },
			func(l Level) float64 { return c.at(l.N) - l.X })
		if !ok {
			return c, false
		}
		next, after := c, math.Inf(1)
		for share := 1.0; share > 1e-6 && !(after <= before); share /= 2 {
			for i := range next.factors {
				next.factors[i] = c.factors[i] + share*step[i]
			}
			after = next.squares(levels)
		}
		if !(after < before) {
			return c, true
		}
		if c = next; before-after <= 1e-15*before {
			return c, true
		}
	}
	return c, true
}

// solve is the linear least squares of the weighed terms that are free against what is wanted, and the inverse of the
// normal matrix, by the elimination of Gauss and Jordan with the terms scaled to the same length.
func solve(levels []Level, free []int, weigh, wanted func(Level) float64) (factors [3]float64, inverse [3][3]float64, ok bool) {
	var length [3]float64
	for _, l := range levels {
		for i, t := range terms(l.N) {
			length[i] += weigh(l) * weigh(l) * t * t
		}
	}
	for i := range length {
		length[i] = math.Sqrt(length[i])
	}
	var normal [3][6]float64
	var right [3]float64
	for _, i := range free {
		for _, l := range levels {
			t, w := terms(l.N), weigh(l)
			for _, j := range free {
				normal[i][j] += w * w * t[i] / length[i] * t[j] / length[j]
			}
			right[i] += w * t[i] / length[i] * wanted(l)
		}
		normal[i][3+i] = 1
	}
	for _, i := range free {
		// The matrix is positive definite, so that the diagonal is what to divide by.
		pivot := normal[i][i]
		if !(pivot > 1e-14) {
			return factors, inverse, false
		}
		for j := range normal[i] {
			normal[i][j] /= pivot
		}
		for _, other := range free {
			if factor := normal[other][i]; other != i {
				for j := range normal[other] {
					normal[other][j] -= factor * normal[i][j]
				}
			}
		}
	}
	for _, i := range free {
		for _, j := range free {
			inverse[i][j] = normal[i][3+j] / length[i] / length[j]
			factors[i] += normal[i][3+j] * right[j] / length[i]
		}
	}
	return factors, inverse, true
}

// law gives the coefficients with what they are off by.
func (c curve) law(levels []Level) Law {
	freedom := len(levels) - len(c.free)
	squares, mean, around := c.squares(levels), 0.0, 0.0
	for _, l := range levels {
		mean += l.X / float64(len(levels))
	}
	for _, l := range levels {
		around += (l.X - mean) * (l.X - mean)
	}
	variance := squares / float64(freedom)
	law := Law{Residual: math.Sqrt(variance), Explained: 1}
	if around > 0 {
		law.Explained = 1 - squares/around
	}
	_, inverse, _ := solve(levels, c.free,
		func(l Level) float64 { x := c.at(l.N); return x * x / l.N }, func(Level) float64 { return 0 })
	// The coefficients are γ = 1/f₀, α = f₁/f₀ and β = f₂/f₀; their errors follow from those of the factors.
	f := c.factors
	slopes := [3][3]float64{
		gamma: {-1 / (f[0] * f[0]), 0, 0},
		alpha: {-f[1] / (f[0] * f[0]), 1 / f[0], 0},
		beta:  {-f[2] / (f[0] * f[0]), 0, 1 / f[0]},
	}
	values := [3]float64{1 / f[0], f[1] / f[0], f[2] / f[0]}
	t := student.Percentile(.975, freedom)
	for i, to := range []*Coefficient{gamma: &law.Gamma, alpha: &law.Alpha, beta: &law.Beta} {
		to.Value, to.Held = values[i], true
		sum := 0.0
		for _, j := range c.free {
			to.Held = to.Held && j != i
			for _, k := range c.free {
				sum += slopes[i][j] * inverse[j][k] * slopes[i][k]
			}
		}
		if !to.Held {
			to.Error = math.Sqrt(max(0, sum*variance))
			to.Low, to.High = max(0, to.Value-t*to.Error), to.Value+t*to.Error
		}
	}
	return law
}
