package metrics

import (
	"math"
	"testing"
)

// TestRatioDifference compares with the examples of the article that the method is from; there the second ratio is
// subtracted.
func TestRatioDifference(t *testing.T) {
	for _, c := range []struct {
		a, na, b, nb uint64
		low, high    float64
	}{
		{48, 80, 56, 70, 0.0524, 0.3339},
		{3, 10, 9, 10, 0.1705, 0.8090},
		{2, 7, 6, 7, 0.0582, 0.8062},
		{0, 29, 5, 56, -0.0381, 0.1926},
		{0, 20, 0, 10, -0.1611, 0.2775},
		{0, 20, 10, 10, 0.6791, 1},
		{0, 10, 10, 10, 0.6075, 1},
	} {
		got := RatioDifference(c.a, c.na, c.b, c.nb)
		if math.Abs(got.Low-c.low) > 2e-3 || math.Abs(got.High-c.high) > 2e-3 {
			t.Errorf("%d/%d and %d/%d: %v, want [%v, %v]", c.a, c.na, c.b, c.nb, *got, c.low, c.high)
		}
	}
	if RatioDifference(0, 0, 1, 2) != nil || RatioDifference(1, 2, 0, 0) != nil {
		t.Error("a ratio over nothing differs")
	}
}
