package metrics

import (
	"slices"

	"github.com/kaizenautomation/andon/reports/results"
)

// ours counts the calls of a fate that met it by the generator's own doing: without its part they would have taken less
// than the timeout. Of the dropped ones that is the wait for a slot, of those that timed out the service time. Calls
// that are invalid on purpose count as well.
func (g *group) ours(f fate) uint64 {
	whole := *g
	whole.invalid = true
	g.a.scratch.Reset()
	whole.each(asked{fates: 1 << f, service: f == wasTimedOut}, func(b *bounds) {
		if b.touched != nil {
			g.a.scratch.AddRecorder(&b.touched.less)
		}
	})
	// A bucket holds times that differ by less than a thousandth.
	return g.a.scratch.Samples() - g.a.scratch.Beyond(int64(0.999*float64(g.a.timeout)))
}

// lessOwn is what counts gives without the generator's own part: the calls that it dropped or let time out are taken
// for such as went well.
func (t Threshold) lessOwn(g *group, n uint64) uint64 {
	switch t.metric {
	case "dropped":
		return n - min(g.ours(wasDropped), n)
	case "sent", "completed", "answered", "ok", "accepted", "goodput":
		if o := t.outcome(); o != "" && o != anyOutcome && o != results.OutcomeAccepted.String() {
			return n
		}
		if t.metric != "sent" {
			n += g.ours(wasTimedOut)
		}
		if t.metric == "sent" || t.unit() != Ratio { // a share of the sent ones has no dropped ones in it
			n += g.ours(wasDropped)
		}
	case "errors":
		kinds := []string{results.TimeoutWaiting.String(), results.TimeoutReading.String()}
		for _, s := range t.selectors {
			if s.key == byError && !slices.Contains(kinds, s.value) || s.key == byOutcome {
				return n
			}
		}
		return n - min(g.ours(wasTimedOut), n)
	}
	return n
}
