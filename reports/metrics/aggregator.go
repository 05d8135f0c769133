// Package metrics aggregates results by class and evaluates thresholds.
//
// An [Aggregator] takes the rows of a run one by one, while the run goes on or from its files afterwards, and keeps
// counts and histograms by phase and class, and by second. Its memory depends on the number of phases and classes, and
// a little on the run's length; the number of calls is nothing to it. Whatever is asked of it, it merges from those
// cells, exactly: the p99 of a tier is the p99 of all its calls, not a mean of percentiles.
package metrics

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Aggregator aggregates the rows of one run. Make it with [New]; use it from one goroutine.
type Aggregator struct {
	labels  results.Labels
	planned [][]uint64
	kinds   []kind  // by results.Kind
	cells   []*cell // by phase, then class; nil until the first row
	// lag and ownLag are kept by phase: lateness is the run's, not a class's.
	lag, ownLag []*histogram.Recorder
	// parts are the parts of the service time by phase, without those of deliberately invalid calls.
	parts []*parts
	// busy is for how many nanoseconds calls were on the wire, less those for which the generator stood still.
	busy uint64
	// sentUntil is the latest moment at which a call was due or sent.
	sentUntil time.Duration
	timeline  *timeline
	recent    recent
	slowest   slowest
	// scratch is where queries merge.
	scratch *histogram.Scratch
}

// kind is what a row's error says of it, looked up because asking each row anew took a sixth of Add.
type kind struct {
	name  string
	one   Counts
	timed bool
}

// cell is what is kept of one class in one phase.
type cell struct {
	Counts
	bytesIn, bytesOut uint64
	kinds             []uint64      // by results.Kind
	rules             []uint64      // by rule; nil until the first violation
	status            []statusCount // a handful, the most frequent among the first
	latency, service  histogram.Recorder
}

type statusCount struct {
	status uint16
	n      uint64
}

// New makes the aggregator of a run. planned counts the calls of the plan (planned[phase][class]); it is nil in a
// closed loop, and what it says of closed phases is not used.
func New(labels results.Labels, planned [][]uint64) *Aggregator {
	a := &Aggregator{
		labels:  labels,
		planned: planned,
		kinds:   allKinds(),
		cells:   make([]*cell, len(labels.Phases)*len(labels.Classes)),
		lag:     make([]*histogram.Recorder, len(labels.Phases)),
		ownLag:  make([]*histogram.Recorder, len(labels.Phases)),
		parts:   make([]*parts, len(labels.Phases)),
		slowest: make(slowest, len(labels.Classes)),
		scratch: histogram.NewScratch(),
	}
	a.timeline = &timeline{scratch: a.scratch}
	return a
}

// maxDue keeps due + lag + service, which a damaged file can make anything, within a time.Duration.
const maxDue = time.Duration(math.MaxInt64) - 2*time.Duration(histogram.Highest)

// Add counts one row. It fails, and counts nothing, if the row has a class, phase, rule or error kind that the run does
// not have, which rows read by package results never do.
func (a *Aggregator) Add(r results.Row) error {
	if err := check(&r, &a.labels, len(a.kinds)); err != nil {
		return err
	}
	at := int(r.Phase)*len(a.labels.Classes) + int(r.Class)
	c := a.cells[at]
	if c == nil {
		c = &cell{kinds: make([]uint64, len(a.kinds))}
		a.cells[at] = c
	}
	kind := &a.kinds[r.Error]
	phase, invalid := &a.labels.Phases[r.Phase], a.labels.Classes[r.Class].Invalid

	due := min(max(r.Due, 0), maxDue)
	lag, service := histogram.Nanoseconds(r.Lag), histogram.Nanoseconds(r.Service)
	latency := min(lag+service, histogram.Highest)
	sent := kind.one.Sent > 0
	one := kind.one
	if r.Rule > 0 {
		one.Violations = 1
	}

	c.Counts.merge(one)
	c.kinds[r.Error]++
	if r.Rule > 0 {
		if c.rules == nil {
			c.rules = make([]uint64, len(a.labels.Rules))
		}
		c.rules[r.Rule]++
	}
	if r.Status > 0 {
		c.addStatus(knownStatus(r.Status), 1)
	}
	c.bytesIn += uint64(r.BytesIn)
	c.bytesOut += uint64(r.BytesOut)
	if kind.timed {
		c.latency.Record(latency)
		if sent {
			c.service.Record(service)
			if !phase.Warmup {
				a.slowest.add(&r, latency)
			}
		}
	}

	a.sentUntil = max(a.sentUntil, due)
	if sent {
		a.sentUntil = max(a.sentUntil, due+time.Duration(lag))
		a.busy += uint64(max(service-histogram.Nanoseconds(r.Stall), 0))
		if kind.timed && !invalid {
			a.addParts(r)
		}
	}
	late := !phase.Closed && (sent || r.Error == results.Dropped)
	own := min(histogram.Nanoseconds(r.OwnLag)+histogram.Nanoseconds(r.Stall), histogram.Highest)
	if late {
		a.addLag(r, sent, lag, own)
	}
	a.timeline.add(&event{due: due, lag: lag, own: own, service: service, one: one, kind: r.Error, rule: r.Rule,
		timed: kind.timed && !invalid, late: late})
	if r.Error != results.Unsent {
		a.recent.add(due+time.Duration(latency), one, kind.timed && !invalid, latency)
	}
	return nil
}

