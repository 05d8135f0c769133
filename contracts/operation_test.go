package contracts

import (
	"strings"
	"testing"
)

// What x-andon says is checked, with its place.
func TestOperationErrors(t *testing.T) {
	const (
		extension = "        tier: kaizenVersion\n        content: content\n        agentId: agentId\n        executionId: executionId\n        sessionId: sessionId\n"
		summary   = "      summary: Execute agent\n"
	)
	with := func(lines string) string { return edited(t, extension, lines) }
	other := func(text, lines string) string {
		return strings.Replace(text, "paths:\n", "paths:\n  /v2/runs:\n    put:\n      operationId: run\n"+lines+"      responses: {'200': {description: ok}}\n", 1)
	}
	for _, c := range []struct{ why, text, want string }{
		{"an unknown key", with("        tiers: kaizenVersion\n"), `x-andon: nothing is called "tiers"; did you mean tier?`},
		{"a key far from all", with("        path: /x\n"), `x-andon: nothing is called "path"; expected one of tier, content, agentId, executionId, sessionId`},
		{"no text", with("        tier: 7\n"), "x-andon: tier: expected the name of a property, as a text"},
		{"a list", with("        - tier\n"), "x-andon: expected names of properties"},
		{"a property that is not there", with("        tier: size\n"), `x-andon: tier: the request has no property "size"`},
		{"an id that is not there", with("        executionId: runId\n"), `x-andon: executionId: the response of a success has no property "runId"`},
		{"a property of the request for an id", with("        sessionId: agentId\n"), `x-andon: sessionId: the response of a success has no property "agentId"`},
		{"two of a name", with("        tier: content\n"), `x-andon: tier and content are both called "content"`},
		{"at a path", edited(t, "    post:\n", "    x-andon: {}\n    post:\n"), "x-andon belongs to an operation, such as post, not to the path /agents/execute"},
		{"at two operations", other(edited(t, summary, summary), "      x-andon: {}\n"), "x-andon stands at PUT /v2/runs and at POST /agents/execute"},
		{"at an operation without a request", other(edited(t, "      x-andon:\n"+extension, ""), "      x-andon: {}\n"), "PUT /v2/runs has no request body"},
		{"nowhere, and another path", strings.ReplaceAll(edited(t, "      x-andon:\n"+extension, ""), "/agents/execute", "/v2/runs"), "no POST /agents/execute and no operation with x-andon, which would say that it is the one; it has POST /v2/runs"},
		{"no success", edited(t, "        '200':\n", "        '302':\n"), "describes no success"},
	} {
		d, err := Load("spec.yaml", []byte(c.text))
		if err == nil {
			t.Errorf("%s: it is accepted: %+v", c.why, d.Operation())
		} else if !hasPlace.MatchString(err.Error()) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q, with its place", c.why, err, c.want)
		}
	}
	// The name that a property has without the extension need not exist, whether it is written or not.
	renamed := strings.Replace(edited(t, "        sessionId:\n          description", "        session:\n          description"), "[sessionId, executionId, status]", "[executionId, status]", 1)
	if d, err := Load("spec.yaml", []byte(renamed)); err != nil || d.JudgeResponse(200, "application/json", []byte(`{"executionId":"e","status":"x"}`)).Violation != nil {
		t.Errorf("an answer without a session: %v", err)
	}
}

// Names that the extension leaves out are those of DefaultOperation, and so are all where there is no extension.
func TestOperationDefaults(t *testing.T) {
	for why, text := range map[string]string{
		"as it is":     edited(t, "      x-andon:\n", "      x-andon:\n"),
		"half of it":   edited(t, "        content: content\n        agentId: agentId\n", ""),
		"nothing":      edited(t, "      x-andon:\n        tier: kaizenVersion\n        content: content\n        agentId: agentId\n        executionId: executionId\n        sessionId: sessionId\n", ""),
		"an empty one": edited(t, "      x-andon:\n        tier: kaizenVersion\n        content: content\n        agentId: agentId\n        executionId: executionId\n        sessionId: sessionId\n", "      x-andon: {}\n"),
	} {
		d, err := Load("spec.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", why, err)
		} else if d.Operation() != DefaultOperation() || d.Operation().String() != "POST /agents/execute" {
			t.Errorf("%s: the operation is %+v", why, d.Operation())
		}
	}
}

