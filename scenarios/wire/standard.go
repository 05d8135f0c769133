package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
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
	request func(ctx context.Context, body []byte) *http.Request
	traces  uint64
	client  *http.Transport
	dialed  atomic.Uint64
}

func (s *standard) Connections() uint64 { return s.dialed.Load() }

func (*standard) Warm(int) {}

func (s *standard) Close() { s.client.CloseIdleConnections() }

func (s *standard) Do(x *Exchange) error {
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
	request := s.request(ctx, bytes.Clone(x.Message[x.Body:]))
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
	trace.Unlock()
	if err != nil {
		return err
	}
	x.Begun, x.Status, x.ContentType = true, response.StatusCode, response.Header.Get("Content-Type")
	b := bytes.NewBuffer(x.In[:0])
	_, err = b.ReadFrom(io.LimitReader(response.Body, MaxResponse+1))
	x.In = b.Bytes()
	x.Answer = x.In
	response.Body.Close()
	return err
}
