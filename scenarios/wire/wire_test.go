package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

// script is a connection over which a fixed answer comes, cut at given places, once a request was written.
type script struct {
	net.Conn
	answer []byte
	cuts   []byte
	once   sync.Once
	asked  chan struct{}
}

func newScript(answer, cuts []byte) *script {
	return &script{answer: answer, cuts: cuts, asked: make(chan struct{})}
}

func (s *script) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.asked) })
	return len(p), nil
}

func (s *script) Read(p []byte) (int, error) {
	<-s.asked
	n := len(s.answer)
	if n == 0 {
		return 0, io.EOF
	}
	if len(s.cuts) > 0 {
		n = min(n, int(s.cuts[0])+1)
		s.cuts = s.cuts[1:]
	}
	n = copy(p, s.answer[:n])
	s.answer = s.answer[n:]
	return n, nil
}

func (s *script) Close() error {
	s.once.Do(func() { close(s.asked) })
	return nil
}

func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// oracle is what net/http's transport makes of an answer.
func oracle(answer []byte) (status int, contentType string, body []byte, err error) {
	transport := &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return newScript(answer, nil), nil
		},
		DisableCompression: true, DisableKeepAlives: true, MaxResponseHeaderBytes: maxHead,
	}
	defer transport.CloseIdleConnections()
	request := contracts.DefaultOperation().NewRequest(context.Background(), &url.URL{Scheme: "http", Host: "h"}, nil, []byte("{}"))
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, MaxResponse+1))
	return response.StatusCode, response.Header.Get("Content-Type"), body, err
}

// answers are what FuzzResponse begins with.
var answers = []string{
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: 1\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\nx",
	"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end",
	"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nbytes",
	"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
	"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 2 \r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Type : text/plain\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
	"HTTP/1.1 200 O\x00K\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 99 OK\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
	"SSH-2.0-OpenSSH\r\n",
	"",
}

// FuzzResponse holds the reading of responses against net/http's: the same are taken, with the same status, type and
// body.
func FuzzResponse(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a), []byte{})
		f.Add([]byte(a), bytes.Repeat([]byte{0}, len(a)))
		f.Add([]byte(a), []byte{11, 3, 40, 7})
	}
	f.Fuzz(func(t *testing.T, answer, cuts []byte) { sameAsOracle(t, answer, cuts) })
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func sameAsOracle(t failer, answer, cuts []byte) {
	t.Helper()
	status, contentType, body, wantErr := oracle(answer)
	c := &conn{Conn: newScript(answer, cuts), kill: context.Background()}
	x := &Exchange{Message: []byte("POST / HTTP/1.1\r\n\r\n"), Deadline: time.Now().Add(time.Minute)}
	keep, err := c.do(x)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: the error is %v, net/http's %v", answer, err, wantErr)
	}
	if err != nil {
		if keep {
			t.Fatalf("%q: the connection is kept after %v", answer, err)
		}
		return
	}
	// What follows a switch of protocols is no body; net/http hands it out as one.
	if x.Status != status || x.ContentType != contentType || !bytes.Equal(x.Answer, body) && status != http.StatusSwitchingProtocols {
		t.Fatalf("%q: read as %d %q %q, by net/http as %d %q %q", answer, x.Status, x.ContentType, x.Answer, status, contentType, body)
	}
	if left := len(c.Conn.(*script).answer); keep && left > 0 && len(cuts) == 0 && len(answer) < readBuffer {
		t.Fatalf("%q: the connection is kept with %d bytes unread", answer, left)
	}
}

// Heads made of ordinary parts, some of them twice or in odd places: what the quick reader takes, net/http reads alike.
func TestOrdinaryHeads(t *testing.T) {
	plain := rapid.SampledFrom([]string{"Content-Type: application/json", "content-type:text/plain", "Date: x", "Connection: keep-alive", "Connection: close"})
	odd := rapid.SampledFrom([]string{
		"Content-Type:", "CONTENT-TYPE: \t a/b ", "content-length:0", "Content-Length: 02", "Content-Length: ", "Content-Length: 2,2",
		"Content-Length: -1", "Content-Length: 99999999999999999999", "Connection: Keep-Alive, Upgrade", "Transfer-Encoding: chunked",
		"Transfer-Encoding: identity", "X-Y_Z: 1", ": 1", "no colon", "X: \x01", " folded", "É: 1", "Trailer: X",
	})
	quick := 0
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.SampledFrom([]string{"HTTP/1.1 200 OK", "HTTP/1.1 500", "HTTP/1.1 200 ", "HTTP/1.1 404  Not", "HTTP/1.1 2000 x", "HTTP/1.1 600 x", "HTTP/1.1 199 x"}).Draw(t, "first")
		lines := rapid.SliceOfN(plain, 0, 3).Draw(t, "plain lines")
		lines = append(lines, rapid.SliceOfN(odd, 0, 2).Draw(t, "odd lines")...)
		lines = rapid.Permutation(append(lines, "Content-Length: 2")).Draw(t, "lines")
		end := rapid.SampledFrom([]string{"\r\n", "\r\n", "\n"}).Draw(t, "end")
		answer := strings.Join(append([]string{first}, lines...), end) + end + end + rapid.SampledFrom([]string{"{}", "", "{}x"}).Draw(t, "body")
		if _, ok := parseHead([]byte(answer)); ok {
			quick++
		}
		sameAsOracle(t, []byte(answer), rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "cuts"))
	})
	if quick == 0 {
		t.Error("the quick reader was never used")
	}
}

