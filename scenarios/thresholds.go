package scenarios

import (
	"errors"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// readThresholds reads the conditions, and holds the names in them against the labels. Those of executions are of
// nothing where these are not followed, and cannot end a run, which is over when they are known. Those that are of a
// baseline are given with their places, by their text.
func readThresholds(v document.Value, labels results.Labels, followed bool) (out []metrics.Condition, places map[string]document.Value) {
	places = map[string]document.Value{}
	list, _ := v.List("the thresholds, such as `p99(latency) < 800ms`")
	for _, t := range list {
		var one metrics.Condition
		expr := t
		if !t.Scalar() {
			keys, ok := t.Object("the threshold", "expr", "abort", "after")
			if !ok {
				continue
			}
			var given bool
			if expr, given = keys["expr"]; !given {
				t.Fail("the threshold lacks `expr`; write, say, expr: \"p99(latency) < 800ms\"")
				continue
			}
			if a, given := keys["abort"]; given {
				one.Abort = a.Boolean("abort")
			}
			if a, given := keys["after"]; given {
				one.After, _ = a.Duration("after")
				if !one.Abort {
					a.Fail("`after` delays `abort: true`, which is not there")
				}
			}
		}
		text, ok := expr.Text("a threshold")
		if !ok {
			continue
		}
		parsed, err := metrics.ParseThreshold(text)
		// Where the load or the mix could not be read, its names are not known.
		if err == nil && len(labels.Phases) > 0 && len(labels.Classes) > 0 {
			err = parsed.Check(labels)
		}
		if err != nil {
			failInside(expr, text, err)
			continue
		}
		if parsed.OfExecutions() {
			if !followed {
				expr.Fail("the threshold `%s` is of executions, which are not followed; add `follow:` to the scenario", parsed)
			}
			if one.Abort {
				t.Fail("`abort` cannot be: what became of executions is known when the run is over; take it out")
			}
		}
		if parsed.OfBaseline() {
			places[text] = expr
		}
		one.Threshold = parsed
		out = append(out, one)
	}
	return out, places
}

// failInside reports what is wrong with a condition at its place within the text.
func failInside(v document.Value, text string, err error) {
	var bad *metrics.ExprError
	if !errors.As(err, &bad) {
		v.Fail("%v", err)
		return
	}
	v.FailInside(text, bad.Offset-1, utf8.RuneCountInString(bad.Text), "threshold: "+bad.Problem, bad.Error())
}
