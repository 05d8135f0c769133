package metrics

import (
	"fmt"
	"time"
)

// Evaluate holds the threshold against what a has been given so far; elapsed says for how many seconds the run has been
// sending (see [Aggregator.Elapsed]). Over zero samples, or for a percentile that the samples cannot support (see
// [histogram.Needed]), it fails: what was not measured has not been met.
//
// What is counted leaves out warm-up phases, unless the threshold selects one by name; deliberately invalid calls are
// counted, and are in times only where a selector names their tier, content or class.
//
//	latency, service    accepted calls, and those that were given up after their time (dropped ones in latency alone);
//	                    {outcome=…} asks for those with one outcome, or for any, instead
//	lag                 sent and dropped calls of open phases
//	count(x)            x as below, over the sent calls; of dropped, over the sent and the dropped; of unsent, over all
//	rate(ok)            ok / sent
//	rate(errors)        errors / sent; canceled calls are no errors, unless {error=canceled} asks for them, nor shed ones
//	rate(violations)    calls that broke a rule / completed
//	rate(sent)          sent / (sent + dropped); calls that were never due, or whose run ended, are in neither. Where
//	                    calls left until more than a second after the plan's end, it is less by as much
//	rate(accepted), rate(shed), rate(refused)   calls with this outcome / sent
//
// Against a limit in calls a second or a minute, rate(sent), rate(answered), rate(accepted) and rate(goodput) are what
// [Rate] has, over the sent calls (and the dropped, for sent): where calls were sent and none was answered, that is a
// rate of 0.
//
// With a window, the figure is that of the worst of all windows of that length: see [Windows].
//
// It takes a time that does not depend on the number of calls.
//
// What is of executions is held against those of [Aggregator.Follow], as measureExecutions has it.
func (t Threshold) Evaluate(a *Aggregator, elapsed float64) Outcome {
	if t.OfExecutions() {
		return t.evaluateExecutions(a)
	}
	if t.open {
		return Outcome{Expr: t.expr, Unit: t.unit(), Reason: "the limit is that of a baseline, and was not looked up"}
	}
	f, windows := t.found(a, elapsed)
	o := Outcome{Expr: t.expr, Unit: t.unit(), Value: f.value, LessOwn: f.less, Samples: f.samples, Windows: windows}
	if f.problem != "" {
		o.Reason = f.problem
		return o
	}
	all, some := f.holds(t.op)
	switch {
	case all:
		o.OK = true
	case some:
		o.Spoiled = true
		o.Reason = fmt.Sprintf("%s is %s as measured over %s, and %s without what andon itself held them up for: this machine, not the target",
			t.figure(), t.spell(*f.value), calls(o.Samples), t.spell(*f.less))
	default:
		o.Reason = fmt.Sprintf("%s is %s over %s, not %s %s", t.figure(), t.spell(*f.value), calls(o.Samples), t.op, t.literal)
		o.Broke = t.broke(a, elapsed)
		o.Certain = t.unit() == Seconds && t.certain(a)
	}
	if windows != nil && !o.OK {
		o.Reason += ", " + windows.String()
	}
	if o.Broke != nil {
		o.Reason += "; it " + o.Broke.String()
	}
	return o
}

// found is the figure of the whole run, or of the worst window.
func (t Threshold) found(a *Aggregator, elapsed float64) (found, *Windows) {
	if t.window > 0 {
		return t.evaluateWindows(a, elapsed)
	}
	return t.measure(a, elapsed), nil
}

// Ends says why a run ends now by the condition; empty where it goes on. now is up to when it is known what was
// answered, and open is as in [Threshold.BrokenWindow].
func (c Condition) Ends(a *Aggregator, now time.Duration, open func(from, until time.Duration, seen uint64) uint64) string {
	switch {
	case !c.Abort || now < c.After:
	case c.Window() > 0:
		if when := c.BrokenWindow(a, c.After, now, open); when != "" {
			return fmt.Sprintf("the threshold %s was broken %s", c.Threshold, when)
		}
	case c.Broken(a, now.Seconds(), open):
		return fmt.Sprintf("the threshold %s was broken after %s", c.Threshold, now.Round(100*time.Millisecond))
	}
	return ""
}

// Broken reports whether the threshold is broken and the run can as well end: there are samples enough for a figure,
// and it does not meet the condition, whatever andon itself held up. A count only grows, so that one which is still too
// low is not broken yet, and a rate in calls a second is not by calls that are under way. elapsed is as in
// [Threshold.Evaluate], and open as in [Threshold.BrokenWindow]; nil where no call is under way.
func (t Threshold) Broken(a *Aggregator, elapsed float64, open func(from, until time.Duration, seen uint64) uint64) bool {
	if t.OfExecutions() || t.open { // which are known when the run is over, or not at all
		return false
	}
	f := t.measure(a, elapsed)
	if f.problem != "" {
		return false
	}
	if _, some := f.holds(t.op); some {
		return false
	}
	if t.unit() == Count {
		return *f.value > t.limit || t.op == "<" && *f.value == t.limit
	}
	return t.unit() != PerSecond || t.brokenRate(a, elapsed, open)
}
