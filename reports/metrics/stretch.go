package metrics

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// stretch is a time that was measured without a gap, in seconds of the pace.
type stretch struct{ from, until int }

// hair is how much moments may be off that were computed.
const hair = 1e-6

// inWhole is a time in seconds of so much. One that is the phases' in part is in, but not where only whole ones are
// asked for: for a rate in calls a second it would be too short.
func inWhole(one [2]float64, width time.Duration, whole bool) stretch {
	begin, end := one[0]/width.Seconds(), one[1]/width.Seconds()
	if whole {
		return stretch{int(math.Ceil(begin - hair)), int(math.Floor(end + hair))}
	}
	return stretch{int(math.Floor(begin + hair)), int(math.Ceil(end - hair))}
}

// joined are the times of phases by their beginnings and ends, elapsed seconds into the run. Those that follow each
// other at once are one.
func joined(phases []results.Phase, elapsed float64) (list [][2]float64) {
	for _, p := range phases {
		begin, end := p.StartSeconds, min(p.StartSeconds+p.Seconds, elapsed)
		switch last := len(list) - 1; {
		case begin >= end:
		case last >= 0 && begin <= list[last][1]+hair:
			list[last][1] = max(list[last][1], end)
		default:
			list = append(list, [2]float64{begin, end})
		}
	}
	return list
}
