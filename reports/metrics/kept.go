package metrics

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/results"
)

// keptFrom says how many of the group's calls were kept from the target by what stands before it, and by what, with the
// way to mend it.
func (g *group) keptFrom(how Generator) (n uint64, reasons []string) {
	due := g.counts().Due
	for kind := results.Descriptors; int(kind) < len(g.a.kinds); kind++ {
		var count uint64
		for _, at := range g.at {
			if c := g.a.cells[at]; c != nil {
				count += c.kinds[kind]
			}
		}
		if count == 0 || !kind.Kept() {
			continue
		}
		n += count
		reasons = append(reasons, fmt.Sprintf("%d of %d calls did not reach the target (%s): %s", count, due, kind, keeper(kind, how)))
	}
	return n, reasons
}

// keeper says what kept calls from the target, and the way to mend it.
func keeper(kind results.Kind, how Generator) string {
	proxy := "the proxy"
	if how.Proxy != "" {
		proxy += " " + how.Proxy
	}
	switch kind {
	case results.Descriptors:
		limit := ""
		if how.OpenFiles > 0 {
			limit = fmt.Sprintf(", of which it may have %d", how.OpenFiles)
		}
		return "andon itself had no file descriptor left for another connection" + limit + "; raise the limit (ulimit -n), or allow fewer calls in flight (limits.inFlight)"
	case results.LocalPorts:
		return "andon's own machine had no local port left for another connection to it; widen net.ipv4.ip_local_port_range, allow fewer calls " +
			"in flight (limits.inFlight), or find out who closes the connections, since each closed one holds its port for a minute"
	case results.LocalMemory:
		return "andon's own machine had no memory left for another connection; give it more (memory, net.ipv4.tcp_mem), or allow fewer calls in flight (limits.inFlight)"
	case results.ProxyRefused:
		return "nobody listens where " + proxy + " should be; start it, or correct the environment variable that names it (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)"
	case results.ProxyTimeout:
		return proxy + " did not answer in time; find out what holds it up, or have the target excepted by NO_PROXY"
	}
	return proxy + " turned them back or broke off; see the example, give it what it asks for, or have the target excepted by NO_PROXY"
}

// few reports whether so many of the due calls are too few to change what the run says: fewer than 1 in 100.
func few(n, due uint64) bool { return n == 0 || 100*n < due }
