package metrics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
)

// Threshold is one condition on a run's figures. Make it with [ParseThreshold].
type Threshold struct {
	expr     string // as it was written
	function string // pP, mean, min, max, rate, count, backlog
	metric   string
	// percentile is set for the function pP.
	percentile float64
	// window is how long a window is that slides over the run, a whole number of seconds; 0 where the whole run is judged.
	window time.Duration
	// windowText is the window as it was written, and windowAt its place in the expression, in bytes, from 1.
	windowText string
	windowAt   int
	selectors  []selector
	op         string
	literal    string  // the limit as it was written
	limit      float64 // in seconds, as a ratio, as a count, or in calls a second
	// limitAt is the place of the limit in the expression, in bytes, from 1.
	limitAt int
	// factor is how many times a baseline the limit is, 0 where it is none; open says that it is still to be found.
	factor float64
	open   bool
}

// selector narrows a threshold to the calls whose key has the value.
type selector struct {
	key, value string
	// text is the value as it was written, and offset its place in the expression, in bytes, from 1.
	text   string
	offset int
}

// Condition is a threshold of a scenario, and what is to be done about it while the run goes on.
type Condition struct {
	Threshold
	// Abort ends the run as soon as the condition is broken, but not before it has gone on for After.
	Abort bool
	After time.Duration
}

// Written are conditions as a manifest keeps them.
func Written(conditions []Condition) (kept []results.Threshold) {
	for _, c := range conditions {
		kept = append(kept, results.Threshold{Expr: c.expr, Abort: c.Abort, AfterSeconds: c.After.Seconds()})
	}
	return kept
}

// ExprError says what is wrong with a threshold's expression, and where.
type ExprError struct {
	Expr string
	// Offset is the place in Expr, in bytes, from 1; one past the end if something is missing there.
	Offset int
	// Text is what stands there and is wrong; empty at the end.
	Text string
	// Problem says what is wrong, what was expected and what to write instead.
	Problem string
}

func (e *ExprError) Error() string {
	return fmt.Sprintf("threshold %q, column %d: %s", e.Expr, e.Offset, e.Problem)
}

// The keys of selectors that are no grouping, and the value of byOutcome that stands for all.
const (
	byError    = "error"
	byRule     = "rule"
	byOutcome  = "outcome"
	anyOutcome = "any"
)

// String is the threshold in a canonical form, which parses to the same condition.
func (t Threshold) String() string {
	var b strings.Builder
	b.WriteString(t.function + "(" + t.metric)
	if t.window > 0 {
		b.WriteString(", " + spellWindow(t.window))
	}
	b.WriteString(")")
	for i, s := range t.selectors {
		b.WriteString([]string{"{", ","}[min(i, 1)] + s.key + "=" + quote(s.value))
	}
	if len(t.selectors) > 0 {
		b.WriteString("}")
	}
	b.WriteString(" " + t.op + " " + t.literal)
	return b.String()
}

// Expr is the threshold as it was written.
func (t Threshold) Expr() string { return t.expr }

// Metric is what the figure is of: "latency", "errors", "violations" and so on; empty for the zero value.
func (t Threshold) Metric() string { return t.metric }

// OfExecutions reports whether the threshold is of what became of the executions that calls started, and not of calls.
func (t Threshold) OfExecutions() bool {
	switch t.metric {
	case "completion", "start", "run", "failed", "lost", "unfinished":
		return true
	case "completed":
		return t.function == "rate"
	}
	return t.function == "backlog"
}

// OfBaseline reports whether the limit is still to be taken from a baseline: see [Threshold.Against].
func (t Threshold) OfBaseline() bool { return t.open }

// Window is how long the windows are over which the threshold is judged; 0 where that is the whole run.
func (t Threshold) Window() time.Duration { return t.window }

// Selectors are the values by key that narrow the threshold, such as {"tier": "Lite"}; nil where it is of all measured
// calls.
func (t Threshold) Selectors() map[string]string {
	if len(t.selectors) == 0 {
		return nil
	}
	by := make(map[string]string, len(t.selectors))
	for _, s := range t.selectors {
		by[s.key] = s.value
	}
	return by
}

