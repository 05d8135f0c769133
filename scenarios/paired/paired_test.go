package paired

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever the seed, each pair of slices has one of each target, two pairs in a row have both orders, and a call's
// target depends on nothing but the moment at which it is due.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := Order(rapid.Uint64().Draw(t, "seed"))
		two := time.Duration(rapid.IntRange(0, 900).Draw(t, "two")) * 4 * Slice
		var sides [4]bool
		for i := range sides {
			from := two + time.Duration(i)*Slice
			sides[i] = order(from)
			if within := from + time.Duration(rapid.Int64Range(0, int64(Slice)-1).Draw(t, "within")); order(within) != sides[i] {
				t.Fatalf("the slice at %s is cut at %s", from, within)
			}
		}
		if sides[0] == sides[1] || sides[2] == sides[3] || sides[0] == sides[2] {
			t.Fatalf("the order is %v", sides)
		}
	})
	begins := map[bool]int{}
	order := Order(1)
	for i := range 900 {
		begins[order(time.Duration(i)*4*Slice)]++
	}
	if begins[true] < 380 || begins[false] < 380 {
		t.Errorf("one target begins in %d of 900, the other in %d", begins[true], begins[false])
	}
}

// Pairs are told as soon as they are over, and each side of one is the slice that was its own.
func TestPairsUntil(t *testing.T) {
	order := Order(7)
	for until, want := range map[time.Duration]int{0: 0, 2*Slice - 1: 0, 2 * Slice: 1, 7 * Slice: 3, 90 * Slice: 45} {
		pairs := pairsUntil(order, until)
		if len(pairs) != want {
			t.Errorf("%d pairs were over after %s, want %d", len(pairs), until, want)
		}
		for _, p := range pairs {
			at := func(of [2]float64) bool { return order(time.Duration((of[0] + of[1]) / 2 * float64(time.Second))) }
			if at(p.Base) || !at(p.New) {
				t.Errorf("%+v", p)
			}
		}
	}
}
