package provider

import (
	"context"
	"net"
	"net/http"
	"net/url"
)

// Start serves a handler on a free port of this machine's loopback until stop is called, which waits until it has
// ended. The error is that there is no port to be had.
func Start(h http.Handler) (target *url.URL, stop func(), err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		// What is still in service when the caller has ended is nobody's loss.
		_ = Serve(ctx, ln, h)
	}()
	return &url.URL{Scheme: "http", Host: ln.Addr().String()}, func() { cancel(); <-done }, nil
}
