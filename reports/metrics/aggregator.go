// Package metrics turns the rows of a run into figures: it aggregates them by class and time, and holds thresholds
// against them.
//
//  1. An [Aggregator] takes the rows one by one, while the run goes on or from its files afterwards, and keeps counts
//     and histograms by phase and class, and a timeline. [Stretches] do so by second, phase and class. Their memory
//     depends on the number of phases and classes, and a little on the run's length; the number of calls is nothing to
//     it.
//  2. [Keep] keeps both in the run directory, and [Kept] reads them, so that nothing below needs the rows again. Those
//     of several runs are merged by [Aggregator.Merge] and [Stretches.Merge], exactly.
//  3. Whatever is asked ([Aggregator.Total], [Aggregator.By], [Aggregator.Timeline], [Stretches.Each] and so on) is
//     merged from those cells, exactly: the p99 of a tier is the p99 of all its calls, not a mean of percentiles.
//  4. [Aggregator.Validity] says whether the figures can be trusted: what the generator itself was late with is no
//     finding about the target.
//  5. [Aggregator.Intervals] says between what the headline figures lie, and [Aggregator.Drift] what changed while the
//     load did not, by stretches of the run: calls that are near each other are alike.
//  6. A [Threshold], read by [ParseThreshold] once, is held against the figures by [Threshold.Evaluate]. An aggregator
//     that was made with [Of], or told to [Aggregator.Watch] it, has counted exactly which calls keep its limit.
//
// Times are kept by what became of the calls, since what is turned away quickly must not make a target look fast, and
// those that the generator had a part in twice: as measured, and without that part.
package metrics

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Aggregator aggregates the rows of one run. Make it with [New]; use it from one goroutine.
type Aggregator struct {
	labels  results.Labels
	planned [][]uint64
	// tolerance is how late 1 call in 100 may leave.
	tolerance time.Duration
	// timeout is when calls are given up; 0 where it is not known (see [New]), so that none counts as our doing.
	timeout time.Duration
	kinds   []kind  // by results.Kind
	cells   []*cell // by phase, then class; nil until the first row
	// lag and ownLag are kept by phase: lateness is the run's, not a class's.
	lag    []*bounds
	ownLag []*histogram.Recorder
	// watches are the limits that are watched (see [Aggregator.Watch]), watching those on times of each cell, and shares
	// the others; untold are the calls of each cell that shares have not been told of.
	watches  []*watch
	watching [][]watchAt
	shares   [][]*watch
	untold   []untold
	// parts are the parts of the service time by phase, without those of deliberately invalid calls.
	parts []*parts
	// busy is for how many nanoseconds calls were on the wire, less those for which the generator stood still.
	busy histogram.Sum
	// sentUntil is the latest moment at which a call was due or sent.
	sentUntil time.Duration
	// apart are the runs that were merged into this one and went on one after the other: see [Aggregator.Apart].
	apart []Part
	// followed is what became of the executions that calls started; nil where they were not followed.
	followed *executions.Account
	// paired says when another target was sent to; nil where none was.
	paired   *results.Paired
	timeline *timeline
	pace     *pace
	recent   recent
	slowest  slowest
	// scratch is where queries merge.
	scratch *histogram.Scratch
}

// cell is what is kept of one class in one phase.
type cell struct {
	Counts
	bytesIn, bytesOut uint64
	kinds             []uint64      // by results.Kind
	rules             []uint64      // by rule; nil until the first violation
	status            []statusCount // a handful, the most frequent among the first
	// left is when the last call left, and answered when the last whole response was read.
	left, answered last
	retry          retry
	times          [fates]*cellTimes // by fate, nil until the first
}

// last is the last of some moments, as measured and without the generator's own part in each of them.
type last struct{ measured, less time.Duration }

// take is one so many nanoseconds after its call was due.
func (l *last) take(due time.Duration, measured, less int64) {
	l.merge(last{due + time.Duration(measured), due + time.Duration(less)})
}

func (l *last) merge(o last) {
	l.measured, l.less = max(l.measured, o.measured), max(l.less, o.less)
}

type cellTimes struct{ latency, service bounds }

// retry is in how many seconds shed calls may be made again, as far as answers say.
type retry struct{ n, min, max uint64 }

func (r *retry) merge(o retry) {
	switch {
	case o.n == 0:
		return
	case r.n == 0:
		r.min = o.min
	}
	r.n += o.n
	r.min, r.max = min(r.min, o.min), max(r.max, o.max)
}

type statusCount struct {
	status uint16
	n      uint64
}

// Part is one of several runs.
type Part struct {
	*Aggregator
	// Elapsed is for how many seconds it went on sending: see [Aggregator.Elapsed].
	Elapsed float64
}

