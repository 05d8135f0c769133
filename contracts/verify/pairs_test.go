package verify

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/summary"
)

// paired is a small description, with places in angle brackets where pairs of descriptions differ.
const paired = `
openapi: 3.1.0
info: {title: pairs, version: '1', description: <note>}
security: <security>
paths:
  /agents/execute:
    post:
      x-andon: {}
      operationId: <operationId>
      deprecated: <deprecated>
      tags: [<tag>]
      parameters: <parameters>
      requestBody:
        required: <required>
        content:
          application/json: {schema: <call>, <callNote>}
          <callMedia>: {}
      responses:
        '<status>': {description: started, headers: {<headers>}, content: {<media>: {schema: <answer>}}}
        <statuses>: {description: more, content: {application/json: {schema: <problem>}}}
        '401': {description: a guess, x-assumption: true, content: {application/json: {schema: <guess>}}}
  <path>: {post: {requestBody: {content: {application/json: {schema: <other>}}}, responses: {'200': {description: ok}}}}
components:
  securitySchemes: {<scheme>: {<way>}, key: {type: http, scheme: bearer, bearerFormat: <bearer>}}
  schemas:
    Call: {type: object, properties: {agentId: {type: string}, content: {type: array, items: <item>}, kaizenVersion: {type: string, enum: <tiers>}, <in>}, <ofCall>}
    Answer: {type: object, required: <answered>, properties: {executionId: {type: string}, sessionId: {type: string}, status: {type: string}, <out>}, <ofAnswer>}
    <text>: {type: object, required: <textNeeds>, properties: {type: {<textType>}, text: {type: string}, <inText>}, <ofText>}
    File: {type: object, required: [type, id], properties: {type: {const: file}, id: {type: string}}}
    Node: {type: object, properties: {next: {$ref: '#/components/schemas/Node'}, v: {type: integer}, <inNode>}}
    Problem: {type: object, required: [error], properties: {error: {type: string}}}
`

// standing are what stands in the places where a pair does not say otherwise.
var standing = map[string]string{
	"note": "x", "security": "[{<scheme>: []}]", "scheme": "bearer", "way": "type: http, scheme: bearer", "parameters": "[]", "headers": "X-Any: {schema: {type: string}}", "operationId": "execute", "deprecated": "false", "tag": "a", "required": "true", "call": "{$ref: '#/components/schemas/Call'}",
	"callNote": "", "callMedia": "multipart/mixed", "status": "200", "media": "application/json", "answer": "{$ref: '#/components/schemas/Answer'}", "statuses": "'400'", "problem": "{$ref: '#/components/schemas/Problem'}",
	"guess": "{$ref: '#/components/schemas/Problem'}", "path": "/other", "other": "{type: object}", "bearer": "x", "item": "{oneOf: [{$ref: '#/components/schemas/<text>'}, {$ref: '#/components/schemas/File'}], discriminator: {propertyName: type, <mapping>}}",
	"tiers": "[Full, Lite]", "in": "", "ofCall": "", "answered": "[executionId, sessionId, status]", "out": "", "ofAnswer": "", "text": "Text", "textNeeds": "[type, text]",
	"textType": "const: text", "inText": "", "ofText": "", "inNode": "", "mapping": "",
}

// pairOf is a description in which a few places are filled: "in: z: {type: string}", parted by line breaks.
func pairOf(places string) string {
	said := maps.Clone(standing)
	for _, place := range strings.Split(places, "\n") {
		if name, with, ok := strings.Cut(place, ": "); ok {
			said[name] = with
		}
	}
	text := paired
	for range 2 { // what stands in a place has places of its own
		for name, with := range said {
			text = strings.ReplaceAll(text, "<"+name+">", with)
		}
	}
	return text
}

// pair is one edit of a description, and whether it breaks callers.
type pair struct {
	why, before, after string
	breaks             bool
}

// a property of the call, or of the answer, that has one schema and then another.
func inCall(why, before, after string, breaks bool) pair {
	return pair{"call: " + why, "in: z: " + before, "in: z: " + after, breaks}
}

func inAnswer(why, before, after string, breaks bool) pair {
	return pair{"answer: " + why, "out: z: " + before, "out: z: " + after, breaks}
}

const breaks, keeps = true, false

