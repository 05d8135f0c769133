package attack

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// Config says what is fired at whom, and where the results go.
type Config struct {
	Plan   *scenarios.Plan
	Target *url.URL
	// StartAt, if not zero, is when the run's clock begins, by the clock of this machine; connections are set up
	// before.
	StartAt time.Time
	// Credentials are what the calls carry besides their bodies, and where names lead; nil is nothing. Their secrets
	// are taken out of everything that is kept.
	Credentials *credentials.Set
	// TLS holds the authorities and the client's certificate for an https target; nil is what the system trusts, and
	// none.
	TLS *tls.Config
	// Traces, if not 0, has each call carry a traceparent header: see [results.AppendTraceparent].
	Traces uint64
	// HTTP2 sends over HTTP/2, by net/http's transport, where the target speaks it; without TLS PlainHTTP2 says that it
	// does.
	HTTP2, PlainHTTP2 bool
	// Writer keeps the rows and the samples.
	Writer *results.Writer
	// Against, if not nil, is a second target that is met in turn with the first.
	Against *Against
	// RepeatedIDsAllowed switches off the check that no executionId comes twice, and with it the memory that the check
	// needs: see [ids].
	RepeatedIDsAllowed bool
	// Tick, if not nil, is called about once a second and at the end, from one goroutine. It must not keep a.
	Tick func(now time.Duration, a *metrics.Aggregator, inFlight int)
	// Observe, if not nil, is called with each row that is counted, from the goroutine that calls Tick.
	Observe func(results.Row)
	// Enough, if not nil, gives a sentence once enough was measured: that ends the sending, and the calls in flight are
	// waited for.
	Enough <-chan string
	// Ordered, if not nil, ends the sending for a reason that is known elsewhere, as where calls are judged together
	// with others' calls; conditions that end the run are not judged here then. The calls in flight are waited for. Of
	// two targets, the first is the side a, and the second b.
	Ordered <-chan results.End
	// Began, if not nil, is told when the run's clock began, before the first call leaves.
	Began func(time.Time)
	// Accepted, if not nil, is called with each execution that an answer says was started, whether or not its call
	// keeps the contract: how its call went, its id and its session. It comes from the goroutine that calls Tick, which
	// it must not hold up.
	Accepted func(results.Execution)
}

// Against is a target that takes some of the calls of a plan in the place of the first.
type Against struct {
	Target *url.URL
	// Credentials are what its calls carry, and how it is trusted.
	Credentials *credentials.Set
	// PlainHTTP2 is as in [Config].
	PlainHTTP2 bool
	// Writer keeps its rows and its samples.
	Writer *results.Writer
	// Takes reports whether a call goes to it that is due at a moment.
	Takes func(due time.Duration) bool
}

// Outcome is what came of a run.
type Outcome struct {
	// Aggregator holds everything that was measured.
	Aggregator *metrics.Aggregator
	// End says how the run ended.
	End results.End
	// Samples show the first call of each kind of trouble, and Vitals say how the generator did: as they are in the
	// files.
	Samples []results.Sample
	Vitals  []results.Vitals
	// Against is what came of the calls to the second target; nil where there is none.
	Against *Outcome
}

// at is the configuration with the second target in the place of the first.
func (c Config) at(a *Against) Config {
	c.Target, c.PlainHTTP2, c.Writer = a.Target, a.PlainHTTP2, a.Writer
	c.Credentials, c.TLS = a.Credentials, a.Credentials.TLS()
	return c
}

// carried are what the calls to each target carry.
func (c Config) carried() []*credentials.Set {
	list := []*credentials.Set{c.Credentials}
	if c.Against != nil && c.Against.Credentials != c.Credentials {
		list = append(list, c.Against.Credentials)
	}
	return list
}

// wire says how to connect.
func (c Config) wire() wire.Config {
	return wire.Config{
		Target: c.Target, TLS: c.TLS, Resolve: c.Credentials.Asks().Addresses(), Traces: c.Traces, HTTP2: c.HTTP2, Plain: c.PlainHTTP2, Timeout: c.Plan.Limits.Timeout, InFlight: c.Plan.Limits.InFlight,
		Memory: int64(c.Plan.Limits.Memory) * scenarios.MB,
		Request: func(ctx context.Context, tenant int, body []byte) *http.Request {
			return c.Plan.Description().Operation().NewRequest(ctx, c.Target, c.Credentials.Of(tenant), body)
		},
	}
}

// wires are how to connect to each target.
func (c Config) wires() []wire.Config {
	list := []wire.Config{c.wire()}
	if c.Against != nil {
		list = append(list, c.at(c.Against).wire())
	}
	return list
}

