package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	yaml "go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/contracts/verify"
	"github.com/kaizenautomation/andon/reports/summary"
)

type object = map[string]any

// few are the cases that between them meet every kind of answer.
var few = []string{"*.default", "text.missing-text.negative", "body.cut-off.negative", "body.too-large.negative", "content-type.text.negative", "method.PUT.negative",
	"token.missing.negative", "token.wrong.negative", "body.plain*", "x.*negative"}

// broken holds the reference provider of a description against the description, by cases that match the patterns, and
// says what it does not keep.
func broken(d *contracts.Description, patterns ...string) (bad []string, tried int, err error) {
	const limit = 64 << 10
	c := provider.Config{Token: "tok-valid", MaxBody: limit}
	if d.TokensOptional() {
		c.Token = "" // nobody is turned away for want of one
	}
	h, err := provider.New(d, c)
	if err != nil {
		return nil, 0, err
	}
	s := httptest.NewServer(h)
	defer s.Close()
	target, err := url.Parse(s.URL)
	if err != nil {
		return nil, 0, err
	}
	known, err := caller(d)
	if err != nil {
		return nil, 0, err
	}
	config := verify.Config{Description: d, Target: target, Credentials: known, Timeout: 5 * time.Second, MaxBody: limit}
	config.Strict = verify.Everything()
	all := config.All()
	for _, p := range patterns {
		some, err := cases.Filter{Patterns: []string{p}}.Choose(all)
		if err != nil {
			continue // not every description has cases of every kind
		}
		for _, k := range some {
			if !slices.ContainsFunc(config.Cases, func(have cases.Case) bool { return have.ID == k.ID }) {
				config.Cases = append(config.Cases, k)
			}
		}
	}
	if patterns == nil {
		config.Cases = all
	}
	config.Cases = slices.DeleteFunc(config.Cases, func(c cases.Case) bool { return len(c.Body) > limit && c.Expect != cases.Refused })
	config.Engine = verify.ByDescription
	plan, err := verify.Prepare(context.Background(), config)
	if err != nil {
		return nil, 0, err
	}
	v := plan.Run(context.Background())
	for _, c := range v.Checks {
		if c.Verdict == summary.CheckBroken || c.Verdict == summary.CheckDoubtful {
			bad = append(bad, fmt.Sprintf("%s: %s %s", c.Name, c.Rule, c.Reason))
		}
	}
	if v.Verdict.ExitCode == 3 && len(bad) == 0 {
		err = errors.New(strings.Join(v.Verdict.Causes, " "))
	}
	return bad, len(v.Checks), err
}

// caller has the token that the provider takes, in the way that the description asks for.
func caller(d *contracts.Description) (*credentials.Set, error) {
	if ways := d.Operation().Ways(); len(ways) == 0 || len(ways[0]) != 1 || ways[0][0].Scheme != "basic" {
		return credentials.Bearer("tok-valid"), nil
	}
	plan, err := credentials.Asked{User: "andon:{command:printf tok-valid}"}.Plan()
	if err != nil {
		return nil, err
	}
	return plan.Open(context.Background())
}

