package sizing

import "time"

// Progress is what is known while a search goes on. Whoever shows one must not change it.
type Progress struct {
	// Scenario and Target say what is searched.
	Scenario, Target string
	// Elapsed counts from the start of the search, and of its budget.
	Elapsed time.Duration
	// Objectives are those of the report, and Need the rate that is asked about; 0 is none.
	Objectives []Objective
	Need       float64
	// Trials are those that have ended, in their order, and Now the one that goes on; nil between two.
	Trials []Trial
	Now    *Current
	// Rate is the best estimate of the capacity by now, and Low and High are its interval; 0 is not known yet. Only
	// those of Low and High are known that a trial has shown.
	Rate, Low, High float64
	// Budget is what may be used, and what was.
	Budget Budget
	// Stopping says that nothing more is sent, because somebody asked for it.
	Stopping bool
	// Notes are sentences on what happened beside the calls.
	Notes []string
}

// Current is the trial that goes on.
type Current struct {
	// N, Of, About, Step, Rate and Callers are as in a [Trial].
	N               int
	Of, About, Step string
	Rate            float64
	Callers         int
	// Elapsed counts from the trial's start; Most is how long it may take at most, 0 where that is not known.
	Elapsed, Most time.Duration
	// Sending says that its first call is due, and not all of those are answered that were sent.
	Sending bool
	// Settling says that nothing counts yet, and Draining that nothing more is sent, and the target is waited for.
	Settling, Draining bool
	Sent               uint64
	InFlight           int
	// P95 and P99 are the recent latency in seconds; nil where the samples cannot tell.
	P95, P99 *float64
	// Counted is how many calls count by now, and Shares are those over the limit, by objective.
	Counted uint64
	Shares  []float64
}

// Asked is the trial under way as far as it is known: what for, and at which load.
func (c Current) Asked() Trial {
	return Trial{N: c.N, Of: c.Of, About: c.About, Step: c.Step, Rate: c.Rate, Callers: c.Callers}
}
