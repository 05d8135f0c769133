package scalability

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func ladder(ns, xs []float64) (levels []Level) {
	for i, n := range ns {
		levels = append(levels, Level{n, xs[i]})
	}
	return levels
}

// The published data sets.
func specsdm91() []Level {
	return ladder([]float64{1, 18, 36, 72, 108, 144, 216}, []float64{64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2})
}

func raytracer() []Level {
	return ladder([]float64{1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64}, []float64{20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310})
}

func cisco() []Level {
	xs := []float64{955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71, 8646.7,
		9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806, 12089.37, 12075.41,
		12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39}
	var ns []float64
	for i := range xs {
		ns = append(ns, float64(i+1))
	}
	return ladder(ns, xs)
}

// same compares the digits that were published.
func same(t *testing.T, what, want string, got float64) {
	t.Helper()
	decimals := len(want) - strings.IndexByte(want+".", '.') - 1
	if s := fmt.Sprintf("%.*f", max(0, decimals), got); s != want {
		t.Errorf("%s is %s, and was published as %s", what, s, want)
	}
}

func TestPublishedFits(t *testing.T) {
	law, err := Fit(specsdm91())
	if err != nil {
		t.Fatal(err)
	}
	n, x := law.Peak()
	same(t, "alpha", "0.0277285", law.Alpha.Value)
	same(t, "its error", "0.0091217", law.Alpha.Error)
	same(t, "beta", "0.0001044", law.Beta.Value)
	same(t, "its error", "0.0000199", law.Beta.Error)
	same(t, "gamma", "89.995", law.Gamma.Value)
	same(t, "its error", "14.213", law.Gamma.Error)
	same(t, "residual", "82.8", law.Residual)
	same(t, "peak N", "96.52", n)
	same(t, "peak X", "1883.9", x)
	// Student's t with 4 degrees of freedom.
	same(t, "low alpha", "0.0024", law.Alpha.Low)
	same(t, "high alpha", "0.0531", law.Alpha.High)
	if law.Alpha.Held || law.Beta.Held || law.Gamma.Held {
		t.Errorf("something was held: %+v", law)
	}

	if law, err = Fit(raytracer()); err != nil {
		t.Fatal(err)
	}
	same(t, "alpha", "0.057771", law.Alpha.Value)
	same(t, "gamma", "21.848843", law.Gamma.Value)
	if b := law.Beta; !b.Held || b.Value != 0 || b.Error != 0 || b.High != 0 {
		t.Errorf("beta was to be held at 0: %+v", b)
	}
	if n, x := law.Peak(); !math.IsInf(n, 1) || math.Abs(x-378.2) > .1 {
		t.Errorf("without beta the throughput comes near to 378.2, not to %v at %v", x, n)
	}

	if law, err = Fit(cisco()); err != nil {
		t.Fatal(err)
	}
	n, _ = law.Peak()
	same(t, "alpha", "0.026716", law.Alpha.Value)
	same(t, "beta", "0.000769094", law.Beta.Value)
	same(t, "gamma", "995.649", law.Gamma.Value)
	// What was published is for whole callers, by a fit that ended a little before the least squares.
	if math.Floor(n) != 35 || math.Floor(law.At(35)) != 12341 {
		t.Errorf("the peak is %v at %v callers, and was published as 12341 at 35", law.At(35), n)
	}
	published := curve{factors: [3]float64{1 / 995.6486, .02671591 / 995.6486, 7.690945e-4 / 995.6486}}
	ours := curve{factors: [3]float64{1 / law.Gamma.Value, law.Alpha.Value / law.Gamma.Value, law.Beta.Value / law.Gamma.Value}}
	if more := published.squares(cisco())/ours.squares(cisco()) - 1; more < 0 || more > 1e-9 {
		t.Errorf("the published fit leaves %v more than ours", more)
	}
}

