package queuetest

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

var long = flag.Bool("long", false, "simulate for minutes rather than for a second (make simulate)")

// share is how many calls take longer than limit, and the standard error of it by batch means.
func share(q Queue, rate, limit float64, calls int, r *rand.Rand) (over, deviation float64) {
	const batches = 32
	size := calls / batches
	n, sum, square, batch := -size, 0.0, 0.0, 0
	q.Run(rate, r, func(_, latency float64) bool {
		// The first batch settles the queue.
		if n >= 0 && latency > limit {
			batch++
		}
		if n++; n > 0 && n%size == 0 {
			x := float64(batch) / float64(size)
			sum, square, batch = sum+x, square+x*x, 0
		}
		return n < size*batches
	})
	over = sum / batches
	return over, math.Sqrt((square/batches - over*over) / (batches - 1))
}

// The simulator, and what formulas say of the same queue.
func TestSimulateKnownQueues(t *testing.T) {
	calls := 1_000_000
	if *long {
		calls = 100_000_000
	}
	t.Logf("%-28s %9s %9s %9s", "P(T > t)", "formula", "simulated", "s.e.")
	for i, row := range []struct {
		workers int
		load, t float64
		fixed   bool
	}{
		{1, .6938, 5, true}, {4, .9138, 5, true}, {16, .9774, 5, true}, {4, .724, 2, true}, {16, .9, 1.5, true},
		{1, .4009, 5, false}, {4, .8152, 5, false}, {16, .9492, 5, false}, {4, .8752, 10, false}, {16, .9677, 10, false},
	} {
		rate := row.load * float64(row.workers)
		q, truth, name := Queue{Workers: row.workers, Service: Exponential(1)}, MMC(row.workers, rate, 1), "M/M"
		if row.fixed {
			q, truth, name = Queue{Workers: row.workers, Service: Fixed(1)}, MDC(row.workers, rate, 1), "M/D"
		}
		name = fmt.Sprintf("%s/%d load %v t %v", name, row.workers, row.load, row.t)
		over, deviation := share(q, rate, row.t, calls, rand.New(rand.NewPCG(uint64(i), 1)))
		t.Logf("%-28s %9.6f %9.6f %9.6f", name, truth.LatencyOver(row.t), over, deviation)
		if off := math.Abs(over - truth.LatencyOver(row.t)); off > 4*deviation {
			t.Errorf("%s: %.6f is %.1f standard errors off", name, over, off/deviation)
		}
	}
}

// The capacities that searches are held against, those among them that are simulated too.
func TestSimulateKnownCapacities(t *testing.T) {
	calls := 200_000
	if *long {
		calls = 100_000_000
	}
	for i, k := range All() {
		at := func(rate float64, seed uint64) (over, deviation float64) {
			return share(k.Queue, rate, k.Objective.Limit, calls, rand.New(rand.NewPCG(uint64(i), seed)))
		}
		over, deviation := at(k.Capacity, 3)
		if off := math.Abs(over - k.Objective.Allowed); off > 4*deviation {
			t.Errorf("%s: at its capacity %.6f (s.e. %.6f) are over", k.Name, over, deviation)
		}
		if !*long {
			continue
		}
		below, _ := at(.99*k.Capacity, 1)
		above, _ := at(1.01*k.Capacity, 2)
		rise := math.Log(above/below) / math.Log(1.01/.99)
		t.Logf("%-12s %8.3f/s %.6f over (s.e. %.6f); it is %+.3f %% off (s.e. %.3f %%)", k.Name, k.Capacity, over, deviation,
			100*math.Log(k.Objective.Allowed/over)/rise, 100*deviation/over/rise)
	}
}
