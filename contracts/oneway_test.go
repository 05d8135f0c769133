package contracts

import (
	"strings"
	"testing"
)

// What is readOnly is not asked of a request, nor what is writeOnly of an answer, whoever refers to the schema; both
// are judged where they are sent all the same.
func TestOneWay(t *testing.T) {
	text := edited(t, atRequest, "    Base:\n      type: object\n      required: [id, secret, name]\n      properties:\n        id: {type: string, readOnly: true}\n        secret: {type: string, writeOnly: true}\n        name: {$ref: '#/components/schemas/Name'}\n        next: {$ref: '#/components/schemas/Base'}\n    Name: {type: string, minLength: 1}\n"+atRequest+"      allOf: [{$ref: '#/components/schemas/Base'}]\n")
	text = strings.Replace(text, atResponse, atResponse+"      allOf: [{$ref: '#/components/schemas/Base'}]\n", 1)
	d, err := Load("spec.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for body, rule := range map[string]string{
		`{"name":"n","secret":"s"}`:                                     "",
		`{"name":"n","secret":"s","id":"i"}`:                            "",
		`{"name":"n","secret":"s","id":1}`:                              RuleWrongType,
		`{"name":"n"}`:                                                  RuleMissingProperty,
		`{"name":"n","secret":"s","next":{"name":"n","secret":"s"}}`:    "",
		`{"name":"n","secret":"s","next":{"name":"n","id":"i"}}`:        RuleMissingProperty,
		`{"name":"","secret":"s"}`:                                      RuleOutOfBounds,
		`{"id":"i","secret":"s","next":{"name":"n","secret":"s"}}`:      RuleMissingProperty,
		`{"name":"n","secret":"s","kaizenVersion":"Full","content":[]}`: "",
	} {
		_, v := d.ReadRequest([]byte(body))
		if v == nil && rule != "" || v != nil && v.Rule != rule {
			t.Errorf("a request %s: %v, want %q", body, v, rule)
		}
		if err := d.CrosscheckRequest([]byte(body)); (err != nil) != (rule != "") {
			t.Errorf("kin-openapi says of a request %s: %v", body, err)
		}
	}
	const start = `{"sessionId":"s","executionId":"e","status":"x",`
	for rest, rule := range map[string]string{
		`"name":"n","id":"i"}`: "", `"name":"n","id":"i","secret":"s"}`: "", `"name":"n","secret":"s"}`: RuleMissingProperty,
		`"name":"n","id":"i","next":{"name":"n","id":"i"}}`: "", `"name":"n","id":"i","next":{"name":"n","secret":"s"}}`: RuleMissingProperty,
	} {
		v := d.JudgeResponse(200, jsonType, []byte(start+rest)).Violation
		doubtful, other := d.Doubt(200, jsonType, []byte(start+rest), v)
		if v == nil && rule != "" || v != nil && v.Rule != rule || doubtful {
			t.Errorf("an answer %s: %v, want %q; doubtful: %v, %v", rest, v, rule, doubtful, other)
		}
	}
	for _, f := range d.Fields() {
		if f.Name == "id" {
			t.Error("the id is sent")
		}
	}
}
