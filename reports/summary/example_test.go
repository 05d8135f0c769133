package summary_test

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/summary"
)

// A list of checks comes to a verdict, and to the exit code that goes with it.
func ExampleVerification() {
	v := summary.Verification{Planned: 2, Checks: []summary.Check{
		{Name: "text.Full", Verdict: summary.CheckHeld},
		{Name: "text.missing-text.negative", Verdict: summary.CheckBroken, Reason: "found status 200, expected 400"},
	}}
	v.Decide("")
	fmt.Println(v.Verdict.Status, v.Verdict.ExitCode, v.Verdict.Causes)
	// Output: fail 1 [1 of 2 cases did not hold.]
}
