package queuetest

import (
	"math"
	"math/cmplx"
)

// Truth is what formulas say of a queue in its steady state, to which calls come at random (Poisson).
type Truth struct {
	// Delayed is how likely a call waits at all, Waiting how many calls wait on average, and Wait how long.
	Delayed, Waiting, Wait float64
	// WaitOver is how likely a call waits longer than t, and LatencyOver how likely wait and service take longer.
	WaitOver, LatencyOver func(t float64) float64
}

// saturated is what is true of calls that come faster than they are served.
func saturated() Truth {
	always := func(float64) float64 { return 1 }
	return Truth{Delayed: 1, Waiting: math.Inf(1), Wait: math.Inf(1), WaitOver: always, LatencyOver: always}
}

// MMC is the queue with exponential service (Erlang C).
func MMC(workers int, rate, service float64) Truth {
	offered, mu := rate*service, 1/service
	theta := float64(workers)*mu - rate
	if theta <= 0 {
		return saturated()
	}
	// Erlang B by its recursion, of which no term overflows.
	blocked := 1.0
	for k := 1; k <= workers; k++ {
		blocked = offered * blocked / (float64(k) + offered*blocked)
	}
	load := offered / float64(workers)
	delayed := blocked / (1 - load*(1-blocked))
	return Truth{
		Delayed: delayed,
		Waiting: delayed * load / (1 - load),
		Wait:    delayed / theta,
		WaitOver: func(t float64) float64 {
			if t < 0 {
				return 1
			}
			return delayed * math.Exp(-theta*t)
		},
		LatencyOver: func(t float64) float64 {
			if t < 0 {
				return 1
			}
			served, both, apart := math.Exp(-mu*t), 0.0, (theta-mu)*t
			switch {
			case apart == 0:
				both = t * served
			case math.Abs(apart) < 1:
				both = -math.Expm1(-apart) / (theta - mu) * served
			default:
				both = (served - math.Exp(-theta*t)) / (theta - mu)
			}
			return served + delayed*mu*both
		},
	}
}

// Idle is how likely no call is in an M/M/c queue.
func Idle(workers int, rate, service float64) float64 {
	offered, term, sum := rate*service, 1.0, 0.0
	for k := range workers {
		sum += term
		term *= offered / float64(k+1)
	}
	return 1 / (sum + term/(1-offered/float64(workers)))
}

// MDC is the queue with fixed service. With the service as the unit of time, as many wait at t+1 as waited at t and as
// came since, less as many as there are workers: a random walk that is held at 0. Who comes at t waits no longer than
// y, which is between k-1 and k, if those who waited k-y before t, and those who came since, are fewer than k times the
// workers (Franx 2001).
func MDC(workers int, rate, service float64) Truth {
	perService := rate * service
	if perService >= float64(workers) {
		return saturated()
	}
	none, waiting := walk(workers, perService)
	var atMost []float64
	waitOver := func(t float64) float64 {
		if t < 0 {
			return 1
		}
		y := t / service
		k := math.Floor(y) + 1
		came := perService * (k - y)
		last := int(k)*workers - 1
		if last >= len(atMost) {
			atMost = heights(workers, perService, none, 2*last+1)
		}
		within, term := 0.0, math.Exp(-came)
		for j := range last + 1 {
			within += term * atMost[last-j]
			term *= came / float64(j+1)
		}
		return max(0, 1-within)
	}
	return Truth{
		Delayed: waitOver(0), Waiting: waiting, Wait: waiting / rate,
		WaitOver:    waitOver,
		LatencyOver: func(t float64) float64 { return waitOver(t - service) },
	}
}

// walk gives how likely no call waits, and how many wait on average, from the roots of z^c = exp(a(z-1)) within the
// unit circle, where a is what comes per service.
func walk(workers int, perService float64) (none, mean float64) {
	c, a := float64(workers), perService
	product := complex((c-a)*math.Exp(a), 0)
	sum := complex((a*a-c*(c-1))/(2*(c-a)), 0)
	for k := 1; k < workers; k++ {
		turn, root := cmplx.Rect(1, 2*math.Pi*float64(k)/c), complex(0, 0)
		step := func() complex128 { return turn * cmplx.Exp(complex(a/c, 0)*(root-1)) }
		// Each step comes nearer, and Newton's method from there much so.
		for range 20 {
			root = step()
		}
		for range 10 {
			root -= (root - step()) / (1 - complex(a/c, 0)*step())
		}
		product *= -root / (1 - root)
		sum += 1 / (1 - root)
	}
	return real(product), real(sum)
}

// heights gives how likely the walk is at most at 0, 1, 2 … By Spitzer's identity its law is the exponential of a
// series: coefficient k is the sum over n of P(n free steps lead to k) / n. All terms are positive, and none cancel.
func heights(workers int, perService, none float64, count int) (atMost []float64) {
	const negligible = 1e-16
	series := make([]float64, count+1)
	for n := 1.0; ; n++ {
		came, k := n*perService, n*float64(workers)+1
		lgamma, _ := math.Lgamma(k + 1)
		p := math.Exp(k*math.Log(came)-came-lgamma) / n
		if p < negligible {
			break
		}
		for at := 1; at <= count && p > negligible*negligible; at++ {
			series[at] += p
			p *= came / (k + float64(at))
		}
	}
	law := []float64{none}
	atMost = []float64{none}
	for m := 1; m < count; m++ {
		next := 0.0
		for k := 1; k <= m; k++ {
			next += float64(k) * series[k] * law[m-k]
		}
		law = append(law, next/float64(m))
		atMost = append(atMost, atMost[m-1]+law[m])
	}
	return atMost
}

// WaitPercentile is the wait that a share p of the calls does not exceed.
func (t Truth) WaitPercentile(p float64) float64 {
	if t.WaitOver(0) <= 1-p {
		return 0
	}
	high := 1.0
	for t.WaitOver(high) > 1-p {
		high *= 2
	}
	return bisect(0, high, func(at float64) bool { return t.WaitOver(at) > 1-p })
}

// Capacity is the highest rate at which no more than the share allowed of the calls takes longer than limit, below the
// rate most, at which it is more.
func Capacity(law func(rate float64) Truth, most, limit, allowed float64) float64 {
	return bisect(0, most, func(rate float64) bool { return law(rate).LatencyOver(limit) <= allowed })
}

// bisect finds where below ends to hold.
func bisect(low, high float64, below func(float64) bool) float64 {
	for high-low > 1e-9*high {
		if middle := (low + high) / 2; below(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
