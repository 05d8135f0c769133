package gate

import (
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Parts are prepared before it is known who is told of what, so that they are given these.

func (p *Plan) tell(said string) {
	if p.Said != nil {
		p.Said(said)
	}
}

func (p *Plan) far(far summary.Progress) {
	if p.Progress != nil {
		p.Progress(far)
	}
}

func (p *Plan) searched(far sizing.Progress) {
	if p.Search != nil {
		p.Search(far)
	}
}

func (p *Plan) fires(at time.Time) {
	if p.Fires != nil {
		p.Fires(at)
	}
}

func (p *Plan) fired() {
	if p.Fired != nil {
		p.Fired()
	}
}
