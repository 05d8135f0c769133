package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

func parse(t testing.TB, expr string) Threshold {
	t.Helper()
	threshold, err := ParseThreshold(expr)
	if err != nil {
		t.Fatal(err)
	}
	return threshold
}

// accepted are expressions, their canonical form and their limit.
var accepted = []struct {
	expr, canonical string
	limit           float64
}{
	{"p99(latency) < 800ms", "", 0.8},
	{"p95(latency){tier=Lite} < 300ms", "", 0.3},
	{"p99.9(service) <= 1.5s", "", 1.5},
	{"mean(latency) < 1m", "", 60},
	{"min(service) > 5us", "", 5e-6},
	{"max(latency) != 7µs", "", 7e-6},
	{"p0.5(latency) >= 100ns", "", 1e-7},
	{"p99(lag) < 10ms", "", 0.01},
	{"p99(lag){phase=peak} < 10ms", "", 0.01},
	{"rate(errors){content=file} < 0.1%", "", 0.001},
	{"rate(violations) < 0.1%", "", 0.001},
	{"rate(ok) > 99%", "", 0.99},
	{"rate(sent) >= 99%", "", 0.99},
	{"rate(sent) == 100%", "", 1},
	{"rate(sent) >= 45/s", "", 45},
	{"rate(answered)>=0.5/s", "rate(answered) >= 0.5/s", 0.5},
	{"rate(goodput){phase=steady} >= 90/m", "", 1.5},
	{"rate(accepted) >= 45/s", "", 45},
	{"rate(accepted) >= 99%", "", 0.99},
	{"rate(shed) < 1%", "", 0.01},
	{"count(refused) == 0", "", 0},
	{"p99(latency){outcome=accepted} < 800ms", "", 0.8},
	{"max(service){tier=Lite,outcome=any} < 1s", "", 1},
	{"count(sent){outcome=shed} < 5", "", 5},
	{"rate(answered){outcome=accepted} >= 45/s", "", 45},
	{"count(violations) == 0", "", 0},
	{"count(dropped) == 0", "", 0},
	{"count(unsent) <= 7", "", 7},
	{"count(completed) > 1000", "", 1000},
	{"count(errors){error=reset} < 5", "", 5},
	{"count(violations){rule=repeated-executionId} == 0", "", 0},
	{"rate(ok){tier=Full,content=text+file,phase=steady} > 99%", "", 0.99},
	{` p99 ( latency ) { class = "text+file.Lite" , phase = "100/s, then more" } < 1s `,
		`p99(latency){class=text+file.Lite,phase="100/s, then more"} < 1s`, 1},
	{"p99(latency)<1s", "p99(latency) < 1s", 1},
	{"p99(latency, 30s) < 800ms", "", 0.8},
	{"mean ( service ,90s ){tier=Lite}<1s", "mean(service, 90s){tier=Lite} < 1s", 1},
	{"rate(errors,60s) < 5%", "rate(errors, 1m) < 5%", 0.05},
	{"rate(goodput, 10s) >= 45/s", "", 45},
	{"count(violations, 60m) == 0", "count(violations, 1h) == 0", 0},
	{"max(lag, 1s){phase=peak} < 10ms", "", 0.01},
	{`count(ok){phase="a\"b\n"} > 1`, "", 1},
	{"p95(completion){tier=Lite} < 60s", "", 60},
	{"p99.9( start ) < 1m", "p99.9(start) < 1m", 60},
	{"p50(run){content=file,phase=peak} >= 2s", "", 2},
	{"rate(failed) < 1%", "", 0.01},
	{"rate(lost){class=text.Lite} == 0%", "", 0},
	{"rate(completed) >= 20/s", "", 20},
	{"rate(completed) >= 90/m", "", 1.5},
	{"count(lost) == 0", "", 0},
	{"count(failed) < 3", "", 3},
	{"count(unfinished) == 0", "", 0},
	{"backlog( growth ) <= 0/s", "backlog(growth) <= 0/s", 0},
	{"backlog(growth){phase=peak} < 6/m", "", 0.1},
	{"backlog(peak){tier=Full} < 100", "", 100},
	{"p99(latency) < 1.1 × baseline", "", 0},
	{"p99(latency)<1.1x baseline", "p99(latency) < 1.1 × baseline", 0},
	{"p99(latency, 30s){tier=Lite} <= 2 * baseline ", "p99(latency, 30s){tier=Lite} <= 2 × baseline", 0},
	{"p99(latency) < 1.10xbaseline( 213ms )", "p99(latency) < 1.10 × baseline (213ms)", 0.213},
	{"rate(errors) < 2×baseline", "rate(errors) < 2 × baseline", 0},
	{"rate(goodput) > 0.9 × baseline", "", 0},
	{"rate(answered) >= 0.9 × baseline (45/s)", "", 45},
	{"rate(sent) >= 0.99 × baseline (99%)", "", 0.99},
	{"p99(lag) < 3 × baseline", "", 0},
}

