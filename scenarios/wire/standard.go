package wire

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// standard is the transport of net/http.
type standard struct {
	kill    context.Context
	request func(ctx context.Context, tenant int, body []byte) *http.Request
	traces  uint64
	client  *http.Transport
	// proxy is the address of the proxy in between; empty where there is none.
	proxy string
	// secure says that the target is called over TLS.
	secure bool
	dialed atomic.Uint64
	// answered says that something came back by way of the proxy.
	answered atomic.Bool
	// encoded counts compressed answers, and protocol is the last answer's.
	encoded  atomic.Uint64
	protocol atomic.Value
	budget   budget
}

func (s *standard) Connections() uint64 { return s.dialed.Load() }

func (s *standard) Seen() Seen {
	protocol, _ := s.protocol.Load().(string)
	return Seen{Encoded: s.encoded.Load(), Protocol: protocol}
}

func (*standard) Warm(int) {}

// comesBack is how long after the end of a call's time net/http has to give it up. Where a server breaks the flow
// control of HTTP/2, its transport waits for a lock that it holds itself (processWindowUpdate in Go 1.26), and so does
// whoever uses the connection.
const comesBack = time.Second

func (s *standard) Close() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.client.CloseIdleConnections()
	}()
	select {
	case <-closed:
	case <-time.After(comesBack):
	}
}

// Do has net/http carry the call, and comes back in time whatever becomes of that.
func (s *standard) Do(x *Exchange) error {
	// Of what the caller has, nothing is touched by a call that was left behind.
	apart := *x
	apart.budget, apart.Message = &s.budget, bytes.Clone(x.Message)
	done, left := make(chan error), make(chan struct{})
	go func() {
		err := s.do(&apart)
		select {
		case done <- err:
		case <-left:
			apart.Release()
		}
	}()
	late := time.NewTimer(time.Until(x.Deadline) + comesBack)
	defer late.Stop()
	killed := s.kill.Done()
	for {
		select {
		case err := <-done:
			apart.Message = x.Message
			*x = apart
			return err
		case <-killed:
			killed = nil
			late.Reset(comesBack)
		case <-late.C:
			close(left)
			x.In, x.Connected = nil, true
			return fmt.Errorf("net/http does not come back: %w", cmp.Or(s.kill.Err(), context.DeadlineExceeded))
		}
	}
}

func (s *standard) do(x *Exchange) error {
	ctx, cancel := context.WithDeadline(s.kill, x.Deadline)
	defer cancel()
	// net/http goes on with a dial, and may go on with reading the body, after it has answered: neither may touch x
	// then.
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
	request := s.request(ctx, x.Tenant, x.Message[x.Body:])
	if s.traces != 0 {
		request.Header.Set("Traceparent", string(results.AppendTraceparent(nil, s.traces, x.N)))
	}
	response, err := s.client.RoundTrip(request)
	trace.Lock()
	x.Connected, x.First = trace.connected, trace.first
	if !trace.begun.IsZero() && trace.dialed.After(trace.begun) {
		x.Dial = trace.dialed.Sub(trace.begun)
	}
	if !trace.secured.IsZero() && trace.shaken.After(trace.secured) {
		x.Handshake = trace.shaken.Sub(trace.secured)
	}
	shaking := !trace.secured.IsZero()
	trace.Unlock()
	if err != nil {
		return s.blame(err, x.Connected, shaking)
	}
	if response.StatusCode == http.StatusProxyAuthRequired && s.proxy != "" {
		response.Body.Close()
		return &ProxyError{Proxy: s.proxy, Status: response.StatusCode, Asked: "the call"}
	}
	s.answered.Store(true)
	x.Begun, x.Status, x.ContentType = true, response.StatusCode, response.Header.Get("Content-Type")
	x.keep(response.Header)
	x.RetryAfter, x.Later = retryAfter(response.Header.Get("Retry-After"), response.Header.Get("Date"), time.Now())
	x.room()
	x.Answer = x.In[:0]
	if response.StatusCode != http.StatusSwitchingProtocols {
		// What follows that is no body, and no context ends it.
		x.Answer, err = x.readAll(x.In, response.Body)
		x.In = x.Answer
	}
	response.Body.Close()
	if s.protocol.Load() != response.Proto {
		s.protocol.Store(response.Proto)
	}
	if err != nil {
		return err
	}
	encoded, err := x.decode(response.Header.Get("Content-Encoding"))
	if encoded {
		s.encoded.Add(1)
	}
	return err
}

// blame tells a failure of the proxy from one of the target. Until the handshake with the target begins, it is the
// proxy that answers or does not. A call without TLS is told to the proxy as it is: as long as not one was answered,
// nobody knows of a way beyond the proxy.
func (s *standard) blame(err error, connected, shaking bool) error {
	var proxy *ProxyError
	if s.proxy == "" || shaking || errors.As(err, &proxy) || ownKind(err) != results.None || s.kill.Err() != nil {
		return err
	}
	if connected && (s.secure || s.answered.Load()) {
		return err
	}
	if connected {
		err = fmt.Errorf("it has answered none so far: %w", err)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		err = op.Err
	}
	return &ProxyError{Proxy: s.proxy, Err: err}
}
