package approval_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// What is written conforms to the schema that ships, and reads back as it was.
func TestDocument(t *testing.T) {
	bare := approval.Report{Schema: approval.Schema}
	bare.Decide()
	against := bare
	against.Against = new(approval.Budget)
	reportstest.CheckDocument(t, approval.Document(), reports.GateSchema, map[string]approval.Report{"all": reportstest.Approval(), "bare": bare, "against": against})
	if against.Against.Tiers != nil {
		t.Error("what is written is changed for whoever has it")
	}
}

// The verdict is the worst of the parts': a fail beats no verdict, and what was left out is no pass.
func TestDecide(t *testing.T) {
	for _, c := range []struct {
		outcomes string
		status   string
		code     int
		says     string
	}{
		{"", summary.NoVerdict, 3, "nobody knows whether it is safe to ship"},
		{"pass", summary.Pass, 0, "safe to ship, by description"},
		{"pass pass pass", summary.Pass, 0, "safe to ship, by description, verify and load"},
		{"pass fail left-out", summary.Fail, 1, "not safe to ship: verify failed; load left out"},
		{"no-verdict fail pass", summary.Fail, 1, "not safe to ship: verify failed; description came to no verdict"},
		{"fail no-verdict", summary.Fail, 1, "not safe to ship: description failed; verify came to no verdict"},
		{"fail fail", summary.Fail, 1, "not safe to ship: description and verify failed"},
		{"pass no-verdict left-out", summary.NoVerdict, 3, "nobody knows whether it is safe to ship: verify came to no verdict; load left out"},
		{"pass left-out", summary.NoVerdict, 3, "nobody knows whether it is safe to ship; verify left out"},
	} {
		var r approval.Report
		for i, outcome := range strings.Fields(c.outcomes) {
			r.Parts = append(r.Parts, approval.Part{Name: []string{approval.Description, approval.Verify, approval.Load}[i], Outcome: outcome, Found: "found"})
		}
		r.Decide()
		if r.Verdict.Status != c.status || r.Verdict.ExitCode != c.code || r.Headline() != c.says {
			t.Errorf("%q: %s, %d, %q", c.outcomes, r.Verdict.Status, r.Verdict.ExitCode, r.Headline())
		}
		if broken := slices.ContainsFunc(r.Checks().Checks, func(k summary.Check) bool { return k.Verdict == summary.CheckBroken }); broken != (c.code == 1) {
			t.Errorf("%q: a check is broken: %t", c.outcomes, broken)
		}
	}
}

// What no gate can come to is told with its place.
func TestWrong(t *testing.T) {
	reportstest.CheckWrong(t, approval.Document(), reportstest.Approval, map[string]func(*approval.Report){
		`/parts/1/name: unknown word "verfy"; did you mean "verify"?`:                     func(r *approval.Report) { r.Parts[1].Name = "verfy" },
		`/parts/1/outcome: expected pass`:                                                 func(r *approval.Report) { r.Parts[1].Outcome = "green" },
		`/parts/1/dir: expected a directory below the gate's`:                             func(r *approval.Report) { r.Parts[1].Dir = "../x" },
		`/verdict: expected fail with the exit code 1, by the parts, found "pass" with 0`: func(r *approval.Report) { r.Verdict.Status, r.Verdict.ExitCode = summary.Pass, 0 },
	})
}

// Whatever gate.json holds, it is refused or can be shown.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"andon.gate/1","verdict":{"status":"no-verdict","exitCode":3}}`))
	reportstest.FuzzDocument(f, approval.Document(), []approval.Report{reportstest.Approval()}, func(t testing.TB, r approval.Report) string {
		if r.Headline() == "" || r.Word() == "" || len(r.Checks().Checks) != len(r.Parts) {
			t.Errorf("it says %q, %q", r.Word(), r.Headline())
		}
		return r.Headline()
	})
}
