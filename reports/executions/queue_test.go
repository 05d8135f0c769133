package executions

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// queue is a provider of which the truth is known: calls come at a rate, at equal distances or by chance, to workers
// that take them in the order in which they came.
type queue struct {
	rate    float64
	workers int
	// mean is how long an execution runs: as long each time, or by chance.
	mean                 float64
	poisson, exponential bool
	seconds              float64
}

// labels are those of one steady phase.
func (q queue) labels() results.Labels {
	return results.Labels{
		Classes: []results.Class{{Name: "text.Lite", Tier: "Lite", Content: "text"}, {Name: "text.Full", Tier: "Full", Content: "text"}},
		Phases:  []results.Phase{{Name: "constant", Steady: true, Seconds: q.seconds}},
	}
}

// truth is when one was accepted, began and ended.
type truth struct{ accepted, began, ended time.Duration }

func (q queue) run(r *rand.Rand) (list []truth) {
	free := make([]float64, q.workers)
	for at := 0.0; ; {
		if q.poisson {
			at += r.ExpFloat64() / q.rate
		} else {
			at += 1 / q.rate
		}
		if at > q.seconds {
			return list
		}
		next := 0
		for i := range free {
			if free[i] < free[next] {
				next = i
			}
		}
		long := q.mean
		if q.exponential {
			long *= r.ExpFloat64()
		}
		began := max(at, free[next])
		free[next] = began + long
		list = append(list, truth{seconds(at), seconds(began), seconds(free[next])})
	}
}

// seen is what polls, so far apart each as every says of how long it has waited, tell of the truth.
func seen(all []truth, r *rand.Rand, every func(waited time.Duration) time.Duration) (list []results.Execution) {
	for i, t := range all {
		x := results.Execution{N: uint32(i), Class: uint16(i % 2), Followed: true, ID: "x", State: results.StateCompleted, Sent: t.accepted, Accepted: t.accepted + 1}
		x.Alive = x.Sent
		for at := t.accepted + time.Duration(r.Float64()*float64(every(0))); ; at += every(at - t.accepted) {
			x.Polls++
			if at >= t.ended {
				x.Ended = at + time.Millisecond
				if x.Running == 0 {
					x.Running = x.Ended
				}
				break
			}
			if x.Alive = at; at < t.began {
				x.Waiting = at
			} else if x.Running == 0 {
				x.Running = at + time.Millisecond
			}
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b results.Execution) int { return int(a.Accepted - b.Accepted) })
	return list
}
