package wire

import (
	"testing"
	"time"
)

// The wait for a turn to connect is andon's own if those before were quick, and the target's if it held them up.
func TestTurn(t *testing.T) {
	var p pool
	for _, c := range []struct {
		waited time.Duration
		ended  uint64
		quick  bool
	}{
		{0, 0, true},
		{10 * time.Millisecond, 1000, true},          // 0.6 ms each
		{time.Second, 640, true},                     // 100 ms each
		{time.Second, 64, false},                     // 1 s each, as where a SYN is sent again
		{3 * time.Second, 0, false},                  // none ended in all that time
		{200 * time.Millisecond, 1, false},           // nearly all of them are held up
		{500 * time.Millisecond, dials * 2, true},    // 250 ms each
		{500 * time.Millisecond, dials*2 - 1, false}, // and a little more
	} {
		if got := p.quick(c.waited, c.ended); got != c.quick {
			t.Errorf("a wait of %s, in which %d ended: quick is %v", c.waited, c.ended, got)
		}
	}
}
