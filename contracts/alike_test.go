package contracts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts/jsontext"
	"github.com/kaizenautomation/andon/contracts/schema"
)

// withSchemas is openapi.yaml with more components, and properties of the answer by name.
func withSchemas(t testing.TB, components string, properties map[string]string) string {
	t.Helper()
	var b strings.Builder
	for name, s := range properties {
		fmt.Fprintf(&b, "        %s: %s\n", name, s)
	}
	text := edited(t, "        sessionId:\n", b.String()+"        sessionId:\n")
	return strings.Replace(text, "  schemas:\n", "  schemas:\n"+components, 1)
}

// components are schemas that refer to themselves, and two that a discriminator tells apart.
const components = `    ok: {type: object, required: [kind], properties: {kind: {const: ok}}}
    queued: {type: object, required: [kind, position], properties: {kind: {const: queued}, position: {type: integer}}}
    Loop: {type: object, properties: {child: {$ref: '#/components/schemas/Loop'}, v: {exclusiveMinimum: 0}, w: {type: ['null', string]}, u: {uniqueItems: true}}}
    Tree: {anyOf: [{type: string}, {type: object, properties: {child: {$ref: '#/components/schemas/Tree'}}, additionalProperties: false}]}
    Closed: {type: object, unevaluatedProperties: false, properties: {child: {$ref: '#/components/schemas/Closed'}}}
`

// opinions asks both tools for what they say of values of one property.
func opinions(t testing.TB, d *Description, name, s string, values []string) {
	t.Helper()
	for _, v := range values {
		body := []byte(strings.TrimSuffix(good, "}") + `,"` + name + `":` + v + "}")
		first := d.JudgeResponse(200, "application/json", body).Violation
		if doubtful, other := d.Doubt(200, "application/json", body, first); doubtful {
			says := "it conforms"
			if other != nil {
				says, _, _ = strings.Cut(other.Error(), "\n")
			}
			t.Errorf("%s with %s: andon says %v, kin-openapi %.160s", s, v, first, says)
		}
	}
}

// Whatever the format, and wherever it stands, the second opinion goes by what andon takes it for.
func TestSecondOpinionOnFormats(t *testing.T) {
	var formats = strings.Fields("json-pointer relative-json-pointer uuid duration ipv4 ipv6 hostname email date time date-time uri iri uri-reference iri-reference " +
		"uri-template regex byte int32 int64 float double password binary mine idn-email idn-hostname")
	values := []string{`"2026-01-02t03:04:05z"`, `"/relative"`, `"3b2f0a2e8a434f5e9c0e0d1b6d6f1a11"`, `"a@b.c"`, `"aGk"`, `"(["`, `"~2"`, `""`, `2147483648`, `1.5`}
	properties := map[string]string{}
	for _, f := range formats {
		properties[f] = "{format: " + f + "}"
		properties[f+"-not"] = "{not: {format: " + f + "}}"
		properties[f+"-one"] = "{oneOf: [{type: string, format: " + f + "}, {type: string, maxLength: 1}]}"
	}
	d, err := Load("formats.yaml", []byte(withSchemas(t, "", properties)))
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range []string{"example", "default"} { // kin-openapi holds these by formats of its own
		if _, err := Load("x.yaml", []byte(withSchemas(t, "", map[string]string{"z": "{type: string, format: date-time, " + note + ": '2026-01-02t03:04:05z'}"}))); err != nil {
			t.Error(err)
		}
	}
	// The description is one for all: compiling it for each opinion is what takes the time, so each is asked one thing.
	i := 0
	for name, s := range properties {
		for range 3 {
			opinions(t, d, name, s, []string{values[i%len(values)]})
			i++
		}
	}
	for _, x := range []struct{ name, value, rule string }{
		{"date-time", `"2026-01-02t03:04:05z"`, ""}, {"uri", `"/relative"`, RuleFormat}, {"uuid", `"3b2f0a2e8a434f5e9c0e0d1b6d6f1a11"`, RuleFormat},
		{"int64", `9223372036854775807`, ""}, {"int64", `9223372036854775808`, RuleFormat}, {"int64-not", `9223372036854775808`, ""},
		{"int32", `-2147483648`, ""}, {"int32", `2147483648`, RuleFormat}, {"ipv4", `"::1"`, RuleFormat}, {"byte", `"aGk"`, RuleFormat},
	} {
		v := d.JudgeResponse(200, "application/json", []byte(strings.TrimSuffix(good, "}")+`,"`+x.name+`":`+x.value+"}")).Violation
		if v == nil && x.rule != "" || v != nil && v.Rule != x.rule {
			t.Errorf("%s with %s: %v, want %q", x.name, x.value, v, x.rule)
		}
		opinions(t, d, x.name, properties[x.name], []string{x.value})
	}
}

