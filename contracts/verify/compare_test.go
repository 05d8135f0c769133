package verify

import (
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
			if change.ID == "request-narrowed" || change.ID == "response-widened" {
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
