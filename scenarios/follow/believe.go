package follow

import (
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
)

// hooked takes what a webhook tells, from whatever goroutine.
func (g *following) hooked(t contracts.Told, at time.Time) told {
	h := hook{early{t, at}, make(chan told, 1)}
	select {
	case g.hooks <- h:
		return <-h.made
	case <-g.ctx.Done():
		return tellUnknown
	}
}

// believe takes what a signed webhook tells: an execution had ended by the time that it came.
func (g *following) believe(e early) (made told) {
	made = tellUnknown
	for x := g.byID[e.Same]; x != nil; x = x.twin {
		made = max(made, tellKnown)
		before, was := x.Execution, x.settled()
		x.hooked = true
		if x.State == results.StateLost {
			x.State, x.Ended = results.StateUnseen, 0
			g.unknown--
		}
		learn(&x.Execution, e.Told, 0, g.since(e.at))
		if x.State.Terminal() && !before.State.Terminal() {
			made = tellNews
			x.ByWebhook = true
			x.tempo.add(max((x.Alive+x.Ended)/2-x.Accepted, 0))
		}
		if x.Execution != before {
			g.kept(g.config.Journal.Seen(x.Execution))
			g.count(before.State, x.State)
		}
		if !was && x.settled() {
			g.open--
		}
	}
	return made
}

// complete reports whether no more webhooks are waited for, some of which come after a poll has told what they tell.
func (g *following) complete() bool {
	if g.config.Webhooks == nil {
		return true
	}
	if g.settled == 0 {
		g.settled = g.now()
	}
	return g.now()-g.settled >= stragglers || g.missing() == 0
}

// missing is how many executions ended of which no webhook told.
func (g *following) missing() (n uint64) {
	for _, x := range g.items {
		if x.State.Terminal() && !x.hooked {
			n++
		}
	}
	return n
}
