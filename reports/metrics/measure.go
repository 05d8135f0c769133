package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Of makes the aggregator of a run, which watches the run's thresholds and those of every run.
func Of(m results.Manifest) *Aggregator {
	a := New(m.Labels, m.Planned, Tolerated(m))
	a.timeout = time.Duration(min(m.TimeoutSeconds, histogram.Seconds(histogram.Highest)) * 1e9)
	a.paired = m.Paired
	for _, t := range m.Thresholds {
		// What another version of andon wrote, and this one cannot read, is judged by nobody.
		if parsed, err := ParseThreshold(t.Expr); err == nil {
			a.Watch(parsed)
		}
	}
	for _, t := range Standing() {
		a.Watch(t)
	}
	return a
}

// standing are the conditions of every run that has none of its own on the same metric over all calls: a contract that
// is broken under load is what andon is there to find, and a run in which calls fail, are shed, or were never sent must
// not pass unasked. A condition on some of the calls, or on some of the errors, says nothing of the rest. One on the
// dropped calls is one on those that were sent; in a closed loop nothing is due that could be dropped.
var standing = [...]string{"count(violations) == 0", "rate(errors) < 1%", "rate(shed) < 1%", "rate(sent) >= 99%"}

// Standing are the conditions that hold without being written down, where a run has none of its own in their place.
func Standing() (list []Threshold) {
	for _, expr := range standing {
		t, _ := ParseThreshold(expr) // a test reads them
		list = append(list, t)
	}
	return list
}

// Watch has calls counted exactly, from the first on, by whether they keep the limit of a threshold on times, and by
// the second what the threshold is made of. Where a limit is not watched, the bucket of the histogram that it falls
// into decides, and nothing can be said of windows, or of when it broke.
func (a *Aggregator) Watch(t Threshold) {
	key := t.String()
	if t.OfExecutions() || t.open || a.watch(key) != nil {
		return
	}
	of, times := map[string]timesOf{"latency": ofLatency, "service": ofService, "lag": ofLag}[t.metric]
	w := newWatch(key, of, t.limit)
	if !times {
		w = &watch{key: key, of: ofShare, share: t.counted(a.labels.Rules), when: t.moment()}
	}
	w.series = a.pace.watch(times && t.window > 0)
	a.watches = append(a.watches, w)
	g := t.selects(a)
	for _, at := range g.at {
		if !times {
			a.shares[at] = append(a.shares[at], w)
			continue
		}
		set, invalid := t.fates(), a.labels.Classes[at%len(a.labels.Classes)].Invalid
		if set == 0 {
			set = headline(invalid)
		}
		if of == ofLag || g.invalid || !invalid {
			a.watching[at] = append(a.watching[at], watchAt{w, set})
		}
	}
}

// moment is by which moment of a call the threshold counts it: a rate in calls a second is of what happened, where all
// else is of calls that were due.
func (t Threshold) moment() moment {
	switch {
	case t.unit() != PerSecond:
		return whenDue
	case t.metric == "sent":
		return whenLeft
	}
	return whenAnswered
}

// watch is what was counted for a threshold so far; nil where it is not watched.
func (a *Aggregator) watch(key string) *watch {
	a.tellAll()
	i := slices.IndexFunc(a.watches, func(w *watch) bool { return w.key == key })
	if i < 0 {
		return nil
	}
	return a.watches[i]
}

// found is the figure of a threshold, and how it compares with the limit.
type found struct {
	// value is as measured; less is without the generator's own part, nil where it has none.
	value, less *float64
	samples     uint64
	// problem says why there is no figure.
	problem string
	// least and most are how the least and the most that the truth can be compare with the limit: −1, 0 or 1.
	least, most int
}

// holds reports whether the condition does on all that the truth can be, and on some of it.
func (f found) holds(op string) (all, some bool) {
	all = true
	for c := f.least; c <= f.most; c++ {
		one := meets(c, op)
		all, some = all && one, some || one
	}
	return all, some
}

// meets reports whether what compares so with a limit meets the condition.
func meets(c int, op string) bool {
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "==":
		return c == 0
	case "!=":
		return c != 0
	}
	return false
}

