package verify

import (
	"slices"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/deviations"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// drawn is how the ids of random cases begin.
const drawn = "generated."

// Known is what a file of known deviations may speak of. The pacts of a broker have names of their own, so that any
// name is taken where there are some.
func (c Config) Known() deviations.Known {
	if c.Brokered != nil {
		return deviations.Known{Rules: Rules()}
	}
	return deviations.Known{Cases: append(c.ids(), cases.Large(c.Description, max(c.MaxBody, 1)).ID), Drawn: drawn, Rules: Rules()}
}

// ids are those of all cases that there are, whether they are tried or not.
func (c Config) ids() (ids []string) {
	for _, k := range slices.Concat(c.All(), c.Cases) {
		if !slices.Contains(ids, k.ID) {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// ReadForLoad reads the known deviations that hold for answers under load, by the names of the rules that load is
// judged by, and those of the file that do not.
func (c Config) ReadForLoad(file string, rules []string) (held []results.Deviation, left []summary.Deviation, err error) {
	list, err := deviations.Read(file, c.Known())
	if err != nil {
		return nil, nil, err
	}
	held, left = deviations.ForLoad(list, rules, time.Now())
	return held, left, nil
}

// tried is what the verification looks for: an id that comes twice only where all calls are made, and what Pact finds
// only where it judges.
func (c Config) tried() deviations.Tried {
	return deviations.Tried{Cases: c.ids(), Rules: Rules(), Judge: func(rule string) string {
		switch {
		case rule == rulePact:
			return ByPact
		case rule == contracts.RuleRepeatedID && (c.RepeatedIDsAllowed || c.Choice != nil):
			return ""
		}
		return ByDescription
	}}
}

// waives reports whether a known deviation waives an outcome.
func (c Config) waives(o Outcome) bool {
	return deviations.Waives(c.Deviations, o.Case.ID, o.Rule, c.now) > 0
}
