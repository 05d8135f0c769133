package summary

import (
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
)

// Progress is what is known while a run goes on. Whoever shows one must not change it.
type Progress struct {
	// Scenario and Target say what is run.
	Scenario, Target string
	// Ahead says that no call is due yet: workers, or a common start, are waited for.
	Ahead bool
	// Elapsed counts from the start of the run; Total is the length of its load.
	Elapsed, Total time.Duration
	// Phase is the name of the phase, and Shape what it asks for; it is the phase PhaseNumber, from 1, of Phases.
	Phase, Shape        string
	PhaseNumber, Phases int
	Warmup              bool
	// Asked is the rate that the plan wanted lately, in calls a second; 0 in a closed loop. Achieved is what was sent
	// lately.
	Asked, Achieved float64
	// Callers is the number of callers that a closed loop has now; 0 in an open one.
	Callers int
	// InFlight is the number of calls in flight, Limit the most that there may be.
	InFlight, Limit int
	// P50 and P99 are the recent latency in seconds; nil where the samples cannot tell.
	P50, P99 *float64
	// The counts are those of the whole run so far, warm-ups too: Done is the calls that have ended.
	Done, Completed, Errors, Shed, Violations, Dropped uint64
	// Tiers are the figures of the measured phases so far.
	Tiers []TierProgress
	// Statuses, Kinds and Rules count what came back, over the whole run so far: by HTTP status, by kind of error and
	// by rule of the contract. The most frequent come first.
	Statuses, Kinds, Rules []Tally
	// Past are the last seconds, the latest last.
	Past []Moment
	// Executions is what is known of the executions by now; nil where they are not followed.
	Executions *ExecutionsProgress
	// Stopping says that nothing more is sent, because somebody asked for it.
	Stopping bool
	// Notes are sentences on what happened beside the calls.
	Notes []string
}

// ExecutionsProgress is the executions' part in a [Progress].
type ExecutionsProgress struct {
	// Backlog is how many were accepted and are not known to have ended, PerSecond how many completed per second lately,
	// and Failed and Lost how many did so in all.
	Backlog      uint64
	PerSecond    float64
	Failed, Lost uint64
	// After says that all calls are answered and executions are followed yet, for Left at most.
	After bool
	Left  time.Duration
}

// TierProgress is one tier's part in a [Progress].
type TierProgress struct {
	Name         string
	Sent, Errors uint64
	Latency      metrics.Times
}

// Tally counts one thing that came back.
type Tally struct {
	Name  string
	Count uint64
	// First is when it was first seen.
	First time.Duration
}

// Moment is one of the last seconds.
type Moment struct {
	Achieved float64
	// P50 and P99 are the latency in seconds; nil where the samples cannot tell.
	P50, P99 *float64
}
