package attack

import (
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kaizenautomation/andon/scenarios/wire"
)

// lane sends each call of a plan that falls to it when that is due, and takes the answers, on one goroutine, which
// wakes for nothing else: one for each call that is due, and one for each answer at most.
type lane struct {
	*run
	loop *wire.Loop
	all  lanes
	// next is the place in the plan of the next call that falls to it.
	next  uint64
	place int
	// under is how many calls are under way, and burst how many were sent since answers were last looked for.
	under, burst int
	// waits is 1 + when the call was due that waits for a slot; 0 if none does.
	waits atomic.Int64
	// ready are the next calls, whose messages are written, up to ahead of them.
	ready, free []*flight
	ahead       int
	// ended are the records of calls that are over, which are handed over together.
	ended []record
	// full says that no more records are to be handed over by new calls, and since is from when on it held one up.
	full  bool
	since time.Duration
	// lead is how long before a call is due the lane means to wake.
	lead time.Duration
	// asked is until when the lane meant to sleep, 0 if it did not; later says that answers can wait for as long, and
	// need wake nobody.
	asked time.Duration
	later bool
	// then is until when it will mean to sleep after that, counted from now; 0 if it does not know. follows is when the
	// calls leave for which that will be, and known says that it was looked for since the next call was made ready.
	then, follows time.Duration
	known         bool
	// exhausted is when a closed loop had sent as many calls as it may.
	exhausted time.Duration
	// over is closed when the lane has nothing more to do.
	over chan struct{}
}

// longestWatch is for how long at most a lane watches the clock before a call is due: what it takes to wake.
const longestWatch = 20 * time.Microsecond

// awake is for how long a lane has things to do once it has woken for a call: for what is due sooner it does not sleep
// again. As far ahead as mostSkipped calls it looks for one that it will sleep for.
const (
	awake       = 40 * time.Microsecond
	mostSkipped = 8
)

// mostReady is how many messages a lane writes at once where it has longer than writing to wait: what the processor has
// forgotten meanwhile is fetched once for all of them. It does not once a message was not short, since the next call's
// time might come first.
const (
	mostReady = 8
	writing   = 250 * time.Microsecond
	short     = 4 << 10
)

// perLane is how many calls a second a lane is left to send: more than that takes most of a core.
const perLane = 20_000

// mostBurst is how many calls a lane sends at most before it looks for answers: what is sent meanwhile makes them look
// as if they had come later, where many calls are due at once.
const mostBurst = 32

// longestHeld is how long a lane keeps its processor before it lets others of the scheduler's have it who wait: after
// 10 ms it would be interrupted by a signal for that, a hundred times a second.
const longestHeld = 9 * time.Millisecond

// lookLater is how much later than due the first lane looks at how the process does, to spare a wake for it.
const lookLater = time.Millisecond

// lanes are those of a run, one for each of vegeta's hits, which is over when the lane has sent all its calls.
type lanes []*lane

// mostLanes is how many lanes a run has, if it can have any.
func (c Config) mostLanes() int {
	n := 1 + int(c.Plan.PeakRate()/perLane)
	if c.Plan.Closed() {
		n = min(c.Plan.PeakCallers(), c.Plan.Limits.InFlight)
	}
	return min(n, runtime.GOMAXPROCS(0))
}

// lanes makes those of a run; none where it cannot have any, and vegeta's workers are to send the calls.
func (r *run) lanes() (all lanes) {
	for i := range r.mostLanes() {
		loop, err := wire.NewLoop()
		if err != nil {
			all.close()
			return nil
		}
		all = append(all, &lane{run: r, loop: loop, place: i, next: uint64(i), ahead: mostReady, lead: longestWatch / 2, over: make(chan struct{})})
		for _, s := range r.sides {
			if !loop.Carries(s.transport) {
				all.close()
				return nil
			}
		}
	}
	for _, l := range all {
		l.all = all
	}
	return all
}

func (all lanes) close() {
	for _, l := range all {
		l.loop.Close()
	}
}

// fire is vegeta's Targeter: it sends the calls of the lane that is next.
func (all lanes) fire() vegeta.Targeter {
	var fired atomic.Uint64
	return func(t *vegeta.Target) error {
		t.Method = refused
		all[fired.Add(1)-1].drive()
		return nil
	}
}

// Pace implements vegeta.Pacer: all lanes begin at once, and wait by themselves.
func (all lanes) Pace(_ time.Duration, hits uint64) (time.Duration, bool) {
	return 0, hits >= uint64(len(all))
}

