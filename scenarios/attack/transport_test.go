package attack

import (
	"context"
	"crypto/tls"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

const brief = "load: [{rate: 100/s, for: 300ms}]\nmix: {content: [{items: [text]}]}\nlimits: {timeout: 5s}"

// The calls arrive over what the run says that it uses. For a proxy see the script run_proxy.txtar: net/http reads the
// environment once in a process.
func TestTransportIsNamed(t *testing.T) {
	t.Parallel()
	var protocol atomic.Value
	r := &recorder{}
	h := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		protocol.Store(request.Proto)
		r.ServeHTTP(w, request)
	})
	plain := serve(t, h)
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	unencrypted, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	secure, trust := wiretest.Secure(t, h, func(s *httptest.Server) { s.EnableHTTP2 = true })
	for _, c := range []struct {
		why            string
		target         *url.URL
		http2          bool
		named, arrived string
	}{
		{"plain", plain, false, "andon's own connections, HTTP/1.1", "HTTP/1.1"},
		{"TLS", secure, false, "andon's own connections, HTTP/1.1 over TLS", "HTTP/1.1"},
		{"HTTP/2", secure, true, "net/http, HTTP/2 where the target speaks it", "HTTP/2.0"},
		{"HTTP/2 without TLS", unencrypted, true, "net/http, HTTP/2 without TLS", "HTTP/2.0"},
		{"HTTP/2 is not spoken", plain, true, "net/http, HTTP/2 where the target speaks it", "HTTP/1.1"},
	} {
		t.Run(c.why, func(t *testing.T) {
			p := plan(t, brief, 1)
			var named string
			o := fire(t, p, c.target, func(config *Config) {
				config.TLS, config.HTTP2, config.PlainHTTP2 = trust, c.http2, c.target == unencrypted
				named = config.Generator().Transport
			})
			if o.total.OK != p.Calls || named != c.named || protocol.Load() != c.arrived {
				t.Errorf("%d of %d calls succeeded over %q; they arrived as %v (%v)", o.total.OK, p.Calls, named, protocol.Load(), o.samples)
			}
		})
	}
}

// A target that asks for a certificate takes those who show it, and turns the others away with an error of TLS.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	target, trust := wiretest.Secure(t, r, func(s *httptest.Server) { s.TLS.ClientAuth = tls.RequireAnyClientCert })
	p := plan(t, brief, 1)
	o := fire(t, p, target, func(c *Config) { c.TLS = trust })
	if got := o.kinds(); got[results.TLS] == 0 || got[results.TLS]+got[results.Unsent] != len(o.rows) || o.total.OK > 0 || !strings.Contains(o.samples[0].Message, "certificate") {
		t.Errorf("without a certificate: %v, %+v", o.kinds(), o.samples)
	}
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	mine := trust.Clone()
	mine.Certificates = server.TLS.Certificates
	if o = fire(t, p, target, func(c *Config) { c.TLS = mine }); o.total.OK != p.Calls {
		t.Errorf("with a certificate: %v, %+v", o.kinds(), o.samples)
	}
}

// A connection that follows another resumes its TLS session, and says what connecting and the handshake took.
func TestSessionsResume(t *testing.T) {
	t.Parallel()
	var resumed, all atomic.Int64
	r := &recorder{respond: func(w http.ResponseWriter, _ int) {
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"sessionId":"s","executionId":"e","status":"running"}`))
	}}
	target, trust := wiretest.Secure(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		all.Add(1)
		if request.TLS.DidResume {
			resumed.Add(1)
		}
		r.ServeHTTP(w, request)
	}), nil)
	p := plan(t, brief, 1)
	o := fire(t, p, target, func(c *Config) { c.TLS, c.RepeatedIDsAllowed = trust, true })
	// What left before any answer was there has no session to resume; on a busy machine that can be many at once.
	first, early := time.Duration(math.MaxInt64), int64(0)
	for _, row := range o.rows {
		first = min(first, row.Due+row.Latency())
	}
	for _, row := range o.rows {
		if row.Due+time.Duration(float64(row.Lag)*1e9) < first {
			early++
		}
	}
	if o.total.OK != p.Calls || resumed.Load() < (all.Load()-early)/2 {
		t.Errorf("%d of %d connections resumed a session, %d of them before the first answer; %v", resumed.Load(), all.Load(), early, o.samples)
	}
	shook := 0
	for _, row := range o.rows {
		if row.Connect > 0 && row.TLS > 0 {
			shook++
		}
		if parts := row.Connect + row.TLS + row.Wait() + row.Read; parts > row.Service*1.0001+1e-6 {
			t.Errorf("the parts of %+v are %v", row, parts)
		}
	}
	if shook == 0 {
		t.Error("no call tells what its connection took")
	}
}

// Each call carries the traceparent of its own number, whatever carries the call; without being asked, none does.
func TestTraceparentIsSent(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		for _, traces := range []uint64{0, 11} {
			var mu sync.Mutex
			seen := map[string]int{}
			r := &recorder{}
			target, trust := wiretest.Secure(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				mu.Lock()
				seen[request.Header.Get("Traceparent")]++
				mu.Unlock()
				r.ServeHTTP(w, request)
			}), func(s *httptest.Server) { s.EnableHTTP2 = true })
			p := plan(t, brief, 1)
			fire(t, p, target, func(c *Config) { c.TLS, c.HTTP2, c.Traces = trust, http2, traces })
			want := map[string]int{}
			for n := range p.Calls {
				key := ""
				if traces != 0 {
					key = string(results.AppendTraceparent(nil, traces, n))
				}
				want[key]++
			}
			if !maps.Equal(seen, want) {
				t.Errorf("HTTP/2 %v, traces %d: the headers are %v, want %v", http2, traces, seen, want)
			}
		}
	}
}

// After a run nothing is left of it: no goroutine, no open file.
func TestNothingIsLeft(t *testing.T) {
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			return 0
		}
		return len(entries)
	}
	goroutines, files := -1, -1
	for i := range 3 {
		func() {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if strings.HasSuffix(r.RemoteAddr, "7") {
					panic(http.ErrAbortHandler)
				}
			}))
			server.Config.ErrorLog = nil
			defer server.Close()
			u, _ := url.Parse(server.URL)
			fire(t, plan(t, "load: [{rate: 300/s, for: 0.3s}]\nlimits: {inFlight: 20}", uint64(i)), u)
			// Nor of one that was told to end before it began, or that was given up.
			before := make(chan struct{})
			close(before)
			fireUntil(t.Context(), t, before, plan(t, "load: [{callers: 4, for: 1m}]\nlimits: {warm: 2}", uint64(i)), u)
			ctx, kill := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer kill()
			fireUntil(ctx, t, make(chan struct{}), plan(t, "load: [{callers: 4, for: 1m}]\nlimits: {warm: 2}", uint64(i)), u)
		}()
		deadline := time.Now().Add(10 * time.Second)
		for i > 0 && time.Now().Before(deadline) && (runtime.NumGoroutine() > goroutines || open() > files) {
			time.Sleep(10 * time.Millisecond)
		}
		if g, f := runtime.NumGoroutine(), open(); i > 0 && (g > goroutines || f > files) {
			t.Errorf("after run %d: %d goroutines and %d files, %d and %d after the first", i+1, g, f, goroutines, files)
		}
		if i == 0 {
			time.Sleep(100 * time.Millisecond)
			goroutines, files = runtime.NumGoroutine(), open()
		}
	}
}
