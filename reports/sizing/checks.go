package sizing

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// Checks is a search as checks, so that it is written by what writes those of andon verify: the need or the capacities,
// the contract, and how the search ended. One of them is broken where the verdict is a fail, and nothing can be told of
// one where there is none.
func (r Report) Checks() summary.Verification {
	v := summary.Verification{
		Schema: summary.VerificationSchema, Title: "andon capacity " + text.Printable(r.Run.Scenario, 64), Verdict: r.Verdict, Target: r.Run.Target, Started: r.Run.Started,
		SpecSHA256: r.Run.SpecSHA256, Andon: r.Run.Andon, DurationSeconds: r.Run.DurationSeconds, KnownBy: r.Run.KnownBy(),
	}
	if n := r.Need; n != nil {
		c := summary.Check{Engine: summary.EngineCapacity, Name: "it takes " + text.Rate(n.Rate), Proves: "the target takes " + text.Rate(n.Tried) + " and keeps the objectives",
			Verdict: r.decided(), Rule: "need", Reason: n.String(), Seconds: r.Run.DurationSeconds}
		v.Checks = append(v.Checks, c)
	}
	if n := r.Replicas; n != nil && r.Acceptance == nil {
		v.Checks = append(v.Checks, summary.Check{Engine: summary.EngineCapacity, Name: "it is known how many replicas take " + text.Rate(n.Need), Proves: "some number of replicas takes it",
			Verdict: r.decided(), Rule: "replicas", Reason: n.String()})
	}
	for _, one := range []struct {
		name, proves string
		*Capacity
	}{{"the capacity is known", "the highest rate that meets the objectives lies in an interval", r.Acceptance},
		{"the capacity of completion is known", "the highest rate at which the backlog does not grow lies in an interval", r.Completion}} {
		if one.Capacity == nil {
			continue
		}
		c := summary.Check{Engine: summary.EngineCapacity, Name: one.name, Proves: one.proves, Verdict: summary.CheckHeld, Rule: one.Kind, Reason: text.Sentence("it " + one.line("is"))}
		if one.Kind == Unknown {
			c.Reason = text.Sentence("it is not known: " + one.Why)
		}
		if one.Kind != Interval {
			c.Verdict = r.doubt()
		}
		v.Checks = append(v.Checks, c)
	}
	v.Checks = append(v.Checks, r.contract(), r.own(), r.ended())
	v.Planned = len(v.Checks)
	return v
}

// decided is the verdict as that of a check.
func (r Report) decided() string {
	return map[string]string{summary.Pass: summary.CheckHeld, summary.Fail: summary.CheckBroken, summary.NoVerdict: summary.CheckInconclusive}[r.Verdict.Status]
}

// doubt is what a check comes to of which nothing can be told: a fault only where that is why there is no verdict.
func (r Report) doubt() string {
	if r.Verdict.Status == summary.NoVerdict {
		return summary.CheckDoubtful
	}
	return summary.CheckNoted
}

// contract is the check of the contract. Whether a breach makes a rate fail, the objectives decide.
func (r Report) contract() summary.Check {
	c := summary.Check{Engine: summary.EngineContract, Name: "the contract is kept under load", Proves: "no answer of any trial breaks the contract", Verdict: summary.CheckHeld, Rule: "contract"}
	var calls uint64
	broken := 0
	for _, t := range r.Trials {
		if calls += t.Calls; t.Violations > 0 {
			broken++
		}
	}
	switch {
	case broken > 0:
		c.Verdict, c.Reason = summary.CheckNoted, fmt.Sprintf("it was broken in %d of %s", broken, text.Plural(uint64(len(r.Trials)), "trial"))
	case calls == 0:
		c.Verdict, c.Reason = summary.CheckSkipped, "no call was sent"
	}
	for _, o := range r.Onsets {
		if o.What == "contract" && o.High != nil {
			c.Verdict, c.Reason = summary.CheckNoted, o.String()
		}
	}
	return c
}

// own is the check of this machine.
func (r Report) own() summary.Check {
	c := summary.Check{Engine: summary.EngineRun, Name: "this machine was not the limit", Proves: "no trial says nothing of the target", Verdict: summary.CheckHeld, Rule: EndedGenerator}
	var reasons []string
	n := 0
	for _, t := range r.Trials {
		if t.Outcome != Void {
			continue
		}
		if n++; n <= 3 {
			reasons = append(reasons, strings.TrimSuffix(fmt.Sprintf("trial %d, %s: %s", t.N, t.Load(), t.Reason), ": "))
		}
	}
	if n == 0 {
		return c
	}
	c.Verdict, c.Reason = summary.CheckNoted, fmt.Sprintf("%d of %s say nothing of the target (%s)", n, text.Plural(uint64(len(r.Trials)), "trial"), strings.Join(reasons, "; "))
	if r.Run.Ended == EndedGenerator {
		c.Verdict = r.doubt()
	}
	return c
}

// ended is the check of how the search ended.
func (r Report) ended() summary.Check {
	c := summary.Check{Engine: summary.EngineRun, Name: "the search went to its end", Proves: "nothing ended the search before it knew what was asked", Verdict: summary.CheckHeld, Rule: r.Run.Ended,
		Reason: r.Run.Ending(), Seconds: r.Run.DurationSeconds}
	if r.Need != nil { // which has the time already
		c.Seconds = 0
	}
	if r.Run.Ended != EndedFound {
		c.Verdict = r.doubt()
	}
	return c
}
