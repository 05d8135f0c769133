package summary

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/text"
)

// VerificationSchema names the format of a [Verification] as JSON.
const VerificationSchema = "andon.verification/2"

// Verification is what came of holding a target against the contract, case by case.
type Verification struct {
	// Schema is VerificationSchema.
	Schema string `json:"schema"`
	// Title says what was done; empty is andon verify.
	Title   string    `json:"title,omitempty"`
	Verdict Verdict   `json:"verdict"`
	Target  string    `json:"target"`
	Started time.Time `json:"started"`
	// Description is the file of the description, as it was named.
	Description string `json:"description"`
	SpecSHA256  string `json:"specSha256"`
	Andon       string `json:"andon"`
	// Strict are the authorities besides the description that decide as well; and "deviations" where one that no longer
	// occurs fails.
	Strict []string `json:"strict,omitempty"`
	// Choice says which of the cases were asked for; nil is all of them.
	Choice *Choice `json:"choice,omitempty"`
	// Deviations are the known ones, each with what became of it.
	Deviations []Deviation `json:"deviations,omitempty"`
	// Insecure says that any certificate of the target was taken.
	Insecure bool `json:"insecure,omitempty"`
	// KnownBy are the release and the labels of a run, as name and text; no verification has any.
	KnownBy [][2]string `json:"-"`
	// DurationSeconds is how long it took.
	DurationSeconds float64 `json:"durationSeconds"`
	// Planned is the number of cases; there are fewer checks where the verification ended early.
	Planned int `json:"planned"`
	// LeftOut is the number of combinations for which no case stands by itself, which may have any number of digits.
	LeftOut json.Number `json:"leftOut"`
	// JudgedAlone are the parts of the description, each with its place, by which one of two validators judges alone.
	JudgedAlone []string `json:"judgedAlone,omitempty"`
	// Accepted is how many calls the target took, each of which starts a run there.
	Accepted int `json:"accepted"`
	// Unsure is how many calls more may have started a run: those that the contract allows and that got no answer that
	// tells.
	Unsure int `json:"unsure,omitempty"`
	// MaxRuns is the most runs that were to be started; 0 is without a limit.
	MaxRuns int `json:"maxRuns,omitempty"`
	// Coverage says which parts of the description were exercised, and MinCoverage, if not 0, is the share of them that
	// had to be, from 0 to 1.
	Coverage    []CoveragePart `json:"coverage,omitempty"`
	MinCoverage float64        `json:"minCoverage,omitempty"`
	Checks      []Check        `json:"checks"`
	// Excerpts are the lines of the description at the places of checks that did not hold, by the line of the place.
	Excerpts map[int]string `json:"excerpts,omitempty"`
	// StepSummary says that it stands in the summary of a step of GitHub Actions already.
	StepSummary bool `json:"stepSummary,omitempty"`
}

// Alone says by what one of two validators judges alone; empty where both judge all.
func (v *Verification) Alone() string {
	if len(v.JudgedAlone) == 0 {
		return ""
	}
	parts := v.JudgedAlone[:min(len(v.JudgedAlone), mostAlone)]
	said := "one of two validators judges alone by what no float64 holds, which is how the other reads numbers: " + text.Printable(strings.Join(parts, ", "), 1000)
	if more := len(v.JudgedAlone) - len(parts); more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return text.Sentence(said)
}

// mostAlone is how many of them are named.
const mostAlone = 8

// Combinations says how many combinations were left out, and of what; empty where none were.
func (v *Verification) Combinations() string {
	n, whole := new(big.Int).SetString(v.LeftOut.String(), 10)
	if !whole || n.Sign() <= 0 {
		return ""
	}
	return text.PluralOf(n, "combination")
}

// Choice is a choice among the cases.
type Choice struct {
	// Cases and Skip are patterns of ids, and Tags and SkipTags tags, of what was asked for and what was left out.
	Cases    []string `json:"cases,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Skip     []string `json:"skip,omitempty"`
	SkipTags []string `json:"skipTags,omitempty"`
	// Chosen is how many cases that left, Of how many there are.
	Chosen int `json:"chosen"`
	Of     int `json:"of"`
}

// CoveragePart is a part of the description, with how often it was kept and broken by the calls.
type CoveragePart struct {
	// Kind is "property", "value", "branch", "parameter", "media type" or "status".
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
	// Verdict is "held", "broken", "advice", "waived", "noted", "inconclusive", "doubtful" or "skipped".
	Verdict string `json:"verdict"`
	// Authority is where the rule comes from: "description", "http", "json" or "assumption"; empty where that makes no
	// difference.
	Authority string `json:"authority,omitempty"`
	// Deviation is the place of the known deviation that the check is, among those of the verification, from 1; 0 is
	// none.
	Deviation int `json:"deviation,omitempty"`
	// Breaks is the rule that the call itself breaks on purpose; empty where its body conforms.
	Breaks string `json:"breaks,omitempty"`
	// Rule and Pointer say which rule was broken, and where in the body; Reason says it in one sentence.
	Rule    string `json:"rule,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Status is the HTTP status of the answer.
	Status  int     `json:"status,omitempty"`
	Seconds float64 `json:"seconds"`
	// Attempts is how often it was tried, where that was more than once.
	Attempts int `json:"attempts,omitempty"`
	// Place is where the description says what was broken.
	Place *Place `json:"place,omitempty"`
	// Answer is the beginning of the answer's body, where it did not hold.
	Answer string `json:"answer,omitempty"`
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
	// CheckAdvice did not hold, by an authority that does not decide.
	CheckAdvice = "advice"
	// CheckWaived did not hold, as is known and accepted.
	CheckWaived = "waived"
	// CheckInconclusive got no answer that says anything: it was turned away for the moment, or its connection dropped.
	CheckInconclusive = "inconclusive"
	// CheckDoubtful is for answers on which andon's tools disagree: no pass, and no finding about the target.
	CheckDoubtful = "doubtful"
)

