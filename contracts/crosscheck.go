package contracts

import (
	"context"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// crosscheck is kin-openapi's view of the call, for a second opinion.
type crosscheck struct {
	call      Operation
	document  *openapi3.T
	operation *openapi3.Operation
	judged    *openapi3.Operation // the operation without the headers of its responses, which andon does not look at
}

func newCrosscheck(document *openapi3.T, o Operation) crosscheck {
	c := crosscheck{call: o, document: document, operation: document.Paths.Value(o.Path).GetOperation(o.Method)}
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

// input is the request that both are about.
func (c crosscheck) input(body string, operation *openapi3.Operation) *openapi3filter.RequestValidationInput {
	r, err := http.NewRequest(c.call.Method, "http://andon"+c.call.Path, strings.NewReader(body))
	if err != nil {
		panic(err) // the description has been loaded with these parts
	}
	r.Header.Set("Content-Type", jsonType)
	return &openapi3filter.RequestValidationInput{
		Request: r,
		Route:   &routers.Route{Spec: c.document, Path: c.call.Path, Method: c.call.Method, Operation: operation},
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
	}
}

// request is what the filter says of a request's body.
func (c crosscheck) request(body []byte) error {
	input := c.input(string(body), c.operation)
	if c.operation.RequestBody == nil || c.operation.RequestBody.Value == nil {
		return nil
	}
	return openapi3filter.ValidateRequestBody(context.Background(), input, c.operation.RequestBody.Value)
}

// response is what the filter says of a response.
func (c crosscheck) response(status int, contentType string, body []byte) error {
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: c.input("{}", c.judged), Status: status, Header: http.Header{"Content-Type": {contentType}},
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	return openapi3filter.ValidateResponse(context.Background(), response.SetBodyBytes(body))
}
