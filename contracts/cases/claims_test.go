package cases

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts"
)

// claimed are schemas of a property, in the ways in which descriptions differ.
var claimed = []string{
	`{type: string}`, `{type: string, minLength: 3, maxLength: 3}`, `{type: string, maxLength: 0}`, `{type: string, pattern: '^[A-Z]{3}-\d+$'}`, `{type: string, pattern: '^(?!x)\w+$'}`,
	`{type: string, pattern: '^[^\u0000-\u001f]{2,4}$'}`, `{type: string, pattern: '^(a|b)\1$'}`, `{type: string, pattern: '^\S+$', minLength: 5, maxLength: 9}`, `{type: string, format: byte}`,
	`{type: string, contentEncoding: base64}`, `{type: string, format: date}`, `{type: string, format: date-time}`, `{type: string, format: time}`, `{type: string, format: duration}`, `{type: string, format: email}`,
	`{type: string, format: hostname}`, `{type: string, format: ipv4}`, `{type: string, format: ipv6}`, `{type: string, format: uri}`, `{type: string, format: uri-reference}`, `{type: string, format: uuid}`,
	`{type: string, format: regex}`, `{type: string, format: json-pointer}`, `{type: string, format: relative-json-pointer}`, `{type: string, format: uri-template}`, `{type: string, format: iri}`, `{type: string, format: unheard-of}`,
	`{type: integer}`, `{type: integer, format: int32, minimum: 2147483000}`, `{type: integer, format: int64}`, `{type: integer, minimum: 9007199254740993, maximum: 9007199254740995}`, `{type: integer, multipleOf: 7, minimum: 15}`,
	`{type: integer, multipleOf: 7, minimum: 15, maximum: 21}`, `{type: integer, exclusiveMinimum: 3, exclusiveMaximum: 5}`, `{type: integer, maximum: -9}`, `{type: number}`, `{type: number, minimum: 0.1, maximum: 0.2}`,
	`{type: number, multipleOf: 0.01}`, `{type: number, exclusiveMinimum: 0, exclusiveMaximum: 1}`, `{type: number, multipleOf: 0.1, minimum: 0.25, maximum: 0.35}`, `{type: number, minimum: 1e20}`, `{type: boolean}`, `{type: 'null'}`,
	`{const: 7}`, `{const: null}`, `{const: {a: [1]}}`, `{enum: [a, 1, null, [2], {b: 3}]}`, `{type: string, enum: [Red, green]}`, `{type: [string, 'null'], enum: [a, null]}`, `{type: [integer, string]}`,
	`{type: array}`, `{type: array, items: {type: integer}, minItems: 2, maxItems: 3}`, `{type: array, items: {enum: [a, b, c]}, uniqueItems: true, minItems: 3}`, `{type: array, items: {type: integer}, uniqueItems: true, minItems: 2}`,
	`{type: array, prefixItems: [{type: string}, {type: integer}], minItems: 2}`, `{type: array, prefixItems: [{type: string}], items: false}`, `{type: array, contains: {const: x}}`, `{type: array, items: {type: string}, contains: {const: x}, minContains: 2}`,
	`{type: array, items: {type: array, items: {type: boolean}, minItems: 1}}`, `{type: array, maxItems: 0}`, `{type: object}`, `{type: object, minProperties: 2}`, `{type: object, maxProperties: 1}`, `{type: object, additionalProperties: {type: integer}}`,
	`{type: object, additionalProperties: {type: integer}, minProperties: 2}`, `{type: object, propertyNames: {pattern: '^x'}, minProperties: 1}`, `{type: object, propertyNames: {enum: [a, b]}, minProperties: 2}`,
	`{type: object, patternProperties: {'^n': {type: integer}}, additionalProperties: false}`, `{type: object, required: [a]}`, `{type: object, required: [a], additionalProperties: {type: integer}}`,
	`{type: object, required: [a], properties: {a: {type: string}, b: {type: integer}}, additionalProperties: false}`, `{type: object, properties: {a: {type: string}, b: {type: string}}, dependentRequired: {a: [b]}}`,
	`{type: object, properties: {a: {type: string}}, dependentSchemas: {a: {required: [b]}}}`, `{type: object, properties: {a: {enum: [x, y]}, b: {type: string}}, if: {properties: {a: {const: x}}, required: [a]}, then: {required: [b]}}`,
	`{oneOf: [{type: string}, {type: integer}]}`, `{oneOf: [{type: number, multipleOf: 2}, {type: number, multipleOf: 3}]}`, `{anyOf: [{type: string, maxLength: 2}, {type: 'null'}]}`, `{anyOf: [{required: [a]}, {required: [b]}], type: object}`,
	`{oneOf: [{type: object, required: [k, v], properties: {k: {const: a}, v: {type: string}}}, {type: object, required: [k, w], properties: {k: {const: b}, w: {type: integer}}}]}`,
	`{allOf: [{type: string}, {minLength: 4}]}`, `{allOf: [{type: object, required: [a], properties: {a: {type: string}}}, {type: object, required: [b], properties: {b: {type: integer}}}]}`,
	`{allOf: [{type: object, properties: {a: {type: string}}}], unevaluatedProperties: false}`, `{not: {type: string}}`, `{type: string, not: {const: ''}}`, `{type: integer, not: {multipleOf: 2}}`,
	`{}`, `true`, `{minimum: 3}`, `{type: string, examples: [a, b]}`, `{type: integer, examples: [many]}`, `{type: string, default: x, example: y}`, `{type: string, readOnly: true}`, `{type: string, writeOnly: true}`,
	`{$ref: '#/components/schemas/Node'}`, `{type: array, items: {$ref: '#/components/schemas/Node'}, minItems: 1}`, `{type: object, additionalProperties: {$ref: '#/components/schemas/Node'}}`,
}

