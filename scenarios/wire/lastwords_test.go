package wire

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

// turnsAway is a target over TLS 1.3 that wants a certificate, and ends a connection without one. It tells when it has.
func turnsAway(t *testing.T) (p *pool, ended <-chan struct{}) {
	t.Helper()
	over := make(chan struct{}, 10)
	target, trust := wiretest.Secure(t, nil, func(s *httptest.Server) {
		s.TLS.ClientAuth = tls.RequireAnyClientCert
		s.Config.ErrorLog = nil
		s.Listener = &watchedListener{s.Listener, over}
	})
	p, _ = pooled(t, target, trust)
	return p, over
}

type watchedListener struct {
	net.Listener
	over chan struct{}
}

func (l *watchedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{c, l.over}, nil
}

type watchedConn struct {
	net.Conn
	over chan struct{}
}

func (c *watchedConn) Close() error {
	err := c.Conn.Close()
	c.over <- struct{}{}
	return err
}

// A peer that turns a connection away after the handshake, as TLS 1.3 has it with a missing certificate, is quoted:
// whether that is seen before the request is written, by the writing, or by the reading. A reset would tell nothing.
func TestLastWords(t *testing.T) {
	told := func(how string, err error) {
		t.Helper()
		if err == nil || Classify(err, true, false) != results.TLS || !strings.Contains(err.Error(), "certificate required") {
			t.Errorf("%s: %v", how, err)
		}
	}
	exchange := func() *Exchange {
		return &Exchange{Message: []byte("POST / HTTP/1.1\r\nHost: x\r\n\r\n"), Deadline: time.Now().Add(10 * time.Second)}
	}
	connected := func() (*pool, *conn) {
		p, ended := turnsAway(t)
		c, err := p.dial(exchange())
		if err != nil {
			t.Fatal(err)
		}
		<-ended
		return p, c
	}
	_, c := connected()
	if _, err := c.do(exchange()); !errors.Is(err, errStale) {
		t.Errorf("before the request: %v", err)
	}
	told("before the request", c.lastWords(io.ErrUnexpectedEOF))

	_, c = connected()
	var err error
	for err == nil { // the first may go out, and is answered with a reset
		_, err = c.Write([]byte("x"))
	}
	if !isReset(err) {
		t.Errorf("the writing fails with %v", err)
	}
	told("by the writing", c.lastWords(err))

	_, c = connected()
	_, err = c.more(make([]byte, 10))
	told("by the reading", err)

	// Whatever comes first, a call says so.
	for range 5 {
		p, _ := turnsAway(t)
		told("a call", p.Do(exchange()))
	}

	// Who says nothing is not quoted, and what is no end is left alone.
	target, trust := wiretest.Secure(t, nil, nil)
	p, _ := pooled(t, target, trust)
	if c, err = p.dial(exchange()); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{io.ErrUnexpectedEOF, errHead} {
		if got := c.lastWords(err); got != err {
			t.Errorf("%v becomes %v", err, got)
		}
	}
}
