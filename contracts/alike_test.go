package contracts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
)

func TestSecondOpinion(t *testing.T) {
	values := []string{`null`, `true`, `0`, `1`, `-1`, `1.5`, `9007199254740993`, `9223372036854775807`, `9223372036854775808`, `2147483648`, `"x"`, `""`, `"2026-01-02t03:04:05z"`, `"2026-01-02T03:04:05Z"`,
		`"/relative"`, `"http://a/b"`, `"3b2f0a2e8a434f5e9c0e0d1b6d6f1a11"`, `"3b2f0a2e-8a43-4f5e-9c0e-0d1b6d6f1a11"`, `"127.0.0.1"`, `"::1"`, `"a@b.c"`, `"P1D"`, `"12:00:00Z"`, `"aGk="`, `"aGk"`, `"(["`, `"~2"`, `[]`, `[1]`, `[1,1]`, `["a"]`, `{}`, `{"a":1}`, `{"kind":"x"}`, `{"kind":"ok"}`, `{"kind":"queued","position":1}`,
		`{"kind":"queued"}`, `{"kind":7}`, `{"cost":1}`, `{"cost":1,"currency":"x"}`, `{"child":{"child":{"child":1}}}`, `{"child":{}}`}
	for _, f := range []string{"json-pointer", "relative-json-pointer", "uuid", "duration", "period", "ipv4", "ipv6", "hostname", "email", "date", "time", "date-time", "uri", "iri", "uri-reference", "iri-reference", "uri-template", "semver", "regex", "byte", "int32", "int64", "float", "double", "password", "binary", "mine", "idn-email", "idn-hostname"} {
		opinion(t, "{format: "+f+"}", values)
		opinion(t, "{not: {format: "+f+"}}", values)
		opinion(t, "{oneOf: [{type: string, format: "+f+"}, {type: string, format: date}]}", values)
	}
	for _, s := range []string{
		"{const: null}", "{const: 1}", "{enum: [null]}", "{type: [string, 'null']}", "{type: 'null'}", "{not: {}}", "{exclusiveMinimum: 0}", "{exclusiveMaximum: 0}", "{maximum: 9007199254740992}", "{multipleOf: 0.01}",
		"{maxLength: 0}", "{minLength: 1}", "{maxItems: 0}", "{uniqueItems: true}", "{items: false}", "{prefixItems: [{type: string}]}", "{prefixItems: [{type: string}], items: false}",
		"{contains: {type: number}}", "{contains: {type: number}, minContains: 0}", "{contains: {type: number}, minContains: 2}", "{contains: {type: number}, maxContains: 1}", "{additionalProperties: false}", "{additionalProperties: {type: string}}",
		"{patternProperties: {'^k': {type: number}}}", "{patternProperties: {'^k': false}}", "{dependentRequired: {cost: [currency]}}", "{dependentSchemas: {cost: {required: [currency]}}}", "{propertyNames: {maxLength: 1}}",
		"{unevaluatedProperties: false}", "{unevaluatedProperties: false, allOf: [{properties: {a: {}}}]}", "{unevaluatedProperties: {type: string}}", "{unevaluatedItems: false}", "{unevaluatedItems: false, prefixItems: [{}]}", "{if: {type: string}, then: {minLength: 2}, else: {type: number}}", "{if: {type: string}}", "{then: {minLength: 2}}",
		"{minProperties: 1, maxProperties: 1}", "{maxProperties: 0}", "{required: [a]}", "{properties: {a: false}}", "{properties: {a: true}}", "{anyOf: [{type: string}, {type: number}]}",
		"{oneOf: [{type: number}, {type: integer}]}", "{allOf: [{type: number}, {maximum: 0}]}", "{$ref: '#/components/schemas/Loop'}", "{$ref: '#/components/schemas/Tree'}", "{$ref: '#/components/schemas/Closed'}", "{pattern: '^x$'}", "{type: integer}",
		"{type: object, readOnly: true}", "{properties: {a: {writeOnly: true}}}", "{properties: {a: {readOnly: true}}}",
		"{$defs: {a: {type: string}}, type: string}",
		"{type: object, discriminator: {propertyName: kind}, oneOf: [{$ref: '#/components/schemas/ok'}, {$ref: '#/components/schemas/queued'}]}",
		"{discriminator: {propertyName: kind, mapping: {x: '#/components/schemas/ok'}}, oneOf: [{$ref: '#/components/schemas/ok'}, {$ref: '#/components/schemas/queued'}]}",
		"{discriminator: {propertyName: kind}, anyOf: [{$ref: '#/components/schemas/ok'}, {type: string}]}",
		"{discriminator: {propertyName: kind}, type: object, properties: {kind: {type: string}}, required: [kind]}",
		"{contentEncoding: base64, contentMediaType: application/json}", "{contentSchema: {type: string}}", "{minContains: 1}", "{deprecated: true}", "{xml: {name: a}}",
	} {
		opinion(t, s, values)
	}
}

func opinion(t *testing.T, s string, values []string) {
	t.Helper()
	text := edited(t, "        sessionId:\n", "        z: "+s+"\n        sessionId:\n")
	text = strings.Replace(text, "  schemas:\n", `  schemas:
    ok: {type: object, required: [kind], properties: {kind: {const: ok}}}
    queued: {type: object, required: [kind, position], properties: {kind: {const: queued}, position: {type: integer}}}
    Loop: {type: object, properties: {child: {$ref: '#/components/schemas/Loop'}}}
    Tree: {anyOf: [{type: string}, {type: object, properties: {child: {$ref: '#/components/schemas/Tree'}}, additionalProperties: false}]}
    Closed: {type: object, unevaluatedProperties: false, properties: {child: {$ref: '#/components/schemas/Closed'}}}
`, 1)
	d, err := Load("x.yaml", []byte(text))
	if err != nil {
		t.Errorf("%s: %v", s, err)
		return
	}
	for _, v := range values {
		body := []byte(fmt.Sprintf(`{"sessionId":"s","executionId":"e","status":"x","z":%s}`, v))
		first := d.JudgeResponse(200, "application/json", body).Violation
		if doubtful, other := d.Doubt(200, "application/json", body, first); doubtful {
			o := "conforms"
			if other != nil {
				o = strings.Split(other.Error(), "\n")[0]
			}
			t.Errorf("%s with %s: andon says %v, kin %.120s", s, v, first, o)
		}
	}
}

var _ = andon.Spec
