// Package approval is what a gate came to, as plain data: gate.json.
//
// A gate asks whether what is deployed at a target is safe to ship, in parts, of which each is a document of its own in
// a directory below the gate's. A [Report] has what is shown of them together, so that each rendering is a function of
// it and can be made again at any time. Nothing is decided here but the verdict, which follows from the parts.
package approval

import (
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
)

// Schema names the format of a [Report] as JSON, and File the file of a gate's directory that has it.
const (
	Schema = "andon.gate/1"
	File   = "gate.json"
)

// Report is a gate.
type Report struct {
	Schema string `json:"schema"`
	Run    Run    `json:"run"`
	// Verdict is the worst of the parts': a fail beats no verdict.
	Verdict summary.Verdict `json:"verdict"`
	// Budget is that of the target, and Against that of the one which it is compared with, where there is one.
	Budget  Budget  `json:"budget"`
	Against *Budget `json:"against,omitempty"`
	// Parts are all that were asked for, in their order, those that were left out too.
	Parts []Part `json:"parts"`
	// Notes are sentences that belong beside the answer.
	Notes []string `json:"notes,omitempty"`
}

// Run says what was held against the gate.
type Run struct {
	ID string `json:"id"`
	// Target is where calls went, in words.
	Target string `json:"target"`
	// Against is the target that it is compared with, in words; empty where there is none.
	Against string `json:"against,omitempty"`
	// Production says that one of them serves people.
	Production      bool              `json:"production,omitempty"`
	Started         time.Time         `json:"started"`
	DurationSeconds float64           `json:"durationSeconds"`
	Andon           string            `json:"andon"`
	Command         []string          `json:"command,omitempty"`
	SpecSHA256      string            `json:"specSHA256"`
	Release         string            `json:"release,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	// Insecure says that any certificate of the target was taken.
	Insecure bool `json:"insecure,omitempty"`
}

// Budget is the most that all parts may use, and what they used.
type Budget struct {
	Calls   uint64  `json:"calls"`
	Runs    uint64  `json:"runs"`
	Seconds float64 `json:"seconds"`
	// Unit is that of cost, in the user's own words; empty where no cost is known.
	Unit         string  `json:"unit,omitempty"`
	Cost         float64 `json:"cost,omitempty"`
	SpentCalls   uint64  `json:"spentCalls"`
	SpentRuns    uint64  `json:"spentRuns"`
	SpentSeconds float64 `json:"spentSeconds"`
	SpentCost    float64 `json:"spentCost,omitempty"`
	// Tiers are the runs by tier.
	Tiers []Tier `json:"tiers"`
	// Caps are the caps of the target that the plan was held against, as name and text.
	Caps []Cap `json:"caps,omitempty"`
}

// Tier is the part of a budget that is one tier's. The runs of which no tier is known are under an empty name.
type Tier struct {
	Name      string  `json:"name"`
	Runs      uint64  `json:"runs"`
	Price     float64 `json:"price,omitempty"`
	Cost      float64 `json:"cost,omitempty"`
	SpentRuns uint64  `json:"spentRuns"`
	SpentCost float64 `json:"spentCost,omitempty"`
}

// Cap is a cap of the target, with what is planned, or was spent of it before.
type Cap struct {
	Name   string `json:"name"`
	Cap    string `json:"cap"`
	Before string `json:"before,omitempty"`
}

// The parts, in their order.
const (
	Description = "description"
	Verify      = "verify"
	Load        = "load"
	Compare     = "compare"
	Capacity    = "capacity"
)

// LeftOut is the outcome of a part that was not run; the others are those of a verdict.
const LeftOut = "left-out"

// Part is one of them.
type Part struct {
	Name string `json:"name"`
	// About is what it was about, such as a scenario.
	About string `json:"about,omitempty"`
	// Outcome is a status of a verdict, or [LeftOut].
	Outcome string `json:"outcome"`
	// Found says in one sentence what it came to, or why it was left out.
	Found string `json:"found"`
	// Mend says what would turn it green; empty where it is.
	Mend string `json:"mend,omitempty"`
	// Dir is its directory, relative to the gate's; empty where it left nothing behind.
	Dir     string  `json:"dir,omitempty"`
	Seconds float64 `json:"seconds"`
	Calls   uint64  `json:"calls"`
	Runs    uint64  `json:"runs"`
	// Before is what it came to the first time, where it was repeated.
	Before *Try `json:"before,omitempty"`
}

// Try is what a part that was repeated came to the first time.
type Try struct {
	Outcome string `json:"outcome"`
	Found   string `json:"found"`
	// Dir is its directory, relative to the gate's; empty where it left nothing behind.
	Dir     string  `json:"dir,omitempty"`
	Seconds float64 `json:"seconds"`
	Calls   uint64  `json:"calls"`
	Runs    uint64  `json:"runs"`
}
