package metrics

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Threshold is one condition on a run's figures. Make it with [ParseThreshold].
type Threshold struct {
	expr     string // as it was written
	function string // pP, mean, min, max, rate, count
	metric   string
	// percentile is set for the function pP.
	percentile float64
	selectors  []selector
	op         string
	literal    string  // the limit as it was written
	limit      float64 // in seconds, as a ratio, as a count, or in calls a second
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

// The keys of selectors that are no grouping.
const (
	byError = "error"
	byRule  = "rule"
)

// String is the threshold in a canonical form, which parses to the same condition.
func (t Threshold) String() string {
	var b strings.Builder
	b.WriteString(t.function + "(" + t.metric + ")")
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

// Check says whether the labels have what the threshold selects: an unknown tier would select nothing, and the
// condition would fail only when the run is over. The error is an *[ExprError].
func (t Threshold) Check(labels results.Labels) error {
	for _, s := range t.selectors {
		if s.key == byError {
			continue // ParseThreshold knows the kinds
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
	return nil
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

// Evaluate holds the threshold against what a has been given so far; elapsed says for how many seconds the run has been
// sending (see [Aggregator.Elapsed]). Over zero samples, or for a percentile that the samples cannot support (see
// [histogram.Needed]), it fails: what was not measured has not been met.
//
// What is counted leaves out warm-up phases, unless the threshold selects one by name; deliberately invalid calls are
// counted, and are in times only where a selector names their tier, content or class.
//
//	latency, service  calls with a time that says something about the provider (results.Row.Timed)
//	lag               sent and dropped calls of open phases
//	count(x)          x as below, over the sent calls; of dropped, over the sent and the dropped; of unsent, over all
//	rate(ok)          ok / sent
//	rate(errors)      errors / sent; canceled calls are no errors, unless {error=canceled} asks for them
//	rate(violations)  calls that broke a rule / completed
//	rate(sent)        sent / (sent + dropped); calls that were never due, or whose run ended, are in neither
//
// Against a limit in calls a second or a minute, rate(sent), rate(answered) and rate(goodput) are what [Rate] has, over
// the sent calls (and the dropped, for sent): where calls were sent and none was answered, that is a rate of 0.
//
// It takes a time that does not depend on the number of calls.
func (t Threshold) Evaluate(a *Aggregator, elapsed float64) Outcome {
	o := Outcome{Expr: t.expr, Unit: t.unit()}
	var problem string
	o.Value, o.Samples, problem = t.measure(a, elapsed)
	switch {
	case problem != "":
		o.Reason = problem
	case t.holds(*o.Value):
		o.OK = true
	default:
		o.Reason = fmt.Sprintf("%s is %s over %s, not %s %s", t.figure(), t.spell(*o.Value), calls(o.Samples), t.op, t.literal)
	}
	return o
}

// Broken reports whether the threshold is broken and the run can as well end: there are samples enough for a figure,
// and it does not meet the condition. A count only grows, so that one which is still too low is not broken yet. elapsed
// is as in [Threshold.Evaluate].
func (t Threshold) Broken(a *Aggregator, elapsed float64) bool {
	v, _, problem := t.measure(a, elapsed)
	if problem != "" || t.holds(*v) {
		return false
	}
	if t.unit() == Count {
		return *v > t.limit || t.op == "<" && *v == t.limit
	}
	return true
}

func (t Threshold) unit() string {
	switch t.function {
	case "rate":
		if strings.Contains(t.literal, "/") {
			return PerSecond
		}
		return Ratio
	case "count":
		return Count
	}
	return Seconds
}

func (t Threshold) holds(v float64) bool {
	switch t.op {
	case "<":
		return v < t.limit
	case "<=":
		return v <= t.limit
	case ">":
		return v > t.limit
	case ">=":
		return v >= t.limit
	case "==":
		return v == t.limit
	case "!=":
		return v != t.limit
	}
	return false
}

// measure finds the figure, and what it was made of; if there is none, problem says why.
func (t Threshold) measure(a *Aggregator, elapsed float64) (value *float64, samples uint64, problem string) {
	g := t.selects(a)
	if t.unit() != Seconds {
		n, of := t.counts(g)
		if of == 0 {
			return nil, 0, "no samples: " + t.lacking()
		}
		v := float64(n)
		switch t.unit() {
		case Ratio:
			v /= float64(of)
		case PerSecond:
			s := g.spans(elapsed)
			over := s.answering
			if t.metric == "sent" {
				over = s.sending
			}
			if over == 0 {
				return nil, 0, "no time has passed in which calls could be sent"
			}
			v = perSecond(n, over)
		}
		return &v, of, ""
	}
	var d *histogram.Scratch
	switch t.metric {
	case "latency":
		d = g.latency()
	case "service":
		d = g.service()
	default:
		d = g.lag()
	}
	switch t.function {
	case "min":
		value = d.Min()
	case "mean":
		value = d.Mean()
	case "max":
		value = d.Max()
	default:
		value = d.Percentiles(t.percentile)[0]
	}
	switch {
	case d.Samples() == 0:
		return nil, 0, "no samples: " + t.lacking()
	case value == nil:
		return nil, d.Samples(), fmt.Sprintf("%s needs %d samples and has %d: let the run go on for longer, or ask for a lower percentile",
			t.function, histogram.Needed(t.percentile), d.Samples())
	}
	return value, d.Samples(), ""
}

// selects is the group of the cells that every selector accepts.
func (t Threshold) selects(a *Aggregator) *group {
	byPhase, byClass := false, false
	for _, s := range t.selectors {
		switch s.key {
		case string(ByPhase):
			byPhase = true
		case string(ByTier), string(ByContent), string(ByClass):
			byClass = true
		}
	}
	g := a.newGroup(byClass)
	for p := range a.labels.Phases {
		if a.labels.Phases[p].Warmup && !byPhase {
			continue
		}
		for c := range a.labels.Classes {
			if t.accepts(a, p, c) {
				g.add(p, c)
			}
		}
	}
	return g
}

func (t Threshold) accepts(a *Aggregator, phase, class int) bool {
	for _, s := range t.selectors {
		whole := s.key == string(ByPhase) && a.labels.Phases[phase].Of == s.value
		if s.key != byError && s.key != byRule && !whole && a.nameOf(Grouping(s.key), phase, class) != s.value {
			return false
		}
	}
	return true
}

// counts is what rate and count count, and what they count it of.
func (t Threshold) counts(g *group) (n, of uint64) {
	c := g.counts()
	switch t.metric {
	case "sent":
		return c.Sent, c.Sent + c.Dropped
	case "dropped":
		return c.Dropped, c.Sent + c.Dropped
	case "unsent":
		return c.Due - c.Sent - c.Dropped, c.Due
	case "completed", "answered":
		return c.Completed, c.Sent
	case "ok", "goodput":
		return c.OK, c.Sent
	case "errors":
		n, of = c.Errors, c.Sent
	default:
		n, of = c.Violations, c.Sent
		if t.function == "rate" {
			of = c.Completed
		}
	}
	for _, s := range t.selectors {
		switch s.key {
		case byError:
			n = g.countKind(s.value)
		case byRule:
			n = g.countRule(s.value)
		}
	}
	return n, of
}

func (g *group) countKind(name string) (n uint64) {
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			for kind, count := range c.kinds {
				if g.a.kinds[kind].name == name {
					n += count
				}
			}
		}
	}
	return n
}

func (g *group) countRule(name string) (n uint64) {
	for _, at := range g.at {
		if c := g.a.cells[at]; c != nil {
			for rule, count := range c.rules {
				if g.a.labels.Rules[rule] == name {
					n += count
				}
			}
		}
	}
	return n
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
	case t.unit() == Seconds:
		what = "timed"
	case t.metric == "sent" || t.metric == "dropped":
		what = "sent or dropped"
	case t.metric == "unsent":
		what = "due"
	case t.metric == "violations" && t.function == "rate":
		what = "completed"
	}
	of := "in a measured phase"
	if len(t.selectors) > 0 {
		of = "of those that " + t.figure() + " selects"
	}
	return "no call was " + what + ", " + of
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
