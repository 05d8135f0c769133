package verify

import (
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Compare says which changes from an older description to a newer one break callers: as a verification, and as they
// are. Against names the two in the report.
func Compare(older, newer *contracts.Description, against string) (summary.Verification, []contracts.Change, error) {
	changes, err := contracts.Diff(older, newer)
	if err != nil {
		return summary.Verification{}, nil, err
	}
	outcomes := []Outcome{{
		Engine: ByComparison, Case: cases.Case{ID: "compared", Proves: "the descriptions can be compared"}, Verdict: summary.CheckHeld,
	}}
	for _, change := range changes {
		o := Outcome{
			Engine: ByComparison, Case: cases.Case{ID: change.ID, Proves: change.Operation}, Verdict: summary.CheckNoted, Rule: change.ID,
			Reason: change.Text,
		}
		if change.Operation == "" {
			o.Case.Proves = "the description"
		}
		if change.Severity == contracts.Breaking {
			o.Verdict = summary.CheckBroken
		}
		outcomes = append(outcomes, o)
	}
	v := summary.Verification{
		Schema: summary.VerificationSchema, Target: against, Started: time.Now().UTC(), SpecSHA256: newer.SHA256(), Description: newer.Name(),
		Planned: len(outcomes), Checks: checks(outcomes, newer.Name()),
	}
	v.Decide("")
	if n := Breaking(changes); n > 0 {
		v.Verdict.Causes = []string{fmt.Sprintf("Of %d changes, %d break callers.", len(changes), n)}
	}
	return v, changes, nil
}

// Breaking counts the changes that break callers.
func Breaking(changes []contracts.Change) (n int) {
	for _, change := range changes {
		if change.Severity == contracts.Breaking {
			n++
		}
	}
	return n
}
