package metrics

import (
	"cmp"
	"fmt"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/histogram"
)

// Follow has thresholds of executions be held against these; nil where they were not followed.
func (a *Aggregator) Follow(account *executions.Account) { a.followed = account }

// Followed are those executions.
func (a *Aggregator) Followed() *executions.Account { return a.followed }

// evaluateExecutions holds the threshold against what became of the executions. What is known to lie between two
// figures meets a condition where all between them does, and breaks it where none does; else it is spoiled.
func (t Threshold) evaluateExecutions(a *Aggregator) Outcome {
	o := Outcome{Expr: t.expr, Unit: t.unit()}
	if a.followed == nil {
		o.Reason = "executions were not followed, so that nothing is known of what became of them"
		return o
	}
	all, some := t.measureExecutions(a, &o)
	switch {
	case o.Reason != "":
	case all:
		o.OK = true
	case some:
		o.Spoiled = true
		o.Reason = fmt.Sprintf("%s lies between %s and %s over %s: that it is %s %s is not known", t.figure(), t.spell(o.Bounds.Low), t.spell(o.Bounds.High),
			counted(o.Samples), t.op, t.literal)
	case o.Bounds != nil && o.Bounds.Low != o.Bounds.High:
		o.Reason = fmt.Sprintf("%s lies between %s and %s over %s, not %s %s", t.figure(), t.spell(o.Bounds.Low), t.spell(o.Bounds.High), counted(o.Samples), t.op, t.literal)
	default:
		o.Reason = fmt.Sprintf("%s is %s over %s, not %s %s", t.figure(), t.spell(*o.Value), counted(o.Samples), t.op, t.literal)
	}
	return o
}

// measureExecutions fills in what was found, or the reason for which nothing was, and reports whether the condition
// holds on all that the truth can be, and on some of it.
//
//	pP(start), pP(run), pP(completion)   of the followed executions: accepted → begun, begun → ended, accepted → ended
//	count(failed), count(lost)           those that failed, or that the provider does not know; rate(…) of the accepted
//	count(unfinished)                    those that had not ended when they were last asked about
//	rate(completed)                      as [executions.Figures] has it
//	backlog(peak), backlog(growth)       as [executions.Backlog] has them; a growth is broken where its interval is
//
// Executions of which nothing is known but that they were accepted can be any of these.
func (t Threshold) measureExecutions(a *Aggregator, o *Outcome) (all, some bool) {
	labels := a.labels
	in := func(phase, class int) bool { return t.acceptsPhase(a, phase) && t.accepts(a, phase, class) }
	g := a.followed.Group(in)
	f := g.Counts()
	if o.Samples = f.Accepted; f.Accepted == 0 {
		o.Reason = "no execution was accepted, " + t.where()
		return false, false
	}
	class := func(class int) bool {
		for phase := range labels.Phases {
			if in(phase, class) {
				return true
			}
		}
		return false
	}
	phase := func(phase int) bool { return t.acceptsPhase(a, phase) && t.acceptsWhole(a, phase) }
	count := func(n, unseen uint64) (all, some bool) {
		b := executions.Bounds{Low: float64(n), High: float64(n + unseen)}
		if t.unit() == Ratio {
			b.Low, b.High = b.Low/float64(f.Accepted), b.High/float64(f.Accepted)
		}
		return t.between(o, b)
	}
	switch t.metric {
	case "completion", "start", "run":
		span := map[string]executions.Span{"completion": executions.Completion, "start": executions.Start, "run": executions.Run}[t.metric]
		b, n, censored := g.Percentile(span, t.percentile)
		if o.Samples = n; b != nil {
			return t.between(o, *b)
		}
		o.Reason = fmt.Sprintf("%s is not determined: of %s, %d were not seen so far", t.figure(), counted(n), censored)
		if needed := histogram.Needed(t.percentile); n < needed {
			o.Reason = fmt.Sprintf("%s needs %d executions that are followed and has %d: let the run go on for longer, or ask for a lower percentile", t.function, needed, n)
		}
		return false, false
	case "failed":
		return count(f.Failed, f.Unseen)
	case "lost":
		return count(f.Lost, f.Unseen)
	case "unfinished":
		return count(f.Waiting+f.Running, f.Unseen)
	case "completed":
		// Of those of which nothing is known, all may have completed, at whatever time.
		return t.between(o, executions.Bounds{Low: f.PerSecond.Low, High: f.PerSecond.High + float64(f.Unseen)})
	case "peak":
		return t.between(o, a.followed.Backlog(class, phase).Peak)
	}
	low, middle, high, ok := a.followed.Growth(class, phase)
	if !ok {
		o.Reason = fmt.Sprintf("%s is not known: it takes a measured phase with the same load all along, of 5 s and 30 executions at least", t.figure())
		return false, false
	}
	o.Value = &middle.PerSecond
	o.Bounds = &executions.Bounds{Low: min(low.Low, high.Low), High: max(low.High, high.High)}
	first, second := t.allows(low), t.allows(high)
	return first && second, first || second
}

// between fills in what the figure lies between.
func (t Threshold) between(o *Outcome, b executions.Bounds) (all, some bool) {
	f := found{least: cmp.Compare(b.Low, t.limit), most: cmp.Compare(b.High, t.limit)}
	if o.Value = &b.High; t.op == ">" || t.op == ">=" {
		o.Value = &b.Low
	}
	if b.Low != b.High {
		o.Bounds = &b
	}
	return f.holds(t.op)
}

// allows reports whether the interval of a growth has a figure that meets the condition.
func (t Threshold) allows(g executions.Growth) bool {
	_, some := found{least: cmp.Compare(g.Low, t.limit), most: cmp.Compare(g.High, t.limit)}.holds(t.op)
	return some
}

// acceptsPhase reports whether a phase is measured, or selected by its name.
func (t Threshold) acceptsPhase(a *Aggregator, phase int) bool {
	_, byPhase := t.Selectors()[string(ByPhase)]
	return byPhase || !a.labels.Phases[phase].Warmup
}

// acceptsWhole reports whether some class of a phase is selected.
func (t Threshold) acceptsWhole(a *Aggregator, phase int) bool {
	for class := range a.labels.Classes {
		if t.accepts(a, phase, class) {
			return true
		}
	}
	return false
}

func counted(n uint64) string {
	if n == 1 {
		return "1 execution"
	}
	return fmt.Sprintf("%d executions", n)
}
