package histogram

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// reference is the histogram that everything else must equal.
func reference() *hdrhistogram.Histogram { return hdrhistogram.New(Lowest, Highest, Digits) }

// TestBucket holds our bucket arithmetic against the library's, at every power of two and its neighbours.
func TestBucket(t *testing.T) {
	if n := len(reference().Export().Counts); n != bucketCount {
		t.Fatalf("the library has %d buckets, we have %d", n, bucketCount)
	}
	values := []int64{0, 1, 63, 64, 99, 100, Highest - 1, Highest}
	for v := int64(1); v < Highest; v *= 2 {
		values = append(values, v-1, v, v+1, v+v/3)
	}
	for _, v := range values {
		h := reference()
		if err := h.RecordValue(min(v, Highest)); err != nil {
			t.Fatal(err)
		}
		if got := bucket(min(v, Highest)); h.Export().Counts[got] != 1 {
			t.Errorf("bucket(%d) = %d, the library counts it elsewhere", v, got)
		}
	}
}

// anyTime draws times that lie close together, and at times anywhere in the range.
func anyTime() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(0, Highest), rapid.Int64Range(0, 200_000), rapid.Int64Range(100_000_000, 101_000_000))
}

// TestMergeIsExact: values recorded in parts, packed or not, and merged in any order are as values recorded in one.
func TestMergeIsExact(t *testing.T) {
	var percents []float64
	for i := range 1001 {
		percents = append(percents, float64(i)/10)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(anyTime(), 0, 300).Draw(t, "values")
		parts := make([]Recorder, rapid.IntRange(1, 5).Draw(t, "parts"))
		want, precise := reference(), exact{}
		for i, v := range values {
			part := &parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")]
			if rapid.Bool().Draw(t, "repack") {
				p := packed(part)
				part.Reset()
				part.Merge(p)
			}
			part.Record(v)
			if err := want.RecordValue(v); err != nil {
				t.Fatal(err)
			}
			if precise.n++; i == 0 {
				precise.min = v
			}
			precise.sum.Add(uint64(v))
			precise.min, precise.max = min(precise.min, v), max(precise.max, v)
		}
		order := rapid.Permutation(indices(len(parts))).Draw(t, "order")
		d := NewScratch()
		for _, i := range order {
			if rapid.Bool().Draw(t, "packed") {
				d.AddPacked(packed(&parts[i]))
			} else {
				d.AddRecorder(&parts[i])
			}
		}
		got := d.library()
		if !got.Equals(want) {
			t.Fatal("merged and recorded in one differ")
		}
		if g, w := got.ValueAtPercentilesSlice(percents), want.ValueAtPercentilesSlice(percents); !slices.Equal(g, w) {
			t.Fatalf("percentiles %v, want %v", g, w)
		}
		if d.exact != precise {
			t.Fatalf("exact part %+v, want %+v", d.exact, precise)
		}
		for _, p := range []float64{0.5, 50, 75, 90, 95, 99, 99.9} {
			v := d.Percentiles(p)[0]
			if (v == nil) != (d.n < Needed(p)) {
				t.Fatalf("p%v of %d samples is %v", p, d.n, value(v))
			}
			if v == nil {
				continue
			}
			at := sorted(values)[(int(10*p)*len(values)+999)/1000-1]
			if *v != Seconds(min(edge(bucket(at)), d.max)) {
				t.Fatalf("p%v is %v, and that many lie at or below %v", p, *v, Seconds(at))
			}
		}
		if again := d.Pack(new([]byte)); !bytes.Equal(again.data, packed(whole(values)).data) || again.exact != precise {
			t.Fatal("packed, merged and recorded in one differ")
		}
	})
}

func sorted(values []int64) []int64 { return slices.Sorted(slices.Values(values)) }

