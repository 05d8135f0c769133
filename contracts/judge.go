package contracts

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Request is what can be read off a valid request.
type Request struct {
	// Tier is empty where the field is left out.
	Tier string
	// AgentID is empty where the field is left out.
	AgentID string
}

// ReadRequest judges a request's body.
func (d *Description) ReadRequest(body []byte) (Request, *Violation) {
	v, violation := judgeBody(body, d.validator, d.document.Discriminator)
	if violation != nil {
		return Request{}, violation
	}
	m, _ := v.(map[string]any)
	r := Request{}
	r.Tier, _ = m[d.operation.Tier].(string)
	r.AgentID, _ = m[d.operation.AgentID].(string)
	return r, nil
}

// Verdict is what came of judging a response.
type Verdict struct {
	// Violation is nil where the response keeps the contract.
	Violation *Violation
	// ExecutionID is the id of the execution that was started, and SessionID that of its session; empty where the response
	// does not tell.
	ExecutionID, SessionID string
}

// JudgeResponse holds a response against the description: its status, its media type and its body.
//
// A status that the description marks with x-assumption is known from no source but andon's own guess, so it is held
// to this much: a body that says it is JSON is JSON. [Description.JudgeAssumption] holds it to the guess.
func (d *Description) JudgeResponse(status int, contentType string, body []byte) Verdict {
	r := d.ResponseFor(status)
	if r == nil {
		return Verdict{Violation: &Violation{
			Rule:     RuleUndocumentedStatus,
			Expected: "one of " + strings.Join(d.documented(), ", "), Found: strconv.Itoa(status),
			Message: fmt.Sprintf("status %d is not documented; the description has %s", status, strings.Join(d.documented(), ", ")),
		}}
	}
	// The common media type needs no parsing, and parsing costs more than judging the body.
	media := contentType
	if r.fast != nil && media == jsonType {
		if id, session, ok := r.fast.takes(body); ok {
			// One piece of memory has room for both.
			both := make([]byte, 0, 96)
			ids := string(append(append(both, id...), session...))
			return Verdict{ExecutionID: ids[:len(id)], SessionID: ids[len(id):]}
		}
	}
	if media != jsonType {
		media = mediaType(contentType)
	}
	if r.Assumed {
		if !isJSON(media) || len(body) == 0 {
			return Verdict{}
		}
		_, violation := judgeBody(body, nil, d.document.Discriminator)
		return Verdict{Violation: violation}
	}
	if len(r.Media) == 0 || bodyless(status, body) {
		return Verdict{}
	}
	m := r.media(media)
	if m == nil {
		return Verdict{Violation: r.otherMedia(status, contentType)}
	}
	if !isJSON(media) {
		return Verdict{}
	}
	return d.judgeJSON(status, body, m.validator)
}

// bodyless reports whether an answer has no body since HTTP allows it none, whatever the description says of one.
func bodyless(status int, body []byte) bool {
	return (status == 204 || status == 304) && len(body) == 0
}

// JudgeAssumption holds a response of a status that the description marks with x-assumption to what it guesses of the
// body: its media type and its schema. A guess says how a refusal is told, and not that there is more to it than the
// status, so that there may be no body; and where JSON is guessed, JSON by any name is.
func (d *Description) JudgeAssumption(status int, contentType string, body []byte) *Violation {
	r := d.ResponseFor(status)
	if r == nil || !r.Assumed || len(r.Media) == 0 || len(body) == 0 {
		return nil
	}
	media := mediaType(contentType)
	m := r.media(media)
	if m == nil && isJSON(media) {
		m = r.media(jsonType)
	}
	switch {
	case m == nil:
		return r.otherMedia(status, contentType)
	case !isJSON(media):
		return nil
	}
	return d.judgeJSON(status, body, m.validator).Violation
}

// otherMedia is the violation of a response whose media type is none of those described.
func (r *Response) otherMedia(status int, contentType string) *Violation {
	found := clip(cmp.Or(contentType, "no Content-Type"), 100)
	return &Violation{
		Rule: RuleContentType, Expected: r.names(), Found: found,
		Message: fmt.Sprintf("status %d came as %s, expected %s", status, found, r.names()),
	}
}

// judgeJSON holds the JSON body of a response against its schema, which may be nil, and looks at the ids in it.
func (d *Description) judgeJSON(status int, body []byte, validator *jsonschema.Schema) Verdict {
	v, violation := judgeBody(body, validator, "")
	m, _ := v.(map[string]any)
	id, _ := m[d.operation.ExecutionID].(string)
	session, _ := m[d.operation.SessionID].(string)
	if violation == nil && status/100 == 2 {
		for _, name := range [...]string{d.operation.ExecutionID, d.operation.SessionID} {
			if s, isString := m[name].(string); isString && s == "" {
				violation = &Violation{
					Rule: RuleEmptyID, Pointer: jsontext.Pointer(name), Expected: "an id", Found: `""`,
					Message: "`" + name + "` is an empty string, which identifies nothing",
				}
				break
			}
		}
	}
	return Verdict{Violation: violation, ExecutionID: id, SessionID: session}
}

// judgeBody decodes a body and holds it against a schema, which may be nil. disc is the property that tells the
// branches of a oneOf apart, if any.
func judgeBody(body []byte, validator *jsonschema.Schema, disc string) (any, *Violation) {
	v, bad := jsontext.Decode(body)
	if bad != nil {
		found := fmt.Sprintf("%d bytes that are not: %s", len(body), clip(string(body), 60))
		if len(body) == 0 {
			found = "an empty body"
		}
		if bad.Twice {
			return nil, &Violation{
				Rule: RuleDuplicateKey, Expected: "each key once", Found: quote(clip(bad.Key, 60)) + " twice",
				Message: "the body is ambiguous: " + bad.Error(),
			}
		}
		if bad.Unread {
			return nil, &Violation{
				Rule: RuleMalformedJSON, Expected: "a JSON text that every reader takes", Found: clip(string(body), 60),
				Message: "the body is JSON that few readers take: " + bad.Error(),
			}
		}
		return nil, &Violation{
			Rule: RuleMalformedJSON, Expected: "a JSON text", Found: found,
			Message: "the body is not JSON: " + bad.Error(),
		}
	}
	if validator == nil {
		return v, nil
	}
	return v, violationOf(v, validator, disc)
}
