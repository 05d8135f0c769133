package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Loop carries calls over connections that are set up already, on the goroutine of its caller alone: it writes when it
// is told to, and reads when it is waited for, so that a call wakes nobody. Where a connection has to be set up first,
// or an answer takes long to read, another goroutine goes on with the call, and the loop hears of the end. Make it with
// [NewLoop], where [Loop.Carries] says that it can be used.
type Loop struct {
	poller *poller
	held   []*held
	free   []int // places in held
	idle   []*held
	underWay
	// done are the calls that are over, and given those that were given last.
	done, given []*Exchange
	// stamped says that the kernel told when the last answer had come, and seen that nothing happened since answers
	// were last looked for.
	stamped, seen bool
	// looks is how often events were looked for, and heard which look gave all that there were; 0 if the last did not.
	// Those of the last look are events, where it was ahead: what they tell of is still to be done.
	looks  uint64
	heard  uint64
	events []unix.EpollEvent
	ahead  bool

	mu     sync.Mutex
	posted []*Exchange
	news   atomic.Bool
}

// NewLoop makes one, where this system has what it takes.
func NewLoop() (*Loop, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &Loop{poller: p}, nil
}

const (
	// patience is how often the beginning of an answer is read anew, before another goroutine waits for the rest of it.
	patience = 8
	// most is how large an answer may be that is read here.
	most = 64 << 10
)

// Carries reports whether calls by a transport can be carried here.
func (l *Loop) Carries(t Transport) bool {
	_, is := t.(*pool)
	return is
}

// Send sends the request of x, and is false where no connection is idle that is open still: [Loop.Dial] sets one up.
func (l *Loop) Send(t Transport, x *Exchange) bool {
	p := t.(*pool)
	x.budget = &p.budget
	for {
		h := l.take(p)
		if h == nil {
			return false
		}
		x.room()
		h.conn.deadline, h.conn.encoded, h.conn.unasked = x.Deadline, false, false
		x.Connected = true
		if h.conn.wrote != nil && len(x.Message) > inline {
			l.hand(h, x)
			return true
		}
		h.since = time.Now()
		rest, err := h.begin(x, l.heard)
		if errors.Is(err, errStale) {
			p.note(h.conn, err)
			l.drop(h)
			continue
		} else if err != nil {
			l.part(h, x, err)
			return true
		}
		h.x, h.n, h.out, h.tries = x, 0, rest, 0
		l.push(h)
		return true
	}
}

// Dial has another goroutine set up a connection and carry x.
func (l *Loop) Dial(t Transport, x *Exchange) {
	go func() {
		x.Err = t.Do(x)
		x.End = time.Now()
		l.post(x)
	}()
}

// Defer has another goroutine do something for a call that was given by [Loop.Wait], which gives it again then.
func (l *Loop) Defer(x *Exchange, do func()) {
	go func() {
		do()
		l.post(x)
	}()
}

// Wake ends a wait, or the one after it where answers can wait for so long.
func (l *Loop) Wake() { l.poller.wake() }

// Yield lets others have the processor who wait for it.
func (l *Loop) Yield() {
	runtime.Gosched()
	l.poller.exact = false
}

// Batch keeps its caller on one thread until end, which waits its turn when an answer wakes it: the target, where it
// shares a processor, is not interrupted by each of its answers, and answers come in numbers. Who must be woken on time
// has no use for it. Where a user has chosen how the process is to be scheduled, that stays.
func (*Loop) Batch() (end func()) {
	runtime.LockOSThread()
	as, err := unix.SchedGetAttr(0, 0)
	if err != nil || as.Policy != unix.SCHED_NORMAL {
		return runtime.UnlockOSThread
	}
	as.Policy = unix.SCHED_BATCH
	_ = unix.SchedSetAttr(0, as, 0)
	return func() {
		as.Policy = unix.SCHED_NORMAL
		_ = unix.SchedSetAttr(0, as, 0)
		runtime.UnlockOSThread()
	}
}

// post gives a call back that another goroutine has carried.
func (l *Loop) post(x *Exchange) {
	l.mu.Lock()
	l.posted = append(l.posted, x)
	l.mu.Unlock()
	if !l.news.Swap(true) {
		l.poller.wake()
	}
}

