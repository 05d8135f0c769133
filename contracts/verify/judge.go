package verify

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/reports/summary"
)

// judge decides on an answer.
func (r *run) judge(o Outcome, header http.Header, body []byte) Outcome {
	k := o.Case
	verdict := r.Description.JudgeResponse(o.Status, header.Get("Content-Type"), body)
	if verdict.Violation == nil && k.Method == r.Description.Operation().Method {
		verdict.Violation = r.Description.JudgeHeaders(o.Status, func(name string) []string { return header[name] })
	}
	if k.HTTPSays(o.Status) && r.Description.ResponseFor(o.Status) == nil {
		// HTTP itself says what it is answered with, so a description need not.
		verdict.Violation = nil
	}
	class := o.Status / 100
	if class == 4 && k.Expect != cases.Accepted && !r.Description.RefusalsDescribed() {
		// What is to be refused has to be answered somehow, and the description says not how.
		verdict.Violation = nil
	}
	switch {
	case class == 5:
		return o.broken(ruleServerError, "", fmt.Sprintf("the target failed with status %d, expected %s", o.Status, wanted(k)))
	case class == 2 && k.Expect == cases.Refused:
		return o.broken(contracts.RuleAccepted, "", fmt.Sprintf("it was accepted with status %d, expected a refusal (4xx)", o.Status))
	case class != 2 && k.Expect == cases.Accepted:
		return o.broken(ruleRefused, "", fmt.Sprintf("it was refused with status %d, expected a documented success%s", o.Status, r.madeUp(o, body)))
	case class != 2 && class != 4:
		return r.placed(o.broken(contracts.RuleUndocumentedStatus, "", fmt.Sprintf("the status is %d, expected %s", o.Status, wanted(k))), "", nil, nil)
	}
	doubtful, other := r.doubt(o.Status, header, body, verdict.Violation)
	if doubtful {
		o.Verdict, o.Rule = summary.CheckDoubtful, "doubt"
		o.Reason = fmt.Sprintf("andon and kin-openapi disagree on the answer: %s against %s", opinion(verdict.Violation), opinion(other))
		return o
	}
	if v := verdict.Violation; v != nil {
		return r.placed(o.broken(v.Rule, v.Pointer, v.Message), header.Get("Content-Type"), body, v)
	}
	switch want := k.Status(); {
	case class == 4 && want != 0 && o.Status != want:
		o = o.broken(ruleWrongStatus, "", fmt.Sprintf("it was refused with status %d, expected %d", o.Status, want))
		if d := r.Description.ResponseFor(want); d != nil && d.Assumed && k.By() == cases.ByDescription {
			// That the call is to be refused is described, and with what status is guessed.
			o.Authority = cases.ByAssumption
		}
		return o
	case k.Method != r.Description.Operation().Method && !allows(header.Values("Allow"), r.Description.Operation().Method):
		return o.broken(ruleAllow, "", fmt.Sprintf("the header Allow is %q, expected it to name %s", strings.Join(header.Values("Allow"), ", "), r.Description.Operation().Method))
	}
	if k.Method == r.Description.Operation().Method {
		// Of another method the description says nothing, and so guesses nothing.
		if v := r.Description.JudgeAssumption(o.Status, header.Get("Content-Type"), body); v != nil {
			return r.placed(o.broken(v.Rule, v.Pointer, v.Message), header.Get("Content-Type"), body, v)
		}
	}
	if class == 2 && verdict.ExecutionID != "" && !r.RepeatedIDsAllowed {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		if other, twice := r.seen[verdict.ExecutionID]; twice {
			return o.broken(contracts.RuleRepeatedID, "/"+r.Description.Operation().ExecutionID,
				fmt.Sprintf("the %s %.60q was given to the case %s before", r.Description.Operation().ExecutionID, r.Credentials.Redact(verdict.ExecutionID), other))
		}
		r.seen[verdict.ExecutionID] = k.ID
	}
	o.Verdict = summary.CheckHeld
	if k.Expect == cases.Either {
		o.Verdict, o.Reason = summary.CheckNoted, fmt.Sprintf("answered with status %d", o.Status)
	}
	return o
}

// doubt reports whether two tools disagree on an answer.
func (r *run) doubt(status int, header http.Header, body []byte, first *contracts.Violation) (doubtful bool, other error) {
	ofHeader := first != nil && first.Header != ""
	if !ofHeader {
		if doubtful, other = r.Description.Doubt(status, header.Get("Content-Type"), body, first); doubtful || first != nil {
			return doubtful, other
		}
	}
	return r.Description.DoubtHeaders(status, header, first)
}

// madeUp says which ids of a call that was refused are made up: all of them where nothing was found, and otherwise
// those that the answer names.
func (c Config) madeUp(o Outcome, answer []byte) string {
	var said strings.Builder
	for _, id := range c.Description.MadeUp(o.Case.Body) {
		named := o.Status == http.StatusBadRequest || o.Status == http.StatusUnprocessableEntity
		if o.Status == http.StatusNotFound || named && bytes.Contains(answer, id.JSON) {
			fmt.Fprintf(&said, "; %s %.60q is made up: give one that exists in the fixtures, %s: [...]", id.Name, id.JSON, id.Name)
		}
	}
	return said.String()
}

// placed adds where the description says what an answer breaks, and whether that is assumed.
func (r *run) placed(o Outcome, contentType string, body []byte, v *contracts.Violation) Outcome {
	at := r.Description.PlaceInResponse(o.Status, contentType, body, v)
	if o.Line = at.Line; at.Assumed && o.Case.Method == r.Description.Operation().Method {
		o.Authority = cases.ByAssumption
	}
	return o
}

// opinion is what a tool says of an answer.
func opinion(err error) string {
	var none *contracts.Violation
	if err == nil || errors.As(err, &none) && none == nil {
		return "it conforms"
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

func wanted(k cases.Case) string {
	switch k.Expect {
	case cases.Accepted:
		return "a documented success"
	case cases.Refused:
		return "a refusal (4xx)"
	}
	return "a success or a refusal"
}

// allows reports whether the values of an Allow header name a method.
func allows(values []string, method string) bool {
	for _, v := range values {
		for _, m := range strings.Split(v, ",") {
			if strings.TrimSpace(m) == method {
				return true
			}
		}
	}
	return false
}
