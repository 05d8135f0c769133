package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// The engines of a run's checks.
const (
	EngineRun       = "run"
	EngineThreshold = "threshold"
	EngineContract  = "contract"
	// EngineExecutions is of what became of the executions that calls started.
	EngineExecutions = "executions"
	// EngineComparison is of two sets of runs.
	EngineComparison = "comparison"
	// EngineCapacity is of a search for capacity.
	EngineCapacity = "capacity"
	// EngineGate is of the parts of a gate.
	EngineGate = "gate"
)

// Checks is a run as checks, so that it is written by what writes those of andon verify: how the run ended and whether
// it is valid, each threshold, each rule of the contract. One of them is broken where the verdict is a fail. Where none
// is possible, thresholds have none either: what they found says nothing.
func (s Summary) Checks() Verification {
	v := Verification{
		Schema: VerificationSchema, Title: "andon run " + text.Printable(s.Run.Scenario, 64), Verdict: s.Verdict, Target: s.Run.Target, Started: s.Run.Started,
		SpecSHA256: s.Run.SpecSHA256, Andon: s.Run.Andon, DurationSeconds: s.Run.DurationSeconds,
		KnownBy: s.Run.KnownBy(), Deviations: s.Run.Deviations,
	}
	add := func(c Check) { v.Checks = append(v.Checks, c) }

	ended := Check{Engine: EngineRun, Name: "the run went to its end", Proves: "nothing ended the run early", Verdict: CheckHeld, Rule: s.Run.End.Reason,
		Reason: s.Run.End.Detail, Seconds: s.Run.DurationSeconds}
	switch s.Run.End.Reason {
	case results.Finished, results.Enough:
	case results.Aborted, results.Hopeless:
		ended.Verdict = CheckBroken
	default:
		ended.Verdict = CheckDoubtful
	}
	add(ended)
	valid := Check{Engine: EngineRun, Name: "the figures are valid", Proves: "the generator kept to the plan, and the target answered", Verdict: CheckHeld,
		Rule: s.Validity.Status, Reason: strings.Join(s.Validity.Reasons, "; ")}
	tolerance := s.Tolerance()
	if valid.Reason != "" && tolerance != "" {
		valid.Reason += "; "
	}
	valid.Reason += tolerance
	switch s.Validity.Status {
	case metrics.Valid:
	case metrics.TargetLimited:
		valid.Verdict = CheckNoted
	default:
		valid.Verdict = CheckDoubtful
	}
	add(valid)
	if s.Total.Completed > 0 {
		answered := Check{Engine: EngineRun, Name: "a call succeeded", Proves: "not every call failed", Verdict: CheckHeld, Rule: "no-success"}
		if s.Total.OK == 0 {
			answered.Verdict, answered.Reason = CheckBroken, fmt.Sprintf("all %s that were sent failed", text.Count(s.Total.Sent))
		}
		add(answered)
	}

	for _, t := range s.Thresholds {
		c := Check{Engine: EngineThreshold, Name: t.Expr, Proves: "the threshold " + t.Expr, Verdict: CheckHeld, Rule: "threshold"}
		switch {
		case t.Spoiled && !s.impossible():
			c.Verdict, c.Reason = CheckDoubtful, t.Found()
		case t.Left:
			c.Verdict, c.Reason = CheckSkipped, Left
		case s.Verdict.Status == NoVerdict && s.impossible():
			c.Verdict, c.Reason = CheckSkipped, "no verdict is possible; "+t.Found()
		case !t.OK:
			c.Verdict, c.Reason = CheckBroken, t.Found()
		}
		add(c)
	}

	v.Checks = append(v.Checks, s.executionChecks()...)
	rules := slices.Clone(s.Run.Rules)
	for _, r := range append(MostFirst(s.Total.Violations), MostFirst(s.Total.Waived)...) {
		if !slices.Contains(rules, r) {
			rules = append(rules, r)
		}
	}
	for _, r := range rules {
		c := Check{Engine: EngineContract, Name: r, Proves: "every answer keeps the rule " + r + " of openapi.yaml", Verdict: CheckHeld, Rule: r}
		if why := s.unchecked(r); why != "" && s.Total.Violations[r] == 0 {
			c.Verdict, c.Reason = CheckSkipped, why
		}
		if why := s.repeated(); r == ruleRepeated && why != "" {
			c.Verdict, c.Reason = CheckBroken, why
		}
		if n := s.Total.Violations[r]; n > 0 {
			if c.Verdict = CheckNoted; s.forbids(r) {
				c.Verdict = CheckBroken
			}
			c.Reason = fmt.Sprintf("%s of %s", text.Plural(n, "answer"), text.Count(s.Total.Completed))
			if i := slices.IndexFunc(s.Samples, func(x results.Sample) bool { return x.Rule == r }); i >= 0 {
				x := s.Samples[i]
				c.Status = x.Status
				c.Reason += fmt.Sprintf(", the first of them call %d (%s, status %d): %s", x.N, x.Class, x.Status, x.Message)
			}
		}
		s.waive(&c)
		add(c)
	}
	v.Planned = len(v.Checks)
	return v
}

