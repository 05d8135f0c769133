package contracts

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// crosscheck is kin-openapi's view of the call, for a second opinion.
type crosscheck struct {
	document  *openapi3.T
	operation *openapi3.Operation
	judged    *openapi3.Operation // the operation without the headers of its responses, which andon does not look at
}

func newCrosscheck(document *openapi3.T, o Operation) crosscheck {
	c := crosscheck{document: document, operation: document.Paths.Value(o.Path).GetOperation(o.Method)}
	judged := *c.operation
	judged.Responses = openapi3.NewResponsesWithCapacity(c.operation.Responses.Len())
	for status, ref := range c.operation.Responses.Map() {
		response := *ref.Value
		response.Headers = nil
		judged.Responses.Set(status, &openapi3.ResponseRef{Value: &response})
	}
	c.judged = &judged
	return c
}

func (d *Description) input(body string, operation *openapi3.Operation) *openapi3filter.RequestValidationInput {
	r, err := http.NewRequest(d.operation.Method, "http://andon"+d.operation.Path, strings.NewReader(body))
	if err != nil {
		panic(err) // the description has been loaded with these parts
	}
	r.Header.Set("Content-Type", jsonType)
	return &openapi3filter.RequestValidationInput{
		Request: r,
		Route:   &routers.Route{Spec: d.crosscheck.document, Path: d.operation.Path, Method: d.operation.Method, Operation: operation},
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	}
}

// CrosscheckRequest is what kin-openapi's own filter says of a request's body; nil if it conforms.
func (d *Description) CrosscheckRequest(body []byte) error {
	input := d.input(string(body), d.crosscheck.operation)
	if d.crosscheck.operation.RequestBody == nil || d.crosscheck.operation.RequestBody.Value == nil {
		return nil
	}
	return openapi3filter.ValidateRequestBody(context.Background(), input, d.crosscheck.operation.RequestBody.Value)
}

// CrosscheckResponse is what kin-openapi's own filter says of a response; nil if it conforms.
func (d *Description) CrosscheckResponse(status int, contentType string, body []byte) error {
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: d.input("{}", d.crosscheck.judged), Status: status, Header: http.Header{"Content-Type": {contentType}},
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	return openapi3filter.ValidateResponse(context.Background(), response.SetBodyBytes(body))
}

// Doubt reports whether two tools disagree on a response, for a reason that does not lie in what each of them looks at:
// then one of them is wrong, and nothing can be said of the response. kin-openapi's filter does not look for repeated
// keys, empty ids, and what stands behind the JSON text; andon is easy on responses that are marked as assumptions.
func (d *Description) Doubt(status int, contentType string, body []byte, first *Violation) (doubtful bool, other error) {
	r := d.ResponseFor(status)
	if r == nil || r.Assumed || len(r.Media) == 0 {
		return false, nil
	}
	if m := r.media(mediaType(contentType)); m != nil && strings.Contains(m.Name, ";") {
		contentType = m.Name // kin-openapi does not take a type without the parameters of the description for that type
	}
	other = d.CrosscheckResponse(status, contentType, body)
	var unread *openapi3filter.ParseError
	if errors.As(other, &unread) && unread.Kind == openapi3filter.KindUnsupportedFormat {
		other = nil // it cannot read such bodies, and so has no opinion
	}
	switch {
	case first == nil:
		return other != nil, other
	case first.Rule == RuleDuplicateKey, first.Rule == RuleEmptyID, first.Rule == RuleMalformedJSON, first.Rule == RuleRepeatedID:
		return false, nil
	}
	return other == nil, nil
}