// measure finds the figure, and what it was made of.
func (t Threshold) measure(a *Aggregator, elapsed float64) found {
	g := t.selects(a)
	if t.unit() == Seconds {
		return t.measureTimes(g)
	}
	n, of := t.counts(g)
	if of == 0 {
		return found{problem: "no samples: " + t.lacking()}
	}
	v := float64(n)
	less := float64(t.lessOwn(g, n))
	if t.unit() == Ratio {
		v, less = v/float64(of), less/float64(of)
	}
	if t.unit() == PerSecond || t.unit() == Ratio && t.metric == "sent" {
		s, own := g.lasting(elapsed, false), g.lasting(elapsed, true)
		switch {
		case t.unit() == Ratio:
			v, less = v*s.kept(), less*own.kept()
		case t.over(s) == 0:
			return found{problem: "no time has passed in which calls could be sent"}
		default:
			v, less = perSecond(n, t.over(s)), perSecond(t.lessOwn(g, n), t.over(own))
		}
	}
	f := found{value: &v, samples: of, most: cmp.Compare(v, t.limit)}
	f.least = f.most
	if less != v {
		f.less, f.least = &less, cmp.Compare(less, t.limit)
	}
	f.least, f.most = min(f.least, f.most), max(f.least, f.most)
	return f
}

// over is the time that a rate in calls a second is over.
func (t Threshold) over(s spans) float64 {
	if t.metric == "sent" {
		return s.sending
	}
	return s.answering
}

// measureTimes finds a figure of times.
func (t Threshold) measureTimes(g *group) (f found) {
	q := asked{service: t.metric == "service", fates: t.fates()}
	d := t.times(g, q)
	f.samples = d.Samples()
	if f.value = t.read(d); f.value == nil {
		if f.problem = "no samples: " + t.lacking(); f.samples > 0 {
			f.problem = fmt.Sprintf("%s needs %d samples and has %d: let the run go on for longer, or ask for a lower percentile",
				t.function, histogram.Needed(t.percentile), f.samples)
		}
		return f
	}
	w := g.a.watch(t.String())
	if w == nil {
		w = new(watch)
	}
	f.most = t.compare(f.value, f.samples, w, w.measured)
	f.least = f.most
	if t.touches(g, q) > 0 {
		q.less = true
		f.less = t.read(t.times(g, q))
		f.least = t.compare(f.less, f.samples, w, w.less)
	}
	return f
}

// times are those that the threshold is of.
func (t Threshold) times(g *group, q asked) *histogram.Scratch {
	if t.metric == "lag" {
		return g.lag(q.less)
	}
	return g.times(q)
}

func (t Threshold) touches(g *group, q asked) (n uint64) {
	if t.metric != "lag" {
		return g.touches(q)
	}
	for p, in := range g.phase {
		if in && g.a.lag[p] != nil {
			n += g.a.lag[p].touches()
		}
	}
	return n
}

// read reads the figure off; nil where the samples cannot tell it.
func (t Threshold) read(d *histogram.Scratch) *float64 {
	switch t.function {
	case "min":
		return d.Min()
	case "mean":
		return d.Mean()
	case "max":
		return d.Max()
	}
	return d.Percentiles(t.percentile)[0]
}

// compare compares a figure of n times with the limit. A percentile is what the counts of the times that keep the limit
// say, where all n were counted; the bucket that it was read from may reach beyond the limit, and the figure is brought
// in line then.
func (t Threshold) compare(v *float64, n uint64, w *watch, k within) int {
	if t.percentile == 0 || k.n != n {
		return cmp.Compare(*v, t.limit)
	}
	switch rank := histogram.Rank(t.percentile, n); {
	case k.below >= rank:
		*v = min(*v, histogram.Seconds(w.below))
		return -1
	case k.upTo >= rank:
		*v = t.limit
		return 0
	}
	return 1
}

