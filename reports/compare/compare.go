// Package compare holds two sets of runs against each other, and says what the difference is worth.
//
// Two runs of the same build differ by more than the scatter within either tells, so that only several runs a side can
// tell a change from drift. A [Report] is what a comparison came to, as plain data: everything that is shown of it is
// a function of that, and can be made again at any time. Times are in seconds, rates in calls a second, shares from 0
// to 1.
package compare

import (
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

// Schema names the format of a [Report] as JSON, and File the file that has it.
const (
	Schema = "andon.comparison/1"
	File   = "comparison.json"
)

// Report is a comparison of new runs with those of a base.
type Report struct {
	Schema string `json:"schema"`
	Andon  string `json:"andon"`
	// Verdict: a fail is a regression, and no verdict that of a declared row none could be told.
	Verdict summary.Verdict `json:"verdict"`
	// Paired says that both sides were met in turn on one schedule, slice by slice; else they are runs of their own.
	Paired *Paired `json:"paired,omitempty"`
	Base   Side    `json:"base"`
	New    Side    `json:"new"`
	// Confidence is that of each interval, of both ends together.
	Confidence float64 `json:"confidence"`
	// Differs says what keeps the runs from being compared, where they were compared all the same.
	Differs []string `json:"differs,omitempty"`
	// Rows are all comparisons: the declared ones, which decide and are corrected for their number, come first; the
	// others are for looking.
	Rows []Row `json:"rows"`
	// Curves are the percentile curves of latency of each tier, and of all of them under the empty name.
	Curves []Curves `json:"curves,omitempty"`
	// Notes are sentences that belong beside the answer.
	Notes []string `json:"notes,omitempty"`
}

// Paired is how two targets were met in turn.
type Paired struct {
	// SliceSeconds is the length of a slice, and Pairs how many pairs of slices there were.
	SliceSeconds float64 `json:"sliceSeconds"`
	Pairs        int     `json:"pairs"`
	// Ended says why it ended: it became clear, or the plan was over.
	Ended string `json:"ended"`
	// Control says that both sides are the same target, so that any change found is a false alarm.
	Control bool `json:"control,omitempty"`
	// Broke is what the new side broke by itself, such as a threshold or the contract, whatever the base did.
	Broke []string `json:"broke,omitempty"`
	// Points are the ratios of the new side's latency to the base's, pair by pair.
	Points []PairPoint `json:"points,omitempty"`
}

// PairPoint is one pair of slices.
type PairPoint struct {
	AtSeconds float64 `json:"atSeconds"`
	// P50 and P99 are ratios; nil where the samples cannot tell.
	P50 *float64 `json:"p50"`
	P99 *float64 `json:"p99"`
}

// Side is a set of runs of one kind.
type Side struct {
	// Name is how it was named: a run directory, a folder of them, a baseline.
	Name     string `json:"name"`
	Scenario string `json:"scenario"`
	Target   string `json:"target"`
	Release  string `json:"release,omitempty"`
	Runs     []Run  `json:"runs"`
}

// Run is one of them.
type Run struct {
	ID       string    `json:"id"`
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"`
	Sent     uint64    `json:"sent"`
	Validity string    `json:"validity"`
	// P50 and P99 are of the latency; nil where the samples cannot tell. Errors is a share of the sent
	// calls, nil where there were none.
	P50    *float64 `json:"p50"`
	P99    *float64 `json:"p99"`
	Errors *float64 `json:"errors"`
	// Times is the latency by time: [seconds from the start, p50, p99] of each stretch; null where it cannot be told.
	Times []Moment `json:"times,omitempty"`
}

// Moment is the latency in a stretch of a run.
type Moment struct {
	AtSeconds float64  `json:"atSeconds"`
	P50       *float64 `json:"p50"`
	P99       *float64 `json:"p99"`
}

// What a row can be of.
const (
	All     = "all"
	Tier    = "tier"
	Content = "content"
	Class   = "class"
	Phase   = "phase"
	Part    = "part" // of a call: connect, wait, read
)

// The units of figures.
const (
	Seconds   = "seconds"
	Share     = "share"
	PerSecond = "perSecond"
)

// What a row can come to.
const (
	Regression  = "regression"  // beyond its interval and beyond the tolerance, to the worse
	Improvement = "improvement" // the same, to the better
	Same        = "same"        // its interval rules out a change to the worse as large as the tolerance
	Unknown     = "unknown"     // it cannot be told
	// Drift is a change beyond what the calls of one run tell, that cannot be told from drift between runs.
	Drift = "drift"
	// Looked is a row that decides nothing.
	Looked = "looked"
)

// Row is one figure of one group, on both sides.
type Row struct {
	Kind string `json:"kind"`
	// Name is that of the tier, content type, class, phase or part; empty for all calls.
	Name string `json:"name,omitempty"`
	// Figure is such as p99, errors, violations, shed, failed, goodput, completion.
	Figure   string `json:"figure"`
	Unit     string `json:"unit"`
	Declared bool   `json:"declared,omitempty"`
	// Base and New are the figures; nil where the samples cannot tell.
	Base *float64 `json:"base"`
	New  *float64 `json:"new"`
	// Change is relative for times and rates (0.1 is 10 % more), and a difference for shares; Low and High are its
	// interval, nil where it cannot be told.
	Change *float64 `json:"change"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	// P is the chance of a change like this without a cause, corrected for the number of declared rows; nil where
	// nothing is declared or known.
	P *float64 `json:"p,omitempty"`
	// Tolerance is how much worse it may become; Visible is the smallest change to the worse that would have been seen
	// four times in five; nil where none would. Both are as Change is.
	Tolerance float64  `json:"tolerance,omitempty"`
	Visible   *float64 `json:"visible"`
	// Verdict is one of the constants above; Runs is how many runs a side would tell a change of the tolerance, or the
	// one that was seen, 0 where that is not known.
	Verdict string `json:"verdict"`
	Runs    int    `json:"runs,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// Curves are percentile curves of one tier on both sides.
type Curves struct {
	Tier string  `json:"tier,omitempty"`
	Base []Point `json:"base"`
	New  []Point `json:"new"`
}

// Point of a curve: of all calls, Quantile (0 to 1) took Seconds or less.
type Point struct {
	Quantile float64 `json:"quantile"`
	Seconds  float64 `json:"seconds"`
}
