package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kaizenautomation/andon/contracts"
)

// fakeBroker keeps what a Pact Broker keeps of one pact, and answers by the same links.
type fakeBroker struct {
	*httptest.Server
	sync.Mutex
	published, results []map[string]any
	pact               []byte
	branches           []string
	pending            bool
	wanted             map[string]any
}

// newBroker is one that the environment names.
func newBroker(t *testing.T) *fakeBroker {
	b := startBroker(t)
	t.Setenv("PACT_BROKER_BASE_URL", b.URL)
	t.Setenv("PACT_BROKER_TOKEN", "tok-broker")
	return b
}

func startBroker(t *testing.T) *fakeBroker {
	b := &fakeBroker{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		links := map[string]any{}
		for name, at := range map[string]string{
			"pb:publish-contracts":                               "/contracts/publish",
			"pb:provider-pacts-for-verification":                 "/pacts/provider/{provider}/for-verification",
			"pb:pacticipant-branch-version":                      "/pacticipants/{pacticipant}/branches/{branch}/versions/{version}",
			"pb:can-i-deploy-pacticipant-version-to-environment": "/can-i-deploy/{pacticipant}/{version}/{environment}",
		} {
			links[name] = map[string]any{"href": b.URL + at}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"_links": links})
	})
	note := func(list *[]map[string]any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body map[string]any
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				w.WriteHeader(http.StatusBadRequest)
			}
			*list = append(*list, body)
			_, _ = w.Write([]byte("{}"))
		}
	}
	mux.HandleFunc("POST /contracts/publish", note(&b.published))
	mux.HandleFunc("POST /results", note(&b.results))
	mux.HandleFunc("POST /pacts/provider/agents/for-verification", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&b.wanted)
		fmt.Fprintf(w, `{"_embedded":{"pacts":[{"verificationProperties":{"pending":%v},"_links":{"self":{"href":"%s/pact","name":"the pact of shop"}}}]}}`, b.pending, b.URL)
	})
	mux.HandleFunc("GET /pact", func(w http.ResponseWriter, _ *http.Request) {
		var pact map[string]any
		_ = json.Unmarshal(b.pact, &pact)
		pact["_links"] = map[string]any{"pb:publish-verification-results": map[string]any{"href": b.URL + "/results"}}
		_ = json.NewEncoder(w).Encode(pact)
	})
	mux.HandleFunc("PUT /pacticipants/agents/branches/{branch}/versions/{version}", func(w http.ResponseWriter, r *http.Request) {
		b.branches = append(b.branches, r.PathValue("branch")+"@"+r.PathValue("version"))
		_, _ = w.Write([]byte("{}"))
	})
	mux.HandleFunc("GET /can-i-deploy/agents/{version}/production", func(w http.ResponseWriter, r *http.Request) {
		kept := slices.ContainsFunc(b.results, func(m map[string]any) bool {
			return m["success"] == true && m["providerApplicationVersion"] == r.PathValue("version")
		})
		fmt.Fprintf(w, `{"summary":{"deployable":%v,"reason":"as far as is known"}}`, kept)
	})
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.Lock()
		defer b.Unlock()
		if r.Header.Get("Authorization") != "Bearer tok-broker" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

func TestBroker(t *testing.T) {
	b := newBroker(t)
	run := func(code int, want string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := execute(args, &stdout, &stderr); got != code || !strings.Contains(stdout.String()+stderr.String(), want) || strings.Contains(stderr.String(), "tok-broker") {
			t.Errorf("%v: exit code %d, want %d: %s%s", args, got, code, stdout.String(), stderr.String())
		}
	}
	run(0, "published the pact of andon with agents, version abc", "contracts", "publish", "--version", "abc", "--branch", "main", "--tag", "ci", "--build-url", "http://ci/1")
	if len(b.published) != 1 {
		t.Fatalf("published %d times", len(b.published))
	}
	p := b.published[0]
	content, _ := json.Marshal(p["contracts"].([]any)[0].(map[string]any)["content"])
	var text []byte
	if err := json.Unmarshal(content, &text); err != nil || !bytes.Equal(text, contracts.Pact) {
		t.Errorf("what was published is not the pact: %v", err)
	}
	if p["pacticipantName"] != "andon" || p["pacticipantVersionNumber"] != "abc" || p["branch"] != "main" || p["buildUrl"] != "http://ci/1" {
		t.Errorf("published %v", p)
	}
	run(1, "agents 1 may not be deployed to production: as far as is known", "contracts", "can-i-deploy", "--version", "1", "--to-environment", "production")
	run(2, "--version is missing", "contracts", "publish")
	run(2, "are needed", "contracts", "can-i-deploy")
	run(2, "it has a user name in it", "contracts", "publish", "--version", "1", "--broker", "http://a:b@127.0.0.1:1")
	run(3, "cannot be reached", "contracts", "publish", "--version", "1", "--broker", "http://127.0.0.1:1")
	run(2, "wants --from-broker", "verify", "--publish-results")
	run(2, "wants a JSON object", "verify", "--selector", "main")
	t.Setenv("PACT_BROKER_TOKEN", "")
	run(3, "set PACT_BROKER_TOKEN", "contracts", "publish", "--version", "1")
	t.Setenv("PACT_BROKER_BASE_URL", "")
	run(2, "where is the Pact Broker", "contracts", "publish", "--version", "1")
}
