package capacity

import (
	"math"
	"sort"
)

// Judge follows one trial, and says when it may end. Use it from one goroutine.
type Judge struct {
	objectives []Objective
	ask        Ask
	alpha      float64
	bins       *bins
	calls      uint64
	next       float64 // when to look again
	flight     []moment
	saturated  bool
	decided    Outcome
}

// moment is how many calls were in flight.
type moment struct{ at, inFlight float64 }

// settles is after how many relaxation times a target is taken to have settled, and known how many of them a trial has
// to last before what it says of the resemblance of calls is believed.
const (
	settles = 5
	known   = 150
	// lasts is the same for a trial near the capacity, of which the others tell too.
	lasts = 30
)

// none is how many calls have to be without what may never occur for it to hold.
const none = 300

// NewJudge makes the judge of a trial. Alpha is the most likely share of wrong decisions on either side.
func NewJudge(objectives []Objective, ask Ask, alpha float64) *Judge {
	return &Judge{objectives: objectives, ask: ask, alpha: alpha, bins: newBins(1/ask.Rate, len(objectives))}
}

// Add counts a call that has ended, in whatever order they do.
func (j *Judge) Add(c Call) {
	j.calls++
	j.bins.add(c)
}

// Look looks at the trial so many seconds after its start, about once a second, and reports whether it may end.
func (j *Judge) Look(now float64, inFlight int) bool {
	if n := len(j.flight); n == most {
		for i := range n / 2 {
			j.flight[i] = j.flight[2*i]
		}
		j.flight = j.flight[:n/2]
	}
	j.flight = append(j.flight, moment{now, float64(inFlight)})
	if now < j.next {
		return j.saturated
	}
	j.next = now * 1.03
	if j.saturates(now); j.saturated {
		return true
	}
	horizon := 0.0
	for _, o := range j.objectives {
		horizon = max(horizon, o.Horizon)
	}
	v := j.view(now - 2*horizon)
	if v.seconds <= 0 {
		return false
	}
	if v.seconds >= j.ask.Most {
		return true
	}
	if v.seconds < j.ask.Least {
		return false
	}
	outcome, _ := v.outcome()
	switch j.ask.Step {
	case Decision:
		// Such evidence stands, whatever the calls that are in flight add to it.
		j.decided = outcome
		return outcome != Undecided
	case Growth:
		return outcome != Undecided || v.likely(j.objectives)
	}
	if v.beyond {
		return true
	}
	return v.seconds >= lasts*v.relaxation && v.precise(j.objectives, j.ask.Precision)
}

// saturates looks whether calls in flight and latency grow together, by more than chance has them grow.
func (j *Judge) saturates(now float64) {
	mean := func(from, until float64) float64 {
		sum, n := 0.0, 0.0
		for _, m := range j.flight {
			if m.at >= from && m.at < until {
				sum += m.inFlight
				n++
			}
		}
		return sum / n
	}
	latency := func(from, until float64) float64 {
		sum, n := 0.0, 0.0
		for at := j.bins.until(from); at < j.bins.until(until); at++ {
			sum += j.bins.latency[at]
			n += j.bins.calls[at]
		}
		return sum / n
	}
	if len(j.flight) < 4 {
		return
	}
	early, late := mean(now/4, now/2), mean(3*now/4, now*2)
	grew := late - early
	// A queue without a hold wanders by as many calls as come and go, which scatter as Poisson's do.
	if !(grew > 5*math.Sqrt(j.ask.Rate*now) && late > 1.5*early) {
		return
	}
	// What was due lately has not ended where the target has fallen behind: the latest that is known of counts.
	end := float64(len(j.bins.calls)) * j.bins.width
	j.saturated = latency(3*end/4, end) > 1.5*latency(end/4, end/2)
}

// view is what is known of a trial at a moment.
type view struct {
	objectives       []Objective
	counts           []Count
	seconds, settled float64
	relaxation       float64
	// beyond says that in each quarter of the trial so many were over that it is plainly beyond the capacity.
	beyond bool
}

