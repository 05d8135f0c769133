package contracts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// siteOf says where in its files a part of a description stands. A document that could not be read is nil.
func siteOf(name string, document *schema.Document, at *schema.Node, pointer []string) string {
	line := at.Line
	if document != nil {
		if pointer == nil {
			pointer = document.Root.StepsTo(at)
		}
		if other, n := document.Where(line); other != nil {
			name, line = fileBeside(name, other.Name), n
		}
	}
	site := fmt.Sprintf("%s:%d:%d", name, max(line, 1), max(at.Column, 1))
	if len(pointer) > 0 {
		site += ": " + clip(jsontext.Pointer(pointer...), 200)
	}
	return site
}

// told gives all that is wrong with a description its place in it, or else the file's name.
func told(name string, document *schema.Document, err error) error {
	if joined, several := err.(interface{ Unwrap() []error }); several {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, told(name, document, one))
		}
		return errors.Join(all...)
	}
	var p *schema.Problem
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %s", siteOf(name, document, p.At, p.Pointer), p.Message)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// reached is the place of a pointer, or of the deepest part of it that is in the document.
func reached(document *schema.Document, pointer []string) *schema.Problem {
	n, at := document.Root, []string{}
	for _, step := range pointer {
		next, err := (&schema.Document{Root: n}).Pointer("#" + jsontext.Pointer(step))
		if err != nil {
			break
		}
		n, at = next, append(at, step)
	}
	return &schema.Problem{At: n, Pointer: at}
}

// uncompiled says what is wrong with a schema that the validator does not take, which stands at a pointer.
func uncompiled(document *schema.Document, err error, at []string) error {
	p := reached(document, at)
	p.Message = fmt.Sprintf("this is no JSON Schema that can be judged by: %v", err)
	var bad *jsonschema.SchemaValidationError
	var breach *jsonschema.ValidationError
	if errors.As(err, &bad) && errors.As(bad.Err, &breach) {
		if _, fragment, found := strings.Cut(bad.URL, "#"); found {
			at = jsontext.Steps("#" + fragment)
		}
		// Of what the draft asks, the deepest says most.
		for len(breach.Causes) > 0 {
			breach = breach.Causes[0]
		}
		said := breach.Error()
		p = reached(document, append(at, breach.InstanceLocation...))
		p.Message = "this is no JSON Schema: " + clip(said[strings.LastIndex(said, "': ")+len("': "):], 200)
	}
	return p
}

// invalid says where a description is none that kin-openapi takes.
func invalid(document *schema.Document, err error) error {
	var at []string
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := e.(type) {
		case *openapi3.SectionValidationError:
			at = []string{e.Section}
		case *openapi3.PathValidationError:
			at = []string{"paths", e.Path}
		case *openapi3.OperationValidationError:
			at = append(at, strings.ToLower(e.Method))
		case *openapi3.ComponentValidationError:
			at = []string{"components"}
			for _, kind := range document.Root.At("components").Names() {
				if strings.HasPrefix(kind, e.Section) {
					at = append(at, kind, e.Name)
				}
			}
		case *openapi3.RequiredFieldError:
			if steps := strings.Split(e.Field, "."); len(at) < len(steps) {
				at = steps
			}
		}
	}
	p := reached(document, at)
	p.Message = clip(err.Error(), 1000)
	return p
}