// standardJSON is openapi.yaml as JSON, which is read faster.
var standardJSON = sync.OnceValues(func() ([]byte, error) {
	var v object
	if err := yaml.Unmarshal(andon.Spec, &v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
})

// standard is openapi.yaml, to be edited. Examples of whole bodies go: they would have to be edited as well, and
// holding them against their schemas is most of what loading takes.
func standard(t interface{ Fatal(...any) }) object {
	text, err := standardJSON()
	if err != nil {
		t.Fatal(err)
	}
	var v object
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	delete(at(operation(v), "responses", "200", "content", "application/json"), "examples")
	delete(at(operation(v), "requestBody", "content", "application/json"), "examples")
	return v
}

func at(v any, keys ...string) object {
	for _, k := range keys {
		v = v.(object)[k]
	}
	return v.(object)
}

func operation(v object) object { return at(v, "paths", "/agents/execute", "post") }

func load(v object) (*contracts.Description, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return contracts.Load("edited.json", text)
}

func text(s string) object { return object{"type": "string", "examples": []any{s}} }

// The reference provider keeps every description that is edited by hand in the ways that descriptions differ.
func TestKeepsItsDescription(t *testing.T) {
	response := func(v object) object { return at(v, "components", "schemas", "ExecuteResponse") }
	require := func(v object, name string, s object) {
		r := response(v)
		at(r, "properties")[name] = s
		r["required"] = append(r["required"].([]any), name)
	}
	move := func(v object, to string) {
		all := at(operation(v), "responses")
		all[to] = all["200"]
		delete(all, "200")
	}
	media := func(v object, name string) {
		r := at(operation(v), "responses", "200")
		r["content"] = object{name: at(r, "content", "application/json")}
	}
	problem := object{"description": "Refused.", "content": object{"application/problem+json": object{"schema": object{
		"type": "object", "required": []any{"type", "title", "status"}, "additionalProperties": false, "properties": object{
			"type": object{"type": "string", "format": "uri"}, "title": object{"type": "string", "minLength": 3}, "status": object{"type": "integer", "minimum": 400, "maximum": 499},
		}}}}}
	for name, edit := range map[string]func(object){
		"as it is":           func(object) {},
		"a further property": func(v object) { require(v, "queue", object{"type": "integer", "minimum": 3}) },
		"an object": func(v object) {
			require(v, "links", object{"type": "object", "required": []any{"self"}, "properties": object{"self": object{"type": "string", "format": "uri"}}})
		},
		"a date":    func(v object) { require(v, "created", object{"type": "string", "format": "date-time"}) },
		"a pattern": func(v object) { require(v, "region", object{"type": "string", "pattern": "^[a-z]{2}-[a-z]+-[1-9]$"}) },
		"states": func(v object) {
			at(response(v), "properties")["status"] = object{"type": "string", "enum": []any{"queued", "running"}}
		},
		"an example that is none": func(v object) { require(v, "n", object{"type": "integer", "examples": []any{"many"}}) },
		"nothing else":            func(v object) { response(v)["additionalProperties"] = false },
		"201":                     func(v object) { move(v, "201") },
		"202":                     func(v object) { move(v, "202") },
		"204": func(v object) {
			at(operation(v), "responses")["204"] = object{"description": "Nothing to say."}
			delete(at(operation(v), "responses"), "200")
			delete(at(operation(v), "x-andon"), "executionId")
			delete(at(operation(v), "x-andon"), "sessionId")
		},
		"2XX": func(v object) { move(v, "2XX") },
		"by default": func(v object) {
			at(operation(v), "responses")["default"] = at(operation(v), "responses", "200")
			delete(at(operation(v), "responses"), "200")
		},
		"200 and 201":     func(v object) { at(operation(v), "responses")["201"] = at(operation(v), "responses", "200") },
		"a charset":       func(v object) { media(v, "application/json; charset=utf-8") },
		"a kind of JSON":  func(v object) { media(v, "application/vnd.kaizen.v2+json") },
		"any type":        func(v object) { media(v, "*/*") },
		"any application": func(v object) { media(v, "application/*") },
		"ids that are UUIDs": func(v object) {
			at(response(v), "properties")["executionId"] = object{"type": "string", "format": "uuid"}
		},
		"ids of a pattern": func(v object) {
			at(response(v), "properties")["executionId"] = object{"type": "string", "pattern": "^run-[a-f0-9]{8,}$"}
		},
		"ids that are numbers": func(v object) { at(response(v), "properties")["executionId"] = object{"type": "integer", "minimum": 1} },
		"short ids": func(v object) {
			at(response(v), "properties")["executionId"] = object{"type": "string", "maxLength": 8}
		},
		"ids of one length": func(v object) {
			at(response(v), "properties")["executionId"] = object{"type": "string", "minLength": 12, "maxLength": 12}
		},
		"optional ids": func(v object) { response(v)["required"] = []any{} },
		"a choice": func(v object) {
			old := object{}
			for k, x := range response(v) {
				old[k] = x
			}
			at(v, "components", "schemas")["Queued"] = object{"type": "object", "required": []any{"position", "executionId"},
				"properties": object{"position": object{"type": "integer", "minimum": 1}, "executionId": text("exec_1")}, "not": object{"required": []any{"status"}}}
			at(v, "components", "schemas")["ExecuteResponse"] = object{"oneOf": []any{object{"$ref": "#/components/schemas/Queued"}, old}}
		},
		"parts": func(v object) {
			at(v, "components", "schemas")["ExecuteResponse"] = object{"allOf": []any{response(v), object{"type": "object", "required": []any{"at"}, "properties": object{
				"at": object{"allOf": []any{object{"type": "string"}, object{"format": "date"}}}}}}}
		},
		"problems":                   func(v object) { at(operation(v), "responses")["400"] = problem },
		"problems for a wrong token": func(v object) { at(operation(v), "responses")["401"] = problem },
		"problems for all but that": func(v object) {
			at(operation(v), "responses")["4XX"] = problem
			for _, s := range []string{"400", "401", "403", "404", "405", "413", "415", "422", "429"} {
				delete(at(operation(v), "responses"), s)
			}
		},
		"422 alone": func(v object) {
			for _, s := range []string{"400", "401", "403", "404", "405", "413", "415", "429"} {
				delete(at(operation(v), "responses"), s)
			}
		},
		"no refusal at all": func(v object) {
			for status := range at(operation(v), "responses") {
				if status[0] == '4' {
					delete(at(operation(v), "responses"), status)
				}
			}
		},
		"a refusal that is guessed": func(v object) {
			at(operation(v), "responses")["400"] = object{"description": "Refused.", "x-assumption": true, "content": object{"text/html": object{}}}
			at(v, "components", "schemas", "ErrorResponse")["properties"] = object{"error": text("no")}
		},
		"a refusal of one's own": func(v object) {
			at(operation(v), "responses")["400"] = object{"description": "Refused.", "content": object{"text/html": object{}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := standard(t)
			edit(v)
			d, err := load(v)
			if err != nil {
				t.Fatal(err)
			}
			patterns, least := few, 12
			if name == "as it is" {
				patterns, least = nil, 190
			}
			bad, tried, err := broken(d, patterns...)
			if err != nil || len(bad) > 0 || tried < least {
				t.Errorf("of %d cases %d are broken, %v: %.3s", tried, len(bad), err, bad)
			}
		})
	}
}

// renamed is openapi.yaml with the call at another path and under another method, where no property has its name of
// before.
func renamed(t interface{ Fatal(...any) }) object {
	v := standard(t)
	op := operation(v)
	at(v, "paths")["/v2/runs"] = object{"put": op}
	delete(at(v, "paths"), "/agents/execute")
	rename := func(s object, names map[string]string) {
		for old, name := range names {
			at(s, "properties")[name] = at(s, "properties")[old]
			delete(at(s, "properties"), old)
		}
	}
	rename(at(v, "components", "schemas", "ExecuteRequest"), map[string]string{"kaizenVersion": "size", "content": "parts", "agentId": "worker"})
	response := at(v, "components", "schemas", "ExecuteResponse")
	rename(response, map[string]string{"executionId": "runId", "sessionId": "threadId"})
	response["required"] = []any{"runId", "threadId", "status"}
	op["x-andon"] = object{"tier": "size", "content": "parts", "agentId": "worker", "executionId": "runId", "sessionId": "threadId"}
	return v
}

// A description with another path, another method and other names is kept without a change in Go: its cases are about
// them, and the ids under their names are told from each other.
func TestKeepsOtherNames(t *testing.T) {
	d, err := load(renamed(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := (contracts.Operation{Method: "PUT", Path: "/v2/runs", Tier: "size", Content: "parts", AgentID: "worker", ExecutionID: "runId", SessionID: "threadId"}); d.Operation() != want {
		t.Errorf("the operation is %+v, want %+v", d.Operation(), want)
	}
	bad, tried, err := broken(d)
	if err != nil || len(bad) > 0 || tried < 150 {
		t.Errorf("of %d cases %d are broken, %v: %.3s", tried, len(bad), err, bad)
	}
	list, _ := cases.Derive(d)
	for _, id := range []string{"text.Full", "file.Lite", "mixed.default", "size.unknown.negative", "parts.all", "method.POST.negative", "text.missing-text.negative"} {
		i := slices.IndexFunc(list, func(c cases.Case) bool { return c.ID == id })
		if i < 0 {
			t.Errorf("there is no case %s", id)
		} else if line := list[i].Curl("http://x", credentials.Plan{}); !strings.Contains(line, "'http://x/v2/runs'") {
			t.Errorf("%s: the line is %s", id, line)
		}
	}
	if i := slices.IndexFunc(list, func(c cases.Case) bool {
		return strings.Contains(string(c.Body), "kaizenVersion") || strings.Contains(string(c.Body), `"content"`)
	}); i >= 0 {
		t.Errorf("%s has a property that the description does not have: %s", list[i].ID, list[i].Body)
	}
	// The ids are judged under their names.
	for want, body := range map[string]string{
		"": `{"runId":"r","threadId":"t","status":"s"}`, contracts.RuleEmptyID: `{"runId":"r","threadId":"","status":"s"}`, contracts.RuleMissingProperty: `{"executionId":"r","threadId":"t","status":"s"}`,
	} {
		v := d.JudgeResponse(200, "application/json", []byte(body))
		if rule := v.Violation; rule == nil && want != "" || rule != nil && rule.Rule != want || want == "" && v.ExecutionID != "r" {
			t.Errorf("%s: %+v, %q, want %q", body, rule, v.ExecutionID, want)
		}
	}
	if v := d.JudgeResponse(200, "application/json", []byte(`{"runId":"r","threadId":"t","status":"s","more":1}`)); v.ExecutionID != "r" {
		t.Errorf("the validator's way the id is %q", v.ExecutionID)
	}
	request, violation := d.ReadRequest([]byte(`{"size":"Lite","worker":"w"}`))
	if violation != nil || request != (contracts.Request{Tier: "Lite", AgentID: "w"}) {
		t.Errorf("found %+v, %v", request, violation)
	}
}

// What the provider says is what the description calls it, and faults are faults of what is described.
func TestFaultsOfOtherDescriptions(t *testing.T) {
	d, err := load(renamed(t))
	if err != nil {
		t.Fatal(err)
	}
	for fault, want := range map[string]string{
		"missingField": contracts.RuleMissingProperty, "wrongType": contracts.RuleWrongType, "contentType": contracts.RuleContentType,
		"html": contracts.RuleContentType, "truncated": contracts.RuleMalformedJSON,
	} {
		c := provider.Config{}
		*c.Faults.Share(fault) = 1
		h, err := provider.New(d, c)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, d.Operation().NewRequest(t.Context(), &url.URL{Scheme: "http", Host: "x"}, nil, []byte("{}")))
			if v := d.JudgeResponse(w.Code, w.Header().Get("Content-Type"), w.Body.Bytes()).Violation; v == nil || v.Rule != want {
				t.Fatalf("%s: %d %s: %v, want %s", fault, w.Code, w.Body, v, want)
			}
		}
	}
	// Where the description asks for nothing, nothing can be missing.
	v := standard(t)
	at(operation(v), "responses")["200"] = object{"description": "Whatever."}
	delete(operation(v), "x-andon")
	if d, err = load(v); err != nil {
		t.Fatal(err)
	}
	c := provider.Config{Faults: provider.Faults{MissingField: .1, WrongType: .1, Truncated: .1, HTML: .1, ContentType: .1, RepeatedID: .1}}
	_, err = provider.New(d, c)
	for _, name := range []string{"truncated", "missingField", "wrongType", "html", "contentType"} {
		if err == nil || !strings.Contains(err.Error(), "fault "+name+": the description allows") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "repeatedId") {
		t.Errorf("ids can be repeated, and yet: %v", err)
	}
}

// A response that nothing conforms to cannot be answered with, and that is said.
func TestNoAnswer(t *testing.T) {
	for part, edit := range map[string]func(object){
		"response 200": func(v object) {
			at(v, "components", "schemas", "ExecuteResponse", "properties")["status"] = object{"allOf": []any{object{"type": "string"}, object{"type": "null"}}}
		},
		"response 415": func(v object) {
			at(operation(v), "responses")["415"] = object{"description": "Refused.", "content": object{"application/json": object{"schema": false}}}
		},
	} {
		v := standard(t)
		edit(v)
		d, err := load(v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.New(d, provider.Config{}); err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "an example in its schema") {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// anySchema draws a schema of a property.
func anySchema(t *rapid.T, depth int) object {
	kinds := []string{"string", "length", "integer", "number", "multiple", "boolean", "enum", "const", "nullable", "format", "pattern", "open", "untyped"}
	if depth < 2 {
		kinds = append(kinds, "object", "object", "array", "oneOf", "allOf", "map")
	}
	small := rapid.IntRange(0, 5)
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "string":
		return object{"type": "string"}
	case "length":
		low := small.Draw(t, "low")
		return object{"type": "string", "minLength": low, "maxLength": low + small.Draw(t, "span")}
	case "integer", "number":
		low := rapid.IntRange(-50, 50).Draw(t, "low")
		return object{"type": kind, "minimum": low, "maximum": low + small.Draw(t, "span")}
	case "multiple":
		return object{"type": "integer", "multipleOf": 1 + small.Draw(t, "of"), "minimum": rapid.IntRange(-9, 9).Draw(t, "low")}
	case "boolean":
		return object{"type": "boolean"}
	case "enum":
		return object{"enum": rapid.SampledFrom([][]any{{"Red", "green"}, {1, 2}, {nil, true}}).Draw(t, "values")}
	case "const":
		return object{"const": rapid.SampledFrom([]any{"fixed", 7, false, object{"a": 1}}).Draw(t, "value")}
	case "nullable":
		return object{"type": []any{"null", "string"}}
	case "format":
		return object{"type": "string", "format": rapid.SampledFrom([]string{"uuid", "date-time", "date", "time", "email", "uri", "hostname", "ipv4", "ipv6", "duration", "json-pointer", "regex", "byte", "odd"}).Draw(t, "format")}
	case "pattern":
		return object{"type": "string", "pattern": rapid.SampledFrom([]string{"^[A-Z]{3}-[0-9]+$", "^(a|b)c*$", "x", "^\\d{4}\\s\\w$", "^$"}).Draw(t, "pattern")}
	case "open":
		return object{}
	case "untyped":
		return object{"minimum": 3}
	case "array":
		low := small.Draw(t, "low")
		return object{"type": "array", "items": anySchema(t, depth+1), "minItems": low, "maxItems": low + small.Draw(t, "span")}
	case "oneOf":
		branch := func(name string) object {
			return object{"type": "object", "required": []any{"kind", "value"}, "properties": object{"kind": object{"const": name}, "value": anySchema(t, depth+1)}}
		}
		return object{"oneOf": []any{branch("first"), branch("second")}}
	case "allOf":
		return object{"allOf": []any{anyObject(t, depth, "a"), anyObject(t, depth, "b")}}
	case "map":
		return object{"type": "object", "additionalProperties": anySchema(t, depth+1), "minProperties": small.Draw(t, "least")}
	}
	s := anyObject(t, depth, "")
	s["additionalProperties"] = !rapid.Bool().Draw(t, "closed")
	return s
}

func anyObject(t *rapid.T, depth int, prefix string) object {
	properties, required := object{}, []any{}
	for i := range rapid.IntRange(0, 3).Draw(t, "properties") {
		name := fmt.Sprint(prefix, "p", i)
		properties[name] = anySchema(t, depth+1)
		if rapid.Bool().Draw(t, "required") {
			required = append(required, name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required}
}

// The reference provider keeps whatever description is drawn: the status, further properties, and the body of refusals.
func TestKeepsAnyDescription(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		v := standard(t)
		response := at(v, "components", "schemas", "ExecuteResponse")
		for i := range rapid.IntRange(0, 3).Draw(t, "properties") {
			name := fmt.Sprint("x", i)
			at(response, "properties")[name] = anySchema(t, 0)
			if rapid.IntRange(0, 3).Draw(t, "optional") > 0 {
				response["required"] = append(response["required"].([]any), name)
			}
		}
		if rapid.Bool().Draw(t, "closed") {
			response["additionalProperties"] = false
		}
		all := at(operation(v), "responses")
		success := all["200"]
		delete(all, "200")
		all[rapid.SampledFrom([]string{"200", "201", "202", "2XX", "default"}).Draw(t, "status")] = success
		refusal := object{"description": "Refused.", "content": object{rapid.SampledFrom([]string{"application/json", "application/problem+json", "*/*"}).Draw(t, "media"): object{"schema": anySchema(t, 0)}}}
		for _, status := range []string{"400", "401", "404", "405", "413", "415", "422"} {
			switch rapid.IntRange(0, 3).Draw(t, status) {
			case 0:
				all[status] = refusal
			case 1:
				if status != "422" {
					delete(all, status)
				}
			}
		}
		d, err := load(v)
		if err != nil {
			t.Fatal(err)
		}
		bad, n, err := broken(d, few...)
		if err != nil || len(bad) > 0 {
			t.Fatalf("of %d cases %d are broken, %v: %.3s", n, len(bad), err, bad)
		}
		tried += n
	})
	if tried < 1000 {
		t.Errorf("only %d answers were judged", tried)
	}
}

// publicDescriptions are descriptions of other people's interfaces, which a library that andon uses brings along for
// its own tests.
var publicDescriptions = []string{"lxkns.yaml", "issue570.json", "issue796.yml", "issue423.k8s.swagger.json", "oai_v3_stoplight.json"}

// The schemas of public descriptions do for a response as well.
func TestKeepsPublicDescriptions(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, name := range publicDescriptions {
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "openapi3", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		var public object
		if err := yaml.Unmarshal(source, &public); err != nil {
			t.Fatal(err)
		}
		schemas, ok := public["definitions"].(object)
		if !ok {
			schemas = at(public, "components", "schemas")
		}
		modern(schemas)
		names := make([]string, 0, len(schemas))
		for schema := range schemas {
			names = append(names, schema)
		}
		slices.Sort(names)
		// Some at a time: loading is what takes the time.
		for some := range slices.Chunk(names[:min(len(names), 18)], 6) {
			v := standard(t)
			for k, s := range schemas {
				at(v, "components", "schemas")[k] = s
			}
			response := at(v, "components", "schemas", "ExecuteResponse")
			for _, schema := range some {
				at(response, "properties")[schema] = object{"$ref": "#/components/schemas/" + schema}
				response["required"] = append(response["required"].([]any), schema)
			}
			d, err := load(v)
			if err != nil {
				continue // some are too old for OpenAPI 3.1
			}
			bad, n, err := broken(d, few...)
			if err != nil || len(bad) > 0 || n < 10 {
				t.Errorf("%s, schemas %v: of %d cases %d are broken, %v: %.2s", name, some, n, len(bad), err, bad)
			}
			kept += len(some)
		}
	}
	if kept < 20 {
		t.Errorf("only %d schemas were tried", kept)
	}
}

// modern says in the words of OpenAPI 3.1 what a schema says in those of 2.0 and 3.0.
func modern(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			modern(x)
		}
	case object:
		for k := range v {
			modern(v[k])
		}
		if ref, isText := v["$ref"].(string); isText {
			v["$ref"] = strings.Replace(ref, "#/definitions/", "#/components/schemas/", 1)
		}
		if t, isText := v["type"].(string); isText && v["nullable"] == true {
			v["type"] = []any{t, "null"}
		}
		_, isText := v["type"].(string)
		if isText || v["properties"] != nil || v["allOf"] != nil {
			for _, k := range []string{"nullable", "example", "examples", "default", "xml", "discriminator", "externalDocs", "readOnly", "writeOnly", "exclusiveMinimum", "exclusiveMaximum"} {
				delete(v, k)
			}
		}
	}
}