// addLag keeps how late a sent or dropped call of an open phase was. By our own fault it was held up for as long as it
// left late though a slot was free, and as the generator stood still while it was under way. A dropped call counts as
// late; as held up by us it counts only if that is beyond tolerance: one that waited for the target says nothing about
// the generator, and many of them would hide the calls that do.
func (a *Aggregator) addLag(r results.Row, sent bool, lag, own int64) {
	if a.lag[r.Phase] == nil {
		a.lag[r.Phase], a.ownLag[r.Phase] = new(histogram.Recorder), new(histogram.Recorder)
	}
	a.lag[r.Phase].Record(lag)
	if sent || own > int64(Tolerance) {
		a.ownLag[r.Phase].Record(own)
	}
}

// parts are distributions of the parts of the service time; connect and tls of those calls alone that had to connect.
type parts struct{ connect, tls, wait, read histogram.Recorder }

func (a *Aggregator) addParts(r results.Row) {
	p := a.parts[r.Phase]
	if p == nil {
		p = new(parts)
		a.parts[r.Phase] = p
	}
	if r.Connect > 0 {
		p.connect.Record(histogram.Nanoseconds(r.Connect))
	}
	if r.TLS > 0 {
		p.tls.Record(histogram.Nanoseconds(r.TLS))
	}
	p.wait.Record(histogram.Nanoseconds(r.Wait()))
	p.read.Record(histogram.Nanoseconds(r.Read))
}

// Parts are the parts of the service time in the measured phases.
func (a *Aggregator) Parts() Parts {
	merged := func(of func(*parts) *histogram.Recorder) Times {
		a.scratch.Reset()
		for i, p := range a.parts {
			if p != nil && !a.labels.Phases[i].Warmup {
				a.scratch.AddRecorder(of(p))
			}
		}
		return times(a.scratch)
	}
	return Parts{
		Connect: merged(func(p *parts) *histogram.Recorder { return &p.connect }), TLS: merged(func(p *parts) *histogram.Recorder { return &p.tls }),
		Wait: merged(func(p *parts) *histogram.Recorder { return &p.wait }), Read: merged(func(p *parts) *histogram.Recorder { return &p.read }),
	}
}

// check says whether the run has what a row refers to.
func check(r *results.Row, l *results.Labels, kinds int) error {
	if int(r.Class) < len(l.Classes) && int(r.Phase) < len(l.Phases) && (r.Rule == 0 || int(r.Rule) < len(l.Rules)) && int(r.Error) < kinds {
		return nil
	}
	return fmt.Errorf("call %d: class %d, phase %d, rule %d, error kind %d: the run has %d classes, %d phases, %d rules and "+
		"%d error kinds; the row is of another run, or its file is damaged", r.N, r.Class, r.Phase, r.Rule, r.Error,
		len(l.Classes), len(l.Phases), len(l.Rules), kinds)
}

// knownStatus is the status as it is counted; 0 is all others.
func knownStatus(status uint16) uint16 {
	if status < 100 || status > 999 {
		return 0
	}
	return status
}

func (c *cell) addStatus(status uint16, n uint64) {
	for i := range c.status {
		if c.status[i].status == status {
			c.status[i].n += n
			return
		}
	}
	c.status = append(c.status, statusCount{status, n})
}

func allKinds() []kind {
	var all []kind
	for k, name := range results.KindNames() {
		r := results.Row{Error: results.Kind(k)}
		one := Counts{Due: 1}
		switch {
		case r.Error == results.Dropped:
			one.Dropped = 1
		case r.Sent():
			one.Sent = 1
			if !r.OK() && r.Error != results.Canceled {
				one.Errors = 1
			}
		}
		if r.Completed() {
			one.Completed = 1
		}
		if r.OK() {
			one.OK = 1
		}
		all = append(all, kind{name, one, r.Timed()})
	}
	return all
}

func (c *Counts) merge(o Counts) {
	c.Due += o.Due
	c.Sent += o.Sent
	c.Completed += o.Completed
	c.OK += o.OK
	c.Errors += o.Errors
	c.Violations += o.Violations
	c.Dropped += o.Dropped
}

