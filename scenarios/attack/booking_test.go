package attack

import (
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// When the sending ends, each call that had come due and has not left is counted, with the time that it was late by
// then, and no other.
func TestUnsentCallsAreCounted(t *testing.T) {
	p := plan(t, "load: [{rate: 100/s, for: 1s}]\nmix: {content: [{items: [text]}]}", 1)
	r := &run{Config: Config{Plan: p}, stopped: 105 * time.Millisecond, handed: newHanded(100)}
	r.begun.Store(3)
	r.unsent(r.begun.Load(), 1)
	n := uint32(3)
	for _, rec := range r.handed.take(nil) {
		late := r.stopped.Seconds() - p.Due(uint64(n)).Seconds()
		if row := rec.row; row.N != n || row.Error != results.Unsent || row.Due != p.Due(uint64(n)) || row.Lag < float32(late-1e-6) || row.Lag > float32(late+1e-6) {
			t.Errorf("call %d is kept as %+v", n, row)
		}
		n++
	}
	if n != 11 {
		t.Errorf("calls 3 to %d are kept, want 3 to 10", n-1)
	}
}

// An interrupt finds most calls waiting for a slot: those are counted, and nothing is sent for them.
func TestUnsentAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	r := &recorder{takes: 100 * time.Millisecond}
	p := plan(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}\nlimits: {inFlight: 1}", 1)
	interrupt := make(chan struct{})
	o := fireUntil(t.Context(), t, interrupt, p, serve(t, r), func(c *Config) {
		c.Began = func(at time.Time) {
			time.AfterFunc(time.Until(at.Add(500*time.Millisecond)), func() { close(interrupt) })
		}
	})
	if got := o.kinds(); got[results.Unsent] < 20 || got[results.None] != len(r.arrived()) || got[results.None] == 0 {
		t.Errorf("the calls ended %v, and %d arrived", got, len(r.arrived()))
	}
}

// An interrupt while the first connections are made finds no call that has come due.
func TestInterruptBeforeTheFirstCall(t *testing.T) {
	t.Parallel()
	// Nobody accepts: a handshake is waited for until the timeout.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	interrupt := make(chan struct{})
	close(interrupt)
	p := plan(t, "load: [{rate: 100/s, for: 1m}]\nmix: {content: [{items: [text]}]}\nlimits: {timeout: 300ms, warm: 1}", 1)
	o := fireUntil(t.Context(), t, interrupt, p, &url.URL{Scheme: "https", Host: listener.Addr().String()})
	if calls := len(o.rows); calls > 600 {
		t.Errorf("%d of %d calls are said to have come due", calls, p.Calls)
	}
}

// slow is a transport whose call takes a while, in which the process stands still.
type slow struct {
	wire.Transport
	during func()
}

func (s slow) Do(x *wire.Exchange) error {
	s.during()
	x.Queued, x.Status = 7*time.Millisecond, 200
	return nil
}

// What the generator itself adds to a call's time is booked with the call: for how long it stood still meanwhile, and
// the wait for a turn to connect. What it stood still before the call was sent is in the lag.
func TestStallsAreBooked(t *testing.T) {
	p := plan(t, "load: [{rate: 100/s, for: 1s}]\nmix: {content: [{items: [text]}]}", 1)
	for _, before := range []time.Duration{0, 40 * time.Millisecond} {
		r := &run{Config: Config{Plan: p}, began: time.Now().Add(-200 * time.Millisecond), rules: map[string]uint8{}}
		for i, rule := range p.Labels.Rules {
			r.rules[rule] = uint8(i)
		}
		r.sides = []*side{{sampled: newSampled(p.Labels), transport: slow{during: func() {
			time.Sleep(60 * time.Millisecond)
			now := time.Since(r.began)
			r.stalls.look(now-40*time.Millisecond, now)
		}}}}
		send := time.Since(r.began)
		r.stalls.look(send-20*time.Millisecond-before, send-20*time.Millisecond)
		f := &flight{record: record{row: results.Row{Due: send - 100*time.Millisecond}}, send: send}
		err := r.transport(f).Do(&f.Exchange)
		r.arrive(f, err, time.Since(r.began))
		if row := f.row; row.Stall < 0.0469 || row.Stall > 0.0471 || row.Service < 0.06 {
			t.Errorf("a stall of 40 ms and a wait of 7 ms, after one of %s before the call was sent, are booked as %v s of %v s", before, row.Stall, row.Service)
		}
	}
}
