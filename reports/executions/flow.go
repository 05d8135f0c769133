package executions

import (
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// leaves is between which moments x left the backlog; 0 where the later one is not known. What the provider has lost is
// no work that it has still to do: it left between when it was last known, and when it was not known any more.
func leaves(x *results.Execution) (low, high time.Duration) {
	if x.State == results.StateLost {
		return max(x.Alive, x.Accepted), x.Ended
	}
	return x.Alive, x.Ended
}

// flow is when executions came into the backlog, and when they left it, in order: of the smallest and of the largest
// backlog that is possible.
type flow struct {
	in, out [2][]time.Duration
}

const (
	lowest  = 0
	highest = 1
)

// flow is that of the executions of the classes, and of the followed ones alone if that is asked for.
func (p part) flow(classes []bool, followed bool) (f flow) {
	for i := range p.list {
		x := &p.list[i]
		if int(x.Class) >= len(classes) || !classes[x.Class] || followed && !x.Followed {
			continue
		}
		low, high := leaves(x)
		if low > x.Accepted { // else it may have been there at no time
			f.in[lowest] = append(f.in[lowest], x.Accepted)
			f.out[lowest] = append(f.out[lowest], low)
		}
		f.in[highest] = append(f.in[highest], x.Sent)
		if high > 0 {
			f.out[highest] = append(f.out[highest], high)
		}
	}
	for i := range 2 {
		slices.Sort(f.in[i])
		slices.Sort(f.out[i])
	}
	return f
}

// at is how many there are at t.
func (f *flow) at(bound int, t time.Duration) float64 {
	count := func(sorted []time.Duration) int {
		n, _ := slices.BinarySearch(sorted, t+1)
		return n
	}
	return float64(count(f.in[bound]) - count(f.out[bound]))
}

// peak is the most at a time from one moment up to another.
func (f *flow) peak(bound int, from, until time.Duration) float64 {
	most := f.at(bound, from)
	in, out := f.in[bound], f.out[bound]
	left := 0
	for i, t := range in {
		if t > until {
			break
		}
		for left < len(out) && out[left] <= t {
			left++
		}
		if t >= from {
			most = max(most, float64(i+1-left))
		}
	}
	return most
}

// choose says of n things which ones are chosen.
func choose(n int, in func(int) bool) []bool {
	chosen := make([]bool, n)
	for i := range chosen {
		chosen[i] = in(i)
	}
	return chosen
}
