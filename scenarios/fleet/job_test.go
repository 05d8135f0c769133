package fleet

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// What a worker makes of the job is the run's plan, or the difference is named.
func TestJob(t *testing.T) {
	const text = `
name: short
load: [{rate: "${FLEET_RATE}/s", for: 2s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
`
	t.Setenv("FLEET_RATE", "40")
	plan := planned(t, text, 7)
	target := &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}
	made := func(change func(dir string, j *job)) string {
		t.Helper()
		dir := t.TempDir()
		j := jobOf(trial.Config{Plan: plan, Target: target, Andon: "v1"}, "run-1", 3, credentials.Asked{}, nil)
		if err := j.write(dir, plan); err != nil {
			t.Fatal(err)
		}
		change(dir, &j)
		written, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, jobFile), written, 0o600); err != nil {
			t.Fatal(err)
		}
		back, p, err := readJob(dir, "v1")
		if err != nil {
			return err.Error()
		}
		if p.Digest("v1") != plan.Digest("v1") || back.Group != "run-1" || back.Shards != 3 || p.Name != "short" {
			t.Errorf("the job is read as %+v", back)
		}
		return ""
	}
	edit := func(name, old, other string) func(string, *job) {
		return func(dir string, _ *job) {
			path := filepath.Join(dir, name)
			found, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(found), old) {
				t.Fatalf("%s has no %q: %v", name, old, err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(found), old, other, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if said := made(func(string, *job) {}); said != "" {
		t.Errorf("the job as it is: %s", said)
	}
	for want, change := range map[string]func(string, *job){
		`load is `:                   edit(scenarioFile, "for: 2s", "for: 3s"),
		`description is `:            edit(specFile, "\n", "\n# another\n"),
		"the digest is ":             func(_ string, j *job) { j.Digest = "other" },
		"no call was sent: load is ": func(string, *job) { t.Setenv("FLEET_RATE", "50") },
		"FLEET_RATE":                 func(string, *job) { _ = os.Unsetenv("FLEET_RATE") },
		"the job's scenario: ":       edit(scenarioFile, "load:", "lead:"),
		"the job's description: ":    edit(specFile, "openapi:", "openapi::"),
	} {
		if said := made(change); !strings.Contains(said, want) {
			t.Errorf("expected %q, found %q", want, said)
		}
		t.Setenv("FLEET_RATE", "40")
	}
	// A seed is in the digest and in no part.
	j := jobOf(trial.Config{Plan: plan, Target: target, Andon: "v1"}, "run-1", 3, credentials.Asked{}, nil)
	if err := j.agrees(planned(t, text, 8), "v1"); err == nil || !strings.Contains(err.Error(), "the seed is 7 in the run and 8 here") {
		t.Errorf("another seed: %v", err)
	}
	if err := j.agrees(plan, "v2"); err == nil || !strings.Contains(err.Error(), "the digest is ") {
		t.Errorf("another version: %v", err)
	}
	for hosts, want := range map[string]string{
		"":                      "no host is named that calls may go to",
		"example.com":           "may send to example.com",
		"127.0.0.1:8081":        "the run's target is at 127.0.0.1:8080",
		"127.0.0.1:8080":        "",
		"example.com,127.0.0.1": "",
	} {
		_, err := j.permits(plan, strings.FieldsFunc(hosts, func(r rune) bool { return r == ',' }))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: expected %q, found %v", hosts, want, err)
		}
	}
	for _, carried := range []string{`headers: {X-Key: "a {command:touch here}"}`, `auth: {bearer: {token: "{command:touch here}"}}`, `auth: {apiKey: {in: query, name: k, value: "{command:touch here}"}}`} {
		if _, err := j.permits(planned(t, text+carried, 7), []string{"127.0.0.1"}); !errors.Is(err, errCommand) {
			t.Errorf("%s: found %v", carried, err)
		}
	}
	// What the calls carry by the file of targets comes with the job, by reference, and goes before the scenario's own.
	j = jobOf(trial.Config{Plan: plan, Target: target, Andon: "v1"}, "run-1", 3, credentials.Asked{Bearer: "{env:THEIRS}", TokenFile: "mine.txt"}, nil)
	if a := j.Carried.over(credentials.Asked{Bearer: "{env:OTHER}", Headers: []string{"X-A: 1"}}); a.Bearer != "{env:THEIRS}" || len(a.Headers) != 1 || a.TokenFile != "" {
		t.Errorf("the calls carry %+v", a)
	}
	j.Carried.Bearer = "{command:cat x}"
	if _, err := j.permits(plan, []string{"127.0.0.1"}); !errors.Is(err, errCommand) {
		t.Errorf("a command of the job is permitted: %v", err)
	}
}
