package compare

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Checks is a comparison as checks, so that it is written by what writes those of andon verify: one for each declared
// row, and one for what keeps the runs from being compared. One of them is broken where the verdict is a fail, and
// nothing can be told of one where there is none.
func (r Report) Checks() summary.Verification {
	title := "andon compare " + text.Printable(cmp.Or(r.New.Scenario, r.Base.Scenario), 64)
	if r.Paired != nil {
		title = "andon run " + text.Printable(cmp.Or(r.New.Scenario, r.Base.Scenario), 64) + ", paired"
	}
	v := summary.Verification{Schema: summary.VerificationSchema, Title: title, Verdict: r.Verdict, Target: r.New.Target, Andon: r.Andon, KnownBy: r.knownBy()}
	if len(r.New.Runs) > 0 {
		v.Started = r.New.Runs[0].Started
	}
	for _, run := range slices.Concat(r.Base.Runs, r.New.Runs) {
		v.DurationSeconds += run.Seconds
	}
	for _, row := range r.Declared() {
		v.Checks = append(v.Checks, r.check(row))
	}
	if len(r.Differs) > 0 {
		v.Checks = append(v.Checks, summary.Check{Engine: summary.EngineRun, Name: "the runs may be compared", Proves: "both sides were measured alike", Verdict: summary.CheckNoted,
			Rule: "differs", Reason: strings.Join(r.Differs, "; ")})
	}
	v.Checks = append(v.Checks, r.besides(v.Checks)...)
	v.Planned = len(v.Checks)
	return v
}

// besides are the checks of what the verdict is of, apart from the rows: what the new side broke by itself, and what
// keeps all of them from being trusted.
func (r Report) besides(rows []summary.Check) (list []summary.Check) {
	if r.Broke() {
		c := summary.Check{Engine: summary.EngineComparison, Name: "the new side by itself", Proves: "it keeps the contract and its thresholds", Verdict: summary.CheckBroken,
			Rule: "broke", Reason: strings.Join(r.Paired.Broke, " ")}
		if r.Verdict.Status != summary.Fail {
			c.Verdict = summary.CheckDoubtful
		}
		list = append(list, c)
	}
	untold := slices.ContainsFunc(rows, func(c summary.Check) bool {
		return c.Verdict == summary.CheckInconclusive || c.Verdict == summary.CheckDoubtful
	})
	if r.Verdict.Status == summary.NoVerdict && !untold {
		list = append(list, summary.Check{Engine: summary.EngineComparison, Name: "the comparison can be trusted", Proves: "the figures are of the targets, and all of them are there",
			Verdict: summary.CheckInconclusive, Rule: Unknown, Reason: strings.Join(r.Verdict.Causes, " ")})
	}
	return list
}

// check is a declared row as a check.
func (r Report) check(row Row) summary.Check {
	c := summary.Check{Engine: summary.EngineComparison, Name: "no regression of " + row.Subject(), Proves: row.Subject() + " did not become worse by more than " + row.Tolerated(),
		Verdict: summary.CheckHeld, Rule: row.Verdict, Reason: row.Remark()}
	alarm := r.Control() && (row.Verdict == Regression || row.Verdict == Improvement)
	switch {
	case alarm && r.Verdict.Status == summary.Pass:
		c.Verdict = summary.CheckNoted
	case alarm:
		c.Verdict = summary.CheckDoubtful
	case row.Verdict == Regression && r.Verdict.Status == summary.Fail:
		c.Verdict = summary.CheckBroken
	case (row.Verdict == Unknown || row.Verdict == Drift) && r.Verdict.Status == summary.Pass:
		c.Verdict = summary.CheckNoted
	case row.Verdict != Same && row.Verdict != Improvement:
		c.Verdict = summary.CheckInconclusive
	}
	return c
}

// knownBy are the sides, as name and text.
func (r Report) knownBy() (list [][2]string) {
	for _, side := range []struct {
		name string
		Side
	}{{"base", r.Base}, {"new", r.New}} {
		list = append(list, [2]string{side.name, strings.Join(side.Known(text.Printable), ", ")})
	}
	return list
}
