package metrics

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

// A limit is found once, and judged without the baseline from then on.
func TestAgainst(t *testing.T) {
	a := measured(t)
	for _, c := range []struct{ expr, found, problem string }{
		{"max(latency) < 1.1 × baseline", "max(latency) < 1.1 × baseline (3.3s)", ""},
		{" p50(latency){tier=Lite}<1.5x baseline ", "p50(latency){tier=Lite}<1.5x baseline (187.5ms)", ""},
		{"max(latency, 5s){tier=Lite} <= 1 × baseline", "max(latency, 5s){tier=Lite} <= 1 × baseline (125ms)", ""},
		{"rate(errors) < 2 * baseline", "rate(errors) < 2 * baseline (8.98204%)", ""},
		{"rate(shed) <= 2 × baseline", "rate(shed) <= 2 × baseline (0%)", ""},
		{"rate(answered) > 0.5 × baseline", "rate(answered) > 0.5 × baseline (22.2/s)", ""},
		{"p99(latency) < 800ms", "p99(latency) < 800ms", ""},
		{"rate(errors) < 9 × baseline (1%)", "rate(errors) < 9 × baseline (1%)", ""},
		{"rate(shed) < 2 × baseline", "", "rate(shed) is 0%, so that the limit is 0%, and nothing is below that; write a limit of its own"},
		{"rate(shed, 5s) < 2 × baseline", "", "rate(shed) is 0%"},
		{"rate(ok) > 1.1 × baseline", "", "no share is above 100%"},
		{"rate(errors) < 100 × baseline", "", "no share is above 100%"},
		{"p99.9(latency) < 2 × baseline", "", "p99.9 needs 2995 samples and has 1012"},
		{"p50(latency){tier=Lite,phase=peak} < 1 × baseline", "", "no call was accepted or timed out"},
	} {
		asked := parse(t, c.expr)
		got, err := asked.Against(a, 20)
		var e *ExprError
		switch {
		case c.problem == "" && (err != nil || got.Expr() != c.found || got.OfBaseline()):
			t.Errorf("%s: %q, %v; want %q", c.expr, got.Expr(), err, c.found)
		case c.problem != "" && (!errors.As(err, &e) || !strings.Contains(e.Problem, c.problem) || c.expr[e.Offset-1:] != e.Text):
			t.Errorf("%s: %q, %v; want …%s…", c.expr, got.Expr(), err, c.problem)
		}
	}
	// Until then it holds on nothing, ends nothing, and is no objective.
	open := parse(t, "max(latency) < 9 × baseline")
	_, err := open.Objective(labels())
	if o := open.Evaluate(a, 20); o.OK || o.Reason == "" || open.Broken(a, 20, nil) || err == nil {
		t.Errorf("a limit that is not found yet: %+v, %v", o, err)
	}
	found, _ := open.Against(a, 20)
	if o := found.Evaluate(a, 20); !o.OK || o.Expr != "max(latency) < 9 × baseline (27s)" {
		t.Errorf("%+v", o)
	}
	found, _ = parse(t, "max(latency) < 0.9 × baseline").Against(a, 20)
	if o := found.Evaluate(a, 20); o.OK || o.Reason != "max(latency) is 3 s over 1012 calls, not < 0.9 × baseline (2.7s)" {
		t.Errorf("%+v", o)
	}
}

// What is written in parentheses is the limit, near enough to so many times the figure, and reads as the same.
func TestFoundLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(labels(), nil, Tolerance)
		for range rapid.IntRange(1, 20).Draw(t, "calls") {
			r := ok(steady, full, rapid.Float32Range(1e-7, 3000).Draw(t, "seconds"))
			if rapid.Bool().Draw(t, "fails") {
				r.Error, r.Status = results.Status5xx, 500
			}
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		expr := rapid.SampledFrom([]string{"max(latency) < ", "rate(errors) <= ", "rate(goodput) > "}).Draw(t, "figure")
		times := rapid.SampledFrom([]string{"0.5", "1", "1.1", "3"}).Draw(t, "times")
		asked, err := ParseThreshold(expr + times + " × baseline")
		if err != nil {
			t.Fatal(err)
		}
		found, err := asked.Against(a, 20)
		if err != nil {
			return
		}
		again, err := ParseThreshold(found.String())
		if err != nil || again.limit != found.limit || again.literal != found.literal {
			t.Fatalf("%s reads as %s, %v", found, again, err)
		}
		plain := asked
		plain.open = false
		value := plain.measure(a, 20).value
		if want := asked.factor * *value; math.Abs(found.limit-want) > want*1e-3 {
			t.Fatalf("%s, want %v", found, want)
		}
	})
}
