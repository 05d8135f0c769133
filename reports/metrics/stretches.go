package metrics

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Stretches keep what became of a run's calls by the second in which they were due, by phase and class: what a table or
// an interval log is made of. Its memory depends on the run's length, phases and classes, not on the number of calls; a
// run longer than an hour is kept by two seconds, four, and so on. Make it with [NewStretches]; use it from one
// goroutine.
type Stretches struct {
	labels results.Labels
	kinds  []kind
	width  time.Duration
	slots  []stretchSlot
	cells  []stretchCell
	// pending are latencies that are in no cell yet: sorting them in bulk takes less than keeping histograms open, of
	// which slow answers would need one for each second and class that they may have been due in.
	pending []int64
	of      []uint32 // the cells that they belong to
	sorted  []int64  // by cell, while they are settled
	scratch *histogram.Scratch
	working []byte
}

// stretchSlot finds the cells of a second: 1 + their index by class, 0 for none.
type stretchSlot struct {
	phases []struct {
		phase uint8
		at    []uint32
	}
}

type stretchCell struct {
	slot  uint32
	phase uint8
	class uint16
	Counts
	tallies []tally // a handful, the most frequent among the first
	latency histogram.Packed
	pending int32 // while latencies are settled how many are the cell's, then where the next of them goes
}

// tally counts one status, kind of error or rule.
type tally struct {
	of    tallyOf
	index uint16
	n     uint64
}

type tallyOf uint8

const (
	ofStatus tallyOf = iota
	ofKind
	ofRule
)

const (
	// maxStretches is how many seconds are kept before two are made one.
	maxStretches = 3600
	// maxPending is how many latencies wait to be sorted: 1.3 MB, with where they are sorted into.
	maxPending = 1 << 16
	// maxStatuses is how many statuses are told apart; a provider can make up 900.
	maxStatuses = 24
)

// NewStretches makes those of a run.
func NewStretches(labels results.Labels) *Stretches {
	return &Stretches{labels: labels, kinds: allKinds(), width: time.Second, scratch: histogram.NewScratch()}
}

// Add counts one row. It fails as [Aggregator.Add] does.
func (v *Stretches) Add(r results.Row) error {
	if err := check(&r, &v.labels, len(v.kinds)); err != nil {
		return err
	}
	r = v.labels.Judged(r)
	due := min(max(r.Due, 0), maxDue)
	for due/v.width >= maxStretches {
		v.fold()
	}
	at := v.cell(uint32(due/v.width), r.Phase, r.Class)
	c := &v.cells[at]
	kind := v.kinds[r.Error].of(r.Status)
	one := kind.one
	if v.labels.Counted(r.Rule) > 0 {
		one.Violations = 1
		c.tally(ofRule, uint16(r.Rule), 1)
	}
	c.Counts.merge(&one)
	if r.Status > 0 {
		c.tally(ofStatus, knownStatus(r.Status), 1)
	}
	if r.Error > results.Unsent && r.Error != results.Shed {
		c.tally(ofKind, uint16(r.Error), 1)
	}
	if headline(v.labels.Classes[r.Class].Invalid).has(kind.fate) {
		latency := min(histogram.Nanoseconds(r.Lag)+histogram.Nanoseconds(r.Service), histogram.Highest)
		v.pending, v.of = append(v.pending, latency), append(v.of, at)
		if len(v.pending) == maxPending {
			v.settle()
		}
	}
	return nil
}

func (c *stretchCell) tally(of tallyOf, index uint16, n uint64) {
	for i := range c.tallies {
		if t := &c.tallies[i]; t.of == of && t.index == index {
			t.n += n
			return
		}
	}
	c.tallies = append(c.tallies, tally{of, index, n})
}

func (v *Stretches) cell(slot uint32, phase uint8, class uint16) uint32 {
	for len(v.slots) <= int(slot) {
		v.slots = append(v.slots, stretchSlot{})
	}
	s := &v.slots[slot]
	i := 0
	for i < len(s.phases) && s.phases[i].phase != phase {
		i++
	}
	if i == len(s.phases) {
		s.phases = append(s.phases, struct {
			phase uint8
			at    []uint32
		}{phase, make([]uint32, len(v.labels.Classes))})
	}
	at := &s.phases[i].at[class]
	if *at == 0 {
		v.cells = append(v.cells, stretchCell{slot: slot, phase: phase, class: class})
		*at = uint32(len(v.cells))
	}
	return *at - 1
}