// view looks at the calls that were due before a moment, in seconds from the trial's start.
func (j *Judge) view(until float64) view {
	v := view{objectives: j.objectives}
	last := j.bins.until(until)
	// One that had to be ended before was plain enough.
	v.settled = min(j.ask.Settle, until/3)
	if !j.saturated {
		v.settled = j.ask.Settle
	}
	first := j.bins.until(v.settled)
	if last <= first {
		return v
	}
	v.relaxation = j.bins.relaxation(first, last)
	v.settled = min(max(v.settled, settles*v.relaxation), max(v.settled, until/3))
	first = j.bins.until(v.settled)
	v.seconds = until - v.settled
	for i, o := range j.objectives {
		counted, over := j.bins.of(i, first, last)
		c := Count{Calls: uint64(counted), Over: uint64(over), Inflation: j.bins.inflation(i, first, last)}
		// As many calls resemble each other as come while the target remembers, where it is their latency that counts.
		alike, enough := 1+counted/v.seconds*v.relaxation, v.seconds >= known*v.relaxation
		if o.Horizon == 0 {
			alike, enough = 1, true
		}
		if c.Inflation == 0 || over < 5 {
			c.Inflation = max(c.Inflation, 2*alike-1)
		}
		c.Inflation = min(c.Inflation, max(counted/2, 1))
		c.judge(o, j.alpha, alike, enough)
		if o.Allowed > 0 && j.isBeyond(i, first, last) {
			c.Outcome, v.beyond = Broken, true
		}
		v.counts = append(v.counts, c)
	}
	return v
}

// isBeyond reports whether in each quarter of some bins so many calls were over that there is no steady state near the
// allowed share: those who wait are over, and nobody catches up.
func (j *Judge) isBeyond(objective, first, last int) bool {
	for quarter := range 4 {
		counted, over := j.bins.of(objective, first+quarter*(last-first)/4, first+(quarter+1)*(last-first)/4)
		if counted < 5 || over/counted < beyond(j.objectives[objective].Allowed) {
			return false
		}
	}
	return true
}

// doubt is by how much an inflation is taken higher than it was found, where a decision hangs on it: of 20 batches, it
// is found lower than this in a quarter of all cases.
const doubt = 1.3

// calm is by how much more calls may resemble each other than those have that were seen, where a rate is to hold: what
// makes many be over at once is rare, and where it did not come yet, neither did what it does to the relaxation.
const calm = 2

// judge holds a count against an objective.
func (c *Count) judge(o Objective, alpha, alike float64, enough bool) {
	if o.Allowed == 0 {
		switch {
		case c.Over > 0:
			c.Outcome = Broken
		case c.Calls >= none:
			c.Outcome = Holds
		}
		return
	}
	if c.Calls == 0 || !enough {
		return
	}
	n := float64(c.Calls) / (doubt * max(c.Inflation, alike))
	_, broke := evidence(n, n*c.share(), o.Allowed)
	n = float64(c.Calls) / (doubt * max(c.Inflation, calm*alike))
	held, _ := evidence(n, n*c.share(), o.Allowed)
	switch least := -math.Log(alpha); {
	case held > least:
		c.Outcome = Holds
	case broke > least:
		c.Outcome = Broken
	}
}

// Fewest is how many calls have to be counted at least for an objective before it can be decided that it holds: where
// none was over, and none resembles another. It is 1 to 2^40.
func Fewest(o Objective, alpha float64) uint64 {
	if o.Allowed == 0 {
		return none
	}
	n := sort.Search(1<<40, func(n int) bool {
		held, _ := evidence(float64(n)/(doubt*calm), 0, o.Allowed)
		return held > -math.Log(alpha)
	})
	return uint64(n)
}

func (c Count) share() float64 { return float64(c.Over) / float64(max(c.Calls, 1)) }

