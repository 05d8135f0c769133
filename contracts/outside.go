package contracts

import (
	"fmt"
	"slices"
	"strings"
)

// carriedOtherwise tells of the parameters that a call may carry no longer as it did, where no rule tells of them.
func carriedOtherwise(older, newer *Description, changes []Change) (out []Change) {
	if older.operation.String() != newer.operation.String() {
		return nil
	}
	for _, before := range older.parameters {
		i := slices.IndexFunc(newer.parameters, func(p *Parameter) bool {
			return p.In == before.In && (p.Name == before.Name || p.In == InHeader && strings.EqualFold(p.Name, before.Name))
		})
		if i < 0 || toldOf(changes, "parameter", before.Name) {
			continue
		}
		after := newer.parameters[i]
		if text := before.lost(older, newer, after); text != "" {
			out = append(out, Change{
				ID: Narrowed, Severity: Breaking, Operation: older.operation.String(), Value: text, Line: after.Line,
				Text: fmt.Sprintf("%s could be %s, and can be no longer", before, text),
			})
		}
	}
	return out
}

// lost is how a parameter could be written, and is not read any more as what it was; empty where nothing shows it.
func (p *Parameter) lost(older, newer *Description, after *Parameter) string {
	values := older.document.Seeds(schemaOr(p.Schema))
	found, _ := bodies{older, schemaOr(p.Schema), p.validator}.beyond(bodies{newer, schemaOr(after.Schema), after.validator}, nil)
	for _, f := range found {
		values = append(values, f.value)
	}
	for _, value := range values {
		text, ok := p.Write(value)
		if !ok || p.Judge(text) != nil {
			continue
		}
		now, can := after.Write(value)
		if after.Judge(text) != nil || can && now != text && after.Judge(now) == nil {
			return text
		}
	}
	return ""
}

// headersOtherwise tells of the headers of answers that may have values that they could not have, where no rule does.
func headersOtherwise(older, newer *Description, changes []Change) (out []Change) {
	if older.operation.String() != newer.operation.String() {
		return nil
	}
	for _, after := range newer.responses {
		before := older.byStatus[strings.ToUpper(after.Status)]
		if before == nil || before.Assumed || after.Assumed {
			continue
		}
		for _, h := range after.Headers {
			i := slices.IndexFunc(before.Headers, func(old *Header) bool { return old.Name == h.Name })
			if i < 0 || before.Headers[i].schema == nil || toldOf(changes, "response-header", h.Name) {
				continue
			}
			if text := h.gained(older, newer, before.Headers[i]); text != "" {
				out = append(out, Change{
					ID: Widened, Severity: Breaking, Operation: older.operation.String(), Value: h.Name + ": " + text, Line: h.Line,
					Text: fmt.Sprintf("the header %s of an answer of status %s could not be %s, and can be", h.Name, after.Status, text),
				})
			}
		}
	}
	return out
}

// gained is what a header may be and could not be; empty where nothing shows it.
func (h *Header) gained(older, newer *Description, before *Header) string {
	found, _ := bodies{newer, schemaOr(h.schema), h.validator}.beyond(bodies{older, before.schema, before.validator}, nil)
	for _, f := range found {
		text, ok := h.style.write(f.value)
		if ok && h.judge(newer.document, []string{text}) == nil && before.judge(older.document, []string{text}) != nil {
			return text
		}
	}
	return ""
}

// toldOf reports whether a rule of a kind tells that something with a name breaks callers.
func toldOf(changes []Change, kind, name string) bool {
	return slices.ContainsFunc(changes, func(c Change) bool {
		return c.Severity == Breaking && strings.Contains(c.ID, kind) && strings.Contains(strings.ToLower(c.Text), "`"+strings.ToLower(name)+"`")
	})
}