// Limit is what the figure is compared with, in seconds, as a ratio, as a count or in calls a second, and how: "<",
// "<=", ">", ">=", "==" or "!=".
func (t Threshold) Limit() (op string, limit float64) { return t.op, t.limit }

// Check says whether the labels have what the threshold selects, and room for its window: an unknown tier would select
// nothing, and the condition would fail only when the run is over. The error is an *[ExprError].
func (t Threshold) Check(labels results.Labels) error {
	for _, s := range t.selectors {
		if s.key == byError || s.key == byOutcome {
			continue // ParseThreshold knows them all
		}
		var known []string
		switch Grouping(s.key) {
		case byRule:
			known = labels.Rules[min(1, len(labels.Rules)):]
		case ByPhase:
			for _, p := range labels.Phases {
				known = append(known, p.Name)
				if p.Of != "" {
					known = append(known, p.Of)
				}
			}
		case ByTier:
			for _, c := range labels.Classes {
				known = append(known, c.Tier)
			}
		case ByContent:
			for _, c := range labels.Classes {
				known = append(known, c.Content)
			}
		case ByClass:
			for _, c := range labels.Classes {
				known = append(known, c.Name)
			}
		}
		if !slices.Contains(known, s.value) {
			return &ExprError{Expr: t.expr, Offset: s.offset, Text: s.text, Problem: unknown(s.key, s.value, known)}
		}
	}
	if room := t.room(labels); t.window.Seconds() > math.Ceil(room) && t.unit() != PerSecond {
		return &ExprError{Expr: t.expr, Offset: t.windowAt, Text: t.windowText, Problem: fmt.Sprintf("the phases that this is of last %s, "+
			"and no window of %s fits into that; take a shorter window, or longer phases", spell(room, 3), t.windowText)}
	} else if t.unit() == PerSecond && t.window.Seconds() > room {
		of := "whole seconds"
		if t.moment() == whenAnswered {
			of = "whole seconds after that of the first answer"
		}
		return &ExprError{Expr: t.expr, Offset: t.windowAt, Text: t.windowText, Problem: fmt.Sprintf("the phases that this is of have room for "+
			"%s of %s, and no window of %s fits into that; take a shorter window, or longer phases", spell(room, 3), of, t.windowText)}
	}
	return nil
}

// room is how many seconds of the phases that the threshold is of can be judged: those that follow each other at once,
// and of rates in calls a second the whole ones, from the first answer on.
func (t Threshold) room(labels results.Labels) float64 {
	name := t.Selectors()[string(ByPhase)]
	var phases []results.Phase
	for _, p := range labels.Phases {
		if name == "" && !p.Warmup || name != "" && (p.Name == name || p.Of == name) {
			phases = append(phases, p)
		}
	}
	room := 0.0
	for _, one := range joined(phases, math.Inf(1)) {
		long := one[1] - one[0]
		if t.unit() == PerSecond {
			in := inWhole(one, time.Second, true)
			if long = float64(in.until - in.from); t.moment() == whenAnswered {
				long--
			}
		}
		room = max(room, long)
	}
	return room
}

