package results

// End says how a run ended. A run directory without one was cut off.
type End struct {
	// Reason is one of the End constants.
	Reason string `json:"reason"`
	// Detail explains it in one sentence; empty for a completed run.
	Detail string `json:"detail,omitempty"`
	// Seconds is the length of the run, from its start to the last response, or to when the sending was stopped if that
	// is later.
	Seconds float64 `json:"seconds"`
	// StoppedSeconds is when the sending was stopped, on the run's clock; 0 where it went on to the end of the plan, or
	// where that is not known.
	StoppedSeconds float64 `json:"stoppedSeconds,omitempty"`
	// Rows is how many rows were kept; [Writer.Close] fills it in.
	Rows uint64 `json:"rows,omitempty"`
	// Given is how many executionIds a shard has kept; [Writer.Close] fills it in.
	Given uint64 `json:"given,omitempty"`
	// Side is of an order to end: that of two targets which is the reason, where it is one alone. No run keeps it.
	Side string `json:"side,omitempty"`
}

// Wrong says at a JSON pointer that a run cannot end like that; empty where it can.
func (e End) Wrong(at string) string {
	return UnknownWord(at+"/reason", e.Reason, Finished, Enough, Interrupted, Aborted, Hopeless, Unkept, Cut, Damaged)
}

// How a run can end.
const (
	Finished    = "completed"
	Enough      = "enough"      // enough was measured before the plan's end, which is as good
	Interrupted = "interrupted" // by the user
	Aborted     = "aborted"     // by a threshold with abort: true
	Hopeless    = "hopeless"    // every call failed in the same way, so andon stopped sending
	Unkept      = "unkept"      // what was measured could not be kept: a full disk, a directory that is gone
	Cut         = "cut"         // the process died: no end was written
	Damaged     = "damaged"     // it is not known: what was measured is damaged
)