func TestParseThreshold(t *testing.T) {
	for _, c := range accepted {
		got, err := ParseThreshold(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		want := c.canonical
		if want == "" {
			want = c.expr
		}
		if got.String() != want || got.limit != c.limit {
			t.Errorf("%s: %s with limit %v, want %s with %v", c.expr, got, got.limit, want, c.limit)
		}
	}
}

func TestParseThresholdErrors(t *testing.T) {
	for _, c := range []struct {
		expr   string
		offset int
		text   string
		says   string
	}{
		{"", 1, "", "expected a figure such as p99(latency)"},
		{"  ", 3, "", "found the end"},
		{"men(latency) < 1s", 1, "men", `did you mean "mean"?`},
		{"99(latency) < 1s", 1, "99", "unknown function"},
		{"P99(latency) < 1s", 1, "P99", `did you mean "p99"?`},
		{"p100(latency) < 1s", 1, "p100", "between 0 and 100"},
		{"p0(latency) < 1s", 1, "p0", "between 0 and 100"},
		{"p99.(latency) < 1s", 1, "p99.", "is no percentile"},
		{"p99.99999999999999999999(latency) < 1s", 1, "p99.99999999999999999999", "between 0 and 100"},
		{"p(latency) < 1s", 1, "p", "is no percentile"},
		{"p99 < 1s", 5, "<", `expected "(" after p99, found "<"`},
		{"p99(latncy) < 1s", 5, "latncy", `did you mean "latency"?`},
		{"p99(errors) < 1s", 5, "errors", "unknown metric of p99"},
		{"rate(latency) < 1%", 6, "latency", "expected one of errors, ok, violations, sent"},
		{"rate(dropped) < 1%", 6, "dropped", "unknown metric of rate"},
		{"mean(completion) < 1s", 6, "completion", "there is no mean of completion while some executions have not ended; ask for a percentile, such as p95(completion)"},
		{"max(run) < 1s", 5, "run", "ask for a percentile, such as p95(run)"},
		{"p95(completion, 30s) < 1s", 15, ",", "what is of executions has no windows"},
		{"count(lost, 30s) == 0", 11, ",", "what is of executions has no windows"},
		{"count(lost){error=reset} == 0", 13, "error", "error selects calls, and not executions"},
		{"rate(failed){outcome=shed} < 1%", 14, "outcome", "outcome selects calls, and not executions"},
		{"rate(failed) < 1/s", 16, "1/s", "expected a rate such as 0.1%"},
		{"rate(completed) > 99%", 19, "99%", "expected a rate such as 45/s"},
		{"rate(unfinished) < 1%", 6, "unfinished", "unknown metric of rate"},
		{"backlog(growth) <= 0", 20, "0", "write 0/s"},
		{"backlog(growth) <= 0%", 20, "0%", "expected a rate such as 45/s"},
		{"backlog(growht) <= 0/s", 9, "growht", `did you mean "growth"?`},
		{"backlog(latency) < 1", 9, "latency", "expected one of growth, peak"},
		{"backlog(peak) < 1/s", 17, "1/s", "a count is a whole number"},
		{"backlog(peak) < 1.5", 17, "1.5", "a count is a whole number"},
		{"p99() < 1s", 5, ")", "expected a metric of p99, one of latency, service, lag"},
		{"p99(latency < 1s", 13, "<", `expected ")"`},
		{"p99(latency,) < 1s", 13, ")", "expected the length of a window such as 30s or 5m"},
		{"p99(latency, 30) < 1s", 14, "30", "a whole number of seconds, minutes or hours from 1s to 1h"},
		{"p99(latency, 0s) < 1s", 14, "0s", "from 1s to 1h"},
		{"p99(latency, 1.5s) < 1s", 14, "1.5s", "a whole number"},
		{"p99(latency, -1s) < 1s", 14, "-1s", "from 1s to 1h"},
		{"p99(latency, 500ms) < 1s", 14, "500ms", "from 1s to 1h"},
		{"p99(latency, 61m) < 1s", 14, "61m", "from 1s to 1h"},
		{"p99(latency, 99999999999h) < 1s", 14, "99999999999h", "from 1s to 1h"},
		{"p99(latency, 30s, 5s) < 1s", 17, ",", `expected ")" after latency`},
		{"p99(latency 30s) < 1s", 13, "3", `expected ")" after latency`},
		{"p99(latency){teir=Lite} < 1s", 14, "teir", `did you mean "tier"?`},
		{"p99(latency){} < 1s", 14, "}", "expected a selector, one of tier"},
		{"p99(latency){tier} < 1s", 18, "}", `expected "=" after tier`},
		{"p99(latency){tier=} < 1s", 19, "}", "expected a value of tier"},
		{"p99(latency){tier=Lite < 1s", 24, "<", `expected "," or "}" after "Lite"`},
		{"p99(latency){tier=Lite,tier=Full} < 1s", 24, "tier", "selected twice"},
		{`p99(latency){tier="Lite} < 1s`, 19, `"Lite} < 1s`, "has no end"},
		{"p99(latency){error=reset} < 1s", 14, "error", "among errors only"},
		{"count(errors){rule=schema} < 1", 15, "rule", "among violations only"},
		{"p99(lag){tier=Lite} < 1s", 10, "tier", "takes only phase"},
		{"count(errors){error=rest} < 1", 21, "rest", `did you mean "reset"?`},
		{"count(errors){error=dropped} < 1", 21, "dropped", "write count(dropped)"},
		{`count(errors){error=""} < 1`, 21, `""`, "unknown error kind"},
		{`count(errors){error="a b"} < 1`, 21, `"a b"`, "unknown error kind"},
		{`count(errors){error="unsent"} < 1`, 21, `"unsent"`, "write count(unsent)"},
		{"p99(latency)", 13, "", "expected one of < <= > >= == !=, found the end"},
		{"p99(latency) = 1s", 14, "=", `did you mean "=="?`},
		{"p99(latency) ! 1s", 14, "!", "expected one of <"},
		{"p99(latency) <", 15, "", "expected a time such as 800ms or 1.5s, found the end"},
		{"p99(latency) < 800", 16, "800", "write the unit"},
		{"p99(latency) < 800 ms", 16, "800", "write the unit"},
		{"p99(latency) < 1h", 16, "1h", `"h" is no unit of time`},
		{"p99(latency) < 1%", 16, "1%", "expected a time"},
		{"p99(latency) < -1s", 16, "-1s", "expected a time"},
		{"p99(latency) < 1.s", 16, "1.s", "expected a time"},
		{"p99(latency) < 1e3s", 16, "1e3s", "no unit"},
		{"p99(latency) < " + strings.Repeat("9", 400) + "s", 16, strings.Repeat("9", 400) + "s", "beyond any limit"},
		{"rate(errors) < 0.001", 16, "0.001", "write 0.001%"},
		{"rate(errors) < 5ms", 16, "5ms", "expected a rate"},
		{"rate(ok) > 101%", 12, "101%", "between 0% and 100%"},
		{"rate(sent) >= 45", 15, "45", "expected a rate such as 99% or 45/s, found \"45\"; write 45% for a share, or 45/s"},
		{"rate(answered) >= 45", 19, "45", "write 45/s"},
		{"rate(goodput) >= 45%", 18, "45%", "those of ok, accepted and sent are shares"},
		{"rate(answered) >= 45/h", 19, "45/h", "expected a rate such as 45/s"},
		{"rate(answered) >= /s", 19, "/s", "expected a rate such as 45/s"},
		{"rate(answered) >=", 18, "", "expected a rate such as 45/s, found the end"},
		{"rate(errors) < 1/s", 16, "1/s", "of sent, accepted, answered, goodput alone there are calls a second"},
		{"rate(answered){error=reset} < 1/s", 16, "error", "among errors only"},
		{"rate(shed) < 1/s", 14, "1/s", "alone there are calls a second"},
		{"rate(accepted) >= 45", 19, "45", "write 45% for a share, or 45/s"},
		{"p99(latency){outcome=sheded} < 1s", 22, "sheded", `expected one of any, accepted, shed, refused, failed; did you mean "shed"?`},
		{"p99(lag){outcome=shed} < 1s", 10, "outcome", "lag is the run's"},
		{"count(errors){outcome=shed} < 1", 15, "outcome", "outcome selects among latency, service, sent, completed, answered only"},
		{"rate(shed){outcome=shed} < 1%", 12, "outcome", "outcome selects among"},
		{"count(errors){error=shed} < 1", 21, "shed", "write rate(shed) or count(shed)"},
		{"count(sent) > 1/s", 15, "1/s", "whole number"},
		{"p99(latency) < 1/s", 16, "1/s", "expected a time"},
		{"count(answered) > 1", 7, "answered", "unknown metric of count"},
		{"count(errors) < 1%", 17, "1%", "a count has no unit"},
		{"count(errors) < 1.5", 17, "1.5", "whole number"},
		{"count(errors) < 3ms", 17, "3ms", "whole number"},
		{"count(errors) < 99999999999999999", 17, "99999999999999999", "beyond any count"},
		{"p99(latency) < 1s and more", 19, "and more", "expected the end"},
		{"p99(latency) < baseline", 16, "baseline", "write how many times it may be, as in 1.1 × baseline"},
		{"rate(errors) < baseline + 0.5%", 16, "baseline", "as in 1.1 × baseline"},
		{"p99(latency) < × baseline", 16, "", "a number above 0 without a unit"},
		{"p99(latency) < 0 × baseline", 16, "0", "a number above 0"},
		{"p99(latency) < 1.1. × baseline", 16, "1.1.", "a number above 0"},
		{"p99(latency) < 110% × baseline", 16, "110%", "without a unit as in 1.1 × baseline, found \"110%\""},
		{"p99(latency) < " + strings.Repeat("9", 400) + " × baseline", 16, strings.Repeat("9", 400), "a number above 0"},
		{"p99(latency) < 1.1 ×", 22, "", `expected "baseline" after 1.1 ×, found the end`},
		{"p99(latency) < 1.1 × 800ms", 23, "8", `expected "baseline" after 1.1 ×`},
		{"p99(latency) < 1.1x basline", 21, "basline", `expected "baseline" after 1.1 ×, found "basline"`},
		{"rate(errors) < 1 × baseline + 0.5%", 30, "+ 0.5%", "nothing is added to it"},
		{"p99(latency) < 1.1 × baseline (213)", 33, "213", "write the unit"},
		{"p99(latency) < 1.1 × baseline (213ms", 38, "", `expected ")" after 213ms`},
		{"count(errors) < 2 × baseline", 17, "2 × baseline", "a count depends on how long runs go on"},
		{"backlog(peak) < 2 × baseline", 17, "2 × baseline", "what is of executions has no baseline"},
		{"p95(completion) < 2 × baseline", 19, "2 × baseline", "what is of executions has no baseline"},
		{"p99(latency) == 1 × baseline", 17, "1 × baseline", "no two runs come to the same figure"},
		{"\x00", 1, "\x00", `found "\x00"`},
		{"\xff", 1, "\xff", `found "\xff"`},
	} {
		_, err := ParseThreshold(c.expr)
		var e *ExprError
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v", c.expr, err)
			continue
		}
		if e.Offset != c.offset || e.Text != c.text || !strings.Contains(e.Problem, c.says) || e.Expr != c.expr {
			t.Errorf("%q: %+v\nwant %d, %q, …%s…", c.expr, *e, c.offset, c.text, c.says)
		}
	}
	_, err := ParseThreshold("p99(latncy) < 1s")
	if want := `threshold "p99(latncy) < 1s", column 5: unknown metric of p99 "latncy"; expected one of latency, service, ` +
		`lag, completion, start, run; did you mean "latency"?`; err == nil || err.Error() != want {
		t.Errorf(" got %v\nwant %s", err, want)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		expr   string
		offset int // 0 if all is well
		says   string
	}{
		{"p99(latency) < 1s", 0, ""},
		{"p99(latency){tier=Lite,content=text+file,class=text+file.Lite,phase=peak} < 1s", 0, ""},
		{"p99(latency){tier=invalid} < 1s", 0, ""},
		{"count(violations){rule=schema} == 0", 0, ""},
		{"count(errors){error=reset} == 0", 0, ""},
		{"p99(latency, 20s) < 1s", 0, ""},
		{"p99(latency, 10s){phase=peak} < 1s", 0, ""},
		{"p99(latency,  21s) < 1s", 15, "the phases that this is of last 20 s, and no window of 21s fits into that"},
		{"p99(latency, 11s){phase=peak} < 1s", 14, "last 10 s"},
		{"p99(latency, 2s){phase=warm-up} < 1s", 14, "last 1 s"},
		{"p99(latency){tier=Lit} < 1s", 19, `unknown tier "Lit"; expected one of Full, Lite, invalid; did you mean "Lite"?`},
		{"p99(latency){tier=Lite, content=file} < 1s", 33, `unknown content "file"`},
		{"p99(latency){class=text.Ful} < 1s", 20, `did you mean "text.Full"?`},
		{"p99(latency){class=text.Lite} < 1s", 20, "expected one of text.Full, text+file.Lite, invalid"},
		{`p99(latency){phase="peek"} < 1s`, 20, `did you mean "peak"?`},
		{"count(violations){rule=repeated-id} == 0", 24, "expected one of schema, repeated-executionId"},
		{`count(violations){rule=""} == 0`, 24, "unknown rule"},
	} {
		err := parse(t, c.expr).Check(labels())
		var e *ExprError
		switch {
		case c.offset == 0 && err == nil:
		case !errors.As(err, &e) || e.Offset != c.offset || !strings.Contains(e.Problem, c.says):
			t.Errorf("%s: %v, want column %d: …%s", c.expr, err, c.offset, c.says)
		case !strings.HasPrefix(c.expr[e.Offset-1:], e.Text) || e.Text == "":
			t.Errorf("%s: %q does not stand at column %d", c.expr, e.Text, e.Offset)
		}
	}
	if err := parse(t, "count(violations){rule=schema} == 0").Check(results.Labels{}); err == nil {
		t.Error("labels without rules have one")
	}
	many := labels()
	for i := range 100 {
		many.Classes = append(many.Classes, results.Class{Tier: fmt.Sprint("tier ", i)})
	}
	if err := parse(t, "p99(latency){tier=x} < 1s").Check(many); err == nil || len(err.Error()) > 400 {
		t.Errorf("many tiers: %v", err)
	}
}

