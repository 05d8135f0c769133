package metrics

import (
	"encoding/binary"
	"math/bits"
)

// pile is where counts of a few buckets are gathered and read in their order, again and again: unlike a dense, emptying it
// and reading it take a time by the buckets that are in use, of which a second of one class has some hundred of 27,648.
// Make it with newPile.
type pile struct {
	extent
	counts []uint64
	used   [bucketCount / 64]uint64 // a bit for each bucket
}

func newPile() *pile { return &pile{counts: make([]uint64, bucketCount)} }

func (p *pile) add(i int, n uint64) {
	p.counts[i] += n
	p.used[i/64] |= 1 << (i % 64)
}

func (p *pile) addPacked(q packed) {
	p.extent.merge(q.extent)
	q.each(p.add)
}

// each gives the buckets in use and their counts, in ascending order, until f says no.
func (p *pile) each(f func(i int, n uint64) bool) {
	for w, word := range p.used {
		for ; word != 0; word &= word - 1 {
			if i := w*64 + bits.TrailingZeros64(word); !f(i, p.counts[i]) {
				return
			}
		}
	}
}

func (p *pile) reset() {
	p.each(func(i int, _ uint64) bool { p.counts[i] = 0; return true })
	clear(p.used[:])
	p.extent = extent{}
}

// pack appends what is in p to buf, as packed has it.
func (p *pile) pack(buf []byte) []byte {
	last := -1
	p.each(func(i int, n uint64) bool {
		buf = binary.AppendUvarint(buf, uint64(i-last))
		buf = binary.AppendUvarint(buf, n)
		last = i
		return true
	})
	return buf
}

// percentiles are the values at ascending percentiles, as those of a dense are.
func (p *pile) percentiles(ps ...float64) []*float64 {
	values := make([]*float64, len(ps))
	k, below := 0, uint64(0)
	p.each(func(i int, n uint64) bool {
		below += n
		for ; k < len(ps) && below >= rank(ps[k], p.n); k++ {
			if p.n >= Needed(ps[k]) {
				v := inSeconds(min(edge(i), p.max))
				values[k] = &v
			}
		}
		return k < len(ps)
	})
	return values
}