// TestRankIsNeverRoundedDown: at least p % of the samples lie at or below a percentile, and without the sample of its
// rank fewer would.
func TestRankIsNeverRoundedDown(t *testing.T) {
	for _, c := range []struct {
		p    float64
		n    uint64
		want uint64
	}{
		{99, 2498, 2474}, // 2473.02: at or below the 2473rd lie 98.999 %
		{0.07, 10000, 7}, // and not 8, though as a binary fraction 0.07 is a little more
		{99.9, 1000, 999},
		{99.9, 3000, 2997}, {99.9, 3001, 2998},
		{50, 1, 1}, {50, 2, 1}, {50, 3, 2}, {0.5, 10, 1}, {99, 100, 99}, {99, 101, 100},
		{99.99, 1e9, 999_900_000},
	} {
		if got := Rank(c.p, c.n); got != c.want {
			t.Errorf("the rank of p%v of %d is %d, want %d", c.p, c.n, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		thousandths := rapid.Uint64Range(1, 99_999).Draw(t, "percentile in thousandths")
		n := rapid.Uint64Range(1, 1<<32).Draw(t, "n")
		got := Rank(float64(thousandths)/1000, n)
		if got*100_000 < thousandths*n || got > 1 && (got-1)*100_000 >= thousandths*n {
			t.Fatalf("the rank of p%v of %d is %d", float64(thousandths)/1000, n, got)
		}
	})
}

// TestSumsDoNotWrap: the mean of more calls than 64 bits have room for, kept and read again.
func TestSumsDoNotWrap(t *testing.T) {
	var r Recorder
	r.Record(Highest)
	for range 40 { // 2^40 calls of an hour
		r.Merge(packed(&r))
	}
	sum := Sum{Low: math.MaxUint64}
	if sum.Add(3); sum != (Sum{1, 2}) {
		t.Errorf("2^64 − 1 and 3 are %+v", sum)
	}
	data, _ := packed(&r).AppendBinary(nil)
	var read Packed
	if err := read.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for _, mean := range []*float64{r.Mean(), read.Mean()} {
		if *mean != 3600 {
			t.Errorf("the mean is %v s, want 3600", *mean)
		}
	}
}

func whole(values []int64) *Recorder {
	r := new(Recorder)
	for _, v := range values {
		r.Record(v)
	}
	return r
}

func value(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

func packed(r *Recorder) Packed { return r.Pack(new([]byte)) }

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
	var s Recorder
	for range many {
		s.Record(5000)
	}
	var again Recorder
	again.Merge(packed(&s))
	again.Record(5000)
	for name, s := range map[string]*Recorder{"recorded": &s, "unpacked": &again} {
		d := NewScratch()
		d.AddRecorder(s)
		want := int64(many)
		if name == "unpacked" {
			want++
		}
		if got := d.counts[bucket(5000)]; got != uint64(want) || d.library().TotalCount() != want {
			t.Errorf("%s: %d of %d", name, got, want)
		}
	}
	s.Reset()
	d := NewScratch()
	if d.AddRecorder(&s); d.library().TotalCount() != 0 || d.n != 0 {
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
		{0, 0}, {1.5, 1_500_000_000}, {-1, 0}, {3600, Highest}, {1e30, Highest},
		{float32(math.Inf(1)), Highest}, {float32(math.Inf(-1)), 0}, {float32(math.NaN()), 0},
	} {
		if got := Nanoseconds(c.s); got != c.want {
			t.Errorf("Nanoseconds(%v) = %d, want %d", c.s, got, c.want)
		}
	}
}

// A scratch that was emptied is as a new one.
func TestScratchReset(t *testing.T) {
	s := NewScratch()
	for _, v := range []int64{0, 5000, 1e9, Highest} {
		s.Record(v)
	}
	s.AddRecorder(whole([]int64{7, 1e6}))
	s.Reset()
	s.each(func(i int, _ uint64) { t.Errorf("emptied, it has bucket %d in use", i) })
	if slices.Max(s.counts) > 0 || s.exact != (exact{}) {
		t.Error("emptied, it holds counts")
	}
}

// Every bucket ends where the library says that it does.
func TestEdge(t *testing.T) {
	h := reference()
	for i := range bucketCount {
		e := edge(i)
		if e > Highest {
			break
		}
		if bucket(e) != i || e < Highest && bucket(e+1) != i+1 {
			t.Fatalf("bucket %d does not end at %d", i, e)
		}
		if i%17 == 0 {
			h.Reset()
			if err := h.RecordValue(e); err != nil {
				t.Fatal(err)
			}
			if got := h.ValueAtPercentile(50); got != e {
				t.Fatalf("bucket %d ends at %d, the library says %d", i, e, got)
			}
		}
	}
}

// What is written is read back, and the same times are the same bytes.
func TestBinary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(anyTime(), 0, 300).Draw(t, "values")
		want := packed(whole(values))
		data, err := want.AppendBinary([]byte("x"))
		if err != nil || len(data) > MaxEncoded {
			t.Fatal(len(data), err)
		}
		var got Packed
		if err := got.UnmarshalBinary(data[1:]); err != nil || got.exact != want.exact || !bytes.Equal(got.data, want.data) {
			t.Fatalf("%v: %+v, want %+v", err, got, want)
		}
		shuffled, err := packed(whole(rapid.Permutation(values).Draw(t, "shuffled"))).AppendBinary(nil)
		if err != nil || !bytes.Equal(shuffled, data[1:]) {
			t.Fatal("in another order, the same times are other bytes")
		}
	})
}

