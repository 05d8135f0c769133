package scenarios

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// A segment is a part of a phase whose rate follows one formula, in seconds and calls a second. The rate runs straight
// from one value to another, or swings as a sine around a mean.
type segment struct {
	seconds float64
	// from and to are the rates at the ends; equal for a constant rate.
	from, to float64
	// period is 0 but for a sine, whose mean is from.
	amplitude, period float64
}

// rate is the rate at t seconds into the segment.
func (s segment) rate(t float64) float64 {
	if s.period > 0 {
		return s.from + s.amplitude*math.Sin(2*math.Pi*t/s.period)
	}
	return s.from + (s.to-s.from)*t/s.seconds
}

// peak is the highest rate within the segment.
func (s segment) peak() float64 {
	if s.period > 0 {
		if s.seconds < s.period/4 {
			return s.rate(s.seconds)
		}
		return s.from + s.amplitude
	}
	return max(s.from, s.to)
}

// calls is the integral of the rate from 0 to t: how many calls are due by then.
func (s segment) calls(t float64) float64 {
	if s.period > 0 {
		// ∫ m + a·sin(2πu/p) du = m·t + a·p/2π · (1 − cos(2πt/p)), and 1 − cos x = 2·sin²(x/2), which keeps its digits
		// near 0.
		h := math.Sin(math.Pi * t / s.period)
		return s.from*t + s.amplitude*s.period/math.Pi*h*h
	}
	return s.from*t + (s.to-s.from)*t*t/(2*s.seconds)
}

// when is the inverse of calls: the moment by which c calls are due.
func (s segment) when(c float64) float64 {
	if c <= 0 {
		return 0
	}
	if s.period == 0 {
		// from·t + k·t²/2 = c, solved in the form that does not subtract close numbers.
		k := (s.to - s.from) / s.seconds
		root := math.Sqrt(max(s.from*s.from+2*k*c, 0))
		return min(2*c/(s.from+root), s.seconds)
	}
	// A sine has no closed inverse. The integral is monotone, so bisection converges wherever the rate touches zero;
	// 60 halvings of an hour are below a nanosecond.
	lo, hi := 0.0, s.seconds
	t := min(c/s.from, hi)
	for range 60 {
		excess := s.calls(t) - c
		if excess > 0 {
			hi = t
		} else {
			lo = t
		}
		if hi-lo < 1e-10 {
			break
		}
		// Newton's step where it stays inside the bracket, else the middle.
		next := t - excess/s.rate(t)
		if !(next > lo && next < hi) {
			next = lo + (hi-lo)/2
		}
		if math.Abs(next-t) < 1e-12 {
			return next
		}
		t = next
	}
	return t
}

// A profile is the rate of one phase over its time.
type profile []segment

func (p profile) calls() (c float64) {
	for _, s := range p {
		c += s.calls(s.seconds)
	}
	return c
}

func (p profile) peak() (r float64) {
	for _, s := range p {
		r = max(r, s.peak())
	}
	return r
}

// over is the profile with a part of its rate.
func (p profile) over(k float64) profile {
	q := make(profile, len(p))
	for i, s := range p {
		s.from, s.to, s.amplitude = s.from/k, s.to/k, s.amplitude/k
		q[i] = s
	}
	return q
}

// steady reports whether the rate is the same all along.
func (p profile) steady() bool {
	for _, s := range p {
		if s.from != p[0].from || s.to != s.from || s.amplitude != 0 {
			return false
		}
	}
	return len(p) > 0
}

// period is after how many seconds the rate begins again; 0 where it does not.
func (p profile) period() float64 {
	if len(p) == 1 && p[0].amplitude != 0 {
		return p[0].period
	}
	return 0
}

// when is the moment, in seconds from the phase's start, by which c calls are due.
func (p profile) when(c float64) float64 {
	var start float64
	for i, s := range p {
		n := s.calls(s.seconds)
		if c < n || i == len(p)-1 {
			return start + s.when(c)
		}
		c -= n
		start += s.seconds
	}
	return start
}

// rate is the rate at t seconds into the phase; 0 outside it.
func (p profile) rate(t float64) float64 {
	if t < 0 {
		return 0
	}
	for _, s := range p {
		if t < s.seconds {
			return s.rate(t)
		}
		t -= s.seconds
	}
	return 0
}

// block is how many calls with random arrivals lie between two checkpoints. Finding the due time of one call costs half
// a block's draws on average, and a checkpoint costs 8 bytes.
const block = 64

// schedule says when the calls of one phase are due. Call k is due when the integral of the rate reaches its position:
// carried + k for constant arrivals, the sum of k+1 unit exponentials for a Poisson process (time rescaling turns a
// process of rate 1 into one of any rate; Çınlar, Introduction to Stochastic Processes, 1975, section 4.7).
type schedule struct {
	profile profile
	count   uint64
	// carried is the position of the first call where arrivals are constant: what the phases before have left of the way
	// from one call to the next, from 0 to 1.
	carried float64
	// seed and phase give a block's draws; checkpoints[b] is the sum of all draws before block b. Empty when constant.
	seed        uint64
	phase       uint64
	checkpoints []float64
}

// hair is how far from a whole number an integral may be and still be meant as one: that of, say, 0.1 s at 30/s is not
// exactly 3.
const hair = 1e-6

// constantArrivals counts the calls whose position lies within the phase, the first of them where the phases before
// have left it, and says where they leave that of the next phase. Call 0 of a load is due at once, and call n when the
// integral of the rate over the whole load reaches n, so that between any two moments there are as many calls as the
// integral says, give or take less than one: a phase of its own rounds nothing. Warm-ups are no exception, since the
// target sees one stream of calls.
func constantArrivals(p profile, carried float64) (s schedule, left float64) {
	way := p.calls() - carried
	s = schedule{profile: p, carried: carried, count: uint64(math.Ceil(max(way-hair, 0)))}
	if left = float64(s.count) - way; left < hair {
		left = 0
	}
	return s, left
}

// poissonArrivals draws the calls of the phase. More than limit of them are not drawn: the caller refuses the plan
// then.
func poissonArrivals(p profile, seed uint64, phase int, limit uint64) schedule {
	s := schedule{profile: p, seed: seed, phase: uint64(phase)}
	end := p.calls()
	var at float64
	for b := uint64(0); ; b++ {
		s.checkpoints = append(s.checkpoints, at)
		rng := s.draws(b)
		for range block {
			if at += rng.ExpFloat64(); at >= end || s.count > limit {
				return s
			}
			s.count++
		}
	}
}

func (s *schedule) draws(b uint64) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed^0x9e3779b97f4a7c15, s.phase<<48|b))
}

// due is when call k of the phase is due, from the phase's start.
func (s *schedule) due(k uint64) time.Duration {
	position := s.carried + float64(k)
	if len(s.checkpoints) > 0 {
		position = s.checkpoints[k/block]
		rng := s.draws(k / block)
		for range k%block + 1 {
			position += rng.ExpFloat64()
		}
	}
	return time.Duration(s.profile.when(position) * float64(time.Second))
}

// before counts the calls that are due before t. One that is due at t may be given a nanosecond less.
func (s *schedule) before(t time.Duration) uint64 {
	return uint64(sort.Search(int(s.count), func(k int) bool { return s.due(uint64(k)) >= t-time.Microsecond }))
}
