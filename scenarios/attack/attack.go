// Package attack drives a plan with vegeta's Attacker and streams what comes of each hit.
//
// vegeta numbers the hits and runs the workers. Its own times are not used: it takes a hit's time when a worker picks
// the hit up, so that waiting for a worker is in none of its figures. Here a hit is due when the plan says so; the pacer
// sleeps until just before then, and the round tripper, which knows the hit's number from a header that vegeta sets,
// builds the request, lets it go when it is due, takes the times around it, judges the answer, and hands one row to the
// sink. The sink is one goroutine: it feeds the metrics and the files, and it never holds the attack up as long as its
// queue has room.
//
// Calls go over connections of andon's own (pool.go, conn.go), which write and read the socket themselves, and read what
// is not ordinary by way of net/http; through a proxy and over HTTP/2 net/http carries them. A call that may have reached
// the provider is never sent twice. Meanwhile a pulse watches the generator itself, so that what it does to the times is
// not taken for the target's doing.
//
// How this compares with other load testers is measured by make bench-peers; see README.md beside this file.
package attack

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
)

// Config says what is fired at whom, and where the results go.
type Config struct {
	Plan        *scenarios.Plan
	Description *contracts.Description
	Target      *url.URL
	// Token is the bearer token; it may be empty. It is taken out of everything that is kept.
	Token string
	// TLS holds the authorities and the client's certificate for an https target; nil is what the system trusts, and none.
	TLS *tls.Config
	// Traces, if not 0, has each call carry a traceparent header: see [results.AppendTraceparent].
	Traces uint64
	// HTTP2 sends over HTTP/2, where the target speaks it, by net/http's transport.
	HTTP2 bool
	// Writer keeps the rows and the samples.
	Writer *results.Writer
	// RepeatedIDsAllowed switches off the check that no executionId comes twice, and with it the memory that the check
	// needs: see [ids].
	RepeatedIDsAllowed bool
	// Tick, if not nil, is called about once a second and at the end, from one goroutine. It must not keep a.
	Tick func(now time.Duration, a *metrics.Aggregator, inFlight int)
	// Observe, if not nil, is called with each row that is counted, from the goroutine that calls Tick.
	Observe func(results.Row)
}

// A run is one attack under way.
type run struct {
	Config
	began  time.Time
	closed bool
	// stop ends the sending; kill gives up the calls in flight.
	stop     chan struct{}
	stopOnce sync.Once
	stopped  time.Duration // when stop was closed
	kill     context.Context

	transport transport
	template  template
	spaces    sync.Pool // of *workspace
	rules     map[string]uint8
	inFlight  atomic.Int64
	begun     atomic.Uint64 // hits that a worker has taken up; vegeta numbers them in this order
	freed     chan struct{}
	slots     slots
	pulse     pulse
	lead      lead
	sampled   []atomic.Bool // by kind and rule
	sink      *sink
}

// Run fires the plan and returns how the run ended with everything that was measured. Closing interrupt stops the sending
// and waits for the calls in flight; when ctx ends, those are given up as well. The error is that of the files, if they
// could not be written; the metrics are whole even then.
func Run(ctx context.Context, interrupt <-chan struct{}, c Config) (*metrics.Aggregator, results.End, error) {
	// With one processor, the pacer's sleep in a system call would hold up everything else until the scheduler notices.
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	// The user's own word on it stands.
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(seldom))
	}
	r := &run{
		Config: c, closed: c.Plan.Closed(), kill: ctx,
		stop: make(chan struct{}), freed: make(chan struct{}, 1),
		transport: newTransport(ctx, c), template: newTemplate(c.Target, c.Token, c.Traces),
		rules:   map[string]uint8{},
		sampled: make([]atomic.Bool, len(results.KindNames())*len(c.Plan.Labels.Rules)),
	}
	r.spaces.New = func() any { return new(workspace) }
	r.lead.d.Store(int64(longestLead) / 2)
	defer r.transport.close()
	for i, rule := range c.Plan.Labels.Rules {
		r.rules[rule] = uint8(i)
	}
	workers := c.Plan.Limits.InFlight
	if r.closed {
		workers = min(c.Plan.PeakCallers(), c.Plan.Limits.InFlight)
	}
	r.slots = newSlots(workers)
	r.sink = newSink(r)
	attacker := vegeta.NewAttacker(
		vegeta.Workers(uint64(min(workers, 16))), vegeta.MaxWorkers(uint64(workers)), vegeta.MaxBody(0),
		vegeta.Client(&http.Client{Transport: r, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}),
	)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-interrupt:
			r.halt()
		case <-ctx.Done():
			r.halt()
		case <-r.stop:
		}
		attacker.Stop()
	}()

	r.transport.warm(r.connections(workers))
	r.began = time.Now()
	r.pulse.before = readCounters()
	asleep, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		r.pulse.watch(r.began, asleep)
	}()
	go r.sink.drain()
	// What vegeta is told to fetch is never fetched: the round tripper builds the request of the hit by its number.
	target := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodPost, "http://andon/"
		return nil
	}
	for range attacker.Attack(target, &pacer{run: r}, 0, "") {
	}
	select {
	case <-r.stop:
		r.recordUnsent()
	default:
		r.halt()
	}
	<-finished
	close(asleep)
	<-watched
	return r.sink.finish(ctx.Err() != nil || isClosed(interrupt))
}