// Decide fills in the verdict. A reason why the verification ended early may be empty. What is broken stays broken
// where something else could not be told.
func (v *Verification) Decide(early string) {
	v.Verdict = Verdict{Status: Pass, Causes: []string{}}
	fail := func(cause string) {
		v.Verdict.Status, v.Verdict.ExitCode = Fail, 1
		v.Verdict.Causes = append(v.Verdict.Causes, text.Sentence(cause))
	}
	open := func(cause string) {
		if v.Verdict.Status == Pass {
			v.Verdict.Status, v.Verdict.ExitCode = NoVerdict, 3
		}
		v.Verdict.Causes = append(v.Verdict.Causes, text.Sentence(cause))
	}
	if n := v.Count(CheckBroken); n > 0 {
		fail(fmt.Sprintf("%d of %s did not hold", n, text.Plural(uint64(v.Planned), "case")))
	}
	for _, d := range v.Deviations {
		switch stale := d.Stale(); {
		case d.State == DeviationExpired:
			fail(fmt.Sprintf("the deviation %s has expired: it was to hold until %s", d.Name(), d.Until))
		case stale != "" && slices.Contains(v.Strict, StrictDeviations):
			fail(stale)
		}
	}
	for _, cause := range v.Untold() {
		open(cause)
	}
	untried, left := 0, 0
	for _, c := range v.Checks {
		switch {
		case c.Verdict != CheckSkipped:
		case c.Rule == RuleMaxRuns:
			untried++
		case c.Rule == RuleSilent:
			left++
		}
	}
	if share, any := v.Covered(); any && share < v.MinCoverage {
		// What was not tried could have covered the rest.
		told := fail
		if early != "" || left+untried > 0 {
			told = open
		}
		told(fmt.Sprintf("%s of the description were covered, expected at least %s", text.WholePercent(share), text.WholePercent(v.MinCoverage)))
	}
	if left > 0 {
		open(fmt.Sprintf("%s not tried, since others like them got no answer, one after the other", was(left, "case")))
	}
	if untried > 0 {
		open(fmt.Sprintf("%s not tried, since no more than %s may be started", was(untried, "case"), text.Plural(uint64(v.MaxRuns), "run")))
	}
	if early != "" {
		ended := fmt.Sprintf("it ended after %d of %s", len(v.Checks), text.Plural(uint64(v.Planned), "case"))
		if len(v.Checks) == 0 {
			ended = "it ended before the first case"
		}
		open(early)
		open(ended)
	} else if v.Verdict.Status == Pass && v.Count(CheckHeld)+v.Count(CheckWaived)+v.Count(CheckAdvice) == 0 {
		open("no case was held against the target")
	}
}

// Untold are the causes, as sentences, that count the checks of which nothing can be told.
func (v *Verification) Untold() (causes []string) {
	if n := v.Count(CheckDoubtful); n > 0 {
		causes = append(causes, text.Sentence(fmt.Sprintf("andon's own tools disagree on %s", text.Plural(uint64(n), "case"))))
	}
	// Why the target turned all calls away, the reason for the early end says.
	if n := v.Count(CheckInconclusive); n > 0 && !v.unwelcome() {
		causes = append(causes, text.Sentence(fmt.Sprintf("of %s nothing can be told: turned away for the moment, or without an answer", text.Plural(uint64(n), "case"))))
	}
	return causes
}

// RuleUnwelcome is the rule of a check that came to nothing since the target takes none of the calls.
const RuleUnwelcome = "unwelcome"

// unwelcome reports whether nothing is inconclusive but calls of which the target takes none.
func (v *Verification) unwelcome() bool {
	return !slices.ContainsFunc(v.Checks, func(c Check) bool { return c.Verdict == CheckInconclusive && c.Rule != RuleUnwelcome })
}

// RuleMaxRuns is the rule of a check that was skipped since it could have started more runs than may be started.
const RuleMaxRuns = "max-runs"

// RuleSilent is the rule of a check that was skipped since others like it got no answer, one after the other.
const RuleSilent = "silent"

func was(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return text.Plural(uint64(n), noun) + " were"
}

// StrictDeviations is the word in [Verification.Strict] by which a deviation that no longer occurs fails.
const StrictDeviations = "deviations"

// Count counts the checks that came to a verdict.
func (v *Verification) Count(verdict string) (n int) {
	for _, c := range v.Checks {
		if c.Verdict == verdict {
			n++
		}
	}
	return n
}

// Waiver is the known deviation by which a check is waived; nil where it is not.
func (v *Verification) Waiver(c Check) *Deviation {
	if c.Verdict != CheckWaived || c.Deviation < 1 || c.Deviation > len(v.Deviations) {
		return nil
	}
	return &v.Deviations[c.Deviation-1]
}

// Properties are KnownBy, and whether the target's certificate was not checked.
func (v Verification) Properties() [][2]string {
	if v.Insecure && !slices.Contains(v.KnownBy, uncheckedCertificate()) {
		return append([][2]string{uncheckedCertificate()}, v.KnownBy...)
	}
	return v.KnownBy
}
