package attack

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// ids says whether an id was seen before, over the whole run. It keeps a hash of 64 bits for each: among n ids the
// chance that two of them share one is below n²/2⁶⁵, 3 in 100 million for a million. The hash is seeded anew in every
// process, so that a provider cannot aim at it.
//
// An id takes 8 to 10 bytes, and there is no second table while one grows.
type ids struct {
	seed   maphash.Seed
	shards [1 << shardBits]shard
}

// shardBits are the highest bits of a hash, which choose the shard, and so need not be kept: what is left is 7 bytes.
const shardBits = 8

func newIDs() *ids { return &ids{seed: maphash.MakeSeed()} }

// add keeps the id, and reports whether it was new.
func (s *ids) add(id string) bool {
	h := maphash.String(s.seed, id)
	return s.shards[h>>(64-shardBits)].add(max(h<<shardBits>>shardBits, 1))
}

// shard is an open-addressed hash table in which the hashes are in order. Each has a place of its own by its value, or
// is below it, as close as those above allow; 0 marks a free place. In that order, a table that is nearly full is
// searched as fast as others at half, and it grows without a second one beside it, from its upper end down: a larger
// table has all hashes further up.
type shard struct {
	pages []*page
	used  int
}

// page is a piece of a table, which starts with one.
type page [pagePlaces * wordSize]byte

const (
	pageBits   = 8
	pagePlaces = 1 << pageBits
	wordSize   = 8 - shardBits/8
	// below are the places at the lower end that are no hash's own.
	below = 32
)

func (s *shard) places() int { return len(s.pages) * pagePlaces }

// place is the one of a hash's own among so many.
func place(h uint64, places int) int {
	above, _ := bits.Mul64(h<<shardBits, uint64(places-below))
	return below + int(above)
}

// at is where the hash in place i is.
func (s *shard) at(i int) *[wordSize]byte {
	return (*[wordSize]byte)(s.pages[uint(i)>>pageBits][uint(i)&(pagePlaces-1)*wordSize:])
}

func (s *shard) get(i int) uint64 {
	b := s.at(i)
	return uint64(binary.LittleEndian.Uint32(b[:])) | uint64(binary.LittleEndian.Uint32(b[wordSize-4:]))<<(8*(wordSize-4))
}

func (s *shard) put(i int, h uint64) {
	b := s.at(i)
	binary.LittleEndian.PutUint32(b[:], uint32(h))
	binary.LittleEndian.PutUint32(b[wordSize-4:], uint32(h>>(8*(wordSize-4))))
}

func (s *shard) add(h uint64) bool {
	// Full to seven eighths: beyond, the walks to a free place grow long.
	if 8*(s.used+1) > 7*s.places() {
		s.grow()
	}
	for i := place(h, s.places()); ; i-- {
		if i < 0 { // what was moved to here finds room in a larger table
			s.grow()
			i = place(h, s.places())
		}
		switch at := s.get(i); {
		case at == 0:
			s.put(i, h)
			s.used++
			return true
		case at == h:
			return false
		case at < h:
			s.put(i, h)
			h = at
		}
	}
}

// grow makes the table a fifth larger.
func (s *shard) grow() {
	old := s.places()
	for range max(1, len(s.pages)/5) {
		s.pages = append(s.pages, new(page))
	}
	last := s.places()
	for i := old - 1; i >= 0; i-- {
		if h := s.get(i); h != 0 {
			s.put(i, 0)
			last = min(place(h, s.places()), last-1)
			s.put(last, h)
		}
	}
}
