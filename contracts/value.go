package contracts

import (
	"cmp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// judgeText is about any value that no JSON text is: of a parameter, or of a header of an answer.
func judgeText(name string, s style, d *schema.Document, of *schema.Node, as []shape, validator *jsonschema.Schema, read func(shape) (parts, bool), text string) (first *Violation) {
	note := func(v *Violation) { first = cmp.Or(first, v) }
	for _, as := range as {
		found, ok := read(as)
		if !ok {
			note(&Violation{Rule: RuleFormat, Expected: "the style " + s.kind, Found: quote(clip(text, 60)), Message: name + " is not written in the style " + s.kind + ", found " + quote(clip(text, 60))})
			continue
		}
		v, ok := s.value(d, found, of)
		if !ok {
			return &Violation{Rule: RuleMalformedJSON, Expected: "JSON", Found: quote(clip(found.texts[0], 60)), Message: name + " is not JSON, found " + quote(clip(found.texts[0], 60))}
		}
		if validator == nil {
			return nil
		}
		violation := violationOf(v, validator, "")
		if violation != nil && as == aPlain && s.kind != asJSON {
			if _, isText := v.(string); !isText && violationOf(found.texts[0], validator, "") == nil {
				return nil // it may be meant as a text that looks like something else
			}
		}
		if violation == nil {
			return nil
		}
		if rest, whole := strings.CutPrefix(violation.Message, "the body "); whole {
			violation.Message = name + " " + rest
		} else {
			violation.Message = name + ": " + violation.Message
		}
		violation.Pointer = ""
		note(violation)
		if s.kind == asJSON {
			break
		}
	}
	return first
}
