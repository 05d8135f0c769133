package gate

import (
	"errors"

	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet"
	"github.com/kaizenautomation/andon/scenarios/targets"
)

// shareable says why a fleet cannot be asked.
func (p *Plan) shareable() error {
	var wrong []error
	if p.Target == nil {
		wrong = append(wrong, errors.New("fleet: the reference provider is driven from this machine alone: name a target, as the workers reach it"))
	}
	a := p.Asked
	if a.Load == nil && a.Compare == nil && a.Capacity == nil {
		wrong = append(wrong, errors.New("fleet: workers send the calls of load, compare and capacity, and none of these is asked for: ask for one, or for no fleet"))
	}
	return errors.Join(wrong...)
}

// handed says why workers cannot be handed a plan, to send its calls to a target.
func (p *Plan) handed(plan *scenarios.Plan, to *targets.Target) error {
	if p.Asked.Fleet == 0 || to == nil {
		return nil
	}
	return fleet.Check(to.Asked.Over(plan.Carried))
}

// senders says of a part who sends its calls; nothing where this machine does.
func (p *Plan) senders() string {
	if p.Asked.Fleet == 0 {
		return ""
	}
	return ", by " + text.Plural(uint64(p.Asked.Fleet), "worker")
}

// limited says what held calls up that was not the target, and what is to be done.
func (p *Plan) limited() (who, mend string) {
	if p.Asked.Fleet == 0 {
		return "this machine was the limit", "run the gate on a machine that has nothing else to do"
	}
	return "the workers were the limit", "have more workers send, on machines that have nothing else to do"
}

// lost says what is to be done where a worker is.
const lost = "see what became of the worker, and run the gate again"

// errBaseline is why a threshold cannot be held against what workers send.
var errBaseline = errors.New("a threshold is of a baseline, which workers do not have: take it out, and ask by the part compare")
