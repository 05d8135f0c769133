// Package capacity finds the highest rate at which a target meets its objectives: a pure state machine that says which
// trial to make next and is fed with what came of it. It sends nothing, and knows no clock.
package capacity

// Objective is a condition on the share of calls that are over a limit.
type Objective struct {
	Name string
	// Allowed is the share of calls that may be over, at least 0 and below 1.
	Allowed float64
	// Horizon is how many seconds after a call was due it is known whether it is over: the limit of its latency, 0 where
	// that is not what counts.
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
	// Seconds is how long was measured, and Settled how long was left out before; Relaxation is how long the target
	// took to forget. All are in seconds.
	Seconds, Settled, Relaxation float64
	// Calls is all calls that ended, those left out too.
	Calls  uint64
	Counts []Count
	// Saturated says that calls in flight and latency grew together.
	Saturated bool
}

// Point is a fitted share at a rate, and between what it lies.
type Point struct{ Rate, Share, Low, High float64 }

// End is why a search ended.
type End string

// The ends of a search.
const (
	Found     End = "found"     // the interval is as narrow as was asked for
	Budget    End = "budget"    // calls, seconds or trials are spent
	Generator End = "generator" // higher rates say nothing of the target
	Ceiling   End = "ceiling"   // the highest rate that may be tried holds
	Nothing   End = "nothing"   // no rate holds
)
