package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func distribution(times ...float64) Distribution {
	d := newDense()
	var s sparse
	for _, t := range times {
		s.record(int64(t * 1e9))
	}
	s.addTo(d)
	return d.distribution()
}

// TestDistribution: a distribution gives the percentiles of the histogram that it was made of.
func TestDistribution(t *testing.T) {
	d := newDense()
	rapid.Check(t, func(t *rapid.T) {
		d.reset()
		var s sparse
		for _, v := range rapid.SliceOfN(rapid.Int64Range(0, highest), 0, 700).Draw(t, "times") {
			s.record(v)
		}
		s.addTo(d)
		p := rapid.SampledFrom([]float64{0.5, 50, 75, 90, 95, 99, 99.9}).Draw(t, "p")
		got, want := d.distribution().Percentile(p), d.percentiles(p)[0]
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Fatalf("p%v is %v, want %v", p, got, want)
		}
		if got := d.distribution().Samples(); got != d.n {
			t.Fatalf("%d samples, want %d", got, d.n)
		}
	})
	for i := range bucketCount {
		if e := edge(i); e <= highest && (bucket(e) != i || e < highest && bucket(e+1) != i+1) {
			t.Fatalf("bucket %d ends at %d", i, e)
		}
	}
	a := aggregate(t, labels(), nil, ok(steady, full, 0.5), ok(steady, lite, 1), ok(warmup, lite, 1), ok(peak, invalid, 0.001))
	by := a.Latencies(ByTier)
	if len(by) != 3 || by["Full"].Samples() != 1 || *by["Lite"].Max() != 1 || by["Lite"].Samples() != 1 || by["invalid"].Samples() != 1 {
		t.Errorf("by tier: %v", by)
	}
	lag, own := a.Lags()
	if lag.Samples() != 4-1 || own.Samples() != 3 || (Distribution{}).Max() != nil || (Distribution{}).Percentile(50) != nil {
		t.Errorf("lags of %d and %d hits", lag.Samples(), own.Samples())
	}
}

// TestDifference compares the intervals with those of the plain way: draw every hit anew, sort, take the percentile.
func TestDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, scale float64) (times []float64) {
		for range n {
			times = append(times, scale*math.Exp(random.NormFloat64()/3))
		}
		return times
	}
	x, y := draw(900, 0.3), draw(1500, 0.1)
	again := func(times []float64, p float64) float64 {
		drawn := make([]float64, len(times))
		for i := range drawn {
			drawn[i] = times[random.IntN(len(times))]
		}
		slices.Sort(drawn)
		return drawn[int(p/100*float64(len(drawn))+0.5)-1]
	}
	a, b := distribution(x...), distribution(y...)
	for _, p := range []float64{50, 90, 99} {
		var plain []float64
		for range resamples {
			plain = append(plain, again(y, p)-again(x, p))
		}
		slices.Sort(plain)
		low, high := plain[resamples*25/1000-1], plain[resamples-resamples*25/1000]
		got := Difference(a, b, p)
		if width := high - low; math.Abs(got.Low-low) > width/6 || math.Abs(got.High-high) > width/6 {
			t.Errorf("p%v: %v, drawn hit by hit [%v, %v]", p, got, low, high)
		}
		if again := Difference(a, b, p); *again != *got {
			t.Errorf("p%v: %v, asked again %v", p, got, again)
		}
	}
	if Difference(a, b, 99.9) != nil || Difference(Distribution{}, b, 50) != nil {
		t.Error("a difference is told that the samples do not support")
	}
	same := Difference(a, a, 50)
	if same.Low > 0 || same.High < 0 {
		t.Errorf("what is the same differs: %v", same)
	}
}

// TestDifferenceCovers: of 300 pairs of samples whose medians differ by 0.2, the interval holds the 0.2 for about 95 in 100.
func TestDifferenceCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	held := 0
	for range 300 {
		var x, y []float64
		for range 200 {
			x, y = append(x, 1+random.Float64()), append(y, 1.2+random.Float64())
		}
		if i := Difference(distribution(x...), distribution(y...), 50); i.Low <= 0.2 && 0.2 <= i.High {
			held++
		}
	}
	if held < 273 || held > 299 {
		t.Errorf("%d of 300 intervals hold the true difference", held)
	}
}

// TestRatioDifference compares with the examples of the article that the method is from; there the second ratio is subtracted.
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

func BenchmarkDifference(b *testing.B) {
	a := aggregate(b, wide(), nil, wideRows(300_000)...)
	by := a.Latencies(ByTier)
	x, y := by["tier 0"], by["tier 1"]
	for b.Loop() {
		Difference(x, y, 99)
	}
}
