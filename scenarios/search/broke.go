package search

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// broke says what broke first: by the lowest trial that was broken, beside the highest below it that held. nil where no
// trial was broken.
func (s *session) broke(f found) *sizing.Broke {
	var failed, held *made
	for i, t := range f.Trials {
		if t.Outcome == capacity.Broken && t.Objective >= 0 && (failed == nil || t.Ask.Rate < failed.Ask.Rate) {
			failed = &f.Trials[i]
		}
	}
	if failed == nil {
		return nil
	}
	for i, t := range f.Trials {
		if t.Outcome == capacity.Holds && t.Ask.Rate < failed.Ask.Rate && (held == nil || t.Ask.Rate > held.Ask.Rate) {
			held = &f.Trials[i]
		}
	}
	c := f.Conditions[failed.Objective]
	count := failed.Counts[failed.Objective]
	b := &sizing.Broke{Objective: c.index, Failed: failed.Shown.N, FailedShare: share(count.Over, count.Calls), Saturated: failed.Saturated}
	if held != nil {
		count := held.Counts[failed.Objective]
		b.Held, b.HeldShare = held.Shown.N, share(count.Over, count.Calls)
		b.Phase, b.PhaseSeconds = grew(held.Summary.Parts, failed.Summary.Parts)
	}
	b.Tier, b.Class = s.where(*failed, c)
	b.Status, b.StatusShare = anew(held, failed)
	b.Sentence = sentence(*b, c.Expr, failed.Ask.Rate, held)
	return b
}

// grew is the part of a call of which the p95 grew most, and by how much; empty where none did.
func grew(before, after metrics.Parts) (part string, by float64) {
	for _, p := range []struct {
		name          string
		before, after *float64
	}{
		{"connect", before.Connect.P95, after.Connect.P95}, {"tls", before.TLS.P95, after.TLS.P95}, {"wait", before.Wait.P95, after.Wait.P95}, {"read", before.Read.P95, after.Read.P95},
	} {
		if p.before != nil && p.after != nil && *p.after-*p.before > by {
			part, by = p.name, *p.after-*p.before
		}
	}
	return part, by
}

// counted is of how many calls how many were over.
type counted struct{ n, over uint64 }

func (c counted) share() float64 { return share(c.over, c.n) }

// where says in which tier, and in which class, a larger share of calls was over than elsewhere, if there is one; by
// the rows of the trial. One that has nearly all calls is not told apart from all.
func (s *session) where(m made, c condition) (tier, class string) {
	runs, err := opened(m.Dir)
	if err != nil {
		return "", ""
	}
	labels := runs[0].Labels
	var objective metrics.Objective
	for _, h := range held(s.thresholds, labels) {
		if h.index == c.index {
			objective = h.Objective
		}
	}
	if objective.Expr == "" {
		return "", ""
	}
	tiers, classes, all := map[string]counted{}, map[string]counted{}, counted{}
	// Rows that cannot be read tell nothing, and the others do.
	count := func(r results.Row) error {
		due := r.Due.Seconds()
		n, over := objective.Judge(r)
		if !n || due < m.Settled || due > m.Settled+m.Seconds {
			return nil
		}
		one := labels.Classes[r.Class]
		for _, at := range []struct {
			in   map[string]counted
			name string
		}{{tiers, one.Tier}, {classes, one.Name}} {
			x := at.in[at.name]
			x.n++
			if over {
				x.over++
			}
			at.in[at.name] = x
		}
		all.n++
		if over {
			all.over++
		}
		return nil
	}
	for _, run := range runs {
		_, _ = run.Rows(count)
	}
	tier = apart(tiers, all)
	if class = apart(classes, all); class != "" && tier != "" && classes[class].share() < 1.5*tiers[tier].share() {
		class = ""
	}
	return tier, class
}

// apart is the group with the largest share over, where that is far above all others by more than chance.
func apart(groups map[string]counted, all counted) string {
	best, furthest := "", 4.0
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := groups[name]
		rest := counted{all.n - g.n, all.over - g.over}
		if g.n < 20 || rest.n < 20 || g.share() < 1.5*rest.share() {
			continue
		}
		p := all.share()
		// How far the two shares lie apart, in standard errors of their difference.
		away := (g.share() - rest.share()) / math.Sqrt(p*(1-p)*(1/float64(g.n)+1/float64(rest.n)))
		if away > furthest {
			best, furthest = name, away
		}
	}
	return best
}

// anew is the most frequent status that is no success and came anew, or ten times as often as before.
func anew(held, failed *made) (status string, of float64) {
	before, sent := map[string]uint64{}, uint64(0)
	if held != nil {
		before, sent = held.Summary.Total.Status, held.Summary.Total.Sent
	}
	after := failed.Summary.Total
	names := slices.SortedFunc(maps.Keys(after.Status), func(a, b string) int {
		return cmp.Or(cmp.Compare(after.Status[b], after.Status[a]), cmp.Compare(a, b))
	})
	for _, name := range names {
		if now := share(after.Status[name], after.Sent); !strings.HasPrefix(name, "2") && now >= 0.001 && now > 10*share(before[name], sent) {
			return name, now
		}
	}
	return "", 0
}

// sentence puts it in words.
func sentence(b sizing.Broke, expr string, rate float64, held *made) string {
	said := fmt.Sprintf("At %.4g/s %s of the calls were over %s", rate, text.Percent(b.FailedShare), expr)
	if held != nil {
		said += fmt.Sprintf(", at %.4g/s %s", held.Ask.Rate, text.Percent(b.HeldShare))
	}
	switch {
	case b.Class != "":
		said += ", most of all those of " + text.Printable(b.Class, 80)
	case b.Tier != "":
		said += ", most of all those of the tier " + text.Printable(b.Tier, 80)
	}
	said += "."
	if b.Phase != "" {
		parts := map[string]string{
			"connect": "connecting", "tls": "the handshake", "wait": "the wait for the first byte of the answer", "read": "reading the answer",
		}
		said += fmt.Sprintf(" What grew most was %s: its p95 by %s.", parts[b.Phase], text.Duration(&b.PhaseSeconds))
	}
	if b.Status != "" {
		said += fmt.Sprintf(" Status %s came anew, in %s of the calls.", b.Status, text.Percent(b.StatusShare))
	}
	if b.Saturated {
		said += " Calls in flight and latency grew together: the target was saturated."
	}
	return said
}
