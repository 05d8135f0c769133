package wire

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// addressTTL is how long the addresses of a name are used. Go's resolver does not tell what the name server said.
const addressTTL = 30 * time.Second

// portOf is the port of a URL, the one of its scheme where it names none.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
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