// What is no histogram is refused, and a change of one that was written is noticed or makes another histogram.
func TestDamaged(t *testing.T) {
	good := func(values ...int64) []byte {
		data, _ := packed(whole(values)).AppendBinary(nil)
		return data
	}
	for why, data := range map[string][]byte{
		"nothing":                     nil,
		"cut off in its head":         good(5, 5000)[:2],
		"cut off in a bucket":         good(5, 5000)[:len(good(5, 5000))-1],
		"a bucket more":               append(good(5, 5000), 1, 1),
		"samples without any":         append(good(), 1, 1),
		"an empty bucket":             {1, 5, 5, 0, 1, 0},
		"no distance":                 {2, 10, 5, 0, 1, 1, 0, 1},
		"another number of samples":   {2, 5, 5, 0, 1, 1},
		"a smallest in no bucket":     {1, 5, 5, 0, 2, 1},
		"a largest in no bucket":      {1, 5, 5, 0xc8, 1, 1, 1},
		"a sum of other times":        {1, 200, 1, 5, 0, 1, 1},
		"beyond an hour":              binary.AppendUvarint([]byte{1, 5}, uint64(Highest)+1),
		"more samples than can be":    append(binary.AppendUvarint(nil, maxCount), 5, 5, 0, 1, 1),
		"a varint that has no end":    bytes.Repeat([]byte{0xff}, 40),
		"a varint that is too long":   {1, 5, 5, 0, 0x81, 0, 1},
		"a bucket beyond the last":    append(binary.AppendUvarint([]byte{1, 5, 5, 0}, bucketCount+1), 1),
		"a distance that wraps round": append(binary.AppendUvarint([]byte{1, 5, 5, 0}, 1<<63), 1),
	} {
		var p Packed
		if err := p.UnmarshalBinary(data); err == nil {
			t.Errorf("%s is read as %+v", why, p)
		}
	}
}

func FuzzUnmarshalBinary(f *testing.F) {
	for _, values := range [][]int64{nil, {0}, {5, 5, 5000}, {100_000_000, 101_000_000, Highest}} {
		data, _ := packed(whole(values)).AppendBinary(nil)
		f.Add(data)
	}
	s, encoder := NewScratch(), NewEncoder()
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Packed
		if p.UnmarshalBinary(data) != nil {
			return
		}
		var r Recorder
		r.Merge(p)
		s.Reset()
		s.AddPacked(p)
		s.AddRecorder(&r)
		s.Percentiles(1, 50, 99.9)
		s.Curve()
		encoder.Encode(s)
		if again := packed(&r); !bytes.Equal(again.data, p.data) || again.exact != p.exact {
			t.Fatalf("%+v is %+v after a merge", p, again)
		}
	})
}

// HdrHistogram's own decoder reads what the encoder writes, to the last count.
func TestEncoder(t *testing.T) {
	s, encoder := NewScratch(), NewEncoder()
	rapid.Check(t, func(t *rapid.T) {
		s.Reset()
		want := reference()
		for _, v := range rapid.SliceOfN(anyTime(), 1, 300).Draw(t, "values") {
			s.Record(v)
			if err := want.RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		got, err := hdrhistogram.Decode(encoder.Encode(s))
		if err != nil || !got.Equals(want) {
			t.Fatalf("%v: %v, want %v", err, got, want)
		}
	})
}

// A window that slides over a list is at each place what merging anew would give.
func TestSlide(t *testing.T) {
	slid, merged, working := NewScratch(), NewScratch(), []byte(nil)
	rapid.Check(t, func(t *rapid.T) {
		var list []Packed
		for range rapid.IntRange(0, 12).Draw(t, "histograms") {
			merged.Reset()
			for range rapid.SampledFrom([]int{0, 0, 1, 5, 80}).Draw(t, "times") {
				merged.Record(rapid.Int64Range(0, Highest).Draw(t, "time"))
			}
			list = append(list, merged.Pack(&working))
		}
		n, next := rapid.IntRange(1, 13).Draw(t, "window"), 0
		slid.Record(1) // what was in it before is nothing to it
		slid.Slide(list, n, func(first int) {
			merged.Reset()
			for _, p := range list[first : first+n] {
				merged.AddPacked(p)
			}
			if a, b := slid.Pack(&working), merged.Pack(&working); first != next || !reflect.DeepEqual(a, b) {
				t.Fatalf("window %d, expected %d, is %+v, want %+v", first, next, a, b)
			}
			next++
		})
		if want := max(len(list)-n+1, 0); next != want {
			t.Fatalf("%d windows, want %d", next, want)
		}
	})
}
