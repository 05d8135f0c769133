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
	var calls [][]byte
	list, _ := cases.Derive(older)
	for _, k := range list {
		if k.Expect == cases.Accepted && len(k.Body) > 0 {
			calls = append(calls, k.Body)
		}
	}
	changes, err := contracts.Diff(older, newer, calls)
	if err != nil {
		return summary.Verification{}, nil, err
	}
	return told(changes, newer.Name(), newer.SHA256(), against, placed(newer)), changes, nil
}

// CompareUnread says what breaks callers in a newer document that cannot be loaded as a description. It is not ok where
// nothing is known to: then it is the document that is wrong. Why is what kept it from being loaded.
func CompareUnread(older *contracts.Description, newer, against string, why error) (v summary.Verification, changes []contracts.Change, ok bool) {
	changes, err := contracts.DiffUnread(older, newer)
	if err != nil || len(changes) == 0 {
		return v, nil, false
	}
	changes = append(changes, contracts.Change{ID: "not-loaded", Severity: contracts.Risky, Text: "whatever else has changed is not known: " + why.Error()})
	return told(changes, newer, "", against, func(line int) (string, int) { return newer, line }), changes, true
}

// told are changes as a verification.
func told(changes []contracts.Change, newer, sum, against string, where placing) summary.Verification {
	outcomes := []Outcome{{
		Engine: ByComparison, Case: cases.Case{ID: "compared", Proves: "the descriptions can be compared"}, Verdict: summary.CheckHeld,
	}}
	for _, change := range changes {
		o := Outcome{
			Engine: ByComparison, Case: cases.Case{ID: change.ID, Proves: change.Operation}, Verdict: summary.CheckNoted, Rule: change.ID,
			Reason: change.Text, Pointer: change.Pointer, Line: change.Line,
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
		Schema: summary.VerificationSchema, Target: against, Started: time.Now().UTC(), SpecSHA256: sum, Description: newer,
		Planned: len(outcomes), Checks: checks(outcomes, where),
	}
	v.Decide("")
	if n := Breaking(changes); n > 0 {
		v.Verdict.Causes = []string{fmt.Sprintf("Of %d changes, %d break callers.", len(changes), n)}
	}
	return v
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
