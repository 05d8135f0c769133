package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
)

// call is what the target knows of a call: nanoseconds of its clock, answered 0 where it was not.
type call struct{ arrived, answered int64 }

// parseLog reads the target's log, without the first calls that a tool sends before its schedule begins, in the order
// of arrival.
func parseLog(data []byte, warmup int) ([]call, error) {
	if len(data)%16 != 0 {
		return nil, fmt.Errorf("the target's log has %d bytes, which is no number of calls", len(data))
	}
	calls := make([]call, len(data)/16)
	for i := range calls {
		calls[i].arrived = int64(binary.LittleEndian.Uint64(data[16*i:]))
		calls[i].answered = int64(binary.LittleEndian.Uint64(data[16*i+8:]))
	}
	slices.SortFunc(calls, func(a, b call) int { return int(a.arrived - b.arrived) })
	return calls[min(warmup, len(calls)):], nil
}

// quantile is the smallest value that at least the share q of the values does not exceed. It sorts them.
func quantile[T int64 | float64 | time.Duration](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[max(0, int(math.Ceil(q*float64(len(values))))-1)]
}

// known leaves out what is not a number: the place of a run that failed.
func known(values []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(values), math.IsNaN)
}

// median is the middle of the values that are known, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := known(values)
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	slices.Sort(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// jitter is how far calls arrived from an even grid of the given rate, which is laid so that as many are early as late.
func jitter(calls []call, rate int) (p50, p99 time.Duration) {
	deviations := make([]float64, len(calls))
	for i, c := range calls {
		// Counted from the first arrival, the nanoseconds of any run fit into a float64 to the last digit.
		deviations[i] = float64(c.arrived-calls[0].arrived) - float64(i)*1e9/float64(rate)
	}
	offset := median(deviations)
	for i, d := range deviations {
		deviations[i] = math.Abs(d - offset)
	}
	return time.Duration(quantile(deviations, 0.5)), time.Duration(quantile(deviations, 0.99))
}

// lateness is a high percentile of how much later calls arrived than the schedule has them, which begins with the first
// arrival. A call that arrived before it was due is not late.
func lateness(calls []call, rate int) (p99 time.Duration) {
	late := make([]time.Duration, len(calls))
	for i, c := range calls {
		late[i] = max(0, time.Duration(c.arrived-calls[0].arrived-due(i, rate)))
	}
	return quantile(late, 0.99)
}

// knownDelay is the median of the time that the target took.
func knownDelay(calls []call) time.Duration {
	var took []time.Duration
	for _, c := range calls {
		if c.answered != 0 {
			took = append(took, time.Duration(c.answered-c.arrived))
		}
	}
	return quantile(took, 0.5)
}

// freeze is when the target stood still, on its clock.
type freeze struct{ from, to int64 }

// truth is the latency that users of the schedule met, as the target saw it: from each call's due time, counted from
// the first arrival, to its answer. What was not answered has no end, and is left out.
func truth(calls []call, rate int) []time.Duration {
	var took []time.Duration
	for i, c := range calls {
		if c.answered != 0 {
			took = append(took, time.Duration(c.answered-calls[0].arrived-due(i, rate)))
		}
	}
	return took
}

// scheduleTruth is the same where a tool left out so many calls that nobody can say which: what a call would have met
// at each moment of the schedule.
func scheduleTruth(first int64, rate, planned int, f freeze, delay time.Duration) []time.Duration {
	took := make([]time.Duration, planned)
	for i := range took {
		at := first + due(i, rate)
		switch {
		case f.from <= at && at < f.to: // read after the freeze
			took[i] = time.Duration(f.to-at) + delay
		case at < f.from && f.from < at+int64(delay): // read before it, answered after it
			took[i] = time.Duration(f.to - at)
		default:
			took[i] = delay
		}
	}
	return took
}

// due is when call i of a schedule is due, in nanoseconds from its begin.
func due(i, rate int) int64 { return int64(float64(i) * 1e9 / float64(rate)) }