func pairs() []pair {
	return []pair{
		// What may be in a call.
		{"a call is closed", "", "ofCall: additionalProperties: false", breaks},
		{"a call is closed by unevaluatedProperties", "", "ofCall: unevaluatedProperties: false", breaks},
		{"a closed call is opened", "ofCall: additionalProperties: false", "", keeps},
		{"a closed call loses a property", "ofCall: additionalProperties: false\nin: z: {type: boolean}", "ofCall: additionalProperties: false", breaks},
		{"a closed call gets a property", "ofCall: additionalProperties: false", "ofCall: additionalProperties: false\nin: z: {type: boolean}", keeps},
		{"an open call loses a property", "in: z: {type: boolean}", "", keeps},
		{"an open call gets an optional property", "", "in: z: {type: boolean}", keeps},
		{"an open call gets a list of values", "", "in: z: {enum: [a, b]}", keeps},
		{"a call gets a required property", "", "in: z: {type: string}\nofCall: required: [z]", breaks},
		{"a call gets a required property with a default", "", "in: z: {type: string, default: a}\nofCall: required: [z]", breaks},
		{"a property of the call becomes required", "", "ofCall: required: [agentId]", breaks},
		{"a property of the call becomes optional", "ofCall: required: [agentId]", "", keeps},
		{"one of two properties is demanded", "", "ofCall: anyOf: [{required: [agentId]}, {required: [content]}]", breaks},
		{"one of two properties is no longer demanded", "ofCall: anyOf: [{required: [agentId]}, {required: [content]}]", "", keeps},
		{"two properties must not meet", "", "ofCall: not: {required: [agentId, content]}", breaks},
		{"one property demands another", "", "ofCall: dependentRequired: {agentId: [content]}", breaks},
		{"one property no longer demands another", "ofCall: dependentRequired: {agentId: [content]}", "", keeps},
		{"one property demands a schema", "", "ofCall: dependentSchemas: {agentId: {required: [content]}}", breaks},
		{"a condition is added", "", "ofCall: if: {required: [kaizenVersion]}, then: {required: [agentId]}", breaks},
		{"a condition is taken out", "ofCall: if: {required: [kaizenVersion]}, then: {required: [agentId]}", "", keeps},
		{"a call must not be empty", "", "ofCall: minProperties: 1", breaks},
		{"a call has few properties", "", "ofCall: maxProperties: 4", breaks},
		{"names of properties are short", "", "ofCall: propertyNames: {maxLength: 14}", breaks},
		{"other properties are texts", "", "ofCall: additionalProperties: {type: string}", breaks},
		{"other properties are of any type again", "ofCall: additionalProperties: {type: string}", "", keeps},
		{"properties of a form are numbers", "", "ofCall: patternProperties: {'^x-': {type: integer}}", breaks},
		// Values of a call.
		inCall("a value is ruled out", "{type: string}", "{type: string, not: {const: root}}", breaks),
		inCall("no value is ruled out", "{type: string, not: {const: root}}", "{type: string}", keeps),
		inCall("null is the constant", "{const: null}", "{const: 1}", breaks),
		inCall("null may be there", "{type: string}", "{type: [string, 'null']}", keeps),
		inCall("null may not be there", "{type: [string, 'null']}", "{type: string}", breaks),
		inCall("null may not be there, by anyOf", "{anyOf: [{type: string}, {type: 'null'}]}", "{type: string}", breaks),
		inCall("null by anyOf and by type", "{anyOf: [{type: string}, {type: 'null'}]}", "{type: [string, 'null']}", keeps),
		inCall("another type", "{type: string}", "{type: integer}", breaks),
		inCall("a number for an integer", "{type: integer}", "{type: number}", keeps),
		inCall("an integer for a number", "{type: number}", "{type: integer}", breaks),
		inCall("any type", "{type: string}", "{}", keeps),
		inCall("one type for any", "{}", "{type: string}", breaks),
		inCall("a value is added", "{enum: [a]}", "{enum: [a, b]}", keeps),
		inCall("a value is taken out", "{enum: [a, b]}", "{enum: [a]}", breaks),
		inCall("values are listed", "{type: string}", "{type: string, enum: [a, b]}", breaks),
		inCall("values are in another order", "{enum: [a, b]}", "{enum: [b, a]}", keeps),
		inCall("a value in capitals", "{enum: [a]}", "{enum: [A]}", breaks),
		inCall("a constant for a list of one", "{type: string, enum: [a]}", "{type: string, const: a}", keeps),
		inCall("a list of one for a constant", "{const: a}", "{enum: [a]}", keeps),
		inCall("a constant", "{type: string}", "{const: a}", breaks),
		inCall("a large bound", "{type: integer, maximum: 9007199254740993}", "{type: integer, maximum: 9007199254740992}", breaks),
		inCall("a large bound is raised", "{type: integer, maximum: 9007199254740992}", "{type: integer, maximum: 9007199254740993}", keeps),
		inCall("a bound that no float64 has", "{type: integer, maximum: 100000000000000000001}", "{type: integer, maximum: 100000000000000000000}", breaks),
		inCall("a lower bound", "{type: integer}", "{type: integer, minimum: 1}", breaks),
		inCall("a bound becomes exclusive", "{type: number, minimum: 0}", "{type: number, exclusiveMinimum: 0}", breaks),
		inCall("a bound written otherwise", "{type: integer, exclusiveMaximum: 10}", "{type: integer, maximum: 9}", keeps),
		inCall("multiples", "{type: integer}", "{type: integer, multipleOf: 5}", breaks),
		inCall("multiples of less", "{type: integer, multipleOf: 10}", "{type: integer, multipleOf: 5}", keeps),
		inCall("multiples of more", "{type: number, multipleOf: 0.1}", "{type: number, multipleOf: 0.2}", breaks),
		inCall("a length", "{type: string}", "{type: string, maxLength: 5000}", breaks),
		inCall("a greater length", "{type: string, maxLength: 10}", "{type: string, maxLength: 11}", keeps),
		inCall("a smaller length", "{type: string, maxLength: 11}", "{type: string, maxLength: 10}", breaks),
		inCall("no empty text", "{type: string}", "{type: string, minLength: 1}", breaks),
		inCall("a length of 0 says nothing", "{type: string}", "{type: string, minLength: 0}", keeps),
		inCall("a pattern", "{type: string}", "{type: string, pattern: '^[a-z]+$'}", breaks),
		inCall("another pattern", "{type: string, pattern: '^[a-z]+$'}", "{type: string, pattern: '^[a-z]{3,}$'}", breaks),
		inCall("no pattern", "{type: string, pattern: '^[a-z]+$'}", "{type: string}", keeps),
		inCall("a format", "{type: string}", "{type: string, format: uuid}", breaks),
		inCall("no format", "{type: string, format: date}", "{type: string}", keeps),
		inCall("another format", "{type: string, format: date-time}", "{type: string, format: date}", breaks),
		inCall("a list that is not empty", "{type: array, items: {type: string}}", "{type: array, items: {type: string}, minItems: 1}", breaks),
		inCall("a list of at most two", "{type: array, items: {type: string}}", "{type: array, items: {type: string}, maxItems: 2}", breaks),
		inCall("each item once", "{type: array, items: {type: string}}", "{type: array, items: {type: string}, uniqueItems: true}", breaks),
		inCall("items more than once", "{type: array, items: {type: string}, uniqueItems: true}", "{type: array, items: {type: string}}", keeps),
		inCall("a list that contains", "{type: array, items: {type: integer}}", "{type: array, items: {type: integer}, contains: {const: 1}}", breaks),
		inCall("a first item of a kind", "{type: array}", "{type: array, prefixItems: [{type: string}]}", breaks),
		inCall("items of another type", "{type: array, items: {type: string}}", "{type: array, items: {type: integer}}", breaks),
		inCall("a free object is described", "{type: object}", "{type: object, properties: {a: {type: integer}}}", breaks),
		inCall("read only", "{type: string}", "{type: string, readOnly: true}", keeps),
		inCall("deprecated", "{type: string}", "{type: string, deprecated: true}", keeps),
		inCall("a default", "{type: boolean, default: false}", "{type: boolean, default: true}", keeps),
		inCall("a description", "{type: string}", "{type: string, description: more, title: T}", keeps),
		inCall("examples", "{type: string, examples: [a]}", "{type: string, examples: [b, c]}", keeps),
		inCall("a reference in the place of an object, with a property more", "{type: object, properties: {v: {type: integer}}}", "{$ref: '#/components/schemas/Node'}", keeps),
		inCall("a problem in the place of a reference to it", "{$ref: '#/components/schemas/Problem'}", "{type: object, required: [error], properties: {error: {type: string}}}", keeps),
		inCall("a choice of one", "{type: string}", "{oneOf: [{type: string}]}", keeps),
		inCall("one form more", "{oneOf: [{type: string}, {type: integer}]}", "{oneOf: [{type: string}, {type: integer}, {type: boolean}]}", keeps),
		inCall("one form less", "{oneOf: [{type: string}, {type: integer}]}", "{oneOf: [{type: string}]}", breaks),
		inCall("anyOf for a oneOf of different types", "{oneOf: [{type: string}, {type: integer}]}", "{anyOf: [{type: string}, {type: integer}]}", keeps),
		inCall("a oneOf in which forms meet", "{anyOf: [{type: string, minLength: 2}, {type: string, maxLength: 3}]}", "{oneOf: [{type: string, minLength: 2}, {type: string, maxLength: 3}]}", breaks),
		inCall("types for a oneOf of them", "{oneOf: [{type: string}, {type: integer}]}", "{type: [string, integer]}", keeps),
		inCall("parts in one", "{allOf: [{type: string, minLength: 1}, {maxLength: 3}]}", "{type: string, minLength: 1, maxLength: 3}", keeps),
		inCall("a part more", "{allOf: [{type: string}]}", "{allOf: [{type: string}, {maxLength: 3}]}", breaks),
		{"far inside, a bound", "in: z: {$ref: '#/components/schemas/Node'}", "in: z: {$ref: '#/components/schemas/Node'}\ninNode: w: {type: string}", keeps},
		{"far inside, a type", "in: z: {$ref: '#/components/schemas/Node'}\ninNode: w: {type: string}", "in: z: {$ref: '#/components/schemas/Node'}\ninNode: w: {type: integer}", breaks},
		// The content and the tiers.
		{"a tier more", "", "tiers: [Full, Lite, Nano]", keeps},
		{"a tier less", "", "tiers: [Full]", breaks},
		{"a renamed variant", "", "text: TextItem", keeps},
		{"a renamed variant that gets a property", "", "text: TextItem\ninText: z: {type: string}", keeps},
		{"a renamed variant that is closed", "", "text: TextItem\nofText: additionalProperties: false", breaks},
		{"the constant of a variant as a list of one", "", "textType: enum: [text]", keeps},
		{"another constant of a variant", "", "textType: const: txt", breaks},
		{"a mapping", "", "mapping: mapping: {text: '#/components/schemas/Text', file: '#/components/schemas/File'}", keeps},
		{"no discriminator", "", "item: {oneOf: [{$ref: '#/components/schemas/<text>'}, {$ref: '#/components/schemas/File'}]}", keeps},
		{"a variant less", "", "item: {oneOf: [{$ref: '#/components/schemas/<text>'}]}", breaks},
		{"a variant by anyOf", "", "item: {anyOf: [{$ref: '#/components/schemas/<text>'}, {$ref: '#/components/schemas/File'}]}", keeps},
		{"variants in another order", "", "item: {oneOf: [{$ref: '#/components/schemas/File'}, {$ref: '#/components/schemas/<text>'}]}", keeps},
		{"the text may be left out", "", "textNeeds: [type]", keeps},
		{"the text has to have a property", "inText: z: {type: string}", "inText: z: {type: string}\ntextNeeds: [type, text, z]", breaks},
		{"a variant is closed", "", "ofText: additionalProperties: false", breaks},
		{"allOf around the call", "", "call: {allOf: [{$ref: '#/components/schemas/Call'}]}", keeps},
		{"allOf around the answer", "", "answer: {allOf: [{$ref: '#/components/schemas/Answer'}]}", keeps},
		{"a part beside the call", "", "call: {allOf: [{$ref: '#/components/schemas/Call'}, {required: [agentId]}]}", breaks},
		// Answers.
		{"an answer is no longer sure to have a property", "", "answered: [executionId, sessionId]", breaks},
		{"an answer is sure to have a property", "answered: [executionId, sessionId]", "", keeps},
		{"an answer gets a property", "", "out: z: {type: string}", keeps},
		{"an answer loses an optional property", "out: z: {type: string}", "", keeps},
		{"a closed answer gets a property", "ofAnswer: additionalProperties: false", "ofAnswer: additionalProperties: false\nout: z: {type: string}", breaks},
		{"a closed answer is opened", "ofAnswer: additionalProperties: false", "", breaks},
		{"an answer is closed", "", "ofAnswer: additionalProperties: false", keeps},
		{"an answer in an envelope", "", "answer: {type: object, properties: {data: {$ref: '#/components/schemas/Answer'}}}", breaks},
		{"an answer of several forms", "", "answer: {oneOf: [{$ref: '#/components/schemas/Answer'}, {$ref: '#/components/schemas/Problem'}]}", breaks},
		inAnswer("null is the constant", "{const: null}", "{const: 1}", breaks),
		inAnswer("null may be there", "{type: string}", "{type: [string, 'null']}", breaks),
		inAnswer("null may not be there", "{type: [string, 'null']}", "{type: string}", keeps),
		inAnswer("another type", "{type: string}", "{type: integer}", breaks),
		inAnswer("an integer for a number", "{type: number}", "{type: integer}", keeps),
		inAnswer("a number for an integer", "{type: integer}", "{type: number}", breaks),
		inAnswer("a value more", "{enum: [a]}", "{enum: [a, b]}", breaks),
		inAnswer("a value less", "{enum: [a, b]}", "{enum: [a]}", keeps),
		inAnswer("values are no longer listed", "{enum: [a]}", "{type: string}", breaks),
		inAnswer("a constant for a list of one", "{type: string, enum: [a]}", "{type: string, const: a}", keeps),
		inAnswer("a smaller length", "{type: string, maxLength: 9}", "{type: string, maxLength: 8}", keeps),
		inAnswer("a greater length", "{type: string, maxLength: 8}", "{type: string, maxLength: 9}", breaks),
		inAnswer("a format", "{type: string}", "{type: string, format: uuid}", keeps),
		inAnswer("no format", "{type: string, format: uuid}", "{type: string}", breaks),
		inAnswer("no pattern", "{type: string, pattern: '^a'}", "{type: string}", breaks),
		inAnswer("a large bound is raised", "{type: integer, maximum: 9007199254740992}", "{type: integer, maximum: 9007199254740993}", breaks),
		inAnswer("no value is ruled out", "{type: string, not: {const: root}}", "{type: string}", breaks),
		inAnswer("a list may be empty", "{type: array, items: {type: string}, minItems: 1}", "{type: array, items: {type: string}}", breaks),
		inAnswer("one form more", "{oneOf: [{type: string}, {type: integer}]}", "{oneOf: [{type: string}, {type: integer}, {type: boolean}]}", breaks),
		inAnswer("one form less", "{oneOf: [{type: string}, {type: integer}]}", "{oneOf: [{type: string}]}", keeps),
		inAnswer("read only", "{type: string}", "{type: string, readOnly: true}", keeps),
		// Around the bodies.
		{"another success", "", "status: 202", breaks},
		{"a refusal more", "statuses: x-none", "", keeps},
		{"a refusal less", "", "statuses: x-none", keeps},
		{"a success more", "", "statuses: '202'", keeps},
		{"another media type of the answer", "", "media: application/vnd.kaizen+json", breaks},
		{"a charset of the answer", "", "media: application/json; charset=utf-8", keeps},
		{"another form of a refusal", "", "problem: {type: object, required: [message], properties: {message: {type: string}}}", breaks},
		{"another guess", "", "guess: {type: object, required: [error, more], properties: {error: {type: string}}}", keeps},
		{"a media type of the call less", "", "callMedia: x-none", breaks},
		{"the body must be there", "required: false", "", breaks},
		{"the body may be left out", "", "required: false", keeps},
		{"a token is demanded", "security: []", "", breaks},
		{"no token is demanded", "", "security: []", keeps},
		{"a token may be left out", "", "security: [{bearer: []}, {}]", keeps},
		{"a token may no longer be left out", "security: [{bearer: []}, {}]", "", breaks},
		{"a second way to authenticate", "", "security: [{bearer: []}, {key: []}]", keeps},
		{"another name of the way to authenticate", "", "scheme: token", keeps},
		{"the success alone for its class", "status: 2XX", "", keeps},
		{"the class for the success alone", "", "status: 2XX", breaks},
		{"another operation is wrapped", "", "other: {allOf: [{type: object}]}", keeps},
		{"another name of the operation", "", "operationId: run", keeps},
		{"the operation is deprecated", "", "deprecated: true", keeps},
		{"another tag", "", "tag: b", keeps},
		{"another description", "", "note: y", keeps},
		{"another operation goes away", "", "path: /another", breaks},
	}
}

