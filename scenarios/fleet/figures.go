package fleet

import (
	"errors"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// figures are what the workers have measured together so far of each target.
type figures struct {
	// sum is of the first target, and other of the second: nil where there is none.
	sum, other *sum
	with       *Against
}

func newFigures(t trial.Config, workers int, with *Against) figures {
	if with == nil {
		return figures{sum: newSum(t.Describe(), workers)}
	}
	a, b := t.DescribePair(with.Against)
	return figures{newSum(a, workers), newSum(b, workers), with}
}

// sums are those of all targets.
func (f figures) sums() []*sum {
	if f.other == nil {
		return []*sum{f.sum}
	}
	return []*sum{f.sum, f.other}
}

// count adds rows of a shard to the sums of their targets.
func (f figures) count(shard int, rows []results.Row) error {
	if f.other == nil {
		return f.sum.addRows(shard, rows)
	}
	var a, b []results.Row
	for _, row := range rows {
		if f.with.Takes(row.Due) {
			b = append(b, row)
		} else {
			a = append(a, row)
		}
	}
	return errors.Join(f.sum.addRows(shard, a), f.other.addRows(shard, b))
}

// broken says why a threshold ends the run; nil where none does. known is up to when workers have told.
func (f figures) broken(p *scenarios.Plan, known time.Duration, inFlight int) *results.End {
	for i, s := range f.sums() {
		underWay := func(from, until time.Duration, counted uint64) uint64 {
			if p.Closed() {
				return uint64(inFlight)
			}
			due := f.due(p, i == 1, from, until)
			return due - min(counted, due)
		}
		for _, t := range p.Thresholds {
			if why := t.Ends(s.whole, known, underWay); why != "" {
				end := results.End{Reason: results.Aborted, Detail: why}
				if f.other != nil {
					end.Side = "ab"[i : i+1]
				}
				return &end
			}
		}
	}
	return nil
}

// due counts the calls to a target that are due between two moments.
func (f figures) due(p *scenarios.Plan, second bool, from, until time.Duration) (n uint64) {
	if f.other == nil {
		return p.DueBefore(until) - p.DueBefore(from)
	}
	slice := time.Duration(f.with.SliceSeconds * float64(time.Second))
	until = min(until, time.Duration(p.Seconds*float64(time.Second))+slice)
	for at := from / slice * slice; at < until; at += slice {
		if f.with.Takes(at) == second {
			n += p.DueBefore(min(at+slice, until)) - p.DueBefore(max(at, from))
		}
	}
	return n
}
