package attack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// landlord is a provider of tenants, who sees whether what a call carries belongs to one of them.
type landlord struct {
	sync.Mutex
	calls, torn int
	seen        map[string]int
	protocol    string
}

func (l *landlord) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call struct {
		AgentID string
		Content []struct{ ID string }
	}
	err := json.NewDecoder(r.Body).Decode(&call)
	tenant := strings.TrimPrefix(call.AgentID, "agent_")
	l.Lock()
	l.calls++
	l.seen[tenant]++
	l.protocol = r.Proto
	// Tokens are of different lengths, so that a head of another tenant's has another.
	long := strings.Repeat("x", len(tenant)*7)
	if err != nil || r.Header.Get("Authorization") != "Bearer tok-"+tenant+long || r.Header.Get("X-Tenant") != "agent_"+tenant ||
		r.URL.Query().Get("key") != "key "+tenant || len(call.Content) != 2 || call.Content[0].ID != call.AgentID || call.Content[1].ID != call.AgentID {
		l.torn++
	}
	n := l.calls
	l.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"sessionId":"s%d","executionId":"e%d","status":"running"}`, n, n)
}

// tenanted is a plan whose calls are of so many tenants.
func tenanted(t testing.TB, load string, tenants int) *scenarios.Plan {
	t.Helper()
	dir := t.TempDir()
	var rows strings.Builder
	for i := range tenants {
		fmt.Fprintf(&rows, "tok-%d%s,key %d,agent_%d\n", i, strings.Repeat("x", len(fmt.Sprint(i))*7), i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "tenants.csv"), []byte("token,key,agent\n"+rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse(filepath.Join(dir, "test.yaml"), []byte(load+`
mix: {tier: {Lite: 1}, content: [{items: [file, file]}], agentId: 100%}
data: {agentId: {from: tenants.csv, column: agent}, file: {from: tenants.csv, column: agent}}
headers: {X-Tenant: {from: tenants.csv, column: agent}}
auth: {bearer: {from: tenants.csv, column: token}, apiKey: {in: query, name: key, value: {from: tenants.csv, column: key}}}
`), description(t), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// opened looks up what a plan's calls carry.
func opened(t testing.TB, p *scenarios.Plan) *credentials.Set {
	t.Helper()
	with, err := p.Carried.Plan()
	if err != nil {
		t.Fatal(err)
	}
	s, err := with.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What a call carries on the wire belongs to one tenant, over andon's own connections and over those of net/http.
func TestTenantsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, load := range []string{"load: [{rate: 400/s, for: 500ms}]\nlimits: {lag: 10s}", "load: [{callers: 8, for: 10s}]\nlimits: {calls: 200}"} {
		for _, http2 := range []bool{false, true} {
			p := tenanted(t, load, 12)
			l := &landlord{seen: map[string]int{}}
			s := httptest.NewUnstartedServer(l)
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetHTTP1(true)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Start()
			target, err := url.Parse(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			o := fire(t, p, target, func(c *Config) { c.Credentials, c.HTTP2, c.PlainHTTP2 = opened(t, p), http2, http2 })
			s.Close()
			if l.torn > 0 || l.calls != 200 || len(l.seen) != 12 || (l.protocol == "HTTP/2.0") != http2 || o.total.OK != 200 {
				t.Errorf("%s: of %d calls over %s, of %d tenants, %d were torn between two: %v", load, l.calls, l.protocol, len(l.seen), l.torn, o.kinds())
			}
		}
	}
}

// A tenant that is turned away is no reason to ask for anything again: the others' calls go on, and what was said
// of it is kept without its token.
func TestTenantTurnedAway(t *testing.T) {
	t.Parallel()
	p := tenanted(t, "load: [{rate: 200/s, for: 500ms}]\nlimits: {lag: 10s}", 10)
	l := &landlord{seen: map[string]int{}}
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.Header.Get("Authorization"); strings.HasPrefix(token, "Bearer tok-3") {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, "%s has expired", token)
			return
		}
		l.ServeHTTP(w, r)
	}))
	o := fire(t, p, target, func(c *Config) { c.Credentials = opened(t, p) })
	if l.torn > 0 || len(l.seen) != 9 || o.total.OK != uint64(l.calls) || o.kinds()[results.Status4xx] != 100-l.calls {
		t.Errorf("%d of 100 calls went through, of %d tenants, %d torn: %v", l.calls, len(l.seen), l.torn, o.kinds())
	}
	if len(o.samples) != 1 || o.samples[0].Body != "Bearer [token] has expired" {
		t.Errorf("the samples are %+v", o.samples)
	}
}

// hollow is a transport that has the answer at once.
type hollow struct{ wire.Transport }

func (hollow) Do(x *wire.Exchange) error {
	x.Status, x.ContentType, x.Answer = 202, "application/json", []byte(`{"sessionId":"s","executionId":"e","status":"running"}`)
	return nil
}

// What a call costs apart from the wire; one without tenants is to cost what it did before there were any.
func BenchmarkCall(b *testing.B) {
	for name, p := range map[string]*scenarios.Plan{
		"no tenants": plan(b, "load: [{callers: 1, for: 1h}]\nlimits: {calls: 1000000000}\nmix: {tier: {Lite: 1}, content: [{items: [file, file]}], agentId: 100%}\n", 1),
		"tenants":    tenanted(b, "load: [{callers: 1, for: 1h}]\nlimits: {calls: 1000000000}", credentials.MaxTenants),
	} {
		b.Run(name, func(b *testing.B) {
			r := &run{
				Config: Config{Plan: p, Target: &url.URL{Scheme: "http", Host: "x"}, Credentials: opened(b, p)}, began: time.Now(), closed: true, kill: b.Context(),
				sides: []*side{{transport: hollow{}, sampled: newSampled(p.Labels)}}, handed: newHanded(1), rules: map[string]uint8{},
			}
			r.spaces.New = func() any { return new(flight) }
			r.setHeads()
			b.ReportAllocs()
			var free []record
			for n := uint64(0); b.Loop(); n++ {
				r.call(n)
				free = r.handed.take(free)
			}
		})
	}
}
