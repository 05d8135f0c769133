package compare

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kaizenautomation/andon/reports/student"
)

// rotations are what a chance is counted over: enough for one of 5 % to be right within half a percent.
const rotations = 5000

// judged is a declared series as it is judged in one direction.
type judged struct {
	// t is by how many standard errors it changed that way, and change by how much; beyond is what matters.
	t, change, beyond float64
	// left is what the value of each run has beside the mean of its side, and floor the least variance of one.
	left  []float64
	floor float64
}

// judge makes them of a series that has the spread between runs, in the direction to the worse.
func (s *series) judge(e estimate) judged {
	nb, nc, sign := float64(len(s.base)), float64(len(s.changed)), s.figure.worse()
	j := judged{change: sign * e.change, beyond: s.figure.beyond(), floor: (nb*s.withinBase + nc*s.withinChanged) / (nb + nc)}
	mb, vb := spread(s.base)
	mc, vc := spread(s.changed)
	for _, v := range s.base {
		j.left = append(j.left, sign*(v.y-mb))
	}
	for _, v := range s.changed {
		j.left = append(j.left, sign*(v.y-mc))
	}
	j.t = studentized(sign*(mc-mb), floored((vb+vc)/(nb+nc-2), j.floor), len(s.base), len(s.changed))
	return j
}

// studentized is a change in standard errors, 0 where there is none at all.
func studentized(change, variance float64, base, changed int) float64 {
	if change == 0 {
		return 0
	}
	return change / math.Sqrt(variance*(1/float64(base)+1/float64(changed)))
}

// corrected is for each series how likely it is that a change like its own comes without a cause in any of them,
// counted over rotations of what the runs have beside the mean of their side, of all series at once: one direction in
// the space of the runs is as likely as any other to be the one that tells the sides apart, as long as the values of
// runs are normal. For one series that is Student's t; several are corrected for their number by what they have in
// common, one after the other, those that were found left out: where all drift together it costs nothing (Ø. Langsrud,
// "Rotation tests", 2005; P. H. Westfall and S. S. Young, "Resampling-Based Multiple Testing", 1993; S. Holm, "A simple
// sequentially rejective multiple test procedure", 1979). A change that does not matter raises no alarm, so that no
// other series is corrected for it.
//
// least is the quantile of 95 % of the largest: by how many standard errors any must change.
func corrected(list []judged, ts, ds [][]float64, found func(i int, p float64) bool) (ps []float64, least float64) {
	ps = make([]float64, len(list))
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	matters := func(i int) int {
		if list[i].change > list[i].beyond {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(matters(a), matters(b)), cmp.Compare(list[b].t, list[a].t))
	})
	left := make([]bool, len(list))
	var before float64
	for _, i := range order {
		var as int
		for r := range rotations {
			for k := range list {
				if k != i && (left[k] || ds[k][r] <= list[k].beyond) {
					continue
				}
				if ts[k][r] >= list[i].t {
					as++
					break
				}
			}
		}
		alone := 1 - student.UpTo(list[i].t, len(list[i].left)-2)
		ps[i] = max((float64(as)+1)/(rotations+1), alone)
		if matters(i) == 0 {
			ps[i] = max(ps[i], before)
			before = ps[i]
		}
		left[i] = found(i, ps[i])
	}
	largest := make([]float64, rotations)
	for r := range largest {
		for k := range list {
			if ds[k][r] > list[k].beyond {
				largest[r] = max(largest[r], ts[k][r])
			}
		}
	}
	slices.Sort(largest)
	return ps, largest[rotations*95/100]
}

// turned looks at all of them the other way round.
func turned(list []judged, of ...[][]float64) {
	for i := range list {
		list[i].t, list[i].change = -list[i].t, -list[i].change
	}
	for _, all := range of {
		for _, one := range all {
			for r := range one {
				one[r] = -one[r]
			}
		}
	}
}

// rotated are the changes of each series in each rotation, in standard errors and as they are. Where the values of runs
// lie closer together than their calls would have them, that is by chance: they are taken as far apart as that, and
// what comes of it is Student's t as of any other, which is wider than what so few values could come to within that
// bound.
func rotated(list []judged, base, changed int) (ts, ds [][]float64) {
	n := base + changed
	random := rand.New(rand.NewPCG(uint64(base), uint64(changed)))
	ts, ds = make([][]float64, len(list)), make([][]float64, len(list))
	for k := range list {
		ts[k], ds[k] = make([]float64, rotations), make([]float64, rotations)
	}
	toward := make([]float64, n)
	// What is left over lacks the one direction that tells the sides apart.
	whole := math.Sqrt(float64(n-1) / float64(n-2))
	squares, scale := make([]float64, len(list)), make([]float64, len(list))
	for k := range list {
		var sum float64
		for _, v := range list[k].left {
			sum += v * v
		}
		scale[k] = whole
		if least := floored(sum, list[k].floor*float64(n-2)); sum > 0 {
			scale[k] *= math.Sqrt(least / sum)
		}
		squares[k] = sum * scale[k] * scale[k]
	}
	half := math.Sqrt(1/float64(base) + 1/float64(changed))
	for r := range rotations {
		var mean, length float64
		for i := range toward {
			toward[i] = random.NormFloat64()
			mean += toward[i] / float64(n)
		}
		for i := range toward {
			toward[i] -= mean
			length += toward[i] * toward[i]
		}
		length = math.Sqrt(length)
		for k := range list {
			var along float64
			for i, v := range list[k].left {
				along += v * toward[i]
			}
			along *= scale[k] / length
			ds[k][r] = along * half
			ts[k][r] = studentized(ds[k][r], max(squares[k]-along*along, 0)/float64(n-2), base, changed)
		}
	}
	return ts, ds
}