// configFor is what andon's own requests to a target are made of.
func configFor(target *url.URL, token string, traces uint64) Config {
	return Config{Target: target, Traces: traces, Request: func(ctx context.Context, _ int, body []byte) *http.Request {
		return contracts.DefaultOperation().NewRequest(ctx, target, credentials.Bearer(token), body)
	}}
}

func TestTemplate(t *testing.T) {
	for _, target := range []string{"http://127.0.0.1:8080", "https://example.test/base/", "http://[::1]:1/%2F"} {
		for _, token := range []string{"", "secret", "Content-Length: 1"} {
			u, err := url.Parse(target)
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range []int{1, 9, 10, 123_456} {
				traces := uint64(i / 2)
				head := configFor(u, token, traces).Template(0)
				body := bytes.Repeat([]byte{'x'}, n)
				b := append(make([]byte, head.Room()), body...)
				var want bytes.Buffer
				request := contracts.DefaultOperation().NewRequest(context.Background(), u, credentials.Bearer(token), body)
				if traces != 0 {
					request.Header.Set("Traceparent", string(results.AppendTraceparent(nil, traces, 7)))
				}
				if err := request.Write(&want); err != nil {
					t.Fatal(err)
				}
				if got := b[head.Put(b, 7):]; !bytes.Equal(got, want.Bytes()) {
					t.Errorf("%s, %d bytes: sent %q, net/http sends %q", target, n, got, want.Bytes())
				}
			}
		}
	}
}

// pooled gives a pool for a server, and a way to send a call over it.
func pooled(t *testing.T, target *url.URL, secure *tls.Config) (*pool, func(size int) (*Exchange, error)) {
	t.Helper()
	if secure == nil {
		secure = &tls.Config{}
	}
	p := newPool(t.Context(), target, secure, 10*time.Second)
	t.Cleanup(p.Close)
	head := configFor(target, "", 0).Template(0)
	return p, func(size int) (*Exchange, error) {
		b := append(make([]byte, head.Room()), bytes.Repeat([]byte{'x'}, size)...)
		begin := head.Put(b, 0)
		x := &Exchange{Message: b[begin:], Body: head.Room() - begin, Deadline: time.Now().Add(10 * time.Second)}
		return x, p.Do(x)
	}
}

// A request that is larger than every buffer on the way arrives whole; a provider that answers without reading it is
// heard.
func TestLargeMessages(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength > 20<<20 {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
					return
				}
				n, err := io.Copy(io.Discard, r.Body)
				fmt.Fprint(w, n, err, strings.Repeat("y", int(min(n, 100_000))))
			}))
			var secure *tls.Config
			if scheme == "https" {
				server.StartTLS()
				secure = server.Client().Transport.(*http.Transport).TLSClientConfig
			} else {
				server.Start()
			}
			defer server.Close()
			u, _ := url.Parse(server.URL)
			_, send := pooled(t, u, secure)
			for _, n := range []int{0, 10, inline, 100_000, 16 << 20, 5} {
				x, err := send(n)
				want := fmt.Sprint(n, nil, strings.Repeat("y", min(n, 100_000)))
				if err != nil || x.Status != 200 || string(x.Answer) != want {
					t.Fatalf("%d bytes: status %d, %.20q, %v", n, x.Status, x.Answer, err)
				}
			}
			// net/http's server closes the connection on such a request, so that the answer may or may not get through.
			if x, err := send(64 << 20); err != nil && !isReset(err) || err == nil && x.Status != 413 {
				t.Fatalf("a refused request: status %d, %v", x.Status, err)
			}
		})
	}
}

