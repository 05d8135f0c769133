package heap_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/kaizenautomation/andon/cmd/andon/heap"
)

func TestUsual(t *testing.T) {
	if began := debug.SetGCPercent(math.MaxInt32); began != 400 {
		t.Errorf("%d at the beginning, want 400", began)
	}
	heap.Usual()
	if after := debug.SetGCPercent(100); after != 100 {
		t.Errorf("%d, want what Go has", after)
	}
	t.Setenv("GOGC", "50")
	debug.SetGCPercent(50)
	heap.Usual()
	if after := debug.SetGCPercent(100); after != 50 {
		t.Errorf("%d where the user wants 50", after)
	}
}
