package compare_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

func ptr(v float64) *float64 { return &v }

// A change is written with its interval, in as many digits as tell the interval, and never without.
func TestChanged(t *testing.T) {
	for want, r := range map[string]compare.Row{
		"+20 % (+8 to +31 %)":       {Unit: compare.Seconds, Change: ptr(0.2), Low: ptr(0.08), High: ptr(0.31)},
		"+2.1 % (+0.2 to +4.0 %)":   {Unit: compare.Seconds, Change: ptr(0.021), Low: ptr(0.002), High: ptr(0.04)},
		"+20.0 % (+0.3 to +40.0 %)": {Unit: compare.Seconds, Change: ptr(0.2), Low: ptr(0.003), High: ptr(0.4)},
		"0 % (−7 to +7 %)":          {Unit: compare.PerSecond, Change: ptr(-0.0001), Low: ptr(-0.07), High: ptr(0.07)},
		"−0.20 pp (−0.40 to −0.10)": {Unit: compare.Share, Change: ptr(-0.002), Low: ptr(-0.004), High: ptr(-0.001)},
		"0.00 pp (0.00 to 0.00)":    {Unit: compare.Share, Change: ptr(0), Low: ptr(0), High: ptr(0)},
		"+68 % (−98 to >+9999 %)":   {Unit: compare.Seconds, Change: ptr(0.68), Low: ptr(-0.98), High: ptr(1e9)},
		"≥ +8.0 %":                  {Unit: compare.Seconds, Change: ptr(0.2), Low: ptr(0.08)},
		"≤ +31.0 %":                 {Unit: compare.Seconds, Change: ptr(0.2), High: ptr(0.31)},
		"–":                         {Unit: compare.Seconds, Change: ptr(0.2)},
	} {
		if got := r.Changed(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

// An end of an interval that is not 0 is not written as 0, so that the words agree with the verdict.
func TestChangedKeepsSides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-0.5, 0.5).Draw(t, "low")
		high := low + rapid.Float64Range(0, 0.8).Draw(t, "wide")
		for _, v := range []*float64{&low, &high} {
			if *v = math.Round(1e5**v) / 1e5; *v == 0 {
				*v = 0
			}
		}
		r := compare.Row{Unit: rapid.SampledFrom([]string{compare.Seconds, compare.Share}).Draw(t, "unit"), Change: ptr((low + high) / 2), Low: &low, High: &high}
		said := r.Changed()
		_, ends, _ := strings.Cut(said, "(")
		from, to, _ := strings.Cut(ends, " to ")
		sign := func(s string) float64 {
			v, err := strconv.ParseFloat(strings.NewReplacer("−", "-", " %)", "", ")", "").Replace(s), 64)
			if err != nil {
				t.Fatal(said, err)
			}
			return v
		}
		if a, b := sign(from), sign(to); (a > 0) != (low > 0) || (a < 0) != (low < 0) || (b > 0) != (high > 0) || (b < 0) != (high < 0) || a > b {
			t.Fatalf("%v to %v: %s", low, high, said)
		}
	})
}

// What is tolerated and visible is written by its size, since it is always to the worse.
func TestWorse(t *testing.T) {
	for _, c := range []struct {
		unit, figure       string
		tolerance          float64
		visible            *float64
		tolerated, visibly string
	}{
		{compare.Seconds, "p99", 0.1, ptr(0.147), "10 %", "15 %"},
		{compare.Seconds, "p99", 0.125, ptr(0.0321), "12.5 %", "3.2 %"},
		{compare.Seconds, "p50", 0.03, ptr(160), "3 %", ">9999 %"},
		{compare.PerSecond, "goodput", 0.05, ptr(-0.004), "5 %", "0.40 %"},
		{compare.Share, "errors", 0.005, ptr(0.0011), "0.5 pp", "0.11 pp"},
		{compare.Share, "completion", -0.005, nil, "0.5 pp", "–"},
		{compare.Share, "violations", 0, ptr(0.000001), "0 pp", "0.00 pp"},
	} {
		r := compare.Row{Unit: c.unit, Figure: c.figure, Tolerance: c.tolerance, Visible: c.visible, Declared: true}
		if r.Tolerated() != c.tolerated || r.Seen() != c.visibly {
			t.Errorf("%s: %s, %s, want %s, %s", c.figure, r.Tolerated(), r.Seen(), c.tolerated, c.visibly)
		}
		if r.Declared = false; r.Tolerated() != "" {
			t.Errorf("%s: what is for looking tolerates %s", c.figure, r.Tolerated())
		}
	}
}

