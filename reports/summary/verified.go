package summary

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// VerificationFile is the file of a verification's directory of which all its reports are made.
const VerificationFile = "verification.json"

// MaxVerification is the most bytes of it that are read, and so written. As many cases as there can be, each with the
// longest answer that is kept, take less.
const MaxVerification = 256 << 20

// VerificationDocument is how a directory keeps a verification.
func VerificationDocument() results.Document[Verification] {
	return results.Document[Verification]{
		File: VerificationFile, Schema: VerificationSchema, Name: "the verification", Kind: "verification",
		Most: MaxVerification, Wrong: (*Verification).wrong,
	}
}

// Wrong says what in a verdict that was read cannot be; empty where all can.
func (v Verdict) Wrong() string {
	codes := map[string]int{Pass: 0, Fail: 1, NoVerdict: 3}
	if code, known := codes[v.Status]; !known || code != v.ExitCode {
		return fmt.Sprintf("/verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found %q with %d", text.Printable(v.Status, 40), v.ExitCode)
	}
	return ""
}

// wrong says what in a verification cannot be, of what reports rely on.
func (v *Verification) wrong() string {
	if why := v.Verdict.Wrong(); why != "" {
		return why
	}
	if v.Planned < 0 || v.Accepted < 0 || v.Unsure < 0 || strings.Trim(v.LeftOut.String(), "0123456789") != "" || v.MaxRuns < 0 {
		return "expected counts of 0 or more"
	}
	verdicts := []string{CheckHeld, CheckBroken, CheckNoted, CheckSkipped, CheckAdvice, CheckWaived, CheckInconclusive, CheckDoubtful}
	for i, c := range v.Checks {
		at := fmt.Sprintf("/checks/%d", i)
		if why := results.UnknownWord(at+"/verdict", c.Verdict, verdicts...); why != "" {
			return why
		}
		switch {
		case c.Deviation < 0 || c.Deviation > len(v.Deviations):
			return fmt.Sprintf("%s: the deviation %d is not among the %d there are", at, c.Deviation, len(v.Deviations))
		case c.Seconds < 0 || c.Status < 0 || c.Attempts < 0:
			return at + ": expected seconds, status and attempts of 0 or more"
		}
	}
	return ""
}
