package summary

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// VerificationFile is the file of a verification's directory of which all its reports are made.
const VerificationFile = "verification.json"

// MaxVerification is the most bytes of it that are read, and so written. As many cases as there can be, each with the
// longest answer that is kept, take less.
const MaxVerification = 256 << 20

// ReadVerification reads the verification that a directory holds.
func ReadVerification(dir string) (Verification, error) {
	path := filepath.Join(dir, VerificationFile)
	data, err := regular.Read(path, MaxVerification)
	if err != nil {
		return Verification{}, err
	}
	return ParseVerification(path, data)
}

// ParseVerification reads a verification from its JSON, if it is one that this version writes and can report. The path
// is for the error.
func ParseVerification(path string, data []byte) (Verification, error) {
	if len(data) > MaxVerification {
		return Verification{}, fmt.Errorf("%s has %d bytes, and no more than %d are read: fewer cases at once make it smaller", path, len(data), MaxVerification)
	}
	// What another version knows more of is no reason to say of its file that it is damaged.
	var of struct {
		Schema string `json:"schema"`
	}
	if json.Unmarshal(data, &of) == nil && of.Schema != VerificationSchema {
		return Verification{}, fmt.Errorf("%s: expected \"schema\": %q, found %q; another version of andon wrote it, or it is no verification", path, VerificationSchema, text.Printable(of.Schema, 40))
	}
	var v Verification
	if err := results.ParseJSON(path, data, &v); err != nil {
		return Verification{}, fmt.Errorf("the verification is damaged: %w", err)
	}
	if why := v.wrong(); why != "" {
		return Verification{}, fmt.Errorf("the verification is damaged: %s: %s", path, why)
	}
	return v, nil
}

// wrong says what in a verification cannot be, of what reports rely on.
func (v *Verification) wrong() string {
	codes := map[string]int{Pass: 0, Fail: 1, NoVerdict: 3}
	if code, known := codes[v.Verdict.Status]; !known || code != v.Verdict.ExitCode {
		return fmt.Sprintf("verdict: expected pass, fail or no-verdict with the exit code 0, 1 or 3, found %q with %d", text.Printable(v.Verdict.Status, 40), v.Verdict.ExitCode)
	}
	if v.Planned < 0 || v.Accepted < 0 || v.Unsure < 0 || v.LeftOut < 0 || v.MaxRuns < 0 {
		return "expected counts of 0 or more"
	}
	verdicts := []string{CheckHeld, CheckBroken, CheckNoted, CheckSkipped, CheckAdvice, CheckWaived, CheckInconclusive, CheckDoubtful}
	for i, c := range v.Checks {
		switch {
		case !slices.Contains(verdicts, c.Verdict):
			return fmt.Sprintf("checks[%d]: unknown verdict %q; %s", i, text.Printable(c.Verdict, 40), text.Suggest(c.Verdict, verdicts, "another version of andon may have written it"))
		case c.Deviation < 0 || c.Deviation > len(v.Deviations):
			return fmt.Sprintf("checks[%d]: the deviation %d is not among the %d there are", i, c.Deviation, len(v.Deviations))
		case c.Seconds < 0 || c.Status < 0 || c.Attempts < 0:
			return fmt.Sprintf("checks[%d]: expected seconds, status and attempts of 0 or more", i)
		}
	}
	return ""
}
