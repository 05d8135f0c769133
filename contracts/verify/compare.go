package verify

import (
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/schema"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Compare says which changes from an older description to a newer one break callers: as a verification, and as they
// are. Against names the two in the report.
func Compare(older, newer *contracts.Description, against string) (summary.Verification, []contracts.Change, error) {
	changes, err := contracts.Diff(older, newer)
	if err != nil {
		return summary.Verification{}, nil, err
	}
	changes = append(unseen(older, newer, changes), changes...)
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

// unseen are breaking changes that oasdiff, which compares keyword by keyword, has no rule for: a call that conforms to
// the older description and not to the newer, or an answer that conforms to the newer and not to the older. They are
// looked for where oasdiff finds none.
func unseen(older, newer *contracts.Description, changes []contracts.Change) []contracts.Change {
	worst := contracts.Harmless
	for _, change := range changes {
		if change.Severity == contracts.Breaking {
			return nil
		}
		if change.Severity == contracts.Risky {
			worst = contracts.Risky
		}
	}
	operation := newer.Operation().String()
	list, _ := cases.Derive(older)
	more, _ := cases.Derive(newer)
	for _, k := range append(list, more...) {
		if k.ContentType != jsonType || len(k.Body) == 0 {
			continue
		}
		_, before := older.ReadRequest(k.Body)
		if _, violation := newer.ReadRequest(k.Body); before == nil && violation != nil {
			return []contracts.Change{{
				ID: "request-narrowed", Severity: contracts.Breaking, Operation: operation,
				Text: fmt.Sprintf("a call that was allowed is forbidden (the case %s): %s", k.ID, violation.Message),
			}}
		}
	}
	status, success := newer.Success()
	if success == nil || worst == contracts.Risky {
		return nil
	}
	for _, m := range success.Media {
		for _, x := range schema.NewDeriver(newer.Document()).Valid(m.Schema, "") {
			if newer.JudgeResponse(status, m.Name, x.JSON).Violation != nil {
				continue
			}
			if violation := older.JudgeResponse(status, m.Name, x.JSON).Violation; violation != nil {
				return []contracts.Change{{
					ID: "response-widened", Severity: contracts.Breaking, Operation: operation,
					Text: "an answer is allowed that was forbidden: " + violation.Message,
				}}
			}
		}
	}
	return nil
}

// jsonType is the media type of a request.
const jsonType = "application/json"

// Breaking counts the changes that break callers.
func Breaking(changes []contracts.Change) (n int) {
	for _, change := range changes {
		if change.Severity == contracts.Breaking {
			n++
		}
	}
	return n
}
