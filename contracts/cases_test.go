package contracts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What a case claims of its body is what the description says of it, and every case can be told from the others.
func TestCases(t *testing.T) {
	d := loaded(t)
	cases, leftOut := d.Cases()
	again, _ := loaded(t).Cases()
	ids, bodies := map[string]bool{}, map[string]bool{}
	for i, c := range cases {
		if ids[c.ID] || c.ID == "" || c.Proves == "" || strings.ContainsAny(c.ID, " /\"") {
			t.Errorf("the id %q (%s) is taken or odd", c.ID, c.Proves)
		}
		ids[c.ID] = true
		if a := again[i]; a.ID != c.ID || !bytes.Equal(a.Body, c.Body) {
			t.Errorf("derived twice, case %d is %s and %s", i, c.ID, a.ID)
		}
		if (c.Expect == Refused) != strings.HasSuffix(c.ID, ".negative") || (c.Expect == Either) != strings.HasSuffix(c.ID, ".silent") {
			t.Errorf("%s is %s", c.ID, c.Expect)
		}
		head := c.Method != "POST" || c.ContentType != "application/json" || c.Auth != ValidToken
		if _, v := d.ReadRequest(c.Body); !head && (v != nil) != (c.Expect == Refused) {
			t.Errorf("%s: %v: %s", c.ID, v, c.Body)
		}
		if !head && bodies[string(c.Body)] {
			t.Errorf("%s: the body is that of another case", c.ID)
		}
		bodies[string(c.Body)] = bodies[string(c.Body)] || !head
	}
	for _, id := range []string{
		"text.Full", "file.Lite", "skill.default", "json.Full", "mixed.Lite", "empty.default", "none.Full", "none.default",
		"content.all", "content.repeated", "text.text.unicode", "text.text.long", "json.data.deep", "json.data.empty", "body.all",
		"agentId.alone", "archiveSessionFiles.false", "archiveSessionFiles.alone", "summarySchema.alone", "content-type.charset",
		"text.missing-text.negative", "file.missing-id.negative", "skill.missing-id.negative", "json.missing-data.negative",
		"text.missing-type.negative", "text.type.unknown.negative", "text.as-file.negative", "content.object.negative",
		"agentId.number.negative", "archiveSessionFiles.string.negative", "summarySchema.array.negative", "kaizenVersion.unknown.negative",
		"kaizenVersion.wrong-case.negative", "body.cut-off.negative", "body.key-twice.negative", "body.empty.negative",
		"content-type.text.negative", "method.GET.negative", "token.missing.negative", "token.wrong-scheme.negative",
		"body.unknown-property.silent", "text.unknown-property.silent", "agentId.unknown.silent",
	} {
		if !ids[id] {
			t.Errorf("there is no case %s", id)
		}
	}
	if leftOut <= 0 {
		t.Errorf("%d combinations are left out", leftOut)
	}
	if len(d.InvalidCalls()) < 100 {
		t.Errorf("there are %d invalid calls", len(d.InvalidCalls()))
	}
	for _, body := range d.InvalidCalls() {
		if _, v := d.ReadRequest(body); v == nil {
			t.Errorf("an invalid call conforms: %s", body)
		}
	}
}

// Every two choices of tier, content and optional properties meet in some case.
func TestPairwise(t *testing.T) {
	d := loaded(t)
	met := map[string]bool{}
	cases, _ := d.Cases()
	for _, c := range cases {
		var call map[string]json.RawMessage
		if c.Expect != Accepted || json.Unmarshal(c.Body, &call) != nil {
			continue
		}
		content := "none"
		if call["content"] != nil {
			content = strings.Join(c.Content, "+")
		}
		features := []string{"content " + content, "tier " + string(call["kaizenVersion"]), "archive " + string(call["archiveSessionFiles"]),
			fmt.Sprint("agent ", call["agentId"] != nil), fmt.Sprint("schema ", call["summarySchema"] != nil)}
		for _, a := range features {
			for _, b := range features {
				met[a+" & "+b] = true
			}
		}
	}
	values := [][]string{
		{"content text", "content file", "content skill", "content json", "content text+file+skill+json", "content ", "content none"},
		{"tier ", `tier "Full"`, `tier "Lite"`}, {"archive ", "archive true", "archive false"}, {"agent true", "agent false"}, {"schema true", "schema false"},
	}
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			for _, a := range values[i] {
				for _, b := range values[j] {
					if !met[a+" & "+b] {
						t.Errorf("%s and %s meet in no case", a, b)
					}
				}
			}
		}
	}
}

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

// For any schema, what is derived as valid is valid and what is derived as broken is not, as an independent judge says:
// the validator that the description's own schemas are compiled by.
func TestVariantsOfAnySchema(t *testing.T) {
	counts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		schema := anySchema(t, 0)
		text, err := json.Marshal(map[string]any{
			"openapi": "3.1.0", "info": map[string]any{"title": "t", "version": "1"},
			"paths": map[string]any{"/agents/execute": map[string]any{"post": map[string]any{
				"requestBody": map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": map[string]any{
					"type": "object", "properties": map[string]any{"x": schema}}}}},
				"responses": map[string]any{"default": map[string]any{"description": "any"}},
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		d, err := Load("any.json", text)
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		x := d.Fields()[0]
		derive := newDeriver(d)
		valid, broken := derive.valid(x.schema, "x"), derive.invalid(x.schema)
		if len(valid) == 0 {
			t.Fatalf("nothing is valid for %s", text)
		}
		for want, list := range map[bool][]variant{true: valid, false: broken} {
			for _, c := range list {
				body := objectOf([]Field{{"x", c.json}})
				if _, violation := d.ReadRequest(body); (violation == nil) != want {
					schemaText, _ := json.Marshal(schema)
					t.Fatalf("%s (%s): %s is valid: %v; %v\nfor %s", c.label, c.why, c.json, !want, violation, schemaText)
				}
				counts[want]++
			}
		}
	})
	if counts[true] < 100 || counts[false] < 100 {
		t.Errorf("too few were tried: %v", counts)
	}
}

// The command line of a case sends its body, byte for byte, even if that is longer than a command line may be.
func TestCurlOfLargeBody(t *testing.T) {
	d := loaded(t)
	c := d.LargeCase(1 << 20)
	line := c.Curl("http://127.0.0.1:1")
	if len(line) > 500 {
		t.Fatalf("the line has %d bytes", len(line))
	}
	before, _, piped := strings.Cut(line, " | curl ")
	if !piped {
		t.Fatalf("nothing is piped: %s", line)
	}
	out, err := exec.Command("sh", "-c", before).Output()
	if err != nil || !bytes.Equal(out, c.Body) {
		t.Errorf("%d bytes instead of %d, %v", len(out), len(c.Body), err)
	}
}
