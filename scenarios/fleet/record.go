package fleet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
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
	// Against is the second of two targets that are met in turn; empty where there is none.
	Against string `json:"against,omitempty"`
	// Start is when the first call was due, on the hub's clock.
	Start   *time.Time     `json:"start,omitempty"`
	Stop    *results.End   `json:"stop,omitempty"`
	Workers []workerRecord `json:"workers,omitempty"`

	Dir string `json:"-"`
}

// sides are the parts of each shard: its two runs where two targets are met in turn, or nothing but itself.
func (r record) sides() []string {
	if r.Against != "" {
		return []string{"a", "b"}
	}
	return []string{""}
}

// shard is the directory of a side of a shard.
func (r record) shard(side string, i int) string {
	return filepath.Join(r.Dir, side, "s"+strconv.Itoa(i))
}

// home opens the directory of a side of a shard, which has to be that of this run. What is not there is
// [fs.ErrNotExist].
func (r record) home(side string, shard int) (*results.Run, error) {
	dir := r.shard(side, shard)
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	m, err := results.Open(dir)
	if err != nil {
		return nil, err
	}
	return m, r.owns(dir, m, side, shard)
}

// isHome reports whether all that there is of a shard is whole.
func (r record) isHome(shard int) bool {
	return !slices.ContainsFunc(r.sides(), func(side string) bool {
		run, err := r.home(side, shard)
		return err != nil || run.End.Reason == results.Cut
	})
}

// owns says why a directory is not that of a side of a shard of this run.
func (r record) owns(dir string, m *results.Run, side string, shard int) error {
	s, is := m.Shard, ""
	if m.Paired != nil {
		is = m.Paired.Side
	}
	switch {
	case s == nil:
		return fmt.Errorf("%s is no part of a run on several machines", dir)
	case s.Group != r.Run || s.Of != r.Shards || s.Index != shard:
		return fmt.Errorf("%s is shard %d of %d of the run %s: expected shard %d of %d of the run %s", dir, s.Index, s.Of, s.Group, shard, r.Shards, r.Run)
	case is != side:
		return fmt.Errorf("%s is side %q of a run of two targets in turn: expected side %q", dir, is, side)
	}
	return nil
}

// bring brings all of a shard home that was handed in. again are the keys of the parts that are not as they should be.
func (r record) bring(b *hub.Bucket, shard int, try func(func(context.Context) error) error) (again []string, err error) {
	for _, side := range r.sides() {
		if err := os.MkdirAll(filepath.Join(r.Dir, side), 0o777); err != nil {
			return nil, err
		}
		missing, err := bringHome(b, upKey(shard, side), r.shard(side, shard), try)
		if err != nil {
			return nil, err
		}
		again = append(again, missing...)
	}
	return again, nil
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
