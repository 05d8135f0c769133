package approval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Decide fills in the verdict: the worst of the parts'. A gate in which no part went to a verdict is no pass.
func (r *Report) Decide() {
	v := summary.Verdict{Status: summary.Pass, Causes: []string{}}
	passed := 0
	for _, p := range r.Parts {
		switch p.Outcome {
		case summary.Pass:
			passed++
			continue
		case summary.Fail:
			v.Status, v.ExitCode = summary.Fail, 1
		case summary.NoVerdict:
			if v.Status == summary.Pass {
				v.Status, v.ExitCode = summary.NoVerdict, 3
			}
		}
		v.Causes = append(v.Causes, p.Cause())
	}
	if v.Status == summary.Pass && passed < len(r.Parts) || len(r.Parts) == 0 {
		v.Status, v.ExitCode = summary.NoVerdict, 3
	}
	r.Verdict = v
}

// Cause says of a part that is not green what it found, by its name.
func (p Part) Cause() string { return p.Name + ": " + text.Sentence(p.Found) }

// Word is the verdict in a word.
func (r Report) Word() string { return Word(r.Verdict.Status) }

// Word is an outcome in a word.
func Word(outcome string) string {
	return map[string]string{summary.Pass: "PASS", summary.Fail: "FAIL", summary.NoVerdict: "NO VERDICT", LeftOut: "left out"}[outcome]
}

// Headline is the answer in a clause.
func (r Report) Headline() string {
	var red, open, out []string
	for _, p := range r.Parts {
		switch p.Outcome {
		case summary.Fail:
			red = append(red, p.Name)
		case summary.NoVerdict:
			open = append(open, p.Name)
		case LeftOut:
			out = append(out, p.Name)
		}
	}
	var said []string
	switch {
	case len(red) > 0:
		said = append(said, "not safe to ship: "+joined(red)+" failed")
	case len(open) > 0:
		said = append(said, "nobody knows whether it is safe to ship: "+joined(open)+" came to no verdict")
	case r.Verdict.Status == summary.Pass:
		said = append(said, fmt.Sprintf("safe to ship, by %s", joined(r.names())))
	default:
		said = append(said, "nobody knows whether it is safe to ship")
	}
	if len(red) > 0 && len(open) > 0 {
		said = append(said, joined(open)+" came to no verdict")
	}
	if len(out) > 0 {
		said = append(said, joined(out)+" left out")
	}
	return strings.Join(said, "; ")
}

func (r Report) names() (names []string) {
	for _, p := range r.Parts {
		names = append(names, p.Name)
	}
	return names
}

// joined lists words in a sentence.
func joined(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " and " + words[n]
	}
	return strings.Join(words, "")
}

// KnownBy are the release and the labels, as name and text.
func (r Run) KnownBy() (list [][2]string) {
	if r.Insecure {
		list = append(list, [2]string{"certificate", "not checked"})
	}
	if r.Production {
		list = append(list, [2]string{"target", "production"})
	}
	if r.Release != "" {
		list = append(list, [2]string{"release", r.Release})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		list = append(list, [2]string{name, r.Labels[name]})
	}
	return list
}

// Checks is a gate as checks, so that it is written by what writes those of andon verify: one for each part. One is
// broken where the verdict is a fail.
func (r Report) Checks() summary.Verification {
	v := summary.Verification{
		Schema: summary.VerificationSchema, Title: "andon gate", Verdict: r.Verdict, Target: r.Run.Target, Started: r.Run.Started, SpecSHA256: r.Run.SpecSHA256,
		Andon: r.Run.Andon, DurationSeconds: r.Run.DurationSeconds, KnownBy: r.Run.KnownBy(), Planned: len(r.Parts),
	}
	for _, p := range r.Parts {
		c := summary.Check{Engine: summary.EngineGate, Name: p.Name, Proves: p.Proves(), Rule: p.Name, Reason: p.Line(), Seconds: p.Seconds,
			Verdict: map[string]string{summary.Pass: summary.CheckHeld, summary.Fail: summary.CheckBroken, LeftOut: summary.CheckSkipped}[p.Outcome]}
		c.Verdict = cmp.Or(c.Verdict, summary.CheckInconclusive)
		v.Checks = append(v.Checks, c)
	}
	return v
}

// Proves is what a part asks.
func (p Part) Proves() string {
	return map[string]string{
		Description: "no change of the description breaks callers",
		Verify:      "the target keeps every case of the contract",
		Load:        "the target meets its thresholds under load",
		Compare:     "nothing became worse than what it is compared with",
		Capacity:    "the target takes the rate that is needed",
	}[p.Name]
}

// Line is what a part found, what came of it before, and what would turn it green.
func (p Part) Line() string {
	said := []string{text.Sentence(p.Found)}
	if p.Before != nil {
		said = append(said, p.First())
	}
	if p.Mend != "" {
		said = append(said, "To turn it green: "+text.Sentence(p.Mend))
	}
	return strings.Join(said, " ")
}

// First says what a part that was repeated came to the first time; empty where it was not.
func (p Part) First() string {
	if p.Before == nil {
		return ""
	}
	return fmt.Sprintf("It was repeated, since chance could have done it; the first time it was %s: %s", Word(p.Before.Outcome), text.Sentence(p.Before.Found))
}

// Most says what all parts may use, in a clause.
func (b Budget) Most() string {
	said := fmt.Sprintf("at most %s, which start up to %s, in %s", text.Plural(b.Calls, "call"), text.Plural(b.Runs, "run"), text.Duration(&b.Seconds))
	if b.Unit != "" {
		said += fmt.Sprintf(", for up to %s %s", text.Digits(b.Cost), b.Unit)
	}
	return said
}

// Used says what they used.
func (b Budget) Used() string {
	said := fmt.Sprintf("%s, which started %s, in %s", text.Plural(b.SpentCalls, "call"), text.Plural(b.SpentRuns, "run"), text.Duration(&b.SpentSeconds))
	if b.Unit != "" {
		said += fmt.Sprintf(", for %s %s", text.Digits(b.SpentCost), b.Unit)
	}
	return said
}
