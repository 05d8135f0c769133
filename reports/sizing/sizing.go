// Package sizing is what a search for capacity came to, as plain data: capacity.json.
//
// A [Report] has everything that is shown of a search, so that each rendering is a function of it and can be made again
// at any time. It is filled by whoever drove the search; nothing is decided here. Rates are in calls a second, times in
// seconds, shares from 0 to 1.
package sizing

import (
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

// Schema names the format of a [Report] as JSON, and File the file of a search's directory that has it. StateFile is
// the one by which a search is gone on with.
const (
	Schema    = "andon.capacity/1"
	File      = "capacity.json"
	StateFile = "search.json"
)

// Report is a search, or the answer to whether a target takes a rate.
type Report struct {
	Schema string `json:"schema"`
	Run    Run    `json:"run"`
	// Verdict is the answer as an exit code: with a need, whether it is met; else whether the capacity was found.
	Verdict summary.Verdict `json:"verdict"`
	// Objectives are the conditions that a rate has to meet; LeftOut are thresholds of the scenario that are none.
	Objectives []Objective `json:"objectives"`
	LeftOut    []LeftOut   `json:"leftOut,omitempty"`
	Budget     Budget      `json:"budget"`
	// Need answers whether the target takes a rate; nil where nobody asked.
	Need *Need `json:"need,omitempty"`
	// Acceptance is the highest rate at which accepting calls meets the objectives; nil where it was not searched for.
	Acceptance *Capacity `json:"acceptance,omitempty"`
	// Completion is the highest rate at which executions end as fast as they are accepted; nil where they are not
	// followed.
	Completion *Capacity `json:"completion,omitempty"`
	// Onsets are the rates at which something begins that is not in every objective: the contract is broken, calls are
	// shed.
	Onsets    []Onset    `json:"onsets,omitempty"`
	Mix       *Mix       `json:"mix,omitempty"`
	Isolation *Isolation `json:"isolation,omitempty"`
	Scaling   *Scaling   `json:"scaling,omitempty"`
	Replicas  *Replicas  `json:"replicas,omitempty"`
	Soak      *Soak      `json:"soak,omitempty"`
	// Trials are all trials in their order, those of a mix, a ladder and a soak too.
	Trials []Trial `json:"trials"`
	// Notes are sentences that belong beside the answer.
	Notes []string `json:"notes,omitempty"`
}

// Run says what was searched, and how the search ended.
type Run struct {
	ID              string            `json:"id"`
	Scenario        string            `json:"scenario"`
	Target          string            `json:"target"`
	Started         time.Time         `json:"started"`
	DurationSeconds float64           `json:"durationSeconds"`
	Seed            uint64            `json:"seed"`
	Andon           string            `json:"andon"`
	Command         []string          `json:"command,omitempty"`
	SpecSHA256      string            `json:"specSHA256"`
	Release         string            `json:"release,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	// Insecure says that any certificate of the target was taken.
	Insecure bool `json:"insecure,omitempty"`
	// Arrivals is "poisson" or "even".
	Arrivals string `json:"arrivals"`
	// Ended is one of the Ended constants, and Detail a sentence where that is not all.
	Ended  string `json:"ended"`
	Detail string `json:"detail,omitempty"`
	// Resumed counts how often the search was gone on with.
	Resumed int `json:"resumed,omitempty"`
}

// How a search can end.
const (
	EndedFound       = "found"             // the interval is as narrow as was asked for, or the need is decided
	EndedBudget      = "budget"            // calls, runs, cost or time are spent
	EndedGenerator   = "generator-limited" // this machine is the limit
	EndedInterrupted = "interrupted"
	EndedUnreachable = "unreachable" // the target went away
	EndedCeiling     = "ceiling"     // the highest rate that may be tried holds
	EndedUnkept      = "unkept"      // what was measured could not be kept
	EndedShort       = "worker-lost" // of those who send, one is not there any more
	EndedUndecided   = "undecided"   // nothing was decided, or holds nowhere
)

// Objective is a condition on the share of calls that are over a limit.
type Objective struct {
	// Expr is the threshold as it was written.
	Expr string `json:"expr"`
	// Allowed is the share of calls that may be over.
	Allowed float64 `json:"allowed"`
}

// LeftOut is a threshold that is no objective of a search.
type LeftOut struct {
	Expr string `json:"expr"`
	Why  string `json:"why"`
}

// Budget is the most that a search may use, and what it used. 0 is no limit, or nothing.
type Budget struct {
	Calls        uint64  `json:"calls"`
	Seconds      float64 `json:"seconds"`
	Trials       int     `json:"trials"`
	Price        float64 `json:"price,omitempty"` // of one call that starts a run
	Cost         float64 `json:"cost,omitempty"`
	SpentCalls   uint64  `json:"spentCalls"`
	SpentSeconds float64 `json:"spentSeconds"`
	SpentTrials  int     `json:"spentTrials"`
	SpentCost    float64 `json:"spentCost,omitempty"`
	// Started counts the runs that were started: accepted calls.
	Started uint64 `json:"started"`
}

// The answers to a need.
const (
	Yes       = "yes"
	No        = "no"
	Undecided = "undecided"
)

// Need is whether the target takes a rate.
type Need struct {
	Rate float64 `json:"rate"`
	// Headroom is the share above Rate that it has to take as well; Tried is the rate with it.
	Headroom float64 `json:"headroom,omitempty"`
	Tried    float64 `json:"tried"`
	Answer   string  `json:"answer"`
	// Certainty is the most likely share of wrong answers of this kind, such as 0.05.
	Error  float64 `json:"error"`
	Reason string  `json:"reason"`
	Trial  int     `json:"trial,omitempty"`
}

// Onset is the rate at which something begins.
type Onset struct {
	// What is "contract" or "shed"; Rule is the first rule of the contract that was broken.
	What string `json:"what"`
	Rule string `json:"rule,omitempty"`
	// Low is the highest rate of a trial without it, and High the lowest with it; nil where there is none.
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
	// Share is its share of the calls in the trial at High, and Clean the calls of the trial at Low.
	Share float64 `json:"share,omitempty"`
	Clean uint64  `json:"clean,omitempty"`
	// RetryAfter says whether calls were taken again when Retry-After said they would be; empty where that is not known.
	RetryAfter string `json:"retryAfter,omitempty"`
}

// The outcomes of a trial.
const (
	Holds  = "holds"
	Broken = "broken"
	Open   = "undecided"
	Void   = "void" // it says nothing of the target: see Trial.Reason
)

// Trial is one measured run.
type Trial struct {
	N int `json:"n"`
	// Dir is the run directory, relative to the search's.
	Dir string `json:"dir"`
	// Of is what the trial was for: "acceptance", "completion", "need", "onset", "mix", "isolation", "ladder", "soak",
	// and About which one of several, such as the mix.
	Of    string `json:"of"`
	About string `json:"about,omitempty"`
	// Step is "growth", "narrowing", "from above", "confirmation", or empty.
	Step string  `json:"step,omitempty"`
	Rate float64 `json:"rate,omitempty"`
	// Callers is set in place of Rate for a closed loop.
	Callers int    `json:"callers,omitempty"`
	Outcome string `json:"outcome"`
	// Reason says in a few words why: the objective that is broken, the generator.
	Reason string `json:"reason,omitempty"`
	// Seconds is how long was measured, after Settled were left out. Calls counts all that were sent.
	Seconds float64 `json:"seconds"`
	Settled float64 `json:"settled"`
	Calls   uint64  `json:"calls"`
	// Answered, Accepted and Goodput are calls a second over the measured time.
	Answered float64 `json:"answered"`
	Accepted float64 `json:"accepted"`
	Goodput  float64 `json:"goodput"`
	// P50, P95, P99 are of the latency; nil where the samples cannot tell.
	P50 *float64 `json:"p50"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
	// InFlight is the mean number of calls in flight.
	InFlight float64 `json:"inFlight"`
	// Shares are those of calls over the limit, by objective; Inflation is by how much their variance is above that of
	// independent calls.
	Shares    []float64 `json:"shares"`
	Inflation []float64 `json:"inflation,omitempty"`
	// Errors, Shed and Violations are shares of the calls; Status counts the answers.
	Errors     float64           `json:"errors"`
	Shed       float64           `json:"shed"`
	Violations float64           `json:"violations"`
	Status     map[string]uint64 `json:"status,omitempty"`
	Rules      map[string]uint64 `json:"rules,omitempty"`
	// Saturated says that calls in flight and latency grew together, so that it was ended.
	Saturated bool `json:"saturated,omitempty"`
	// Growth is by how much the backlog of executions grew a second, with its interval; nil where they are not followed.
	Growth *Bounds `json:"growth,omitempty"`
	// Drained is how long it took until all was answered (and ended, where executions are followed) after the last call
	// was sent; nil where it was not seen.
	Drained *float64 `json:"drained"`
	// Low and High are the interval of the capacity after this trial; nil where there was none.
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
}