// measured is a run of 1000 calls in the steady phase, with one kind of everything besides.
func measured(t testing.TB) *Aggregator {
	broken := failed(steady, full, results.Contract, 200)
	broken.Rule = 1
	closedRow := ok(peak, full, 3)
	l := labels()
	l.Phases[peak].Closed = true
	return aggregate(t, l, nil, slices.Concat(
		repeat(700, ok(steady, lite, 0.125)), // 0.125 s is 7 buckets of 2^24.. from 1 s: its upper edge is 125.042687 ms
		repeat(250, ok(steady, full, 0.5)),
		repeat(10, broken),
		repeat(20, failed(steady, full, results.Reset, 0)),
		repeat(5, failed(steady, full, results.Canceled, 0)),
		repeat(15, failed(steady, invalid, results.Accepted, 200)),
		repeat(50, dropped(2, 0)),
		repeat(7, results.Row{Phase: steady, Error: results.Unsent}),
		repeat(400, failed(warmup, lite, results.Status5xx, 500)),
		repeat(2, closedRow),
	)...)
}

func TestEvaluate(t *testing.T) {
	a := measured(t)
	const none = -1 // no value
	for _, c := range []struct {
		expr    string
		value   float64
		samples uint64
		ok      bool
		reason  string
	}{
		// Timed: 700, 250, 10, 50 dropped (full) and 2 in the closed loop.
		{"max(latency) <= 3s", 3, 1012, true, ""},
		{"max(latency) < 3s", 3, 1012, false, "max(latency) is 3 s over 1012 calls, not < 3s"},
		{"max(service) == 3s", 3, 962, true, ""},
		{"min(latency) >= 125ms", 0.125, 1012, true, ""},
		{"min(latency){tier=Lite} != 125ms", 0.125, 700, false, "not != 125ms"},
		{"mean(latency){tier=Lite} <= 125ms", 0.125, 700, true, ""},
		{"p50(latency){content=text+file} < 126ms", 0.125, 700, true, ""},
		// Not the largest: the upper edge of the bucket with 2 s, which is 2^20 ns wide.
		{"p99(latency) < 2.1s", 2.000683007, 1012, true, ""},
		{"p99.9(latency) < 9s", none, 1012, false, "p99.9 needs 2995 samples and has 1012"},
		{"p50(latency){phase=peak} < 9s", none, 2, false, "p50 needs 5 samples and has 2"},
		{"p50(latency){tier=invalid} < 1s", 0.25, 15, true, ""},
		{"max(latency){class=invalid,phase=steady} < 1s", 0.25, 15, true, ""},
		{"max(latency){tier=Lite,phase=warm-up,outcome=any} < 1s", 0.25, 400, true, ""},
		{"max(latency){tier=Lite,phase=warm-up} < 1s", none, 0, false, "no call was accepted or timed out, of those that"},
		{"p50(latency){tier=Lite,phase=peak} < 1s", none, 0, false, "no call was accepted or timed out, of those that"},
		{"p99(lag) < 2.1s", 2, 1050, true, ""},
		{"max(lag){phase=peak} < 1s", none, 0, false, "with due times"},

		// Sent: 700 + 250 + 10 + 20 + 5 + 15 + 2 = 1002; completed: 977.
		{"count(sent) == 1002", 1002, 1052, true, ""},
		{"count(dropped) == 0", 50, 1052, false, "count(dropped) is 50 over 1052 calls, not == 0"},
		{"count(unsent) < 8", 7, 1059, true, ""},
		{"count(completed) >= 977", 977, 1002, true, ""},
		{"count(ok) > 952", 952, 1002, false, ""},
		{"count(errors) == 45", 45, 1002, true, ""},
		{"count(errors){error=reset} < 20", 20, 1002, false, ""},
		{"count(errors){error=canceled} == 5", 5, 1002, true, ""},
		{"count(errors){error=http-5xx} == 0", 0, 1002, true, ""},
		{"count(errors){phase=warm-up} == 400", 400, 400, true, ""},
		{"count(errors){tier=invalid} == 15", 15, 15, true, ""},
		{"count(violations) == 10", 10, 1002, true, ""},
		{"count(violations){rule=schema,tier=Full} == 10", 10, 302 - 15, true, ""},
		{"count(violations){rule=repeated-executionId} == 0", 0, 1002, true, ""},
		{"count(violations){tier=Lite,phase=peak} == 0", none, 0, false, "no samples: no call was sent"},
		{"rate(sent) >= 95%", 1002. / 1052, 1052, true, ""},
		{"rate(sent) >= 99%", 1002. / 1052, 1052, false, "rate(sent) is 95.2% over 1052 calls, not >= 99%"},
		{"rate(ok) > 95%", 952. / 1002, 1002, true, ""},
		{"rate(errors) < 5%", 45. / 1002, 1002, true, ""},
		{"rate(errors){error=reset} < 2%", 20. / 1002, 1002, true, ""},
		// The calls of the steady phase were due at 10 s and answered 0.5 s later; those of the peak were due as it was over,
		// and answered 3 s later.
		{"rate(sent) >= 50/s", 1002. / 20, 1052, true, ""},
		{"rate(sent) >= 3000/m", 1002. / 20, 1052, true, ""},
		{"rate(answered) < 42/s", 977. / 22, 1002, false, "rate(answered) is 44.4/s over 1002 calls, not < 42/s"},
		{"rate(answered) < 2600/m", 977. / 22, 1002, false, "rate(answered) is 2660/m over 1002 calls, not < 2600/m"},
		{"rate(goodput){phase=steady} == 95/s", 95, 1000, true, ""},
		{"rate(answered){tier=Lite} > 70/s", 35, 700, false, ""},
		{"rate(goodput){phase=warm-up} <= 0/s", 0, 400, true, ""},
		{"rate(goodput){tier=Lite,phase=peak} >= 0/s", none, 0, false, "no samples: no call was sent"},
		{"rate(violations) < 2%", 10. / 977, 977, true, ""},
		{"rate(violations) < 1%", 10. / 977, 977, false, ""},
	} {
		got := parse(t, c.expr).Evaluate(a, 21)
		value := float64(none)
		if got.Value != nil {
			value = *got.Value
		}
		if got.Expr != c.expr || value != c.value || got.Samples != c.samples || got.OK != c.ok ||
			!strings.Contains(got.Reason, c.reason) || got.OK != (got.Reason == "") {
			t.Errorf("%s:\n got %v, %d, %v, %s\nwant %v, %d, %v, %s", c.expr, value, got.Samples, got.OK, got.Reason,
				c.value, c.samples, c.ok, c.reason)
		}
	}
}

