package scalability

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// How many different N there are at least: with no more than there are coefficients, any levels fit.
const (
	fewestCallers  = 6
	fewestReplicas = 3
)

// Fit fits the law to a ladder of callers by least squares. It refuses fewer than six different N, with which three
// coefficients leave next to nothing to tell a good fit by, and levels that the law does not describe.
func Fit(levels []Level) (Law, error) {
	return fit(levels, fewestCallers, [][]int{{gamma, alpha, beta}, {gamma, alpha}, {gamma, beta}, {gamma}})
}

// FitReplicas fits the law without β (Amdahl's) to the throughput by replicas, of which three counts are enough.
func FitReplicas(levels []Level) (Law, error) {
	return fit(levels, fewestReplicas, [][]int{{gamma, alpha}, {gamma}})
}

// poor is the most that the residuals may be, as a share of the highest throughput. The published fits leave 1.5 to 4.5
// %; four workers without any contention, which the law does not describe, leave 6 to 13 %. R² would not do: it is low
// where the throughput is the same at each level, and the law says just that.
const poor = .05

// fit makes the best of the fits with the coefficients of each choice, in which none is below 0.
func fit(levels []Level, fewest int, choices [][]int) (Law, error) {
	ns := map[float64]bool{}
	for i, l := range levels {
		if !(l.N >= 1 && l.X > 0) || math.IsInf(l.N*l.X, 0) {
			return Law{}, fmt.Errorf("level %d has a throughput of %v with N = %v: it needs one above 0, and N at least 1", i+1, l.X, l.N)
		}
		ns[l.N] = true
	}
	if len(ns) < fewest {
		return Law{}, fmt.Errorf("a scalability law needs %d different levels or more, and there are %d", fewest, len(ns))
	}
	var best curve
	least := math.Inf(1)
	for _, free := range choices {
		c, ok := leastSquares(levels, free)
		// What is as good with a coefficient less comes later, and does not count.
		if sum := c.squares(levels); ok && c.possible() && sum < least*(1-1e-9) {
			best, least = c, sum
		}
	}
	law := best.law(levels)
	highest := slices.MaxFunc(levels, func(a, b Level) int { return cmp.Compare(a.X, b.X) }).X
	if law.Residual > poor*highest {
		return Law{}, fmt.Errorf("the scalability law does not describe these levels: it is off by %.0f %% of the highest throughput, and %.0f %% is the most",
			100*law.Residual/highest, 100*poor)
	}
	return law, nil
}
