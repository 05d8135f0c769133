package metrics

import "github.com/kaizenautomation/andon/reports/results"

// Tally counts what came back, over the whole run so far, warm-ups too.
type Tally struct {
	// Status, Errors and Violations are as in [Figures].
	Status, Errors, Violations map[string]uint64
}

// Tally is cheap: unlike [Aggregator.Total] it merges no histogram, so that a live view can ask for it while a run goes
// on.
func (a *Aggregator) Tally() Tally {
	t := Tally{Status: map[string]uint64{}, Errors: map[string]uint64{}, Violations: map[string]uint64{}}
	for _, c := range a.cells {
		if c == nil {
			continue
		}
		for _, s := range c.status {
			t.Status[statusName(s.status)] += s.n
		}
		for kind, n := range c.kinds {
			if n > 0 && kind > int(results.Unsent) {
				t.Errors[a.kinds[kind].name] += n
			}
		}
		for rule, n := range c.rules {
			if n > 0 {
				t.Violations[a.labels.Rules[rule]] += n
			}
		}
	}
	return t
}
