package wire

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// An address that leads nowhere costs a head start, once; one that fails costs nothing.
func TestAddressesRace(t *testing.T) {
	hole, dead, good, slow := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	var mu sync.Mutex
	var open []*net.TCPConn
	try := func(ctx context.Context, address netip.Addr) (net.Conn, error) {
		switch address {
		case hole:
			<-ctx.Done()
			return nil, ctx.Err()
		case dead:
			return nil, syscall.ECONNREFUSED
		case slow:
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(2 * headStart):
			}
		}
		mu.Lock()
		defer mu.Unlock()
		open = append(open, new(net.TCPConn))
		return open[len(open)-1], nil
	}
	for _, c := range []struct {
		why         string
		list        []netip.Addr
		least, most time.Duration
		err         error
		bad         []netip.Addr
	}{
		{"the first answers", []netip.Addr{good, hole}, 0, headStart, nil, nil},
		{"the first leads nowhere", []netip.Addr{hole, good}, headStart, 4 * time.Second, nil, []netip.Addr{hole}},
		{"the first is refused", []netip.Addr{dead, good}, 0, headStart, nil, []netip.Addr{dead}},
		{"the first answers late", []netip.Addr{slow, hole}, 2 * headStart, 4 * time.Second, nil, nil},
		{"both are refused", []netip.Addr{dead, dead}, 0, headStart, syscall.ECONNREFUSED, []netip.Addr{dead, dead}},
		{"none leads anywhere", []netip.Addr{hole, hole}, 4 * time.Second, 8 * time.Second, context.DeadlineExceeded, nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			a := addresses{good: slices.Clone(c.list)}
			began := time.Now()
			_, err := a.race(ctx, c.list, try)
			// A busy machine may take longer than a head start where there is none.
			took := time.Since(began)
			if !errors.Is(err, c.err) || took < c.least-10*time.Millisecond || c.most > headStart && took > c.most || !slices.Equal(a.bad, c.bad) {
				t.Errorf("%v after %s, bad are %v; want %v between %s and %s, %v", err, took, a.bad, c.err, c.least, c.most, c.bad)
			}
		})
	}
	if got := alternate([]netip.Addr{hole, dead, good, slow}); !slices.Equal(got, []netip.Addr{hole, good, dead, slow}) {
		t.Errorf("the families take turns as %v", got)
	}
}
