package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
)

// Lag is actual send − due, over the sent and the dropped calls of the open phases that are measured.
func (a *Aggregator) Lag() Lag { return lagOf(a.measured().lag(false)) }

// OwnLag is for how long the generator itself held calls up: the part of the lag during which a slot was free, and the
// time for which it stood still while they were under way. It is over the sent calls of the open phases that are
// measured, and those dropped calls that were held up beyond the run's tolerance.
func (a *Aggregator) OwnLag() Lag { return lagOf(a.measured().ownLag()) }

// Validity judges the run; inFlight is its limit of calls in flight, and how the generator did, for the sentences.
//
// It is no-data if no call of a measured phase got a whole response; else generator-limited if the p99 of the own lag
// is beyond the tolerance; else target-limited if the p99 of the lag is, or a call was dropped; else valid. With fewer
// calls than a p99 needs, the largest lag stands for it, and may be ten times the tolerance: one late call of a few is
// no trend. A closed loop has no due times and so no lag.
func (a *Aggregator) Validity(inFlight int, how Generator) Validity {
	g := a.measured()
	v := Validity{Status: Valid, Reasons: []string{}, Lag: a.Lag(), OwnLag: a.OwnLag()}
	own, ownLate := a.lateness(v.OwnLag, "was held up for %s")
	lag, late := a.lateness(v.Lag, "left %s late")
	total := g.counts()
	kept, why := g.keptFrom(how)
	if !few(kept, total.Due) {
		v.Status = GeneratorLimited
		v.Reasons = append(v.Reasons, why...)
	}
	if ownLate {
		v.Status = GeneratorLimited
		v.Reasons = append(v.Reasons, fmt.Sprintf("the generator fell behind: %s by andon itself (tolerance %s), so "+
			"the figures speak of this machine and not of the target; ask for fewer calls a second, give andon more cores "+
			"(GOMAXPROCS, a container's CPU limit), or run it on another machine than the provider's", own,
			spell(a.tolerance.Seconds(), 3)))
		if why := how.causes(); why != "" {
			v.Reasons = append(v.Reasons, "what held the generator up: "+why)
		}
	} else if v.Status == Valid && (late || total.Dropped > 0) {
		v.Status = TargetLimited
		reason := fmt.Sprintf("calls left late because every slot (limits.inFlight %d) was waiting on the target", inFlight)
		if late {
			reason += ": " + lag
		}
		if total.Dropped > 0 {
			reason += fmt.Sprintf("; %d of %d calls were dropped after waiting longer than the timeout", total.Dropped,
				total.Sent+total.Dropped)
		}
		v.Reasons = append(v.Reasons, reason+"; this is a finding about the target: it did not answer at the rate it was asked")
	}
	if total.Completed == 0 && !g.reached() {
		v.Status = NoData
		v.Reasons = append([]string{g.noData(total, kept == 0)}, v.Reasons...)
	}
	return v
}

// lateness puts a lag in words, and reports whether it is beyond tolerance.
func (a *Aggregator) lateness(l Lag, words string) (said string, late bool) {
	switch {
	case l.Max == nil:
		return "", false
	case l.P99 != nil:
		return fmt.Sprintf("1 call in 100 "+words+" or more", spell(*l.P99, 3)), *l.P99 > a.tolerance.Seconds()
	}
	return fmt.Sprintf("a call "+words, spell(*l.Max, 3)), *l.Max > 10*a.tolerance.Seconds()
}

// reached reports whether there was a connection to the target for any call.
func (g *group) reached() bool {
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			for kind, n := range c.kinds {
				if n > 0 && results.Kind(kind).Reached() {
					return true
				}
			}
		}
	}
	return false
}

// noData says what became of the calls instead, the most frequent first. Where that is not said otherwise, it advises
// what to look at.
func (g *group) noData(total Counts, advise bool) string {
	if total.Due == 0 {
		return "no call of a measured phase was due; let the run go on past its warm-up"
	}
	counts := make([]uint64, len(g.a.kinds))
	kinds := make([]int, 0, len(g.a.kinds))
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			for kind, n := range c.kinds {
				counts[kind] += n
			}
		}
	}
	for kind, n := range counts {
		if n > 0 && kind != int(results.None) {
			kinds = append(kinds, kind)
		}
	}
	slices.SortStableFunc(kinds, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = fmt.Sprintf("%d %s", counts[kind], g.a.kinds[kind].name)
	}
	advice := ""
	if advise {
		advice = "; check that the target is up and reachable from here"
	}
	return fmt.Sprintf("none of %d calls got a whole response (%s), so there is nothing to judge%s", total.Due, strings.Join(words, ", "), advice)
}
