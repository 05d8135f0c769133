package metrics

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Objective is a threshold as a condition on single calls: of those that it counts, no larger share than Allowed may be
// over. Make it with [Threshold.Objective].
type Objective struct {
	// Expr is the threshold as it was written.
	Expr string
	// Allowed is at least 0 and below 1.
	Allowed float64
	// Seconds is the limit of times: a call that has not ended so long after it was due, or left for service times, is
	// over. It is 0 where the call's end alone says.
	Seconds float64

	labels results.Labels
	kinds  []kind
	// cells are those that it is of, by phase, then class, as an aggregator has them.
	cells []bool
	// of is which of a call's times is judged, at most longest nanoseconds of it; fates are by class.
	of      timesOf
	longest int64
	fates   []fateSet
	// share counts calls where no time is judged, and least says that it counts those that are not over.
	share func(k *kind, one Counts, rule uint8) (n, of uint64)
	least bool
}

// Objective is the threshold as a condition on single calls of a run with the labels. What it counts, and what is over,
// is what [Threshold.Evaluate] counts of times as they were measured. The error says in a sentence why there is none.
func (t Threshold) Objective(labels results.Labels) (Objective, error) {
	if err := t.onCalls(); err != nil {
		return Objective{}, err
	}
	a := New(labels, nil, 0)
	o := Objective{Expr: t.expr, labels: labels, kinds: a.kinds, cells: make([]bool, len(a.cells)), of: ofShare}
	times := t.unit() == Seconds
	g := t.selects(a)
	for _, at := range g.at {
		o.cells[at] = !times || g.invalid || !labels.Classes[at%len(labels.Classes)].Invalid
	}
	if !slices.Contains(o.cells, true) {
		return Objective{}, fmt.Errorf("the load has no call %s", t.where())
	}
	if times {
		return t.onTimes(o), nil
	}
	o.share = t.counted(labels.Rules)
	o.least = t.metric == "ok" || t.metric == "accepted"
	switch {
	case t.unit() == Count:
	case o.least:
		o.Allowed = round(1-t.limit, 12)
	default:
		o.Allowed = t.limit
	}
	return o, nil
}

func (t Threshold) onTimes(o Objective) Objective {
	o.Seconds = t.limit
	if t.percentile > 0 {
		o.Allowed = round((100-t.percentile)/100, 12)
	}
	o.of = ofLatency
	if t.metric == "service" {
		o.of = ofService
	}
	w := newWatch("", o.of, t.limit)
	if o.longest = w.below; t.op == "<=" {
		o.longest = w.upTo
	}
	for _, c := range o.labels.Classes {
		set := t.fates()
		if set == 0 {
			set = headline(c.Invalid)
		}
		o.fates = append(o.fates, set)
	}
	return o
}

// Judge says whether the objective counts a call that has ended, and whether it was over.
func (o Objective) Judge(r results.Row) (counted, over bool) {
	if check(&r, &o.labels, len(o.kinds)) != nil || !o.cells[int(r.Phase)*len(o.labels.Classes)+int(r.Class)] {
		return false, false
	}
	r = o.labels.Judged(r)
	kind := o.kinds[r.Error].of(r.Status)
	if o.of != ofShare {
		took := histogram.Nanoseconds(r.Service)
		if o.of == ofLatency {
			took = min(histogram.Nanoseconds(r.Lag)+took, histogram.Highest)
		}
		counted = o.fates[r.Class].has(kind.fate) && (o.of == ofLatency || kind.one.Sent > 0)
		return counted, counted && took > o.longest
	}
	one, rule := kind.one, o.labels.Counted(r.Rule)
	if rule > 0 {
		one.Violations = 1
	}
	n, of := o.share(kind, one, rule)
	return of > 0, of > 0 && (n > 0) != o.least
}

// onCalls says why the threshold is no condition on single calls; nil where it is one.
func (t Threshold) onCalls() error {
	why := ""
	switch {
	case t.OfExecutions():
		why = "it is of executions and not of calls"
	case t.open:
		why = "it is of a baseline, whose load is another than that of a search"
	case t.window > 0:
		why = "it is judged by windows, and a trial as a whole; leave the window out"
	case t.Selectors()[string(ByPhase)] != "":
		why = "it is of one phase, and a search has phases of its own"
	case t.metric == "lag":
		why = "lag is of the generator and not of the target"
	case t.unit() == PerSecond:
		why = "it asks for a rate, which is what a search looks for"
	case t.metric == "sent":
		why = "whether calls can leave is seen in every trial; count(dropped) == 0 is a condition on them"
	case t.unit() == Seconds:
		why = t.notOnTimes()
	case t.unit() == Count:
		why = t.notOnCounts()
	default:
		why = t.notOnShares()
	}
	if slices.ContainsFunc(t.selectors, func(s selector) bool { return s.key == byError && keptKind(s.value) }) {
		why = "such calls do not get as far as the target, and say nothing of it"
	}
	if why == "" {
		return nil
	}
	return errors.New(why)
}

// keptKind reports whether the kind of error is one that keeps calls from the target.
func keptKind(name string) bool {
	i := slices.Index(results.KindNames(), name)
	return i >= 0 && results.Kind(i).Kept()
}

func (t Threshold) notOnTimes() string {
	switch {
	case t.percentile == 0 && t.function != "max":
		return fmt.Sprintf("a %s says nothing of single calls; take a percentile, such as p95(%s)", t.function, t.metric)
	case t.op != "<" && t.op != "<=":
		return fmt.Sprintf("with %s it is no limit that calls exceed; take <", t.op)
	}
	return ""
}

func (t Threshold) notOnCounts() string {
	none := t.limit == 0 && (t.op == "==" || t.op == "<=") || t.limit == 1 && t.op == "<"
	switch t.metric {
	case "errors", "violations", "dropped", "shed", "refused":
		if none {
			return ""
		}
		if t.metric == "dropped" {
			return "a count depends on how long a trial goes on; only count(dropped) == 0 does not"
		}
		return fmt.Sprintf("a count depends on how long a trial goes on; take a share, such as rate(%s) < 1%%", t.metric)
	}
	return fmt.Sprintf("how many calls are %s depends on how long a trial goes on", t.metric)
}

func (t Threshold) notOnShares() string {
	least := t.metric == "ok" || t.metric == "accepted"
	limit, less, upTo := t.limit, "<", "<="
	if least {
		limit, less, upTo = 1-t.limit, ">", ">="
	}
	switch {
	case t.op == "==" && limit == 0:
	case t.op != less && t.op != upTo:
		return fmt.Sprintf("with %s it is no limit that calls exceed; take %s", t.op, less)
	case limit == 0 && t.op == less:
		return "no share is that small, or that large"
	case limit >= 1:
		return "it holds whatever the calls come to"
	}
	return ""
}