// forbids reports whether the run fails for the violations of a rule: not where the scenario allows as many.
func (s Summary) forbids(rule string) bool {
	return slices.ContainsFunc(s.Thresholds, func(t Threshold) bool {
		only, one := t.Parsed.Selectors()["rule"]
		return !t.OK && t.Parsed.Metric() == "violations" && (!one || only == rule)
	})
}

// unchecked says why no answer of the run could break a rule; empty where one could.
func (s Summary) unchecked(rule string) string {
	var invalid, answered bool
	for _, c := range s.Run.Classes {
		if c.Invalid {
			invalid, answered = true, answered || s.Groups.Class[c.Name].Completed > 0
		}
	}
	switch {
	case slices.Contains(s.Run.Unchecked, rule):
		return "it was switched off for this run"
	case rule == ruleAccepted && !invalid:
		return "the scenario has no invalid calls"
	case rule == ruleAccepted && !answered:
		return "no invalid call was answered"
	case s.Total.Completed == 0:
		return "no call was answered"
	}
	return ""
}

// ruleAccepted is the one rule that only calls break which are invalid on purpose.
const ruleAccepted = "invalid-accepted"

// SaidBy reports whether a cause of a run's verdict says what came of the check, so that whoever shows both need not
// say it twice.
func (c Check) SaidBy(cause string) bool {
	plain := func(s string) string { return strings.ToLower(strings.TrimRight(s, ".")) }
	switch cause, reason := plain(cause), plain(c.Reason); c.Engine {
	case EngineThreshold:
		return strings.HasPrefix(cause, plain(c.Name)+": ") || strings.Contains(cause, " "+plain(c.Name)+" ")
	case EngineGate:
		return strings.HasPrefix(cause, plain(c.Name)+": ")
	case EngineRun, EngineExecutions, EngineCapacity, EngineComparison:
		return c.Verdict != CheckHeld && reason != "" && (strings.Contains(cause, reason) || strings.Contains(reason, cause))
	}
	return false
}

// ContractChecks are those [Summary.Checks] that are rules of the contract.
func (s Summary) ContractChecks() Verification {
	v := s.Checks()
	v.Checks = slices.DeleteFunc(v.Checks, func(c Check) bool { return c.Engine != EngineContract })
	return v
}

// waive says of a rule's check what a known deviation says of it.
func (s Summary) waive(c *Check) {
	c.Deviation = 1 + slices.IndexFunc(s.Run.Deviations, func(d Deviation) bool {
		return slices.Contains(d.Rules, c.Rule) && d.State == DeviationWaived
	})
	if n := s.Total.Waived[c.Rule]; n > 0 && c.Deviation > 0 {
		c.Verdict, c.Reason = CheckWaived, fmt.Sprintf("%s of %s", text.Plural(n, "answer"), text.Count(s.Total.Completed))
		return
	}
	c.Deviation = 0
	for i, d := range s.Run.Deviations {
		if over := d.State == DeviationExpired || d.State == DeviationLapsed; over && slices.Contains(d.Rules, c.Rule) && s.Total.Violations[c.Rule] > 0 {
			c.Deviation = i + 1
			c.Reason += fmt.Sprintf(" (this was a known deviation until %s, and has expired: %s)", d.Until, d.Why)
			return
		}
	}
}