// settle moves the pending latencies into their cells. They are sorted by cell first, so that each cell is packed once
// and from one place in memory.
func (v *Stretches) settle() {
	var touched []uint32
	for _, at := range v.of {
		c := &v.cells[at]
		if c.pending == 0 {
			touched = append(touched, at)
		}
		c.pending++
	}
	// From now on pending is where a cell's next latency goes.
	var from int32
	for _, at := range touched {
		c := &v.cells[at]
		c.pending, from = from, from+c.pending
	}
	v.sorted = slices.Grow(v.sorted[:0], len(v.pending))[:len(v.pending)]
	for i, latency := range v.pending {
		c := &v.cells[v.of[i]]
		v.sorted[c.pending] = latency
		c.pending++
	}
	from = 0
	for _, at := range touched {
		c := &v.cells[at]
		v.scratch.Reset()
		v.scratch.AddPacked(c.latency)
		for _, latency := range v.sorted[from:c.pending] {
			v.scratch.Record(latency)
		}
		from = c.pending
		c.latency, c.pending = v.scratch.Pack(&v.working), 0
	}
	v.pending, v.of = v.pending[:0], v.of[:0]
}

// fold makes one stretch of every two.
func (v *Stretches) fold() {
	v.settle()
	old := v.cells
	v.slots, v.cells = nil, nil
	for i := range old {
		v.mergeCell(old[i].slot/2, &old[i])
	}
	v.width *= 2
}

// mergeCell adds what is at rest in a cell to the one of the same phase and class in a slot.
func (v *Stretches) mergeCell(slot uint32, from *stretchCell) {
	c := &v.cells[v.cell(slot, from.phase, from.class)]
	c.Counts.merge(&from.Counts)
	for _, t := range from.tallies {
		c.tally(t.of, t.index, t.n)
	}
	if c.latency.Samples() == 0 {
		c.latency = from.latency
		return
	}
	v.scratch.Reset()
	v.scratch.AddPacked(c.latency)
	v.scratch.AddPacked(from.latency)
	c.latency = v.scratch.Pack(&v.working)
}

// Merge adds those of another run of the same labels, on the same clock.
func (v *Stretches) Merge(o *Stretches) {
	for v.width < o.width {
		v.fold()
	}
	v.settle()
	o.settle()
	for i := range o.cells {
		from := &o.cells[i]
		v.mergeCell(uint32(time.Duration(from.slot)*o.width/v.width), from)
	}
}

// Stretch is what became of the calls of one class that were due in one stretch of a phase.
type Stretch struct {
	// StartSeconds and Seconds place the stretch on the run's clock.
	StartSeconds, Seconds float64
	Phase                 *results.Phase
	Class                 *results.Class
	Counts
	// Status, Errors and Violations count as those of [Figures] do, by the names that [Stretches.Names] gives.
	Status, Errors, Violations map[string]uint64
	// P50, P90, P99 and Max are the latency in seconds; null as in [Times].
	P50, P90, P99, Max *float64
}

// Names lists the statuses, kinds of errors and rules that were met. Of statuses the 24 most frequent are told apart,
// and all others are "other".
func (v *Stretches) Names() (statuses, errors, rules []string) {
	apart := v.statusesApart()
	var seen [ofRule + 1]map[uint16]bool
	for of := range seen {
		seen[of] = map[uint16]bool{}
	}
	for i := range v.cells {
		for _, t := range v.cells[i].tallies {
			if t.of == ofStatus && !apart[t.index] {
				t.index = 0
			}
			seen[t.of][t.index] = true
		}
	}
	names := func(of tallyOf) (list []string) {
		for _, index := range slices.Sorted(maps.Keys(seen[of])) {
			list = append(list, v.name(of, index))
		}
		return list
	}
	statuses = names(ofStatus)
	slices.Sort(statuses) // "other" after all numbers
	return statuses, names(ofKind), names(ofRule)
}