// Wait waits until a call is over, or until so long has gone by, and gives those that are over; the list is good until
// the next time. It may come back earlier. Whoever can wait for answers as long says later (the kernel tells when they
// came, and they do not end the wait), and until when the next wait will be: then, counted from now; 0 if unknown.
func (l *Loop) Wait(d, then time.Duration, later bool) []*Exchange {
	if len(l.done) > 0 {
		d = 0
	} else if l.first != nil && d > time.Millisecond {
		d = min(d, time.Until(l.first.x.Deadline))
	}
	if later = later && l.stamped; later && l.seen && d > 0 {
		l.poller.nap(d, then)
		// What is due now is sent before the answers are read, over connections of which nothing is heard.
		l.look(0)
		l.seen, l.ahead = false, true
		return nil
	} else if later {
		d = 0
	}
	if !l.ahead || len(l.events) == 0 && d > 0 {
		l.look(d)
	}
	l.seen, l.ahead = later, false
	for _, e := range l.events {
		// What was let go of while others were seen to may be among them.
		if place := int(e.Fd); place >= 0 && l.held[place] != nil {
			l.progress(l.held[place])
		}
	}
	if l.news.Swap(false) {
		l.mu.Lock()
		l.done = append(l.done, l.posted...)
		l.posted = l.posted[:0]
		l.mu.Unlock()
	}
	if l.first != nil {
		l.giveUp(time.Now())
	}
	l.done, l.given = l.given[:0], l.done
	return l.given
}

// look waits for events, or until so long has gone by, and notes which connections have something to say.
func (l *Loop) look(d time.Duration) {
	l.events = l.poller.wait(d)
	l.looks++
	if l.heard = l.looks; len(l.events) == len(l.poller.events) {
		l.heard = 0
	}
	for _, e := range l.events {
		if place := int(e.Fd); place >= 0 && l.held[place] != nil {
			l.held[place].stirred(e.Events)
		}
	}
}

// giveUp ends the calls whose time is over.
func (l *Loop) giveUp(now time.Time) {
	for h := l.first; h != nil; h = l.first {
		switch {
		case h.pool.kill.Err() != nil:
			l.fail(h, context.Canceled)
		case !now.Before(h.x.Deadline):
			l.fail(h, timeout{})
		default:
			return
		}
	}
}

// progress goes on with a connection on which something may have happened.
func (l *Loop) progress(h *held) {
	if h.x == nil {
		// An idle connection has nothing to say, unless it was closed.
		if err := silent(h.conn.Conn); err != nil {
			l.idle = slices.DeleteFunc(l.idle, func(o *held) bool { return o == h })
			h.pool.note(h.conn, err)
			l.drop(h)
		}
		return
	}
	if len(h.out) > 0 {
		// The answer tells what came of it.
		n, _ := h.socket.Write(h.out)
		h.out = h.out[n:]
	}
	x := h.x
	for {
		if h.n == len(x.In) {
			if h.n >= most {
				l.leave(h)
				return
			}
			grown, err := x.grow(x.In, most)
			if err != nil {
				l.fail(h, err)
				return
			}
			x.In = grown
		}
		n, err := h.conn.Conn.Read(x.In[h.n:])
		h.emptied(n < len(x.In)-h.n, l.looks)
		if h.n += n; n == 0 && err == errAgain {
			return
		} else if n == 0 {
			if err == nil {
				err = io.EOF
			}
			l.fail(h, err)
			return
		}
		if l.answered(h) {
			return
		}
		// That the connection ended may have come with these bytes, and is told once; TLS may have more of what came in
		// one record.
	}
}

// answered looks whether the answer is whole, and ends the call then, or leaves it to another goroutine. It is false
// where more is to come.
func (l *Loop) answered(h *held) bool {
	x := h.x
	first, ok := parseHead(x.In[:h.n])
	end := first.end()
	switch {
	case ok && h.n >= end:
		keep, err := h.conn.ordinary(x, first, h.n, nil)
		l.over(h, keep, err)
		return true
	case ok:
		x.Begun, x.Status = true, first.status
		if x.First.IsZero() {
			x.First = h.came(time.Now())
		}
		if end > most {
			l.leave(h)
			return true
		}
		return false
	}
	if x.First.IsZero() {
		x.First = h.came(time.Now())
	}
	if h.tries++; h.tries > patience {
		l.leave(h)
		return true
	}
	return l.tried(h)
}

// tried reads an answer that is no ordinary one, and begins anew where it is not whole yet.
func (l *Loop) tried(h *held) bool {
	x := h.x
	came, before, asked := bytes.Clone(x.In[:h.n]), *x, false
	keep, err := h.conn.answer(x, h.n, func([]byte) (int, error) { asked = true; return 0, errAgain })
	// Who asks for more in vain may say something else of it, as net/http does in a trailer.
	if asked && !errors.Is(err, errUnread) {
		// What it took of the memory for answers goes back with it.
		x.budget.used.Add(-int64(x.held - before.held))
		begun := x.Begun
		*x = before
		x.Begun = begun
		copy(x.In, came)
		return false
	}
	l.over(h, keep, err)
	return true
}

// fail ends a call of whose answer no more comes.
func (l *Loop) fail(h *held, err error) {
	keep, last := false, err
	if h.n > 0 {
		keep, err = h.conn.answer(h.x, h.n, func([]byte) (int, error) { return 0, last })
	} else if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	l.over(h, keep, err)
}

