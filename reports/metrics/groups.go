package metrics

import (
	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Grouping is what [Aggregator.By] groups by.
type Grouping string

// The groupings, by their names in summary.json and in the selectors of thresholds. Ungrouped is of one group without
// a name, which [Aggregator.Total] is of.
const (
	Ungrouped Grouping = ""
	ByTier    Grouping = "tier"
	ByContent Grouping = "content"
	ByClass   Grouping = "class"
	ByPhase   Grouping = "phase"
)

// nameOf is the name of the group that a cell belongs to.
func (a *Aggregator) nameOf(g Grouping, phase, class int) string {
	switch g {
	case ByTier:
		return a.labels.Classes[class].Tier
	case ByContent:
		return a.labels.Classes[class].Content
	case ByClass:
		return a.labels.Classes[class].Name
	case ByPhase:
		return a.labels.Phases[phase].Name
	}
	return ""
}

// group is a set of cells.
type group struct {
	a     *Aggregator
	at    []int // indices of cells
	phase []bool
	// invalid says whether the times of deliberately invalid calls belong in.
	invalid bool
}

func (a *Aggregator) newGroup(invalid bool) *group {
	return &group{a: a, phase: make([]bool, len(a.labels.Phases)), invalid: invalid}
}

func (g *group) add(phase, class int) {
	g.at = append(g.at, phase*len(g.a.labels.Classes)+class)
	g.phase[phase] = true
}

// Total is the figures of the measured phases, which are all but warm-ups. Deliberately invalid calls are in its counts
// and not in its times. elapsed says for how many seconds the run has been sending (see [Aggregator.Elapsed]).
func (a *Aggregator) Total(elapsed float64) Figures {
	return a.measured().figures(elapsed)
}

func (a *Aggregator) measured() *group {
	g := a.newGroup(false)
	for p := range a.labels.Phases {
		if a.labels.Phases[p].Warmup {
			continue
		}
		for c := range a.labels.Classes {
			g.add(p, c)
		}
	}
	return g
}

// By is the figures of each tier, content signature, class or phase by name, also of those without a call. Warm-up
// phases are left out, but shown among the phases. elapsed is as in [Aggregator.Total]. The times of deliberately
// invalid calls are in those of their own tier, content and class, and of no phase.
func (a *Aggregator) By(by Grouping, elapsed float64) map[string]Figures {
	figures := make(map[string]Figures)
	for name, g := range a.groups(by) {
		figures[name] = g.figures(elapsed)
	}
	return figures
}

func (a *Aggregator) groups(by Grouping) map[string]*group {
	groups := make(map[string]*group)
	for p := range a.labels.Phases {
		if a.labels.Phases[p].Warmup && by != ByPhase {
			continue
		}
		for c := range a.labels.Classes {
			name := a.nameOf(by, p, c)
			if groups[name] == nil {
				groups[name] = a.newGroup(by != ByPhase && by != Ungrouped)
			}
			groups[name].add(p, c)
		}
	}
	return groups
}

func (g *group) figures(elapsed float64) Figures {
	n := g.counts()
	f := Figures{
		Planned: g.planned(), Sent: n.Sent, Dropped: n.Dropped, Completed: n.Completed, OK: n.OK,
		Status: map[string]uint64{}, Errors: map[string]uint64{}, Violations: map[string]uint64{},
	}
	for _, at := range g.at {
		c := g.a.cells[at]
		if c == nil {
			continue
		}
		f.Unsent += c.unsent()
		f.Bytes.In += c.bytesIn
		f.Bytes.Out += c.bytesOut
		for _, s := range c.status {
			f.Status[statusName(s.status)] += s.n
		}
		for kind, n := range c.kinds {
			if n > 0 && kind > int(results.Unsent) && kind != int(results.Shed) {
				f.Errors[g.a.kinds[kind].name] += n
			}
		}
		for rule, n := range c.rules {
			switch name := g.a.labels.Rules[rule]; {
			case n == 0:
			case !g.a.labels.Waives(uint8(rule)):
				f.Violations[name] += n
			case f.Waived == nil:
				f.Waived = map[string]uint64{name: n}
			default:
				f.Waived[name] += n
			}
		}
	}
	f.Rate = g.spans(elapsed).rate(f.Planned, n)
	f.Latency = times(g.times(asked{}))
	f.Service = times(g.times(asked{service: true}))
	if f.Touched = g.touches(asked{}); f.Touched > 0 {
		latency := times(g.times(asked{less: true}))
		service := times(g.times(asked{service: true, less: true}))
		f.LatencyLessOwn, f.ServiceLessOwn = &latency, &service
	}
	g.outcomes(&f)
	return f
}

// outcomes fills in what the provider made of the calls.
func (g *group) outcomes(f *Figures) {
	for _, o := range results.Outcomes() {
		if n := g.countOutcome(o); n > 0 {
			if f.Outcomes == nil {
				f.Outcomes = make(map[string]Came)
			}
			f.Outcomes[o.String()] = Came{n, times(g.times(asked{fates: fatesOf(o)}))}
		}
	}
	var sum retry
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			sum.merge(c.retry)
		}
	}
	if sum.n > 0 {
		f.RetryAfter = &RetryAfter{sum.n, float64(sum.min), float64(sum.max)}
	}
}