func TestSecondOpinionOnKeywords(t *testing.T) {
	for _, s := range []struct {
		schema string
		values []string
	}{
		{"{$ref: '#/components/schemas/Loop'}", []string{`{"child":{"child":{"v":null}}}`, `{"child":{"w":null}}`, `{"child":{"u":[1,1.0]}}`, `{"child":null}`, `null`}},
		{"{$ref: '#/components/schemas/Tree'}", []string{`{"child":{"child":"x"}}`, `{"child":{"child":1}}`, `{"other":1}`}},
		{"{$ref: '#/components/schemas/Closed'}", []string{`{"child":{"child":{}}}`, `{"child":{"x":{}}}`}},
		{"{oneOf: [{$ref: '#/components/schemas/ok'}, {$ref: '#/components/schemas/queued'}], discriminator: {propertyName: kind, mapping: {x: '#/components/schemas/ok'}}}",
			[]string{`{"kind":"ok"}`, `{"kind":"x"}`, `{"kind":"queued"}`, `{"kind":"queued","position":1}`, `{}`}},
		{"{anyOf: [{$ref: '#/components/schemas/ok'}, {type: string}], discriminator: {propertyName: kind}}", []string{`"x"`, `{"kind":"ok"}`, `{"kind":"queued"}`}},
		{"{type: object, properties: {kind: {type: string}}, discriminator: {propertyName: kind}}", []string{`{"kind":"ok"}`, `{}`}},
		{"{const: null}", []string{`null`, `1`}},
		{"{then: {minLength: 2}}", []string{`"x"`}},
		{"{if: {type: string}, then: {minLength: 2}, else: {type: number}}", []string{`"x"`, `1`, `null`}},
		{"{maximum: 9007199254740992}", []string{`9007199254740993`, `9007199254740992`}},
		{"{properties: {a: {writeOnly: true}, b: {readOnly: true}}}", []string{`{"a":1,"b":1}`}},
	} {
		d, err := Load("x.yaml", []byte(withSchemas(t, components, map[string]string{"z": s.schema})))
		if err != nil {
			t.Fatalf("%s: %v", s.schema, err)
		}
		opinions(t, d, "z", s.schema, s.values)
	}
}

// schemas draws schemas of many keywords.
func schemas() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return drawSchema(t, 3) })
}

