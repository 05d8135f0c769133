package metrics

import (
	"math"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// reference is the histogram that everything else must equal.
func reference() *hdrhistogram.Histogram { return hdrhistogram.New(lowest, highest, digits) }

// TestBucket holds our bucket arithmetic against the library's, at every power of two and its neighbours.
func TestBucket(t *testing.T) {
	if n := len(reference().Export().Counts); n != bucketCount {
		t.Fatalf("the library has %d buckets, we have %d", n, bucketCount)
	}
	values := []int64{0, 1, 63, 64, 99, 100, highest - 1, highest}
	for v := int64(1); v < highest; v *= 2 {
		values = append(values, v-1, v, v+1, v+v/3)
	}
	for _, v := range values {
		h := reference()
		if err := h.RecordValue(min(v, highest)); err != nil {
			t.Fatal(err)
		}
		if got := bucket(min(v, highest)); h.Export().Counts[got] != 1 {
			t.Errorf("bucket(%d) = %d, the library counts it elsewhere", v, got)
		}
	}
}

// anyTime draws times that lie close together, and at times anywhere in the range.
func anyTime() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(0, highest), rapid.Int64Range(0, 200_000), rapid.Int64Range(100_000_000, 101_000_000))
}

// TestMergeIsExact: values recorded in parts, packed or not, and merged in any order are as values recorded in one.
func TestMergeIsExact(t *testing.T) {
	var percents []float64
	for i := range 1001 {
		percents = append(percents, float64(i)/10)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(anyTime(), 0, 300).Draw(t, "values")
		parts := make([]sparse, rapid.IntRange(1, 5).Draw(t, "parts"))
		want, exact := reference(), extent{}
		for i, v := range values {
			part := &parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")]
			if rapid.Bool().Draw(t, "repack") {
				p := packSparse(part)
				part.reset()
				part.unpack(p)
			}
			part.record(v)
			if err := want.RecordValue(v); err != nil {
				t.Fatal(err)
			}
			if exact.n++; i == 0 {
				exact.min = v
			}
			exact.sum, exact.min, exact.max = exact.sum+uint64(v), min(exact.min, v), max(exact.max, v)
		}
		order := rapid.Permutation(indices(len(parts))).Draw(t, "order")
		d := newDense()
		for _, i := range order {
			if rapid.Bool().Draw(t, "packed") {
				packSparse(&parts[i]).addTo(d)
			} else {
				parts[i].addTo(d)
			}
		}
		got := d.histogram()
		if !got.Equals(want) {
			t.Fatal("merged and recorded in one differ")
		}
		if g, w := got.ValueAtPercentilesSlice(percents), want.ValueAtPercentilesSlice(percents); !slices.Equal(g, w) {
			t.Fatalf("percentiles %v, want %v", g, w)
		}
		if d.extent != exact {
			t.Fatalf("exact part %+v, want %+v", d.extent, exact)
		}
	})
}

func packSparse(s *sparse) packed { return packed{s.extent, s.pack(nil)} }

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// TestCarry: a count beyond 16 bits survives recording, packing and unpacking.
func TestCarry(t *testing.T) {
	const many = 3<<16 + 7
	var s sparse
	for range many {
		s.record(5000)
	}
	var again sparse
	again.unpack(packSparse(&s))
	again.record(5000)
	for name, s := range map[string]*sparse{"recorded": &s, "unpacked": &again} {
		d := newDense()
		s.addTo(d)
		want := int64(many)
		if name == "unpacked" {
			want++
		}
		if got := d.counts[bucket(5000)]; got != want || d.histogram().TotalCount() != want {
			t.Errorf("%s: %d of %d", name, got, want)
		}
	}
	s.reset()
	d := newDense()
	if s.addTo(d); d.histogram().TotalCount() != 0 || d.n != 0 {
		t.Error("reset leaves counts")
	}
}

func TestNeeded(t *testing.T) {
	for _, c := range []struct {
		p    float64
		want uint64
	}{
		{50, 5}, {90, 29}, {95, 59}, {99, 299}, {99.9, 2995}, // 0.95⁵⁹ = 0.0485, 0.95⁵⁸ = 0.0510
		{10, 29}, {1, 299}, // below the median, as above it
		{0, math.MaxUint64}, {100, math.MaxUint64}, {-1, math.MaxUint64}, {math.NaN(), math.MaxUint64},
	} {
		if got := Needed(c.p); got != c.want {
			t.Errorf("Needed(%v) = %d, want %d", c.p, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0.001, 99.999).Draw(t, "p")
		q, n := max(p, 100-p)/100, float64(Needed(p))
		if 1-math.Pow(q, n) < confidence-1e-9 || n > 1 && 1-math.Pow(q, n-1) >= confidence+1e-9 {
			t.Fatalf("Needed(%v) = %v is not the smallest number", p, n)
		}
	})
}

func TestNanos(t *testing.T) {
	for _, c := range []struct {
		s    float32
		want int64
	}{
		{0, 0}, {1.5, 1_500_000_000}, {-1, 0}, {3600, highest}, {1e30, highest},
		{float32(math.Inf(1)), highest}, {float32(math.Inf(-1)), 0}, {float32(math.NaN()), 0},
	} {
		if got := nanos(c.s); got != c.want {
			t.Errorf("nanos(%v) = %d, want %d", c.s, got, c.want)
		}
	}
}