// What the law said is found again, without noise exactly, and with it within its intervals.
func TestFitFindsTheLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth := Law{
			Alpha: Coefficient{Value: rapid.OneOf(rapid.Just(0.), rapid.Float64Range(.001, .9)).Draw(t, "alpha")},
			Beta:  Coefficient{Value: rapid.OneOf(rapid.Just(0.), rapid.Float64Range(1e-5, .05)).Draw(t, "beta")},
			Gamma: Coefficient{Value: rapid.Float64Range(.01, 1e5).Draw(t, "gamma")},
		}
		ns := rapid.SliceOfNDistinct(rapid.IntRange(1, 256), 6, 12, rapid.ID).Draw(t, "n")
		if slices.Max(ns) < 3*slices.Min(ns) || slices.Max(ns) < 8 {
			t.Skip("too near each other")
		}
		var levels []Level
		for _, n := range ns {
			levels = append(levels, Level{float64(n), truth.At(float64(n))})
		}
		law, err := Fit(levels)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range ns {
			if want, got := truth.At(float64(n)), law.At(float64(n)); math.Abs(got/want-1) > 1e-4 {
				t.Errorf("X(%d) is %v, not %v: %+v", n, got, want, law)
			}
		}
		if off := math.Abs(law.Alpha.Value - truth.Alpha.Value); off > 1e-3*(1+truth.Alpha.Value) && slices.Min(ns) < 4 {
			t.Errorf("alpha is %v, not %v", law.Alpha.Value, truth.Alpha.Value)
		}
	})
}

func TestIntervalsCover(t *testing.T) {
	truth := Law{Alpha: Coefficient{Value: .03}, Beta: Coefficient{Value: .0005}, Gamma: Coefficient{Value: 90}}
	r := rand.New(rand.NewPCG(1, 2))
	inside := [3]int{}
	const fits = 1000
	for range fits {
		var levels []Level
		for _, n := range []float64{1, 2, 4, 8, 16, 32, 48, 64} {
			levels = append(levels, Level{n, truth.At(n) + 10*r.NormFloat64()})
		}
		law, err := Fit(levels)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range []Coefficient{law.Alpha, law.Beta, law.Gamma} {
			if value := []float64{.03, .0005, 90}[i]; c.Low <= value && value <= c.High {
				inside[i]++
			}
		}
	}
	for i, n := range inside {
		if n < 930 || n > 970 {
			t.Errorf("coefficient %d was within its interval of 95 %% in %d of %d fits", i, n, fits)
		}
	}
}

func TestRefused(t *testing.T) {
	six := []float64{1, 2, 4, 8, 16, 32}
	for name, c := range map[string]struct {
		levels []Level
		want   string
	}{
		"five levels": {ladder(six[:5], []float64{10, 20, 40, 80, 160}), "needs 6 different levels or more, and there are 5"},
		"five twice":  {append(ladder(six[:5], []float64{10, 20, 40, 80, 160}), ladder(six[:5], []float64{10, 20, 40, 80, 160})...), "there are 5"},
		"nothing":     {nil, "there are 0"},
		"none came":   {ladder(six, []float64{10, 20, 40, 80, 160, 0}), "level 6 has a throughput of 0 with N = 32"},
		"below one":   {ladder([]float64{0, 2, 4, 8, 16, 32}, []float64{1, 2, 3, 4, 5, 6}), "level 1 has a throughput of 1 with N = 0"},
		"no number":   {ladder(six, []float64{10, math.NaN(), 40, 80, 160, 1}), "level 2"},
		"endless":     {ladder(six, []float64{10, math.Inf(1), 40, 80, 160, 1}), "level 2"},
		"noise":       {ladder(six, []float64{103, 51, 149, 60, 140, 55}), "does not describe"},
		"a collapse":  {ladder(six, []float64{10, 20, 40, 80, 5, 5}), "does not describe"},
	} {
		law, err := Fit(c.levels)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %+v", name, err, law)
		}
	}
}

