//go:build pact

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/cases"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/summary"
)

// verified runs andon verify with Pact and gives what it says as JSON.
func verified(t *testing.T, code int, args ...string) summary.Verification {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := execute(append([]string{"verify", "--format", "json"}, args...), &stdout, &stderr); got != code {
		t.Fatalf("exit code %d, want %d: %s", got, code, stderr.String())
	}
	var v summary.Verification
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		t.Fatalf("the output is no JSON: %v: %.300s", err, stdout.String())
	}
	return v
}

func count(v summary.Verification, engine, verdict string) (n int) {
	for _, c := range v.Checks {
		if c.Engine == engine && c.Verdict == verdict {
			n++
		}
	}
	return n
}

// What andon does where there is an andon-pact, which is built once and put where andon finds it.
func TestWithPact(t *testing.T) {
	dir := t.TempDir()
	program := pact.Program(filepath.Join(dir, "andon-pact"))
	build := exec.Command("go", "build", "-tags", "pact", "-o", string(program), "../andon-pact")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("ANDON_TOKEN", "")
	t.Run("of another description", pactOfAnotherDescription)
	t.Run("three judges", func(t *testing.T) { threeJudges(t, program) })
	t.Run("verify", func(t *testing.T) { verifyWithPact(t, program) })
	t.Run("from a broker", verifyFromBroker)
}