// Connections that the provider closed while they were idle cost no call, and no call goes out twice.
func TestIdleConnectionsThatCloseCostNothing(t *testing.T) {
	var calls, connections atomic.Int64
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			calls.Store(0)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
			}))
			server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					connections.Add(1)
				}
			}
			var secure *tls.Config
			if scheme == "https" {
				server.StartTLS()
				secure = server.Client().Transport.(*http.Transport).TLSClientConfig
				secure.ClientSessionCache = tls.NewLRUClientSessionCache(0)
			} else {
				server.Start()
			}
			defer server.Close()
			u, _ := url.Parse(server.URL)
			p, send := pooled(t, u, secure)
			p.Warm(3)
			for i := range 5 {
				if x, err := send(100); err != nil || x.Status != 200 {
					t.Fatalf("call %d: %v", i, err)
				}
				server.CloseClientConnections()
			}
			if calls.Load() != 5 {
				t.Errorf("%d calls arrived, 5 were sent", calls.Load())
			}
		})
	}
}

// The provider takes every connection and closes it at once: each call fails after one attempt, and nothing loops.
func TestConnectionsClosedAtOnce(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var accepted atomic.Int64
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = c.Close()
		}
	}()
	p, send := pooled(t, &url.URL{Scheme: "http", Host: listener.Addr().String()}, nil)
	for range 20 {
		// One that was closed before the call was sent is noticed only where there was time for it.
		if c, err := p.dial(&Exchange{Deadline: time.Now().Add(10 * time.Second)}); err == nil {
			time.Sleep(5 * time.Millisecond)
			if _, err := c.do(&Exchange{Message: []byte("x"), Deadline: time.Now().Add(10 * time.Second)}); !errors.Is(err, errStale) {
				t.Fatalf("a connection that is closed gives %v", err)
			}
			p.give(c, false)
		}
		if _, err := send(100); err == nil || Classify(err, true, false) != results.Reset {
			t.Fatalf("the error is %v", err)
		}
	}
	if n := accepted.Load(); n > 40 {
		t.Errorf("20 calls made %d connections, besides 20 for the test", n-20)
	}
}

// Bytes that come after an answer are no answer to the next call.
func TestUnaskedBytes(t *testing.T) {
	answer := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
	for _, c := range []struct {
		after string
		wait  time.Duration
	}{{answer, 5 * time.Millisecond}, {"x", 5 * time.Millisecond}, {answer, 0}, {"x", 0}} {
		after, wait, written := c.after, c.wait, make(chan struct{}, 100)
		target := wiretest.Raw(t, func(c net.Conn) {
			r := bufio.NewReader(c)
			for i := 0; ; i++ {
				first, rest := strings.Replace(answer, "{}", fmt.Sprintf("%02d", i), 1), after
				if wait == 0 { // all at once
					first, rest = first+after, ""
				}
				_, _ = io.WriteString(c, first)
				time.Sleep(wait)
				_, _ = io.WriteString(c, rest)
				written <- struct{}{}
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
			}
		})
		_, send := pooled(t, target, nil)
		for i := range 3 {
			x, err := send(1)
			if err != nil || string(x.Answer) != "00" {
				t.Errorf("call %d was answered %q, %v; it must not reuse the connection", i, x.Answer, err)
			}
			<-written
			time.Sleep(2 * time.Millisecond)
		}
	}
}

