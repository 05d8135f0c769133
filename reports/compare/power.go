package compare

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kaizenautomation/andon/reports/student"
)

// The chance with which a change is found that is called visible.
const power = 0.8

// draws are how many comparisons a visible change is counted over.
const draws = 4000

// visible is the smallest change to the worse, as a difference of values, that is found four times in five, where it is
// found if it is beyond a tolerance and beyond so many standard errors, which are estimates with so many degrees of
// freedom.
func visible(scale float64, freedom int, errors, tolerance float64) float64 {
	random := rand.New(rand.NewPCG(uint64(freedom), 1))
	needed := make([]float64, draws)
	for i := range needed {
		off := random.NormFloat64()
		var squares float64
		for range freedom {
			z := random.NormFloat64()
			squares += z * z
		}
		estimated := math.Sqrt(squares / float64(freedom))
		needed[i] = max(tolerance, errors*estimated*scale) - off*scale
	}
	slices.Sort(needed)
	return max(needed[int(power*draws)], 0)
}

// mostRuns is how many runs a side are ever asked for.
const mostRuns = 200

// runsFor is how many runs a side would tell, four times in five: that a change to the worse of this size is one beyond
// the tolerance, where it is, else that it is none; 0 where no number that anyone makes would. one is the standard
// deviation of a run.
func runsFor(one, change, tolerance float64) int {
	for n := 2; n <= mostRuns; n++ {
		freedom := 2*n - 2
		scale := one * math.Sqrt(2/float64(n))
		surely, likely := student.Percentile((1+confidence)/2, freedom)*scale, student.Percentile(power, freedom)*scale
		switch {
		case change > tolerance:
			if change >= max(tolerance, surely)+likely {
				return n
			}
		case change+surely+likely <= tolerance:
			return n
		}
	}
	return 0
}
