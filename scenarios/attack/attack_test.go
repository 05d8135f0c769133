package attack

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

// Most tests wait for a run to take its time, and not for a processor.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set("8")
	}
	os.Exit(m.Run())
}

// loaded is the description, which no test changes.
var loaded = sync.OnceValues(func() (*contracts.Description, error) { return contracts.Load("openapi.yaml", andon.Spec) })

func description(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func plan(t testing.TB, yaml string, seed uint64) *scenarios.Plan {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(yaml), description(t), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// embedded serves the plan's provider.
func embedded(t testing.TB, p *scenarios.Plan) *url.URL {
	t.Helper()
	h, err := provider.New(description(t), p.Provider)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, h)
}

func serve(t testing.TB, h http.Handler) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

type outcome struct {
	agg     *metrics.Aggregator
	end     results.End
	total   metrics.Figures
	samples []results.Sample
	rows    []results.Row
	vitals  []results.Vitals
	// stalled is for how many seconds the generator stood still.
	stalled float64
}

// fire runs the plan against the target and reads back what was kept.
func fire(t testing.TB, p *scenarios.Plan, target *url.URL, change ...func(*Config)) outcome {
	t.Helper()
	interrupt := make(chan struct{})
	return fireUntil(context.Background(), t, interrupt, p, target, change...)
}

func fireUntil(ctx context.Context, t testing.TB, interrupt <-chan struct{}, p *scenarios.Plan, target *url.URL, change ...func(*Config)) outcome {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := results.Create(dir, results.Manifest{
		ID: "run", Scenario: p.Name, Seed: p.Seed, Target: target.String(), Labels: p.Labels, Planned: p.Planned,
		Thresholds: metrics.Written(p.Thresholds), TimeoutSeconds: p.Limits.Timeout.Seconds(), InFlight: p.Limits.InFlight,
		LagSeconds: p.Limits.Lag.Seconds(),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Plan: p, Target: target, Writer: w}
	for _, f := range change {
		f(&c)
	}
	out, err := Run(ctx, interrupt, c)
	if err != nil {
		t.Fatal(err)
	}
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(out.Samples, run.Samples) || !reflect.DeepEqual(out.Vitals, run.Vitals) {
		t.Errorf("%d samples and %d vitals are given, %d and %d were kept", len(out.Samples), len(out.Vitals), len(run.Samples), len(run.Vitals))
	}
	if last := len(out.Vitals) - 1; last < 0 || out.Vitals[last].AtSeconds < out.End.Seconds {
		t.Errorf("the vitals %+v do not go to the end at %v s", out.Vitals, out.End.Seconds)
	}
	o := outcome{agg: out.Aggregator, end: out.End, total: out.Aggregator.Total(out.Aggregator.Elapsed(out.End)), samples: run.Samples, vitals: run.Vitals}
	for _, v := range out.Vitals {
		o.stalled += v.StallSeconds
	}
	complete, err := run.Rows(func(r results.Row) error { o.rows = append(o.rows, r); return nil })
	if err != nil || !complete {
		t.Fatalf("the rows cannot be read back: complete %v, %v", complete, err)
	}
	o.account(t, p)
	return o
}

// account holds what was kept against the plan: each call has one row, and in a run that came to its end every call
// does.
func (o outcome) account(t testing.TB, p *scenarios.Plan) {
	t.Helper()
	seen := map[uint32]bool{}
	for _, r := range o.rows {
		if seen[r.N] {
			t.Fatalf("call %d has two rows", r.N)
		}
		seen[r.N] = true
		if uint64(r.N) >= p.MaxCalls() {
			t.Fatalf("call %d is beyond the plan", r.N)
		}
	}
	for n := range seen {
		// Whatever ended the run, no call before the last one is missing.
		if n > 0 && !seen[n-1] && !p.Closed() {
			t.Fatalf("call %d has a row, and the one before has none", n)
		}
	}
	if !p.Closed() && o.end.Reason == results.Finished && uint64(len(o.rows)) != p.Calls {
		t.Fatalf("%d of %d calls have a row", len(o.rows), p.Calls)
	}
	var counted uint64
	for _, f := range o.agg.By(metrics.ByPhase, 1) {
		counted += f.Sent + f.Dropped + f.Unsent
	}
	if counted != uint64(len(o.rows)) {
		t.Fatalf("the figures count %d calls, the file has %d", counted, len(o.rows))
	}
}

// kinds counts the rows by kind of error.
func (o outcome) kinds() map[results.Kind]int {
	m := map[results.Kind]int{}
	for _, r := range o.rows {
		m[r.Error]++
	}
	return m
}

// Each fault of the provider is counted under its kind and rule, at its rate.
func TestFaults(t *testing.T) {
	t.Parallel()
	p := plan(t, `
load: [{callers: 64, for: 1m}]
mix: {tier: {Lite: 1}, content: [{items: [text]}]}
data: {text: {length: 40}}
limits: {timeout: 5s, calls: 4000}
provider:
  latency: 0s
  faults: {http500: 4%, http503: 3%, reset: 5%, truncated: 6%, missingField: 7%, wrongType: 8%, html: 5%, contentType: 4%,
    repeatedId: 9%, slowBody: {share: 1%, for: 20s}}
`, 1)
	o := fire(t, p, embedded(t, p))
	if o.end.Reason != results.Finished {
		t.Errorf("the run ended: %+v", o.end)
	}
	type class struct {
		kind results.Kind
		rule string
	}
	got := map[class]float64{}
	for _, r := range o.rows {
		got[class{r.Error, p.Labels.Rules[r.Rule]}]++
	}
	want := map[class]float64{
		{results.None, ""}: 0.48,
		{results.Status5xx, contracts.RuleUndocumentedStatus}: 0.07,
		{results.Reset, ""}:                               0.05,
		{results.Contract, contracts.RuleMalformedJSON}:   0.06,
		{results.Contract, contracts.RuleMissingProperty}: 0.07,
		{results.Contract, contracts.RuleWrongType}:       0.08,
		{results.Contract, contracts.RuleContentType}:     0.09,
		{results.Contract, contracts.RuleRepeatedID}:      0.09,
		{results.TimeoutReading, ""}:                      0.01,
	}
	n := float64(len(o.rows))
	for c, share := range want {
		if sd := math.Sqrt(share * (1 - share) * n); math.Abs(got[c]-share*n) > 5*sd {
			t.Errorf("%v %s: %v of %v, want %v ± %.0f", c.kind, c.rule, got[c], n, share*n, 5*sd)
		}
		if c.kind != results.None && !slices.ContainsFunc(o.samples, func(s results.Sample) bool { return s.Kind == c.kind.String() && s.Rule == c.rule }) {
			t.Errorf("%v %s: there is no sample", c.kind, c.rule)
		}
	}
	for c, count := range got {
		if _, asked := want[c]; !asked {
			t.Errorf("%v %s: %v calls, which no fault explains", c.kind, c.rule, count)
		}
	}
}

// What can go wrong with a call is told apart.
func TestKinds(t *testing.T) {
	write := func(text string) func(net.Conn) { return func(c net.Conn) { _, _ = io.WriteString(c, text) } }
	wait := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	const good = `{"sessionId":"s","executionId":"e","status":"running"}`
	status := func(code int, media, body string) func(net.Conn) {
		return write(fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", code, media, len(body), body))
	}
	for _, c := range []struct {
		why    string
		answer func(net.Conn)
		kind   results.Kind
		rule   string
	}{
		{"a good answer", status(200, "application/json", good), results.None, ""},
		{"with a charset", status(200, "application/json; charset=utf-8", good), results.None, ""},
		{"chunked", write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n36\r\n" + good + "\r\n0\r\n\r\n"), results.None, ""},
		{"until the connection closes", write("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + good), results.None, ""},
		{"after an interim answer", write("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 54\r\n\r\n" + good), results.None, ""},
		{"no answer", wait, results.TimeoutWaiting, ""},
		{"half a head", func(c net.Conn) { write("HTTP/1.1 200 OK\r\nContent-")(c); wait(c) }, results.TimeoutWaiting, ""},
		{"half a body", func(c net.Conn) { write("HTTP/1.1 200 OK\r\nContent-Length: 54\r\n\r\n{")(c); wait(c) }, results.TimeoutReading, ""},
		{"closed without a word", func(net.Conn) {}, results.Reset, ""},
		{"closed in the head", write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"), results.Reset, ""},
		{"closed in the body", write("HTTP/1.1 200 OK\r\nContent-Length: 54\r\n\r\n{"), results.Reset, ""},
		{"reset", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, results.Reset, ""},
		{"another protocol", write("SSH-2.0-OpenSSH_9.2\r\n"), results.BadHTTP, ""},
		{"a length that is none", write("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), results.BadHTTP, ""},
		{"a chunk that is none", write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), results.BadHTTP, ""},
		{"an endless head", write("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100<<10)), results.BadHTTP, ""},
		{"a huge body", status(200, "application/json", strings.Repeat(" ", 2<<20)), results.BodyLimit, ""},
		{"a redirect", write("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), results.Status3xx, contracts.RuleUndocumentedStatus},
		{"a refusal", status(409, "application/json", "{}"), results.Status4xx, contracts.RuleUndocumentedStatus},
		{"too many calls", status(429, "application/json", "{}"), results.Shed, ""},
		{"too many calls, and not JSON", status(429, "application/json", "{"), results.Shed, contracts.RuleMalformedJSON},
		{"out of service", status(503, "application/json", "{}"), results.Status5xx, contracts.RuleUndocumentedStatus},
		{"out of service for a while", write("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\n{}"), results.Shed, contracts.RuleUndocumentedStatus},
		{"out of service, who knows for how long", write("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: soon\r\nContent-Length: 2\r\n\r\n{}"), results.Status5xx, contracts.RuleUndocumentedStatus},
		{"a failure", status(502, "text/html", "<h1>"), results.Status5xx, contracts.RuleUndocumentedStatus},
		{"an odd status", status(799, "text/html", "<h1>"), results.StatusOther, contracts.RuleUndocumentedStatus},
		{"another success", status(202, "application/json", good), results.Contract, contracts.RuleUndocumentedStatus},
		{"an empty body", status(200, "application/json", ""), results.Contract, contracts.RuleMalformedJSON},
		{"an empty id", status(200, "application/json", `{"sessionId":"","executionId":"e","status":"running"}`), results.Contract, contracts.RuleEmptyID},
		{"a key twice", status(200, "application/json", `{"sessionId":"s","sessionId":"s","executionId":"e","status":"running"}`), results.Contract, contracts.RuleDuplicateKey},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			timeout := "1m" // on a machine that is busy, an answer may take a while
			switch c.kind {
			case results.TimeoutWaiting:
				timeout = "300ms"
			case results.TimeoutReading: // the head comes in time
				timeout = "2s"
			}
			p := plan(t, "load: [{rate: 10/s, for: 100ms}]\nmix: {content: [{items: [text]}]}\nlimits: {timeout: "+timeout+"}", 1)
			o := fire(t, p, wiretest.Raw(t, c.answer))
			if len(o.rows) != 1 {
				t.Fatalf("%d rows", len(o.rows))
			}
			if r := o.rows[0]; r.Error != c.kind || p.Labels.Rules[r.Rule] != c.rule {
				t.Errorf("found %q %q, want %q %q (%+v)", r.Error, p.Labels.Rules[r.Rule], c.kind, c.rule, o.samples)
			}
		})
	}
}

// A freeze of the provider shows in the latency whether or not there are slots for all who wait; where there are none,
// the run is target-limited. Service time alone hides most of it then: that is why latency counts from the due time.
func TestFreeze(t *testing.T) {
	for _, inFlight := range []int{20, 1000} {
		t.Run(strconv.Itoa(inFlight), func(t *testing.T) {
			t.Parallel()
			p := plan(t, fmt.Sprintf(`
load: [{rate: 300/s, for: 2s}]
mix: {tier: {Lite: 1}, content: [{items: [text]}]}
limits: {inFlight: %d, lag: 200ms}
provider: {latency: 1ms, faults: {stall: {at: 700ms, for: 500ms}}}
`, inFlight), 1)
			var o outcome
			var validity metrics.Validity
			// What the test is about cannot be told from a machine that had no processor for andon: then once more.
			for range 8 {
				o = fire(t, p, embedded(t, p))
				if validity = o.agg.Validity(inFlight, metrics.Generator{}); validity.Status != metrics.GeneratorLimited {
					break
				}
			}
			if o.total.OK != p.Calls {
				t.Errorf("%d of %d calls succeeded", o.total.OK, p.Calls)
			}
			// A quarter of the calls fall into the stall, evenly: the p99 of the latency is that of a stall less its
			// 25th part.
			if p99 := *o.total.Latency.P99; p99 < 0.45 {
				t.Errorf("the p99 of the latency is %v s with a stall of 0.5 s", p99)
			}
			// The wait for a slot is not the generator's own, which a machine that is busy may add to, as far as the plan
			// tolerates it.
			service, own := *o.total.Service.P90, *validity.OwnLag.P99
			small := inFlight == 20
			if small != (service < 0.15) || validity.Status == metrics.GeneratorLimited || small != (validity.Status == metrics.TargetLimited) {
				t.Errorf("the p90 of the service time is %v s, the generator's own lag %v s, it stood still for %v s, and the run is %s: %v",
					service, own, o.stalled, validity.Status, validity.Reasons)
			}
		})
	}
}

// recorder answers every call well and keeps the bodies as they come.
type recorder struct {
	sync.Mutex
	bodies  []string
	conns   atomic.Int64
	inside  atomic.Int64
	most    atomic.Int64
	takes   time.Duration
	respond func(w http.ResponseWriter, n int)
}

// arrived gives the bodies that came so far.
func (r *recorder) arrived() []string {
	r.Lock()
	defer r.Unlock()
	return slices.Clone(r.bodies)
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	for now := r.inside.Add(1); ; {
		most := r.most.Load()
		if now <= most || r.most.CompareAndSwap(most, now) {
			break
		}
	}
	defer r.inside.Add(-1)
	body, _ := io.ReadAll(request.Body)
	r.Lock()
	r.bodies = append(r.bodies, string(body))
	n := len(r.bodies)
	r.Unlock()
	select {
	case <-time.After(r.takes):
	case <-request.Context().Done():
	}
	if r.respond != nil {
		r.respond(w, n)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"sessionId":"s%d","executionId":"e%d","status":"running"}`, n, n)
}

// The same scenario and seed send the same bytes in the same order; another seed does not.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	data, _ := scenarios.Open("mixed")
	bodies := func(t *testing.T, seed uint64) []string {
		// With one call in flight, calls arrive in the order of their due times.
		text := strings.NewReplacer("inFlight: 1000", "inFlight: 1", "for: 10s", "for: 1s", "for: 8s", "for: 1s").Replace(string(data))
		p := plan(t, text, seed)
		if p.Limits.InFlight != 1 {
			t.Fatalf("the scenario has changed: %d in flight", p.Limits.InFlight)
		}
		r := &recorder{}
		o := fire(t, p, serve(t, r))
		arrived := r.arrived()
		if uint64(len(arrived)) != p.Calls {
			t.Fatalf("%d of %d calls arrived: %v", len(arrived), p.Calls, o.kinds())
		}
		for n, body := range arrived {
			if want, _ := p.AppendBody(nil, uint64(n)); body != string(want) {
				t.Fatalf("call %d carries %s, the plan says %s", n, body, want)
			}
		}
		return arrived
	}
	sent := make([][]string, 3)
	t.Run("runs", func(t *testing.T) {
		for i, seed := range []uint64{7, 7, 8} {
			t.Run(fmt.Sprint(i, " with seed ", seed), func(t *testing.T) {
				t.Parallel()
				sent[i] = bodies(t, seed)
			})
		}
	})
	if !slices.Equal(sent[0], sent[1]) {
		t.Error("the same seed sends other bodies")
	}
	if slices.Equal(sent[0], sent[2]) {
		t.Error("another seed sends the same bodies")
	}
}

// No call is sent twice, even where the provider closes the connection on which it came.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	r := &recorder{respond: func(w http.ResponseWriter, n int) {
		if n%3 == 0 {
			panic(http.ErrAbortHandler) // closes the connection
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"sessionId":"s","executionId":"e%d","status":"running"}`, n)
	}}
	p := plan(t, "load: [{rate: 300/s, for: 1s}]\nmix: {content: [{items: [text]}]}\ndata: {text: {template: '{{seq}}'}}\nlimits: {inFlight: 10}", 1)
	o := fire(t, p, serve(t, r))
	arrived := r.arrived()
	slices.Sort(arrived)
	if n := len(slices.Compact(slices.Clone(arrived))); n != len(arrived) || n != int(p.Calls) {
		t.Errorf("%d calls arrived, %d of them different, %d were planned", len(arrived), n, p.Calls)
	}
	if got := o.kinds(); got[results.Reset] != 100 || got[results.None] != 200 {
		t.Errorf("the calls ended %v, want 100 resets of 300", got)
	}
}

// Connections stay open for the run.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	r := &recorder{takes: 2 * time.Millisecond}
	s := httptest.NewUnstartedServer(r)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	target, _ := url.Parse(s.URL)
	p := plan(t, "load: [{rate: 500/s, for: 1s}]\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 8}", 1)
	fire(t, p, target)
	if n := r.conns.Load(); n > 8 {
		t.Errorf("%d connections for at most 8 calls in flight", n)
	}
	if n := r.most.Load(); n > 8 {
		t.Errorf("%d calls in flight, at most 8 are allowed", n)
	}
}

// A connection is set up when a call needs it: an idle one may hold a worker of the provider. Others are set up
// beforehand where the scenario asks for them.
func TestConnectionsAreOpenedForCalls(t *testing.T) {
	t.Parallel()
	for _, warm := range []int{0, 5} {
		r := &recorder{}
		s := httptest.NewUnstartedServer(r)
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				r.conns.Add(1)
			}
		}
		s.Start()
		t.Cleanup(s.Close)
		target, _ := url.Parse(s.URL)
		o := fire(t, plan(t, fmt.Sprintf("load: [{rate: 1/s, for: 1s}]\nmix: {content: [{items: [text]}]}\nlimits: {warm: %d}", warm), 1), target)
		want := int64(max(warm, 1))
		for range 500 {
			if r.conns.Load() < want {
				time.Sleep(10 * time.Millisecond) // until the server has taken what was set up
			}
		}
		if n := r.conns.Load(); n != want || o.total.OK != 1 || (o.rows[0].Connect > 0) != (warm == 0) {
			t.Errorf("with %d connections set up beforehand: %d in all, want %d; the one call is %+v", warm, n, want, o.rows[0])
		}
	}
}

// A call that waits longer than its timeout for a slot is dropped and counted.
func TestDropped(t *testing.T) {
	r := &recorder{takes: time.Minute}
	p := plan(t, "load: [{rate: 100/s, for: 1s}]\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 2, timeout: 300ms, lag: 5s}", 1)
	o := fire(t, p, serve(t, r))
	got := o.kinds()
	if sent := got[results.TimeoutWaiting]; sent != len(r.arrived()) || sent < 2 || sent > 20 {
		t.Errorf("%d calls timed out, %d arrived", sent, len(r.arrived()))
	}
	if got[results.Dropped] == 0 || got[results.Dropped]+got[results.TimeoutWaiting] != 100 {
		t.Errorf("the calls ended %v, want 100 in all, some of them dropped", got)
	}
	for _, row := range o.rows {
		if row.Error == results.Dropped && (row.Lag < 0.3 || row.Service != 0 || row.BytesOut != 0) {
			t.Fatalf("a dropped call is %+v", row)
		}
	}
	if v := o.agg.Validity(2, metrics.Generator{}); v.Status != metrics.TargetLimited {
		t.Errorf("without an answer the run is %s", v.Status)
	}
}

// A closed loop keeps its callers busy, never has more of them, and stops at the limit of calls.
func TestClosedLoop(t *testing.T) {
	t.Parallel()
	r := &recorder{takes: 10 * time.Millisecond}
	p := plan(t, "load: [{callers: 5, for: 500ms}, {callers: 2, for: 10s}]\nmix: {content: [{items: [text]}]}\nlimits: {calls: 300}", 1)
	// The first five are answered when all of them have come, however long a busy machine takes to send them.
	all := make(chan struct{})
	r.respond = func(w http.ResponseWriter, n int) {
		if n == 5 {
			close(all)
		} else if n < 5 {
			select {
			case <-all:
			case <-time.After(20 * time.Second):
			}
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"sessionId":"s%d","executionId":"e%d","status":"running"}`, n, n)
	}
	o := fire(t, p, serve(t, r))
	if len(r.arrived()) != 300 || o.total.OK != 300 {
		t.Errorf("%d calls arrived, %d succeeded, want the limit of 300", len(r.arrived()), o.total.OK)
	}
	if n := r.most.Load(); n != 5 {
		t.Errorf("%d calls were in flight, want 5", n)
	}
	if o.total.Planned != nil {
		t.Errorf("a closed loop plans %d calls", *o.total.Planned)
	}
	// With the two callers that are left in the second phase, a call begins while one other at most is under way. One
	// that is let go just before may leave just after the phase began, as late as a busy machine has it.
	settled := 700 * time.Millisecond
	for _, row := range o.rows {
		if row.Due < settled {
			continue
		}
		others := 0
		for _, o := range o.rows {
			service := time.Duration(float64(o.Service) * float64(time.Second))
			if o.Phase == 1 && row.Phase == 1 && o.Due < row.Due && row.Due < o.Due+service-time.Millisecond {
				others++
			}
		}
		if others > 1 {
			t.Errorf("call %d of two callers begins while %d others are under way", row.N, others)
		}
	}
	for _, row := range o.rows {
		if row.Lag != 0 {
			t.Fatalf("in a closed loop a call is late: %+v", row)
		}
	}
	short := plan(t, "load: [{callers: 3, for: 300ms}]\nmix: {content: [{items: [text]}]}", 1)
	if o := fire(t, short, serve(t, &recorder{takes: 10 * time.Millisecond})); o.end.Seconds < 0.29 || o.total.OK < 10 {
		t.Errorf("a loop of 300 ms took %v s for %d calls", o.end.Seconds, o.total.OK)
	}
}

// The first interrupt stops the sending and waits for the calls in flight; the end of the context gives them up.
func TestInterrupt(t *testing.T) {
	p := plan(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}", 1)
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprint("kill ", kill), func(t *testing.T) {
			t.Parallel()
			r := &recorder{takes: 300 * time.Millisecond}
			if kill {
				r.takes = time.Minute
			}
			target := serve(t, r)
			interrupt := make(chan struct{})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			stop := func() {
				close(interrupt)
				if kill {
					cancel()
				}
			}
			var once sync.Once
			o := fireUntil(ctx, t, interrupt, p, target, func(c *Config) {
				c.Tick = func(now time.Duration, _ *metrics.Aggregator, _ int) { once.Do(stop) }
			})
			if o.end.Reason != results.Interrupted {
				t.Errorf("the run ended %+v", o.end)
			}
			got := o.kinds()
			want := results.None
			if kill {
				want = results.Canceled
			}
			// What was due and had not left is what comes due in 50 ms, and while the generator stood still.
			if got[want] == 0 || got[want]+got[results.Unsent] != len(o.rows) || got[results.Unsent] > 5+int(100*o.stalled) {
				t.Errorf("the calls ended %v, and the generator stood still for %v s", got, o.stalled)
			}
			if o.end.Seconds > 20 {
				t.Errorf("the run took %v s to end", o.end.Seconds)
			}
		})
	}
}

// A run in which nothing can succeed ends at once and says why.
func TestHopeless(t *testing.T) {
	t.Parallel()
	dead := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	answer := func(status int) *url.URL {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	}
	plain := answer(200)
	plain.Scheme = "https"
	load := "load: [{rate: 50/s, for: 1m}]\nmix: {content: [{items: [text]}], invalid: 20%}"
	for _, c := range []struct {
		target *url.URL
		want   string
	}{
		{dead, "dial-refused"}, {plain, "(tls)"}, {answer(401), "ANDON_TOKEN"}, {answer(403), "token"}, {answer(404), "path"}, {answer(405), "POST"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			o := fire(t, plan(t, load, 1), c.target)
			if o.end.Reason != results.Hopeless || !strings.Contains(o.end.Detail, c.want) || len(o.rows) > 100 {
				t.Errorf("%d calls, %+v; want hopeless, with %q", len(o.rows), o.end, c.want)
			}
		})
	}
	// One success among the first shows that there is hope.
	r := &recorder{respond: func(w http.ResponseWriter, n int) {
		if n != 3 {
			w.WriteHeader(401)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"sessionId":"s","executionId":"e","status":"running"}`)
	}}
	p := plan(t, "load: [{rate: 100/s, for: 500ms}]\nmix: {content: [{items: [text]}]}", 1)
	if o := fire(t, p, serve(t, r)); o.end.Reason != results.Finished || len(o.rows) != 50 {
		t.Errorf("with one success: %d calls, %+v", len(o.rows), o.end)
	}
}

// One call that gets no answer does not have all others sent, which are turned away.
func TestHopelessButForOne(t *testing.T) {
	t.Parallel()
	var first atomic.Bool
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		// A server notices that its client has gone once the body is read.
		_, _ = io.Copy(io.Discard, request.Body)
		if first.CompareAndSwap(false, true) {
			<-request.Context().Done()
		}
		w.WriteHeader(401)
	}))
	p := plan(t, "load: [{rate: 50/s, for: 10s}]\nmix: {content: [{items: [text]}]}\nlimits: {timeout: 2s}", 1)
	if o := fire(t, p, target); o.end.Reason != results.Hopeless || !strings.Contains(o.end.Detail, "status 401") || len(o.rows) > 300 {
		t.Errorf("%d calls, %+v; want hopeless", len(o.rows), o.end)
	}
}

