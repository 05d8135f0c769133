//go:build pact

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
	if got := plainly(t, append([]string{"verify", "--format", "json"}, args...), &stdout, &stderr); got != code {
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
	t.Run("of an edited description", pactOfEdits)
	t.Run("three judges", func(t *testing.T) { threeJudges(t, program) })
	t.Run("verify", func(t *testing.T) { verifyWithPact(t, program) })
	t.Run("from a broker", verifyFromBroker)
	t.Run("credentials", credentialsWithPact)
	t.Run("hiccups", hiccupsWithPact)
	t.Run("killed", killedWithPact)
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
	if code := plainly(t, []string{"contracts", "pact", "--spec", spec}, &stdout, &stderr); code != 0 || !json.Valid(stdout.Bytes()) || !strings.Contains(stdout.String(), `"url.Nano"`) {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

// Whatever the API may say one day, Pact holds what is derived of it, and the provider of it, by the same pact.
func pactOfEdits(t *testing.T) {
	for _, name := range []string{"202", "a fourth property", "states", "a tier renamed", "another kind"} { // each takes seconds
		spec := filepath.Join(t.TempDir(), "spec.yaml")
		if err := os.WriteFile(spec, []byte(edited(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
		v := verified(t, 0, "--spec", spec, "--engine", "pact", "--case", "text*")
		if n := count(v, "pact", summary.CheckHeld); n < 3 || n != len(v.Checks) {
			t.Errorf("%s: by Pact %d of %d are held", name, n, len(v.Checks))
		}
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
	// Of numbers that a float64 does not hold the filter has no opinion.
	long := regexp.MustCompile(`[0-9]{16}`)
	for _, k := range append(slices.Clone(list), cases.Random(d, 1, 300)...) {
		if held, _ := pact.Held(k); !held || k.Method != d.Operation().Method || k.Auth != cases.ValidToken || k.ContentType != "application/json" {
			continue
		}
		_, violation := d.ReadRequest(k.Body)
		second := d.CrosscheckRequest(k.Body)
		if (violation == nil) != (second == nil) && (second != nil || !long.Match(k.Body)) {
			t.Errorf("%s: %v against %v", k.ID, violation, second)
		}
		want[k.ID] = violation == nil
		calls = append(calls, pact.Call{ID: k.ID, Body: k.Body, Matcher: pact.Matcher(d.RequestTemplate(k.Body)), Path: d.Operation().Path})
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
		calls = append(calls, pact.Call{ID: body, Body: []byte(body), Matcher: pact.Matcher(d.RequestTemplate([]byte(body))), Path: d.Operation().Path})
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

	v = verified(t, 1, "--target", target.String(), "--rate", "max")
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
	// Between two verifications the broker is the test's.
	verifies := func(code int) summary.Verification {
		t.Helper()
		b.Unlock()
		defer b.Lock()
		return verified(t, code, args...)
	}
	b.Lock()
	defer b.Unlock()
	b.pact = pact(kept)
	v := verifies(0)
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
	v = verifies(1)
	if count(v, "pact", summary.CheckBroken) != 1 || b.results[1]["success"] != false {
		t.Errorf("the broker was told %v: %+v", b.results, v.Checks)
	}
	b.pending = true
	if v = verifies(0); count(v, "pact", summary.CheckNoted) != 1 || b.results[2]["success"] != false {
		t.Errorf("pending: %+v", v.Checks)
	}
}

// Secrets are on the wire of Pact's calls as they were asked for, by the token of the moment, and in no byte that is
// left behind, though the target sends them back; calls that are about a token's absence carry none. Pact's mock
// server is sent them with the calls of a scenario.
func credentialsWithPact(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", t.TempDir())
	// The command gives the first token once, and then the fresh one.
	const command = "if [ -e asked ]; then cat fresh.txt; else : > asked; cat first.txt; fi"
	for name, text := range map[string]string{
		"key.txt": canaries["key"], "pw.txt": canaries["password"], "first.txt": canaries["token"], "fresh.txt": canaries["fresh"],
		"carried.yaml": `load: [{rate: 40/s, for: 1s}]
headers: {X-Org-Id: '{env:CANARY_HEADER}', Cookie: 'sid={env:CANARY_COOKIE}', X-Tenant: acme}
auth:
  bearer: {token: '{command:` + command + `}'}
  apiKey: {in: query, name: api_key, value: '{file:key.txt}'}
`,
		"basic.yaml": "load: [{rate: 40/s, for: 1s}]\nauth: {basic: {username: ci, password: '{file:pw.txt}'}}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CANARY_HEADER", canaries["header"])
	t.Setenv("CANARY_COOKIE", canaries["cookie"])
	carried := []string{
		"--header", "X-Org-Id: {env:CANARY_HEADER}", "--header", "Cookie: sid={env:CANARY_COOKIE}", "--query", "api_key={file:key.txt}",
	}
	for _, by := range []string{"--token-command", "--user"} {
		_ = os.Remove("asked")
		value, want := command, []string{"Authorization: Bearer " + canaries["token"], "Authorization: Bearer " + canaries["fresh"]}
		if by == "--user" {
			value, want = "ci:{file:pw.txt}", []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ci:"+canaries["password"]))}
		}
		want = append(want, "X-Org-Id: "+canaries["header"], "Cookie: sid="+canaries["cookie"], "api_key: "+canaries["key"])
		p, bare, odd := &parrot{seen: map[string]bool{}}, 0, ""
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.Lock()
			if r.Header.Get("Authorization") == "" {
				bare++
			}
			if r.Header.Get(pact.Mark)+r.Header.Get("X-Forwarded-For") != "" || r.URL.Path != "/base/agents/execute" {
				odd = fmt.Sprint(r.URL, r.Header)
			}
			p.Unlock()
			p.ServeHTTP(w, r)
		}))
		for _, kept := range [][]string{{"--out", "out" + by}, {"--format", "json"}, {"--format", "junit"}} {
			args := slices.Concat([]string{"verify", "--engine", "pact", "--case", "text*,token*", "--attempts", "1", "--rate", "max", "--target", s.URL + "/base", by, value}, carried, kept)
			var stdout, stderr bytes.Buffer
			if code := plainly(t, args, &stdout, &stderr); code != 1 {
				t.Fatalf("exit code %d: %s%.3000s", code, stderr.String(), stdout.String())
			}
			noCanary(t, "stdout", stdout.Bytes(), []string{by})
			noCanary(t, "stderr", stderr.Bytes(), []string{by})
		}
		s.Close()
		for _, w := range want {
			if !p.seen[w] {
				t.Errorf("the target was not sent %q", w)
			}
		}
		if bare == 0 || bare > 3*3 || odd != "" {
			t.Errorf("%d calls were sent without a token; %s", bare, odd)
		}
		err := filepath.WalkDir("out"+by, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			noCanary(t, path, text, []string{by})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for name, by := range map[string]string{"carried.yaml": "--token-command", "basic.yaml": "--user"} {
		_ = os.Remove("asked")
		var stdout, stderr bytes.Buffer
		code := plainly(t, []string{"verify", "--scenario", name, "--calls", "20", "--format", "json"}, &stdout, &stderr)
		var v summary.Verification
		if err := json.Unmarshal(stdout.Bytes(), &v); code != 0 || err != nil || count(v, "pact", summary.CheckHeld) < 15 {
			t.Errorf("%s: exit code %d, %d held by Pact: %s%q", name, code, count(v, "pact", summary.CheckHeld), stderr.String(), v.Verdict.Causes)
		}
		if _, err := os.Stat("asked"); name == "carried.yaml" && err != nil {
			t.Error("the calls to Pact's mock server have no token")
		}
		noCanary(t, name, append(stdout.Bytes(), stderr.Bytes()...), []string{by})
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	t.Setenv("CANARY_HEADER", "")
	var stdout, stderr bytes.Buffer
	if code := plainly(t, []string{"verify", "--scenario", "carried.yaml"}, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), "CANARY_HEADER") {
		t.Errorf("without a secret that the calls carry: exit code %d, %s", code, stderr.String())
	}
}

// A hiccup is no breach: a call of a pact is tried again where no run was started, and what is said to have been
// started is what the target says.
func hiccupsWithPact(t *testing.T) {
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	h, err := provider.New(d, provider.Config{Token: "tok-pact"})
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	calls, runs := 0, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		calls++
		switch {
		case calls == 7:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case calls == 27:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code/100 == 2 {
			runs++
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	defer s.Close()
	t.Setenv("ANDON_TOKEN", "tok-pact")
	v := verified(t, 0, "--engine", "pact", "--case", "text*", "--target", s.URL, "--rate", "max")
	mutex.Lock()
	if count(v, "pact", summary.CheckHeld) != v.Planned || v.Planned < 20 || v.Accepted != runs || v.Unsure != 0 || calls <= v.Planned {
		t.Errorf("%d of %d held, %d runs said and %d started, by %d calls", count(v, "pact", summary.CheckHeld), v.Planned, v.Accepted, runs, calls)
	}
	runs = 0
	mutex.Unlock()
	v = verified(t, 3, "--engine", "pact", "--target", s.URL, "--rate", "max", "--max-runs", "10")
	mutex.Lock()
	defer mutex.Unlock()
	if runs > 10 || v.Accepted != runs || len(v.Checks) != v.Planned || count(v, "pact", summary.CheckSkipped) == 0 {
		t.Errorf("%d runs said and %d started, of at most 10; %d checks of %d", v.Accepted, runs, len(v.Checks), v.Planned)
	}
}

// When andon is killed, no further call is sent, andon-pact ends, and no file is left.
func killedWithPact(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("there is no /proc")
	}
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	h, err := provider.New(d, provider.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		time.Sleep(20 * time.Millisecond)
		h.ServeHTTP(w, r)
	}))
	defer s.Close()
	// Whether the library notices first is chance.
	for range 5 {
		calls.Store(0)
		killPact(t, s.URL, &calls)
	}
}

// killPact kills an andon that verifies a target by Pact, whose calls are counted.
func killPact(t *testing.T, target string, calls *atomic.Int64) {
	tmp := t.TempDir()
	cmd := exec.Command("andon", "verify", "--engine", "pact", "--target", target, "--rate", "max")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for start := time.Now(); !done(); time.Sleep(10 * time.Millisecond) {
			if time.Since(start) > time.Minute {
				t.Fatalf("in vain: %s", what)
			}
		}
	}
	child := func() bool {
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		return slices.ContainsFunc(lines, func(name string) bool {
			line, err := os.ReadFile(name)
			return err == nil && bytes.Contains(line, []byte(tmp))
		})
	}
	until("calls are sent", func() bool { return calls.Load() > 10 })
	if !child() {
		t.Error("there is no andon-pact")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	sent := calls.Load()
	until("andon-pact ends", func() bool { return !child() })
	time.Sleep(200 * time.Millisecond)
	if more := calls.Load() - sent; more > 1 {
		t.Errorf("%d calls were sent after andon was killed", more)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
