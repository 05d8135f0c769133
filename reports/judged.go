package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// The engines of a run's checks.
const (
	judgedRun       = "run"
	judgedThreshold = "threshold"
	judgedContract  = "contract"
)

// judged is a run as checks, so that it is written by what writes those of andon verify: how the run ended and whether it is
// valid, each threshold, each rule of the contract. One of them is broken where the verdict is a fail. Where none is
// possible, thresholds have none either: what they found says nothing.
func (s Summary) judged() Verification {
	v := Verification{
		Schema: VerificationSchema, Title: "andon run " + Printable(s.Run.Scenario, 64), Verdict: s.Verdict, Target: s.Run.Target, Started: s.Run.Started,
		SpecSHA256: s.Run.SpecSHA256, Andon: s.Run.Andon, DurationSeconds: s.Run.DurationSeconds,
	}
	add := func(c Check) { v.Checks = append(v.Checks, c) }

	ended := Check{Engine: judgedRun, Name: "the run went to its end", Proves: "nothing ended the run early", Verdict: CheckHeld, Rule: s.Run.End.Reason,
		Reason: s.Run.End.Detail, Seconds: s.Run.DurationSeconds}
	switch s.Run.End.Reason {
	case results.Finished:
	case results.Aborted, results.Hopeless:
		ended.Verdict = CheckBroken
	default:
		ended.Verdict = CheckDoubtful
	}
	add(ended)
	valid := Check{Engine: judgedRun, Name: "the figures are valid", Proves: "the generator kept to the plan, and the target answered", Verdict: CheckHeld,
		Rule: s.Validity.Status, Reason: strings.Join(s.Validity.Reasons, "; ")}
	switch s.Validity.Status {
	case metrics.Valid:
	case metrics.TargetLimited:
		valid.Verdict = CheckNoted
	default:
		valid.Verdict = CheckDoubtful
	}
	add(valid)
	if s.Total.Completed > 0 {
		answered := Check{Engine: judgedRun, Name: "a call succeeded", Proves: "not every call failed", Verdict: CheckHeld, Rule: "no-success"}
		if s.Total.OK == 0 {
			answered.Verdict, answered.Reason = CheckBroken, fmt.Sprintf("all %s that were sent failed", count(s.Total.Sent))
		}
		add(answered)
	}

	for _, t := range s.Thresholds {
		c := Check{Engine: judgedThreshold, Name: t.Expr, Proves: "the threshold " + t.Expr, Verdict: CheckHeld, Rule: "threshold"}
		switch {
		case s.Verdict.Status == NoVerdict:
			c.Verdict, c.Reason = CheckSkipped, "no verdict is possible; "+t.found()
		case !t.OK:
			c.Verdict, c.Reason = CheckBroken, t.found()
		}
		add(c)
	}

	// A rule is broken where its violations are: unless the scenario allows as many.
	forbidden := func(rule string) bool {
		return slices.ContainsFunc(s.Thresholds, func(t Threshold) bool {
			only, one := t.Parsed.Selectors()["rule"]
			return !t.OK && t.Parsed.Metric() == "violations" && (!one || only == rule)
		})
	}
	rules := slices.Clone(s.Run.Rules)
	for _, r := range mostFirst(s.Total.Violations) {
		if !slices.Contains(rules, r) {
			rules = append(rules, r)
		}
	}
	for _, r := range rules {
		c := Check{Engine: judgedContract, Name: r, Proves: "every answer keeps the rule " + r + " of openapi.yaml", Verdict: CheckHeld, Rule: r}
		if n := s.Total.Violations[r]; n > 0 {
			if c.Verdict = CheckNoted; forbidden(r) {
				c.Verdict = CheckBroken
			}
			c.Reason = fmt.Sprintf("%s of %s", plural(n, "answer"), count(s.Total.Completed))
			if i := slices.IndexFunc(s.Samples, func(x results.Sample) bool { return x.Rule == r }); i >= 0 {
				x := s.Samples[i]
				c.Status = x.Status
				c.Reason += fmt.Sprintf(", the first of them hit %d (%s, status %d): %s", x.N, x.Class, x.Status, x.Message)
			}
		}
		add(c)
	}
	v.Planned = len(v.Checks)
	return v
}

// summaryJUnit writes a run as JUnit XML: a suite each for the run itself, its thresholds, and the rules of the contract.
func summaryJUnit(w io.Writer, s Summary) error { return JUnit(w, s.judged()) }

// summarySARIF writes the rules of the contract that the answers of a run broke, as [SARIF] does.
func summarySARIF(w io.Writer, s Summary) error {
	v := s.judged()
	v.Checks = slices.DeleteFunc(v.Checks, func(c Check) bool { return c.Engine != judgedContract })
	return SARIF(w, v)
}

// annotations writes what is to be said of a run as commands of GitHub Actions, which shows them beside the commit when
// they stand on the output of a step. The verdict comes first, since of many only ten are shown.
func annotations(w io.Writer, s Summary) error {
	v := s.judged()
	word, rest := s.verdictLine()
	level := "error"
	if s.Verdict.Status == Pass {
		level = "notice"
	}
	lines := append([]string{rest}, s.Verdict.Causes...)
	var b strings.Builder
	annotate(&b, level, v.Title+": "+word, lines...)
	for _, c := range v.Checks {
		level := map[string]string{CheckBroken: "error", CheckDoubtful: "error", CheckNoted: "warning"}[c.Verdict]
		if c.Engine == judgedRun {
			c.Reason = strings.TrimSuffix(c.Rule+": "+c.Reason, ": ")
		}
		if level != "" {
			annotate(&b, level, v.Title+": "+c.Name, c.Reason)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// annotate writes one command, whose text has at most ten lines. Whatever is not printable in one is made so, and what a
// command ends with is escaped as the runner reads it (actions/toolkit, command.ts). The runner also acts on "##[" anywhere
// in a line, which is how its older commands begin.
func annotate(b *strings.Builder, level, title string, lines ...string) {
	lines = slices.Clone(lines[:min(len(lines), 10)])
	for i, line := range lines {
		lines[i] = inert(Printable(line, 1000))
	}
	data := strings.NewReplacer("%", "%25", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C")
	fmt.Fprintf(b, "::%s title=%s::%s\n", level, property.Replace(inert(Printable(title, 200))), data.Replace(strings.Join(lines, "\n")))
}

// inert takes the beginning from the runner's older commands.
func inert(s string) string { return strings.ReplaceAll(s, "##[", "## [") }
