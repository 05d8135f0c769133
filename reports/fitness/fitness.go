// Package fitness is what a machine allows a load test that is run from it, as data and in words: its limits, and the
// highest rate at which it was seen to send honestly.
package fitness

import (
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Schema names the format of a report.
const Schema = "andon.doctor/1"

// Report is the document that is printed: times in seconds, rates in calls a second.
type Report struct {
	Schema  string          `json:"schema"`
	Verdict summary.Verdict `json:"verdict"`
	// Andon is the version of the tool, and Platform the system, the processor and the version of Go.
	Andon    string    `json:"andon"`
	Platform string    `json:"platform"`
	Started  time.Time `json:"started"`
	// DurationSeconds is how long all of it took.
	DurationSeconds float64 `json:"durationSeconds"`
	// Allows is what the machine allows, thing by thing.
	Allows []Allowance `json:"allows"`
	Rate   Rate        `json:"rate"`
}

// What is thought of an allowance.
const (
	Fine    = "fine"
	Short   = "short"   // it may spoil figures, or keep calls from being sent
	Absent  = "absent"  // it is not there, and only some of what andon does wants it
	Unknown = "unknown" // this system does not tell
)

// Allowance is one thing that a machine has, or lets a process have.
type Allowance struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	// Value is the figure, where it has one, in the unit that Name's sentence names.
	Value *float64 `json:"value,omitempty"`
	Found string   `json:"found"`
	// Advice is what follows from it; empty where nothing does.
	Advice string `json:"advice,omitempty"`
}

// Rate is the highest rate that was sent honestly: such that a run at it is valid by the rules of every run.
type Rate struct {
	// Scenario is the one whose calls were sent, and Needed its own highest rate; nil where nobody asked for it.
	Scenario string   `json:"scenario"`
	Needed   *float64 `json:"needed,omitempty"`
	// Held is the highest rate that was held, each time that it was tried; 0 is none.
	Held float64 `json:"held"`
	// Failed is the lowest rate above it that was not; nil where none was tried that failed.
	Failed *float64 `json:"failed,omitempty"`
	// Most is what callers got through who waited for nothing but their answers.
	Most float64 `json:"most"`
	// TargetLimited says that what ended the search may have been the target.
	TargetLimited bool  `json:"targetLimited,omitempty"`
	Tries         []Try `json:"tries"`
	// CoresOfOthers is how many cores other processes took meanwhile, on average; nil where that is not known.
	CoresOfOthers *float64 `json:"coresOfOthers,omitempty"`
	// StolenCores is how many the host of a virtual machine gave to others.
	StolenCores float64 `json:"stolenCores,omitempty"`
	// Why says why nothing was measured, or not all; empty where all was.
	Why string `json:"why,omitempty"`
}

// Try is a run at one rate.
type Try struct {
	// Rate is what was asked for; 0 is as fast as the callers could. Achieved is what left, of Sent calls.
	Rate     float64 `json:"rate"`
	Achieved float64 `json:"achieved"`
	Sent     uint64  `json:"sent"`
	Seconds  float64 `json:"seconds"`
	Held     bool    `json:"held"`
	// Status is the validity of the run.
	Status string `json:"status"`
	// Lag50 and Lag99 are how late calls left; nil where there were too few, and in a closed loop.
	Lag50 *float64 `json:"lag50"`
	Lag99 *float64 `json:"lag99"`
	// Cores is how many the generator took.
	Cores float64 `json:"cores"`
}

// Decide fills in the verdict. A machine that is too weak is no finding about any target: there is a pass or none.
func (r *Report) Decide() {
	r.Verdict = summary.Verdict{Status: summary.Pass, Causes: []string{}}
	short := func(format string, args ...any) {
		r.Verdict.Status, r.Verdict.ExitCode = summary.NoVerdict, 3
		r.Verdict.Causes = append(r.Verdict.Causes, fmt.Sprintf(format, args...))
	}
	if r.Rate.Why != "" {
		short("%s", r.Rate.Why)
	}
	switch need := r.Rate.Needed; {
	case r.Rate.Held == 0 && r.Rate.Why == "":
		short("no rate was sent on time: the machine is too busy, or too small")
	case need != nil && r.Rate.Held > 0 && r.Rate.Held < *need:
		short("the scenario asks for %s, and %s were sent on time: send it from several machines, or from one that has more cores or less else to do",
			text.Rate(*need), text.Rate(r.Rate.Held))
	}
}

// Headline says in a sentence what was measured.
func (r Report) Headline() string {
	switch {
	case r.Rate.Held == 0:
		return "no honest rate was found"
	case r.Rate.Needed != nil && r.Rate.Held < *r.Rate.Needed:
		return fmt.Sprintf("this machine sends %s on time, and the scenario asks for %s", text.Rate(r.Rate.Held), text.Rate(*r.Rate.Needed))
	case r.Rate.Failed == nil || r.Rate.TargetLimited:
		return fmt.Sprintf("this machine sends at least %s on time", text.Rate(r.Rate.Held))
	}
	return fmt.Sprintf("this machine sends %s on time, and no longer %s", text.Rate(r.Rate.Held), text.Rate(*r.Rate.Failed))
}
