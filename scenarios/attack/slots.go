package attack

import (
	"sync/atomic"
	"time"
)

// slots remembers when calls ended, to tell for how long a late call had to wait for one.
//
// With c slots, call n can leave once n−c+1 calls have ended. The moment of the k-th end is kept in a ring of c
// entries: that of end n−c is overwritten by end n, which cannot come before call n itself has left, or only while it
// is leaving.
type slots struct {
	ends  []atomic.Int64
	ended atomic.Uint64
}

func newSlots(c int) slots { return slots{ends: make([]atomic.Int64, c)} }

func (s *slots) end(at time.Duration) {
	s.ends[(s.ended.Add(1)-1)%uint64(len(s.ends))].Store(int64(at))
}

// free is when call n found a slot free; 0 if one always was.
func (s *slots) free(n uint64) time.Duration {
	if n < uint64(len(s.ends)) {
		return 0
	}
	return time.Duration(s.ends[n%uint64(len(s.ends))].Load())
}
