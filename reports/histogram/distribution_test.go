package histogram

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func distribution(times ...float64) Distribution {
	d := NewScratch()
	var s Recorder
	for _, t := range times {
		s.Record(int64(t * 1e9))
	}
	d.AddRecorder(&s)
	return d.Distribution()
}

// TestDistribution: a distribution gives the percentiles of the histogram that it was made of.
func TestDistribution(t *testing.T) {
	d := NewScratch()
	rapid.Check(t, func(t *rapid.T) {
		d.Reset()
		var s Recorder
		for _, v := range rapid.SliceOfN(rapid.Int64Range(0, Highest), 0, 700).Draw(t, "times") {
			s.Record(v)
		}
		d.AddRecorder(&s)
		p := rapid.SampledFrom([]float64{0.5, 50, 75, 90, 95, 99, 99.9}).Draw(t, "p")
		got, want := d.Distribution().Percentile(p), d.Percentiles(p)[0]
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Fatalf("p%v is %v, want %v", p, got, want)
		}
		if got := d.Distribution().Samples(); got != d.n {
			t.Fatalf("%d samples, want %d", got, d.n)
		}
	})
	if (Distribution{}).Max() != nil || (Distribution{}).Percentile(50) != nil {
		t.Error("of nothing, there is a time")
	}
}

// TestDifference compares the intervals with those of the plain way: draw every sample anew, sort, take the percentile.
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
			t.Errorf("p%v: %v, drawn one by one [%v, %v]", p, got, low, high)
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

// TestDifferenceCovers: of 300 pairs of samples whose medians differ by 0.2, the interval holds the 0.2 for about 95 in
// 100.
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

// Calls that come in twos, each as long as its twin, tell as much as half as many; the interval says so.
func TestDifferenceOfAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	held, heldAsIfAlone := 0, 0
	for range 300 {
		draw := func(from float64) Distribution {
			var times []float64
			for range 200 {
				one := from + r.Float64()
				times = append(times, one, one)
			}
			return distribution(times...)
		}
		a, b := draw(1), draw(1.2)
		if in := DifferenceOfAlike(a, b, 50, 2, 2); in.Low <= 0.2 && 0.2 <= in.High {
			held++
		}
		if in := Difference(a, b, 50); in.Low <= 0.2 && 0.2 <= in.High {
			heldAsIfAlone++
		}
	}
	if held < 300*92/100 || heldAsIfAlone > 300*90/100 {
		t.Errorf("%d of 300 intervals hold the difference, and %d of those that take the calls for independent", held, heldAsIfAlone)
	}
	var times []float64
	for i := range 400 {
		times = append(times, 1+float64(i)/400)
	}
	d := distribution(times...)
	if in := DifferenceOfAlike(d, d, 99, 1, 2); in == nil || !math.IsInf(in.High, 1) || in.Low > 0 {
		t.Errorf("too few on the one side: %v", in)
	}
	if in := DifferenceOfAlike(d, d, 99, 5, 1); in != nil {
		t.Errorf("too few on the other: %v", in)
	}
}
