package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// dials is how many connections are set up at a time, so that a provider that comes back after a stall is not met by
	// all callers at once.
	dials = 64
	// addressTTL is how long the addresses of a name are used. Go's resolver does not tell what the name server said.
	addressTTL = 30 * time.Second
)

// pool keeps connections of HTTP/1.1 open for the run, one for each call in flight at most. The one used last is the next
// to be used, so that those not needed stay idle.
type pool struct {
	target  *url.URL
	secure  *tls.Config // nil for http
	timeout time.Duration
	// kill gives up all calls when it ends.
	kill    context.Context
	unwatch func() bool
	dialing chan struct{}
	dialed  atomic.Uint64
	addresses

	mu   sync.Mutex
	idle []*conn
	all  map[*conn]bool
}

func newPool(kill context.Context, target *url.URL, secure *tls.Config, timeout time.Duration) *pool {
	p := &pool{
		target: target, timeout: timeout, kill: kill,
		dialing: make(chan struct{}, dials), all: map[*conn]bool{},
		addresses: addresses{host: target.Hostname(), port: portOf(target)},
	}
	if target.Scheme == "https" {
		p.secure = secure.Clone()
		p.secure.ServerName = target.Hostname()
		p.secure.NextProtos = nil
	}
	p.unwatch = context.AfterFunc(kill, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for c := range p.all {
			// A moment that has passed ends every read and write. See also conn.extend.
			_ = c.SetDeadline(time.Unix(1, 0))
		}
	})
	return p
}

// portOf is the port of a URL, the one of its scheme where it names none.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// warm dials n connections, so that the first hits do not. It gives up without a word after a while: what is wrong will
// show at the hits.
func (p *pool) warm(n int) {
	deadline := time.Now().Add(min(dialTimeout/2, p.timeout))
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if c, err := p.dial(&exchange{deadline: deadline}); err == nil {
				// Over TLS a session ticket may be there, which is read here and not in a call's time.
				p.give(c, c.direct || c.alive())
			}
		})
	}
	wg.Wait()
}

// do sends x's request and reads the response. A request goes to another connection only where nothing of it was sent.
func (p *pool) do(x *exchange) error {
	for {
		c := p.take()
		fresh := c == nil
		if fresh {
			var err error
			if c, err = p.dial(x); err != nil {
				return p.reason(err, x.deadline)
			}
		}
		x.connected = true
		keep, err := c.do(x)
		p.give(c, keep && err == nil)
		if !errors.Is(err, errStale) {
			return p.reason(err, x.deadline)
		}
		if fresh {
			return io.ErrUnexpectedEOF
		}
	}
}

// reason tells a call that was given up with the run from one that took too long.
func (p *pool) reason(err error, deadline time.Time) error {
	if err != nil && p.kill.Err() != nil && isTimeout(err) && time.Now().Before(deadline) {
		return context.Canceled
	}
	return err
}

// take gives an idle connection, or nil.
func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c
}

// give takes a connection back, to keep it or to close it.
func (p *pool) give(c *conn, keep bool) {
	p.mu.Lock()
	if keep {
		p.idle = append(p.idle, c)
	} else {
		delete(p.all, c)
	}
	p.mu.Unlock()
	if !keep {
		_ = c.Close()
	}
}

func (p *pool) connections() uint64 { return p.dialed.Load() }

// close ends the idle connections. No call is in flight any more.
func (p *pool) close() {
	p.unwatch()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.all {
		// The peer may have gone away: then TLS waits in vain to say good-bye.
		_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		_ = c.Close()
	}
	p.idle, p.all = nil, nil
}

// dial opens a connection for x, and takes the times.
func (p *pool) dial(x *exchange) (*conn, error) {
	begun := time.Now()
	deadline := x.deadline
	if latest := begun.Add(dialTimeout); latest.Before(deadline) {
		deadline = latest
	}
	ctx, cancel := context.WithDeadline(p.kill, deadline)
	defer cancel()
	select {
	case p.dialing <- struct{}{}:
		defer func() { <-p.dialing }()
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
	}
	// The wait for a turn is andon's own, and not the provider's.
	x.queued = time.Since(begun)
	begun = begun.Add(x.queued)
	socket, err := p.addresses.dial(ctx)
	x.dial = time.Since(begun)
	if err != nil {
		return nil, err
	}
	p.dialed.Add(1)
	c := &conn{Conn: socket, kill: p.kill}
	c.step = c.socketStep
	if s, ok := socket.(syscall.Conn); ok {
		if c.raw, err = s.SyscallConn(); err != nil {
			_ = socket.Close()
			return nil, err
		}
	}
	c.direct = socketsAreDirect && p.secure == nil && c.raw != nil
	if p.secure != nil {
		c.wrote = &countedConn{Conn: socket}
		client := tls.Client(c.wrote, p.secure)
		err := client.HandshakeContext(ctx)
		x.handshake = time.Since(begun) - x.dial
		if err != nil {
			_ = socket.Close()
			if errors.Is(err, context.Canceled) {
				return nil, err
			}
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
		c.Conn = client
	}
	p.mu.Lock()
	p.all[c] = true
	p.mu.Unlock()
	c.until = x.deadline
	_ = c.SetDeadline(c.until)
	if p.kill.Err() != nil {
		p.give(c, false)
		return nil, context.Canceled
	}
	return c, nil
}

// addresses are those of the target's name. Connections are spread over the ones that answer.
type addresses struct {
	host, port string

	mu       sync.Mutex
	resolved time.Time
	// good are the ones to use, from next on; bad did not answer when they were last tried.
	good, bad []netip.Addr
	next      int
}

// list gives the addresses in the order in which to try them.
func (a *addresses) list(ctx context.Context) ([]netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.good)+len(a.bad) == 0 || time.Since(a.resolved) > addressTTL {
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", a.host)
		if err != nil {
			return nil, err
		}
		for i := range found {
			found[i] = found[i].Unmap()
		}
		a.good, a.bad, a.resolved = found, nil, time.Now()
	}
	if len(a.good) == 0 {
		a.good, a.bad = a.bad, nil
	}
	all := make([]netip.Addr, 0, len(a.good)+len(a.bad))
	a.next = (a.next + 1) % len(a.good)
	all = append(append(all, a.good[a.next:]...), a.good[:a.next]...)
	return append(all, a.bad...), nil
}

// failed remembers that an address did not answer.
func (a *addresses) failed(address netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, g := range a.good {
		if g == address {
			a.good = append(a.good[:i:i], a.good[i+1:]...)
			a.bad = append(a.bad, address)
			return
		}
	}
}

// dial connects to the next address that answers. Each gets its share of the time that is left. The local port is the
// kernel's choice: binding to it beforehand, as vegeta's own dialer does, searches among all ports in TIME_WAIT.
func (a *addresses) dial(ctx context.Context) (net.Conn, error) {
	list, err := a.list(ctx)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	dialer := net.Dialer{KeepAlive: 30 * time.Second}
	var first error
	for i, address := range list {
		part := ctx
		if left := len(list) - i; left > 1 {
			deadline, _ := ctx.Deadline()
			var cancel context.CancelFunc
			part, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
			defer cancel()
		}
		socket, err := dialer.DialContext(part, "tcp", net.JoinHostPort(address.String(), a.port))
		if err == nil {
			return socket, nil
		}
		if len(list) > 1 {
			a.failed(address)
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}
