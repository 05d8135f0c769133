package search

import (
	"slices"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// condition is an objective of a search as calls of one scenario are held against it.
type condition struct {
	metrics.Objective
	// index is its place among all objectives of the search.
	index int
}

// standing are the metrics of the conditions that a target has to keep though nobody wrote them down: at a rate at
// which it fails or turns calls away, it does not take them. When the contract is first broken is told beside.
var standing = []string{"errors", "shed"}

// conditions are the objectives that the thresholds of a scenario make, and those of them that make none.
func conditions(s *scenarios.Scenario) (list []metrics.Threshold, left []sizing.LeftOut) {
	asked := make([]metrics.Threshold, 0, len(s.Thresholds))
	for _, t := range s.Thresholds {
		asked = append(asked, t.Threshold)
	}
	for _, t := range metrics.Standing() {
		own := slices.ContainsFunc(asked, func(a metrics.Threshold) bool {
			return a.Metric() == t.Metric() && len(a.Selectors()) == 0 && !a.OfBaseline()
		})
		if slices.Contains(standing, t.Metric()) && !own {
			asked = append(asked, t)
		}
	}
	for _, t := range asked {
		if _, err := t.Objective(s.Labels); err != nil {
			left = append(left, sizing.LeftOut{Expr: t.Expr(), Why: err.Error()})
			continue
		}
		list = append(list, t)
	}
	return list, left
}

// held are the conditions that calls with the labels can be held against: one on a tier that no call has says nothing.
func held(thresholds []metrics.Threshold, labels results.Labels) (list []condition) {
	for i, t := range thresholds {
		if o, err := t.Objective(labels); err == nil {
			list = append(list, condition{o, i})
		}
	}
	return list
}

// objectives are the conditions as the judge of a trial wants them.
func objectives(list []condition) (out []capacity.Objective) {
	for _, c := range list {
		out = append(out, c.objective())
	}
	return out
}

func (c condition) objective() capacity.Objective {
	return capacity.Objective{Name: c.Expr, Allowed: c.Allowed, Horizon: c.Seconds}
}
