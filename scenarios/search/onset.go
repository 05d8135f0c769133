package search

import (
	"maps"
	"slices"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

// onsets are from which rates on the contract is broken, and calls are shed, as far as trials tell.
func (s *session) onsets() (list []sizing.Onset) {
	contract, found := onset(s.report.Trials, func(t sizing.Trial) float64 { return t.Violations })
	if found {
		contract.What = "contract"
		for _, t := range s.report.Trials {
			if contract.High != nil && t.Rate == *contract.High && len(t.Rules) > 0 {
				contract.Rule = summary.MostFirst(t.Rules)[0]
			}
		}
		list = append(list, contract)
	}
	if shed, found := onset(s.report.Trials, func(t sizing.Trial) float64 { return t.Shed }); found {
		shed.What, shed.RetryAfter = "shed", s.retried
		list = append(list, shed)
	}
	return list
}

// onset is between which rates something begins; false where it was not seen.
func onset(trials []sizing.Trial, of func(sizing.Trial) float64) (o sizing.Onset, found bool) {
	said := slices.DeleteFunc(slices.Clone(trials), func(t sizing.Trial) bool {
		return t.Rate == 0 || t.Calls == 0 || t.Outcome == sizing.Void || t.Of == "isolation" || t.Of == "mix" || t.Of == "soak"
	})
	for _, t := range said {
		if of(t) > 0 && (o.High == nil || t.Rate < *o.High) {
			rate := t.Rate
			o.High, o.Share = &rate, of(t)
		}
	}
	if o.High == nil {
		return o, false
	}
	// Trials at one rate add up.
	clean := map[float64]uint64{}
	for _, t := range said {
		if of(t) == 0 && t.Rate < *o.High {
			clean[t.Rate] += t.Calls
		}
	}
	// So few that it would not have been seen prove less than more at a lower rate.
	proven := maps.Clone(clean)
	maps.DeleteFunc(proven, func(_ float64, calls uint64) bool { return !(&beginning{share: o.Share}).enough(calls) })
	if len(proven) > 0 {
		clean = proven
	}
	if len(clean) > 0 {
		low := slices.Max(slices.Collect(maps.Keys(clean)))
		o.Low, o.Clean = &low, clean[low]
	}
	return o, true
}