func TestAddresses(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	// localhost is ::1 as well in most places, where nobody listens.
	a := addresses{host: "localhost", port: port}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for range 6 {
		c, err := a.dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	if slices.ContainsFunc(a.good, func(g netip.Addr) bool { return g.Is6() }) {
		t.Errorf("addresses in use: %v; the ones that do not answer must not be tried first", a.good)
	}
	a = addresses{host: "nowhere.invalid", port: "1"}
	var dns *net.DNSError
	if _, err := a.dial(ctx); !errors.As(err, &dns) || Classify(err, false, false) != results.DNS {
		t.Errorf("an unknown name: %v", err)
	}
}

// Over TLS too, bytes that nobody asked for are no answer to the next call, wherever they wait.
func TestUnaskedBytesOverTLS(t *testing.T) {
	large := strings.Repeat("y", 2*readBuffer)
	for _, first := range []string{"{}", large} {
		answer := "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(first)) + "\r\n\r\n" + first
		target, trust := wiretest.Secure(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Write([]byte(answer + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"))
			time.Sleep(200 * time.Millisecond)
		}), nil)
		_, send := pooled(t, target, trust)
		for i := range 3 {
			if x, err := send(1); err != nil || string(x.Answer) != first {
				t.Errorf("call %d was answered %.20q, %v", i, x.Answer, err)
			}
		}
	}
}

func TestClassify(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, c := range []struct {
		err       error
		connected bool
		head      bool
		want      results.Kind
	}{
		{dial(&net.DNSError{Err: "no such host", IsNotFound: true}), false, false, results.DNS},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), false, false, results.DialRefused},
		{dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), false, false, results.Dial},
		{dial(os.ErrDeadlineExceeded), false, false, results.DialTimeout},
		{dial(os.NewSyscallError("socket", syscall.EMFILE)), false, false, results.Descriptors},
		{dial(os.NewSyscallError("socket", syscall.ENFILE)), true, false, results.Descriptors},
		{dial(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), false, false, results.LocalPorts},
		{dial(os.NewSyscallError("bind", syscall.EADDRINUSE)), false, false, results.LocalPorts},
		{dial(os.NewSyscallError("connect", syscall.ENOBUFS)), false, false, results.LocalMemory},
		{dial(os.NewSyscallError("socket", syscall.ENOMEM)), false, false, results.LocalMemory},
		{&ProxyError{Proxy: "p", Err: dial(os.NewSyscallError("socket", syscall.EMFILE))}, false, false, results.Descriptors},
		{context.DeadlineExceeded, false, false, results.DialTimeout},
		{context.DeadlineExceeded, true, false, results.TimeoutWaiting},
		{context.DeadlineExceeded, true, true, results.TimeoutReading},
		{fmt.Errorf("wrapped: %w", context.Canceled), true, true, results.Canceled},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, false, false, results.TLS},
		{&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, false, false, results.TLS},
		{tls.AlertError(40), true, false, results.TLS},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, true, false, results.Reset},
		{io.ErrUnexpectedEOF, true, true, results.Reset},
		{errors.New("http2: failed reading the frame payload: http2: frame too large, note that the frame header looked like an HTTP/1.1 header"), true, false, results.BadHTTP},
		{errors.New("http2: Transport received GOAWAY from server ErrCode:PROTOCOL_ERROR"), true, false, results.Reset},
		{errors.New("http2: client connection lost"), true, false, results.Reset},
		{errors.New("something new"), true, false, results.Other},
	} {
		if got := Classify(c.err, c.connected, c.head); got != c.want {
			t.Errorf("%v (connected %v, head %v) is %v, want %v", c.err, c.connected, c.head, got, c.want)
		}
	}
}

func TestPreflight(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := &url.URL{Scheme: "http", Host: free.Addr().String()}
	_ = free.Close()
	answer := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	open := httptest.NewServer(answer)
	t.Cleanup(open.Close)
	ok, _ := url.Parse(open.URL)
	plain := &url.URL{Scheme: "https", Host: ok.Host}
	secure := httptest.NewTLSServer(answer)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(secure.Close)
	self, _ := url.Parse(secure.URL)
	trust := secure.Client().Transport.(*http.Transport).TLSClientConfig
	// The test server's certificate is for 127.0.0.1 and example.com.
	named := &url.URL{Scheme: "https", Host: "localhost:" + self.Port()}
	for _, c := range []struct {
		target *url.URL
		trust  *tls.Config
		want   string
	}{
		{ok, nil, ""}, {dead, nil, "nobody listens"}, {plain, nil, "does not speak TLS"}, {self, nil, "not trusted"}, {self, nil, "SSL_CERT_FILE"},
		{self, trust, ""}, {named, trust, "another host's"},
	} {
		_, err := Preflight(context.Background(), Config{Target: c.target, TLS: c.trust})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.target, err, c.want)
		}
		var untrusted *UntrustedError
		if errors.As(err, &untrusted) != (c.target == self && c.trust == nil) {
			t.Errorf("%s: the error is %T", c.target, err)
		}
	}
}

// BenchmarkTransport is one call after the other over one connection, to a server that does nothing but answer; ns/op
// is the way there and back.
func BenchmarkTransport(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for in := make([]byte, 4<<10); ; {
			if _, err := c.Read(in); err != nil {
				return
			}
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	}()
	target := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	p := newPool(context.Background(), target, &tls.Config{}, time.Minute)
	defer p.Close()
	head := configFor(target, "", 0).Template(0)
	message := append(make([]byte, head.Room()), bytes.Repeat([]byte{'x'}, 600)...)
	x := &Exchange{Deadline: time.Now().Add(time.Hour)}
	b.ReportAllocs()
	for b.Loop() {
		begin := head.Put(message, 0)
		*x = Exchange{Message: message[begin:], Body: head.Room() - begin, In: x.In, Deadline: x.Deadline}
		if err := p.Do(x); err != nil || x.Status != 200 {
			b.Fatalf("status %d, %v", x.Status, err)
		}
	}
}
