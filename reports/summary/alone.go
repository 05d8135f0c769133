package summary

import (
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/reports/text"
)

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
	if one := s.Run.Shard; one == nil || one.Of == 1 {
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
	if one == nil || one.Of == 1 {
		return ""
	}
	said := fmt.Sprintf("This is shard %d/%d of the run %s: its calls are %s of the whole, and its rates and counts are a part of those of the whole. ",
		one.Index, one.Of, text.Printable(one.Group, 80), text.Percent(1/float64(one.Of)))
	return said + "The verdict on the run is that of andon report, given the directories of all shards."
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
