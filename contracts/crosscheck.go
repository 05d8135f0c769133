package contracts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/kaizenautomation/andon/contracts/pattern"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// crosscheck is kin-openapi's view of the call, for a second opinion.
type crosscheck struct {
	call      Operation
	sends     string // the media type of a request, as the description writes it
	document  *openapi3.T
	operation *openapi3.Operation
	judged    *openapi3.Operation // the operation without the headers of its responses, which andon does not look at
	options   openapi3filter.Options
	// loosened says what it has no opinion on; nil where that is nothing.
	loosened *loosened
	// silent is set where it reads a part of the description otherwise than andon, so that it has no opinion.
	silent bool
}

// ecmaRegex is what kin-openapi knows the format regex as.
const ecmaRegex = "a regular expression"

// secondReading has kin-openapi read a document that is changed in passing. It knows no path items outside of paths,
// which OpenAPI 3.1 has, so it is given those to which a path refers where the path stands.
func secondReading(root *schema.Node) (*openapi3.T, error) {
	document := &schema.Document{Root: root}
	for _, path := range root.At("paths").Names() {
		target, err := document.Resolve(root.At("paths", path))
		if err != nil {
			return nil, err
		}
		root.At("paths").Fields[path] = target
	}
	// It knows the first patches of a version alone, which differ in nothing that is read.
	if version := root.At("openapi").Text(); len(version) > 4 {
		root.Fields["openapi"] = &schema.Node{Scalar: version[:4] + "0"}
	}
	doc, err := openapi3.NewLoader().LoadFromData(root.AppendJSON(nil))
	if err != nil {
		return nil, fmt.Errorf("not a readable OpenAPI document: %w", err)
	}
	return doc, nil
}

func newCrosscheck(read *schema.Document, o Operation) (c crosscheck, err error) {
	named, matched, silent, rounded := map[string]bool{}, map[string]*pattern.Pattern{}, false, false
	root := rewritten(read, o, func(_ *schema.Document, s *schema.Node) {
		forSecondOpinion(s)
		if format := s.At("format").Text(); format != "" {
			named[format] = true
			if format == "regex" {
				// That one it has of its own, by Go's rules, whatever it is given.
				s.Set("format", &schema.Node{Scalar: ecmaRegex})
			}
		}
		patternAsFormat(s, matched)
		for _, p := range partsOf(s) {
			p.Forget(schema.Unsent)
		}
		rounded = forgetRounded(s) || rounded
		silent = silent || !keysInGo(s)
	})
	if item, err := (&schema.Document{Root: root}).Resolve(root.At("paths", o.Path)); err == nil {
		root.At("paths").Fields[o.Path] = item.Clone()
		pruned(root, o)
	}
	document, err := secondReading(root)
	if err != nil {
		return c, err
	}
	// Examples and defaults say nothing of what is sent and may come back.
	err = document.Validate(context.Background(), openapi3.AllowExtraSiblingFields("pathItems"), openapi3.DisableSchemaPatternValidation(),
		openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation())
	if err != nil {
		return c, fmt.Errorf("not a valid OpenAPI document: %w", err)
	}
	shared, err := sharedFormats(named)
	if err != nil {
		return c, err
	}
	if named["regex"] {
		shared[ecmaRegex] = shared["regex"]
	}
	for name, p := range matched {
		shared[name] = openapi3.NewCallbackValidator(func(s string) error {
			if found, err := p.Match(s); err != nil || found {
				return err
			}
			return errors.New("no match of " + p.String())
		})
	}
	c = crosscheck{call: o, document: document, operation: document.Paths.Value(o.Path).GetOperation(o.Method), silent: silent}
	c.options = openapi3filter.Options{
		IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
		ExcludeReadOnlyValidations: true, ExcludeWriteOnlyValidations: true, // in OpenAPI 3.1 these are notes
		SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.WithStringFormatValidators(shared)},
	}
	if rounded {
		if c.loosened, err = newLoosened(read, o); err != nil {
			return c, err
		}
	}
	judged := *c.operation
	judged.Responses = openapi3.NewResponsesWithCapacity(c.operation.Responses.Len())
	for status, ref := range c.operation.Responses.Map() {
		response := *ref.Value
		response.Headers = nil
		judged.Responses.Set(status, &openapi3.ResponseRef{Value: &response})
	}
	c.judged = &judged
	return c, nil
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
		Options: &c.options,
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
		Options: &c.options,
	}
	return openapi3filter.ValidateResponse(context.Background(), response.SetBodyBytes(body))
}