// The answer comes first, and what the headline tells no cause repeats.
func TestHeadline(t *testing.T) {
	unknown := reportstest.ComparisonForced()
	unknown.Verdict = summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}
	unknown.Rows[0].Verdict, unknown.Rows[2].Verdict = compare.Unknown, compare.Unknown
	strict := unknown
	strict.Verdict = summary.Verdict{Status: summary.Fail, ExitCode: 1, Causes: []string{strict.Rows[0].Remark(), "Another."}}
	same := reportstest.ComparisonForced()
	spoiled := reportstest.ComparisonPaired()
	spoiled.Verdict = summary.Verdict{Status: summary.NoVerdict, ExitCode: 3, Causes: []string{"Calls were held up.", spoiled.Rows[0].Remark()}}
	same.Rows = same.Rows[:1]
	for want, r := range map[string]compare.Report{
		"REGRESSION: p99 of Full became worse: 102 ms → 126 ms, +24 % (+12 to +36 %); 10 % is tolerated; 1 better, 2 not known":                                         reportstest.Comparison(),
		"CANNOT TELL: p99 of Full changed, which cannot be told from drift between runs: 102 ms → 126 ms, +24 % (+12 to +36 %); 1 more changed or drifted, 1 not known": reportstest.ComparisonOfOne(),
		"NO REGRESSION: of 3 declared figures, none became worse; 1 better":                                                                                             reportstest.ComparisonForced(),
		"NO REGRESSION: of 1 declared figure, none became worse by more than is tolerated":                                                                              same,
		"FALSE ALARM: 1 of 2 declared figures changed between a target and itself: p99 of Full became worse: 102 ms → 126 ms, +24 % (+12 to +36 %); 10 % is tolerated":  reportstest.ComparisonControl(true),
		"NO FALSE ALARM: of 1 declared figure, none changed between a target and itself":                                                                                reportstest.ComparisonControl(false),
		"CANNOT TELL: whether p50 of Full became worse cannot be told: 40.2 ms → 41.2 ms, +2 % (−3 to +8 %); 1 more not known, 1 better":                                unknown,
		"CANNOT TELL: calls were held up":     spoiled,
		"CANNOT TELL: no figure was declared": bare(),
	} {
		if got := r.Word() + ": " + r.Headline(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if causes := spoiled.Causes(); len(causes) != 1 || causes[0] != spoiled.Rows[0].Remark() {
		t.Errorf("besides what spoiled it: %q", causes)
	}
	if strict.Word() != "CANNOT TELL" || len(strict.Causes()) != 1 || strict.Causes()[0] != "Another." {
		t.Errorf("%s, %q", strict.Word(), strict.Causes())
	}
}

// With one run on a side, the chance is not told, and it is said what the intervals are worth.
func TestDrifts(t *testing.T) {
	one, five, paired := reportstest.ComparisonOfOne(), reportstest.Comparison(), reportstest.ComparisonPaired()
	if !one.Drifts() || five.Drifts() || paired.Drifts() {
		t.Error("drift is known of several runs and of pairs alone")
	}
	if one.Chance(one.Rows[0]) != "" || five.Chance(five.Rows[1]) != "0.008" || five.Chance(five.Rows[2]) != "<0.001" || five.Chance(five.Rows[4]) != "" {
		t.Errorf("%q, %q", one.Chance(one.Rows[0]), five.Chance(five.Rows[1]))
	}
	// What the table tells of each row is not said again.
	if said := append(one.Causes(), one.Remarks()...); len(said) != 1 || !strings.HasPrefix(said[0], "p50 of Lite changed") {
		t.Errorf("%q", said)
	}
	if said := strings.Join(one.Beside(), " "); !strings.Contains(said, "no change is a regression") || strings.Contains(strings.Join(five.Beside(), " "), "With one run") {
		t.Errorf("%q", said)
	}
}

// Each declared row is a check, which agrees with the verdict.
func TestChecks(t *testing.T) {
	verdicts := func(r compare.Report) (all []string) {
		for _, c := range r.Checks().Checks {
			all = append(all, c.Verdict)
		}
		return all
	}
	alarm := reportstest.ComparisonControl(true)
	passed := reportstest.Comparison()
	passed.Verdict = summary.Verdict{Status: summary.Pass}
	for _, c := range []struct {
		name, want string
		r          compare.Report
	}{
		{"all", "held broken held inconclusive inconclusive held held", reportstest.Comparison()},
		{"one", "inconclusive inconclusive inconclusive", reportstest.ComparisonOfOne()},
		{"forced", "held held held noted", reportstest.ComparisonForced()},
		{"alarm", "held doubtful", alarm},
		{"control", "held", reportstest.ComparisonControl(false)},
		{"a pass of a damaged file", "held inconclusive held noted noted held held", passed},
	} {
		if got := strings.Join(verdicts(c.r), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	v := reportstest.ComparisonPaired().Checks()
	if v.Title != "andon run mixed, paired" || v.Checks[1].Proves != "p99 of Full did not become worse by more than 10 %" || v.KnownBy[1][1] != "b, 1 run, release 2026.11, http://127.0.0.1:8081" {
		t.Errorf("%+v", v)
	}
}
