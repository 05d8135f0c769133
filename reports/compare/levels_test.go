package compare

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kaizenautomation/andon/reports/student"
)

// lasting is how the test of the levels is told to take its time.
func lasting() bool {
	f := flag.Lookup("long")
	return f != nil && f.Value.String() == "true"
}

// drifting are six declared series of five runs a side, p50 and p99 of three tiers, of which the changed side takes so
// many times as long: what they drift by (±15 %) and what their seconds have in common is that of the whole run.
func drifting(r *rand.Rand, factor float64) (list []series) {
	const common = 0.0137
	own := [2]float64{0.006, 0.0167} // what the calls of p50 and p99 of one tier scatter by
	var ys [6][2][]float64
	for side := range 2 {
		for range 5 {
			run := math.Log(0.05) + math.Log(1+0.15*(2*r.Float64()-1)) + common*r.NormFloat64() + float64(side)*math.Log(factor)
			for k := range ys {
				ys[k][side] = append(ys[k][side], run+own[k%2]*r.NormFloat64())
			}
		}
	}
	for k := range ys {
		list = append(list, times(ys[k][0], ys[k][1], own[k%2]*own[k%2]+common*common))
	}
	return list
}

// TestSimulateLevels compares values of runs rather than runs, so that there are enough comparisons to tell 5 % from a
// little more: five runs a side that drift by ±15 %, of which any figure may raise an alarm.
func TestSimulateLevels(t *testing.T) {
	n := 50
	if lasting() {
		n = 20_000
	}
	found := func(factor float64) float64 {
		r := rand.New(rand.NewPCG(23, uint64(100*factor)))
		worse := 0
		for range n {
			for _, row := range decide(drifting(r, factor)) {
				if row.Verdict == Regression {
					worse++
					break
				}
			}
		}
		return float64(worse) / float64(n)
	}
	alarms, power := found(1), found(1.2)
	t.Logf("%d comparisons each: %.2f %% of equals raise an alarm, +20 %% is found in %.2f %%", n, 100*alarms, 100*power)
	// So few can only tell what is far off.
	off := 0.0
	if !lasting() {
		off = 4 * math.Sqrt(0.05*0.95/float64(n))
	}
	if alarms > 0.05+off || power < 0.9-off {
		t.Error("expected at most 5 % false alarms, and 90 % found")
	}
}

// TestSimulateFewCalls compares runs of so few calls that these alone make the figures differ, and runs drift by
// nothing: where the values of three runs happen to lie closer together than their calls would have them, that is no
// reason to take less for a change. No chance that is corrected for other figures may be less than that of one alone.
func TestSimulateFewCalls(t *testing.T) {
	const scatter = 0.2
	n := 50
	if lasting() {
		n = 2000
	}
	for _, runs := range []int{2, 3, 5} {
		r := rand.New(rand.NewPCG(29, uint64(runs)))
		var alarms, less int
		for range n {
			var list []series
			for range 6 {
				var sides [2][]float64
				for side := range sides {
					for range runs {
						sides[side] = append(sides[side], scatter*r.NormFloat64())
					}
				}
				list = append(list, times(sides[0], sides[1], scatter*scatter))
			}
			alarm := false
			for k, row := range decide(list) {
				alarm = alarm || row.Verdict == Regression
				e := list[k].estimate()
				if alone := 1 - student.UpTo(math.Abs(e.change)/e.scale, e.freedom); *row.P < alone-0.015 {
					less++
				}
			}
			if alarm {
				alarms++
			}
		}
		t.Logf("%d runs a side: %d of %d comparisons of equals raise an alarm, and %d chances are less than of one figure alone", runs, alarms, n, less)
		if alarms > n/20+int(4*math.Sqrt(0.05*0.95*float64(n))) || less > 0 {
			t.Error("expected at most 5 % false alarms, and no such chance")
		}
	}
}