// TestLimitsAreExact: a figure that equals the limit as it is written is not beyond it.
func TestLimitsAreExact(t *testing.T) {
	for i := range 1001 {
		rate := parse(t, fmt.Sprintf("rate(errors) <= %d.%d%%", i/10, i%10))
		if want := float64(i) / 1000; rate.limit != want {
			t.Errorf("%s: limit %v, want %v", rate, rate.limit, want)
		}
		for unit, factor := range map[string]int64{"ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9} {
			limit := parse(t, fmt.Sprintf("max(latency) <= %d%s", i, unit))
			if want := histogram.Seconds(int64(i) * factor); limit.limit != want {
				t.Errorf("%s: limit %v, want %v", limit, limit.limit, want)
			}
		}
	}
}

// TestReasonsTellApart: a figure that misses its limit by little is written with the digits that show it.
func TestReasonsTellApart(t *testing.T) {
	for _, c := range []struct {
		expr  string
		value float64
		want  string
	}{
		{"rate(sent) == 100%", 0.9999995, "99.99995%"},
		{"rate(sent) >= 99.9%", 0.5, "50%"},
		{"rate(errors) < 0.1%", 1.0 / 999, "0.1001%"},
		{"rate(errors) < 0.1%", 0.001, "0.1%"},
		{"p99(latency) < 800ms", 0.81234, "812 ms"},
		{"p99(latency) < 800ms", 0.800260095, "800.3 ms"},
		{"count(sent) == 1234567", 1234568, "1234568"},
		{"rate(answered) >= 45/s", 44.9996, "44.9996/s"},
		{"rate(answered) >= 90/m", 0.7512, "45.1/m"},
	} {
		if got := parse(t, c.expr).spell(c.value); got != c.want {
			t.Errorf("%s: %v is %s, want %s", c.expr, c.value, got, c.want)
		}
	}
}

