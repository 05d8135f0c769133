package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/summary"
)

// verifyScenario shows that the calls of a scenario are allowed by the contract, before any of them is sent: a sample of
// them, evenly over its plan, is judged by the description, by kin-openapi, and by Pact's mock server.
func (c *command) verifyScenario(f verifyFlags, program string) error {
	if f.target != "" {
		return errors.New("--scenario and --target do not go together: the calls of a scenario are judged without being sent")
	}
	if f.calls < 1 {
		return fmt.Errorf("--calls wants at least 1, found %d", f.calls)
	}
	d, _, err := c.descriptionWith(f.fixtures)
	if err != nil {
		return err
	}
	s, err := c.scenario([]string{f.scenario}, d)
	if err != nil {
		return err
	}
	plan, err := s.Plan(f.seed)
	if err != nil {
		return err
	}
	started := time.Now()
	v := summary.Verification{
		Schema: summary.VerificationSchema, Target: "the calls of " + s.Name, Started: started.UTC(), SpecSHA256: d.SHA256(), Andon: version(),
		Checks: []summary.Check{},
	}
	var calls []pact.Call
	var valid []summary.Check
	var judged []string
	n := min(uint64(f.calls), plan.MaxHits())
	for i := range n {
		hit := i * (plan.MaxHits() / n)
		body, class := plan.AppendBody(nil, hit)
		label := s.Labels.Classes[class]
		check := summary.Check{Engine: engineDescription, Name: fmt.Sprintf("%s.hit-%d", label.Content, hit), Proves: "a call of the class " + label.Name,
			Expect: string(contracts.Accepted), Verdict: summary.CheckHeld, Curl: contracts.Curl("http://127.0.0.1:8080", body)}
		_, violation := d.ReadRequest(body)
		other := d.SecondRequest(body)
		switch {
		case label.Invalid:
			check.Expect = string(contracts.Refused)
			if violation == nil {
				check.Verdict, check.Reason = summary.CheckBroken, "it breaks the contract on purpose, but the description allows it"
			}
		case violation != nil:
			check.Verdict, check.Rule, check.Pointer, check.Reason = summary.CheckBroken, violation.Rule, violation.Pointer, violation.Message
		case other != nil:
			check.Verdict, check.Reason = summary.CheckDoubtful, "andon allows it, and kin-openapi does not: "+other.Error()
		}
		v.Checks = append(v.Checks, check)
		if !label.Invalid {
			judged = append(judged, check.Verdict)
			calls = append(calls, pact.Call{ID: check.Name, Body: body, Matcher: pact.Matcher(d.RequestTemplate(body))})
			check.Engine, check.Verdict, check.Rule, check.Pointer, check.Reason = enginePact, summary.CheckHeld, "", "", ""
			valid = append(valid, check)
		}
	}
	v.Planned = len(v.Checks)
	early := ""
	if program != "" && f.engine != engineDescription {
		v.Planned += len(calls)
		outcomes, err := callsPact(context.Background(), program, d, calls)
		if err != nil {
			early = err.Error()
		}
		for i, o := range outcomes {
			if !o.Held {
				valid[i].Verdict, valid[i].Rule, valid[i].Reason = summary.CheckBroken, enginePact, o.Reason
				if judged[i] == summary.CheckHeld {
					// The description allows it, so one of the tools is wrong.
					valid[i].Verdict = summary.CheckDoubtful
				}
			}
			v.Checks = append(v.Checks, valid[i])
		}
	}
	v.DurationSeconds = time.Since(started).Seconds()
	v.Decide(early)
	return c.showVerification(v, f.format)
}
