package compare

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kaizenautomation/andon/reports/student"
)

// The chance with which a change is found that is called visible.
const power = 0.8

// draws are comparisons that visible changes are counted over: by how many standard errors each is off, and how many
// times the true standard error it takes for it.
type draws [4000]struct{ off, taken float64 }

// drawn are those with so many degrees of freedom.
func drawn(freedom int) *draws {
	var d draws
	random := rand.New(rand.NewPCG(uint64(freedom), 1))
	for i := range d {
		d[i].off = random.NormFloat64()
		var squares float64
		for range freedom {
			z := random.NormFloat64()
			squares += z * z
		}
		d[i].taken = math.Sqrt(squares / float64(freedom))
	}
	return &d
}

// visible is the smallest change to the worse, in standard errors, that is found four times in five, where it is found
// if it is beyond a tolerance and beyond so many standard errors as they are taken for.
func (d *draws) visible(errors, tolerance float64) float64 {
	needed := make([]float64, len(d))
	for i := range d {
		needed[i] = max(tolerance, errors*d[i].taken) - d[i].off
	}
	slices.Sort(needed)
	return max(needed[int(power*float64(len(needed)))], 0)
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
