package contracts

import (
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// Header is what the description says of a header of an answer.
type Header struct {
	// Name is as HTTP writes it.
	Name     string
	Required bool
	// Line is where it stands.
	Line int

	style     style
	node      *schema.Node
	schema    *schema.Node
	schemaAt  []string
	validator *jsonschema.Schema
	shapes    []shape
}

// setCookie is the one header whose lines are not one list (RFC 9110, section 5.3).
const setCookie = "Set-Cookie"

func (h *Header) judge(d *schema.Document, lines []string) *Violation {
	switch {
	case len(lines) == 0 && h.Required:
		return &Violation{Rule: RuleMissingHeader, Expected: "the header " + h.Name, Found: "none", Message: "the header " + h.Name + " of the answer is missing"}
	case len(lines) == 0, h.validator == nil && h.style.kind != asJSON:
		return nil
	}
	if h.Name != setCookie {
		lines = []string{strings.Join(lines, ", ")}
	}
	for _, line := range lines {
		read := func(as shape) (parts, bool) { return h.style.read(line, as) }
		if violation := judgeText("the header "+h.Name, h.style, d, h.schema, h.shapes, h.validator, read, line); violation != nil {
			return violation
		}
	}
	return nil
}
