package queuetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// What others find on queues whose truth is known. It is printed rather than held to anything but that it is a rate.
func TestSimulatePeers(t *testing.T) {
	searches := 3
	if *long {
		searches = 500
	}
	t.Logf("%d searches each; p95 within 250 ms, service of 50 ms on average", searches)
	t.Logf("%-14s %9s  %-13s %7s %7s %7s %9s %8s", "queue", "capacity", "way", "off by", "within", "over", "calls", "seconds")
	for _, k := range All() {
		for _, way := range []struct {
			name   string
			search func(Queue, Objective, float64, *rand.Rand) Found
		}{{"bisection", Bisection}, {"AIPerf", AIPerf}, {"AIPerf smooth", AIPerfSmooth}} {
			var off, calls, seconds []float64
			within, over := 0, 0
			for i := range searches {
				r := rand.New(rand.NewPCG(uint64(i), 7))
				// From a twentieth to a fifth of the capacity, so that no step falls on it.
				start := k.Capacity / 20 * math.Exp2(2*r.Float64())
				f := way.search(k.Queue, k.Objective, start, r)
				if !(f.Rate > 0 && f.Rate < 2*float64(k.Queue.Workers)/.05) || f.Trials < 3 || f.Calls < 100 || f.Seconds <= 0 {
					t.Errorf("%s by %s: %+v", k.Name, way.name, f)
				}
				off = append(off, math.Abs(f.Rate/k.Capacity-1))
				calls, seconds = append(calls, float64(f.Calls)), append(seconds, f.Seconds)
				if off[i] <= .05 {
					within++
				}
				if f.Rate > k.Capacity {
					over++
				}
			}
			percent := func(n int) string { return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(searches)) }
			t.Logf("%-14s %7.2f/s  %-13s %5.1f %% %7s %7s %9.0f %8.0f", k.Name, k.Capacity, way.name, 100*median(off),
				percent(within), percent(over), median(calls), median(seconds))
		}
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// Without noise each way ends where it should: the first rate that passes is within what it promises.
func TestPeersWithoutNoise(t *testing.T) {
	q := Queue{Workers: 2, Service: Fixed(.1), Even: true}
	o := Objective{Limit: .15, Allowed: .05}
	for name, search := range map[string]func(Queue, Objective, float64, *rand.Rand) Found{"bisection": Bisection, "AIPerf": AIPerf, "AIPerf smooth": AIPerfSmooth} {
		width := .05
		if name == "bisection" {
			width = .1
		}
		// Evenly spaced calls of fixed service are held up from 20/s on; what is over by little is seen late.
		f := search(q, o, 1.7, random(1))
		if f.Rate < 20*(1-width) || f.Rate > 20.5 {
			t.Errorf("%s finds %+v", name, f)
		}
	}
	if f := Bisection(q, o, 100, random(1)); f.Rate < 18 || f.Rate > 20.5 {
		t.Errorf("from above bisection finds %+v", f)
	}
	if f := Bisection(q, Objective{Limit: .05, Allowed: .05}, 1, random(1)); f.Rate != 0 {
		t.Errorf("where nothing passes bisection finds %+v", f)
	}
}

func TestMargin(t *testing.T) {
	var latencies []float64
	for i := range 101 {
		latencies = append(latencies, float64((i*37)%101))
	}
	for allowed, want := range map[float64]float64{.05: 95, .01: 99, .5: 50, .995: .5} {
		if got := (Objective{Limit: 90, Allowed: allowed}).margin(latencies); math.Abs(got-(want-90)) > 1e-9 {
			t.Errorf("with %v allowed the percentile is %v above 90, not %v", allowed, got, want-90)
		}
	}
}

func TestIsotonic(t *testing.T) {
	at, heights, levels := isotonic(map[float64]float64{1: -2, 2: -.9, 3: -1.1, 4: 1, 5: 2})
	if !slices.Equal(at, []float64{1, 2, 3, 4, 5}) || !slices.Equal(heights, []float64{-2, -1, -1, 1, 2}) || levels != 4 {
		t.Errorf("%v %v %d", at, heights, levels)
	}
	if x := crossing([]float64{1, 2, 3, 4, 5}, []float64{-2, -1, 0, 1, 2}, 1, 5); math.Abs(x-3) > 1e-6 {
		t.Errorf("a straight line crosses 0 at %v, not 3", x)
	}
	if x := crossing(at, heights, 3, 4); x <= 3 || x >= 4 {
		t.Errorf("it crosses at %v", x)
	}
}
