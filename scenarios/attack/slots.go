package attack

import (
	"sync"
	"time"
)

// slots tells whom a late call waited for. It keeps the schedule that the calls would have had if andon had never stood
// still: each takes the slot that is free first, when it is due or when the slot is free, and keeps it for as long as
// it did, less the standstills. What a call leaves later than in this schedule is andon's own doing, and so is the
// whole backlog behind a standstill, though every slot is taken while it drains. What it leaves late in this schedule
// as well is the target's.
//
// What it takes to hand a slot on, which is some microseconds where there is a processor, stays in the schedule: taken
// out of it call by call, it would add up, and a target that is too slow for its rate would look like our own fault in
// the end.
//
// Calls take slots in the order in which they are due, and give them back as they end. When a slot that is in use will
// be free nobody knows yet, so that only the others are looked at: where calls differ much in length and all slots are
// in use, some seem to wait for the target that would have found a slot without the standstill.
type slots struct {
	mu sync.Mutex
	// idle are the slots that no call has, as a heap, the one that would be free first on top.
	idle []slot
	// ended counts the calls that were sent and are over, and took is the time they kept their slots for.
	ended, took time.Duration
}

// slot is one that no call has: since when, and since when it would be free had andon never stood still.
type slot struct{ since, would time.Duration }

func newSlots(c int) *slots { return &slots{idle: make([]slot, c)} }

// take gives the slot that would be free first; it is false where there is none.
func (s *slots) take() (_ slot, free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.idle
	if len(h) == 0 {
		return slot{}, false
	}
	first, last := h[0], len(h)-1
	h[0] = h[last]
	for i := 0; ; {
		next := 2*i + 1
		if next+1 < last && h[next+1].would < h[next].would {
			next++
		}
		if next >= last || h[i].would <= h[next].would {
			break
		}
		h[i], h[next] = h[next], h[i]
		i = next
	}
	s.idle = h[:last]
	return first, true
}

// give takes a slot back after a call that was sent and kept it for so long, less the standstills.
func (s *slots) give(x slot, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	s.took += took
	s.push(x)
}

// dropped takes a slot back from a call that was not sent. If without the standstills it would have been, it would have
// kept the slot for as long as others do.
func (s *slots) dropped(x slot, sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sent {
		x.would += s.took / max(s.ended, 1)
	}
	s.push(x)
}

func (s *slots) push(x slot) {
	s.idle = append(s.idle, x)
	h := s.idle
	for i := len(h) - 1; i > 0 && h[i].would < h[(i-1)/2].would; i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
}
