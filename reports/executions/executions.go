// Package executions says what became of the executions that accepted calls started, as figures.
//
// A call answers when its execution has begun, or waits to; when that ends is only known to lie between two moments
// ([results.Execution]). Every figure here carries both bounds. Executions that were not seen to their end are
// censored, and never left out: percentiles are Kaplan-Meier's, once from the earliest and once from the latest ends
// that are possible, and null where so many are censored that they are not determined (E. L. Kaplan, P. Meier,
// "Nonparametric estimation from incomplete observations", 1958).
package executions

// Report is what became of the executions of a run, as it stands in summary.json: times in seconds.
type Report struct {
	// Operation is how the state was asked for, such as "POST /executions/get".
	Operation string `json:"operation"`
	// Sample is the share of the executions that was followed from the start; all were asked about at the end.
	Sample float64 `json:"sample"`
	// End says how the following ended: one of the End constants; Detail explains it in one sentence, empty where all
	// was seen to its end.
	End    string `json:"end"`
	Detail string `json:"detail,omitempty"`
	// Seconds is how long it went on after the last call was answered.
	Seconds float64 `json:"seconds"`
	// Total is over all measured phases, without warm-ups; Groups are by tier and by class.
	Total   Figures            `json:"total"`
	Tiers   map[string]Figures `json:"tiers"`
	Classes map[string]Figures `json:"classes"`
	Backlog Backlog            `json:"backlog"`
	// Timeline is the run and what came after it in stretches of equal length, warm-ups included.
	Timeline []Point   `json:"timeline"`
	Polls    Polls     `json:"polls"`
	Webhooks *Webhooks `json:"webhooks,omitempty"`
	// Faults count what the provider told that cannot be, by the names of [results.FaultNames], with some ids each, and by
	// "imagined": it told of one that there is not.
	Faults []Fault `json:"faults,omitempty"`
}

// How following ends.
const (
	EndSeen        = "seen"        // every execution was seen to its end, or is lost
	EndTime        = "time"        // the time for it was over
	EndInterrupted = "interrupted" // it was told to stop
	EndRefused     = "refused"     // the target has no such operation, or did not answer it
	EndCut         = "cut"         // andon ended before it could say so
)

// Figures are of one group of executions.
type Figures struct {
	// Accepted is how many there were; of these Completed and Failed ended, Lost are unknown to the provider, Waiting
	// and Running had not ended when they were last asked about, and of Unseen nothing is known.
	Accepted  uint64 `json:"accepted"`
	Completed uint64 `json:"completed"`
	Failed    uint64 `json:"failed"`
	Lost      uint64 `json:"lost"`
	Waiting   uint64 `json:"waiting"`
	Running   uint64 `json:"running"`
	Unseen    uint64 `json:"unseen"`
	// Start is accepted → begun, Run is begun → ended, and Completion accepted → ended, completed or failed. They are
	// over the followed ones alone.
	Start      Times `json:"start"`
	Run        Times `json:"run"`
	Completion Times `json:"completion"`
	// PerSecond is how many completed per second, over the time from the first accepted to the last seen end.
	PerSecond Bounds `json:"perSecond"`
}

// Times are percentiles of a time.
type Times struct {
	// Count is how many executions they are over, and Censored how many of these have no end that is known.
	Count    uint64 `json:"count"`
	Censored uint64 `json:"censored"`
	// Each is null where it is not determined.
	P50 *Bounds `json:"p50"`
	P90 *Bounds `json:"p90"`
	P95 *Bounds `json:"p95"`
	P99 *Bounds `json:"p99"`
}

// Bounds are what a figure lies between: the truth is not known to be nearer to the one or the other.
type Bounds struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Backlog is the executions that were accepted and had not ended.
type Backlog struct {
	// Peak is the most at a time, and AtEnd how many there were when the last call was answered.
	Peak  Bounds `json:"peak"`
	AtEnd Bounds `json:"atEnd"`
	// Growth is by how many it grew per second while the load went on, over the measured phases, with its interval of
	// 95 %; null where there is too little to tell. Grows is the certainty that it grew, from 0 to 1.
	Growth *Growth `json:"growth"`
	// DrainedSeconds is after how long from the last answer it was empty; null where it was not seen to be.
	DrainedSeconds *float64 `json:"drainedSeconds"`
}

// Growth is how the backlog changed, in executions per second.
type Growth struct {
	PerSecond float64 `json:"perSecond"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	Grows     float64 `json:"grows"`
}

// Point is one stretch of time.
type Point struct {
	AtSeconds float64 `json:"atSeconds"`
	Seconds   float64 `json:"seconds"`
	// Accepted counts within the stretch. Completed and Failed lie between how many certainly ended within it and how many
	// may have; one that may have ended in several stretches counts in the upper bound of each.
	Accepted  uint64 `json:"accepted"`
	Completed Bounds `json:"completed"`
	Failed    Bounds `json:"failed"`
	// Backlog is at the stretch's end; of it Running had begun.
	Backlog Bounds `json:"backlog"`
	Running Bounds `json:"running"`
}

// Polls say what asking took.
type Polls struct {
	Sent uint64 `json:"sent"`
	// Share is of all calls that the target got.
	Share float64 `json:"share"`
	// Failed ones had no answer that can be read, by what kept them from it.
	Failed uint64            `json:"failed"`
	Errors map[string]uint64 `json:"errors,omitempty"`
	// PerSecond is what they may be, and Late is how many of those that wanted to be sent were put off because of it.
	PerSecond float64 `json:"perSecond"`
	Late      uint64  `json:"late"`
	// Latency is how long an answer took.
	P50 *float64 `json:"p50"`
	P99 *float64 `json:"p99"`
}

// Webhooks say what came by itself.
type Webhooks struct {
	Received uint64 `json:"received"`
	// Believed told the end of an execution; Repeated told it once more. The others were refused: Unsigned have no
	// signature or a wrong one, Old have a time outside the window, Unknown are for no id of this run, Malformed cannot
	// be read, and Excess came faster than they are read.
	Believed  uint64 `json:"believed"`
	Repeated  uint64 `json:"repeated"`
	Unsigned  uint64 `json:"unsigned"`
	Old       uint64 `json:"old"`
	Unknown   uint64 `json:"unknown"`
	Malformed uint64 `json:"malformed"`
	Excess    uint64 `json:"excess"`
	// Missing is how many executions ended, as polls say, of which none came.
	Missing uint64 `json:"missing"`
}

// Fault is one kind of what the provider told that cannot be.
type Fault struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
	// IDs are some of the executions, the first ones.
	IDs []string `json:"ids"`
}