// Generator says what the calls will be sent with.
func (c Config) Generator() results.Generator {
	_, name := c.proxied()
	return results.Generator{
		Transport: name, Cores: float64(runtime.GOMAXPROCS(0)), OpenFiles: openFiles(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(),
	}
}

// connections is how many to set up before the first hit: one for each caller, or as many as answers within 50 ms need.
func (r *run) connections(workers int) int {
	if r.closed {
		return workers
	}
	return min(workers, max(8, int(r.Plan.PeakRate()/20)))
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// halt ends the sending. It may be called any number of times.
func (r *run) halt() {
	r.stopOnce.Do(func() {
		r.stopped = time.Since(r.began)
		close(r.stop)
	})
}

// recordUnsent counts the hits that had come due when the sending ended, but had not left.
func (r *run) recordUnsent() {
	if r.closed {
		return
	}
	for n := r.begun.Load(); n < r.Plan.Calls; n++ {
		due := r.Plan.Due(n)
		if due > r.stopped {
			return
		}
		r.sink.queue <- record{row: results.Row{
			N: uint32(n), Due: due, Lag: seconds(r.stopped - due), Error: results.Unsent,
			Class: uint16(r.Plan.Class(n)), Phase: uint8(r.Plan.Phase(n)),
		}}
	}
}

func seconds(d time.Duration) float32 { return float32(d.Seconds()) }

// slots remembers when calls ended, to tell for how long a late hit had to wait for one.
//
// With c slots, hit n can leave once n−c+1 calls have ended. The moment of the k-th end is kept in a ring of c entries:
// that of end n−c is overwritten by end n, which cannot come before hit n itself has left, or only while it is leaving.
type slots struct {
	ends  []atomic.Int64
	ended atomic.Uint64
}

func newSlots(c int) slots { return slots{ends: make([]atomic.Int64, c)} }

func (s *slots) end(at time.Duration) {
	s.ends[(s.ended.Add(1)-1)%uint64(len(s.ends))].Store(int64(at))
}

// free is when hit n found a slot free; 0 if one always was.
func (s *slots) free(n uint64) time.Duration {
	if n < uint64(len(s.ends)) {
		return 0
	}
	return time.Duration(s.ends[n%uint64(len(s.ends))].Load())
}

// pacer is vegeta's Pacer: it returns when a hit may leave.
type pacer struct {
	run *run
	// last is when the hit before was due.
	last time.Duration
}

// Pace implements vegeta.Pacer. It does the waiting itself, since vegeta's sleep is up to a millisecond late.
func (p *pacer) Pace(_ time.Duration, hits uint64) (time.Duration, bool) {
	r := p.run
	if r.closed {
		return 0, !p.awaitCaller(hits)
	}
	if hits >= r.Plan.Calls || isClosed(r.stop) {
		return 0, true
	}
	due := r.Plan.Due(hits)
	// Where hits follow each other closely, watching the clock would take the processor from those under way.
	early := due - min(r.lead.get(), (due-p.last)/2)
	p.last = due
	if early > time.Since(r.began) {
		r.lead.slept.Store(hits + 1)
		if !sleep(r.began, early, r.stop) {
			return 0, true
		}
	}
	return 0, false
}

// Rate implements vegeta.Pacer.
func (p *pacer) Rate(elapsed time.Duration) float64 {
	_, _, rate := p.run.Plan.At(elapsed)
	return rate
}

// awaitCaller waits until the phase has a caller who is not waiting for an answer. It is false when the loop is over.
func (p *pacer) awaitCaller(hits uint64) bool {
	r := p.run
	end := time.Duration(r.Plan.Seconds * float64(time.Second))
	for {
		now := time.Since(r.began)
		if now >= end || hits >= r.Plan.Limits.Calls || isClosed(r.stop) {
			return false
		}
		if _, callers, _ := r.Plan.At(now); r.inFlight.Load() < int64(min(callers, r.Plan.Limits.InFlight)) {
			r.inFlight.Add(1)
			return true
		}
		// A phase may end while every caller waits, so look again now and then.
		again := time.NewTimer(min(end-now, 50*time.Millisecond))
		select {
		case <-r.freed:
		case <-r.stop:
		case <-again.C:
		}
		again.Stop()
	}
}

// String names the pacer in vegeta's messages.
func (p *pacer) String() string { return fmt.Sprintf("plan of %d hits", p.run.Plan.Calls) }