// TestNoSamplesFail: no threshold holds over nothing, and none is broken by it.
func TestNoSamplesFail(t *testing.T) {
	a := New(labels(), nil, Tolerance)
	for _, c := range accepted {
		threshold := parse(t, c.expr)
		got := threshold.Evaluate(a, 21)
		if got.OK || got.Value != nil || got.Samples != 0 || got.Reason == "" {
			t.Errorf("%s: %+v", c.expr, got)
		}
		if threshold.Broken(a, 21, nil) {
			t.Errorf("%s is broken by no sample", c.expr)
		}
	}
	if got := (Threshold{}).Evaluate(a, 21); got.OK {
		t.Error("the zero threshold holds")
	}
}

func TestBroken(t *testing.T) {
	a := measured(t)
	for expr, want := range map[string]bool{
		"max(latency) < 1s":        true,
		"max(latency) < 4s":        false,
		"p99.9(latency) < 1ms":     false, // not supported
		"rate(ok) > 99%":           true,
		"rate(ok) > 90%":           false,
		"count(errors) == 0":       true,
		"count(errors) == 45":      false,
		"count(errors) == 46":      false, // may yet come
		"count(errors) < 45":       true,
		"count(errors) <= 45":      false,
		"count(errors) <= 44":      true,
		"count(errors) != 45":      false, // may yet change
		"count(completed) >= 5000": false, // may yet come
		"count(completed) > 977":   false,
		"count(completed) > 5000":  false,
	} {
		if got := parse(t, expr).Broken(a, 21, nil); got != want {
			t.Errorf("%s: broken %v, want %v", expr, got, want)
		}
	}
}

