package attack

import "hash/maphash"

// ids says whether an id was seen before, over the whole run. It keeps a hash of 64 bits for each: among n ids the
// chance that two of them share one is below n²/2⁶⁵, 3 in 100 million for a million. The hash is seeded anew in every
// process, so that a provider cannot aim at it.
//
// A million ids take 11 to 21 MiB, depending on how full the tables are, and never more than a sixty-fourth of
// that on top while one of them grows.
type ids struct {
	seed   maphash.Seed
	shards [64]shard
}

func newIDs() *ids { return &ids{seed: maphash.MakeSeed()} }

// add keeps the id, and reports whether it was new.
func (s *ids) add(id string) bool {
	h := maphash.String(s.seed, id)
	return s.shards[h>>58].add(h | 1<<63)
}

// shard is an open-addressed hash table; 0 marks a free place, which no hash is, since its highest bit is set. The six
// highest bits choose the shard.
type shard struct {
	places []uint64
	used   int
}

func (s *shard) add(h uint64) bool {
	// Full to three quarters: beyond, the walks to a free place grow long.
	if 4*(s.used+1) > 3*len(s.places) {
		old := s.places
		s.places, s.used = make([]uint64, max(16, 2*len(old))), 0
		for _, o := range old {
			if o != 0 {
				s.add(o)
			}
		}
	}
	mask := uint64(len(s.places) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.places[i] {
		case 0:
			s.places[i] = h
			s.used++
			return true
		case h:
			return false
		}
	}
}
