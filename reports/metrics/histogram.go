package metrics

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The one configuration of every histogram, in nanoseconds: since all share it, merging is adding counts, and exact.
const (
	lowest  = int64(100)
	highest = int64(time.Hour)
	digits  = 3
)

// The bucket arithmetic that HdrHistogram derives from the configuration; a test holds the two together.
const (
	unitBits    = 6                                   // values closer than 2^6 ns, the power of two within lowest, are not told apart
	halfBits    = 10                                  // half of the 2^11 sub-buckets that 3 digits take
	subMask     = int64(1)<<(unitBits+halfBits+1) - 1 // values up to here lie in the first bucket
	octaves     = 42 - (unitBits + halfBits + 1) + 1  // an hour is below 2^42 ns
	bucketCount = (octaves + 1) << halfBits           // 27648
	pageBits    = 6                                   // counts come in pages of 64
	pageCount   = bucketCount >> pageBits             // 432
)

// bucket is the index of v's count in HdrHistogram's counts. v must be in [0, highest].
func bucket(v int64) int {
	octave := bits.Len64(uint64(v|subMask)) - (unitBits + halfBits + 1)
	return octave<<halfBits + int(v>>(octave+unitBits))
}

// edge is the largest value that bucket i counts.
func edge(i int) int64 {
	octave := max(i>>halfBits-1, 0)
	return int64(i-octave<<halfBits+1)<<(octave+unitBits) - 1
}

// rank is the place, from 1, of percentile p (0 < p < 100) among n samples in order, by HdrHistogram's rule: the nearest
// whole number, and one of them.
func rank(p float64, n uint64) uint64 { return min(max(uint64(p/100*float64(n)+0.5), 1), n) }

// extent is what is kept exactly beside the counts. The zero value is "no samples". The sum is of nanoseconds: it has
// room for 2^32 hits of 4 seconds.
type extent struct {
	n, sum   uint64
	min, max int64
}

func (e *extent) record(v int64) {
	if e.n == 0 || v < e.min {
		e.min = v
	}
	if v > e.max {
		e.max = v
	}
	e.n++
	e.sum += uint64(v)
}

func (e *extent) merge(o extent) {
	if o.n == 0 {
		return
	}
	if e.n == 0 || o.min < e.min {
		e.min = o.min
	}
	e.max = max(e.max, o.max)
	e.n += o.n
	e.sum += o.sum
}

// sparse is the recording side of a histogram. A dense one takes 216 KB, and a run has hundreds; latencies of one kind
// lie close together and touch few pages. The zero value is empty.
type sparse struct {
	extent
	dir   [pageCount]uint16 // 1 + the index of a page, 0 for none
	pages [][1 << pageBits]uint16
	// carry counts how often a count has passed 2^16, by bucket: a map look-up every 65,536 hits, and half the memory.
	carry map[int]uint64
}

func (s *sparse) record(v int64) {
	s.extent.record(v)
	i := bucket(v)
	count := s.count(i)
	*count++
	if *count == 0 {
		s.addCarry(i, 1)
	}
}

// count is the place of bucket i's low 16 bits; the page is made if there is none.
func (s *sparse) count(i int) *uint16 {
	p := s.dir[i>>pageBits]
	if p == 0 {
		if len(s.pages) == cap(s.pages) {
			// By a quarter, where append would double: what is never used of hundreds of histograms adds up.
			s.pages = append(make([][1 << pageBits]uint16, 0, len(s.pages)*5/4+4), s.pages...)
		}
		s.pages = append(s.pages, [1 << pageBits]uint16{})
		p = uint16(len(s.pages))
		s.dir[i>>pageBits] = p
	}
	return &s.pages[p-1][i&(1<<pageBits-1)]
}

func (s *sparse) addCarry(i int, n uint64) {
	if s.carry == nil {
		s.carry = make(map[int]uint64)
	}
	s.carry[i] += n
}

// reset empties s and keeps its memory.
func (s *sparse) reset() {
	s.extent = extent{}
	clear(s.dir[:])
	s.pages = s.pages[:0]
	clear(s.carry)
}