// TestOutcomesAgreeWithFigures: what a threshold finds is what the figures say.
func TestOutcomesAgreeWithFigures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(labels(), nil, Tolerance)
		for _, r := range rapid.SliceOfN(anyRow(), 1, 60).Draw(t, "rows") {
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		f := a.By(ByTier, 21)["Lite"]
		for expr, want := range map[string]float64{
			"max(latency){tier=Lite} < 1s":     value(f.Latency.Max),
			"mean(service){tier=Lite} < 1s":    value(f.Service.Mean),
			"p50(service){tier=Lite} < 1s":     value(f.Service.P50),
			"count(errors){tier=Lite} < 1":     float64(f.Failed()),
			"count(violations){tier=Lite} < 1": float64(f.Violated()),
			"rate(sent){tier=Lite} < 1%":       float64(f.Sent) / float64(f.Sent+f.Dropped),
			"rate(ok){tier=Lite} < 1%":         float64(f.OK) / float64(f.Sent),
			"rate(sent){tier=Lite} < 1/s":      f.Rate.Achieved,
			"rate(answered){tier=Lite} < 1/s":  f.Rate.Answered,
			"rate(goodput){tier=Lite} < 1/s":   f.Rate.Goodput,
			"rate(violations){tier=Lite} < 1%": float64(f.Violated()) / float64(f.Completed),
		} {
			threshold, err := ParseThreshold(expr)
			if err != nil {
				t.Fatal(err)
			}
			if got := threshold.Evaluate(a, 21); got.Value != nil && *got.Value != want || got.Value == nil && got.OK {
				t.Fatalf("%s: %+v, the figures say %v", expr, got, want)
			}
		}
	})
}