// statusesApart are the most frequent statuses: of equally frequent ones the lowest, so that the order of the rows is
// nothing to it.
func (v *Stretches) statusesApart() map[uint16]bool {
	counts := map[uint16]uint64{}
	for i := range v.cells {
		for _, t := range v.cells[i].tallies {
			if t.of == ofStatus && t.index > 0 {
				counts[t.index] += t.n
			}
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b uint16) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	apart := map[uint16]bool{}
	for _, status := range all[:min(len(all), maxStatuses)] {
		apart[status] = true
	}
	return apart
}

func (v *Stretches) name(of tallyOf, index uint16) string {
	switch of {
	case ofKind:
		return v.kinds[index].name
	case ofRule:
		return v.labels.Rules[index]
	}
	return statusName(index)
}

// ordered settles, and gives the cells by time, phase and class.
func (v *Stretches) ordered() []*stretchCell {
	v.settle()
	cells := make([]*stretchCell, len(v.cells))
	for i := range v.cells {
		cells[i] = &v.cells[i]
	}
	slices.SortFunc(cells, func(a, b *stretchCell) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.phase, b.phase), cmp.Compare(a.class, b.class))
	})
	return cells
}

// Each gives the stretches in which a call was due, by time, then phase, then class, until f fails. They are f's for
// the length of the call.
func (v *Stretches) Each(f func(Stretch) error) error {
	apart := v.statusesApart()
	counted := [ofRule + 1]map[string]uint64{{}, {}, {}}
	for _, c := range v.ordered() {
		for of := range counted {
			clear(counted[of])
		}
		for _, t := range c.tallies {
			if t.of == ofStatus && !apart[t.index] {
				t.index = 0
			}
			counted[t.of][v.name(t.of, t.index)] += t.n
		}
		v.scratch.Reset()
		v.scratch.AddPacked(c.latency)
		p := v.scratch.Percentiles(50, 90, 99)
		err := f(Stretch{
			StartSeconds: (time.Duration(c.slot) * v.width).Seconds(), Seconds: v.width.Seconds(),
			Phase: &v.labels.Phases[c.phase], Class: &v.labels.Classes[c.class], Counts: c.Counts,
			Status: counted[ofStatus], Errors: counted[ofKind], Violations: counted[ofRule],
			P50: p[0], P90: p[1], P99: p[2], Max: c.latency.Max(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// TierStretch is the latency of the calls of one tier that were due in one stretch of the run.
type TierStretch struct {
	// StartSeconds and Seconds place the stretch on the run's clock.
	StartSeconds, Seconds float64
	// Tier is empty for all tiers but deliberately invalid calls.
	Tier string
	// Max is the longest latency, in seconds.
	Max float64
	// Histogram is the histogram as interval logs have it: in nanoseconds, HdrHistogram's encoding V2, compressed, in
	// Base64. It is the callee's for the length of the call.
	Histogram []byte
}

// EachTier gives the stretches of the measured phases in which a call was timed, by time, first of all tiers, then of
// each; until f fails. Together they are what [Aggregator.Curve] is made of.
func (v *Stretches) EachTier(f func(TierStretch) error) error {
	type of struct {
		tier string
		in   func(*stretchCell) bool
	}
	groups := []of{{"", func(c *stretchCell) bool { return !v.labels.Classes[c.class].Invalid }}}
	seen := map[string]bool{}
	for _, class := range v.labels.Classes {
		if !seen[class.Tier] {
			seen[class.Tier] = true
			groups = append(groups, of{class.Tier, func(c *stretchCell) bool { return v.labels.Classes[c.class].Tier == class.Tier }})
		}
	}
	encoder := histogram.NewEncoder()
	cells := v.ordered()
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].slot == cells[0].slot {
			n++
		}
		for _, g := range groups {
			v.scratch.Reset()
			for _, c := range cells[:n] {
				if !v.labels.Phases[c.phase].Warmup && g.in(c) {
					v.scratch.AddPacked(c.latency)
				}
			}
			if v.scratch.Samples() == 0 {
				continue
			}
			i := TierStretch{
				StartSeconds: (time.Duration(cells[0].slot) * v.width).Seconds(), Seconds: v.width.Seconds(), Tier: g.tier,
				Max: *v.scratch.Max(), Histogram: encoder.Encode(v.scratch),
			}
			if err := f(i); err != nil {
				return err
			}
		}
		cells = cells[n:]
	}
	return nil
}