// Generator says what the calls will be sent with.
func (c Config) Generator() results.Generator {
	return results.Generator{
		Transport: c.wire().Carrier(), Proxy: c.wire().Proxy(), Cores: float64(runtime.GOMAXPROCS(0)), OpenFiles: openFiles(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(),
	}
}

// besides is how many files a run has open apart from its connections, with one lane, and ofLane how many each further
// one has.
const (
	besides = 20
	ofLane  = 4
)

// Short says what the calls in flight may be short of on this machine; empty where they are short of nothing that is
// known beforehand.
func (c Config) Short() string { return c.short(openFiles(), c.mostLanes()) }

func (c Config) short(files uint64, lanes int) string {
	most := uint64(c.Plan.Limits.InFlight)
	if c.Plan.Closed() {
		most = min(most, uint64(c.Plan.PeakCallers()))
	}
	most = min(most, c.Plan.MaxCalls())
	connections, each := most, "each on a connection of its own"
	if lanes > 1 && !c.Plan.Closed() {
		// What a lane has used is not another's: each may have had most of the calls at a time.
		connections = min(most*uint64(lanes), c.Plan.MaxCalls())
		each = fmt.Sprintf("on up to %d connections, since those of one core do not serve another", connections)
	}
	if files == 0 || connections+besides+ofLane*uint64(lanes-1) <= files {
		return ""
	}
	return fmt.Sprintf("up to %d calls may be in flight, %s, and this process may have only %d files and sockets open: "+
		"what is beyond cannot be sent; raise the limit (ulimit -n), or lower limits.inFlight", most, each, files)
}

// A run is one attack under way.
type run struct {
	Config
	began time.Time
	// beginning is held while began is set, which is while the run may be told to end already.
	beginning sync.Mutex
	closed    bool
	// stop ends the sending; kill gives up the calls in flight.
	stop     chan struct{}
	stopOnce sync.Once
	stopped  time.Duration // when stop was closed
	// reason and detail say what closed it, and blamed which of two targets did, where others have judged that.
	reason, detail, blamed string
	// exhausted is when a closed loop had sent as many calls as it may, before its time was over; 0 if it had not.
	exhausted time.Duration
	kill      context.Context

	// sides are the target, and the second one where there is one.
	sides []*side
	// stale is asked of with a token that was turned away.
	stale    chan string
	spaces   sync.Pool // of *flight
	rules    map[string]uint8
	inFlight atomic.Int64
	begun    atomic.Uint64 // calls that a worker has taken up, which is the number of the next
	freed    chan struct{}
	slots    *slots
	workers  int
	stalls   stallDetector
	wakeup   wakeupLead
	handed   *handed // to the sink
	// judging is held while a large answer is judged, which takes many times its length.
	judging sync.Mutex
	// blocked is for how long workers waited for the sink, in nanoseconds over all of them.
	blocked atomic.Int64
	machine machine
}

// side is what a run has of each of its targets.
type side struct {
	transport wire.Transport
	heads     atomic.Pointer[[]head] // by tenant
	sampled   []atomic.Bool          // by kind and rule
}

// of is the place of the target that a call goes to which is due at a moment.
func (r *run) of(due time.Duration) int {
	if r.Against != nil && r.Against.Takes(due) {
		return 1
	}
	return 0
}

func (r *run) close() {
	for _, s := range r.sides {
		s.transport.Close()
	}
}

// halt ends the sending, unless it has ended, and reports whether it did. It may be called any number of times.
func (r *run) halt(reason, detail string) (first bool) {
	r.stopOnce.Do(func() {
		r.stopped, r.reason, r.detail, first = r.elapsed(), reason, detail, true
		close(r.stop)
	})
	return first
}

// unsent counts the calls that had come due when the sending ended, but had not left: from a place in the plan on, each
// so many after the one before.
func (r *run) unsent(from, step uint64) {
	if r.closed {
		return
	}
	for k := from; k < r.Plan.Calls; k += step {
		n := r.Plan.Number(k)
		due := r.Plan.Due(n)
		if due >= r.stopped {
			return
		}
		r.handed.put(record{side: r.of(due), row: results.Row{
			N: uint32(n), Due: due, Lag: seconds(r.stopped - due), Error: results.Unsent,
			Class: uint16(r.Plan.Class(n)), Phase: uint8(r.Plan.Phase(n)),
		}})
	}
}

func seconds(d time.Duration) float32 { return float32(d.Seconds()) }
