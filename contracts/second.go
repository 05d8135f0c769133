package contracts

import (
	"context"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// second is kin-openapi's view of the call, for a second opinion.
type second struct {
	document  *openapi3.T
	operation *openapi3.Operation
}

func (d *Description) input(body string) *openapi3filter.RequestValidationInput {
	r, err := http.NewRequest(method, "http://andon"+path, strings.NewReader(body))
	if err != nil {
		panic(err) // the parts are constants
	}
	r.Header.Set("Content-Type", jsonType)
	return &openapi3filter.RequestValidationInput{
		Request: r,
		Route:   &routers.Route{Spec: d.second.document, Path: path, Method: method, Operation: d.second.operation},
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	}
}

// SecondRequest is what kin-openapi's own filter says of a request's body; nil if it conforms.
func (d *Description) SecondRequest(body []byte) error {
	input := d.input(string(body))
	if d.second.operation.RequestBody == nil || d.second.operation.RequestBody.Value == nil {
		return nil
	}
	return openapi3filter.ValidateRequestBody(context.Background(), input, d.second.operation.RequestBody.Value)
}

// SecondResponse is what kin-openapi's own filter says of a response; nil if it conforms.
func (d *Description) SecondResponse(status int, contentType string, body []byte) error {
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: d.input("{}"), Status: status, Header: http.Header{"Content-Type": {contentType}},
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	return openapi3filter.ValidateResponse(context.Background(), response.SetBodyBytes(body))
}

// Doubt tells whether two tools disagree on a response, for a reason that does not lie in what each of them looks at: then
// one of them is wrong, and nothing can be said of the response. kin-openapi's filter does not look for repeated keys,
// empty ids, and what stands behind the JSON text; andon is easy on responses that are marked as assumptions.
func (d *Description) Doubt(status int, contentType string, body []byte, first *Violation) (doubtful bool, other error) {
	r := d.responseFor(status)
	if r == nil || r.assumed || len(r.types) == 0 {
		return false, nil
	}
	other = d.SecondResponse(status, contentType, body)
	switch {
	case first == nil:
		return other != nil, other
	case first.Rule == RuleDuplicateKey, first.Rule == RuleEmptyID, first.Rule == RuleMalformedJSON, first.Rule == RuleRepeatedID:
		return false, nil
	}
	return other == nil, nil
}