// Rate implements vegeta.Pacer.
func (all lanes) Rate(time.Duration) float64 { return 0 }

// watch looks how the process does, where the first lane does not or has ended.
func (r *run) watch(all lanes, stop <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	if all != nil {
		select {
		case <-all[0].over:
		case <-stop:
		}
	}
	r.stalls.watch(r.began, stop)
}

// unsent counts the calls that had come due when the sending ended, but had not left.
func (all lanes) unsent() {
	for _, l := range all {
		l.run.unsent(l.next, uint64(len(all)))
	}
}

// exhausted is when a closed loop had sent as many calls as it may, before its time was over; 0 if it had not.
func (all lanes) exhausted() (at time.Duration) {
	for _, l := range all {
		at = max(at, l.exhausted)
	}
	return at
}

// drive sends the lane's calls, and comes back when the last of them is over.
func (l *lane) drive() {
	defer close(l.over)
	if l.closed {
		defer l.loop.Batch()()
	}
	let := time.Since(l.began)
	for {
		wait, more := l.send()
		if len(l.ended) > 0 {
			l.full = l.handed.add(l.ended)
			l.ended = l.ended[:0]
		}
		if !more && l.under == 0 {
			return
		}
		now := time.Since(l.began)
		if now-let > longestHeld {
			l.loop.Yield()
			let = time.Since(l.began)
			continue
		}
		if l.place == 0 {
			// A look counts what was on the wire when it was due, and can wait for the next call's wake.
			if look := l.stalls.step(now) + lookLater; look < wait {
				wait, l.then = look, wait
			}
		}
		over := l.loop.Wait(wait, l.then, l.later)
		if l.burst = 0; len(over) > 0 {
			l.look()
		}
		for _, x := range over {
			l.took(x.Owner.(*flight), x)
			l.send()
		}
	}
}

// idly is how long a lane waits where it is told when there is something to do, so that it sees the end of the run.
const idly = 50 * time.Millisecond

// send sends what is due, and gives for how long nothing will be. It is false when no more calls are to be sent.
func (l *lane) send() (wait time.Duration, more bool) {
	if l.later = false; l.closed {
		return l.resend()
	}
	for {
		if l.next >= l.Plan.Calls || isClosed(l.stop) {
			return idly, false
		}
		if l.burst >= mostBurst {
			return 0, true
		}
		if len(l.ready) == 0 {
			l.write(1)
		}
		due := l.Plan.Leaves(l.ready[0].due)
		now := l.look()
		if l.asked > 0 && now >= l.asked {
			l.lead = nearer(l.lead, now-due, longestWatch)
		}
		l.asked = 0
		if early := due - l.lead; now < early {
			if len(l.ready) == 1 && early-now > writing && l.write(l.ahead) > 0 {
				continue
			}
			l.asked, l.later = early, early-now < wire.LongestUnread
			l.then = max(l.following(due)-l.lead-now, 0)
			return min(early-now, idly), true
		}
		if l.held(now) {
			return gather, true
		}
		at, free := l.slot(due)
		if !free {
			return idly, true
		}
		for time.Since(l.began) < due {
		}
		f := l.ready[0]
		if heads := l.sides[f.side].heads.Load(); heads != f.heads {
			l.prepare(f, l.Plan.Number(l.next))
		}
		f.at = at
		l.ready, l.known = slices.Delete(l.ready, 0, 1), false
		l.next += uint64(len(l.all))
		l.inFlight.Add(1)
		l.leave(f)
	}
}

// write writes the messages of the next calls, until there are so many of them or no more, and gives how many it wrote.
func (l *lane) write(until int) (n int) {
	every := uint64(len(l.all))
	for k := l.next + uint64(len(l.ready))*every; len(l.ready) < until && k < l.Plan.Calls; k += every {
		f := l.flight()
		l.prepare(f, l.Plan.Number(k))
		if len(f.message) > short {
			l.ahead = 1
		}
		l.ready = append(l.ready, f)
		n++
	}
	return n
}

// following is when the calls leave that the lane will sleep for next after those that leave at a moment; 0 if it knows
// none, or will sleep for so long that answers are to wake it.
func (l *lane) following(leaves time.Duration) time.Duration {
	if l.known {
		return l.follows
	}
	l.follows, l.known = 0, true
	k := l.next
	for range mostSkipped {
		if k += uint64(len(l.all)); k >= l.Plan.Calls {
			break
		}
		next := l.Plan.Leaves(l.Plan.Due(l.Plan.Number(k)))
		if next <= leaves {
			next = l.Plan.Leaves(leaves + 1)
		}
		if next-leaves >= awake {
			if next-leaves < wire.LongestUnread+l.lead {
				l.follows = next
			}
			break
		}
	}
	return l.follows
}