// Outcome says what became of a threshold.
type Outcome struct {
	// Expr is the threshold as it was written.
	Expr string `json:"expr"`
	// Value is the figure that was found, null if the samples cannot tell it.
	Value *float64 `json:"value"`
	// Unit is Value's: "seconds", "ratio" (0 to 1), "count" or "perSecond".
	Unit string `json:"unit"`
	// Samples is the number of calls that the figure is made of.
	Samples uint64 `json:"samples"`
	OK      bool   `json:"ok"`
	// LessOwn is the figure without what andon itself held calls up for, where there is such a thing; the truth lies
	// between the two. Spoiled marks a condition that holds on one of them and not on the other: it is not OK, and that is
	// no finding about the target.
	LessOwn *float64 `json:"lessOwn,omitempty"`
	Spoiled bool     `json:"spoiled,omitempty"`
	// Certain marks a limit of times that is broken by those calls alone that the generator had no part in.
	Certain bool `json:"certain,omitempty"`
	// Windows are there where the threshold has a window: the figure is that of the worst.
	Windows *Windows `json:"windows,omitempty"`
	// Bounds are there where the figure is only known to lie between two, as those of executions are. Value is then the
	// worse of them. A condition that holds on one and not on the other is Spoiled too. Those of backlog(growth) are its
	// interval of 95 %, and Value is in the middle.
	Bounds *executions.Bounds `json:"bounds,omitempty"`
	// Broke says when and at which rate a condition broke that does not hold, where the rate was not the same all along.
	Broke *Broke `json:"broke,omitempty"`
	// Reason says in words why it is not OK; empty if it is.
	Reason string `json:"reason,omitempty"`
}

// The units of outcomes.
const (
	Seconds   = "seconds"
	Ratio     = "ratio"
	Count     = "count"
	PerSecond = "perSecond"
)

func (t Threshold) unit() string {
	switch t.function {
	case "rate":
		perSecond := t.metric == "answered" || t.metric == "goodput" // and nothing else
		if strings.Contains(t.literal, "/") || t.factor > 0 && perSecond {
			return PerSecond
		}
		return Ratio
	case "backlog":
		if t.metric == "growth" {
			return PerSecond
		}
		return Count
	case "count":
		return Count
	}
	return Seconds
}

// OfTotal reports whether the figure is a count or a rate in calls a second, which several machines add up to.
func (t Threshold) OfTotal() bool { return t.unit() == Count || t.unit() == PerSecond }

// fates are those that the threshold selects; 0 stands for those that stand for a class.
func (t Threshold) fates() fateSet {
	o := t.outcome()
	if o == anyOutcome {
		return anyFate
	}
	for _, known := range results.Outcomes() {
		if known.String() == o {
			return fatesOf(known)
		}
	}
	return 0
}

// outcome is the one that the threshold selects; empty where it selects none.
func (t Threshold) outcome() string {
	for _, s := range t.selectors {
		if s.key == byOutcome {
			return s.value
		}
	}
	return ""
}

// figure is the left side of the condition.
func (t Threshold) figure() string {
	return strings.TrimSuffix(t.String(), " "+t.op+" "+t.literal)
}

// lacking says which calls there are none of.
func (t Threshold) lacking() string {
	what := "sent"
	switch {
	case t.metric == "lag":
		what = "sent or dropped in a phase with due times"
	case t.unit() == Seconds && t.fates() == 0:
		what = "accepted or timed out"
	case t.unit() == Seconds && t.outcome() != anyOutcome:
		what = t.outcome()
	case t.unit() == Seconds:
		what = "timed"
	case t.metric == "sent" || t.metric == "dropped":
		what = "sent or dropped"
	case t.metric == "unsent":
		what = "due"
	case t.metric == "violations" && t.function == "rate":
		what = "completed"
	}
	return "no call was " + what + ", " + t.where()
}

// where says among which calls there are none.
func (t Threshold) where() string {
	if len(t.selectors) > 0 {
		return "of those that " + t.figure() + " selects"
	}
	return "in a measured phase"
}

// spell writes v with 3 digits, or as many more as tell it from the limit: "100%, not == 100%" would explain nothing.
func (t Threshold) spell(v float64) string {
	digits := 3
	for digits < 17 && v != t.limit && round(v, digits) == round(t.limit, digits) {
		digits++
	}
	switch t.unit() {
	case Seconds:
		return spell(v, digits)
	case Ratio:
		return plain(round(v*100, digits)) + "%"
	case PerSecond:
		if strings.HasSuffix(t.literal, "/m") {
			return plain(round(v*60, digits)) + "/m"
		}
		return plain(round(v, digits)) + "/s"
	}
	return plain(v)
}