// selects is the group of the cells that every selector accepts.
func (t Threshold) selects(a *Aggregator) *group {
	byPhase, byClass := false, false
	for _, s := range t.selectors {
		switch s.key {
		case string(ByPhase):
			byPhase = true
		case string(ByTier), string(ByContent), string(ByClass):
			byClass = true
		}
	}
	g := a.newGroup(byClass)
	for p := range a.labels.Phases {
		if a.labels.Phases[p].Warmup && !byPhase {
			continue
		}
		for c := range a.labels.Classes {
			if t.accepts(a, p, c) {
				g.add(p, c)
			}
		}
	}
	return g
}

func (t Threshold) accepts(a *Aggregator, phase, class int) bool {
	for _, s := range t.selectors {
		whole := s.key == string(ByPhase) && a.labels.Phases[phase].Of == s.value
		if s.key != byError && s.key != byRule && s.key != byOutcome && !whole && a.nameOf(Grouping(s.key), phase, class) != s.value {
			return false
		}
	}
	return true
}

// counts is what rate and count count, and what they count it of.
func (t Threshold) counts(g *group) (n, of uint64) {
	c := g.counts()
	switch t.metric {
	case "sent":
		return t.among(g, c.Sent), c.Sent + c.Dropped
	case "dropped":
		return c.Dropped, c.Sent + c.Dropped
	case "unsent":
		return c.Due - c.Sent - c.Dropped, c.Due
	case "completed", "answered":
		return t.among(g, c.Completed), c.Sent
	case "accepted":
		return c.Accepted, c.Sent
	case "shed":
		return c.Shed, c.Sent
	case "refused":
		return c.Refused, c.Sent
	case "ok", "goodput":
		return c.OK, c.Sent
	case "errors":
		n, of = c.Errors, c.Sent
	default:
		n, of = c.Violations, c.Sent
		if t.function == "rate" {
			of = c.Completed
		}
	}
	for _, s := range t.selectors {
		switch s.key {
		case byError:
			n = g.countKinds(func(k *kind) bool { return k.name == s.value })
		case byRule:
			n = g.countRule(s.value)
		}
	}
	return n, of
}

// counted is what one call adds to what rate and count count, and to what they count it of: summed up, it is what
// counts gives.
func (t Threshold) counted(rules []string) func(k *kind, one Counts, rule uint8) (n, of uint64) {
	failure, rule, outcome := "", "", t.outcome()
	for _, s := range t.selectors {
		switch s.key {
		case byError:
			failure = s.value
		case byRule:
			rule = s.value
		}
	}
	return func(k *kind, one Counts, broken uint8) (n, of uint64) {
		of = one.Sent
		switch t.metric {
		case "sent":
			n, of = one.Sent, one.Sent+one.Dropped
		case "dropped":
			n, of = one.Dropped, one.Sent+one.Dropped
		case "unsent":
			n, of = one.Due-one.Sent-one.Dropped, one.Due
		case "completed", "answered":
			n = one.Completed
		case "accepted":
			n = one.Accepted
		case "shed":
			n = one.Shed
		case "refused":
			n = one.Refused
		case "ok", "goodput":
			n = one.OK
		case "errors":
			n = one.Errors
			if failure != "" {
				n = 0
				if k.name == failure {
					n = 1
				}
			}
		default:
			n = one.Violations
			if t.function == "rate" {
				of = one.Completed
			}
			if rule != "" && rules[broken] != rule {
				n = 0
			}
		}
		if outcome != "" && outcome != anyOutcome && k.outcome.String() != outcome {
			n = 0
		}
		return n, of
	}
}

// among is how many of the sent or the completed calls have the outcome that the threshold selects, if it does.
func (t Threshold) among(g *group, all uint64) uint64 {
	name := t.outcome()
	for _, o := range results.Outcomes() {
		switch {
		case o.String() != name:
		case o == results.OutcomeFailed && t.metric != "sent":
			c := g.counts() // whole responses alone
			return c.Completed - c.Accepted - c.Shed - c.Refused
		default:
			return g.countOutcome(o)
		}
	}
	return all
}

func (g *group) countRule(name string) (n uint64) {
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			for rule, count := range c.rules {
				if g.a.labels.Rules[rule] == name && !g.a.labels.Waives(uint8(rule)) {
					n += count
				}
			}
		}
	}
	return n
}
