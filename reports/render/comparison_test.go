package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// comparisons are one of everything, one of single runs, one that was forced, two targets in turn, a target against
// itself, and one that came to nothing.
func comparisons() map[string]compare.Report {
	return map[string]compare.Report{
		"comparison": reportstest.Comparison(), "comparison-one": reportstest.ComparisonOfOne(), "comparison-forced": reportstest.ComparisonForced(),
		"comparison-paired": reportstest.ComparisonPaired(), "comparison-alarm": reportstest.ComparisonControl(true), "comparison-control": reportstest.ComparisonControl(false),
		"comparison-nothing": {Schema: compare.Schema, Confidence: 0.9, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}},
	}
}

func TestComparison(t *testing.T) {
	for name, r := range comparisons() {
		checkRendered(t, name, r, "reports/runs/20261126T090000Z-compare", ComparisonTerminal, ComparisonMarkdown)
	}
}

// Where nothing says how wide the output is, each declared figure stands on a line of its own, with its verdict.
func TestComparisonFits(t *testing.T) {
	var b bytes.Buffer
	if err := ComparisonTerminal(&b, reportstest.Comparison(), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" ✗  p99 of Full  ", " ?  p99 of default  ", " ✓  errors  "} {
		_, rest, found := strings.Cut(b.String(), want)
		line, _, _ := strings.Cut(rest, "\n")
		if verdict := line[strings.LastIndex(line, "  ")+2:]; !found || verdict != map[string]string{" ✗": "worse", " ?": "unknown", " ✓": "not worse"}[want[:strings.Index(want, "  ")]] {
			t.Errorf("%s%s", want, line)
		}
	}
}