// outcome is that of all objectives, and the one that is broken, or -1.
func (v view) outcome() (Outcome, int) {
	all, worst := Holds, -1
	for i, c := range v.counts {
		switch {
		case c.Outcome == Broken && (worst < 0 || v.excess(i) > v.excess(worst)):
			worst = i
		case c.Outcome == Undecided:
			all = Undecided
		}
	}
	if worst >= 0 {
		return Broken, worst
	}
	return all, -1
}

// excess is by how many times the allowed share was over.
func (v view) excess(i int) float64 { return excess(v.objectives[i], v.counts[i]) }

func excess(o Objective, c Count) float64 { return c.share() / (o.Allowed + 1e-6) }

// worst is the objective that a trial breaks which was ended before its share could tell: the one that most are over,
// by what is allowed. Where none is beyond its limit yet, it is one on times, since those are what grows where a target
// falls behind, and the one with the shortest limit before others.
func worst(objectives []Objective, counts []Count) (worst int) {
	rank := func(i int) float64 {
		at := excess(objectives[i], counts[i])
		if at <= 1 && objectives[i].Horizon == 0 {
			at--
		}
		return at
	}
	for i, o := range objectives {
		if a, b := rank(i), rank(worst); a > b || a == b && o.Horizon > 0 && o.Horizon < objectives[worst].Horizon {
			worst = i
		}
	}
	return worst
}

// likely reports whether it is rather plain on which side of its objectives a trial is, which is enough to go on.
func (v view) likely(objectives []Objective) bool {
	for i, o := range objectives {
		c := v.counts[i]
		if o.Allowed > 0 && (float64(c.Calls) < 1/o.Allowed || c.share() > o.Allowed/2) {
			return false
		}
	}
	return true
}

// precise reports whether the log-odds of being over are known well enough for all objectives that are near.
func (v view) precise(objectives []Objective, precision float64) bool {
	for i, o := range objectives {
		if c := v.counts[i]; o.Allowed > 0 && c.share() > o.Allowed/10 && c.deviation() > precision {
			return false
		}
	}
	return true
}

// deviation is the standard error of the log-odds of being over.
func (c Count) deviation() float64 {
	over, under := float64(c.Over)/c.Inflation, float64(c.Calls-c.Over)/c.Inflation
	return math.Sqrt(1/(over+0.5) + 1/(under+0.5))
}

// beyond is a share from which on a trial says no more than that it is beyond the capacity: there is no steady state,
// so that the share depends on how long the trial was.
func beyond(allowed float64) float64 { return allowed + (1-allowed)/4 }

// Outcome is what came of the trial, when all calls have ended. stopped is when the sending ended, in seconds.
func (j *Judge) Outcome(stopped float64) Trial {
	v := j.view(stopped)
	t := Trial{Ask: j.ask, Objective: -1, Calls: j.calls, Saturated: j.saturated, Counts: v.counts, Seconds: max(v.seconds, 0), Settled: v.settled, Relaxation: v.relaxation}
	if len(v.counts) == 0 {
		t.Counts = make([]Count, len(j.objectives))
		return t
	}
	t.Outcome, t.Objective = v.outcome()
	// What may never occur may have come after the decision.
	never := t.Objective >= 0 && j.objectives[t.Objective].Allowed == 0
	if j.decided != Undecided && !never {
		t.Outcome = j.decided
	}
	if t.Saturated {
		t.Outcome = Broken
	}
	switch {
	case t.Outcome != Broken:
		t.Objective = -1
	case t.Objective < 0:
		t.Objective = worst(j.objectives, v.counts)
	}
	return t
}

// Shortest is how many seconds a trial has to have to be found to hold: where no call is over a limit, and none
// resembles another. One that is given less than half of its least time is not made.
func Shortest(objectives []Objective, ask Ask, alpha float64) float64 {
	least := ask.Least / 2
	for _, o := range objectives {
		least = max(least, float64(Fewest(o, alpha))/ask.Rate)
	}
	return ask.Settle + least
}
