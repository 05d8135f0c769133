package metrics

import (
	"math"

	"github.com/kaizenautomation/andon/reports/results"
)

// spans are what rates are over, in seconds.
type spans struct {
	// asked is the length of the phases.
	asked float64
	// sending and answering are for how long calls left, and answers came.
	sending, answering float64
}

// Apart makes the rates of a, into which the parts were merged, those of runs that went on one after the other: over
// the time that all of them took. Without it they are those of runs that went on side by side.
func (a *Aggregator) Apart(parts []Part) { a.apart = parts }

// spans is as long as calls of the group have left, and answers come, elapsed seconds into the run. Phases that go on
// at once, since the calls of the one left late, count that time once.
func (g *group) spans(elapsed float64) spans { return g.lasting(elapsed, false) }

// lasting is the spans as measured, or less what the generator itself held the last calls up for.
func (g *group) lasting(elapsed float64, less bool) (s spans) {
	for _, part := range g.a.apart {
		one := (&group{a: part.Aggregator, at: g.at, phase: g.phase}).lasting(part.Elapsed, less)
		s.asked += one.asked
		s.sending += one.sending
		s.answering += one.answering
	}
	if len(g.a.apart) > 0 {
		return s
	}
	left, answered := make([]float64, len(g.phase)), make([]float64, len(g.phase))
	for _, at := range g.at {
		if c, p := g.a.cells[at], at/len(g.a.labels.Classes); c != nil {
			l, r := c.left.measured, c.answered.measured
			if less {
				l, r = c.left.less, c.answered.less
			}
			left[p], answered[p] = max(left[p], l.Seconds()), max(answered[p], r.Seconds())
		}
	}
	sending, answering := union{of: g.a.paired}, union{of: g.a.paired}
	for p, in := range g.phase {
		if !in {
			continue
		}
		phase := g.a.labels.Phases[p]
		s.asked += g.a.paired.Own(phase.StartSeconds, phase.StartSeconds+phase.Seconds)
		if phase.StartSeconds >= elapsed {
			continue
		}
		until := phase.StartSeconds + phase.Seconds
		if !phase.Closed { // whose calls are of the phase in which they leave
			until = max(until, left[p])
		}
		until = min(until, elapsed)
		sending.add(phase.StartSeconds, until)
		answering.add(phase.StartSeconds, max(until, answered[p]))
	}
	s.sending, s.answering = sending.length, answering.length
	return s
}

// leeway is for how many seconds calls may leave after the end of the plan, and be taken for calls in time: the last
// ones always leave a little late.
const leeway = 1

// kept is the share of the rate that was asked for which calls that were sent have kept: where they left for longer
// than they were due, a target has held them up, and was asked for less than the plan says.
func (s spans) kept() float64 {
	if s.asked == 0 || s.sending <= s.asked+leeway {
		return 1
	}
	return s.asked / s.sending
}

// union is how much time stretches cover that begin one after the other, of what is a run's own.
type union struct {
	of            *results.Paired
	until, length float64
}

func (u *union) add(from, until float64) {
	if from = max(from, u.until); until > from {
		u.length += u.of.Own(from, until)
		u.until = until
	}
}

// rate is how fast the counted calls left and were answered.
func (s spans) rate(planned *uint64, n Counts) Rate {
	r := Rate{
		Achieved: perSecond(n.Sent, s.sending), Answered: perSecond(n.Completed, s.answering), Goodput: perSecond(n.OK, s.answering),
		Accepted: perSecond(n.Accepted, s.answering),
	}
	if planned != nil && s.asked > 0 {
		v := float64(*planned) / s.asked
		r.Planned = &v
	}
	return r
}

// perSecond is 0 where the time is too short for a rate: a phase can have sent within a moment, or after the elapsed
// time that we were told.
func perSecond(n uint64, seconds float64) float64 {
	if v := float64(n) / seconds; v <= math.MaxFloat64 {
		return v
	}
	return 0
}
