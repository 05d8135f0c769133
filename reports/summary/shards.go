package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Shards say of a merged report that its runs are parts of one, and what of that is not there.
type Shards struct {
	Group string `json:"group"`
	// Of is how many shards there are, and Missing are those that are not among the runs.
	Of      int   `json:"of"`
	Missing []int `json:"missing,omitempty"`
	// Repeated counts the calls that were given an executionId which a call of another shard was given as well, and
	// Example names the first.
	Repeated uint64 `json:"repeated,omitempty"`
	Example  string `json:"example,omitempty"`
	// Unknown is why that cannot be told; empty where it can.
	Unknown string `json:"unknown,omitempty"`
}

// shardsOf says what the runs are that are shards of one; nil where they are none.
func shardsOf(runs []*results.Run) *Shards {
	first := runs[0].Shard
	if first == nil {
		return nil
	}
	s := &Shards{Group: first.Group, Of: first.Of}
	for i := range first.Of {
		if !slices.ContainsFunc(runs, func(r *results.Run) bool { return r.Shard.Index == i }) {
			s.Missing = append(s.Missing, i)
		}
	}
	s.findRepeated(runs)
	return s
}

// givenBy is what stands for an executionId, with the call that was given it, and by its place among the runs which of
// them has that call. It is small, since there are as many as calls.
type givenBy struct {
	hash   uint64
	n, run uint32
}

// findRepeated counts the executionIds that came to two shards. What came twice to one is among its violations.
func (s *Shards) findRepeated(runs []*results.Run) {
	var all []givenBy
	for i, r := range runs {
		if err := r.Given(func(g results.Given) { all = append(all, givenBy{g.Hash, g.N, uint32(i)}) }); err != nil {
			s.Unknown = err.Error()
			return
		}
	}
	slices.SortFunc(all, func(a, b givenBy) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.run, b.run), cmp.Compare(a.n, b.n))
	})
	first := -1 // the lowest number of a call that is named
	for i, b := range all[min(1, len(all)):] {
		a := all[i]
		if a.hash != b.hash || a.run == b.run {
			continue
		}
		s.Repeated++
		if n := int(min(a.n, b.n)); first < 0 || n < first {
			first = n
			s.Example = fmt.Sprintf("call %d of shard %d and call %d of shard %d were given the same one", a.n, runs[a.run].Shard.Index, b.n, runs[b.run].Shard.Index)
		}
	}
}

// gaps says which shards are missing; empty where none is.
func (s *Shards) gaps() string {
	if s == nil || len(s.Missing) == 0 {
		return ""
	}
	const most = 20
	var names []string
	for _, i := range s.Missing[:min(most, len(s.Missing))] {
		names = append(names, fmt.Sprint(i))
	}
	if more := len(s.Missing) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if len(names) == 1 {
		return fmt.Sprintf("shard %s of %d is missing", names[0], s.Of)
	}
	last := len(names) - 1
	return fmt.Sprintf("shards %s and %s of %d are missing", strings.Join(names[:last], ", "), names[last], s.Of)
}

// repeats says that executionIds came to several shards, which breaks the contract; empty where none did.
func (s *Shards) repeats() string {
	if s == nil || s.Repeated == 0 {
		return ""
	}
	return fmt.Sprintf("an executionId that a call of another shard had came to %s: %s", text.Plural(s.Repeated, "call"), s.Example)
}
