package reports

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
)

// What is checked in every run is put aside by a condition on the same metric over all calls alone: never by a word in the
// text of another, nor by one on some of the calls.
func TestStanding(t *testing.T) {
	const violations, errors = "count(violations) == 0", "rate(errors) < 1%"
	for _, c := range []struct {
		expr     string
		standing []string
		status   string // of a run in which a third of the calls fails, by a reset or a missing property
	}{
		{"p50(service){phase=errors} < 1s", []string{violations, errors}, Fail},
		{"p50(service){class=violations} < 1s", []string{violations, errors}, Fail},
		{"count(violations){rule=malformed-json} == 0", []string{violations, errors}, Fail},
		{"count(violations){tier=Lite} < 100000", []string{violations, errors}, Fail},
		{"rate(errors){error=dns} == 0%", []string{violations, errors}, Fail},
		{"count(errors){phase=errors} < 100000", []string{violations, errors}, Fail},
		{"count(violations) < 100000", []string{errors}, Fail},
		{"rate(violations) <= 100%", []string{errors}, Fail},
		{"count(errors) < 100000", []string{violations}, Fail},
		{"rate(errors) <= 100%", []string{violations}, Fail},
		{"rate(ok) > 1%", []string{violations, errors}, Fail},
		{"rate(errors) <> 1%", []string{violations, errors}, Fail}, // another version's
	} {
		m := manifest()
		m.Labels.Phases[1].Name = "errors"
		m.Labels.Classes[0].Name = "violations"
		m.Thresholds = []results.Threshold{{Expr: c.expr}}
		agg := fixture(t, m, func(r *results.Row) {
			switch {
			case r.Phase == 0 || m.Labels.Classes[r.Class].Invalid:
			case r.N%6 == 0:
				r.Error, r.Status = results.Reset, 0
			case r.N%6 == 1:
				r.Error, r.Rule = results.Contract, 2
			}
		})
		s := Summarize(m, nil, nil, finished(55), agg)
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
	m := manifest()
	m.Thresholds = []results.Threshold{{Expr: "count(violations) < 100000"}, {Expr: "rate(errors) <= 100%"}}
	if s := Summarize(m, nil, nil, finished(55), fixture(t, m, trouble)); s.Verdict.Status != Pass || len(s.Thresholds) != 2 {
		t.Errorf("what the scenario allows is no pass: %+v", s.Verdict)
	}
}

// A condition on one rule that is missed breaks that rule, and no other that the scenario allows to be broken; and a summary
// that was read says the same as one that was made.
func TestOneRuleIsForbidden(t *testing.T) {
	m := manifest()
	m.Thresholds = []results.Threshold{{Expr: "count(violations) < 100000"}, {Expr: "rate(errors) <= 100%"}, {Expr: "count(violations){rule=missing-property} == 0"}}
	made := Summarize(m, nil, nil, finished(55), fixture(t, m, func(r *results.Row) {
		if r.N%6 == 1 {
			r.Error, r.Rule = results.Contract, uint8(1+r.N/6%2)
		}
	}))
	dir := t.TempDir()
	if err := WriteSummary(dir, made); err != nil {
		t.Fatal(err)
	}
	read, err := ReadSummary(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Summary{made, read} {
		verdicts := map[string]string{}
		for _, c := range s.judged().Checks {
			verdicts[c.Name] = c.Verdict
		}
		if verdicts["malformed-json"] != CheckNoted || verdicts["missing-property"] != CheckBroken || verdicts["undocumented-status"] != CheckHeld {
			t.Errorf("%v", verdicts)
		}
	}
	a, _ := json.Marshal(newThresholdRow(made.Thresholds[2]))
	if b, _ := json.Marshal(newThresholdRow(read.Thresholds[2])); !bytes.Equal(a, b) || !strings.Contains(string(a), `"Bar":150`) {
		t.Errorf("on the page it is %s, read %s", a, b)
	}
}

// A tier that the description calls invalid is a tier as any other, beside the calls that break the contract on purpose.
func TestTierCalledInvalid(t *testing.T) {
	m := manifest()
	for i, tier := range []string{"Full", "invalid", "Full", "invalid", "deliberately-invalid"} {
		m.Labels.Classes[i].Tier = tier
	}
	for i, name := range []string{"text.Full", "text.invalid", "invalid.Full", "invalid.invalid", "deliberately-invalid"} {
		m.Labels.Classes[i].Name = name
		m.Labels.Classes[i].Content = strings.Split(name, ".")[0]
	}
	m.Thresholds = nil
	dir := runDir(t, m, rowsOf(m, nil), nil, finished(55))
	model := opened(t, dir)
	if err := WriteSummary(dir, model.Summary); err != nil {
		t.Fatal(err)
	}
	read, err := ReadSummary(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Summary{model.Summary, read} {
		for name, want := range map[string]bool{"Full": false, "invalid": false, "deliberately-invalid": true} {
			if f := s.Groups.Tier[name]; f.Invalid != want || f.Sent == 0 {
				t.Errorf("tier %s: %+v", name, f)
			}
		}
		if s.Groups.Content["invalid"].Invalid || !s.Groups.Content["deliberately-invalid"].Invalid || !s.Groups.Class["deliberately-invalid"].Invalid ||
			s.Total.Invalid || s.Groups.Phase["ramp"].Invalid {
			t.Error("a group is taken for another")
		}
		table := s.besides(style{foreign: Printable, good: strings.TrimSpace, bad: strings.TrimSpace})
		if got := table.Header; len(got) != 5 || !strings.Contains(got[4], "invalid − Full") {
			t.Errorf("the tiers are %q", got)
		}
		notes := strings.Join(s.notes(), "\n")
		if !strings.Contains(notes, "deliberately-invalid: calls that break the contract on purpose") {
			t.Errorf("the notes are %s", notes)
		}
	}
	v := NewPageData(model.Summary, model.whole).view()
	if len(v.Heat) == 0 || len(v.Heat[0].Columns) != 2 || len(v.Heat[0].Rows) != 2 {
		t.Errorf("the heat maps are %+v", v.Heat)
	}
	if c := v.Tiers; c.Reference != 0 || !c.Spread[1].OK || c.Spread[2].OK || c.Rows[len(c.Rows)-1].Cells[1].Gap == "" || c.Rows[len(c.Rows)-1].Cells[2].Gap != "" {
		t.Errorf("the comparison is %+v", c)
	}
	if n := NewPageData(model.Summary, model.whole).columns(); len(n.Tiers) != 2 || n.Tiers[1].Name != "invalid" {
		t.Errorf("the curves are of %+v", n.Tiers)
	}
	var all uint64
	for _, c := range m.Labels.Classes[:4] {
		all += model.Summary.Groups.Class[c.Name].Sent
	}
	if rows := v.Supported.Rows; rows[0][1] != count(all) || len(rows) != 1+3+2 {
		t.Errorf("supported are %v", rows)
	}
}
