package executions

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// About is what the executions of a run say nothing of: how they were followed.
type About struct {
	Labels results.Labels `json:"-"`
	// Operation, Sample, End, Detail, Seconds, Polls and Webhooks are those of [Report].
	Operation string    `json:"operation"`
	Sample    float64   `json:"sample"`
	End       string    `json:"end"`
	Detail    string    `json:"detail,omitempty"`
	Seconds   float64   `json:"seconds"`
	Polls     Polls     `json:"polls"`
	Webhooks  *Webhooks `json:"webhooks,omitempty"`
	// Imagined is an id that nobody has given, and of which the provider told a state all the same; empty where it did
	// not.
	Imagined string `json:"imagined,omitempty"`
	// Began is when the run's clock began, by that of the machine it went on on; zero where that is not known.
	Began time.Time `json:"began,omitzero"`
	// LoadSeconds is when the last call was answered, on the run's clock.
	LoadSeconds float64 `json:"loadSeconds"`
}

// Account is the executions of a run, or of several that were merged: what figures are made of.
type Account struct {
	about About
	// parts are the executions of runs that went on one after the other, each on its own clock. Those of runs that went
	// on at the same time are one part.
	parts []part
}

type part struct {
	list []results.Execution
	// load is when the last call was answered.
	load time.Duration
}

// Of is the account of one run. The list stays the caller's, and is not to be changed.
func Of(list []results.Execution, about About) *Account {
	return &Account{about, []part{{list, seconds(about.LoadSeconds)}}}
}

// seconds is a moment of a run, which goes on for years at most, whatever a file says.
func seconds(s float64) time.Duration {
	const most = 1 << 58
	return time.Duration(min(max(math.Round(s*float64(time.Second)), 0), most))
}