// A throughput that is the same at each level is what the law describes with α = 1, though R² is 0.
func TestNoScalingIsNoPoorFit(t *testing.T) {
	law, err := Fit(ladder([]float64{1, 2, 4, 8, 16, 32}, []float64{100, 101, 99, 100, 102, 98}))
	if err != nil || law.Explained > .5 || law.Alpha.High < 1 || law.Alpha.Low > 1 {
		t.Errorf("%v: %+v", err, law)
	}
	if law, err = Fit(ladder([]float64{1, 2, 4, 8, 16, 32}, []float64{7, 7, 7, 7, 7, 7})); err != nil || math.Abs(law.Alpha.Value-1) > 1e-9 {
		t.Errorf("%v: %+v", err, law)
	}
	// And what scales fully has neither.
	if law, err = Fit(ladder([]float64{1, 2, 4, 8, 16, 32}, []float64{7, 14, 28, 56, 112, 224})); err != nil || law.Alpha.Value > 1e-9 || law.Beta.Value > 1e-9 {
		t.Errorf("%v: %+v", err, law)
	}
}

// What the law does not say: a lock held for a share p of each call (exact mean value analysis of one queue and no
// think time) is not α, and workers without contention are not α = 0.
func TestWhatTheLawDoesNotSay(t *testing.T) {
	for _, p := range []float64{.05, .1, .2} {
		var levels []Level
		waiting := 0.0
		for n := 1.0; n <= 32; n++ {
			held := p * (1 + waiting)
			x := n / (1 - p + held)
			waiting = x * held
			levels = append(levels, Level{n, x})
		}
		law, err := Fit(levels)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("a lock held for %v fits as α = %.3f, β = %.5f", p, law.Alpha.Value, law.Beta.Value)
		if math.Abs(law.Alpha.Value/p-1) < .2 || law.Beta.Value < 1e-4 {
			t.Errorf("a lock held for %v: %+v", p, law)
		}
	}
	var levels []Level
	for _, n := range []float64{1, 2, 4, 8, 16, 32} {
		levels = append(levels, Level{n, min(n, 4)})
	}
	if law, err := Fit(levels); err == nil {
		t.Errorf("four workers are described: %+v", law)
	}
	c, _ := leastSquares(levels, []int{gamma, alpha, beta})
	if got := c.law(levels).Alpha.Value; got < .15 {
		t.Errorf("four workers fit as α = %v", got)
	}
}

func TestReplicas(t *testing.T) {
	law, err := FitReplicas(ladder([]float64{1, 2, 4}, []float64{100, 180, 300}))
	if err != nil || law.Alpha.Value < .05 || law.Alpha.Value > .2 || !law.Beta.Held || law.Beta.Value != 0 {
		t.Errorf("%v: %+v", err, law)
	}
	if law, err = FitReplicas(ladder([]float64{1, 2, 4}, []float64{100, 210, 450})); err != nil || !law.Alpha.Held || law.Alpha.Value != 0 {
		t.Errorf("more than linear is linear at the best: %v: %+v", err, law)
	}
	if _, err = FitReplicas(ladder([]float64{1, 2, 2}, []float64{100, 180, 180})); err == nil {
		t.Error("two counts are enough")
	}
}

func TestNeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		law := Law{
			Alpha: Coefficient{Value: rapid.OneOf(rapid.Just(0.), rapid.Float64Range(0, .9)).Draw(t, "alpha")},
			Beta:  Coefficient{Value: rapid.OneOf(rapid.Just(0.), rapid.Float64Range(1e-6, .05)).Draw(t, "beta")},
			Gamma: Coefficient{Value: rapid.Float64Range(.1, 1e3).Draw(t, "gamma")},
		}
		peak, most := law.Peak()
		if n := law.Needs(1.0001 * most); !math.IsInf(n, 1) {
			t.Errorf("more than the most is had with %v", n)
		}
		n := rapid.Float64Range(1, min(1e4, .99*peak+.01)).Draw(t, "n")
		if got := law.Needs(law.At(n)); math.Abs(got/n-1) > 1e-3 {
			t.Errorf("what %v gives is had with %v: %+v", n, got, law)
		}
		if law.At(n) > most*(1+1e-9) {
			t.Errorf("X(%v) is above the peak", n)
		}
	})
}
