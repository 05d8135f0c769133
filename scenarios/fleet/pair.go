package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/scenarios/trial"
)

// RunPair is [Run] of two targets that are met in turn, of which c.Against is the second, and gives what
// [trial.RunPair] does: each worker has its part of each slice, by the one start. Workers tell of each call, so that
// c.Trial's Observe and Tick are called, and Enough ends the sending. Once a worker is lost, which a [trial.ShortError]
// says, all stop.
func RunPair(ctx context.Context, interrupt <-chan struct{}, c Config) (a, b trial.Result, err error) {
	r := run{Config: c, times: c.Times.usual(), began: time.Now()}
	r.missing = r.lost
	out, err := r.make(ctx, interrupt)
	if r.state == nil {
		return a, b, err
	}
	made, err := r.conclude(ctx, interrupt, out, err)
	if made == nil {
		return a, b, err
	}
	return made[0], made[1], err
}

// lost names a worker that is lost; empty where none is.
func (r *run) lost() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.state.members {
		if m := &r.state.members[i]; m.gone != "" {
			return fmt.Sprintf("worker %s is lost: %s", m.name(), m.gone)
		}
	}
	return ""
}
