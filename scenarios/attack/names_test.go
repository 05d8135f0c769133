package attack

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/scenarios"
)

// A description whose call lives elsewhere and whose properties have other names is planned and run as any other: the
// tiers are its own, and an id that comes twice under its name is seen.
func TestOtherNames(t *testing.T) {
	text := strings.NewReplacer("/agents/execute", "/v2/runs", "kaizenVersion", "size", "agentId", "worker", "executionId", "runId", "sessionId", "threadId").Replace(string(andon.Spec))
	text = strings.NewReplacer("        worker: worker\n", "        agentId: worker\n", "        runId: runId\n", "        executionId: runId\n", "        threadId: threadId\n", "        sessionId: threadId\n").Replace(text)
	d, err := contracts.Load("other.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("test.yaml", []byte("load: [{rate: 400/s, for: 500ms}]\nmix: {tier: {Full: 1, Lite: 1}, invalid: 10%}\nprovider: {faults: {repeatedId: 20%}}"), d,
		func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(3)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := p.AppendBody(nil, 0)
	if !bytes.Contains(body, []byte(`"size":`)) || bytes.Contains(body, []byte("kaizenVersion")) {
		t.Errorf("the first call is %s", body)
	}
	h, err := provider.New(d, p.Provider)
	if err != nil {
		t.Fatal(err)
	}
	var paths sync.Map
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths.Store(r.Method+" "+r.URL.Path, true)
		h.ServeHTTP(w, r)
	}))
	o := fire(t, p, target)
	paths.Range(func(call, _ any) bool {
		if call != "POST /v2/runs" {
			t.Errorf("a call went to %s", call)
		}
		return true
	})
	if o.total.Completed != 200 || o.total.Violations[contracts.RuleRepeatedID] < 10 || len(o.total.Violations) != 1 {
		t.Errorf("of %d calls: %v", o.total.Completed, o.total.Violations)
	}
}
