package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pool keeps connections of HTTP/1.1 open for the run, one for each call in flight at most; a loop keeps those that it
// has used for itself, so that several of them may have more. The one used last is the next to be used, so that those
// not needed stay idle.
type pool struct {
	target  *url.URL
	secure  *tls.Config // nil for http
	timeout time.Duration
	// kill gives up all calls when it ends.
	kill    context.Context
	unwatch func() bool
	dialing chan struct{}
	dialed  atomic.Uint64
	unasked atomic.Uint64
	encoded atomic.Uint64
	// ended counts the attempts to connect that are over.
	ended  atomic.Uint64
	budget budget
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

// Warm dials n connections, so that the first calls do not. It gives up without a word after a while: what is wrong
// will show at the calls.
func (p *pool) Warm(n int) {
	deadline := time.Now().Add(min(dialTimeout/2, p.timeout))
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if c, err := p.dial(&Exchange{Deadline: deadline}); err == nil {
				// Over TLS a session ticket may be there, which is read here and not in a call's time.
				p.give(c, c.direct || c.alive() == nil)
			}
		})
	}
	wg.Wait()
}

// Do sends x's request and reads the response. A request goes to another connection only where nothing of it was sent.
func (p *pool) Do(x *Exchange) error {
	x.budget = &p.budget
	for {
		c := p.take()
		fresh := c == nil
		if fresh {
			var err error
			if c, err = p.dial(x); err != nil {
				return p.reason(err, x.Deadline)
			}
		}
		x.Connected = true
		keep, err := c.do(x)
		p.note(c, err)
		stale := errors.Is(err, errStale)
		switch {
		case stale && fresh && errors.Is(err, errUnasked):
			stale, err = false, c.banner(x.In)
		case stale && fresh:
			stale, err = false, c.lastWords(io.ErrUnexpectedEOF)
		}
		p.give(c, keep && err == nil)
		if !stale {
			return p.reason(err, x.Deadline)
		}
	}
}

// note counts what was seen of a connection in a call that ended so.
func (p *pool) note(c *conn, err error) {
	if c.unasked || errors.Is(err, errUnasked) {
		p.unasked.Add(1)
	}
	if c.encoded {
		p.encoded.Add(1)
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

func (p *pool) Connections() uint64 { return p.dialed.Load() }

func (p *pool) Seen() Seen { return Seen{Unasked: p.unasked.Load(), Encoded: p.encoded.Load()} }

// Close ends the idle connections, and counts those on which something came since their last call. No call is in
// flight any more.
func (p *pool) Close() {
	p.unwatch()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		if errors.Is(c.alive(), errUnasked) {
			p.unasked.Add(1)
		}
	}
	for c := range p.all {
		// The peer may have gone away: then TLS waits in vain to say good-bye.
		_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		_ = c.Close()
	}
	p.idle, p.all = nil, nil
}

// quick reports whether the attempts to connect that ended during a wait for a turn took no longer than it takes where
// nobody makes them wait: all turns were taken, so that each took the wait's length for as many as there are turns.
func (p *pool) quick(waited time.Duration, ended uint64) bool {
	return waited*dials <= quickDial*time.Duration(ended)
}

// dial opens a connection for x, and takes the times.
func (p *pool) dial(x *Exchange) (*conn, error) {
	begun, before := time.Now(), p.ended.Load()
	deadline := x.Deadline
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
	waited := time.Since(begun)
	defer p.ended.Add(1)
	// The wait for a turn is andon's own, and no part of connecting, unless those who had it waited for the provider.
	if p.quick(waited, p.ended.Load()-before) {
		x.Queued = waited
		begun = begun.Add(waited)
	}
	socket, err := p.addresses.dial(ctx)
	x.Dial = time.Since(begun)
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
		x.Handshake = time.Since(begun) - x.Dial
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
	c.until = x.Deadline
	_ = c.SetDeadline(c.until)
	if p.kill.Err() != nil {
		p.give(c, false)
		return nil, context.Canceled
	}
	return c, nil
}
