package summary_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// What is checked in every run is put aside by a condition on the same metric over all calls alone: never by a word in
// the text of another, nor by one on some of the calls.
func TestStanding(t *testing.T) {
	const violations, errors = "count(violations) == 0", "rate(errors) < 1%"
	for _, c := range []struct {
		expr     string
		standing []string
		status   string // of a run in which a third of the calls fails, by a reset or a missing property
	}{
		{"p50(service){phase=errors} < 1s", []string{violations, errors}, summary.Fail},
		{"p50(service){class=violations} < 1s", []string{violations, errors}, summary.Fail},
		{"count(violations){rule=malformed-json} == 0", []string{violations, errors}, summary.Fail},
		{"count(violations){tier=Lite} < 100000", []string{violations, errors}, summary.Fail},
		{"rate(errors){error=dns} == 0%", []string{violations, errors}, summary.Fail},
		{"count(errors){phase=errors} < 100000", []string{violations, errors}, summary.Fail},
		{"count(violations) < 100000", []string{errors}, summary.Fail},
		{"rate(violations) <= 100%", []string{errors}, summary.Fail},
		{"count(errors) < 100000", []string{violations}, summary.Fail},
		{"rate(errors) <= 100%", []string{violations}, summary.Fail},
		{"rate(ok) > 1%", []string{violations, errors}, summary.Fail},
		{"rate(errors) <> 1%", []string{violations, errors}, summary.Fail}, // another version's
	} {
		m := reportstest.Manifest()
		m.Labels.Phases[1].Name = "errors"
		m.Labels.Classes[0].Name = "violations"
		m.Thresholds = []results.Threshold{{Expr: c.expr}}
		agg := reportstest.Aggregate(t, m, func(r *results.Row) {
			switch {
			case r.Phase == 0 || m.Labels.Classes[r.Class].Invalid:
			case r.N%6 == 0:
				r.Error, r.Status = results.Reset, 0
			case r.N%6 == 1:
				r.Error, r.Rule = results.Contract, 2
			}
		})
		s := summary.Summarize(m, nil, nil, reportstest.Finished(55), agg)
		var standing []string
		for _, t := range s.Thresholds {
			if t.Implicit {
				standing = append(standing, t.Expr)
			}
		}
		if !slices.Equal(standing, c.standing) || s.Verdict.Status != c.status {
			t.Errorf("%s: checked in every run: %q, verdict %s; want %q, %s", c.expr, standing, s.Verdict.Status, c.standing, c.status)
		}
	}
	m := reportstest.Manifest()
	m.Thresholds = []results.Threshold{{Expr: "count(violations) < 100000"}, {Expr: "rate(errors) <= 100%"}}
	if s := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, reportstest.Trouble)); s.Verdict.Status != summary.Pass || len(s.Thresholds) != 2 {
		t.Errorf("what the scenario allows is no pass: %+v", s.Verdict)
	}
}

// A condition on one rule that is missed breaks that rule, and no other that the scenario allows to be broken; and a
// summary that was read says the same as one that was made.
func TestOneRuleIsForbidden(t *testing.T) {
	m := reportstest.Manifest()
	m.Thresholds = []results.Threshold{{Expr: "count(violations) < 100000"}, {Expr: "rate(errors) <= 100%"}, {Expr: "count(violations){rule=missing-property} == 0"}}
	made := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
		if r.N%6 == 1 {
			r.Error, r.Rule = results.Contract, uint8(1+r.N/6%2)
		}
	}))
	dir := t.TempDir()
	if err := summary.Write(dir, made); err != nil {
		t.Fatal(err)
	}
	read, err := summary.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []summary.Summary{made, read} {
		verdicts := map[string]string{}
		for _, c := range s.Checks().Checks {
			verdicts[c.Name] = c.Verdict
		}
		if verdicts["malformed-json"] != summary.CheckNoted || verdicts["missing-property"] != summary.CheckBroken || verdicts["undocumented-status"] != summary.CheckHeld {
			t.Errorf("%v", verdicts)
		}
	}
	_, a := made.Thresholds[2].Parsed.Limit()
	if op, b := read.Thresholds[2].Parsed.Limit(); op != "==" || a != b {
		t.Errorf("the limit is %v, read %s %v", a, op, b)
	}
}

// A tier that the description calls invalid is a tier as any other, beside the calls that break the contract on
// purpose.
func TestTierCalledInvalid(t *testing.T) {
	m := reportstest.TierCalledInvalid()
	dir := t.TempDir()
	made := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, nil))
	if err := summary.Write(dir, made); err != nil {
		t.Fatal(err)
	}
	read, err := summary.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []summary.Summary{made, read} {
		for name, want := range map[string]bool{
			"Full": false, "invalid": false, "invalid.invalid": false, "deliberately-invalid": true, "nobody": false,
		} {
			if s.Invalid(name) != want {
				t.Errorf("%s is said to be invalid on purpose: %v", name, !want)
			}
		}
		if s.Groups.Tier["invalid"].Sent == 0 || s.Groups.Tier["deliberately-invalid"].Sent == 0 {
			t.Errorf("the tiers are %+v", s.Groups.Tier)
		}
		if c := s.Comparison.Tier; c == nil || c.Reference != "Full" || len(c.Groups) != 1 || c.Groups["invalid"].Times["p50"].Low == nil {
			t.Errorf("the comparison is %+v", c)
		}
		if c := s.Comparison.Content; c == nil || len(c.Groups) != 1 || c.Groups["invalid"].Times == nil {
			t.Errorf("the comparison of contents is %+v", c)
		}
		notes := strings.Join(s.Notes(), "\n")
		if !strings.Contains(notes, "deliberately-invalid: calls that break the contract on purpose") {
			t.Errorf("the notes are %s", notes)
		}
	}
}
