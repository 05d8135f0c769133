package queuetest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 18)) }

// What is followed is what is run, in the order of the ends.
func TestFollowSeesTheCallsOfRun(t *testing.T) {
	type call struct{ due, latency float64 }
	for name, service := range map[string]func(*rand.Rand) float64{
		"fixed": Fixed(.1), "exponential": Exponential(.1), "lognormal": Lognormal(.1, .8),
	} {
		for _, workers := range []int{1, 2, 16} {
			for _, load := range []float64{.3, .95, 1.5} {
				for _, even := range []bool{false, true} {
					q := Queue{Workers: workers, Service: service, Even: even}
					rate := load * float64(workers) / .1
					var run, followed []call
					q.Run(rate, random(7), func(arrival, latency float64) bool {
						if arrival >= 20 {
							return false
						}
						run = append(run, call{arrival, latency})
						return true
					})
					var seconds []float64
					last := 0.0
					stopped, drained := q.Follow(rate, random(7), 20, func(due, latency float64) {
						if end := due + latency; end < last-1e-9 {
							t.Fatalf("%s: a call ends at %v after one that ended at %v", name, end, last)
						}
						last = due + latency
						followed = append(followed, call{due, latency})
					}, func(now float64, inFlight int) bool {
						seconds = append(seconds, now)
						want := 0
						for _, c := range run {
							if c.due < now && c.due+c.latency > now+1e-9 {
								want++
							}
						}
						if inFlight != want {
							t.Errorf("%s, %d workers, load %v: %d in flight after %v seconds, not %d", name, workers, load, inFlight, now, want)
						}
						return false
					})
					slices.SortFunc(followed, func(a, b call) int {
						if a.due < b.due {
							return -1
						}
						return 1
					})
					if len(followed) != len(run) || len(run) == 0 {
						t.Fatalf("%s: %d calls are followed, %d run", name, len(followed), len(run))
					}
					for i, c := range run {
						if f := followed[i]; f.due != c.due || math.Abs(f.latency-c.latency) > 1e-9 {
							t.Fatalf("%s, %d workers, load %v: call %d is %v, not %v", name, workers, load, i, f, c)
						}
					}
					if stopped != 20 || drained != max(last, 20) || len(seconds) != 19 || seconds[18] != 19 {
						t.Errorf("%s: stopped %v, drained %v, the last call ended at %v, ticks %v", name, stopped, drained, last, seconds)
					}
				}
			}
		}
	}
}

func TestFollowStopsWhenTold(t *testing.T) {
	q := Queue{Workers: 1, Service: Fixed(1)}
	calls := 0
	stopped, drained := q.Follow(10, random(1), 100, func(due, _ float64) {
		calls++
		if due > 5 {
			t.Errorf("a call was due at %v", due)
		}
	}, func(now float64, _ int) bool { return now == 5 })
	if stopped != 5 || drained < float64(calls) || calls < 30 {
		t.Errorf("stopped at %v, drained at %v, after %d calls", stopped, drained, calls)
	}
}

func TestNothingIsAllocatedForACall(t *testing.T) {
	q := Queue{Workers: 16, Service: Lognormal(.1, .4)}
	r := random(3)
	for name, run := range map[string]func(){
		"run": func() {
			n := 0
			q.Run(150, r, func(float64, float64) bool { n++; return n < 10_000 })
		},
		"follow": func() { q.Follow(150, r, 60, func(float64, float64) {}, func(float64, int) bool { return false }) },
	} {
		if n := testing.AllocsPerRun(5, run); n > 20 {
			t.Errorf("%s: %v allocations for some 10,000 calls", name, n)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for name, q := range map[string]Queue{
		"fixed-1": {Workers: 1, Service: Fixed(1)}, "exponential-4": {Workers: 4, Service: Exponential(1)},
		"fixed-16": {Workers: 16, Service: Fixed(1)}, "lognormal-16": {Workers: 16, Service: Lognormal(1, .4)},
	} {
		b.Run(name, func(b *testing.B) {
			n := 0
			q.Run(.9*float64(q.Workers), random(1), func(float64, float64) bool { n++; return n < b.N })
		})
		b.Run("follow-"+name, func(b *testing.B) {
			rate := .9 * float64(q.Workers)
			q.Follow(rate, random(1), float64(b.N)/rate, func(float64, float64) {}, func(float64, int) bool { return false })
		})
	}
}