// ofQuery is a parameter of the query, and ofHeader a header of the answer.
func ofQuery(rest string) string { return "parameters: [{name: q, in: query, " + rest + "}]" }

func ofHeader(rest string) string { return "headers: X-Rate: {" + rest + "}" }

// aroundPairs are of what stands around the bodies. Where it is not honoured, the descriptions are not loaded.
func aroundPairs() []pair {
	return []pair{
		{"an optional parameter", "", ofQuery("schema: {type: string}"), keeps},
		{"an optional parameter less", ofQuery("schema: {type: string}"), "", keeps},
		{"a required parameter", "", ofQuery("required: true, schema: {type: string}"), breaks},
		{"a required header", "", "parameters: [{name: X-Org, in: header, required: true, schema: {type: string}}]", breaks},
		{"a required cookie", "", "parameters: [{name: s, in: cookie, required: true, schema: {type: string}}]", breaks},
		{"a parameter becomes required", ofQuery("schema: {type: string}"), ofQuery("required: true, schema: {type: string}"), breaks},
		{"a parameter becomes optional", ofQuery("required: true, schema: {type: string}"), ofQuery("schema: {type: string}"), keeps},
		{"a value of a parameter less", ofQuery("schema: {enum: [a, b]}"), ofQuery("schema: {enum: [a]}"), breaks},
		{"a value of a parameter more", ofQuery("schema: {enum: [a]}"), ofQuery("schema: {enum: [a, b]}"), keeps},
		{"another type of a parameter", ofQuery("schema: {type: string}"), ofQuery("schema: {type: integer}"), breaks},
		{"a shorter parameter", ofQuery("schema: {type: string, maxLength: 9}"), ofQuery("schema: {type: string, maxLength: 8}"), breaks},
		{"a pattern of a parameter", ofQuery("schema: {type: string}"), ofQuery("schema: {type: string, pattern: '^a'}"), breaks},
		{"a description of a parameter", ofQuery("schema: {type: string}"), ofQuery("description: more, schema: {type: string}"), keeps},
		{"a header of an answer more", "", ofHeader("schema: {type: string}"), keeps},
		{"a header of an answer is sure to be there", ofHeader("schema: {type: string}"), ofHeader("required: true, schema: {type: string}"), keeps},
		{"a header of an answer is no longer sure to be there", ofHeader("required: true, schema: {type: string}"), ofHeader("schema: {type: string}"), breaks},
		{"a required header of an answer less", ofHeader("required: true, schema: {type: string}"), "", breaks},
		{"another type of a header of an answer", ofHeader("required: true, schema: {type: integer}"), ofHeader("required: true, schema: {type: string}"), breaks},
		{"another way to authenticate", "", "way: type: http, scheme: basic", breaks},
		{"a key for a token", "", "way: type: apiKey, in: header, name: X-Key", breaks},
		{"another name of a key", "way: type: apiKey, in: header, name: X-Key", "way: type: apiKey, in: header, name: X-Api-Key", breaks},
		{"a key in another place", "way: type: apiKey, in: header, name: key", "way: type: apiKey, in: query, name: key", breaks},
	}
}