func drawSchema(t *rapid.T, depth int) string {
	plain := []string{
		"type: string", "type: [string, 'null']", "type: [integer]", "type: number", "type: object", "type: array", "const: a", "const: null", "const: 1", "enum: [a]",
		"enum: [a, 1, null]", "enum: [1.5, {}]", "minLength: 0", "minLength: 2", "maxLength: 1", "minItems: 0", "uniqueItems: false", "uniqueItems: true", "minProperties: 0",
		"maxProperties: 1", "required: []", "required: [a]", "required: [b]", "additionalProperties: true", "additionalProperties: false", "additionalProperties: {}",
		"unevaluatedProperties: false", "format: date", "minimum: 1", "exclusiveMaximum: 2", "multipleOf: 0.5", "pattern: '^a'", "items: {}", "description: x",
		"dependentRequired: {a: [b]}", "propertyNames: {maxLength: 1}", "default: 1",
	}
	var keywords []string
	add := func(keyword string) {
		name, _, _ := strings.Cut(keyword, ":")
		if !slices.ContainsFunc(keywords, func(k string) bool { return strings.HasPrefix(k, name+":") }) {
			keywords = append(keywords, keyword)
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "keywords") {
		add(rapid.SampledFrom(plain).Draw(t, "keyword"))
	}
	if depth > 0 {
		for range rapid.IntRange(0, 2).Draw(t, "parts") {
			one, two := drawSchema(t, depth-1), drawSchema(t, depth-1)
			add(rapid.SampledFrom([]string{
				"allOf: [" + one + "]", "anyOf: [" + one + "]", "oneOf: [" + one + "]", "allOf: [" + one + ", " + two + "]", "oneOf: [" + one + ", " + two + "]",
				"anyOf: [" + one + ", {type: 'null'}]", "oneOf: [{type: 'null'}, " + one + "]", "not: " + one, "properties: {a: " + one + ", b: " + two + "}", "properties: {a: " + one + "}",
				"items: " + one, "contains: " + one, "if: " + one + ", then: " + two, "patternProperties: {'^a': " + one + "}", "additionalProperties: " + one,
				"anyOf: [{$ref: '#/components/schemas/ok'}]", "allOf: [{$ref: '#/components/schemas/queued'}, " + one + "]", "oneOf: [{$ref: '#/components/schemas/Loop'}, {type: 'null'}]",
			}).Draw(t, "part"))
		}
	}
	return "{" + strings.Join(keywords, ", ") + "}"
}

var someValues = []string{`null`, `true`, `0`, `1`, `1.5`, `"a"`, `"bc"`, `""`, `[]`, `["a","a"]`, `[1,null]`, `{}`, `{"a":"a"}`, `{"b":1}`, `{"a":null,"b":"bc"}`, `{"c":{"a":1}}`, `{"kind":"ok"}`,
	`{"kind":"queued","position":1,"a":1}`, `{"child":{"v":0}}`}

// A schema that is written otherwise, for kin-openapi or to be compared, means what it did.
func TestRewrittenSchemasMeanTheSame(t *testing.T) {
	for _, text := range []string{
		"{unevaluatedProperties: false, allOf: [{additionalProperties: {}}]}",
		"{allOf: [{allOf: [{anyOf: [{}], allOf: [{additionalProperties: false}]}]}]}",
		"{allOf: [{required: [a]}, {type: string, required: [a]}]}",
		"{anyOf: [{type: string}, {type: 'null'}], allOf: [{}]}",
		"{allOf: [{properties: {a: {type: string}}}, {additionalProperties: false}]}",
		"{oneOf: [{type: string, not: {const: a}}, {type: 'null'}]}",
		"{type: [string, 'null'], enum: [a], allOf: [{type: string}]}",
	} {
		meansTheSame(t, text)
	}
	rapid.Check(t, func(t *rapid.T) { meansTheSame(t, schemas().Draw(t, "schema")) })
}

func meansTheSame(t rapid.TB, text string) {
	compile := func(root *schema.Node) *jsonschema.Schema {
		c, err := newCompiler(root)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Compile(documentURL + "#/components/schemas/x")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	more := components
	if !strings.Contains(text, "unevaluated") { // what counts properties anywhere leaves more as it is
		more, _, _ = strings.Cut(components, "    Closed:")
	}
	const call = "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/x'}}}}}}}\n"
	root, err := schema.Parse([]byte(call + "components:\n  schemas:\n    x: " + text + "\n" + more))
	if err != nil {
		t.Fatal(err)
	}
	before := compile(root)
	o := Operation{Method: "POST", Path: "/a"}
	compared := alike(&schema.Document{Root: root})
	other := rewritten(&schema.Document{Root: root}, o, func(_ *schema.Document, s *schema.Node) { forSecondOpinion(s) })
	for _, written := range []*schema.Node{compared, other} {
		after := compile(written)
		for _, value := range someValues {
			v, _ := jsontext.Decode([]byte(value))
			if first, second := before.Validate(v), after.Validate(v); (first == nil) != (second == nil) {
				t.Fatalf("%s: %s\nfor %s was %v, and is %v", text, written.At("components", "schemas", "x").AppendJSON(nil), value, first, second)
			}
		}
	}
	if again := alike(&schema.Document{Root: compared}); string(again.AppendJSON(nil)) != string(compared.AppendJSON(nil)) {
		t.Fatalf("%s: %s\nis written again as %s", text, compared.AppendJSON(nil), again.AppendJSON(nil))
	}
}

// Descriptions that mean the same are the same to callers, and those that do not are not.
func TestDiffOfSpellings(t *testing.T) {
	const object = "{type: object, required: [a], properties: {a: {type: string}, b: {type: integer}}}"
	for _, c := range []struct {
		old, new string
		changed  bool
	}{
		{"{$ref: '#/components/schemas/ok'}", "{allOf: [{$ref: '#/components/schemas/ok'}]}", false},
		{"{$ref: '#/components/schemas/ok'}", "{type: object, required: [kind], properties: {kind: {type: string, enum: [ok]}}}", false},
		{object, "{oneOf: [" + object + "]}", false},
		{object, "{allOf: [{type: object, required: [a], properties: {a: {type: string}}}, {properties: {b: {type: integer}}}]}", false},
		{object, "{type: object, allOf: [" + object + "], description: more}", false},
		{"{type: string, enum: [a]}", "{const: a}", false},
		{"{enum: [a, 1]}", "{enum: [a, 1], type: [string, number, 'null']}", false},
		{"{type: string}", "{type: [string], minLength: 0}", false},
		{"{type: object}", "{type: object, additionalProperties: true, required: [], minProperties: 0}", false},
		{"{type: [string, 'null'], maxLength: 3}", "{anyOf: [{type: string, maxLength: 3}, {type: 'null'}]}", false},
		{"{oneOf: [{type: 'null'}, {type: string, enum: [a]}]}", "{enum: [a, null]}", false},
		{"{type: string, enum: [a]}", "{const: b}", true},
		{"{const: null}", "{const: 1}", true},
		{"{type: string, enum: [a]}", "{type: string, enum: [a, b]}", true},
		{"{type: string}", "{anyOf: [{type: string}, {type: 'null'}]}", true},
		{object, "{allOf: [{type: object, properties: {a: {type: string}}}, {properties: {b: {type: integer}}}]}", true},
		{object, "{allOf: [" + object + "], properties: {b: {type: string}}}", true},
	} {
		load := func(s string) *Description {
			text := strings.Replace(withSchemas(t, components, map[string]string{"z": s}), "agentId:\n          description", "z: "+s+"\n        agentId:\n          description", 1)
			d, err := Load("x.yaml", []byte(text))
			if err != nil {
				t.Fatalf("%s: %v", s, err)
			}
			return d
		}
		for _, pair := range [][2]*Description{{load(c.old), load(c.new)}, {load(c.new), load(c.old)}} {
			changes, err := Diff(pair[0], pair[1], nil)
			if err != nil || (len(changes) > 0) != c.changed {
				t.Errorf("%s and %s: %+v, %v; changed %v", c.old, c.new, changes, err, c.changed)
			}
		}
	}
}

// Whatever a description asks for, and whatever comes back: both tools say the same, and what andon says is the same
// each time, short, and of a place that is there.
func FuzzSchemas(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		text := schemas().Draw(t, "schema")
		meansTheSame(t, text)
		spec := strings.Replace(string(andon.Spec), "        sessionId:\n", "        z: "+text+"\n        sessionId:\n", 1)
		d, err := Load("x.yaml", []byte(strings.Replace(spec, "  schemas:\n", "  schemas:\n"+components, 1)))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.yaml: ") {
				t.Fatal(err)
			}
			return
		}
		body := []byte(strings.TrimSuffix(good, "}") + `,"z":` + rapid.SampledFrom(someValues).Draw(t, "value") + "}")
		first := d.JudgeResponse(200, "application/json", body).Violation
		if doubtful, other := d.Doubt(200, "application/json", body, first); doubtful {
			t.Fatalf("%s with %s: andon says %v, kin-openapi %.300v", text, body, first, other)
		}
		if first == nil {
			return
		}
		if again := d.JudgeResponse(200, "application/json", body).Violation; again == nil || *again != *first {
			t.Fatalf("%s with %s: %+v, and then %+v", text, body, first, again)
		}
		if !slices.Contains(Rules(), first.Rule) || first.Message == "" || len(first.Message) > 1000 || !strings.HasPrefix(first.Pointer, "/z") {
			t.Fatalf("%s with %s: %+v", text, body, first)
		}
	}))
}
