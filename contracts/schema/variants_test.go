package schema

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// anySchema draws a JSON Schema as descriptions have them, with the keywords that the derivation knows.
func anySchema(t *rapid.T, depth int) map[string]any {
	kinds := []string{"string", "integer", "number", "boolean", "enum", "const", "nullable", "format"}
	if depth < 3 {
		kinds = append(kinds, "object", "object", "array", "oneOf", "allOf")
	}
	small := rapid.IntRange(0, 5)
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "string":
		s := map[string]any{"type": "string"}
		if rapid.Bool().Draw(t, "bounded") {
			low := small.Draw(t, "low")
			s["minLength"], s["maxLength"] = low, low+small.Draw(t, "span")
		}
		return s
	case "integer", "number":
		s := map[string]any{"type": kind}
		if rapid.Bool().Draw(t, "bounded") {
			low := rapid.IntRange(-50, 50).Draw(t, "low")
			s["minimum"], s["maximum"] = low, low+small.Draw(t, "span")
		}
		return s
	case "boolean":
		return map[string]any{"type": "boolean"}
	case "enum":
		return map[string]any{"type": "string", "enum": []string{"Red", "green"}}
	case "const":
		return map[string]any{"const": "fixed"}
	case "nullable":
		return map[string]any{"type": []string{"string", "null"}}
	case "format":
		return map[string]any{"type": "string", "format": rapid.SampledFrom([]string{"uuid", "date-time", "email", "uri"}).Draw(t, "format")}
	case "array":
		s := map[string]any{"type": "array", "items": anySchema(t, depth+1)}
		if rapid.Bool().Draw(t, "bounded") {
			low := small.Draw(t, "low")
			s["minItems"], s["maxItems"] = low, low+1+small.Draw(t, "span")
		}
		return s
	case "oneOf":
		branch := func(name string) map[string]any {
			return map[string]any{"type": "object", "required": []string{"type", "value"}, "properties": map[string]any{
				"type": map[string]any{"type": "string", "const": name}, "value": anySchema(t, depth+1)}}
		}
		return map[string]any{"oneOf": []any{branch("first"), branch("second")}}
	case "allOf":
		return map[string]any{"allOf": []any{anyObject(t, depth, "a"), anyObject(t, depth, "b")}}
	}
	return anyObject(t, depth, "")
}

func anyObject(t *rapid.T, depth int, prefix string) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range rapid.IntRange(0, 3).Draw(t, "properties") {
		name := fmt.Sprint(prefix, "p", i)
		properties[name] = anySchema(t, depth+1)
		if rapid.Bool().Draw(t, "required") {
			required = append(required, name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	if prefix == "" && len(properties) > 0 && rapid.Bool().Draw(t, "closed") {
		s["additionalProperties"] = false
	}
	return s
}

// For any schema, what is derived as valid is valid and what is derived as broken is not, as an independent judge says.
func TestVariantsOfAnySchema(t *testing.T) {
	counts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		d := parsed(t, anySchema(t, 0))
		holds := judge(t, d.Root.Value(), "")
		derive := NewDeriver(d)
		valid, broken := derive.Valid(d.Root, "x"), derive.Invalid(d.Root)
		if len(valid) == 0 {
			t.Fatalf("nothing is valid for %s", d.Root.AppendJSON(nil))
		}
		for want, list := range map[bool][]Variant{true: valid, false: broken} {
			for _, c := range list {
				if err := holds(c.JSON); (err == nil) != want {
					t.Fatalf("%s (%s): %s is valid: %v; %v\nfor %s", c.Label, c.Why, c.JSON, !want, err, d.Root.AppendJSON(nil))
				}
				counts[want]++
			}
		}
	})
	if counts[true] < 100 || counts[false] < 100 {
		t.Errorf("too few were tried: %v", counts)
	}
}
