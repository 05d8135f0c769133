package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	headPatience = 10 * time.Second // for the head of a request
	bodyPatience = 40 * time.Second // for the whole of a request
	idlePatience = 2 * time.Minute  // between two requests on one connection
	stopPatience = 5 * time.Second  // for calls in service when the server is to stop
	maxHead      = 64 << 10         // bytes of a request's head
)

// Serve answers the calls that arrive at ln with h until ctx is done; ln is closed then. Calls in service have 5
// seconds to end, and are cut off after that, which is an error. So is a listener that fails. A handler that can be
// closed is closed at the end: one of [New] runs no executions and sends no webhooks any more.
func Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	// There is no WriteTimeout: it would run during a call's latency, which is the user's to set. ReadTimeout does not:
	// net/http lifts it once a body is read to its end.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s := &http.Server{
		Handler: h, Protocols: &protocols,
		ReadHeaderTimeout: headPatience, ReadTimeout: bodyPatience, IdleTimeout: idlePatience, MaxHeaderBytes: maxHead,
	}
	if c, ok := h.(io.Closer); ok {
		defer func() { _ = c.Close() }() // that of New has no error
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving at %s: %w", ln.Addr(), errors.Join(err, s.Close()))
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	err := s.Shutdown(patience)
	if err != nil {
		err = fmt.Errorf("calls were still in service %s after the stop and were cut off: %w", stopPatience, errors.Join(err, s.Close()))
	}
	<-failed
	return err
}
