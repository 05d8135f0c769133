// Package capacity finds the highest rate at which a target meets its objectives: a pure state machine that says which
// trial to make next and is fed with what came of it. It sends nothing, and knows no clock.
package capacity

// Objective is a condition on the share of calls that are over a limit.
type Objective struct {
	Name string
	// Allowed is the share of calls that may be over, at least 0 and below 1.
	Allowed float64
	// Horizon is how many seconds after a call was due it is known whether it is over.
	Horizon float64
}

// Call is what a trial's judge is told of a call that has ended.
type Call struct {
	// Due is when it was due, from the trial's start, and Latency how long it took from then on, both in seconds.
	Due, Latency float64
	// Counted and Over have a bit for each objective: whether it counts the call, and whether it was over.
	Counted, Over uint64
}

// Step is what a trial is made for in a search.
type Step uint8

// The steps of a search.
const (
	Growth       Step = iota // to find a rate that holds and one that is broken
	Narrowing                // near the capacity
	FromAbove                // near the capacity, after a rate that was clearly broken
	Confirmation             // at the low end of the interval
	Decision                 // whether one rate holds, and nothing else
)

// Ask is a trial to be made.
type Ask struct {
	// N is the number of the trial, from 1.
	N int
	// Rate is how many calls a second are due.
	Rate float64
	Step Step
	// Settle is for how many seconds calls are left out at least, Least and Most for how long is measured after it.
	Settle, Least, Most float64
	// Calls is the most calls there may be.
	Calls uint64
	// Precision is the standard error of the log-odds of being over at which a trial has measured enough; 0 is when
	// nothing but a decision ends it.
	Precision float64
}

// Outcome is what a trial came to.
type Outcome uint8

// The outcomes of a trial.
const (
	Undecided Outcome = iota
	Holds
	Broken
	Void // it says nothing of the target
)

// Count is what a trial counted for an objective, after the target had settled.
type Count struct {
	Calls, Over uint64
	// Inflation is by how much the variance of Over is above that of independent calls, at least 1.
	Inflation float64
	Outcome   Outcome
}

// Trial is what came of an Ask.
type Trial struct {
	Ask     Ask
	Outcome Outcome
	// Objective is the one that is broken, an index; -1 where none is.
	Objective int
	// Seconds is how long was measured, and Settled how long was left out before.
	Seconds, Settled float64
	// Calls is all calls that ended, those left out too.
	Calls  uint64
	Counts []Count
	// Saturated says that calls in flight and latency grew together.
	Saturated bool
}

// Judge follows one trial, and says when it may end.
type Judge struct{}

// NewJudge makes the judge of a trial. Alpha is the most likely share of wrong decisions on either side.
func NewJudge(objectives []Objective, ask Ask, alpha float64) *Judge { return nil }

// Add counts a call that has ended, in whatever order they do.
func (j *Judge) Add(c Call) {}

// Look looks at the trial so many seconds after its start, about once a second, and reports whether it may end.
func (j *Judge) Look(now float64, inFlight int) bool { return false }

// Outcome is what came of the trial, when all calls have ended. stopped is when the sending ended, in seconds.
func (j *Judge) Outcome(stopped float64) Trial { return Trial{} }

// Config says what is searched for.
type Config struct {
	Objectives []Objective
	// Start is the first rate that is tried, Ceiling the highest that may be; 0 is none.
	Start, Ceiling float64
	// Confidence is that of the interval, and Width how wide it may be, as a share of the rate.
	Confidence, Width float64
	// Calls, Seconds and Trials are the most that may be used; 0 is no limit.
	Calls   uint64
	Seconds float64
	Trials  int
}

// Search is a search under way. It is a function of what it was fed with, so that it can be gone on with.
type Search struct{}

// New begins a search.
func New(c Config) *Search { return nil }

// Next is the trial to be made, and false where the search has ended.
func (s *Search) Next() (Ask, bool) { return Ask{}, false }

// Take takes what came of the last Ask. seconds is how long it took in all, draining too.
func (s *Search) Take(t Trial, seconds float64) {}

// Kind is what is known of a capacity.
type Kind uint8

// The kinds of answers.
const (
	Unknown Kind = iota
	Interval
	AtLeast
	AtMost
)

// Answer is what is known of the capacity.
type Answer struct {
	Kind            Kind
	Rate, Low, High float64
	// Highest is the highest rate that was seen to hold, and Lowest the lowest that was seen broken; 0 is none.
	Highest, Lowest float64
	// Objective is the one that breaks first, an index.
	Objective int
	// Spread is the standard deviation between trials, as a share of the rate.
	Spread float64
	// NotMonotone and Hysteresis are sentences; empty where there is neither.
	NotMonotone, Hysteresis string
	// Curve is the fitted share by the rate for Objective.
	Curve []Point
	// End says why the search ended: "found", "budget", "generator-limited", "ceiling", "undecided"; empty while it goes on.
	End string
}

// Point is a fitted share at a rate, and between what it lies.
type Point struct{ Rate, Share, Low, High float64 }

// Answer is what is known by now.
func (s *Search) Answer() Answer { return Answer{} }