// A content type and a tier that a description gains are in its pact, without a change of the code.
func pactOfAnotherDescription(t *testing.T) {
	text := strings.Replace(string(andon.Spec), "enum: [Full, Lite]", "enum: [Full, Lite, Nano]", 1)
	for old, new := range map[string]string{
		"        - $ref: '#/components/schemas/JsonContent'\n": "        - $ref: '#/components/schemas/UrlContent'\n",
		"          json: '#/components/schemas/JsonContent'\n": "          url: '#/components/schemas/UrlContent'\n",
		"    JsonContent:\n": "    UrlContent: {type: object, required: [type, href], properties: {type: {type: string, const: url}, href: {type: string, format: uri}}}\n",
	} {
		changed := strings.Replace(text, old, new+old, 1)
		if changed == text {
			t.Fatalf("the description has no %q", old)
		}
		text = changed
	}
	spec := filepath.Join(t.TempDir(), "nano.yaml")
	if err := os.WriteFile(spec, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v := verified(t, 0, "--spec", spec)
	held := map[string]bool{}
	for _, c := range v.Checks {
		if c.Engine == "pact" && c.Verdict == summary.CheckHeld {
			held[c.Name] = true
		}
	}
	for _, id := range []string{"url.Nano", "text.Nano", "url.missing-href.negative", "text.Full"} {
		if !held[id] {
			t.Errorf("by Pact %s is not held", id)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := execute([]string{"contracts", "pact", "--spec", spec}, &stdout, &stderr); code != 0 || !json.Valid(stdout.Bytes()) || !strings.Contains(stdout.String(), `"url.Nano"`) {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

// The compiled schema, kin-openapi's filter and Pact's mock server agree on what may be sent: on every case that Pact
// can hold, and on random calls.
func threeJudges(t *testing.T, program pact.Program) {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := cases.Derive(d)
	var calls []pact.Call
	want := map[string]bool{}
	for _, k := range append(slices.Clone(list), cases.Random(d, 1, 300)...) {
		if held, _ := pact.Held(k); !held || k.Method != d.Operation().Method || k.Auth != cases.ValidToken || k.ContentType != "application/json" {
			continue
		}
		_, violation := d.ReadRequest(k.Body)
		second := d.CrosscheckRequest(k.Body)
		if (violation == nil) != (second == nil) {
			t.Errorf("%s: %v against %v", k.ID, violation, second)
		}
		want[k.ID] = violation == nil
		calls = append(calls, pact.Call{ID: k.ID, Body: k.Body, Matcher: pact.Matcher(d.RequestTemplate(k.Body))})
	}
	outcomes, err := program.Judge(context.Background(), d.Operation(), calls, nil)
	if err != nil || len(outcomes) != len(calls) || len(calls) < 400 {
		t.Fatalf("%d outcomes of %d calls, %v", len(outcomes), len(calls), err)
	}
	for i, o := range outcomes {
		if o.Held != want[o.ID] {
			t.Errorf("%s: Pact takes it: %v, %s; by the description: %v: %.300s", o.ID, o.Held, o.Reason, want[o.ID], calls[i].Body)
		}
	}
}

// Pact judges the same cases in a process of its own: it passes the reference provider and fails one with a defect, the
// standard output stays clean, and a target that goes away is no verdict.
func verifyWithPact(t *testing.T, program pact.Program) {
	v := verified(t, 0)
	if n := count(v, "pact", summary.CheckHeld); n < 100 || n+count(v, "description", summary.CheckHeld)+count(v, "description", summary.CheckNoted) != len(v.Checks) || len(v.Checks) != v.Planned {
		t.Errorf("%d checks by Pact held, of %d checks and %d planned", n, len(v.Checks), v.Planned)
	}
	if v := verified(t, 0, "--engine", "pact"); count(v, "description", summary.CheckHeld) != 0 || count(v, "pact", summary.CheckHeld) != v.Planned {
		t.Errorf("by Pact alone: %d of %d held", count(v, "pact", summary.CheckHeld), v.Planned)
	}

	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	h, err := provider.New(d, provider.Config{Token: "tok-pact", Faults: provider.Faults{WrongType: 1}})
	if err != nil {
		t.Fatal(err)
	}
	target, stop, err := provider.Start(h)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	t.Setenv("ANDON_TOKEN", "tok-pact")
	// Calls that the description forbids do not pass the mock server either, and it says why.
	var calls []pact.Call
	want := map[string]bool{`{}`: true, `{"content":[{"type":"json","data":{"any":[1,{}]}}],"kaizenVersion":"Lite"}`: true, `{"content":[]}`: true,
		`{"content":[{"type":"text","text":7}]}`: false, `{"content":[{"type":"file"}]}`: false, `{"content":[{"type":"txt","text":"a"}]}`: false,
		`{"kaizenVersion":"full"}`: false, `{"content":{}}`: false, `{"archiveSessionFiles":"yes"}`: false}
	for body := range want {
		calls = append(calls, pact.Call{ID: body, Body: []byte(body), Matcher: pact.Matcher(d.RequestTemplate([]byte(body)))})
	}
	outcomes, err := program.Judge(context.Background(), d.Operation(), calls, nil)
	if err != nil || len(outcomes) != len(calls) {
		t.Fatalf("%d outcomes, %v", len(outcomes), err)
	}
	for _, o := range outcomes {
		if o.Held != want[o.ID] || o.Held != (o.Reason == "") {
			t.Errorf("%s: held %v, %q", o.ID, o.Held, o.Reason)
		}
	}
	if v := verified(t, 0, "--scenario", "mixed", "--calls", "50"); count(v, "description", summary.CheckHeld) != 50 || count(v, "pact", summary.CheckHeld) < 40 {
		t.Errorf("of 50 calls of a scenario %d are held, %d by Pact", count(v, "description", summary.CheckHeld), count(v, "pact", summary.CheckHeld))
	}

	v = verified(t, 1, "--target", target.String())
	if n := count(v, "pact", summary.CheckBroken); n < 40 || count(v, "description", summary.CheckBroken) < 40 {
		t.Errorf("a provider with a defect breaks %d checks by Pact, %d by the description", n, count(v, "description", summary.CheckBroken))
	}
	for _, c := range v.Checks {
		if c.Verdict == summary.CheckBroken && c.Reason == "" {
			t.Errorf("%s by %s is broken without a reason", c.Name, c.Engine)
		}
		if strings.Contains(c.Reason+c.Curl, "tok-pact") {
			t.Fatalf("the token is in %+v", c)
		}
	}
}

// The pacts that a broker has are verified, the broker is told what came of it, and a pending pact fails nothing.
func verifyFromBroker(t *testing.T) {
	b := newBroker(t)
	interaction := func(name, body string, status int) string {
		return fmt.Sprintf(`{"type":"Synchronous/HTTP","description":%q,"request":{"method":"POST","path":"/agents/execute","headers":{"Content-Type":["application/json"]},"body":{"contentType":"application/json","content":%s}},"response":{"status":%d}}`, name, body, status)
	}
	pact := func(interactions ...string) []byte {
		return fmt.Appendf(nil, `{"consumer":{"name":"shop"},"provider":{"name":"agents"},"metadata":{"pactSpecification":{"version":"4.0"}},"interactions":[%s]}`, strings.Join(interactions, ","))
	}
	kept := interaction("a run of the shop", `{"content":[]}`, 200)
	args := []string{"--engine", "pact", "--case", "text.Full", "--from-broker", "--publish-results", "--provider-version", "v1", "--provider-branch", "main", "--selector", `{"mainBranch":true}`, "--pending"}
	b.pact = pact(kept)
	v := verified(t, 0, args...)
	if n := count(v, "pact", summary.CheckHeld); n != 2 || v.Planned != 2 || v.Accepted != 2 {
		t.Errorf("%d held of %d planned: %+v", n, v.Planned, v.Checks)
	}
	if len(b.results) != 1 || b.results[0]["success"] != true || b.results[0]["providerApplicationVersion"] != "v1" || !slices.Equal(b.branches, []string{"main@v1"}) {
		t.Errorf("the broker was told %v, %v", b.results, b.branches)
	}
	if fmt.Sprint(b.wanted["consumerVersionSelectors"]) != "[map[mainBranch:true]]" || b.wanted["includePendingStatus"] != true || b.wanted["providerVersionBranch"] != "main" {
		t.Errorf("asked for %v", b.wanted)
	}
	b.pact = pact(kept, interaction("a run - that nobody grants", `{"content":{}}`, 200))
	v = verified(t, 1, args...)
	if count(v, "pact", summary.CheckBroken) != 1 || b.results[1]["success"] != false {
		t.Errorf("the broker was told %v: %+v", b.results, v.Checks)
	}
	b.pending = true
	if v = verified(t, 0, args...); count(v, "pact", summary.CheckNoted) != 1 || b.results[2]["success"] != false {
		t.Errorf("pending: %+v", v.Checks)
	}
}
