package attack

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/results"
)

// transport carries calls over HTTP.
type transport interface {
	// warm sets up n connections, as far as it can.
	warm(n int)
	// do sends the request of x and reads what comes back, within x's deadline.
	do(x *exchange) error
	// connections is how many were set up.
	connections() uint64
	// close ends the idle connections.
	close()
}

// proxied tells whether the calls go by way of net/http's transport, and names what carries them.
func (c Config) proxied() (standard bool, name string) {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: c.Target})
	switch {
	case c.HTTP2:
		return true, "net/http, HTTP/2 where the target speaks it"
	case err != nil || proxy != nil:
		host := "that the environment names"
		if proxy != nil {
			host = proxy.Host
		}
		return true, "net/http, HTTP/1.1 through the proxy " + host
	case c.Target.Scheme == "https":
		return false, "andon's own connections, HTTP/1.1 over TLS"
	}
	return false, "andon's own connections, HTTP/1.1"
}

// newTransport gives the connections of a run: andon's own, or where a proxy stands in between or HTTP/2 is asked for,
// those of net/http.
func newTransport(kill context.Context, c Config) transport {
	secure := &tls.Config{}
	if c.TLS != nil {
		secure = c.TLS.Clone()
	}
	secure.MinVersion, secure.ClientSessionCache = tls.VersionTLS12, tls.NewLRUClientSessionCache(0)
	if by, _ := c.proxied(); !by {
		return newPool(kill, c.Target, secure, c.Plan.Limits.Timeout)
	}
	timeout := min(dialTimeout, c.Plan.Limits.Timeout)
	client := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    timeout,
		TLSClientConfig:        secure,
		MaxIdleConnsPerHost:    c.Plan.Limits.InFlight,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHead,
		ForceAttemptHTTP2:      c.HTTP2,
	}
	if !c.HTTP2 {
		// Not nil: HTTP/2 would put all calls on one connection, and hide what a connection costs.
		client.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return &standard{kill: kill, target: c.Target, token: c.Token, traces: c.Traces, client: client}
}

// standard is the transport of net/http.
type standard struct {
	kill   context.Context
	target *url.URL
	token  string
	traces uint64
	client *http.Transport
	dialed atomic.Uint64
}

func (s *standard) connections() uint64 { return s.dialed.Load() }

func (*standard) warm(int) {}

func (s *standard) close() { s.client.CloseIdleConnections() }

func (s *standard) do(x *exchange) error {
	ctx, cancel := context.WithDeadline(s.kill, x.deadline)
	defer cancel()
	// net/http goes on with a dial, and may go on with reading the body, after it has answered: neither may touch x then.
	var trace struct {
		sync.Mutex
		connected                      bool
		begun, dialed, secured, shaken time.Time
		first                          time.Time
	}
	note := func(at *time.Time) {
		trace.Lock()
		defer trace.Unlock()
		*at = time.Now()
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart: func(string, string) { note(&trace.begun) },
		ConnectDone: func(_, _ string, err error) {
			if note(&trace.dialed); err == nil {
				s.dialed.Add(1)
			}
		},
		TLSHandshakeStart: func() { note(&trace.secured) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { note(&trace.shaken) },
		GotConn: func(httptrace.GotConnInfo) {
			trace.Lock()
			defer trace.Unlock()
			trace.connected = true
		},
		GotFirstResponseByte: func() { note(&trace.first) },
	})
	request := contracts.NewRequest(ctx, s.target, s.token, bytes.Clone(x.message[x.body:]))
	if s.traces != 0 {
		request.Header.Set("Traceparent", string(results.AppendTraceparent(nil, s.traces, x.n)))
	}
	response, err := s.client.RoundTrip(request)
	trace.Lock()
	x.connected, x.first = trace.connected, trace.first
	if !trace.begun.IsZero() && trace.dialed.After(trace.begun) {
		x.dial = trace.dialed.Sub(trace.begun)
	}
	if !trace.secured.IsZero() && trace.shaken.After(trace.secured) {
		x.handshake = trace.shaken.Sub(trace.secured)
	}
	trace.Unlock()
	if err != nil {
		return err
	}
	x.begun, x.status, x.contentType = true, response.StatusCode, response.Header.Get("Content-Type")
	b := bytes.NewBuffer(x.in[:0])
	_, err = b.ReadFrom(io.LimitReader(response.Body, maxResponse+1))
	x.in = b.Bytes()
	x.answer = x.in
	response.Body.Close()
	return err
}

