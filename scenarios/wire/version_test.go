package wire

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// versions serves a handler without TLS in HTTP/1.1, in HTTP/2, or in both.
func versions(t *testing.T, h http.HandlerFunc, http1, http2 bool) *url.URL {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(http1)
	s.Config.Protocols.SetUnencryptedHTTP2(http2)
	s.Start()
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// speaking is a peer that says something as soon as it is connected to, and then nothing.
func speaking(t *testing.T, first string, hangUp bool) *url.URL {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, first)
			if hangUp {
				_ = c.Close()
			} else {
				t.Cleanup(func() { _ = c.Close() })
			}
		}
	}()
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}
}

const settings = "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"

// Before the first call it is said that a target speaks another version of HTTP than it will be called in, as far as it
// lets that be known without a call.
func TestVersionIsSettled(t *testing.T) {
	answer := func(http.ResponseWriter, *http.Request) {}
	for _, c := range []struct {
		why    string
		target *url.URL
		http2  bool
		want   string // in the error; empty where there is none
		speaks bool
	}{
		{"HTTP/1.1", versions(t, answer, true, false), false, "", false},
		{"HTTP/1.1, asked for HTTP/2", versions(t, answer, true, false), true, "", false},
		{"both", versions(t, answer, true, true), false, "", false},
		{"both, asked for HTTP/2", versions(t, answer, true, true), true, "", true},
		{"HTTP/2, which speaks when it is spoken to", versions(t, answer, false, true), false, "", false},
		{"HTTP/2, asked for", versions(t, answer, false, true), true, "", true},
		{"HTTP/2, which speaks first", speaking(t, settings, false), false, "speaks HTTP/2 without TLS, and would be called in HTTP/1.1", true},
		{"HTTP/2, which speaks first, asked for", speaking(t, settings, false), true, "", true},
		{"HTTP/2 that goes away", speaking(t, "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", false), false, "speaks HTTP/2", true},
		{"neither", speaking(t, "220 mail.test ESMTP\r\n", false), false, "", false},
		{"one that hangs up", speaking(t, "", true), false, "", false},
		{"one that hangs up, asked for HTTP/2", speaking(t, "", true), true, "", false},
		{"one that answers without a head, asked for HTTP/2", speaking(t, "<html>what?</html>", true), true, "", false},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			speaks, err := Preflight(t.Context(), Config{Target: c.target, HTTP2: c.http2})
			if speaks != c.speaks || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%t, %v, want %t, %q", speaks, err, c.speaks, c.want)
			}
			var version *VersionError
			if errors.As(err, &version) != strings.Contains(c.want, "speaks") {
				t.Errorf("the error is %+v", err)
			}
		})
	}
}

// A call in HTTP/1.1 that meets HTTP/2 says so, whichever of the two is first on its way.
func TestCallMeetsHTTP2(t *testing.T) {
	target := speaking(t, settings, false)
	for _, pause := range []time.Duration{0, 50 * time.Millisecond} {
		p, _ := pooled(t, target, nil)
		x := &Exchange{Message: []byte("POST / HTTP/1.1\r\n\r\n"), Deadline: time.Now().Add(10 * time.Second)}
		c, err := p.dial(x)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(pause)
		_, err = c.do(x)
		if errors.Is(err, errUnasked) {
			err = c.banner(x.In)
		}
		if p.give(c, false); !errors.Is(err, errHTTP2) || Classify(err, true, false) != results.BadHTTP {
			t.Errorf("after %s: %v", pause, err)
		}
	}
}

// What net/http says of HTTP/2 gets the name that the same would get over HTTP/1.1; and what was spoken is known.
func TestHTTP2WithoutTLS(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 1000 {
			panic(http.ErrAbortHandler)
		}
	}
	for _, c := range []struct {
		target *url.URL
		size   int
		want   results.Kind
		spoken string
	}{
		{versions(t, answer, true, true), 100, results.None, "HTTP/2.0"},
		{versions(t, answer, false, true), 100, results.None, "HTTP/2.0"},
		{versions(t, answer, false, true), 2000, results.Reset, ""},
		{versions(t, answer, true, false), 100, results.None, "HTTP/1.1"},
	} {
		config := configFor(c.target, "", 0)
		config.HTTP2, config.Timeout, config.InFlight = true, 10*time.Second, 10
		var err error
		if config.Plain, err = Preflight(t.Context(), Config{Target: c.target, HTTP2: true}); err != nil {
			t.Fatal(err)
		}
		transport := New(context.Background(), config)
		head := config.Template(0)
		message := append(make([]byte, head.Room()), make([]byte, c.size)...)
		begin := head.Put(message, 0)
		x := &Exchange{Message: message[begin:], Body: head.Room() - begin, Deadline: time.Now().Add(10 * time.Second)}
		err = transport.Do(x)
		kind := results.None
		if err != nil {
			kind = Classify(err, x.Connected, x.Begun)
		}
		carrier := "net/http, HTTP/2 without TLS"
		if c.spoken == "HTTP/1.1" {
			carrier = "net/http, HTTP/2 where the target speaks it"
		}
		if kind != c.want || transport.Seen().Protocol != c.spoken || config.Carrier() != carrier {
			t.Errorf("%v (%v), %q by %q; want %v, %q", kind, err, transport.Seen().Protocol, config.Carrier(), c.want, c.spoken)
		}
		transport.Close()
	}
}
