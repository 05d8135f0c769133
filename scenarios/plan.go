package scenarios

import (
	"errors"
	"fmt"
	"iter"
	"sort"
	"sync"
	"time"
)

// Plan is a scenario with a seed: call n is a function of the two and n alone. It is safe for concurrent use. A plan
// may be a shard of another (see [Plan.Shard]); what it counts is its own then.
type Plan struct {
	*Scenario
	Seed uint64
	// Calls is the number of calls; 0 in a closed loop, which plans none.
	Calls uint64
	// Planned counts the calls by phase and class, as Labels order them; nil in a closed loop.
	Planned [][]uint64
	// Seconds is the length of the load.
	Seconds float64

	schedules []schedule // by entry of the load
	// begins are the first calls of the entries of the load, and first those of the phases, as Labels order them; one
	// more closes each list.
	begins, first []uint64
	draws         sync.Pool
	// shard is which part of the whole the plan is; the whole is nil where it is that itself.
	shard Shard
	whole *Plan
}

// Plan fixes the seed. It fails where the calls are more than the scenario's limit, which random arrivals can meet by
// chance.
func (s *Scenario) Plan(seed uint64) (*Plan, error) {
	if err := errors.Join(s.description.Unfilled(), s.fits()); err != nil {
		return nil, err
	}
	p := &Plan{Scenario: s, Seed: seed, begins: []uint64{0}, first: []uint64{0}}
	p.draws.New = func() any { return newDraw() }
	if !s.Closed() && s.load.arrivals == Even {
		p.schedules = s.load.evenArrivals()
	}
	counted := uint64(0)
	for i, ph := range s.load.phases {
		p.Seconds += ph.seconds
		if s.Closed() {
			continue
		}
		if s.load.arrivals == Poisson {
			p.schedules = append(p.schedules, poissonArrivals(ph.profile, seed, i, s.Limits.Calls))
		}
		p.begin(ph, &p.schedules[i])
		if !ph.label.Warmup {
			counted += p.schedules[i].count
		}
	}
	if p.Calls > s.Limits.Calls {
		return nil, errors.New(tooMany(p.Calls, s.Limits.Calls))
	}
	if s.Closed() {
		return p, nil
	}
	if p.Calls == 0 {
		return nil, errors.New("with this seed no call falls into the load; choose a longer phase, a higher rate or another seed")
	}
	if counted == 0 {
		return nil, errors.New("with this seed no call falls into a phase that is measured; choose a longer phase, a higher rate or another seed")
	}
	p.count()
	return p, nil
}

// Pacing is how much later than due calls of an open load may leave, several together; 0 where each leaves when it is
// due.
func (p *Plan) Pacing() time.Duration { return p.load.pacing }

// begin counts the calls of one entry of the load, which come after those that are counted, into its phases.
func (p *Plan) begin(ph phase, calls *schedule) {
	var end float64
	for _, step := range ph.profile[:ph.steps-1] {
		end += step.seconds
		p.first = append(p.first, p.Calls+calls.before(time.Duration(end*float64(time.Second))))
	}
	p.Calls += calls.count
	p.first, p.begins = append(p.first, p.Calls), append(p.begins, p.Calls)
}

// fits reports why the parts of a scenario that code has put together do not go together. What a file says was held
// against the rest when it was read.
func (s *Scenario) fits() error {
	if len(s.load.phases) == 0 {
		return errors.New("the scenario has no load: nothing says how many calls are sent")
	}
	for _, t := range s.Thresholds {
		if err := t.Check(s.Labels); err != nil {
			return err
		}
	}
	return nil
}

// count fills Planned.
func (p *Plan) count() { p.Planned = p.PlannedOf(func(uint64) bool { return true }) }

// PlannedOf counts some of the calls by phase and class, as Labels order them.
func (p *Plan) PlannedOf(in func(n uint64) bool) [][]uint64 {
	planned := make([][]uint64, len(p.Labels.Phases))
	w := newDraw()
	for i := range p.Labels.Phases {
		planned[i] = make([]uint64, len(p.Labels.Classes))
		for n := p.first[i]; n < p.first[i+1]; n++ {
			if p.shard.owns(n) && in(n) {
				planned[i][p.choose(w, n).class]++
			}
		}
	}
	return planned
}

// Phase is the phase of call n in an open load, as an index into Labels.Phases.
func (p *Plan) Phase(n uint64) int { return among(p.first, n) }

// among is which part of a list call n is in, by the first calls of the parts and what closes the list.
func among(first []uint64, n uint64) int {
	return sort.Search(len(first)-2, func(i int) bool { return n < first[i+1] })
}

// Due is when call n of an open load is due, from the start of the run.
func (p *Plan) Due(n uint64) time.Duration {
	i := among(p.begins, n)
	return time.Duration(p.load.phases[i].start*float64(time.Second)) + p.schedules[i].due(n-p.begins[i])
}

// DueBefore counts the calls of an open load that are due before a moment of the run; 0 in a closed loop.
func (p *Plan) DueBefore(t time.Duration) uint64 {
	return uint64(sort.Search(int(p.Calls), func(k int) bool { return p.Due(p.Number(uint64(k))) >= t }))
}

// At gives the phase at a moment of the run, the callers that it has (0 in an open load) and the rate that it asks for.
func (p *Plan) At(t time.Duration) (phase, callers int, rate float64) {
	last := len(p.load.steps) - 1
	phase = sort.Search(last, func(i int) bool { return t.Seconds() < p.Labels.Phases[i+1].StartSeconds })
	r := p.load.steps[phase]
	return phase, p.load.phases[r.entry].callers, r.profile.rate(t.Seconds() - p.Labels.Phases[phase].StartSeconds)
}

