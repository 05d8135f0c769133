// Package scalability fits the Universal Scalability Law (N. J. Gunther, "Guerrilla Capacity Planning", 2007) to the
// throughput of a target under a ladder of callers, or of its replicas: X(N) = γN / (1 + α(N-1) + βN(N-1)).
//
// α is how much the throughput falls short of N times that of one as if a share of each call were done one at a time,
// β how much as if each had to agree with each. They describe a curve, and prove nothing of what makes it: a lock held
// for a share p of each call does not fit as α = p, and a target with four workers and no contention at all fits with a
// large α. What callers show of one deployment says nothing of more replicas of it.
//
// Intervals are those of levels that err independently of each other, and all as much.
package scalability

import "math"

// Level is the throughput X that was measured with N callers or replicas.
type Level struct{ N, X float64 }

// Coefficient is an estimate, its standard error, and its interval of 95 %.
type Coefficient struct {
	Value, Error, Low, High float64
	// Held says that the levels ask for less than 0, and that the others were fitted with it held there.
	Held bool
}

// Law is a fitted law.
type Law struct {
	Alpha, Beta, Gamma Coefficient
	// Residual is the standard error of the residuals, and Explained is R², the share of the variance of X that the law
	// explains.
	Residual, Explained float64
}

// At is the throughput at N.
func (l Law) At(n float64) float64 {
	return l.Gamma.Value * n / (1 + l.Alpha.Value*(n-1) + l.Beta.Value*n*(n-1))
}

// Peak is where the throughput is highest, and how high; infinity where it grows for ever, and what it comes near to.
func (l Law) Peak() (n, x float64) {
	alpha, beta, gamma := l.Alpha.Value, l.Beta.Value, l.Gamma.Value
	switch {
	case beta > 0:
		// More than one in parallel may be a loss from the start.
		n = max(1, math.Sqrt(max(0, 1-alpha)/beta))
		return n, l.At(n)
	case alpha > 0:
		return math.Inf(1), gamma / alpha
	}
	return math.Inf(1), math.Inf(1)
}

// Needs is the smallest N with a throughput of x, and infinity where there is none.
func (l Law) Needs(x float64) float64 {
	alpha, beta, gamma := l.Alpha.Value, l.Beta.Value, l.Gamma.Value
	// The smaller root of xβN² - lessN + x(1-α) = 0, without a difference of what is nearly the same.
	less := gamma - x*(alpha-beta)
	root := less*less - 4*x*beta*x*(1-alpha)
	if !(less > 0 && root >= 0) {
		return math.Inf(1)
	}
	return max(1, 2*x*(1-alpha)/(less+math.Sqrt(root)))
}
