package compare_test

import (
	"testing"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// bare is a comparison of nothing.
func bare() compare.Report {
	return compare.Report{Schema: compare.Schema, Confidence: 0.9, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}}
}

// all are comparisons of every kind.
func all() map[string]compare.Report {
	empty := bare()
	empty.Paired, empty.Curves = &compare.Paired{Points: []compare.PairPoint{{}}}, []compare.Curves{{}}
	return map[string]compare.Report{"full": reportstest.Comparison(), "one": reportstest.ComparisonOfOne(), "forced": reportstest.ComparisonForced(), "paired": reportstest.ComparisonPaired(),
		"alarm": reportstest.ComparisonControl(true), "control": reportstest.ComparisonControl(false), "bare": bare(), "empty": empty}
}

// What is written conforms to the schema that ships, and reads back as it was.
func TestDocument(t *testing.T) {
	reportstest.CheckDocument(t, compare.Document(), reports.ComparisonSchema, all())
}

// What no comparison can come to is told with its place.
func TestWrong(t *testing.T) {
	reportstest.CheckWrong(t, compare.Document(), reportstest.Comparison, map[string]func(*compare.Report){
		`/verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found "fail" with 0`: func(r *compare.Report) { r.Verdict.ExitCode = 0 },
		"/confidence: expected more than 0 and less than 1, found 0":                                    func(r *compare.Report) { r.Confidence = 0 },
		`/rows/3/kind: unknown word "teir"; did you mean "tier"?`:                                       func(r *compare.Report) { r.Rows[3].Kind = "teir" },
		`/rows/3/unit: unknown word ""`:                                                                 func(r *compare.Report) { r.Rows[3].Unit = "" },
		`/rows/0/verdict: unknown word "held"`:                                                          func(r *compare.Report) { r.Rows[0].Verdict = "held" },
		"/rows/1: expected a low end that is not above":                                                 func(r *compare.Report) { r.Rows[1].Low, r.Rows[1].High = r.Rows[1].High, r.Rows[1].Low },
		`/rows/1: expected a verdict of what is declared, and "looked" of what is not, found "looked"`:  func(r *compare.Report) { r.Rows[1].Verdict = compare.Looked },
	})
}

// Whatever comparison.json holds, it is refused or can be shown: its words, its checks, and itself again.
func FuzzRead(f *testing.F) {
	var short []compare.Report // what is short is soon changed
	for _, r := range all() {
		for _, side := range []*compare.Side{&r.Base, &r.New} {
			side.Runs = side.Runs[:min(len(side.Runs), 1)]
			for i := range side.Runs {
				side.Runs[i].Times = side.Runs[i].Times[:1]
			}
		}
		r.Rows = r.Rows[:min(len(r.Rows), 5)]
		for i := range r.Curves {
			r.Curves[i] = compare.Curves{Tier: r.Curves[i].Tier}
		}
		short = append(short, r)
	}
	f.Add([]byte(`{"schema":"andon.comparison/1","verdict":{"status":"pass","exitCode":0},"confidence":0.9,"rows":[{"kind":"all","unit":"share","verdict":"drift","declared":true,"low":-1e308,"high":1e308,"change":1,"visible":1e-300}]}`))
	reportstest.FuzzDocument(f, compare.Document(), short, func(t testing.TB, r compare.Report) string {
		if r.Headline() == "" || r.Word() == "" || len(r.Checks().Checks) < len(r.Declared()) {
			t.Errorf("it says %q, %q", r.Word(), r.Headline())
		}
		r.Chances()
		r.Beside()
		for _, row := range r.Rows {
			if n := len(row.Remark()); n > 2000+8*len(row.Reason) {
				t.Errorf("a remark of %d bytes", n)
			}
		}
		return r.Headline()
	})
}