// New makes the aggregator of a run, which watches no limit (see [Of]). planned counts the calls of the plan
// (planned[phase][class]); it is nil in a closed loop, and what it says of closed phases is not used. tolerance is how
// late 1 call in 100 may leave: see [Tolerance] and [Tolerated].
func New(labels results.Labels, planned [][]uint64, tolerance time.Duration) *Aggregator {
	a := &Aggregator{
		labels:    labels,
		planned:   planned,
		tolerance: tolerance,
		kinds:     allKinds(),
		cells:     make([]*cell, len(labels.Phases)*len(labels.Classes)),
		watching:  make([][]watchAt, len(labels.Phases)*len(labels.Classes)),
		shares:    make([][]*watch, len(labels.Phases)*len(labels.Classes)),
		untold:    make([]untold, len(labels.Phases)*len(labels.Classes)),
		lag:       make([]*bounds, len(labels.Phases)),
		ownLag:    make([]*histogram.Recorder, len(labels.Phases)),
		parts:     make([]*parts, len(labels.Phases)),
		slowest:   make(slowest, len(labels.Classes)),
		scratch:   histogram.NewScratch(),
	}
	a.timeline, a.pace = &timeline{scratch: a.scratch}, &pace{scratch: a.scratch}
	return a
}

// maxDue keeps due + lag + service, which a damaged file can make anything, within a time.Duration.
const maxDue = time.Duration(math.MaxInt64) - 2*time.Duration(histogram.Highest)

// Add counts one row. It fails, and counts nothing, if the row has a class, phase, rule or error kind that the run does
// not have, which rows read by package results never do.
func (a *Aggregator) Add(r results.Row) error { return a.add(&r) }

