package contracts_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
)

func describe(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const good = `{"sessionId":"session_1","executionId":"exec_1","status":"running"}`

// typeSamples are values of each JSON type, as wrong as can be for anything else.
var typeSamples = []struct {
	name string
	json string
}{{"null", "null"}, {"boolean", "true"}, {"number", "1.5"}, {"string", `"wrong"`}, {"array", "[]"}, {"object", "{}"}}

// Two validators, which share no code but the schema's reader, agree on some hundreds of requests: every case whose
// body is JSON, each of them also with one value exchanged for another.
func TestToolsAgreeOnRequests(t *testing.T) {
	d := describe(t)
	list, _ := cases.Derive(d)
	tried, refused := 0, 0
	compare := func(name string, body []byte) {
		_, violation := d.ReadRequest(body)
		if violation != nil && (violation.Rule == contracts.RuleDuplicateKey || violation.Rule == contracts.RuleMalformedJSON) {
			return // the filter's JSON reader is an easier one
		}
		tried++
		if violation != nil {
			refused++
		}
		if other := d.CrosscheckRequest(body); (violation == nil) != (other == nil) {
			t.Errorf("%s: andon says %v, kin-openapi %v: %.200s", name, violation, other, body)
		}
	}
	for _, c := range list {
		if c.ContentType != "application/json" || len(c.Body) == 0 {
			continue
		}
		compare(c.ID, c.Body)
		var object map[string]any
		if json.Unmarshal(c.Body, &object) != nil {
			continue
		}
		for name := range object {
			for _, sample := range typeSamples {
				old := object[name]
				object[name] = json.RawMessage(sample.json)
				text, err := json.Marshal(object)
				if err != nil {
					t.Fatal(err)
				}
				compare(c.ID+" with "+name+" "+sample.name, text)
				object[name] = old
			}
		}
	}
	if tried < 500 || refused < 300 {
		t.Errorf("only %d bodies were tried, %d of them broken", tried, refused)
	}
}

// So they do on responses, and where they do not, there is doubt.
func TestToolsAgreeOnResponses(t *testing.T) {
	d := describe(t)
	tried := 0
	for _, status := range []int{200, 201, 204, 400, 401, 429, 500, 503} {
		for _, media := range []string{"application/json", "application/json; charset=utf-8", "text/plain", "text/html"} {
			bodies := []string{good, `{}`, `[]`, `"x"`, `null`, `7`, `{"sessionId":"s","executionId":"e","status":"x","more":{}}`}
			for _, field := range []string{"sessionId", "executionId", "status"} {
				for _, sample := range append(typeSamples, struct{ name, json string }{"", ""}) {
					fields := map[string]any{"sessionId": "s", "executionId": "e", "status": "running"}
					if delete(fields, field); sample.json != "" {
						fields[field] = json.RawMessage(sample.json)
					}
					text, err := json.Marshal(fields)
					if err != nil {
						t.Fatal(err)
					}
					bodies = append(bodies, string(text))
				}
			}
			for _, body := range bodies {
				tried++
				first := d.JudgeResponse(status, media, []byte(body)).Violation
				if doubtful, other := d.Doubt(status, media, []byte(body), first); doubtful {
					t.Errorf("%d %s %s: andon says %v, kin-openapi %v", status, media, body, first, other)
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d responses were tried", tried)
	}
	// Doubt is possible: here one tool is told to be wrong.
	if doubtful, _ := d.Doubt(200, "application/json", []byte(good), &contracts.Violation{Rule: contracts.RuleWrongType}); !doubtful {
		t.Error("a violation that the other tool does not see is not doubtful")
	}
	if doubtful, _ := d.Doubt(200, "application/json", []byte(`{}`), nil); !doubtful {
		t.Error("a violation that andon does not see is not doubtful")
	}
}

func FuzzReadRequest(f *testing.F) {
	d := describe(f)
	for _, c := range cases.InvalidBodies(d) {
		f.Add(c)
	}
	f.Add([]byte(`{"content":[{"type":"json","data":{}}],"summarySchema":{"type":"object"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, v := d.ReadRequest(body); v != nil && (v.Message == "" || len(v.Message) > 2000 || !utf8.ValidString(v.Message)) {
			t.Fatalf("%+v", v)
		}
	})
}