// Leaves is when a call of an open load leaves that is due at a moment: with all that are due in the same span of a
// grid, at its end. The span is the pacing, or shorter where more calls would share a wake than pay: with three of them
// two wakes in three are saved, and each further one saves less and makes all of them later.
func (p *Plan) Leaves(due time.Duration) time.Duration {
	if p.load.pacing == 0 {
		return due
	}
	seconds := p.load.pacing.Seconds()
	if _, _, rate := p.At(due); rate > 0 {
		seconds = min(seconds, sharing/rate)
	}
	span := time.Duration(seconds * float64(time.Second))
	return (due + span - 1) / span * span
}

// sharing is how many calls share a wake on average, with enough pacing: no whole number, since those of an even load
// would be late in the same three ways then, two of which are far from the third.
const sharing = 3.1

// Number is the number of the k-th call of the plan, from 0 on: in a shard not all are its own.
func (p *Plan) Number(k uint64) uint64 {
	if p.shard.Of == 0 {
		return k
	}
	return k*uint64(p.shard.Of) + uint64(p.shard.Index)
}

// Place is which of the plan's calls a number is: the inverse of [Plan.Number].
func (p *Plan) Place(n uint64) uint64 { return n / uint64(max(p.shard.Of, 1)) }

// PeakRate is the highest rate of the load, in calls a second; 0 in a closed loop.
func (s *Scenario) PeakRate() (r float64) {
	for _, ph := range s.load.phases {
		r = max(r, ph.profile.peak())
	}
	return r
}

// PeakCallers is the most callers of a closed loop; 0 in an open load.
func (p *Plan) PeakCallers() (n int) {
	for _, ph := range p.load.phases {
		n = max(n, ph.callers)
	}
	return n
}

// MaxCalls bounds the number of calls: what an open load plans, what the limits allow a closed one.
func (p *Plan) MaxCalls() uint64 {
	if p.Closed() {
		return p.Limits.Calls
	}
	return p.Calls
}

// Class is an index into Labels.Classes: the class of call n.
func (p *Plan) Class(n uint64) int {
	w := p.draws.Get().(*draw)
	defer p.draws.Put(w)
	return p.choose(w, n).class
}

// AppendBody appends the body of call n to dst, and gives its class.
func (p *Plan) AppendBody(dst []byte, n uint64) ([]byte, int) {
	w := p.draws.Get().(*draw)
	defer p.draws.Put(w)
	c := p.choose(w, n)
	p.mix.tenant(w)
	if c.invalid {
		return append(dst, p.mix.refused[w.rng.IntN(len(p.mix.refused))]...), c.class
	}
	m := &p.mix
	call := m.valid(w, m.tiers[c.tier], &m.contents[c.content], func(f field) bool {
		return w.rng.Float64() < f.share
	})
	return p.description.AppendBody(dst, call), c.class
}

// Tenant is the row of the file of secrets that call n takes, of which its body takes its values too; 0 where there is
// no such file.
func (p *Plan) Tenant(n uint64) int {
	if p.mix.tenants == 0 {
		return 0
	}
	w := p.draws.Get().(*draw)
	defer p.draws.Put(w)
	p.choose(w, n)
	return p.mix.tenant(w)
}

type choice struct {
	invalid              bool
	tier, content, class int
}

// choose makes the first draws of call n: those that decide its class.
func (p *Plan) choose(w *draw, n uint64) choice {
	w.reset(p.Seed, n)
	m := &p.mix
	refused, tier, content := w.rng.Float64(), w.rng.Float64(), w.rng.Float64()
	if refused < m.invalid {
		return choice{invalid: true, class: len(p.Labels.Classes) - 1}
	}
	c := choice{tier: m.tierDraw.pick(tier), content: m.draw.pick(content)}
	c.class = m.classOf[c.content][c.tier]
	return c
}

// Sample gives the numbers of so many calls, at most all, evenly over the plan.
func (p *Plan) Sample(calls uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		n := min(calls, p.MaxCalls())
		for i := range n {
			if !yield(p.Number(i * (p.MaxCalls() / n))) {
				return
			}
		}
	}
}

// weighed is how many bodies are built to count bytes.
const weighed = 1_000_000

// Bytes adds up the bodies of an open load's calls. Beyond a million calls the rest is estimated from these, and exact
// is false.
func (p *Plan) Bytes() (total uint64, exact bool) {
	var body []byte
	n := min(p.Calls, weighed)
	for i := range n {
		body, _ = p.AppendBody(body[:0], p.Number(i))
		total += uint64(len(body))
	}
	if n < p.Calls {
		return uint64(float64(total) / weighed * float64(p.Calls)), false
	}
	return total, true
}

// String says how many calls there will be, for whoever is to know before the first one.
func (p *Plan) String() string {
	length := (time.Duration(p.Seconds * float64(time.Second))).Round(time.Millisecond)
	if p.Closed() {
		return fmt.Sprintf("at most %d calls by up to %d callers in %s (closed loop), seed %d", p.Limits.Calls, p.PeakCallers(), length, p.Seed)
	}
	noun := "calls"
	if p.Calls == 1 {
		noun = "call"
	}
	return fmt.Sprintf("%d %s in %s, at most %.4g/s, seed %d", p.Calls, noun, length, p.PeakRate(), p.Seed)
}

// CallsOfPhase is how many calls an open load plans in a phase, as Labels order them.
func (p *Plan) CallsOfPhase(phase int) (n uint64) {
	for _, c := range p.Planned[phase] {
		n += c
	}
	return n
}

// CallsOfClass is how many calls an open load plans of a class, as Labels order them.
func (p *Plan) CallsOfClass(class int) (n uint64) {
	for _, phase := range p.Planned {
		n += phase[class]
	}
	return n
}
