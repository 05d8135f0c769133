package capacity

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// evidence is how strongly calls speak against a share that is at least (held) or at most (broke) the allowed one, as
// the logarithm of a martingale under it: however often it is looked at, it is ever above log(1/α) with a probability
// of at most α (J. Ville, 1939). It is the likelihood of the shares on the other side over that of the allowed one,
// mixed by a beta distribution that is cut off there (H. Robbins, "Statistical methods related to the law of the
// iterated logarithm", 1970; S. R. Howard, A. Ramdas et al., "Time-uniform, nonparametric, nonasymptotic confidence
// sequences", 2021). Calls that resemble each other count for fewer: calls and over are divided by the inflation.
func evidence(calls, over, allowed float64) (held, broke float64) {
	at := over*math.Log(allowed) + (calls-over)*math.Log1p(-allowed)
	mixed := func(a, b float64, upper bool) float64 {
		prior, posterior := mathext.RegIncBeta(a, b, allowed), mathext.RegIncBeta(a+over, b+calls-over, allowed)
		if upper {
			prior, posterior = 1-prior, 1-posterior
		}
		return math.Log(posterior) + lbeta(a+over, b+calls-over) - math.Log(prior) - lbeta(a, b) - at
	}
	// The shares that are thought of are about half the allowed one, and about three times it.
	return mixed(1, 2/allowed, false), mixed(1, 1/(3*allowed), true)
}

func lbeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}
