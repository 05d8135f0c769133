package deviations

import (
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// ForLoad gives the deviations that hold for answers under load, by the names of the rules that load is judged by. Left
// are the others: those about cases, of which load has none, and those about other rules.
func ForLoad(list []summary.Deviation, rules []string, now time.Time) (held []results.Deviation, left []summary.Deviation) {
	for _, d := range list {
		r := results.Deviation{Why: d.Why, Ask: d.Ask, Until: d.Until, Expired: Expired(d, now)}
		if d.Place != nil {
			r.File, r.Line = d.Place.File, d.Place.Line
		}
		for _, rule := range rules {
			if rule != "" && len(d.Cases) == 0 && aboutRule(d, rule) {
				r.Rules = append(r.Rules, rule)
			}
		}
		if len(r.Rules) == 0 {
			left = append(left, d)
			continue
		}
		held = append(held, r)
	}
	return held, left
}