// What changed is breaking where it breaks a caller, and else it is not.
func TestPairs(t *testing.T) {
	t.Parallel()
	list := append(pairs(), interplay()...)
	around := append(aroundPairs(), aroundInterplay()...)
	if len(list) < 115 {
		t.Errorf("there are %d pairs, want 115 at least", len(list))
	}
	wrong, unread := 0, 0
	load := func(places string) (*contracts.Description, error) {
		return contracts.Load("pair.yaml", []byte(pairOf(places)))
	}
	for _, p := range append(list, around...) {
		before, err := load(p.before)
		after, other := load(p.after)
		if err = errors.Join(err, other); err != nil {
			if unread++; unread > len(around) || slices.Contains(list, p) {
				t.Errorf("%s: %v", p.why, err)
			}
			continue
		}
		v, changes, err := Compare(before, after, p.why)
		if err != nil {
			t.Fatalf("%s: %v", p.why, err)
		}
		if found := v.Verdict.ExitCode == 1; found != p.breaks {
			wrong++
			t.Errorf("%s: breaks %v, want %v: %+v", p.why, found, p.breaks, changes)
		}
		for _, c := range v.Checks {
			if c.Verdict == summary.CheckBroken && (c.Place == nil || c.Place.Line == 0) {
				t.Errorf("%s: %s has no place", p.why, c.Reason)
			}
		}
		for _, c := range changes {
			if (c.ID == contracts.Narrowed || c.ID == contracts.Widened) && c.Value == "" {
				t.Errorf("%s: nothing shows that %s", p.why, c.Text)
			}
		}
	}
	t.Logf("%d of %d pairs are wrong; %d more are not read", wrong, len(list)+len(around)-unread, unread)
}