// A threshold with abort ends the run when it is broken, but not before its time.
func TestAbort(t *testing.T) {
	t.Parallel()
	r := &recorder{respond: func(w http.ResponseWriter, _ int) { w.WriteHeader(500) }}
	p := plan(t, `
load: [{rate: 50/s, for: 1m}]
mix: {content: [{items: [text]}]}
thresholds: [{expr: "rate(errors) < 50%", abort: true, after: 1500ms}]
`, 1)
	o := fire(t, p, serve(t, r))
	if o.end.Reason != results.Aborted || !strings.Contains(o.end.Detail, "rate(errors) < 50%") {
		t.Errorf("the run ended %+v", o.end)
	}
	if o.end.Seconds < 1.5 || o.end.Seconds > 20 {
		t.Errorf("the run ended after %v s, and should soon after 1.5 s", o.end.Seconds)
	}
}

// The token is in the request and in nothing that is kept.
func TestTokenStaysOut(t *testing.T) {
	t.Parallel()
	const secret = "tok-3f9a77c1e2"
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+secret {
			t.Errorf("the header is %q", r.Header.Get("Authorization"))
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"%s":"%s","status":"%s"`, strings.Repeat("x", 2040)+secret, secret, secret)
	}))
	p := plan(t, "load: [{rate: 10/s, for: 500ms}]\nmix: {content: [{items: [text]}]}", 1)
	o := fire(t, p, target, func(c *Config) { c.Credentials = credentials.Bearer(secret) })
	if len(o.samples) == 0 {
		t.Fatal("there is no sample")
	}
	for _, s := range o.samples {
		for cut := len(secret); cut > 5; cut-- {
			if strings.Contains(s.Body+s.Message, secret[:cut]) {
				t.Fatalf("the token, or its beginning, is in %+v", s)
			}
		}
	}
}

// Ids that come twice are a violation, unless the check is switched off.
func TestRepeatedIDs(t *testing.T) {
	t.Parallel()
	handler := func() *recorder {
		return &recorder{respond: func(w http.ResponseWriter, n int) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"sessionId":"s","executionId":"e%d","status":"running"}`, n/2)
		}}
	}
	p := plan(t, "load: [{rate: 100/s, for: 500ms}]\nmix: {content: [{items: [text]}]}", 1)
	o := fire(t, p, serve(t, handler()))
	if n := o.total.Violations[contracts.RuleRepeatedID]; n != 24 {
		t.Errorf("%d ids are repeated, want 24", n)
	}
	o = fire(t, p, serve(t, handler()), func(c *Config) { c.RepeatedIDsAllowed = true })
	if n := len(o.total.Violations); n != 0 {
		t.Errorf("with the check off: %v", o.total.Violations)
	}
}

