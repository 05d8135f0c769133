package metrics

import "github.com/kaizenautomation/andon/reports/histogram"

// certain reports whether a limit of latency or service times is broken by those calls alone that the generator had no
// part in, however quick the others would have been. It is then a finding about the target, however the generator did.
func (t Threshold) certain(a *Aggregator) bool {
	limit := t.limit*1e9 + float64(a.tolerance) // of which those calls may have as much as is tolerated
	if t.window > 0 || t.metric == "lag" || t.op != "<" && t.op != "<=" || limit >= float64(histogram.Highest) {
		return false
	}
	g := t.selects(a)
	var all uint64
	a.scratch.Reset()
	g.each(asked{service: t.metric == "service", fates: t.fates()}, func(b *bounds) {
		a.scratch.AddRecorder(&b.clean)
		all += b.clean.Samples() + b.touches()
	})
	clean := a.scratch
	switch {
	case clean.Samples() == 0 || t.function == "min":
		return false
	case t.function == "mean":
		return *clean.Mean()*1e9*float64(clean.Samples()) > limit*float64(all)
	case t.function == "max":
		return *clean.Max()*1e9 > limit
	}
	return clean.Beyond(int64(limit)) > all-histogram.Rank(t.percentile, all)
}
