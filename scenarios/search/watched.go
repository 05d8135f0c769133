package search

import (
	"math"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// watched is what a trial's calls came to, as far as its judge and its summary do not tell.
type watched struct {
	conditions []condition
	judge      *capacity.Judge // nil where nobody judges
	bins       []bin
	// known is up to when it is known of every call that was due what became of it, in seconds from the start.
	known float64
	// lone is how many calls in a row, up to the last that ended, found nobody to connect to.
	lone int
	// lost counts the calls that were given up, or never sent, and counted and over those that objectives count.
	lost          uint64
	counted, over []uint64
}

// bin is a tenth of a second.
type bin struct {
	answered, accepted, good float64
	// flights is how many calls left less how many ended, and moments the sum of these, in seconds.
	flights, moments float64
}

const perSecond = 10

// alone is how many calls in a row have to find nobody at the target for a trial to be ended.
const alone = 20

func newWatched(list []condition, judge *capacity.Judge) *watched {
	return &watched{conditions: list, judge: judge, known: math.Inf(1), counted: make([]uint64, len(list)), over: make([]uint64, len(list))}
}

func (w *watched) at(seconds float64) *bin {
	i := int(max(seconds, 0) * perSecond)
	for len(w.bins) <= i {
		w.bins = append(w.bins, bin{})
	}
	return &w.bins[i]
}

// add takes a call that has ended.
func (w *watched) add(r results.Row) {
	due := r.Due.Seconds()
	switch {
	case r.Error == results.Unsent || r.Error.GivenUp():
		// It would have taken longer still, so that what was due from then on looks too good.
		w.known = min(w.known, due)
		return
	case r.Error >= results.DNS && r.Error <= results.TLS:
		w.lone++
	case r.Sent():
		w.lone = 0
	}
	if !r.Completed() {
		w.lost++
	}
	c := capacity.Call{Due: due, Latency: r.Latency().Seconds()}
	for i, one := range w.conditions {
		counted, over := one.Judge(r)
		if counted {
			c.Counted |= 1 << i
			w.counted[i]++
		}
		if over {
			c.Over |= 1 << i
			w.over[i]++
		}
	}
	if w.judge != nil {
		w.judge.Add(c)
	}
	left, end := due+float64(r.Lag), due+c.Latency
	if r.Sent() {
		w.flight(left, 1)
		w.flight(end, -1)
	}
	b := w.at(end)
	if r.Completed() {
		b.answered++
	}
	if r.Outcome() == results.OutcomeAccepted {
		b.accepted++
	}
	if r.OK() && c.Over == 0 {
		b.good++
	}
}

func (w *watched) flight(at, by float64) {
	b := w.at(at)
	b.flights += by
	b.moments += by * at
}

// rates are calls a second between two moments, and the mean number of calls in flight.
func (w *watched) rates(from, until float64) (answered, accepted, good, inFlight float64) {
	first, last := int(math.Ceil(max(from, 0)*perSecond)), min(int(until*perSecond), len(w.bins))
	if last <= first {
		return 0, 0, 0, 0
	}
	seconds := float64(last-first) / perSecond
	// Up to a moment t, each call has been in flight for t less when it left, less t less when it ended.
	var flights, moments float64
	spent := func(i int) float64 { return flights*float64(i)/perSecond - moments }
	var before float64
	for i, b := range w.bins[:last] {
		if i == first {
			before = spent(i)
		}
		flights += b.flights
		moments += b.moments
		if i >= first {
			answered += b.answered
			accepted += b.accepted
			good += b.good
		}
	}
	return answered / seconds, accepted / seconds, good / seconds, (spent(last) - before) / seconds
}
