package metrics

import (
	"slices"

	"github.com/kaizenautomation/andon/reports/results"
)

// ours counts the calls of a fate that met it by the generator's own doing: without its part they would have taken less
// than any of that fate did. Of the dropped ones that is the wait for a slot, of those that timed out the service time;
// both are given up at the timeout, which no shorter time has reached.
func (g *group) ours(f fate) (n uint64) {
	q := asked{fates: 1 << f, service: f == wasTimedOut}
	var lowest *float64
	g.a.scratch.Reset()
	g.each(q, func(b *bounds) {
		shortest := []*float64{b.clean.Min()}
		if b.touched != nil {
			shortest = append(shortest, b.touched.measured.Min())
			g.a.scratch.AddRecorder(&b.touched.less)
		}
		for _, s := range shortest {
			if s != nil && (lowest == nil || *s < *lowest) {
				lowest = s
			}
		}
	})
	if lowest == nil {
		return 0
	}
	// A bucket holds times that differ by less than a thousandth.
	return g.a.scratch.Samples() - g.a.scratch.Beyond(int64(0.999**lowest*1e9))
}

// lessOwn is what counts gives without the generator's own part: the calls that it dropped or let time out are taken
// for such as went well.
func (t Threshold) lessOwn(g *group, n uint64) uint64 {
	switch t.metric {
	case "dropped":
		return n - min(g.ours(wasDropped), n)
	case "sent":
		return n + g.ours(wasDropped)
	case "ok", "accepted", "goodput":
		return n + g.ours(wasTimedOut)
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

// less is the same spans without the longest time for which the generator held a call up: by no more was the last call
// later by its doing.
func (s spans) less(longest float64) spans {
	s.sending = max(s.sending-longest, min(s.sending, s.asked))
	s.answering = max(s.answering-longest, min(s.answering, s.asked))
	return s
}