// The properties are those that the extension names, whatever else there is.
func TestOperationNames(t *testing.T) {
	text := edited(t, "        tier: kaizenVersion\n        content: content\n        agentId: agentId\n        executionId: executionId\n        sessionId: sessionId\n", "")
	text = strings.NewReplacer("kaizenVersion", "size", "        content:\n          description: |", "        parts:\n          description: |",
		"agentId", "worker", "executionId", "runId", "sessionId", "threadId").Replace(text)
	text = strings.Replace(text, "x-andon:", "x-andon: {tier: size, content: parts, agentId: worker, executionId: runId, sessionId: threadId}", 1)
	d, err := Load("spec.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	body := d.AppendBody(nil, &Call{Tier: "Lite", Content: []Item{}, Fields: []Field{{Name: "worker", JSON: []byte(`"a"`)}}})
	if got := string(body); !strings.Contains(got, `"size":"Lite"`) || !strings.Contains(got, `"parts":[]`) || !strings.Contains(got, `"worker":"a"`) {
		t.Errorf("the body is %s", got)
	}
	for body, want := range map[string]Request{
		string(body):                             {Tier: "Lite", AgentID: "a"},
		`{"kaizenVersion":"Lite","agentId":"a"}`: {},
	} {
		if r, violation := d.ReadRequest([]byte(body)); violation != nil || r != want {
			t.Errorf("%s is %+v, %v; want %+v", body, r, violation, want)
		}
	}
	for _, c := range []struct{ body, id, pointer string }{
		{`{"threadId":"s","runId":"e","status":"x"}`, "e", ""},
		{`{"threadId":"s","runId":"e","status":"x","executionId":"","sessionId":""}`, "e", ""},
		{`{"threadId":"s","runId":"","status":"x"}`, "", "/runId"},
		{`{"threadId":"","runId":"e","status":"x"}`, "e", "/threadId"},
		{`{"threadId":"s","runId":"","status":"x","executionId":"e"}`, "", "/runId"},
	} {
		v := d.JudgeResponse(200, "application/json", []byte(c.body))
		pointer := ""
		if v.Violation != nil {
			pointer = v.Violation.Pointer
		}
		if v.ExecutionID != c.id || pointer != c.pointer || v.Violation != nil && v.Violation.Rule != RuleEmptyID {
			t.Errorf("%s: id %q, %+v; want id %q, pointer %q", c.body, v.ExecutionID, v.Violation, c.id, c.pointer)
		}
	}
}

// A media type of the description may have parameters or be a range, and covers what it says.
func TestMediaTypes(t *testing.T) {
	for _, c := range []struct {
		described, came string
		rule            string
	}{
		{"application/json", "application/json", ""},
		{"application/json", "application/json; charset=utf-8", ""},
		{"application/json; charset=utf-8", "application/json; charset=utf-8", ""},
		{"application/json; charset=utf-8", "application/json", ""},
		{"'*/*'", "application/json", ""},
		{"'*/*'", "text/html", ""},
		{"application/*", "application/json", ""},
		{"application/*", "text/html", RuleContentType},
		{"application/vnd.x+json", "application/vnd.x+json", ""},
		{"application/vnd.x+json", "application/json", RuleContentType},
	} {
		d, err := Load("spec.yaml", []byte(edited(t, "          description: The run was accepted and has started.\n          content:\n            application/json:\n",
			"          description: The run was accepted and has started.\n          content:\n            "+c.described+":\n")))
		if err != nil {
			t.Fatal(err)
		}
		v := d.JudgeResponse(200, c.came, []byte(good)).Violation
		if v == nil && c.rule != "" || v != nil && v.Rule != c.rule {
			t.Errorf("%s for %s: %v, want %q", c.came, c.described, v, c.rule)
		}
		if v = d.JudgeResponse(200, c.came, []byte(`{}`)).Violation; v == nil && strings.Contains(c.came, "json") {
			t.Errorf("%s for %s: the body is not held against its schema", c.came, c.described)
		}
		if doubtful, other := d.Doubt(200, c.came, []byte(good), d.JudgeResponse(200, c.came, []byte(good)).Violation); doubtful {
			t.Errorf("%s for %s is doubtful: %v", c.came, c.described, other)
		}
	}
}
