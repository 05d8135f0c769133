package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

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

// sameShards names what keeps shards from being one run, those that are none from being merged with them, and one that
// is there twice.
func sameShards(a, b *results.Run) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%s and %s cannot be merged: %s", a.Dir, b.Dir, fmt.Sprintf(format, args...))
	}
	x, y := a.Shard, b.Shard
	switch {
	case x == nil && y == nil:
		return nil
	case x == nil || y == nil:
		return refuse("the one is a shard of a run on several machines and the other is none; merge the shards of one run")
	case x.Plan != y.Plan:
		return refuse("they are shards of two plans: %s", shardsDiffer(&a.Manifest, &b.Manifest))
	case !x.Start.Equal(y.Start) && x.Group != y.Group:
		return refuse("they are shards of two runs, which began at %s and at %s", x.Start.UTC().Format(time.RFC3339Nano), y.Start.UTC().Format(time.RFC3339Nano))
	case x.Group != y.Group:
		return refuse("they are shards of two runs, %s and %s", text.Printable(x.Group, 80), text.Printable(y.Group, 80))
	case x.Of != y.Of:
		return refuse("the one is a shard of %d and the other of %d, so that calls are in both", x.Of, y.Of)
	case x.Index == y.Index:
		return fmt.Errorf("%s and %s are both shard %d/%d, and its calls would count twice: give each shard once", a.Dir, b.Dir, x.Index, x.Of)
	}
	return nil
}

// shardsDiffer names what differs between the plans of two shards.
func shardsDiffer(a, b *results.Manifest) string {
	switch {
	case a.Seed != b.Seed:
		return fmt.Sprintf("the seed is %d in the one, %d in the other", a.Seed, b.Seed)
	case a.Andon != b.Andon:
		return fmt.Sprintf("the version of andon is %s in the one, %s in the other", text.Printable(a.Andon, 80), text.Printable(b.Andon, 80))
	}
	return cmp.Or(differs(a, b), fmt.Sprintf("the digest is %.12s… in the one, %.12s… in the other", a.Shard.Plan, b.Shard.Plan))
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

// givenBy is an executionId, and by its place among the runs which of them has a call that was given it.
type givenBy struct {
	results.Given
	run int
}

// findRepeated counts the executionIds that came to two shards. What came twice to one is among its violations.
func (s *Shards) findRepeated(runs []*results.Run) {
	var all []givenBy
	for i, r := range runs {
		list, err := r.Given()
		if err != nil {
			s.Unknown = err.Error()
			return
		}
		for _, g := range list {
			all = append(all, givenBy{g, i})
		}
	}
	slices.SortFunc(all, func(a, b givenBy) int {
		return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.run, b.run), cmp.Compare(a.N, b.N))
	})
	first := -1 // the lowest number of a call that is named
	for i, b := range all[min(1, len(all)):] {
		a := all[i]
		if a.Hash != b.Hash || a.run == b.run {
			continue
		}
		s.Repeated++
		if n := int(min(a.N, b.N)); first < 0 || n < first {
			first = n
			s.Example = fmt.Sprintf("call %d of shard %d and call %d of shard %d were given the same one", a.N, runs[a.run].Shard.Index, b.N, runs[b.run].Shard.Index)
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
	return fmt.Sprintf("%s of another shard was given before: %s", text.Plural(s.Repeated, "executionId"), s.Example)
}

// shards are those that a merged report is of; nil where it is of none.
func (s *Summary) shards() *Shards {
	if s.Run.Merged == nil {
		return nil
	}
	return s.Run.Merged.Shards
}

// leave leaves to the report on all shards what one alone cannot tell: totals, and figures for which it has too few
// calls. A total that is too high already stays too high, and what must not be at all is told by each of them.
func (s *Summary) leave() {
	if s.Run.Shard == nil {
		return
	}
	for i := range s.Thresholds {
		t := &s.Thresholds[i]
		op, limit := t.Parsed.Limit()
		upper := op == "<" || op == "<=" || op == "=="
		switch {
		case t.Value == nil && t.Samples > 0:
		case t.Value == nil || !t.Parsed.OfTotal():
			continue
		case upper && !t.OK && *t.Value >= limit, upper && limit == 0:
			continue
		}
		t.Left, t.OK, t.Spoiled, t.Reason = true, true, false, ""
	}
}

// Left says what is left of a shard's conditions to the report on all of them.
const Left = "left to the report on all shards"

// shardNote says what the report of one shard is worth.
func (s Summary) shardNote() string {
	one := s.Run.Shard
	if one == nil {
		return ""
	}
	said := fmt.Sprintf("This is shard %d/%d of the run %s: its calls are %s of the whole, and its rates and counts are a part of those of the whole. ",
		one.Index, one.Of, text.Printable(one.Group, 80), text.Percent(1/float64(one.Of)))
	return said + "The verdict on the run is that of andon report, given the directories of all shards."
}

// named is what a run is called beside others.
func named(r *results.Run) string {
	if r.Shard != nil {
		return fmt.Sprintf("shard %d (%s)", r.Shard.Index, r.ID)
	}
	return r.ID
}

// verdictOnShards says what the shards alone leave to say of the verdict: why there can be none, and what is a failure.
func (s *Summary) verdictOnShards(because func(string, ...any)) {
	shards := s.shards()
	if why := shards.gaps(); why != "" {
		because("%s, so that the run is not whole: give the directories of all %d, or run all of them again", why, shards.Of)
	}
	if shards != nil && shards.Unknown != "" {
		because("whether an executionId came to two shards cannot be told: %s", shards.Unknown)
	}
}

// partial reports whether shards are missing, or what is known of them is.
func (s Summary) partial() bool {
	shards := s.shards()
	return shards != nil && (len(shards.Missing) > 0 || shards.Unknown != "")
}

// repeated says that executionIds came to several shards where that is not a known deviation; empty where it does not
// matter.
func (s *Summary) repeated() string {
	for _, d := range s.Run.Deviations {
		if slices.Contains(d.Rules, ruleRepeated) && d.State != DeviationExpired {
			return ""
		}
	}
	return s.shards().repeats()
}

// ruleRepeated is the rule that no executionId comes twice.
const ruleRepeated = "repeated-executionId"

// joinShards is the manifest of shards together, where it is not as of other runs.
func joinShards(m *results.Manifest, runs []*results.Run) {
	if m.Shard == nil {
		return
	}
	m.InFlight = 0
	for _, r := range runs {
		m.InFlight += r.InFlight
	}
	m.Started, m.Shard = m.Shard.Start, nil
}
