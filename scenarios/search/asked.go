package search

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/scalability"
)

// Studies are what is to be found out besides the capacity of the scenario. The zero value is nothing.
type Studies struct {
	// Mix asks for the capacity by the share of one value; nil does not.
	Mix *Mix
	// Isolation asks what one tier does to another.
	Isolation bool
	// Ladder are the callers by which the throughput is measured.
	Ladder []int
	// Soak is how long a trial at a share of the capacity goes on.
	Soak time.Duration
	// Replicas asks how many replicas are needed; nil does not.
	Replicas *Replicas
}

// Mix asks for the capacity by the share of one value in the mix.
type Mix struct {
	// Of and Value are as in [scenarios.Scenario.WithShare].
	Of, Value string
	// Shares are from 0 to 1, in the order in which they are measured.
	Shares []float64
}

// Replicas asks how many replicas are needed for a rate.
type Replicas struct {
	// Measured is how many the target has whose capacity is searched for; 0 where Counts are given.
	Measured int
	// Counts are capacities that were measured before, by how many replicas there were.
	Counts []scalability.Level
	// Need is the rate, and Reserve the share of each replica's capacity that is to stay free.
	Need, Reserve float64
}

// Known reports whether what is asked of replicas follows from what was measured before.
func (r Replicas) Known() bool { return len(r.Counts) > 0 }

// DefaultReserve is kept free where nobody says.
const DefaultReserve = 0.3

const (
	// ofSearch is how much of the time of a search another one may take that begins near its end.
	ofSearch = 0.6
	// roomFor is by how much a trial may take longer than it measures: it settles, and what it sent is answered.
	roomFor = 1.3
	// ofCompletion is how much of it the search for the completion capacity may take.
	ofCompletion = 0.5
)

const (
	// watchedShare is at which rate the tier is called that is measured, as a share of what the other takes: a fifth,
	// so that beside 80 % of that a target which both share has no more to do than it can.
	watchedShare = 0.2
	// watchedCalls is how many of its calls a trial has, within its bounds in seconds.
	watchedCalls  = 3000
	mostIsolation = 180.0
	// roughly is how wide the interval of what the other takes may be: the loads are shares of it, and no more.
	roughly = 0.3
	// hurtful is by how much a p99 has to rise for one to speak of harm, as a share of it.
	hurtful = 0.05
)

// loads are those of the added tier, as shares of its capacity. The tier alone is measured at the beginning and at the
// end: by what the two differ, trials differ without a cause.
var loads = [...]float64{0, 0.2, 0.5, 0.8, 0}

// soakShare is at which share of the capacity a long trial is made.
const soakShare = 0.8

// tiersOf are the tier that is added and the one that is measured beside it: the first two of the description that the
// mix has.
func tiersOf(s *scenarios.Scenario) (added, measured string, err error) {
	var found []string
	for _, t := range s.Description().Tiers() {
		if slices.ContainsFunc(s.Labels.Classes, func(c results.Class) bool { return c.Tier == t && !c.Invalid }) {
			found = append(found, t)
		}
	}
	if len(found) < 2 {
		return "", "", fmt.Errorf("one tier can only hurt another, and the mix has %d of the description's; name two in `mix.tier`", len(found))
	}
	return found[0], found[1], nil
}

// Check says what the studies cannot be made of, before anything is sent.
func (x Studies) Check(s *scenarios.Scenario) error {
	var wrong []error
	if x.Isolation {
		_, _, err := tiersOf(s)
		wrong = append(wrong, err)
	}
	if x.Soak < 0 {
		wrong = append(wrong, fmt.Errorf("expected how long the long trial goes on, such as 2h, found %s", x.Soak))
	}
	if r := x.Replicas; r != nil && !(r.Need > 0) {
		wrong = append(wrong, errors.New("how many replicas are needed depends on the rate that is needed, which nobody has said"))
	}
	if r := x.Replicas; r != nil && !(r.Reserve >= 0 && r.Reserve < 1) {
		wrong = append(wrong, fmt.Errorf("expected a reserve of at least 0 %% and less than 100 %%, found %s", text.Percent(r.Reserve)))
	}
	return errors.Join(wrong...)
}

// leastOf is for how many seconds a trial measures at least, where all may take so many at most, 0 for no bound: of a
// short budget, there is something left for others.
func leastOf(seconds float64) float64 {
	if seconds == 0 {
		return 10
	}
	return min(max(seconds/90, 1), 10)
}

// level is how many seconds each level of a ladder is measured, and how many it settles before, beside a search that
// takes so many at most.
func level(search float64) (step, settle float64) {
	step = leastOf(search)
	return step, step / 5
}

// Most is how many seconds the studies take at most, beside a search that takes so many at most.
func (x Studies) Most(search float64) (seconds float64) {
	if x.Mix != nil {
		seconds += float64(len(x.Mix.Shares)) * ofSearch * search
	}
	if x.Isolation {
		seconds += ofSearch*search + float64(len(loads))*mostIsolation*roomFor
	}
	step, settle := level(search)
	seconds += float64(len(x.Ladder)) * (step + settle) * roomFor
	if x.Soak > 0 {
		seconds += x.Soak.Seconds()*1.01 + 60
	}
	return seconds
}
