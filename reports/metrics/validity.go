package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Lag is actual send − due, over the sent and the dropped calls of the open phases that are measured.
func (a *Aggregator) Lag() Lag { return lagOf(a.measured().lag(false)) }

// OwnLag is for how long the generator itself held calls up: the part of the lag that is its own doing, and the time by
// which it may have lengthened them when they were under way. It is over the sent calls of the open phases that are
// measured, and those dropped calls that were held up beyond the run's tolerance.
func (a *Aggregator) OwnLag() Lag { return lagOf(a.measured().ownLag()) }

// Validity judges the run; inFlight is its limit of calls in flight, and how the generator did, for the sentences.
//
// It is no-data if no call of a measured phase got a whole response; else generator-limited if the generator itself
// held too many calls up beyond the tolerance, or closed loops lost more than a twentieth of their time by its own
// doing; else target-limited if too many left later than the tolerance by another's doing, or a call was dropped; else
// valid. Too many is more than 1 in 100. With fewer calls than a p99 needs it is more than one, and more than 1 in 20,
// by ten times the tolerance: a bad moment in a short run is no trend.
func (a *Aggregator) Validity(inFlight int, how Generator) Validity {
	g := a.measured()
	v := Validity{Status: Valid, Reasons: []string{}}
	held := a.lateness(g.ownLag())
	v.OwnLag, v.Held = held.Lag, held.n
	v.Lag = lagOf(g.lag(false))
	// Who was held up may be late for that alone.
	late := a.lateness(g.lag(true))
	total := g.counts()
	kept, why := g.keptFrom(how)
	if !few(kept, total.Due) {
		v.Status = GeneratorLimited
		v.Reasons = append(v.Reasons, why...)
	}
	if n := g.countKinds(func(k *kind) bool { return k.name == results.Unread.String() }); !few(n, total.Due) {
		v.Status = GeneratorLimited
		v.Reasons = append(v.Reasons, fmt.Sprintf("andon gave up %d of %d answers before they were read, the largest first, since those under way "+
			"took more memory than limits.memory allows: raise it, or allow fewer calls in flight (limits.inFlight)", n, total.Sent))
	}
	reasons := a.ownFault(held, how)
	if len(reasons) > 0 {
		v.Status = GeneratorLimited
		if why := how.causes(); why != "" {
			reasons = append(reasons, "what held the generator up: "+why)
		}
		v.Reasons = append(v.Reasons, reasons...)
	}
	dropped := total.Dropped - min(g.ours(wasDropped), total.Dropped)
	limited := v.Status == GeneratorLimited
	// Where the generator was late as well, its own part is not known to the last: the rest has to be the larger one.
	if late.tooMany() && (!limited || held.Max == nil || *late.Max > *held.Max) || dropped > 0 && !limited {
		if !limited {
			v.Status = TargetLimited
		}
		reason := fmt.Sprintf("calls left late because every slot (limits.inFlight %d) was waiting on the target", inFlight)
		if late.tooMany() {
			reason += ": " + late.say("left %s late")
		}
		if dropped > 0 {
			reason += fmt.Sprintf("; %d of %d calls were dropped after waiting longer than the timeout", dropped,
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

// ownFault says what the generator itself spoiled of calls that were due, and of closed loops.
func (a *Aggregator) ownFault(held lateness, how Generator) (reasons []string) {
	if held.tooMany() {
		reasons = append(reasons, fmt.Sprintf("the generator fell behind: %s by andon itself (tolerance %s), so "+
			"the figures speak of this machine and not of the target; ask for fewer calls a second, give andon more cores "+
			"(GOMAXPROCS, a container's CPU limit), or run it on another machine than the provider's", held.say("was held up for %s"),
			spell(a.tolerance.Seconds(), 3)))
	}
	if l := how.Loop; l.Lost > max(lostShare*l.Seconds, 10*a.tolerance.Seconds()) {
		reasons = append(reasons, fmt.Sprintf("the callers of the closed loop could not go on for %s of %s, by the doing of andon itself "+
			"(tolerance %s %%): the rates are too low by as much, and times may be too long", spell(l.Lost, 3), spell(l.Seconds, 3),
			plain(100*lostShare)))
	}
	return reasons
}

// lateness is how many of some calls were late, or held up, beyond the tolerance, and beyond ten times that.
type lateness struct {
	Lag
	n, much, of uint64
}

func (a *Aggregator) lateness(s *histogram.Scratch) lateness {
	t := int64(a.tolerance)
	return lateness{lagOf(s), s.Beyond(t), s.Beyond(min(10*t, histogram.Highest)), s.Samples()}
}

// tooMany reports whether they are more than chance, or one bad moment, makes of them.
func (l lateness) tooMany() bool {
	if l.of >= histogram.Needed(99) {
		return 100*l.n > l.of
	}
	return l.much > 1 && 20*l.much > l.of
}

// say puts it in words, by a sentence's verb and what comes behind the time.
func (l lateness) say(format string) string {
	if l.P99 != nil {
		return fmt.Sprintf("1 call in 100 "+format+" or more", spell(*l.P99, 3))
	}
	return fmt.Sprintf("%d of %d calls, of which the worst "+format, l.n, l.of, spell(*l.Max, 3))
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
