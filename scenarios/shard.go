package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
)

// Shard is the part of a plan that one machine of several sends: the calls whose numbers leave Index when they are
// divided by Of. The zero value is the whole.
type Shard struct{ Index, Of int }

// ParseShard reads what a command line says, such as 2/8: the third of eight.
func ParseShard(s string) (Shard, error) {
	index, of, found := strings.Cut(s, "/")
	i, wrong := strconv.Atoi(index)
	k, wrongToo := strconv.Atoi(of)
	if !found || wrong != nil || wrongToo != nil {
		return Shard{}, fmt.Errorf("expected a shard such as 2/8, the third of eight, found %q", s)
	}
	if k < 1 {
		return Shard{}, fmt.Errorf("expected a shard of 1 or more, such as 0/8, found %q", s)
	}
	shard := Shard{i, k}
	return shard, shard.check()
}

func (s Shard) check() error {
	switch {
	case s.Of < 0 || s.Of > results.MaxShards:
		return fmt.Errorf("expected from 1 to %d shards, found %d", results.MaxShards, s.Of)
	case s.Of > 0 && (s.Index < 0 || s.Index >= s.Of):
		return fmt.Errorf("there is no shard %d of %d: shards are numbered from 0, here from 0/%d to %d/%d", s.Index, s.Of, s.Of, s.Of-1, s.Of)
	case s.Of == 0 && s.Index != 0:
		return fmt.Errorf("shard %d is of no number of shards", s.Index)
	}
	return nil
}

// String is the shard as [ParseShard] reads it.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// part is the shard's part of a limit, where what is left over goes to the first shards. It is also how many of the
// calls below that number are the shard's.
func (s Shard) part(limit uint64) uint64 {
	k := uint64(s.Of)
	n := limit / k
	if uint64(s.Index) < limit%k {
		n++
	}
	return n
}

// owns reports whether a call is one of the shard's.
func (s Shard) owns(n uint64) bool { return s.Of == 0 || n%uint64(s.Of) == uint64(s.Index) }
