package results

import (
	"errors"
	"fmt"
	"time"
)

// Shard says which part of a run a directory holds, where several machines share one. The parts of one group are one
// run, and their times count from one moment, whatever each machine's clock says of it.
type Shard struct {
	// Group names the run that it is a part of.
	Group string `json:"group"`
	// Index is which of the parts it is, from 0 on, and Of how many there are: it has the calls whose numbers leave Index
	// when they are divided by Of.
	Index int `json:"index"`
	Of    int `json:"of"`
	// Plan is the digest, in hex, of all that decides what is sent and how it is judged: the seed and andon's version as
	// well as what PlanSHA256 is of.
	Plan string `json:"plan"`
	// Start is when the whole run began.
	Start time.Time `json:"start"`
}

// MaxShards is how many shards there may be, which is far more than anybody has machines for.
const MaxShards = 10_000

func (s *Shard) check() error {
	switch {
	case s == nil:
		return nil
	case s.Of < 1 || s.Of > MaxShards || s.Index < 0 || s.Index >= s.Of:
		return fmt.Errorf("expected /shard/of from 1 to %d and /shard/index from 0 and below it, found %d and %d", MaxShards, s.Of, s.Index)
	case s.Group == "" || s.Plan == "":
		return errors.New("expected /shard to name a group and the digest of a plan")
	}
	return nil
}
