package metrics

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// Stretches keep what became of a run's hits by the second in which they were due, by phase and class: what a table or an
// interval log is made of. Its memory depends on the run's length, phases and classes, not on the number of hits; a run
// longer than an hour is kept by two seconds, four, and so on. Make it with [NewStretches]; use it from one goroutine.
type Stretches struct {
	labels results.Labels
	kinds  []kind
	width  time.Duration
	slots  []stretchSlot
	cells  []stretchCell
	// codes are the statuses that are told apart, in the order in which they were met.
	codes []uint16
	// pending are latencies that are in no cell yet: sorting them in bulk takes less than keeping histograms open, of which
	// slow answers would need one for each second and class that they may have been due in.
	pending []pendingTime
	next    []int32 // links the pending latencies of a cell
	pile    *pile
	buf     []byte
}

type pendingTime struct {
	cell   uint32
	bucket uint16
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
	latency packed
	pending int32 // 1 + the first of the cell's pending latencies while they are linked, 0 for none
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
	// maxPending is how many latencies wait to be sorted: 2 MB.
	maxPending = 1 << 18
	// maxCodes is how many statuses are told apart; a provider can make up 900.
	maxCodes = 24
)

// NewStretches makes those of a run.
func NewStretches(labels results.Labels) *Stretches {
	return &Stretches{labels: labels, kinds: allKinds(), width: time.Second, pile: newPile()}
}

// Add counts one row. It fails as [Aggregator.Add] does.
func (v *Stretches) Add(r results.Row) error {
	if err := check(&r, &v.labels, len(v.kinds)); err != nil {
		return err
	}
	due := min(max(r.Due, 0), maxDue)
	for due/v.width >= maxStretches {
		v.fold()
	}
	at := v.cell(uint32(due/v.width), r.Phase, r.Class)
	c := &v.cells[at]
	kind := &v.kinds[r.Error]
	one := kind.one
	if r.Rule > 0 {
		one.Violations = 1
		c.tally(ofRule, uint16(r.Rule), 1)
	}
	c.Counts.merge(one)
	if r.Status > 0 {
		c.tally(ofStatus, v.code(r.Status), 1)
	}
	if r.Error > results.Unsent {
		c.tally(ofKind, uint16(r.Error), 1)
	}
	if kind.timed {
		latency := min(nanos(r.Lag)+nanos(r.Service), highest)
		c.latency.record(latency)
		v.pending = append(v.pending, pendingTime{at, uint16(bucket(latency))})
		if len(v.pending) == maxPending {
			v.settle()
		}
	}
	return nil
}

// code is where a status stands among the codes; maxCodes is all others.
func (v *Stretches) code(status uint16) uint16 {
	if status < 100 || status > 999 {
		return maxCodes
	}
	i := slices.Index(v.codes, status)
	if i < 0 {
		if len(v.codes) == maxCodes {
			return maxCodes
		}
		i = len(v.codes)
		v.codes = append(v.codes, status)
	}
	return uint16(i)
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

// settle moves the pending latencies into their cells.
func (v *Stretches) settle() {
	v.next = slices.Grow(v.next[:0], len(v.pending))[:len(v.pending)]
	var touched []uint32
	for i, p := range v.pending {
		c := &v.cells[p.cell]
		if c.pending == 0 {
			touched = append(touched, p.cell)
		}
		v.next[i], c.pending = c.pending, int32(i+1)
	}
	for _, at := range touched {
		c := &v.cells[at]
		v.pile.reset()
		c.latency.each(v.pile.add)
		for i := c.pending; i > 0; i = v.next[i-1] {
			v.pile.add(int(v.pending[i-1].bucket), 1)
		}
		c.latency.data, c.pending = v.pack(), 0
	}
	v.pending = v.pending[:0]
}

func (v *Stretches) pack() []byte {
	v.buf = v.pile.pack(v.buf[:0])
	return slices.Clone(v.buf)
}

// fold makes one stretch of every two.
func (v *Stretches) fold() {
	v.settle()
	old := v.cells
	v.slots, v.cells = nil, nil
	for i := range old {
		from := &old[i]
		c := &v.cells[v.cell(from.slot/2, from.phase, from.class)]
		c.Counts.merge(from.Counts)
		for _, t := range from.tallies {
			c.tally(t.of, t.index, t.n)
		}
		if c.latency.n == 0 {
			c.latency = from.latency
			continue
		}
		v.pile.reset()
		v.pile.addPacked(c.latency)
		v.pile.addPacked(from.latency)
		c.latency = packed{v.pile.extent, v.pack()}
	}
	v.width *= 2
}

// Stretch is what became of the hits of one class that were due in one stretch of a phase.
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

// Names lists the statuses, kinds of errors and rules that were met. Of statuses the first 24 are told apart, and all
// others are "other".
func (v *Stretches) Names() (statuses, errors, rules []string) {
	var seen [ofRule + 1]map[uint16]bool
	for of := range seen {
		seen[of] = map[uint16]bool{}
	}
	for i := range v.cells {
		for _, t := range v.cells[i].tallies {
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

func (v *Stretches) name(of tallyOf, index uint16) string {
	switch {
	case of == ofKind:
		return v.kinds[index].name
	case of == ofRule:
		return v.labels.Rules[index]
	case index == maxCodes:
		return statusName(0)
	}
	return statusName(v.codes[index])
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

// Each gives the stretches in which a hit was due, by time, then phase, then class, until f fails. They are f's for the
// length of the call.
func (v *Stretches) Each(f func(Stretch) error) error {
	counted := [ofRule + 1]map[string]uint64{{}, {}, {}}
	for _, c := range v.ordered() {
		for of := range counted {
			clear(counted[of])
		}
		for _, t := range c.tallies {
			counted[t.of][v.name(t.of, t.index)] += t.n
		}
		v.pile.reset()
		v.pile.addPacked(c.latency)
		p := v.pile.percentiles(50, 90, 99)
		err := f(Stretch{
			StartSeconds: (time.Duration(c.slot) * v.width).Seconds(), Seconds: v.width.Seconds(),
			Phase: &v.labels.Phases[c.phase], Class: &v.labels.Classes[c.class], Counts: c.Counts,
			Status: counted[ofStatus], Errors: counted[ofKind], Violations: counted[ofRule],
			P50: p[0], P90: p[1], P99: p[2], Max: c.latency.maximum(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
