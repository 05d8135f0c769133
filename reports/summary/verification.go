package summary

import (
	"cmp"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/text"
)

// VerificationSchema names the format of a [Verification] as JSON.
const VerificationSchema = "andon.verification/1"

// Verification is what came of holding a target against the contract, case by case.
type Verification struct {
	// Schema is VerificationSchema.
	Schema string `json:"schema"`
	// Title says what was done; empty is andon verify.
	Title      string    `json:"title,omitempty"`
	Verdict    Verdict   `json:"verdict"`
	Target     string    `json:"target"`
	Started    time.Time `json:"started"`
	SpecSHA256 string    `json:"specSha256"`
	Andon      string    `json:"andon"`
	// KnownBy are the release and the labels of a run, as name and text; no verification has any.
	KnownBy [][2]string `json:"-"`
	// DurationSeconds is how long it took.
	DurationSeconds float64 `json:"durationSeconds"`
	// Planned is the number of cases; there are fewer checks where the verification ended early.
	Planned int `json:"planned"`
	// LeftOut is the number of combinations for which no case stands by itself.
	LeftOut int `json:"leftOut"`
	// Accepted is how many calls the target took, each of which starts a run there.
	Accepted int `json:"accepted"`
	// Coverage says which parts of the description were exercised, and MinCoverage, if not 0, is the share of them that
	// had to be, from 0 to 1.
	Coverage    []CoveragePart `json:"coverage,omitempty"`
	MinCoverage float64        `json:"minCoverage,omitempty"`
	Checks      []Check        `json:"checks"`
}

// CoveragePart is a part of the description, with how often it was kept and broken by the calls.
type CoveragePart struct {
	// Kind is "property", "value", "branch" or "status".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Kept and Broken count the calls that used the part as described and those that broke it; for a status, Kept
	// counts answers.
	Kept   int `json:"kept"`
	Broken int `json:"broken"`
	// Breakable parts have to be broken too; Open ones cannot be reached for sure and count for nothing.
	Breakable bool `json:"breakable"`
	Open      bool `json:"open"`
}

// Covered gives the share of the parts that were exercised, each counted once for being kept and, where it can be, once
// for being broken. It is from 0 to 1; false where nothing was to be covered.
func (v *Verification) Covered() (share float64, any bool) {
	done, all := 0, 0
	for _, p := range v.Coverage {
		if p.Open {
			continue
		}
		if all++; p.Kept > 0 {
			done++
		}
		if p.Breakable {
			if all++; p.Broken > 0 {
				done++
			}
		}
	}
	if all == 0 {
		return 0, false
	}
	return float64(done) / float64(all), true
}

// Check is one thing that was tried, and what came of it.
type Check struct {
	// Engine says who judged: "description" or "pact".
	Engine string `json:"engine"`
	// Name identifies the check: a case's id.
	Name string `json:"name"`
	// Proves says what it is about.
	Proves string `json:"proves"`
	// Expect is what had to come back: "accepted", "refused" or "either".
	Expect string `json:"expect"`
	// Verdict is "held", "broken", "noted", "doubtful" or "skipped".
	Verdict string `json:"verdict"`
	// Rule and Pointer say which rule was broken, and where in the body; Reason says it in one sentence.
	Rule    string `json:"rule,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Status is the HTTP status of the answer.
	Status  int     `json:"status,omitempty"`
	Seconds float64 `json:"seconds"`
	// Curl repeats it by hand.
	Curl string `json:"curl"`
	// Repeat is a shorter command that does, to be shown in the place of a long one.
	Repeat string `json:"-"`
}

// MaxCurl is the longest curl line that is worth showing: a longer one wants a shorter command in its place.
const MaxCurl = 600

// Again is the command that repeats the check; empty where there is none.
func (c Check) Again() string { return cmp.Or(c.Repeat, c.Curl) }

// Name is what was done, for headings.
func (v *Verification) Name() string { return cmp.Or(v.Title, "andon verify") }

// What a check can come to.
const (
	CheckHeld    = "held"
	CheckBroken  = "broken"
	CheckNoted   = "noted"
	CheckSkipped = "skipped"
	// CheckDoubtful is for answers on which andon's tools disagree: no pass, and no finding about the target.
	CheckDoubtful = "doubtful"
)

// Decide fills in the verdict. A reason why the verification ended early may be empty.
func (v *Verification) Decide(early string) {
	v.Verdict = Verdict{Status: Pass, Causes: []string{}}
	if n := v.Count(CheckBroken); n > 0 {
		v.Verdict.Status, v.Verdict.ExitCode = Fail, 1
		v.Verdict.Causes = append(v.Verdict.Causes, text.Sentence(fmt.Sprintf("%d of %s did not hold", n, text.Plural(uint64(v.Planned), "case"))))
	}
	if share, any := v.Covered(); any && share < v.MinCoverage {
		v.Verdict.Status, v.Verdict.ExitCode = Fail, 1
		v.Verdict.Causes = append(v.Verdict.Causes, text.Sentence(fmt.Sprintf("%s of the description were covered, expected at least %s", text.WholePercent(share), text.WholePercent(v.MinCoverage))))
	}
	if n := v.Count(CheckDoubtful); n > 0 && v.Verdict.Status == Pass {
		v.Verdict.Status, v.Verdict.ExitCode = NoVerdict, 3
		v.Verdict.Causes = append(v.Verdict.Causes, text.Sentence(fmt.Sprintf("andon's own tools disagree on %s", text.Plural(uint64(n), "case"))))
	}
	if early != "" {
		v.Verdict.Status, v.Verdict.ExitCode = NoVerdict, 3
		v.Verdict.Causes = append(v.Verdict.Causes, text.Sentence(fmt.Sprintf("%s, after %d of %s", early, len(v.Checks), text.Plural(uint64(v.Planned), "case"))))
	} else if v.Count(CheckHeld) == 0 && v.Verdict.Status == Pass {
		v.Verdict.Status, v.Verdict.ExitCode = NoVerdict, 3
		v.Verdict.Causes = append(v.Verdict.Causes, "No case was held against the target.")
	}
}

// Count counts the checks that came to a verdict.
func (v *Verification) Count(verdict string) (n int) {
	for _, c := range v.Checks {
		if c.Verdict == verdict {
			n++
		}
	}
	return n
}
