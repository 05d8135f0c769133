package contracts

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// headers reads those of a response. What is not read is refused where an answer must have it, and left aside where it
// need not.
func (a *audit) headers(response *schema.Node, place []string) (list []*Header) {
	for _, name := range response.At("headers").Names() {
		if strings.EqualFold(name, "Content-Type") {
			continue // the media types say it
		}
		before := len(a.parts)
		n, at := a.follow(response.At("headers", name), below(place, "headers", name))
		a.keys(n, at, "header")
		required := n.At("required")
		h := &Header{Name: http.CanonicalHeaderKey(name), Required: required != nil && required.Scalar == true, node: n}
		if n != nil {
			h.Line = n.Line
		}
		what := "the header " + quote(clip(name, 60)) + " of the answer"
		explode := n.At("explode")
		h.style = style{in: InHeader, name: h.Name, kind: "simple", explode: explode != nil && explode.Scalar == true}
		if s := n.At("style"); s != nil && s.Text() != h.style.kind {
			a.fail(s, below(at, "style"), "%s has the style %s; expected simple", what, quote(clip(s.Text(), 40)))
		}
		h.schema, h.schemaAt = a.value(n, at, &h.style, what)
		if len(a.parts) > before && !h.Required {
			a.parts = a.parts[:before]
			continue
		}
		list = append(list, h)
	}
	return list
}

// readHeaders makes the validators of the headers of a response.
func (d *Description) readHeaders(list []*Header) error {
	for _, h := range list {
		h.shapes = shapes(d.document, h.schema)
		if h.schema != nil {
			var err error
			if h.validator, err = d.compile(h.schemaAt); err != nil {
				return uncompiled(d.document, err, h.schemaAt)
			}
		}
		if s, err := d.document.Resolve(h.schema); err == nil && s != nil && anyText(s) && h.style.kind != asJSON && s.At("format") == nil {
			h.validator = nil
		}
		if (h.Required || h.validator != nil || h.style.kind == asJSON) && !slices.Contains(d.headerNames, h.Name) {
			d.headerNames = append(d.headerNames, h.Name)
		}
	}
	return nil
}

// HeaderNames are the headers of answers that are to be judged, as HTTP writes them; none where the description says
// nothing of any.
func (d *Description) HeaderNames() []string { return d.headerNames }

// JudgeHeaders holds the headers of a response against the description. The function gives the lines of a header that
// is called as in [Description.HeaderNames].
func (d *Description) JudgeHeaders(status int, lines func(name string) []string) *Violation {
	if len(d.headerNames) == 0 {
		return nil
	}
	r := d.ResponseFor(status)
	if r == nil {
		return nil
	}
	for _, h := range r.Headers {
		if violation := h.judge(d.document, lines(h.Name)); violation != nil {
			violation.Header = h.Name
			return violation
		}
	}
	return nil
}

// Plain gives a value that an answer can have for the header; ok is false where none was found.
func (d *Description) Plain(h *Header) (text string, ok bool) {
	p := &Parameter{In: InHeader, Name: h.Name, Schema: h.schema, style: h.style, node: h.node, document: d.document, validator: h.validator}
	return p.plain()
}

// DoubtHeaders is as [Description.Doubt] for the headers of a response. kin-openapi is asked where each value is one
// text, number or truth value.
func (d *Description) DoubtHeaders(status int, header http.Header, first *Violation) (doubtful bool, other error) {
	r := d.ResponseFor(status)
	if r == nil || r.Assumed {
		return false, nil
	}
	asked := openapi3.Headers{}
	ref := d.crosscheck().operation.Responses.Value(r.Status)
	for _, h := range r.Headers {
		value := header[h.Name]
		s, err := d.document.Resolve(h.schema)
		if err != nil || ref == nil || len(h.shapes) != 1 || h.shapes[0] != aPlain || len(s.Types()) != 1 || h.style.kind == asJSON || len(value) > 1 || len(value) == 1 && lax(value[0]) ||
			roundedBelow(d.document, h.schema) {
			return false, nil
		}
		for name, known := range ref.Value.Headers {
			if strings.EqualFold(name, h.Name) {
				asked[name] = known
			}
		}
	}
	if len(asked) == 0 {
		return false, nil
	}
	other = d.crosscheck().headers(status, r.Status, header, asked)
	return (first == nil) != (other == nil), other
}

// lax reports whether Go reads a text as a number or a truth value otherwise than JSON does, or not as it is written.
func lax(text string) bool {
	_, number := strconv.ParseFloat(text, 64)
	_, truth := strconv.ParseBool(text)
	whole := strings.Trim(text, "0123456789") == "" && len(text) < 16 && (len(text) == 1 || text[:min(1, len(text))] != "0")
	return (number == nil || truth == nil) && !whole && text != "true" && text != "false"
}

// headers is what the filter says of the headers of a response.
func (c crosscheck) headers(status int, described string, header http.Header, asked openapi3.Headers) error {
	operation := *c.operation
	operation.Responses = openapi3.NewResponsesWithCapacity(1)
	operation.Responses.Set(described, &openapi3.ResponseRef{Value: &openapi3.Response{Headers: asked}})
	options := c.options
	options.ExcludeResponseBody = true
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: c.input("{}", &operation), Status: status, Header: header, Options: &options,
	})
}