// addTo adds s to d.
func (s *sparse) addTo(d *dense) {
	d.extent.merge(s.extent)
	for i, p := range s.dir {
		if p == 0 {
			continue
		}
		to := d.counts[i<<pageBits : (i+1)<<pageBits]
		for j, n := range s.pages[p-1] {
			to[j] += int64(n)
		}
	}
	for i, n := range s.carry {
		d.counts[i] += int64(n << 16)
	}
}

// pack appends s at rest to buf.
func (s *sparse) pack(buf []byte) []byte {
	last := -1
	for i, p := range s.dir {
		if p == 0 {
			continue
		}
		for j, low := range s.pages[p-1] {
			at := i<<pageBits + j
			n := uint64(low)
			if len(s.carry) > 0 {
				n += s.carry[at] << 16
			}
			if n > 0 {
				buf = binary.AppendUvarint(buf, uint64(at-last))
				buf = binary.AppendUvarint(buf, n)
				last = at
			}
		}
	}
	return buf
}

// unpack adds p to s.
func (s *sparse) unpack(p packed) {
	s.extent.merge(p.extent)
	p.each(func(i int, n uint64) {
		count := s.count(i)
		n += uint64(*count)
		*count = uint16(n)
		if n>>16 > 0 {
			s.addCarry(i, n>>16)
		}
	})
}

// packed is a histogram at rest: for each bucket that has counts the distance from the one before and the count, as
// varints, about 2.2 bytes for each distinct value of a busy second.
type packed struct {
	extent
	data []byte
}

func (p packed) each(f func(i int, n uint64)) {
	i := -1
	for data := p.data; len(data) > 0; {
		gap, w := binary.Uvarint(data)
		n, v := binary.Uvarint(data[w:])
		i += int(gap)
		f(i, n)
		data = data[w+v:]
	}
}

func (p packed) addTo(d *dense) {
	d.extent.merge(p.extent)
	p.each(func(i int, n uint64) { d.counts[i] += int64(n) })
}

// dense is where histograms are merged. It is used again and again: make it with newDense.
type dense struct {
	extent
	counts []int64
}

func newDense() *dense { return &dense{counts: make([]int64, bucketCount)} }

func (d *dense) reset() {
	d.extent = extent{}
	clear(d.counts)
}

// histogram is d as HdrHistogram has it.
func (d *dense) histogram() *hdrhistogram.Histogram {
	return hdrhistogram.Import(&hdrhistogram.Snapshot{
		LowestTrackableValue: lowest, HighestTrackableValue: highest, SignificantFigures: digits, Counts: d.counts,
	})
}

// percentiles are the values at percentiles (0 < p < 100) in seconds, null where d has too few samples. A bucket's upper
// edge can lie above the largest value in it: no percentile is said to be above the maximum.
func (d *dense) percentiles(ps ...float64) []*float64 {
	values := make([]*float64, len(ps))
	var h *hdrhistogram.Histogram // a copy of all counts: most groups of a short run support no percentile and need none
	for i, p := range ps {
		if d.n >= Needed(p) {
			if h == nil {
				h = d.histogram()
			}
			v := inSeconds(min(h.ValueAtPercentile(p), d.max))
			values[i] = &v
		}
	}
	return values
}

func (d *dense) times() Times {
	p := d.percentiles(50, 90, 95, 99, 99.9)
	return Times{
		Min: d.minimum(), Mean: d.mean(), P50: p[0], P90: p[1], P95: p[2], P99: p[3], P999: p[4], Max: d.maximum(),
	}
}

func (d *dense) lag() Lag {
	p := d.percentiles(50, 99)
	return Lag{P50: p[0], P99: p[1], Max: d.maximum()}
}

func (e *extent) minimum() *float64 { return e.ifAny(inSeconds(e.min)) }
func (e *extent) maximum() *float64 { return e.ifAny(inSeconds(e.max)) }
func (e *extent) mean() *float64    { return e.ifAny(float64(e.sum) / float64(max(e.n, 1)) / 1e9) }

func (e *extent) ifAny(v float64) *float64 {
	if e.n == 0 {
		return nil
	}
	return &v
}

func inSeconds(ns int64) float64 { return float64(ns) / 1e9 }

// nanos turns a row's seconds into nanoseconds within the histograms' range; whatever is no time is 0.
func nanos(s float32) int64 {
	switch {
	case !(s > 0):
		return 0
	case s >= float32(time.Hour/time.Second):
		return highest
	}
	return int64(float64(s) * float64(time.Second))
}
