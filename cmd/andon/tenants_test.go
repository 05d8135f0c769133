package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tenantSecrets are a tenant's secrets, of characters that escapes change.
func tenantSecrets(i int) (token, key, session string) {
	return fmt.Sprintf("tok-tenant/%d-%x+9", i, 7919*(i+11)), fmt.Sprintf(`key "<é>&%x%d`, 104729*(i+11), i), fmt.Sprintf("session%%%x-%d", 1299709*(i+11), i)
}

// echo is a provider that sends back whatever a call carries, in all disguises, and notes what does not belong
// together.
type echo struct {
	sync.Mutex
	calls int
	torn  []string
	seen  map[int]bool
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call struct{ AgentID string }
	_ = json.NewDecoder(r.Body).Decode(&call)
	tenant := -1
	_, _ = fmt.Sscanf(call.AgentID, "agent_%d", &tenant)
	token, key, session := tenantSecrets(tenant)
	e.Lock()
	e.calls++
	n := e.calls
	e.seen[tenant] = true
	found := []string{r.Header.Get("Authorization"), r.URL.Query().Get("key"), r.Header.Get("Cookie"), r.Header.Get("X-Agent")}
	if basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(call.AgentID+":"+token)); found[0] != "Bearer "+token && found[0] != basic || found[1] != key || found[2] != session || found[3] != call.AgentID {
		e.torn = append(e.torn, fmt.Sprint(tenant, found))
	}
	e.Unlock()
	var all []string
	for _, secret := range []string{token, key, session, found[0]} {
		all = append(all, disguised(secret)...)
		all = append(all, secret+"…", "…"+secret[3:])
	}
	w.Header().Set("X-Echo", url.QueryEscape(strings.Join(all, " ")))
	w.Header().Set("Content-Type", "application/json")
	switch n % 4 {
	case 0:
		w.Header().Set("Content-Type", found[0])
		fmt.Fprint(w, all)
	case 1:
		_ = json.NewEncoder(w).Encode(map[string]any{"executionId": 7, "status": all, key: all})
	case 2:
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, all)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"executionId": token, "status": key})
	}
}

// Each tenant's secrets are on the wire with that tenant's body, over whatever protocol and by whatever scheme, and
// those of none of them are in a byte that is left behind or printed.
func TestTenantCanaries(t *testing.T) {
	const tenants = 7
	t.Chdir(t.TempDir())
	t.Setenv("ANDON_TOKEN", "")
	t.Setenv("GITHUB_STEP_SUMMARY", "step.md")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var rows strings.Builder
	e := json.NewEncoder(&rows)
	e.SetEscapeHTML(false)
	for i := range tenants {
		token, key, session := tenantSecrets(i)
		_ = e.Encode(map[string]any{"token": token, "key": key, "session": session, "agent": fmt.Sprintf("agent_%d", i), "unread": "unread-" + token})
	}
	if err := os.Mkdir("secret", 0o700); err != nil {
		t.Fatal(err)
	}
	write("secret/tenants.jsonl", rows.String())
	const rest = `load: [{rate: 40/s, for: 1s}]
limits: {lag: 10s}
mix: {content: [{items: [text]}], agentId: 100%}
data: {agentId: {from: secret/tenants.jsonl, column: agent}}
headers:
  Cookie: {from: secret/tenants.jsonl, column: session}
  X-Agent: {from: secret/tenants.jsonl, column: agent}
auth:
  apiKey: {in: query, name: key, value: {from: secret/tenants.jsonl, column: key}}
`
	write("bearer.yaml", rest+"  bearer: {from: secret/tenants.jsonl, column: token}\n")
	write("basic.yaml", rest+"  basic: {username: {from: secret/tenants.jsonl, column: agent}, password: {from: secret/tenants.jsonl, column: token}}\n")
	p := &echo{seen: map[int]bool{}}
	s := httptest.NewUnstartedServer(p)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	absent := func(where string, text []byte) {
		t.Helper()
		for i := range tenants {
			token, key, session := tenantSecrets(i)
			for _, secret := range []string{token, key, session, fmt.Sprintf("agent_%d:%s", i, token)} {
				for _, form := range disguised(secret) {
					if at := bytes.Index(text, []byte(form)); at >= 0 {
						t.Errorf("%s has %q: …%s…", where, form, text[max(at-60, 0):min(at+60, len(text))])
					}
				}
			}
		}
	}
	for _, line := range []string{
		"run bearer.yaml --plain --out a --target $URL", "run bearer.yaml --plain --out b --seed 2 --target $URL", "run basic.yaml --plain --out basic --target $URL",
		"run bearer.yaml --plain --out http2 --http2 --target $URL", "plan bearer.yaml --curl 20", "plan basic.yaml --curl 20",
		"verify --scenario bearer.yaml --format json", "verify --scenario basic.yaml --out checked", "report a --format all --out all", "report a b --format all --out merged",
	} {
		calls := p.calls
		var stdout, stderr bytes.Buffer
		code := execute(strings.Fields(strings.ReplaceAll(line, "$URL", s.URL)), &stdout, &stderr)
		if sent := p.calls - calls; code == 2 || sent != map[bool]int{true: 40}[strings.Contains(line, "$URL")] {
			t.Errorf("%s: exit code %d, %d calls\n%s", line, code, sent, stderr.String())
		}
		absent(line, stdout.Bytes())
		absent(line, stderr.Bytes())
		if strings.HasPrefix(line, "plan") && !strings.Contains(stdout.String(), "${tenants_jsonl_line_") {
			t.Errorf("the curl lines do not say where the secrets come from:\n%s", stdout.String())
		}
	}
	if len(p.torn) > 0 || len(p.seen) != tenants {
		t.Errorf("of %d calls of %d tenants, %d are torn between two: %.3000v", p.calls, len(p.seen), len(p.torn), p.torn)
	}
	if text, err := os.ReadFile("a/secret/tenants.jsonl"); err != nil || string(text) != "{\"agent\":\"agent_0\"}\n{\"agent\":\"agent_1\"}\n{\"agent\":\"agent_2\"}\n{\"agent\":\"agent_3\"}\n{\"agent\":\"agent_4\"}\n{\"agent\":\"agent_5\"}\n{\"agent\":\"agent_6\"}\n" {
		t.Errorf("of the tenants %q is kept: %v", text, err)
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == filepath.Join("secret", "tenants.jsonl") {
			return err
		}
		text, err := os.ReadFile(path)
		absent(path, text)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
