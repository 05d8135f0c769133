package metrics

import (
	"fmt"
	"strings"
)

// Against is the threshold with its limit found in a baseline: so many times the same figure of the calls that a was
// given, written behind it in parentheses, so that it can be judged without the baseline from then on. What is written
// is the limit, in four digits, of shares in six. Windows are held against the figure of the whole baseline: the worst
// of all windows says nothing of the others. elapsed is as in [Threshold.Evaluate]. The error is an *[ExprError]: the
// baseline has no such figure, or no run could meet the limit.
func (t Threshold) Against(a *Aggregator, elapsed float64) (Threshold, error) {
	if !t.open {
		return t, nil
	}
	whole := t
	whole.window = 0
	f := whole.measure(a, elapsed)
	if f.problem != "" {
		return t, t.lacks(f.problem)
	}
	limit := t.factor * *f.value
	found := limitText(limit, t.unit())
	if why := t.unmet(limit); why != "" {
		return t, t.lacks(fmt.Sprintf("%s is %s, so that the limit is %s, and %s; write a limit of its own", whole.figure(), limitText(*f.value, t.unit()), found, why))
	}
	return ParseThreshold(strings.TrimSpace(t.expr) + " (" + found + ")")
}

// lacks says that the baseline gives no limit.
func (t Threshold) lacks(why string) error {
	return &ExprError{Expr: t.expr, Offset: t.limitAt, Text: strings.TrimSpace(t.expr[t.limitAt-1:]), Problem: "the baseline gives no limit: " + why}
}

// unmet says why no run could meet the limit, or none could miss it; empty where both can be.
func (t Threshold) unmet(limit float64) string {
	share := t.unit() == Ratio
	switch {
	case limit == 0 && t.op == "<":
		return "nothing is below that"
	case share && (limit > 1 || limit == 1 && t.op == ">"):
		return "no share is above 100%"
	}
	return ""
}

// limitText writes a limit as thresholds have it.
func limitText(v float64, unit string) string {
	switch unit {
	case Ratio:
		return plain(round(100*v, 6)) + "%"
	case PerSecond:
		return plain(round(v, 4)) + "/s"
	}
	return strings.ReplaceAll(spell(v, 4), " ", "")
}
