package histogram

import (
	"math"
	"math/bits"
	"slices"
)

// Scratch is where histograms are merged and read, again and again: emptying and reading it take a time by the buckets
// that are in use, of which a second of one class has some hundred of 27,648. Make it with [NewScratch].
type Scratch struct {
	exact
	counts []uint64
	used   [pageCount]uint64 // a bit for each bucket that may have counts; a word for each page
	// view is what is read off it, over and over in the same memory.
	view Distribution
}

// NewScratch makes an empty one.
func NewScratch() *Scratch { return &Scratch{counts: make([]uint64, bucketCount)} }

func (s *Scratch) add(i int, n uint64) {
	s.counts[i] += n
	s.used[i>>pageBits] |= 1 << (i & (1<<pageBits - 1))
}

// Record counts one time in nanoseconds, which must be in [0, Highest].
func (s *Scratch) Record(v int64) {
	s.exact.record(v)
	s.add(bucket(v), 1)
}

// AddPacked adds p to s.
func (s *Scratch) AddPacked(p Packed) {
	s.exact.merge(p.exact)
	p.each(s.add)
}

// AddRecorder adds r to s.
func (s *Scratch) AddRecorder(r *Recorder) {
	s.exact.merge(r.exact)
	for i, p := range r.dir {
		if p == 0 {
			continue
		}
		to := s.counts[i<<pageBits : (i+1)<<pageBits]
		for j, n := range &r.pages[p-1] {
			to[j] += uint64(n)
		}
		s.used[i] = math.MaxUint64
	}
	for i, n := range r.carry {
		s.add(i, n<<16)
	}
}

// each gives the buckets that have counts, in ascending order.
func (s *Scratch) each(f func(i int, n uint64)) {
	for w, word := range s.used {
		for ; word != 0; word &= word - 1 {
			i := w<<pageBits + bits.TrailingZeros64(word)
			if n := s.counts[i]; n > 0 {
				f(i, n)
			}
		}
	}
}

// Reset empties s.
func (s *Scratch) Reset() {
	s.each(func(i int, _ uint64) { s.counts[i] = 0 })
	clear(s.used[:])
	s.exact = exact{}
}

// Pack gives what is in s at rest; working is as in [Recorder.Pack].
func (s *Scratch) Pack(working *[]byte) Packed {
	buf, last := (*working)[:0], -1
	s.each(func(i int, n uint64) {
		buf = appendCount(buf, i-last, n)
		last = i
	})
	*working = buf
	return Packed{s.exact, slices.Clone(buf)}
}

// read is what is in s as a distribution, until s is read or written again.
func (s *Scratch) read() Distribution {
	v := &s.view
	v.exact, v.at, v.upTo = s.exact, v.at[:0], v.upTo[:0]
	var sum uint64
	s.each(func(i int, n uint64) {
		sum += n
		v.at = append(v.at, int32(i))
		v.upTo = append(v.upTo, sum)
	})
	return *v
}

// Distribution is what is in s, to be kept.
func (s *Scratch) Distribution() Distribution {
	d := s.read()
	d.at, d.upTo = slices.Clone(d.at), slices.Clone(d.upTo)
	return d
}

// Percentiles are the values at percentiles as [Distribution.Percentile] has them.
func (s *Scratch) Percentiles(ps ...float64) []*float64 {
	values := make([]*float64, len(ps))
	var d Distribution // most groups of a short run support no percentile and need none
	for i, p := range ps {
		if s.n < Needed(p) {
			continue
		}
		if d.n == 0 {
			d = s.read()
		}
		values[i] = d.Percentile(p)
	}
	return values
}

// Beyond counts the samples that lie above v, by the precision of the buckets.
func (s *Scratch) Beyond(v int64) (n uint64) {
	limit := bucket(v)
	s.each(func(i int, count uint64) {
		if i > limit {
			n += count
		}
	})
	return n
}

// Slide puts each n neighbours of a list into s, one after the other: the first n, then those from the second on, until
// the last n are in. each is told where they begin, and reads s. What comes in at one end of such a window goes out at
// the other, so that this takes a time by the length of the list, where merging each window anew would take n times as
// much.
func (s *Scratch) Slide(list []Packed, n int, each func(first int)) {
	s.Reset()
	for i, p := range list {
		p.each(s.add)
		if i >= n {
			list[i-n].each(func(at int, count uint64) { s.counts[at] -= count })
		}
		if first := i - n + 1; first >= 0 {
			s.exact = exact{}
			for _, in := range list[first : i+1] {
				s.exact.merge(in.exact)
			}
			each(first)
		}
	}
}