// described is a description whose call has a property of a schema.
func describedBy(t *testing.T, schema string, required bool, version string) (*contracts.Description, error) {
	t.Helper()
	needs := ""
	if required {
		needs = "required: [x], "
	}
	return contracts.Load("spec.yaml", fmt.Appendf(nil, `openapi: %s
info: {title: t, version: '1'}
paths:
  /agents/execute:
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object, %sproperties: {agentId: {type: string}, x: %s}}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
components: {schemas: {Node: {type: object, required: [v], properties: {v: {type: string, minLength: 1}, next: {$ref: '#/components/schemas/Node'}}}}}
`, version, needs, schema))
}

// Every case of a body is what it claims to be, to both judges, whatever the description; and of each something valid
// is sent, with the property in it.
func TestCasesAreWhatTheyClaim(t *testing.T) {
	descriptions, tried := 0, 0
	for _, schema := range claimed {
		for _, required := range []bool{true, false} {
			version := "3.1.0"
			if !strings.ContainsAny(schema, "[$") && !required {
				version = "3.2.0"
			}
			d, err := describedBy(t, schema, required, version)
			if err != nil {
				t.Errorf("%s: %v", schema, err)
				continue
			}
			descriptions++
			list, _ := Derive(d)
			with := 0
			for _, c := range append(list, Random(d, 1, 6)...) {
				if c.ContentType != jsonType || c.Expect == Either || c.Method != "POST" || c.Authority == ByJSON || len(c.Body) > 10_000 {
					continue
				}
				tried++
				_, violation := d.ReadRequest(c.Body)
				if accepted := c.Expect == Accepted; accepted != (violation == nil) {
					t.Errorf("%s (required: %v): %s is %s: %v: %.200s", schema, required, c.ID, c.Expect, violation, c.Body)
				} else if other := d.CrosscheckRequest(c.Body); !strings.Contains(schema, "9007199254740993") && !strings.Contains(schema, "1e20") && accepted != (other == nil) && !strings.HasPrefix(c.ID, "body.") {
					t.Errorf("%s (required: %v): %s is %s, and kin-openapi says %v: %.200s", schema, required, c.ID, c.Expect, other, c.Body)
				}
				if c.Expect == Accepted && strings.Contains(string(c.Body), `"x":`) {
					with++
				}
			}
			if with == 0 && !strings.Contains(schema, "readOnly") {
				t.Errorf("%s (required: %v): in no case the property is sent and must be accepted", schema, required)
			}
		}
	}
	if descriptions < 150 || tried < 5000 {
		t.Errorf("%d descriptions, %d cases", descriptions, tried)
	}
}
