package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/reports/results"
)

// Shard is the part of the plan that a shard sends. A call is that of the whole: its number, its body, its class and
// when it is due are the same; [Plan.Number] tells which calls they are. Limits of a target (calls in flight, calls,
// callers, connections, polls a second) are divided, so that they add up to those of the whole. All that is wrong is
// the same for every shard, so that none sends what the others refuse.
func (p *Plan) Shard(s Shard) (*Plan, error) {
	if err := s.check(); err != nil || s.Of == 0 {
		return p, err
	}
	if p.whole != nil {
		return nil, errors.New("the plan is a shard already, which is not divided further")
	}
	if err := p.dividesBy(s.Of); err != nil {
		return nil, err
	}
	part := &Plan{
		Scenario: p.Scenario.shard(s), Seed: p.Seed, Calls: s.part(p.Calls), Seconds: p.Seconds,
		schedules: p.schedules, begins: p.begins, first: p.first, shard: s, whole: p,
	}
	part.draws.New = func() any { return newDraw() }
	if !p.Closed() {
		part.count()
	}
	return part, nil
}

// dividesBy says all that cannot be divided by so many shards.
func (p *Plan) dividesBy(of int) error {
	var wrong []error
	short := func(found uint64, what, mend string) {
		if found < uint64(of) {
			wrong = append(wrong, fmt.Errorf("%s is %d, and each of %d shards needs 1: %s, or take at most %d shards", what, found, of, mend, max(found, 1)))
		}
	}
	short(uint64(p.Limits.InFlight), "limits.inFlight", "raise it")
	if p.Closed() {
		short(p.Limits.Calls, "limits.calls", "raise it")
		for _, ph := range p.load.phases {
			short(uint64(ph.callers), fmt.Sprintf("the number of callers of the phase %q", ph.label.Name), "raise it")
		}
		return errors.Join(wrong...)
	}
	for i := range of {
		if !p.measures(Shard{i, of}) {
			wrong = append(wrong, fmt.Errorf("shard %d of %d would have no call that is measured: raise the rate or lengthen the load, or take fewer shards", i, of))
			break
		}
	}
	return errors.Join(wrong...)
}

// measures reports whether a shard has a call in a phase that is no warm-up.
func (p *Plan) measures(s Shard) bool {
	for i, ph := range p.Labels.Phases {
		if !ph.Warmup && s.part(p.first[i+1]) > s.part(p.first[i]) {
			return true
		}
	}
	return false
}

// shard is the scenario with the limits and the load of a shard. Its labels are those of the whole, since its rows are
// counted with those of others.
func (s *Scenario) shard(of Shard) *Scenario {
	part := *s
	part.Limits.InFlight = int(of.part(uint64(s.Limits.InFlight)))
	part.Limits.Calls = of.part(s.Limits.Calls)
	part.Limits.Warm = int(of.part(uint64(s.Limits.Warm)))
	if s.Following != nil {
		f := *s.Following
		f.Polls /= float64(of.Of)
		part.Following = &f
	}
	part.load.phases, part.load.steps = slices.Clone(s.load.phases), slices.Clone(s.load.steps)
	for i := range part.load.phases {
		ph := &part.load.phases[i]
		ph.callers, ph.profile = int(of.part(uint64(ph.callers))), ph.profile.over(float64(of.Of))
	}
	for i := range part.load.steps {
		part.load.steps[i].profile = part.load.steps[i].profile.over(float64(of.Of))
	}
	return &part
}

// planSchema names what [Plan.Digest] is of.
const planSchema = "andon.plan/1"

// Digest is the SHA-256, in hex, of all that decides what is sent and how it is judged by a version of andon: the
// scenario's own (see [Scenario.Digest]), the seed and that version. It is neither of the target nor of the release,
// and a shard has that of the whole: where it is the same on two machines, so is call n.
func (p *Plan) Digest(andon string) string {
	if p.whole != nil {
		p = p.whole
	}
	// Texts and numbers can always be written.
	text, _ := json.Marshal(struct {
		Schema, Andon string
		Seed          uint64
		Parts         []results.Part
	}{planSchema, andon, p.Seed, p.Parts()})
	return hash(text)
}
