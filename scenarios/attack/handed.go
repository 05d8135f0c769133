package attack

import (
	"sync"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// record is what a worker hands to the sink.
type record struct {
	row results.Row
	// side is the place of the target.
	side int
	// execution is the id that the response gave, and session that of its session; empty if it gave none.
	execution, session string
	// sent is when the call left, and whole when its answer was there.
	sent, whole time.Duration
	// sample is set for the first call of its kind of trouble.
	sample *results.Sample
	// end is when the call was over.
	end time.Duration
}

// queueLength is how many records may wait for the sink: at 10,000 calls a second, a disk may hang for six seconds. A
// longer wait holds up the workers, and shows as the generator's own lag.
const queueLength = 1 << 16

// handed are the records that wait for the sink, which looks for them on a timer of its own: handing one over wakes
// nobody, unless many wait.
type handed struct {
	mu   sync.Mutex
	room sync.Cond
	most int // that may wait
	list []record
	// many is told when so many wait that the sink should not wait for its timer.
	many chan struct{}
}

// manyRecords is how many records wake the sink: its timer is as soon at 10,000 calls a second, and more records are
// memory for nothing.
const manyRecords = 1024

func newHanded(most int) *handed {
	h := &handed{most: most, many: make(chan struct{}, 1)}
	h.room.L = &h.mu
	return h
}

// put adds a record, and gives for how long that had to wait for the sink.
func (h *handed) put(rec record) (waited time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.list) >= h.most {
		begun := time.Now()
		for len(h.list) >= h.most {
			h.room.Wait()
		}
		waited = time.Since(begun)
	}
	h.list = append(h.list, rec)
	h.tell(1)
	return waited
}

// add adds records without waiting, and reports whether no more are to come until some were taken.
func (h *handed) add(list []record) (full bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, list...)
	h.tell(len(list))
	return len(h.list) >= h.most
}

// tell says that many wait, where they have just become so many.
func (h *handed) tell(added int) {
	if n := len(h.list); n >= manyRecords && n-added < manyRecords {
		select {
		case h.many <- struct{}{}:
		default:
		}
	}
}

// take gives all that wait, in the order in which they came, for a list of before that is free again.
func (h *handed) take(free []record) []record {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.list
	h.list = free[:0]
	h.room.Broadcast()
	return list
}

func (h *handed) waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.list)
}