// countOutcome counts the calls with an outcome.
func (g *group) countOutcome(o results.Outcome) (n uint64) {
	c := g.counts()
	switch o {
	case results.OutcomeAccepted:
		return c.Accepted
	case results.OutcomeShed:
		return c.Shed
	case results.OutcomeRefused:
		return c.Refused
	}
	return g.countKinds(func(k *kind) bool { return k.outcome == o })
}

// countKinds counts the calls of the kinds that fit.
func (g *group) countKinds(fits func(*kind) bool) (n uint64) {
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			for kind, count := range c.kinds {
				if fits(&g.a.kinds[kind]) {
					n += count
				}
			}
		}
	}
	return n
}

func (g *group) counts() Counts {
	var sum Counts
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			sum.merge(&c.Counts)
		}
	}
	return sum
}

// planned is null as soon as one phase of the group is a closed loop: the rest alone would be taken for the whole.
func (g *group) planned() *uint64 {
	var n uint64
	for p, in := range g.phase {
		if in && (g.a.labels.Phases[p].Closed || p >= len(g.a.planned) || len(g.a.planned[p]) < len(g.a.labels.Classes)) {
			return nil
		}
	}
	for _, at := range g.at {
		n += g.a.planned[at/len(g.a.labels.Classes)][at%len(g.a.labels.Classes)]
	}
	return &n
}

// asked says which times of a group are meant: latencies, or service times; of which fates, 0 being those that stand
// for a class; as they were measured, or less the generator's own part.
type asked struct {
	service bool
	fates   fateSet
	less    bool
}

// each gives the times that are meant, cell by cell and fate by fate.
func (g *group) each(q asked, f func(*bounds)) {
	for _, at := range g.at {
		c, invalid := g.a.cells[at], g.a.labels.Classes[at%len(g.a.labels.Classes)].Invalid
		if c == nil || invalid && !g.invalid {
			continue
		}
		set := q.fates
		if set == 0 {
			set = headline(invalid)
		}
		for k, t := range c.times {
			switch {
			case t == nil || !set.has(fate(k)):
			case q.service:
				f(&t.service)
			default:
				f(&t.latency)
			}
		}
	}
}

// times, lag and ownLag merge into the one scratch of the aggregator: each is valid until the next.
func (g *group) times(q asked) *histogram.Scratch {
	g.a.scratch.Reset()
	g.each(q, func(b *bounds) { b.into(g.a.scratch, q.less) })
	return g.a.scratch
}

// touches counts the times that the generator itself has had a part in.
func (g *group) touches(q asked) (n uint64) {
	g.each(q, func(b *bounds) { n += b.touches() })
	return n
}

func (g *group) lag(less bool) *histogram.Scratch {
	g.a.scratch.Reset()
	for p, in := range g.phase {
		if in && g.a.lag[p] != nil {
			g.a.lag[p].into(g.a.scratch, less)
		}
	}
	return g.a.scratch
}

func (g *group) ownLag() *histogram.Scratch {
	g.a.scratch.Reset()
	for p, in := range g.phase {
		if in && g.a.ownLag[p] != nil {
			g.a.scratch.AddRecorder(g.a.ownLag[p])
		}
	}
	return g.a.scratch
}

// Latencies is the distribution of latencies of each group that [Aggregator.By] gives figures of. In a closed loop the
// latency is the service time.
func (a *Aggregator) Latencies(by Grouping) map[string]histogram.Distribution {
	all := make(map[string]histogram.Distribution)
	for name, g := range a.groups(by) {
		all[name] = g.times(asked{}).Distribution()
	}
	return all
}

// Lags are the distributions that [Aggregator.Lag] and [Aggregator.OwnLag] sum up.
func (a *Aggregator) Lags() (lag, own histogram.Distribution) {
	return a.measured().lag(false).Distribution(), a.measured().ownLag().Distribution()
}

// Curve is the percentile curve of the latency of the measured phases: of one tier, or without the deliberately invalid
// calls of all of them if tier is empty. The times of invalid calls are in those of their own tier. It is of the calls
// that the headline is of, or of whatever became of them.
func (a *Aggregator) Curve(tier string, whatever bool) histogram.Curve {
	g := a.measured()
	if tier != "" {
		g = a.newGroup(true)
		for p, phase := range a.labels.Phases {
			for c, class := range a.labels.Classes {
				if !phase.Warmup && class.Tier == tier {
					g.add(p, c)
				}
			}
		}
	}
	var q asked
	if whatever {
		q.fates = anyFate
	}
	return g.times(q).Curve()
}