// resend has each caller of a closed loop send who is not waiting for an answer.
func (l *lane) resend() (wait time.Duration, more bool) {
	end := time.Duration(l.Plan.Seconds * float64(time.Second))
	for {
		now := l.look()
		if now < 0 {
			return min(-now, idly), true
		}
		if now >= end || l.exhausted > 0 || isClosed(l.stop) {
			return idly, false
		}
		if l.kill.Err() != nil {
			return gather, true // the end of the sending is on its way
		}
		if l.burst >= mostBurst {
			return 0, true
		}
		_, callers, _ := l.Plan.At(now)
		// Callers are dealt out one by one.
		if share := (min(callers, l.Plan.Limits.InFlight) + len(l.all) - 1 - l.place) / len(l.all); l.under >= share {
			return min(end-now, idly), true
		}
		if l.held(now) {
			return gather, true
		}
		k := l.begun.Add(1) - 1
		if k >= l.Plan.Limits.Calls {
			l.exhausted = now
			continue
		}
		f := l.flight()
		l.prepare(f, l.Plan.Number(k))
		l.inFlight.Add(1)
		l.leave(f)
	}
}

// look gives the time, and has the first lane look how the process does, where that is due.
func (l *lane) look() (now time.Duration) {
	now = time.Since(l.began)
	if l.place == 0 {
		l.stalls.step(now)
	}
	return now
}

// leave sends a call, if it is sent.
func (l *lane) leave(f *flight) {
	if !l.depart(f) {
		l.end(f)
		return
	}
	l.under++
	l.burst++
	if t := l.transport(f); !l.loop.Send(t, &f.Exchange) {
		l.loop.Dial(t, &f.Exchange)
	}
}

// took takes what came of a call.
func (l *lane) took(f *flight, x *wire.Exchange) {
	if !f.judged && l.arrive(f, x.Err, x.End.Sub(l.began)) {
		f.judged = true
		// It would hold up the others.
		l.loop.Defer(x, func() {
			l.judging.Lock()
			defer l.judging.Unlock()
			l.judge(f)
		})
		return
	}
	l.under--
	l.end(f)
}

// end ends a call.
func (l *lane) end(f *flight) {
	l.settle(f)
	l.ended = append(l.ended, f.record)
	if !l.closed {
		took := f.end - f.send
		if f.away {
			took = f.whole - f.send
		}
		l.giveBack(f.at, took, &f.row, f.away)
	}
	if cap(f.message) <= keptBuffer && cap(f.In) <= keptBuffer {
		l.free = append(l.free, f)
	}
	l.wakeOthers()
}

// held reports whether a call that would leave now has to wait for the sink. The answers of those under way are taken
// meanwhile, so that the wait is in none of their times.
func (l *lane) held(now time.Duration) bool {
	if l.full = l.full && l.handed.waiting() >= l.handed.most; l.full {
		if l.since == 0 {
			l.since = now
		}
		return true
	}
	if l.since > 0 {
		// Vitals have it by caller.
		l.blocked.Add(int64(now-l.since) * int64(l.workers) / int64(len(l.all)))
		l.since = 0
	}
	return false
}

// slot takes a slot for a call, unless another lane waits for one for a call that was due before: whoever has just
// given one back would be the first to take it again.
func (l *lane) slot(due time.Duration) (at slot, free bool) {
	if l.turn(due) {
		at, free = l.slots.take()
	}
	if !free {
		l.waits.Store(int64(due) + 1)
		// One may have been given back meanwhile.
		if l.turn(due) {
			at, free = l.slots.take()
		}
	}
	if free && l.waits.Load() != 0 {
		l.waits.Store(0)
		l.wakeOthers() // who may have let this one go first
	}
	return at, free
}

// turn is false where another lane waits for a slot for a call that was due before.
func (l *lane) turn(due time.Duration) bool {
	for _, other := range l.all {
		if since := other.waits.Load(); other != l && since > 0 && since <= int64(due) {
			return false
		}
	}
	return true
}

// wakeOthers has the lanes that wait for a slot look again.
func (l *lane) wakeOthers() {
	for _, other := range l.all {
		if other != l && other.waits.Load() != 0 {
			other.loop.Wake()
		}
	}
}

// flight is memory for a call.
func (l *lane) flight() *flight {
	last := len(l.free) - 1
	if last < 0 {
		return new(flight)
	}
	f := l.free[last]
	l.free = l.free[:last]
	return f
}
