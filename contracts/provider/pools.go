package provider

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/kaizenautomation/andon/contracts"
)

// pool is workers, and a queue in front of them.
type pool struct {
	workers chan struct{} // holds one element per busy worker
	room    int64         // workers and places in the queue
	inside  atomic.Int64  // calls that are in service or wait
}

func newPool(workers, queue int) *pool {
	return &pool{workers: make(chan struct{}, workers), room: int64(workers) + int64(queue)}
}

// newPools gives each tier its pool, which several may share, by how many workers those have that are given, or all
// tiers together; nil where there is no limit.
func newPools(given map[string]int, shared, queue int, tiers []string) map[string]*pool {
	pools := map[string]*pool{}
	for tier, workers := range given {
		pools[tier] = newPool(workers, queue)
	}
	if shared > 0 {
		pools[contracts.NoTier(tiers)] = newPool(shared, queue)
	}
	if len(pools) == 0 {
		return nil
	}
	pools, _ = byTier(tiers, pools) // checkPools has looked at it
	return pools
}

// checkPools reports everything that is wrong with pools.
func checkPools(given map[string]int, shared int, tiers []string) error {
	if len(given) == 0 {
		return nil
	}
	_, err := byTier(tiers, given)
	errs := []error{err}
	for _, tier := range slices.Sorted(maps.Keys(given)) {
		if n := given[tier]; n < 1 {
			errs = append(errs, fmt.Errorf("expected at least 1 worker for %s, found %d", quote(tier), n))
		}
	}
	if shared > 0 {
		errs = append(errs, errors.New("their workers are of one tier each, and those of workers of all; leave one of them out"))
	}
	return errors.Join(errs...)
}

// enter takes a worker, waiting in the queue for one if need be.
func (p *pool) enter(w http.ResponseWriter, r *http.Request) *refusal {
	// Counting those who wait and those in service as one makes the limit exact: a worker that passes from one call to
	// the next is never counted twice.
	for {
		n := p.inside.Load()
		if n >= p.room {
			w.Header().Set("Retry-After", "1")
			return &refusal{status: http.StatusTooManyRequests, code: "too-many-calls",
				message: fmt.Sprintf("all %d workers are busy and %d calls wait already; try again later", cap(p.workers), p.room-int64(cap(p.workers)))}
		}
		if p.inside.CompareAndSwap(n, n+1) {
			break
		}
	}
	// Those who wait to send on a channel are served in the order of their coming.
	select {
	case p.workers <- struct{}{}:
		return nil
	case <-r.Context().Done():
		p.inside.Add(-1)
		return gone
	}
}

func (p *pool) leave() {
	<-p.workers
	p.inside.Add(-1)
}
