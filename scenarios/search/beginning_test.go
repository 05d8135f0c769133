package search

import (
	"math/rand/v2"
	"testing"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/queuetest"
)

// loaded is a target whose contract breaks in a share of the calls while those of the last ten seconds came at more
// than a rate.
type loaded struct{ from, share float64 }

func (l loaded) run(r *rand.Rand, rate, seconds float64) (broken, calls uint64) {
	const window = 10
	q := queuetest.Queue{Workers: 1, Service: queuetest.Fixed(0)}
	var past []float64
	q.Run(rate, r, func(arrival, _ float64) bool {
		if arrival > seconds {
			return false
		}
		calls++
		past = append(past, arrival)
		for past[0] < arrival-window {
			past = past[1:]
		}
		if float64(len(past)) > l.from*window && r.Float64() < l.share {
			broken++
		}
		return true
	})
	return broken, calls
}

// The rate above which the contract is broken is found within 10 %, from what a search has shown on its way up.
func TestBeginning(t *testing.T) {
	for _, c := range []struct {
		why string
		loaded
		capacity float64
	}{
		{"at 70 % of the capacity, often", loaded{56, 0.05}, 80},
		{"at 70 % of the capacity, seldom", loaded{56, 0.005}, 80},
		{"at a tenth of it", loaded{50, 0.02}, 500},
		{"where many calls come", loaded{700, 0.001}, 1000},
	} {
		r := rand.New(rand.NewPCG(18, 4))
		const times = 15
		right, most := 0, 0
		for range times {
			var trials []sizing.Trial
			add := func(rate, seconds float64) {
				broken, calls := c.run(r, rate, seconds)
				trials = append(trials, sizing.Trial{Rate: rate, Calls: calls, Violations: share(broken, calls)})
			}
			for rate := c.capacity / 16; rate < c.capacity; rate *= 2 {
				add(rate, 20)
			}
			for range 3 {
				add(c.capacity*0.97, 60)
			}
			o := newBeginning(trials, func(t sizing.Trial) float64 { return t.Violations }, c.capacity)
			n := 0
			for {
				rate, calls, ok := o.ask()
				if !ok {
					break
				}
				broken, all := c.run(r, rate, max(float64(calls)/rate*1.1, 30))
				o.take(rate, share(broken, all), all)
				n++
			}
			var got sizing.Onset
			o.show(&got)
			if got.High != nil && got.Low != nil && *got.Low*0.9 <= c.from && c.from <= *got.High*1.1 && *got.High <= *got.Low*1.1 {
				right++
			}
			most = max(most, n)
		}
		t.Logf("%s: %d of %d within 10 %%, at most %d trials", c.why, right, times, most)
		if right < times*80/100 {
			t.Errorf("%s: %d of %d within 10 %%", c.why, right, times)
		}
	}
}

func TestBeginningEnds(t *testing.T) {
	violations := func(t sizing.Trial) float64 { return t.Violations }
	for _, c := range []struct {
		why        string
		trials     []sizing.Trial
		trial      func(rate float64, calls uint64) (float64, uint64)
		asks       int
		clean, top float64
	}{
		{"nothing was broken", []sizing.Trial{{Rate: 10, Calls: 1000}}, nil, 0, 0, 0},
		{"what is broken at the capacity alone is no news", []sizing.Trial{{Rate: 100, Calls: 1000, Violations: 1}}, nil, 0, 0, 0},
		{"it is broken wherever one looks", []sizing.Trial{{Rate: 40, Calls: 1000, Violations: 0.1}},
			func(float64, uint64) (float64, uint64) { return 0.1, 50 }, mostOnset, 0, 40. / 1024},
		{"a few calls without it prove nothing", []sizing.Trial{{Rate: 40, Calls: 1000, Violations: 0.01}, {Rate: 38, Calls: 100}},
			func(_ float64, calls uint64) (float64, uint64) { return 0, calls }, 5, 37.4, 40},
		{"many do", []sizing.Trial{{Rate: 40, Calls: 1000, Violations: 0.01}, {Rate: 38, Calls: 600}}, nil, 0, 38, 40},
		{"a trial that ends early", []sizing.Trial{{Rate: 40, Calls: 1000, Violations: 0.01}}, func(float64, uint64) (float64, uint64) { return 0, 10 }, 1, 0, 40},
	} {
		o := newBeginning(c.trials, violations, 80)
		asks := 0
		for {
			rate, calls, ok := o.ask()
			if !ok {
				break
			}
			asks++
			s, n := c.trial(rate, calls)
			o.take(rate, s, n)
		}
		if asks != c.asks || o.clean < c.clean || o.clean > c.clean*1.05 || o.dirty != c.top {
			t.Errorf("%s: %d trials, between %g and %g", c.why, asks, o.clean, o.dirty)
		}
	}
}
