package scenarios

import (
	"errors"
	"slices"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/metrics"
)

// Against is the scenario with the limits of all thresholds that are so many times a baseline found by limit, and with
// no baseline any more. All that it does not find is told at once, where the file has it.
func (s *Scenario) Against(limit func(metrics.Threshold) (metrics.Threshold, error)) (*Scenario, error) {
	list := slices.Clone(s.Thresholds)
	doc := new(document.Document)
	if s.doc != nil {
		doc = s.doc.Again()
	}
	var unplaced []error
	for i := range list {
		t := &list[i].Threshold
		if !t.OfBaseline() {
			continue
		}
		found, err := limit(*t)
		if err == nil {
			*t = found
		} else if at, placed := s.ofBaseline[t.Expr()]; placed {
			failInside(at.In(doc), t.Expr(), err)
		} else {
			unplaced = append(unplaced, err)
		}
	}
	if err := errors.Join(append(unplaced, doc.Err())...); err != nil {
		return nil, err
	}
	against, err := s.WithThresholds(list...)
	if err != nil {
		return nil, err
	}
	if against, err = against.with([2]string{"baseline", ""}); err != nil {
		return nil, err
	}
	against.Baseline = ""
	return against, nil
}

// OfBaseline reports whether a threshold is so many times a baseline.
func (s *Scenario) OfBaseline() bool {
	return slices.ContainsFunc(s.Thresholds, func(c metrics.Condition) bool { return c.OfBaseline() })
}
