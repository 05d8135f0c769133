//go:build pact

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/pact"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports"
)

// verified runs andon verify with Pact and gives what it says as JSON.
func verified(t *testing.T, code int, args ...string) reports.Verification {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := execute(append([]string{"verify", "--format", "json"}, args...), &stdout, &stderr); got != code {
		t.Fatalf("exit code %d, want %d: %s", got, code, stderr.String())
	}
	var v reports.Verification
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		t.Fatalf("the output is no JSON: %v: %.300s", err, stdout.String())
	}
	return v
}

func count(v reports.Verification, engine, verdict string) (n int) {
	for _, c := range v.Checks {
		if c.Engine == engine && c.Verdict == verdict {
			n++
		}
	}
	return n
}

// Pact judges the same cases in a process of its own: it passes the reference provider and fails one with a defect, the
// standard output stays clean, and a target that goes away is no verdict.
func TestVerifyWithPact(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-tags", "pact", "-o", filepath.Join(dir, "andon-pact"), "../andon-pact")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("ANDON_TOKEN", "")

	v := verified(t, 0)
	if n := count(v, "pact", reports.CheckHeld); n < 100 || n+count(v, "description", reports.CheckHeld)+count(v, "description", reports.CheckNoted) != len(v.Checks) || len(v.Checks) != v.Planned {
		t.Errorf("%d checks by Pact held, of %d checks and %d planned", n, len(v.Checks), v.Planned)
	}
	if v := verified(t, 0, "--engine", "pact"); count(v, "description", reports.CheckHeld) != 0 || count(v, "pact", reports.CheckHeld) != v.Planned {
		t.Errorf("by Pact alone: %d of %d held", count(v, "pact", reports.CheckHeld), v.Planned)
	}

	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	h, err := provider.New(d, provider.Config{Token: "tok-pact", Faults: provider.Faults{WrongType: 1}})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() { defer close(served); _ = provider.Serve(ctx, ln, h) }()
	defer func() { cancel(); <-served }()
	t.Setenv("ANDON_TOKEN", "tok-pact")
	// Calls that the description forbids do not pass the mock server either, and it says why.
	var calls []pact.Call
	want := map[string]bool{`{}`: true, `{"content":[{"type":"json","data":{"any":[1,{}]}}],"kaizenVersion":"Lite"}`: true, `{"content":[]}`: true,
		`{"content":[{"type":"text","text":7}]}`: false, `{"content":[{"type":"file"}]}`: false, `{"content":[{"type":"txt","text":"a"}]}`: false,
		`{"kaizenVersion":"full"}`: false, `{"content":{}}`: false, `{"archiveSessionFiles":"yes"}`: false}
	for body := range want {
		calls = append(calls, pact.Call{ID: body, Body: []byte(body), Matcher: pact.Matcher(d.RequestTemplate([]byte(body)))})
	}
	outcomes, err := callsPact(context.Background(), filepath.Join(dir, "andon-pact"), d, calls)
	if err != nil || len(outcomes) != len(calls) {
		t.Fatalf("%d outcomes, %v", len(outcomes), err)
	}
	for _, o := range outcomes {
		if o.Held != want[o.ID] || o.Held != (o.Reason == "") {
			t.Errorf("%s: held %v, %q", o.ID, o.Held, o.Reason)
		}
	}
	if v := verified(t, 0, "--scenario", "mixed", "--calls", "50"); count(v, "description", reports.CheckHeld) != 50 || count(v, "pact", reports.CheckHeld) < 40 {
		t.Errorf("of 50 calls of a scenario %d are held, %d by Pact", count(v, "description", reports.CheckHeld), count(v, "pact", reports.CheckHeld))
	}

	v = verified(t, 1, "--target", "http://"+ln.Addr().String())
	if n := count(v, "pact", reports.CheckBroken); n < 40 || count(v, "description", reports.CheckBroken) < 40 {
		t.Errorf("a provider with a defect breaks %d checks by Pact, %d by the description", n, count(v, "description", reports.CheckBroken))
	}
	for _, c := range v.Checks {
		if c.Verdict == reports.CheckBroken && c.Reason == "" {
			t.Errorf("%s by %s is broken without a reason", c.Name, c.Engine)
		}
		if strings.Contains(c.Reason+c.Curl, "tok-pact") {
			t.Fatalf("the token is in %+v", c)
		}
	}
}
