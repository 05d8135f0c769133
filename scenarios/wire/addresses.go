package wire

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
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

// led gives the addresses where the user says where a target's name leads; nil where nothing is said.
func led(resolve map[string][]netip.Addr, target *url.URL) []netip.Addr {
	return resolve[net.JoinHostPort(strings.ToLower(target.Hostname()), portOf(target))]
}

// dial connects to a target where the list leads, if there is one, for those who do not use the pool.
func dial(dialer net.Dialer, target *url.URL, list []netip.Addr) func(ctx context.Context, network, address string) (net.Conn, error) {
	own := net.JoinHostPort(target.Hostname(), portOf(target))
	return func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		if !strings.EqualFold(address, own) || len(list) == 0 {
			return dialer.DialContext(ctx, network, address)
		}
		for _, a := range list {
			if conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(a.String(), portOf(target))); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
}

// addresses are those of the target's name. Connections are spread over the ones that answer.
type addresses struct {
	host, port string
	// fixed are the addresses where the user says them.
	fixed []netip.Addr

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
		found, err := slices.Clone(a.fixed), error(nil)
		if len(found) == 0 {
			found, err = net.DefaultResolver.LookupNetIP(ctx, "ip", a.host)
		}
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

// headStart is how long an address is given before the next one is tried beside it: RFC 8305 calls it the connection
// attempt delay.
const headStart = 250 * time.Millisecond

// dial connects to the address that answers first. The local port is the kernel's choice: binding to it beforehand, as
// vegeta's own dialer does, searches among all ports in TIME_WAIT.
func (a *addresses) dial(ctx context.Context) (net.Conn, error) {
	list, err := a.list(ctx)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	dialer := net.Dialer{KeepAlive: 30 * time.Second}
	try := func(ctx context.Context, address netip.Addr) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", net.JoinHostPort(address.String(), a.port))
	}
	if len(list) == 1 {
		return try(ctx, list[0])
	}
	return a.race(ctx, alternate(list), try)
}

// alternate has the families of the addresses take turns, in the order in which they are: where one of them leads
// nowhere, the other is next.
func alternate(list []netip.Addr) []netip.Addr {
	var first, second, all []netip.Addr
	for _, address := range list {
		if address.Is4() == list[0].Is4() {
			first = append(first, address)
		} else {
			second = append(second, address)
		}
	}
	for i := range list {
		if i < len(first) {
			all = append(all, first[i])
		}
		if i < len(second) {
			all = append(all, second[i])
		}
	}
	return all
}

// attempt is what came of trying an address, by its place in the list.
type attempt struct {
	at     int
	socket net.Conn
	err    error
}

// race tries the addresses in their order, each a head start after the one before, or at once when that has failed. The
// first to connect wins; one that has not done so by then, though it began earlier, did not answer.
func (a *addresses) race(ctx context.Context, list []netip.Addr, try func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	delay := headStart
	if deadline, limited := ctx.Deadline(); limited {
		delay = min(delay, time.Until(deadline)/time.Duration(len(list)+1))
	}
	over := make(chan attempt, len(list))
	underWay := map[int]bool{}
	next := 0
	start := func() {
		at := next
		next++
		underWay[at] = true
		go func() {
			socket, err := try(ctx, list[at])
			over <- attempt{at, socket, err}
		}()
	}
	start()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	var first error
	for {
		var one attempt
		select {
		case <-timer.C:
			if next < len(list) && ctx.Err() == nil {
				start()
				timer.Reset(delay)
			}
			continue
		case one = <-over:
		}
		delete(underWay, one.at)
		if one.err == nil {
			for at := range underWay {
				if at < one.at {
					a.failed(list[at])
				}
			}
			go closeLate(over, len(underWay))
			return one.socket, nil
		}
		if ctx.Err() == nil {
			a.failed(list[one.at])
		}
		if first == nil || errors.Is(first, syscall.EADDRNOTAVAIL) {
			// An address of a family that this machine does not have says the least.
			first = one.err
		}
		if next < len(list) && ctx.Err() == nil {
			start()
			timer.Reset(delay)
		}
		if len(underWay) == 0 {
			return nil, first
		}
	}
}

// closeLate closes what still connects after the race was won.
func closeLate(over <-chan attempt, n int) {
	for range n {
		if late := <-over; late.err == nil {
			_ = late.socket.Close()
		}
	}
}
