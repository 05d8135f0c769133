package verify

import (
	"context"

	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Call is one that load is to send.
type Call struct {
	// ID names it in the report; Class is the label under which load counts it.
	ID, Class string
	Body      []byte
	// Printed is what its curl line carries besides the body.
	Printed credentials.Plan
	// Tenant is the row of the credentials' file that it takes; 0 where there is none.
	Tenant int
	// Invalid calls break the contract on purpose.
	Invalid bool
}

// PrepareCalls decides who judges whether calls are allowed, before any of them is sent: the description, kin-openapi
// and, unless the description is to judge alone, Pact's mock server. Against says in the report whose calls they are.
// Of the configuration Description, Credentials, Engine, Pact and Andon count; the credentials are what the calls carry
// to Pact's mock server, and their secrets are taken out of what is kept. The error is [pact.ErrMissing] where Pact has
// to judge and cannot.
func PrepareCalls(c Config, against string, calls []Call) (*Plan, error) {
	if c.Engine == ByPact && c.Pact == "" {
		return nil, pact.ErrMissing
	}
	j := judging{Config: Config{Description: c.Description, Credentials: c.Credentials, Engine: c.Engine, Pact: c.Pact, Andon: c.Andon}, calls: calls}
	p := &Plan{config: j.Config, against: against, Planned: len(calls), engines: []Engine{j.byDescription}}
	if c.Pact != "" && c.Engine != ByDescription {
		for _, call := range calls {
			if !call.Invalid {
				p.Planned++
			}
		}
		p.engines = append(p.engines, j.byPact)
	}
	return p, nil
}

// judging is about calls that are not sent.
type judging struct {
	Config
	calls []Call
}

// outcome is a call that holds, for engines to say otherwise.
func (j judging) outcome(engine string, call Call) Outcome {
	return Outcome{
		Engine: engine, Verdict: summary.CheckHeld, Curl: j.Description.Operation().Curl("http://127.0.0.1:8080", call.Printed, call.Body),
		Case: cases.Case{ID: call.ID, Proves: "a call of the class " + call.Class, Expect: cases.Accepted, Body: call.Body},
	}
}

// byDescription holds the calls against the description, and asks kin-openapi about those that it allows.
func (j judging) byDescription(context.Context) (outcomes []Outcome, err error) {
	for _, call := range j.calls {
		outcomes = append(outcomes, j.describe(call))
	}
	return outcomes, nil
}

func (j judging) describe(call Call) Outcome {
	o := j.outcome(ByDescription, call)
	_, violation := j.Description.ReadRequest(call.Body)
	carried := j.Description.JudgeGiven(call.Printed)
	switch {
	case carried != nil:
		o = o.broken(carried.Rule, "", carried.Message)
	case call.Invalid:
		o.Case.Expect = cases.Refused
		if violation == nil {
			o = o.broken("", "", "it breaks the contract on purpose, but the description allows it")
		}
	case violation != nil:
		o = o.broken(violation.Rule, violation.Pointer, violation.Message)
	default:
		if other := j.Description.CrosscheckRequest(call.Body); other != nil {
			o.Verdict, o.Reason = summary.CheckDoubtful, "andon allows it, and kin-openapi does not: "+other.Error()
		}
	}
	return o
}

// byPact holds the calls that are not invalid on purpose against Pact's mock server. Where the description allows what
// Pact does not take, one of the two is wrong.
func (j judging) byPact(ctx context.Context) (outcomes []Outcome, err error) {
	var valid []Call
	var theirs []pact.Call
	for _, call := range j.calls {
		if !call.Invalid {
			valid = append(valid, call)
			matcher := pact.Matcher(j.Description.RequestTemplate(call.Body))
			path, header, query := j.Description.Operation().Lines(j.Credentials.Of(call.Tenant))
			theirs = append(theirs, pact.Call{ID: call.ID, Body: call.Body, Matcher: matcher, Path: path, Header: header, Query: query})
		}
	}
	if len(theirs) == 0 {
		return nil, nil
	}
	found, err := j.Pact.Judge(ctx, j.Description.Operation(), theirs, j.Credentials)
	for i, f := range found {
		o := pactOutcome(j.outcome(ByPact, valid[i]), f)
		if !f.Held && j.describe(valid[i]).Verdict == summary.CheckHeld {
			o.Verdict = summary.CheckDoubtful
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, err
}