// template is the head of the requests, all but the length of the body and the number of the hit.
type template struct {
	before, after []byte
	traces        uint64
}

// newTemplate takes the head from net/http, so that andon's own connections send what those of net/http would.
func newTemplate(target *url.URL, token string, traces uint64) template {
	var whole bytes.Buffer
	// Writing to a buffer does not fail, and the URL was checked before.
	_ = contracts.NewRequest(context.Background(), target, token, []byte{'{'}).Write(&whole)
	before, after, _ := bytes.Cut(whole.Bytes(), []byte("\r\nContent-Length: 1\r\n"))
	return template{before, after[:len(after)-len("\r\n{")], traces}
}

const (
	// digits is how many the length of a body has at most.
	digits    = 20
	lengthKey = "\r\nContent-Length: "
	traceKey  = "Traceparent: "
	newline   = "\r\n"
)

// room is how many bytes to leave free before a body.
func (t template) room() int {
	room := len(t.before) + len(lengthKey) + digits + len(newline) + len(t.after) + len(newline)
	if t.traces != 0 {
		room += len(traceKey) + results.TraceparentLength + len(newline)
	}
	return room
}

// put writes the head of hit n right before the body that begins at b[room], and tells where the request begins.
func (t template) put(b []byte, n uint64) (begin int) {
	room := t.room()
	var length [digits]byte
	var trace [len(traceKey) + results.TraceparentLength + len(newline)]byte
	traced := trace[:0]
	if t.traces != 0 {
		traced = append(results.AppendTraceparent(append(traced, traceKey...), t.traces, n), newline...)
	}
	at := room
	before := func(part []byte) {
		at -= len(part)
		copy(b[at:], part)
	}
	before([]byte(newline))
	before(traced)
	before(t.after)
	before([]byte(newline))
	before(strconv.AppendInt(length[:0], int64(len(b)-room), 10))
	before([]byte(lengthKey))
	before(t.before)
	return at
}

// classify names a transport error. The connection was there, or not; the head of the response had come, or not.
func classify(err error, connected, head bool) results.Kind {
	var dns *net.DNSError
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	switch text := err.Error(); {
	case errors.Is(err, context.Canceled):
		return results.Canceled
	case errors.As(err, &dns):
		return results.DNS
	case dialing && errors.Is(err, syscall.ECONNREFUSED):
		return results.DialRefused
	case isTLS(err) && !isTimeout(err):
		return results.TLS
	case isTimeout(err):
		switch {
		case dialing || !connected:
			return results.DialTimeout
		case head:
			return results.TimeoutReading
		}
		return results.TimeoutWaiting
	case dialing:
		return results.Dial
	case isReset(err), strings.Contains(text, "server closed"):
		return results.Reset
	// What net/http cannot read as HTTP: a head, or the framing of a body.
	case head, errors.Is(err, errHead), errors.Is(err, errHeadMax), strings.Contains(text, "transport connection broken"),
		strings.Contains(text, "malformed"), strings.Contains(text, "response headers exceeded"):
		return results.BadHTTP
	}
	return results.Other
}

// isReset tells that the connection ended.
func isReset(err error) bool {
	for _, end := range [...]error{syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, errStale} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "TLS handshake")
}

func transportMessage(k results.Kind, err error, timeout time.Duration) string {
	switch k {
	case results.TimeoutWaiting:
		return fmt.Sprintf("no response head within the timeout of %s", timeout)
	case results.TimeoutReading:
		return fmt.Sprintf("the response's body was not complete within the timeout of %s", timeout)
	case results.DialTimeout:
		return fmt.Sprintf("no connection within %s", min(dialTimeout, timeout))
	}
	return err.Error()
}
