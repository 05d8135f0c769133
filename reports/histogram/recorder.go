package histogram

import (
	"encoding/binary"
	"slices"
)

// Recorder is the recording side of a histogram. One with all its buckets would take 216 KB, and a run has hundreds;
// latencies of one kind lie close together and touch few pages of buckets. The zero value is empty.
type Recorder struct {
	exact
	dir   [pageCount]uint16 // 1 + the index of a page, 0 for none
	pages [][1 << pageBits]uint16
	// carry counts how often a count has passed 2^16, by bucket: a map look-up every 65,536 calls, and half the memory.
	carry map[int]uint64
}

// Record counts a time in nanoseconds, which must be in [0, Highest].
func (r *Recorder) Record(v int64) {
	r.exact.record(v)
	i := bucket(v)
	count := r.count(i)
	*count++
	if *count == 0 {
		r.addCarry(i, 1)
	}
}

// count is the place of bucket i's low 16 bits; the page is made if there is none.
func (r *Recorder) count(i int) *uint16 {
	p := r.dir[i>>pageBits]
	if p == 0 {
		if len(r.pages) == cap(r.pages) {
			// By a quarter, where append would double: what is never used of hundreds of histograms adds up.
			r.pages = append(make([][1 << pageBits]uint16, 0, len(r.pages)*5/4+4), r.pages...)
		}
		r.pages = append(r.pages, [1 << pageBits]uint16{})
		p = uint16(len(r.pages))
		r.dir[i>>pageBits] = p
	}
	return &r.pages[p-1][i&(1<<pageBits-1)]
}

func (r *Recorder) addCarry(i int, n uint64) {
	if r.carry == nil {
		r.carry = make(map[int]uint64)
	}
	r.carry[i] += n
}

// Reset empties r and keeps its memory.
func (r *Recorder) Reset() {
	r.exact = exact{}
	clear(r.dir[:])
	r.pages = r.pages[:0]
	clear(r.carry)
}

// Pack gives r at rest. What is in *working is overwritten; handed in again, it saves an allocation.
func (r *Recorder) Pack(working *[]byte) Packed {
	buf, last := (*working)[:0], -1
	for i, p := range r.dir {
		if p == 0 {
			continue
		}
		for j, low := range r.pages[p-1] {
			at := i<<pageBits + j
			n := uint64(low)
			if len(r.carry) > 0 {
				n += r.carry[at] << 16
			}
			if n > 0 {
				buf = appendCount(buf, at-last, n)
				last = at
			}
		}
	}
	*working = buf
	return Packed{r.exact, slices.Clone(buf)}
}

func appendCount(buf []byte, gap int, n uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(buf, uint64(gap)), n)
}

// Merge adds p to r.
func (r *Recorder) Merge(p Packed) {
	r.exact.merge(p.exact)
	p.each(func(i int, n uint64) {
		count := r.count(i)
		n += uint64(*count)
		*count = uint16(n)
		if n>>16 > 0 {
			r.addCarry(i, n>>16)
		}
	})
}
