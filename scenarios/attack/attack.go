// Package attack drives a plan with vegeta's Attacker and streams what comes of each call.
//
// vegeta, which calls a call a hit, drives the run, and each of its hits is a lane (lane.go): one goroutine that sends
// all calls that fall to it and takes their answers, over connections of andon's own, so that a call wakes nobody else.
// Where the calls go by way of net/http, or the system has no such wait, each hit is one call of a worker (call.go),
// and vegeta's pacer is andon's (pacer.go). The way of call n is the same for both:
//
//  1. Its message is written (call.go), before it is due where there is time (flight.go). The lane sleeps until just
//     before it is due, as the plan says, and watches the clock for the rest (wakeup.go); in a closed loop a call
//     leaves when a caller is free. vegeta's own times are not used: they are none of a call.
//  2. The times around the sending and the answer are taken, and what part of them the generator itself stood still
//     (stalls.go) or had no free slot (slots.go), so that what the generator does to the times is not taken for the
//     target's doing. An answer has come when the kernel says so, where it does: the lane reads it after the next call
//     has left, and need not wake for it.
//  3. The response is held against the contract, and one row waits for the sink (handed.go), which looks for rows on a
//     timer of its own.
//  4. The sink (sink.go) is one goroutine: it looks for ids that come twice (ids.go), feeds the figures and the files,
//     and ends a run that is hopeless (hopeless.go) or breaks a threshold with abort. It never holds the attack up as
//     long as there is room for rows.
//  5. When the sending ends, the calls that had come due and have not left are counted too, and the sink says how the
//     run ended.
//
// How this compares with other load testers is measured by make bench-peers; see README.md beside this file.
package attack

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// Run fires the plan and says what came of it. Closing interrupt stops the sending and waits for the calls in flight;
// when ctx ends, those are given up as well. The error is that of the files, if they could not be written; the outcome
// is whole even then.
//
// One attack runs at a time in a process: it sets how often garbage is collected and puts that back in the end, or less
// where much is kept, which two at once would spoil for each other, and as much for GOMAXPROCS, which it raises by
// those that wait in system calls; and what one of them does would be in the other's figures.
func Run(ctx context.Context, interrupt <-chan struct{}, c Config) (Outcome, error) {
	r := &run{
		Config: c, closed: c.Plan.Closed(), kill: ctx,
		stop: make(chan struct{}), freed: make(chan struct{}, 1),
		sides: c.open(ctx), stale: make(chan string, 1), handed: newHanded(queueLength),
		rules: map[string]uint8{}, machine: machine{root: "/"},
	}
	// The user's own word on it stands.
	if os.Getenv("GOGC") == "" {
		before := debug.SetGCPercent(seldom)
		defer func() { debug.SetGCPercent(min(before, collectAfter(r.stalls.before.live, r.stalls.before.allocated))) }()
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit(c.Plan.Limits.Memory, 0)))
	}
	r.spaces.New = func() any { return new(flight) }
	r.wakeup.d.Store(int64(longestLead) / 2)
	defer r.close()
	for i, rule := range c.Plan.Labels.Rules {
		r.rules[rule] = uint8(i)
	}
	workers := c.Plan.Limits.InFlight
	if r.closed {
		workers = min(c.Plan.PeakCallers(), c.Plan.Limits.InFlight)
	}
	r.slots, r.workers = newSlots(workers), workers
	all := r.lanes()
	// Each keeps one of the processors that the scheduler hands out, also while it waits, as the pacer does without
	// them.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + max(len(all), 1)))
	attacker, fire, pace := r.attacker(all)
	s := newSink(r)
	r.setHeads()
	renewing, enough := context.WithCancel(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		r.renew(renewing)
	}()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-interrupt:
			r.halt(results.Interrupted, "")
		case <-ctx.Done():
			r.halt(results.Interrupted, "")
		case why := <-c.Enough:
			r.halt(results.Enough, why)
		case end := <-c.Ordered:
			if r.halt(end.Reason, end.Detail) {
				r.blamed = end.Side
			}
		case <-r.stop:
		}
		attacker.Stop()
	}()
	r.await(armed)
	for _, s := range r.sides {
		s.transport.Warm(min(c.Plan.Limits.Warm, workers))
	}
	r.await(lastSleep)
	r.begin()
	if c.Began != nil {
		c.Began(r.began)
	}
	r.stalls.before = readCounters()
	r.machine.since()
	asleep, watched := make(chan struct{}), make(chan struct{})
	go r.watch(all, asleep, watched)
	go s.drain()
	for range attacker.Attack(fire, pace, 0, "") {
	}
	all.close() // all at once: one lane wakes another
	until := max(r.exhausted, all.exhausted())
	select {
	case <-r.stop:
		if until == 0 {
			until = r.stopped
		}
		if all.unsent(); all == nil {
			r.unsent(r.begun.Load(), 1)
		}
	default:
		r.halt(results.Finished, "")
	}
	<-finished
	enough()
	<-renewed
	close(asleep)
	<-watched
	out, err := s.finish(ctx.Err() != nil, until)
	if r.stalls.before.live > small/2 {
		// What the report takes is not to come on top of the ids.
		debug.FreeOSMemory()
	}
	return out, err
}

// attacker is vegeta's. Its hits are lanes, or where there are none, calls: fire is what one does, and pace says when
// the next begins.
func (r *run) attacker(all lanes) (_ *vegeta.Attacker, fire vegeta.Targeter, pace vegeta.Pacer) {
	if all != nil {
		return vegeta.NewAttacker(vegeta.Workers(uint64(len(all))), vegeta.MaxWorkers(uint64(len(all)))), all.fire(), all
	}
	return vegeta.NewAttacker(vegeta.Workers(uint64(min(r.workers, 16))), vegeta.MaxWorkers(uint64(r.workers))), r.target, &pacer{run: r}
}

// open makes what a run has of each of its targets.
func (c Config) open(ctx context.Context) (sides []*side) {
	for _, w := range c.wires() {
		sides = append(sides, &side{transport: wire.New(ctx, w), sampled: newSampled(c.Plan.Labels)})
	}
	return sides
}
