package contracts

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// crosscheck is kin-openapi's view of the call, for a second opinion.
type crosscheck struct {
	call      Operation
	sends     string // the media type of a request, as the description writes it
	document  *openapi3.T
	operation *openapi3.Operation
	judged    *openapi3.Operation // the operation without the headers of its responses, which andon does not look at
}

// secondReading has kin-openapi read a document. It knows no path items outside of paths, which OpenAPI 3.1 has, so it
// is given those to which a path refers where the path stands.
func secondReading(document *schema.Document, data []byte) (*openapi3.T, error) {
	whole := document.Root
	for _, path := range whole.At("paths").Names() {
		item := document.Root.At("paths", path)
		if item.At("$ref") == nil {
			continue
		}
		target, err := document.Resolve(item)
		if err != nil {
			return nil, err
		}
		if whole == document.Root {
			whole = document.Root.Clone()
		}
		whole.At("paths").Fields[path] = target
	}
	if whole != document.Root {
		data = whole.AppendJSON(nil)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("not a readable OpenAPI document: %w", err)
	}
	if err := doc.Validate(context.Background(), openapi3.AllowExtraSiblingFields("pathItems"), openapi3.DisableSchemaPatternValidation()); err != nil {
		return nil, fmt.Errorf("not a valid OpenAPI document: %w", err)
	}
	return doc, nil
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
	if strings.Contains(c.sends, ";") {
		r.Header.Set("Content-Type", c.sends) // kin-openapi does not take the type without its parameters
	}
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
