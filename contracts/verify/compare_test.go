package verify

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/summary"
)

// What oasdiff has no rule for is told by calls and answers that conform to the one description and not to the other.
func TestCompareByCallsAndAnswers(t *testing.T) {
	const request = "    ExecuteRequest:\n"
	load := func(at, with string) *contracts.Description {
		text := strings.Replace(string(andon.Spec), at, with, 1)
		d, err := contracts.Load("spec.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ why, at, old, new, id string }{
		{"closed", request, "", "      additionalProperties: false\n", "request-narrowed"},
		{"unevaluated", request, "", "      unevaluatedProperties: false\n", "request-narrowed"},
		{"not", "      properties:\n        agentId:\n", "", "          not: {const: root}\n", "request-narrowed"},
		{"a note", request, "", "      x-note: true\n", ""},
		{"opened", request, "      additionalProperties: false\n", "", ""},
	} {
		v, changes, err := Compare(load(c.at, c.at+c.old), load(c.at, c.at+c.new), "a → b")
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, change := range changes {
			if change.ID == contracts.Narrowed || change.ID == contracts.Widened {
				found = change.ID
			}
		}
		if found != c.id || c.id != "" && v.Verdict.ExitCode != 1 {
			t.Errorf("%s: %q, exit code %d, %v; want %q", c.why, found, v.Verdict.ExitCode, changes, c.id)
		}
	}
	const plain = "          description: The run was accepted and has started.\n          content:\n            application/json:\n"
	if v, changes, err := Compare(load(plain, plain), load(plain, strings.Replace(plain, "/json", "/vnd.x+json", 1)), "a → b"); err != nil || v.Verdict.ExitCode != 1 {
		t.Errorf("another media type: %v, %v, %+v", err, changes, v.Verdict)
	}
	if v, changes, _ := Compare(load("", ""), load("", ""), "a → a"); len(changes) > 0 || v.Checks[0].Verdict != summary.CheckHeld {
		t.Errorf("no change is %v", changes)
	}
}

// What two descriptions are compared by is the same on every run.
func TestCompareTwice(t *testing.T) {
	load := func(text string) *contracts.Description {
		d, err := contracts.Load("spec.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before, after := pairOf("in: z: {type: [string, integer]}"), pairOf("in: z: {type: string, pattern: '^[ab]*$'}\nofCall: maxProperties: 2")
	_, first, err := Compare(load(before), load(after), "a → b")
	_, second, _ := Compare(load(before), load(after), "a → b")
	if err != nil || len(first) < 2 || !slices.Equal(first, second) {
		t.Errorf("%v\n%+v and then\n%+v", err, first, second)
	}
}

// A newer document need not be a description that andon takes, to have lost what callers need.
func TestCompareWithWhatCannotBeLoaded(t *testing.T) {
	older, err := contracts.Load("old.yaml", []byte(pairOf("")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ why, at, with, id string }{
		{"the operation is gone", "  /agents/execute:\n    post:\n      x-andon: {}", "  /agents/run:\n    post:", "api-path-removed-without-deprecation"},
		{"the call comes as XML", "          application/json: {schema", "          application/xml: {schema", "request-body-media-type-removed"},
		{"the answer comes as XML", "{application/json: {schema: {$ref: '#/components/schemas/Answer'}}}", "{application/xml: {schema: {$ref: '#/components/schemas/Answer'}}}", "response-media-type-removed"},
		{"nothing is known to be lost", "openapi: 3.1.0", "openapi: 3.1.0\nslip: 1", ""},
		{"it is no document", "openapi: 3.1.0", "openapi: [", ""},
	} {
		name := filepath.Join(t.TempDir(), "new.yaml")
		if err := os.WriteFile(name, []byte(strings.Replace(pairOf(""), c.at, c.with, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, unread := contracts.Open(name)
		if unread == nil {
			t.Fatalf("%s: it is loaded", c.why)
		}
		v, changes, ok := CompareUnread(older, name, "a → b", unread)
		found := slices.ContainsFunc(changes, func(x contracts.Change) bool { return x.ID == c.id && x.Severity == contracts.Breaking && x.Line > 0 })
		if ok != (c.id != "") || ok && (!found || v.Verdict.ExitCode != 1) {
			t.Errorf("%s: %v, %+v", c.why, ok, changes)
		}
	}
}
