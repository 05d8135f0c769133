package metrics

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestPolynomialsAreOrthonormal(t *testing.T) {
	for _, n := range []int{fewestBlocks, mostBlocks, 640} {
		basis := polynomials(waveBasis(n, float64(n)/4), trendTerms+1)
		for i, a := range basis {
			for j, b := range basis[:i+1] {
				want := 0.0
				if i == j {
					want = 1
				}
				if got := dot(a, b); math.Abs(got-want) > 1e-12 {
					t.Errorf("on %d points: %d times %d is %g, expected %g", n, i, j, got, want)
				}
			}
		}
	}
}

// TestTrendOfLine finds a line exactly, whatever the values are counted in.
func TestTrendOfLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(fewestBlocks, mostBlocks).Draw(t, "blocks")
		from, rise := rapid.Float64Range(-100, 100).Draw(t, "from"), rapid.Float64Range(-100, 100).Draw(t, "rise")
		values := make([]float64, n)
		period := 0.0
		if rapid.Bool().Draw(t, "breathes") {
			period = rapid.Float64Range(2.5, 8).Draw(t, "period")
		}
		for i := range values {
			values[i] = from + rise*(float64(i)+0.5)/float64(n) // in the middle of each block
		}
		level, _, _ := trend(values, period, 0.95)
		for i := range values {
			if period > 0 {
				values[i] += 50 * math.Sin(2*math.Pi*float64(i)/period)
			}
		}
		_, change, half := trend(values, period, 0.95)
		if math.Abs(level-from-rise/2) > 1e-9 || math.Abs(change-rise) > 1e-9 || half > 1e-9 {
			t.Errorf("from %g by %g in %d blocks: around %g by %g ± %g", from, rise, n, level, change, half)
		}
	})
}

// TestHalfWidth has the spread of a sum grow with what neighbours have in common, and not with what they have not.
func TestHalfWidth(t *testing.T) {
	alternating, slow := make([]float64, 600), make([]float64, 600)
	for i := range slow {
		alternating[i] = 1 - 2*float64(i%2)
		slow[i] = math.Sin(2 * math.Pi * float64(i) / 300)
	}
	if got := halfWidth([][]float64{alternating}); got > 0.1*normal*math.Sqrt(600) {
		t.Errorf("values that take turns make a sum of 0 ± %g, expected next to nothing", got)
	}
	if got, independent := halfWidth([][]float64{slow}), normal*math.Sqrt(600*0.5); got < 3*independent {
		t.Errorf("values that wander slowly make a sum of 0 ± %g, no more than independent ones: %g", got, independent)
	}
	if got := halfWidth([][]float64{make([]float64, 40)}); got != 0 {
		t.Errorf("values that never differ make a sum of 0 ± %g", got)
	}
}