// AddBatch counts rows as [Aggregator.Add] does, up to the first that fails.
func (a *Aggregator) AddBatch(rows []results.Row) error {
	for i := range rows {
		if err := a.add(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *Aggregator) add(r *results.Row) error {
	if err := check(r, &a.labels, len(a.kinds)); err != nil {
		return err
	}
	if r.Rule > 0 {
		judged := a.labels.Judged(*r)
		r = &judged
	}
	of := int(r.Phase)*len(a.labels.Classes) + int(r.Class)
	c := a.cells[of]
	if c == nil {
		c = &cell{kinds: make([]uint64, len(a.kinds))}
		a.cells[of] = c
	}
	kind := a.kinds[r.Error].of(r.Status)
	phase, invalid := &a.labels.Phases[r.Phase], a.labels.Classes[r.Class].Invalid

	due := min(max(r.Due, 0), maxDue)
	lag, service := histogram.Nanoseconds(r.Lag), histogram.Nanoseconds(r.Service)
	latency := min(lag+service, histogram.Highest)
	ownLag, stall := histogram.Nanoseconds(r.OwnLag), histogram.Nanoseconds(r.Stall)
	own := min(ownLag+stall, histogram.Highest)
	sent, stands := kind.one.Sent > 0, headline(invalid).has(kind.fate)
	one, rule := &kind.one, a.labels.Counted(r.Rule)
	if rule > 0 {
		broke := *one
		broke.Violations, one = 1, &broke
	}

	c.count(r, one, len(a.labels.Rules))
	if sent {
		c.left.take(due, lag, a.less(lag, ownLag))
	}
	if one.Completed > 0 {
		c.answered.take(due, lag+service, a.less(lag+service, own))
	}
	if kind.fate != untimed {
		t := c.times[kind.fate]
		if t == nil {
			t = new(cellTimes)
			c.times[kind.fate] = t
		}
		t.latency.record(latency, a.less(latency, own))
		if sent {
			t.service.record(service, a.less(service, stall))
			if !phase.Warmup {
				a.slowest.add(r, latency)
			}
		}
	}

	a.sentUntil = max(a.sentUntil, due)
	if sent || r.Error.Kept() {
		a.busy.Add(uint64(max(service-stall, 0)))
	}
	if sent {
		a.sentUntil = max(a.sentUntil, due+time.Duration(lag))
		if stands && !invalid {
			a.addParts(r)
		}
	}
	late := !phase.Closed && (sent || r.Error == results.Dropped)
	if late {
		a.addLag(r, sent, lag)
	}
	var at [moments]int
	a.pace.add(&[...]time.Duration{
		whenDue: due, whenLeft: due + time.Duration(lag), whenAnswered: due + time.Duration(lag+service),
		leftLess: due + time.Duration(a.less(lag, ownLag)), answeredLess: due + time.Duration(a.less(lag+service, own)),
	}, one, &at)
	if len(a.shares[of]) > 0 {
		a.share(of, kind, rule, &at)
	}
	if watching := a.watching[of]; len(watching) > 0 {
		e := seen{kind: kind, sent: sent, late: late, at: at,
			measured: [...]int64{ofLatency: latency, ofService: service, ofLag: lag},
			less:     [...]int64{ofLatency: a.less(latency, own), ofService: a.less(service, stall), ofLag: a.less(lag, ownLag)}}
		for _, w := range watching {
			w.take(&e, a.pace)
		}
	}
	a.timeline.add(&event{due: due, lag: lag, own: own, service: service, one: one, kind: r.Error, rule: rule,
		timed: stands && !invalid, late: late, touched: own > int64(a.tolerance)})
	if r.Error != results.Unsent {
		a.recent.add(due+time.Duration(latency), one, stands && !invalid, latency)
	}
	return nil
}

// share counts a row for the thresholds that are on no times.
func (a *Aggregator) share(at int, k *kind, rule uint8, when *[moments]int) {
	last := &a.untold[at]
	if last.kind != k || last.rule != rule || last.at != *when || last.shift != a.pace.shift {
		a.tell(at)
		*last = untold{kind: k, rule: rule, at: *when, shift: a.pace.shift}
	}
	last.n++
}

// tell tells those who watch a cell of the calls that they have not been told of.
func (a *Aggregator) tell(at int) {
	last := &a.untold[at]
	if last.n == 0 {
		return
	}
	one := last.kind.one
	if last.rule > 0 {
		one.Violations = 1
	}
	for _, w := range a.shares[at] {
		n, of := w.share(last.kind, one, last.rule)
		shift := a.pace.shift - last.shift
		some := within{n: of * last.n, below: n * last.n}
		w.series.at(last.at[w.when] >> shift).measured.merge(some)
		switch w.when {
		case whenLeft:
			w.series.at(last.at[leftLess] >> shift).less.merge(some)
		case whenAnswered:
			w.series.at(last.at[answeredLess] >> shift).less.merge(some)
		}
	}
	last.n = 0
}

// tellAll is to be called before what is counted is read.
func (a *Aggregator) tellAll() {
	for at := range a.untold {
		a.tell(at)
	}
}

// less is a time without the generator's own part in it, if that is more than is tolerated.
func (a *Aggregator) less(v, own int64) int64 {
	if own <= int64(a.tolerance) {
		return v
	}
	return max(v-own, 0)
}

// addLag keeps how late a sent or dropped call of an open phase was. By our own fault it was held up for as much as it
// left later than without our standstills, and by as much as they may have lengthened it. A dropped call counts as
// late; as held up by us it counts only if that is beyond tolerance: one that waited for the target says nothing about
// the generator, and many of them would hide the calls that do.
func (a *Aggregator) addLag(r *results.Row, sent bool, lag int64) {
	if a.lag[r.Phase] == nil {
		a.lag[r.Phase] = new(bounds)
	}
	if a.ownLag[r.Phase] == nil {
		a.ownLag[r.Phase] = new(histogram.Recorder)
	}
	a.lag[r.Phase].record(lag, a.less(lag, histogram.Nanoseconds(r.OwnLag)))
	if own := HeldUp(*r, a.tolerance); sent || own > a.tolerance {
		a.ownLag[r.Phase].Record(int64(own))
	}
}

// parts are distributions of the parts of the service time; connect and tls of those calls alone that had to connect.
type parts struct{ connect, tls, wait, read histogram.Recorder }

func (a *Aggregator) addParts(r *results.Row) {
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

// unsent counts the calls that were due, and neither sent nor dropped.
func (c *cell) unsent() uint64 {
	n := c.kinds[results.Unsent]
	for k := results.Descriptors; int(k) < len(c.kinds); k++ {
		if k.Kept() {
			n += c.kinds[k]
		}
	}
	return n
}

// statusName is the key under which a status is counted.
func statusName(status uint16) string {
	if status == 0 {
		return "other"
	}
	return strconv.Itoa(int(status))
}

// count is all of a row but its times.
func (c *cell) count(r *results.Row, one *Counts, rules int) {
	c.Counts.merge(one)
	c.kinds[r.Error]++
	if r.Rule > 0 {
		if c.rules == nil {
			c.rules = make([]uint64, rules)
		}
		c.rules[r.Rule]++
	}
	if r.Status > 0 {
		c.addStatus(knownStatus(r.Status), 1)
	}
	c.bytesIn += uint64(r.BytesIn)
	c.bytesOut += uint64(r.BytesOut)
	if r.Error == results.Shed && r.RetryAfter > 0 {
		seconds := uint64(math.Round(float64(r.RetryAfter)))
		c.retry.merge(retry{1, seconds, seconds})
	}
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