// over ends a call.
func (l *Loop) over(h *held, keep bool, err error) {
	x, end := h.x, time.Now()
	if err == nil {
		end = h.came(end)
		l.stamped = h.socket.at != 0
	}
	h.pool.note(h.conn, err)
	l.remove(h)
	if h.x = nil; keep && err == nil && len(h.out) == 0 {
		l.idle = append(l.idle, h)
	} else {
		l.drop(h)
	}
	l.finished(x, end, err)
}

func (l *Loop) finished(x *Exchange, end time.Time, err error) {
	x.Err, x.End = err, end
	l.done = append(l.done, x)
}

// leave has another goroutine wait for what is left of an answer.
func (l *Loop) leave(h *held) {
	x := h.x
	l.remove(h)
	if err := l.detach(h); err != nil {
		h.pool.give(h.conn, false)
		l.finished(x, time.Now(), err)
		return
	}
	written := make(chan struct{})
	if len(h.out) == 0 {
		close(written) // writing nothing would take the error that reading is to have
	} else {
		go func() {
			defer close(written)
			_, _ = h.socket.Write(h.out)
		}()
	}
	go func() {
		keep, err := h.conn.answer(x, h.n, h.conn.more)
		x.End = time.Now()
		h.pool.note(h.conn, err)
		select {
		case <-written:
		default:
			// Close ends the writing too; the message is somebody else's from then on.
			keep = false
			_ = h.conn.Close()
			<-written
		}
		x.Err = h.pool.reason(err, x.Deadline)
		h.pool.give(h.conn, keep && err == nil)
		l.post(x)
	}()
}

// hand has another goroutine carry a call over an idle connection.
func (l *Loop) hand(h *held, x *Exchange) {
	if err := l.detach(h); err != nil {
		h.pool.give(h.conn, false)
		l.finished(x, time.Now(), err)
		return
	}
	h.pool.give(h.conn, true)
	l.Dial(h.pool, x)
}

// part ends a call whose request could not be written, of which the peer may have said why.
func (l *Loop) part(h *held, x *Exchange, err error) {
	if detached := l.detach(h); detached != nil {
		h.pool.give(h.conn, false)
		l.finished(x, time.Now(), err)
		return
	}
	go func() {
		x.Err = h.pool.reason(h.conn.lastWords(err), x.Deadline)
		x.End = time.Now()
		h.pool.give(h.conn, false)
		l.post(x)
	}()
}

// take gives an idle connection to a pool's target, nil where there is none.
func (l *Loop) take(p *pool) *held {
	for i := len(l.idle) - 1; i >= 0; i-- {
		if h := l.idle[i]; h.pool == p {
			l.idle = append(l.idle[:i], l.idle[i+1:]...)
			return h
		}
	}
	c := p.take()
	if c == nil {
		return nil
	}
	return l.adopt(p, c)
}

// drop closes a connection.
func (l *Loop) drop(h *held) {
	l.release(h)
	h.pool.give(h.conn, false)
}

// release lets go of a connection.
func (l *Loop) release(h *held) {
	l.poller.forget(h.socket.fd)
	l.held[h.place] = nil
	l.free = append(l.free, h.place)
}

// adopt takes a connection of a pool's over; nil where it could not be.
func (l *Loop) adopt(p *pool, c *conn) *held {
	s, err := c.dup()
	if err != nil {
		p.give(c, false)
		return nil
	}
	h := &held{socket: s, conn: c, pool: p, place: len(l.held)}
	if last := len(l.free) - 1; last >= 0 {
		h.place, l.free = l.free[last], l.free[:last]
		l.held[h.place] = h
	} else {
		l.held = append(l.held, h)
	}
	if err := l.poller.look(s.fd, h.place); err != nil {
		l.free = append(l.free, h.place)
		l.held[h.place] = nil
		p.give(c, false)
		return nil
	}
	// What gives calls up with the run is not to meddle with it meanwhile.
	p.mu.Lock()
	delete(p.all, c)
	p.mu.Unlock()
	return h
}

// detach lets go of a connection, which other goroutines may wait for from then on.
func (l *Loop) detach(h *held) error {
	l.release(h)
	if err := h.conn.waits(h.socket); err != nil {
		return err
	}
	h.pool.mu.Lock()
	h.pool.all[h.conn] = true
	h.pool.mu.Unlock()
	if h.pool.kill.Err() != nil {
		_ = h.conn.SetDeadline(time.Unix(1, 0))
	}
	return nil
}

// Close ends the idle connections, and counts those on which something came since their last call.
func (l *Loop) Close() {
	for _, h := range l.idle {
		h.pool.note(h.conn, silent(h.conn.Conn))
		l.drop(h)
	}
	l.idle = nil
	l.poller.close() // a goroutine whose call was taken already may still mean to wake it
}
