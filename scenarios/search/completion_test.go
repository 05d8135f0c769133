package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/queuetest"
)

// backlog makes a trial with executions that a queue runs, all of which are seen to their ends.
func backlog(q queuetest.Queue, r *rand.Rand, rate, seconds float64) grown {
	var list []results.Execution
	var times []float64
	at := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	q.Run(rate, r, func(arrival, latency float64) bool {
		if arrival > seconds {
			return false
		}
		list = append(list, results.Execution{State: results.StateCompleted, Followed: true, Sent: at(arrival), Accepted: at(arrival), Alive: at(arrival+latency) - 1, Ended: at(arrival + latency)})
		times = append(times, latency)
		return true
	})
	account := executions.Of(list, executions.About{
		Labels:      results.Labels{Classes: []results.Class{{Name: "text.Lite"}}, Phases: []results.Phase{{Name: "measured", Steady: true, Seconds: seconds}}},
		LoadSeconds: seconds,
	})
	slices.Sort(times)
	all := func(int) bool { return true }
	_, growth, _, _ := account.Growth(all, all) // all of it is known exactly
	return grown{rate: rate, accepted: float64(len(list)) / seconds, seconds: seconds, growth: &growth, long: times[len(times)/2]}
}

// The rate at which executions end is found within minutes, and the interval holds it as often as it says.
func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		name    string
		q       queuetest.Queue
		truth   float64
		start   float64
		minutes float64
	}{
		{"ten workers, half a second each", queuetest.Queue{Workers: 10, Even: true, Service: queuetest.Fixed(0.5)}, 20, 5, 4},
		{"by chance", queuetest.Queue{Workers: 10, Even: true, Service: queuetest.Exponential(0.5)}, 20, 5, 8},
		{"one worker", queuetest.Queue{Workers: 1, Even: true, Service: queuetest.Lognormal(0.05, 0.5)}, 20, 1, 6},
		{"begun far above", queuetest.Queue{Workers: 10, Even: true, Service: queuetest.Fixed(0.5)}, 20, 100, 4},
		{"executions of three seconds", queuetest.Queue{Workers: 60, Even: true, Service: queuetest.Lognormal(3, 0.4)}, 20, 4, 8},
	} {
		r := rand.New(rand.NewPCG(18, 3))
		const times = 20
		held, confirmed := 0, 0
		var widths []float64
		for range times {
			s := newCompletion(c.start, 0, 0.1)
			took := 0.0
			for {
				rate, seconds, ok := s.ask()
				if !ok {
					break
				}
				g := backlog(c.q, r, rate, seconds)
				s.take(g)
				took += seconds + max(0, g.accepted/c.truth-1)*seconds
			}
			a := s.answer()
			if a.Kind != sizing.Interval || took > 60*c.minutes {
				t.Fatalf("%s: %+v after %.0f s", c.name, a, took)
			}
			if *a.Low <= c.truth && c.truth <= *a.High {
				held++
			}
			if a.Highest >= 0.85*c.truth && a.Highest <= 1.1*c.truth {
				confirmed++
			}
			widths = append(widths, (*a.High-*a.Low)/a.Rate)
		}
		slices.Sort(widths)
		t.Logf("%s: %d of %d hold the truth, half are wider than %.1f %%, %d confirmed", c.name, held, times, 100*widths[times/2], confirmed)
		if held < times*80/100 || confirmed < times*90/100 || widths[times/2] > 0.1 {
			t.Errorf("%s: %d of %d intervals hold %g, %d were seen to hold just below, the median width is %.3f", c.name, held, times, c.truth, confirmed, widths[times/2])
		}
	}
}

// A backlog is seen to hold only where its growth is known to be little beside what comes.
func TestBacklogHolds(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      bool
	}{{-0.5, 0.9, true}, {-3, -1, true}, {-0.5, 1.1, false}, {0.1, 0.9, false}} {
		g := grown{rate: 10, growth: &executions.Growth{Low: c.low, High: c.high}}
		if g.holds() != c.want {
			t.Errorf("%g to %g at 10/s: expected %t", c.low, c.high, c.want)
		}
	}
	if (grown{rate: 10}).holds() {
		t.Error("nothing is known of it")
	}
}

// Where executions never pile up, it is at least that; and what says nothing ends the search.
func TestCompletionWithoutGrowth(t *testing.T) {
	still := &executions.Growth{Low: -0.1, High: 0.1, Grows: 0.5}
	for _, c := range []struct {
		why     string
		ceiling float64
		trial   func(rate float64) grown
		want    string
		low     float64
	}{
		{"the ceiling holds", 50, func(rate float64) grown { return grown{rate: rate, accepted: rate, growth: still} }, "highest rate that may be tried", 50},
		{"it refuses before", 0, func(rate float64) grown { return grown{rate: rate, accepted: min(rate, 30), growth: still} }, "accepts 30.0/s before executions pile up", 30},
		{"it goes on for ever", 0, func(rate float64) grown { return grown{rate: rate, accepted: rate, growth: still} }, "at any rate that was tried", 5 * math.Pow(2, mostDoubled)},
		{"the generator is the limit", 0, func(rate float64) grown { return grown{rate: rate, accepted: rate, growth: still, void: rate > 20} }, "says nothing", 20},
		{"nothing is known of any", 0, func(rate float64) grown { return grown{rate: rate, accepted: min(rate, 10)} }, "before executions pile up", 0},
	} {
		s := newCompletion(5, c.ceiling, 0.1)
		for n := 0; ; n++ {
			rate, _, ok := s.ask()
			if !ok {
				break
			}
			if n > 20 {
				t.Fatalf("%s: no end", c.why)
			}
			s.take(c.trial(rate))
		}
		a := s.answer()
		if (a.Kind == sizing.AtLeast) != (c.low > 0) || c.low > 0 && *a.Low != c.low || a.High != nil || !strings.Contains(strings.ReplaceAll(a.Why, "said", "says"), c.want) {
			t.Errorf("%s: %+v", c.why, a)
		}
	}
}
