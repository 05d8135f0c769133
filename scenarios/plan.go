package scenarios

import (
	"errors"
	"math"
	"sort"
	"sync"
	"time"

	"github.com/kaizenautomation/andon/contracts"
)

// Plan is a scenario with a seed: hit n is a function of the two and n alone. It is safe for concurrent use.
type Plan struct {
	*Scenario
	Seed uint64
	// Hits is the number of calls; 0 in a closed loop, which plans none.
	Hits uint64
	// Planned counts the hits by phase and class, as Labels order them; nil in a closed loop.
	Planned [][]uint64
	// Seconds is the length of the load.
	Seconds float64

	arrivals []arrivals
	// first[i] is the first hit of phase i; one more entry closes the list.
	first []uint64
	draws sync.Pool
}

// Plan fixes the seed. It fails where the hits are more than the scenario's limit, which random arrivals can meet by chance.
func (s *Scenario) Plan(seed uint64) (*Plan, error) {
	p := &Plan{Scenario: s, Seed: seed, first: []uint64{0}}
	p.draws.New = func() any { return newDraw() }
	for i, ph := range s.phases {
		p.Seconds += ph.seconds
		if ph.callers > 0 {
			continue
		}
		a := constantArrivals(ph.profile)
		if s.poisson {
			a = poissonArrivals(ph.profile, seed, i, s.Calls)
		}
		p.arrivals = append(p.arrivals, a)
		p.Hits += a.count
		p.first = append(p.first, p.Hits)
	}
	if p.Hits > s.Calls {
		return nil, errors.New(tooMany(p.Hits, s.Calls))
	}
	if s.Closed() {
		return p, nil
	}
	if p.Hits == 0 {
		return nil, errors.New("with this seed no call falls into the load; choose a longer phase, a higher rate or another seed")
	}
	p.count()
	return p, nil
}

// count fills Planned.
func (p *Plan) count() {
	p.Planned = make([][]uint64, len(p.phases))
	w := newDraw()
	for i := range p.phases {
		p.Planned[i] = make([]uint64, len(p.Labels.Classes))
		for n := p.first[i]; n < p.first[i+1]; n++ {
			p.Planned[i][p.choose(w, n).class]++
		}
	}
}

// Phase is the phase of hit n in an open load.
func (p *Plan) Phase(n uint64) int {
	return sort.Search(len(p.phases)-1, func(i int) bool { return n < p.first[i+1] })
}

// Due is when hit n of an open load is due, from the start of the run.
func (p *Plan) Due(n uint64) time.Duration {
	i := p.Phase(n)
	return time.Duration(p.Labels.Phases[i].StartSeconds*float64(time.Second)) + p.arrivals[i].due(n-p.first[i])
}

// At gives the phase at a moment of the run, the callers that it has (0 in an open load) and the rate that it asks for.
func (p *Plan) At(t time.Duration) (phase, callers int, rate float64) {
	last := len(p.phases) - 1
	phase = sort.Search(last, func(i int) bool { return t.Seconds() < p.Labels.Phases[i+1].StartSeconds })
	ph := p.phases[phase]
	return phase, ph.callers, ph.profile.rate(t.Seconds() - p.Labels.Phases[phase].StartSeconds)
}

// PeakRate is the highest rate of the load, in calls a second; 0 in a closed loop.
func (p *Plan) PeakRate() (r float64) {
	for _, ph := range p.phases {
		r = max(r, ph.profile.peak())
	}
	return r
}

// PeakCallers is the most callers of a closed loop; 0 in an open load.
func (p *Plan) PeakCallers() (n int) {
	for _, ph := range p.phases {
		n = max(n, ph.callers)
	}
	return n
}

// MaxHits bounds the number of calls: what an open load plans, what limits.calls allows a closed one.
func (p *Plan) MaxHits() uint64 {
	if p.Closed() {
		return p.Calls
	}
	return p.Hits
}

// Class is an index into Labels.Classes: the class of hit n.
func (p *Plan) Class(n uint64) int {
	w := p.draws.Get().(*draw)
	defer p.draws.Put(w)
	return p.choose(w, n).class
}

// AppendBody appends the body of hit n to dst, and gives its class.
func (p *Plan) AppendBody(dst []byte, n uint64) ([]byte, int) {
	w := p.draws.Get().(*draw)
	defer p.draws.Put(w)
	c := p.choose(w, n)
	if c.invalid {
		return append(dst, p.mix.invalidBodies[w.rng.IntN(len(p.mix.invalidBodies))]...), c.class
	}
	m := &p.mix
	return m.appendValid(dst, p.description, w, m.tiers[c.tier], &m.contents[c.content], func(f field) bool {
		return w.rng.Float64() < f.share
	}), c.class
}

type choice struct {
	invalid              bool
	tier, content, class int
}

// choose makes the first draws of hit n: those that decide its class.
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

// appendValid builds a valid body.
func (m *mix) appendValid(dst []byte, d *contracts.Description, w *draw, tier string, c *content, sent func(field) bool) []byte {
	// Values are written into one buffer before they are cut into fields, since it moves while it grows.
	var cuts [2 * (maxItems + 16)]int
	ends := cuts[:0]
	w.values, w.fields, w.items = w.values[:0], w.fields[:0], w.items[:0]
	value := func(f field) {
		w.values = f.source(w.values, w)
		w.fields = append(w.fields, contracts.Field{Name: f.name})
		ends = append(ends, len(w.values))
	}
	for _, f := range m.fields {
		if sent(f) {
			value(f)
		}
	}
	top := len(w.fields)
	for _, it := range c.items {
		for _, f := range it.properties {
			value(f)
		}
	}
	start := 0
	for i, end := range ends {
		w.fields[i].JSON = w.values[start:end]
		start = end
	}
	at := top
	for _, it := range c.items {
		end := at + len(it.properties)
		w.items = append(w.items, contracts.Item{Type: it.contentType, Fields: w.fields[at:end]})
		at = end
	}
	w.call = contracts.Call{Tier: tier, Content: w.items, Fields: w.fields[:top]}
	if c.omitted {
		w.call.Content = nil
	} else if w.call.Content == nil {
		w.call.Content = []contracts.Item{}
	}
	return d.AppendBody(dst, &w.call)
}

// Bytes adds up the bodies of hits from 0 up to n.
func (p *Plan) Bytes(n uint64) (total uint64) {
	var body []byte
	for i := range min(n, math.MaxUint32) {
		body, _ = p.AppendBody(body[:0], i)
		total += uint64(len(body))
	}
	return total
}
