package compare

import (
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// Measured is a run as it is compared: what it is, and what was measured.
type Measured struct {
	results.Manifest
	End results.End
	// Validity says what its figures can be, as its summary does, and Reasons why.
	Validity string
	Reasons  []string
	// Whole and Stretches were given all of its calls.
	Whole     *metrics.Aggregator
	Stretches *metrics.Stretches
	// Completion is what became of its executions; nil where they were not followed.
	Completion *Completion
}

// Completion counts the accepted executions of a run whose state was seen, and those that completed.
type Completion struct {
	Completed uint64 `json:"completed"`
	Of        uint64 `json:"of"`
}

// CompletionOf is that of a run; nil where its executions were not followed.
func CompletionOf(a *metrics.Aggregator) *Completion {
	account := a.Followed()
	if account == nil {
		return nil
	}
	x := account.Report().Total
	return &Completion{x.Completed, x.Accepted - min(x.Unseen, x.Accepted)}
}

// Set is a number of runs of one kind.
type Set struct {
	// Name is how it was named: a run directory, a folder of them, a baseline.
	Name string
	Runs []Measured
}

// Options say how two sets are compared. The zero value is of the default tolerances.
type Options struct {
	Andon string
	// Tolerances are those that are not the default; see [ParseTolerances].
	Tolerances Tolerances
	// Force compares runs of different descriptions, and says so.
	Force bool
	// NeedAnswer makes it a fail where a declared figure cannot be told.
	NeedAnswer bool
}
