package contracts

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// CrosscheckRequest is what kin-openapi's own filter says of a request's body; nil if it conforms, or if the filter
// cannot say.
func (d *Description) CrosscheckRequest(body []byte) error {
	c := d.crosscheck()
	if c.silent || pastFloat64(body) {
		return nil
	}
	other := c.request(body)
	if other == nil || c.loosened == nil {
		return other
	}
	if _, violation := d.ReadRequest(body); violation == nil && c.loosened.turns(body, d.validator) {
		return nil
	}
	return other
}

// Doubt reports whether two tools disagree on a response, for a reason that does not lie in what each of them looks at:
// then one of them is wrong, and nothing can be said of the response. kin-openapi's filter does not look for repeated
// keys, empty ids, and what stands behind the JSON text; andon is easy on responses that are marked as assumptions.
func (d *Description) Doubt(status int, contentType string, body []byte, first *Violation) (doubtful bool, other error) {
	r := d.ResponseFor(status)
	c := d.crosscheck()
	if c.silent || r == nil || r.Assumed || len(r.Media) == 0 || bodyless(status, body) || pastFloat64(body) {
		return false, nil
	}
	m, held := r.media(mediaType(contentType)), first == nil
	if c.loosened != nil && m != nil && m.validator != nil && isJSON(mediaType(contentType)) {
		held = held != c.loosened.turns(body, m.validator)
	}
	if m != nil && strings.Contains(m.Name, ";") {
		contentType = m.Name // kin-openapi does not take a type without the parameters of the description for that type
	}
	other = c.response(status, contentType, body)
	var unread *openapi3filter.ParseError
	if errors.As(other, &unread) && unread.Kind == openapi3filter.KindUnsupportedFormat {
		other = nil // it cannot read such bodies, and so has no opinion
	}
	if first != nil && slices.Contains([]string{RuleDuplicateKey, RuleEmptyID, RuleMalformedJSON, RuleRepeatedID}, first.Rule) {
		return false, nil
	}
	return held != (other == nil), other
}

// crosscheck is kin-openapi's view of the call.
func (d *Description) crosscheck() crosscheck {
	c, err := d.second()
	if err != nil {
		panic(err) // the description was given as proven
	}
	c.sends = d.sends
	return c
}

// pastFloat64 reports whether a body holds a number that needs more than a float64, which is what kin-openapi reads
// numbers as.
func pastFloat64(body []byte) bool {
	v, bad := jsontext.Decode(body)
	return bad == nil && holdsNumber(v)
}

// holdsNumber reports whether a value has a number in it that stayed as it was written.
func holdsNumber(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return true
	case []any:
		return slices.ContainsFunc(v, holdsNumber)
	case map[string]any:
		for _, x := range v {
			if holdsNumber(x) {
				return true
			}
		}
	}
	return false
}

// JudgedAlone are the parts of the description, each with its place, by which one validator judges alone: kin-openapi
// reads numbers as float64, which does not hold those.
func (d *Description) JudgedAlone() (parts []string) {
	w := rewriter{document: d.document, seen: map[*schema.Node]bool{}, edit: func(_ *schema.Document, s *schema.Node) {
		for _, key := range roundedIn(s) {
			n := s.At(key)
			file, line, _ := d.Where(n.Line)
			parts = append(parts, fmt.Sprintf("%s: %s (%s:%d:%d)", key, clip(string(n.AppendJSON(nil)), 60), file, line, n.Column))
		}
	}}
	w.operation(d.operation.Path, strings.ToLower(d.operation.Method))
	return parts
}