// ids agrees with a map.
func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := newIDs(), map[string]bool{}
		for _, id := range rapid.SliceOf(rapid.StringMatching(`[ab]{0,6}`)).Draw(t, "ids") {
			if got := s.add(id); got == m[id] {
				t.Fatalf("%q: new is %v", id, got)
			}
			m[id] = true
		}
	})
	s := newIDs()
	for pass := range 2 {
		for i := range 200_000 {
			if s.add(strconv.Itoa(i)) == (pass == 1) {
				t.Fatalf("pass %d: %d is %v", pass, i, pass == 1)
			}
		}
	}
}

// Where the files cannot be written the run ends, says so, and keeps what it measured.
func TestFilesFail(t *testing.T) {
	t.Parallel()
	p := plan(t, "load: [{rate: 50/s, for: 1m}]\nmix: {content: [{items: [text]}]}", 1)
	w, err := results.Create(filepath.Join(t.TempDir(), "run"), results.Manifest{ID: "x", Labels: p.Labels, Planned: p.Planned}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(results.End{}); err != nil {
		t.Fatal(err)
	}
	out, err := Run(context.Background(), make(chan struct{}), Config{Plan: p, Target: serve(t, &recorder{}), Writer: w})
	if err == nil || out.End.Reason != results.Unkept || !strings.Contains(out.End.Detail, "cannot be kept") {
		t.Errorf("the run ended %+v, %v", out.End, err)
	}
	if out.Aggregator.Running().Sent == 0 {
		t.Error("nothing was measured")
	}
}

func BenchmarkRun(b *testing.B) {
	p := plan(b, fmt.Sprintf(`
name: bench
load: [{callers: 32, for: 1h}]
mix: {tier: {Lite: 1}, content: [{items: [text]}]}
data: {text: {length: 400}}
limits: {calls: %d}
provider: {latency: 0s}
`, b.N), 1)
	target := embedded(b, p)
	b.ReportAllocs()
	b.ResetTimer()
	o := fire(b, p, target)
	if o.total.OK != uint64(b.N) {
		b.Fatalf("%d of %d calls succeeded: %v", o.total.OK, b.N, o.total.Errors)
	}
}
