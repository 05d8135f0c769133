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
