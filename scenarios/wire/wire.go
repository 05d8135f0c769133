// Package wire carries calls over HTTP/1.1 connections of andon's own, and takes the times of each.
//
// net/http's transport writes and reads in goroutines of its own, which a call has to wait for. Here the caller's
// goroutine writes and reads the socket itself (conn.go), a pool keeps the connections (pool.go, addresses.go), and
// what is not an ordinary response is read by way of net/http all the same (response.go, decode.go), which the reader
// is held against. On Linux a loop carries any number of calls on one goroutine, over the same connections
// (loop_linux.go). A connection is set up when a call needs it, and closed when something comes that nobody asked for.
// Through a proxy, and over HTTP/2 where it is asked for, net/http carries the calls (standard.go, proxy.go,
// version.go). A call that may have reached the provider is never sent twice.
//
// An [Exchange] is one call: a message in, which a [Template] has put together, and bytes, status and times out.
// [Classify] names what went wrong, and tells the target's failures from those of a proxy and of this machine. The
// package knows neither plans nor figures.
package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Config says whom to connect to, and how.
type Config struct {
	// Target is the provider's base URL.
	Target *url.URL
	// Request makes the request of a tenant that carries a body. What andon's own connections send is taken from it
	// too.
	Request func(ctx context.Context, tenant int, body []byte) *http.Request
	// TLS holds the authorities and the client's certificate for an https target; nil is what the system trusts, and
	// none.
	TLS *tls.Config
	// Resolve says where "host:port" leads, apart from what the name servers say.
	Resolve map[string][]netip.Addr
	// Traces, if not 0, has each call carry a traceparent header: see [results.AppendTraceparent].
	Traces uint64
	// HTTP2 sends over HTTP/2, by net/http's transport, where the target speaks it: over TLS they agree on it, and
	// without TLS Plain says that it does (see [Preflight]).
	HTTP2, Plain bool
	// Timeout bounds a call, and with it the setting up of a connection.
	Timeout time.Duration
	// InFlight is the most calls in flight at a time.
	InFlight int
	// Memory is how many bytes the answers under way may take together, beyond a few kilobytes for each, until they are
	// released (see [Exchange.Release]); 0 is as many as they want.
	Memory int64
}

// Transport carries calls over HTTP. Make it with [New].
type Transport interface {
	// Warm sets up n connections, as far as it can.
	Warm(n int)
	// Do sends the request of x and reads what comes back, within x's deadline.
	Do(x *Exchange) error
	// Connections is how many were set up.
	Connections() uint64
	// Seen is what was seen of the target besides its answers.
	Seen() Seen
	// Close ends the idle connections. It may be called again.
	Close()
}

// New gives the connections of a run: andon's own, or where a proxy stands in between or HTTP/2 is asked for, those of
// net/http. When kill ends, the calls in flight are given up.
func New(kill context.Context, c Config) Transport {
	secure := &tls.Config{}
	if c.TLS != nil {
		secure = c.TLS.Clone()
	}
	secure.MinVersion, secure.ClientSessionCache = tls.VersionTLS12, tls.NewLRUClientSessionCache(0)
	if by, _ := c.proxied(); !by {
		p := newPool(kill, c.Target, secure, c.Timeout)
		p.fixed, p.budget.most = led(c.Resolve, c.Target), c.Memory
		return p
	}
	timeout := min(dialTimeout, c.Timeout)
	client := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial(net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}, c.Target, led(c.Resolve, c.Target)),
		TLSHandshakeTimeout:    timeout,
		TLSClientConfig:        secure,
		MaxIdleConnsPerHost:    c.InFlight,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHead,
		OnProxyConnectResponse: connected,
		Protocols:              c.protocols(),
		// What comes on a stream before it is read waits in memory.
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: MaxResponse, MaxReceiveBufferPerConnection: 4*MaxResponse - 1},
	}
	s := &standard{kill: kill, request: c.Request, traces: c.Traces, client: client, proxy: c.Proxy(), secure: c.Target.Scheme == "https"}
	s.budget.most = c.Memory
	return s
}

// protocols are those that net/http's transport may choose from. It speaks HTTP/2 only where that is asked for: that
// would put all calls on one connection, and hide what a connection costs. A proxy takes plain calls in HTTP/1.1.
func (c Config) protocols() *http.Protocols {
	var p http.Protocols
	switch {
	case !c.HTTP2 || c.Target.Scheme != "https" && c.Proxy() != "":
		p.SetHTTP1(true)
	case c.Target.Scheme == "https":
		p.SetHTTP1(true)
		p.SetHTTP2(true)
	case c.Plain:
		p.SetUnencryptedHTTP2(true)
	default:
		p.SetHTTP1(true)
	}
	return &p
}

// Carrier names what carries the calls.
func (c Config) Carrier() string {
	_, name := c.proxied()
	return name
}

// proxied reports whether the calls go by way of net/http's transport, and names what carries them.
func (c Config) proxied() (standard bool, name string) {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: c.Target})
	protocols := c.protocols()
	switch {
	case protocols.HTTP2(), c.HTTP2 && c.Proxy() == "" && !c.Plain:
		return true, "net/http, HTTP/2 where the target speaks it"
	case protocols.UnencryptedHTTP2():
		return true, "net/http, HTTP/2 without TLS"
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

// Proxy is the address of the proxy that the environment names for the target, without credentials; empty where there
// is none.
func (c Config) Proxy() string {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: c.Target})
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Host
}
