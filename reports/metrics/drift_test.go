package metrics

import (
	"math/rand/v2"
	"testing"
)

// TestFalseAlarms counts how often a run that does not drift is said to, by any of its figures.
func TestFalseAlarms(t *testing.T) {
	const rate = 20
	repeats, most := 120, 5.0
	if testing.Short() || raced {
		repeats, most = 40, 8
	}
	for _, c := range []struct {
		name string
		make func(*rand.Rand) process
	}{
		{"independent", func(r *rand.Rand) process { return independent(rate, r) }},
		{"correlated over 2 s", func(r *rand.Rand) process { return alike(rate, 2, r) }},
		{"correlated over 20 s", func(r *rand.Rand) process { return alike(rate, 20, r) }},
		{"M/M/4 at 85 %", func(r *rand.Rand) process { return queueing(rate, 0.85, r) }},
		{"M/M/4 at 30 to 90 %, six times", func(r *rand.Rand) process { return breathing(rate, 0.60, 100, r) }},
		{"M/M/4 at 30 to 90 %, 30 times", func(r *rand.Rand) process { return breathing(rate, 0.60, 20, r) }},
	} {
		alarms, judged := map[string]int{}, map[string]int{}
		runs := 0
		for i := range repeats {
			alarmed := false
			for _, d := range simulated(t, c.make(rand.New(rand.NewPCG(uint64(i), 15))), 600, nil).Drift(600) {
				judged[d.Figure]++
				if d.Drifts {
					alarms[d.Figure]++
					alarmed = true
				}
			}
			if alarmed {
				runs++
			}
		}
		share := 100 * float64(runs) / float64(repeats)
		t.Logf("%-30s %.1f %% of %d runs of 10 min: %v of %v", c.name, share, repeats, alarms, judged)
		if share > most {
			t.Errorf("%s: %.1f %% of runs without a drift are said to drift, expected %.0f %% at most", c.name, share, most)
		}
	}
}

// TestPower counts how often a drift is found, by a part of what calls take in the beginning.
func TestPower(t *testing.T) {
	const rate, seconds = 20, 600
	repeats, least := 60, 80.0
	if testing.Short() || raced {
		repeats, least = 30, 70
	}
	for _, c := range []struct {
		name, figure string
		part         float64
		make         func(*rand.Rand) process
	}{
		{"independent", DriftP50, 0.5, func(r *rand.Rand) process { return independent(rate, r) }},
		{"independent", DriftP99, 0.5, func(r *rand.Rand) process { return independent(rate, r) }},
		{"independent", DriftInFlight, 0.5, func(r *rand.Rand) process { return independent(rate, r) }},
		{"correlated over 1 s", DriftP50, 1, func(r *rand.Rand) process { return alike(rate, 1, r) }},
		{"M/M/4 at 60 %", DriftP50, 0.5, func(r *rand.Rand) process { return queueing(rate, 0.6, r) }},
		{"M/M/4 at 20 to 60 %, six times", DriftP50, 0.5, func(r *rand.Rand) process { return breathing(rate, 0.4, 100, r) }},
	} {
		found, sum := 0, 0.0
		for i := range repeats {
			a := simulated(t, c.make(rand.New(rand.NewPCG(uint64(i), 16))), seconds, func(at float64, latency *float64) { *latency *= 1 + c.part*at })
			for _, d := range a.Drift(seconds) {
				if d.Figure == c.figure && d.Drifts && d.Change > 0 {
					found++
					sum += d.Change / d.Mean
				}
			}
		}
		share := 100 * float64(found) / float64(repeats)
		t.Logf("%-30s %-8s rises by %.0f %% in 10 min: found in %.0f %% of %d runs, as %.0f %% of its mean", c.name, c.figure, 100*c.part, share, repeats, 100*sum/float64(max(found, 1)))
		if share < least {
			t.Errorf("%s: a drift of %s is found in %.0f %% of the runs, expected %.0f %% or more", c.name, c.figure, share, least)
		}
	}
}