func value(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// FuzzParseThreshold: nothing panics, errors point into the expression, and the canonical form parses to itself.
func FuzzParseThreshold(f *testing.F) {
	for _, c := range accepted {
		f.Add(c.expr)
	}
	for _, s := range []string{"p99(latency) = 1s", `count(errors){error="`, "p", "rate(ok)>1e9%", "rate(sent) < 1/", "rate(goodput)>7/m", "\xff{", "count(ok){tier=\u202e}>1",
		`count(errors){error="\x61"}<1`, `count(ok){tier="\x61"}<1`} {
		f.Add(s)
	}
	a := aggregate(f, labels(), nil, repeat(10, ok(steady, full, 1))...)
	f.Fuzz(func(t *testing.T, expr string) {
		threshold, err := ParseThreshold(expr)
		if err != nil {
			var e *ExprError
			if !errors.As(err, &e) || e.Offset < 1 || e.Offset > len(expr)+1 || e.Problem == "" {
				t.Fatalf("%q: %#v", expr, err)
			}
			if !strings.HasPrefix(expr[e.Offset-1:], e.Text) {
				t.Fatalf("%q: %q does not stand at column %d", expr, e.Text, e.Offset)
			}
			return
		}
		canonical := threshold.String()
		again, err := ParseThreshold(canonical)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", expr, canonical, err)
		}
		if again.String() != canonical || again.limit != threshold.limit || again.op != threshold.op {
			t.Fatalf("%q becomes %q becomes %q", expr, canonical, again)
		}
		for i, s := range threshold.selectors {
			if again.selectors[i].key != s.key || again.selectors[i].value != s.value {
				t.Fatalf("%q becomes %q with other selectors", expr, canonical)
			}
		}
		if o := threshold.Evaluate(a, 21); o.OK != (o.Reason == "") {
			t.Fatalf("%q: %+v", expr, o)
		}
		threshold.Broken(a, 21, nil)
		var e *ExprError
		if errors.As(threshold.Check(labels()), &e) && !strings.HasPrefix(expr[e.Offset-1:], e.Text) {
			t.Fatalf("%q: %q does not stand at column %d", expr, e.Text, e.Offset)
		}
	})
}
