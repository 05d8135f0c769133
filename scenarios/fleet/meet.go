package fleet

import (
	"context"
	"net"
	"os"
	"time"

	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
)

// reachable is an address as other machines have it: a hub that listens everywhere is told by this machine's name.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if err != nil || host != "" && (ip == nil || !ip.IsUnspecified()) {
		return address
	}
	if name, err := os.Hostname(); err == nil {
		return net.JoinHostPort(name, port)
	}
	return address
}

// connect connects to a hub, and gives up where that is not there for so long.
func connect(ctx context.Context, interrupt <-chan struct{}, to hub.Join, within time.Duration) (*hub.Conn, error) {
	soon, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	go func() {
		select {
		case <-interrupt:
			cancel()
		case <-soon.Done():
		}
	}()
	c, err := hub.Connect(soon, to)
	if err != nil && soon.Err() != nil {
		err = &NoStartError{err.Error()}
	}
	return c, err
}
