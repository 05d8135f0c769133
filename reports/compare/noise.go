package compare

import (
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
)

// blocks are into how many stretches a run is cut. Calls within one are alike, since a queue that is long now is long
// in a second; blocks of a tenth of a run are not, unless what comes and goes lasts as long. What lasts longer the
// spread between runs tells.
const blocks = 10

// block is where a slice belongs of a run whose calls were due in a span of time.
func block(s *metrics.Slice, from, until float64) int {
	middle := s.StartSeconds + s.Seconds/2
	return min(max(int(blocks*(middle-from)/max(until-from, 1e-9)), 0), blocks-1)
}

// leftOver is the variance of the sum of what is left over in the blocks of each run, which sums to nothing over a run:
// on average over the runs. What comes again in all of them at the same time is the load's, which is the same in each.
func leftOver(runs [][]float64) float64 {
	n := float64(len(runs))
	var pattern [blocks]float64
	for _, run := range runs {
		for b, v := range run {
			pattern[b] += v / n
		}
	}
	var sum float64
	for _, run := range runs {
		for b, v := range run {
			sum += (v - pattern[b]) * (v - pattern[b])
		}
	}
	return sum / max(n-1, 1) * blocks / (blocks - 1)
}

// alike is by what factor the variance of a share exceeds that of as many independent calls, at least 1. of gives of a
// slice how many calls of how many are in the share of a run.
func alike(runs []*gathered, slices func(*gathered) []metrics.Slice, of func(run int, s *metrics.Slice) (part, whole float64)) float64 {
	var left [][]float64
	var parts, wholes, number float64
	for i, g := range runs {
		var part, whole [blocks]float64
		var p, w float64
		list := slices(g)
		for k := range list {
			s := &list[k]
			x, y := of(i, s)
			b := block(s, g.from, g.until)
			part[b] += x
			whole[b] += y
			p += x
			w += y
		}
		if w == 0 {
			continue
		}
		one := make([]float64, blocks)
		for b := range one {
			one[b] = (part[b] - p/w*whole[b]) / w
		}
		left = append(left, one)
		parts, wholes, number = parts+p, wholes+w, number+1
	}
	if number == 0 || parts == 0 || parts == wholes {
		return 1
	}
	share := parts / wholes
	return max(leftOver(left)/(share*(1-share)/(wholes/number)), 1)
}

// uneven is the variance of the logarithm of a rate, by how much more comes in some blocks than in others, and no less
// than if the time were off by what one call takes of it.
func uneven(runs []*gathered, slices func(*gathered) []metrics.Slice, count func(*metrics.Slice) float64) float64 {
	var left [][]float64
	var least float64
	for _, g := range runs {
		one := make([]float64, blocks)
		var sum float64
		list := slices(g)
		for k := range list {
			s := &list[k]
			one[block(s, g.from, g.until)] += count(s)
			sum += count(s)
		}
		for b := range one {
			one[b] = one[b]/max(sum, 1) - 1.0/blocks
		}
		left = append(left, one)
		least = max(least, 1/(max(sum, 1)*max(sum, 1)))
	}
	return max(leftOver(left), least)
}

// errorOf is the standard error of the logarithm of a percentile (0 < p < 100) of calls that tell as much as so many
// fewer: half of how far the logarithm goes while the share of calls below it goes by one standard error to either side
// (R. S. Woodruff, "Confidence intervals for medians and other position measures", 1952).
func errorOf(d histogram.Distribution, p, factor float64) float64 {
	n, q := float64(d.Samples()), p/100
	se := math.Sqrt(q * (1 - q) * factor / n)
	at := func(share float64) float64 {
		place := min(max(math.Ceil(share*n), 1), n)
		return math.Log(max(d.At(uint64(place)), 1e-9))
	}
	return max((at(q+se)-at(q-se))/2, at(q)-at(q-se))
}