// Elapsed is the time in seconds for which a run went on sending, which [Aggregator.Total] and [Aggregator.By] ask for:
// all of the plan if the run finished, else until the last moment at which a call was due or sent. end.Seconds is no
// measure of it: it has the wait for the last responses in it.
func (a *Aggregator) Elapsed(end results.End) float64 {
	elapsed := a.sentUntil.Seconds()
	if end.Reason == results.Finished {
		for _, p := range a.labels.Phases {
			elapsed = max(elapsed, p.StartSeconds+p.Seconds)
		}
	}
	return elapsed
}

// Grouping is what [Aggregator.By] groups by.
type Grouping string

// The groupings, by their names in summary.json and in the selectors of thresholds.
const (
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
	}
	return a.labels.Phases[phase].Name
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

// deliberate reports whether all calls of the group break the contract on purpose.
func (g *group) deliberate() bool {
	return !slices.ContainsFunc(g.at, func(at int) bool { return !g.a.labels.Classes[at%len(g.a.labels.Classes)].Invalid })
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
		f := g.figures(elapsed)
		f.Invalid = by != ByPhase && g.deliberate()
		figures[name] = f
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
				groups[name] = a.newGroup(by != ByPhase)
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
		f.Unsent += c.kinds[results.Unsent]
		f.Bytes.In += c.bytesIn
		f.Bytes.Out += c.bytesOut
		for _, s := range c.status {
			f.Status[statusName(s.status)] += s.n
		}
		for kind, n := range c.kinds {
			if n > 0 && kind > int(results.Unsent) {
				f.Errors[g.a.kinds[kind].name] += n
			}
		}
		for rule, n := range c.rules {
			if n > 0 {
				f.Violations[g.a.labels.Rules[rule]] += n
			}
		}
	}
	f.Rate = g.rate(f, elapsed)
	f.Latency = times(g.latency())
	f.Service = times(g.service())
	return f
}

func (g *group) counts() Counts {
	var sum Counts
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			sum.merge(c.Counts)
		}
	}
	return sum
}

func statusName(status uint16) string {
	if status == 0 {
		return "other"
	}
	return strconv.Itoa(int(status))
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

func (g *group) rate(f Figures, elapsed float64) Rate {
	var planned, ran float64
	for p, in := range g.phase {
		if in {
			phase := g.a.labels.Phases[p]
			planned += phase.Seconds
			ran += max(0, min(elapsed-phase.StartSeconds, phase.Seconds))
		}
	}
	var r Rate
	if f.Planned != nil && planned > 0 {
		v := float64(*f.Planned) / planned
		r.Planned = &v
	}
	// A phase can have sent within a moment too short for a rate, or after the elapsed time that we were told.
	if v := float64(f.Sent) / ran; v <= math.MaxFloat64 {
		r.Achieved = v
	}
	return r
}

// latency, service, lag and ownLag merge into the one scratch of the aggregator: each is valid until the next.
func (g *group) latency() *histogram.Scratch {
	return g.merge(func(c *cell) *histogram.Recorder { return &c.latency })
}

func (g *group) service() *histogram.Scratch {
	return g.merge(func(c *cell) *histogram.Recorder { return &c.service })
}

func (g *group) merge(of func(*cell) *histogram.Recorder) *histogram.Scratch {
	g.a.scratch.Reset()
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil && (g.invalid || !g.a.labels.Classes[at%len(g.a.labels.Classes)].Invalid) {
			g.a.scratch.AddRecorder(of(c))
		}
	}
	return g.a.scratch
}

func (g *group) lag() *histogram.Scratch    { return g.mergeLag(g.a.lag) }
func (g *group) ownLag() *histogram.Scratch { return g.mergeLag(g.a.ownLag) }

func (g *group) mergeLag(of []*histogram.Recorder) *histogram.Scratch {
	g.a.scratch.Reset()
	for p, in := range g.phase {
		if in && of[p] != nil {
			g.a.scratch.AddRecorder(of[p])
		}
	}
	return g.a.scratch
}

// Running is the counts of the whole run so far, warm-ups too.
func (a *Aggregator) Running() Counts {
	var sum Counts
	for _, c := range a.cells {
		if c != nil {
			sum.merge(c.Counts)
		}
	}
	return sum
}

// Latencies is the distribution of latencies of each group that [Aggregator.By] gives figures of. In a closed loop the
// latency is the service time.
func (a *Aggregator) Latencies(by Grouping) map[string]histogram.Distribution {
	all := make(map[string]histogram.Distribution)
	for name, g := range a.groups(by) {
		all[name] = g.latency().Distribution()
	}
	return all
}

// Lags are the distributions that [Aggregator.Lag] and [Aggregator.OwnLag] sum up.
func (a *Aggregator) Lags() (lag, own histogram.Distribution) {
	return a.measured().lag().Distribution(), a.measured().ownLag().Distribution()
}

// Curve is the percentile curve of the latency of the measured phases: of one tier, or without the deliberately invalid
// calls of all of them if tier is empty. The times of invalid calls are in those of their own tier.
func (a *Aggregator) Curve(tier string) histogram.Curve {
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
	return g.latency().Curve()
}
