// Package queuetest has queues of which the truth is known, for tests of what measures them: a simulator, and the
// formulas that it is held against.
package queuetest

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// Queue is one line of calls, served in the order of their arrival by some workers alike. Times are in seconds. It
// begins empty.
type Queue struct {
	Workers int
	// Service is how long a worker takes for a call.
	Service func(*rand.Rand) float64
	// Even makes calls arrive evenly; they arrive at random otherwise, independent of each other (Poisson).
	Even bool
}

// Fixed is a service that always takes as long.
func Fixed(seconds float64) func(*rand.Rand) float64 {
	return func(*rand.Rand) float64 { return seconds }
}

// Exponential is a service that takes exponentially distributed times.
func Exponential(mean float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return mean * r.ExpFloat64() }
}

// Lognormal is a service whose times have a normally distributed logarithm, with the standard deviation sigma.
func Lognormal(mean, sigma float64) func(*rand.Rand) float64 {
	mu := math.Log(mean) - sigma*sigma/2
	return func(r *rand.Rand) float64 { return math.Exp(mu + sigma*r.NormFloat64()) }
}

// gap is the time between two arrivals.
func (q Queue) gap(rate float64, r *rand.Rand) float64 {
	if q.Even {
		return 1 / rate
	}
	return r.ExpFloat64() / rate
}

// Run hands over each call in the order of arrival, until it is told to stop by false.
func (q Queue) Run(rate float64, r *rand.Rand, each func(arrival, latency float64) bool) {
	workers := newServing(q.Workers)
	for range q.Workers {
		workers.enter(0, 0)
	}
	for arrival := 0.0; ; {
		arrival += q.gap(rate, r)
		end := max(arrival, workers.first().end) + q.Service(r)
		workers.leave()
		workers.enter(end, 0)
		if !each(arrival, end-arrival) {
			return
		}
	}
}

// Follow hands over each call when it ends, as who measures would see it. Each second tick is told how many calls are
// in flight. The sending stops when tick reports true, or after limit seconds; then what is in flight ends. The same
// calls arrive as by Run.
func (q Queue) Follow(rate float64, r *rand.Rand, limit float64, ended func(due, latency float64),
	tick func(now float64, inFlight int) bool) (stopped, drained float64) {
	var line line
	serving := newServing(q.Workers)
	// end lets the first call end, and a worker take the next that waits.
	end := func() float64 {
		first := serving.first()
		ended(first.due, first.end-first.due)
		serving.leave()
		if line.length() > 0 {
			next := line.take()
			serving.enter(first.end+next.service, next.due)
		}
		return first.end
	}
	next, second := q.gap(rate, r), 1.0
	for stopped == 0 {
		switch now := min(next, second, limit); {
		case serving.count > 0 && serving.first().end <= now:
			end()
		case now == limit:
			stopped = limit
		case now == second:
			if tick(second, serving.count+line.length()) {
				stopped = second
			}
			second++
		default:
			if service := q.Service(r); serving.count < q.Workers {
				serving.enter(now+service, now)
			} else {
				line.add(waiting{now, service})
			}
			next += q.gap(rate, r)
		}
	}
	drained = stopped
	for serving.count > 0 {
		drained = end()
	}
	return stopped, drained
}

// waiting is a call that no worker has begun with.
type waiting struct{ due, service float64 }

// line is a ring of calls that wait.
type line struct {
	calls []waiting
	// first and last count up for ever. The length of calls is a power of two.
	first, last uint
}

func (l *line) length() int { return int(l.last - l.first) }

func (l *line) add(w waiting) {
	if l.length() == len(l.calls) {
		grown := make([]waiting, max(16, 2*len(l.calls)))
		for i := l.first; i != l.last; i++ {
			grown[i&uint(len(grown)-1)] = l.calls[i&uint(len(l.calls)-1)]
		}
		l.calls = grown
	}
	l.calls[l.last&uint(len(l.calls)-1)] = w
	l.last++
}

func (l *line) take() waiting {
	w := l.calls[l.first&uint(len(l.calls)-1)]
	l.first++
	return w
}

// served is a call that a worker has begun with.
type served struct{ end, due float64 }

// serving is what the workers are at, a ring sorted by the end.
type serving struct {
	calls        []served
	start, count int
}

func newServing(workers int) *serving {
	return &serving{calls: make([]served, 1<<bits.Len(uint(workers)))}
}

func (s *serving) first() served { return s.calls[s.start&(len(s.calls)-1)] }

func (s *serving) leave() {
	s.start++
	s.count--
}

// enter looks for the place from the end, since most calls end last.
func (s *serving) enter(end, due float64) {
	mask := len(s.calls) - 1
	i := s.start + s.count
	for ; i > s.start; i-- {
		before := s.calls[(i-1)&mask]
		if before.end <= end {
			break
		}
		s.calls[i&mask] = before
	}
	s.calls[i&mask] = served{end, due}
	s.count++
}
