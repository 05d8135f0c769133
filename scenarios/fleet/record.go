package fleet

import (
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// record is what fleet.json says of a run.
type record struct {
	Schema string `json:"schema"`
	// Run is the name of the run, and of its bucket in the store.
	Run string `json:"run"`
	// Store is the hub's, and Hub the address of one that was there; one of them is empty.
	Store  string `json:"store,omitempty"`
	Hub    string `json:"hub,omitempty"`
	Shards int    `json:"shards"`
	Plan   string `json:"plan"`
	Target string `json:"target"`
	// Start is when the first call was due, on the hub's clock.
	Start   *time.Time     `json:"start,omitempty"`
	Stop    *results.End   `json:"stop,omitempty"`
	Workers []workerRecord `json:"workers,omitempty"`

	Dir string `json:"-"`
}

type workerRecord struct {
	Shard  int    `json:"shard"`
	Worker string `json:"worker,omitempty"`
	// OffsetSeconds is what is to be added to its clock for the hub's, UncertainSeconds how wrong that may be, and
	// LateSeconds how long after the start its run began, by the hub's clock.
	OffsetSeconds    float64 `json:"offsetSeconds"`
	UncertainSeconds float64 `json:"uncertainSeconds"`
	LateSeconds      float64 `json:"lateSeconds"`
	// Home says that everything is here, Lost why not, and Spool where it lies then.
	Home  bool   `json:"home"`
	Lost  string `json:"lost,omitempty"`
	Spool string `json:"spool,omitempty"`
}

const (
	recordFile   = results.FleetFile
	recordSchema = "andon.fleet/1"
	storeDir     = "hub"
)

// NoStartError says that no call was sent.
type NoStartError struct{ Why string }

// Error says why.
func (e *NoStartError) Error() string { return "no call was sent: " + e.Why }
