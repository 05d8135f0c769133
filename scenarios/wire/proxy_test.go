package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// What a proxy does is the proxy's, whichever way the target is reached through it, and it is named without its
// credentials.
func TestProxyIsToldFromTarget(t *testing.T) {
	target := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	answering := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	// The target closes what comes through this one before it says a word of TLS.
	deaf := func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
			_ = c.Close()
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client has gone
		<-r.Context().Done()
	}
	closing := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	// once answers the first call, and leaves the others to another.
	once := func(then http.HandlerFunc) http.HandlerFunc {
		var calls atomic.Int64
		return func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) > 1 {
				then(w, r)
			}
		}
	}
	for _, c := range []struct {
		why    string
		scheme string
		proxy  http.HandlerFunc // nil where nobody listens
		kind   results.Kind
		says   string
	}{
		{"CONNECT is refused", "https", answering(503), results.Proxy, "answered CONNECT with 503 (Service Unavailable)"},
		{"CONNECT wants a password", "https", answering(407), results.Proxy, "answered CONNECT with 407"},
		{"the call wants a password", "http", answering(407), results.Proxy, "answered the call with 407"},
		{"nobody listens, TLS", "https", nil, results.ProxyRefused, "refused"},
		{"nobody listens", "http", nil, results.ProxyRefused, "refused"},
		{"no answer to CONNECT", "https", silent, results.ProxyTimeout, "deadline"},
		{"CONNECT is broken off", "https", closing, results.Proxy, "EOF"},
		{"no answer to the call", "http", silent, results.ProxyTimeout, "none so far"},
		{"the call is broken off", "http", closing, results.Proxy, "none so far"},
		{"no answer to the second call", "http", once(silent), results.TimeoutWaiting, ""},
		{"the second call is broken off", "http", once(closing), results.Reset, ""},
		{"the target closes", "https", deaf, results.Reset, ""},
		{"a failure that may be the target's", "http", answering(503), results.None, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			address := "127.0.0.1:1"
			if c.proxy != nil {
				s := httptest.NewUnstartedServer(c.proxy)
				s.Config.ErrorLog = nil
				s.Start()
				defer s.Close()
				address = s.Listener.Addr().String()
			}
			u, _ := url.Parse(target.URL)
			u.Scheme = c.scheme
			s := &standard{
				kill: context.Background(), proxy: address, secure: c.scheme == "https",
				request: func(ctx context.Context, _ int, body []byte) *http.Request {
					r, _ := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(string(body)))
					return r
				},
				client: &http.Transport{
					Proxy:                  http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("me", "secret"), Host: address}),
					OnProxyConnectResponse: connected, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext,
				},
			}
			defer s.Close()
			x := &Exchange{Message: []byte("{}"), Deadline: time.Now().Add(500 * time.Millisecond)}
			err := s.Do(x)
			if strings.Contains(c.why, "second") && err == nil {
				x = &Exchange{Message: []byte("{}"), Deadline: time.Now().Add(500 * time.Millisecond)}
				err = s.Do(x)
			}
			if c.kind == results.None {
				if err != nil || x.Status != 503 {
					t.Errorf("status %d, %v", x.Status, err)
				}
				return
			}
			if err == nil {
				t.Fatalf("status %d", x.Status)
			}
			kind := Classify(err, x.Connected, x.Begun)
			said := Explain(kind, err, time.Second)
			if kind != c.kind || kind.ByProxy() != strings.Contains(said, "the proxy "+address) || !strings.Contains(said, c.says) || strings.Contains(said, "secret") {
				t.Errorf("found %q: %s; want %q and %q", kind, said, c.kind, c.says)
			}
			if kind.ByProxy() != errors.As(err, new(*ProxyError)) {
				t.Errorf("the error is %T", err)
			}
		})
	}
}
