package main

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kaizenautomation/andon/ci/peers/kernel"
)

type config struct {
	delay, freezeAt, freezeFor time.Duration
	spin                       bool
	// logged is how many calls the log holds.
	logged int
	// tls is nil where calls are sent in the clear.
	tls *tls.Config
}

// counts are what the server says of itself at the end.
type counts struct {
	accepted int // connections
	resumed  int // connections with a TLS session that was taken up again
	calls    int // requests that arrived whole
	answered int
	bad      int   // requests that were refused
	lost     int   // answers whose connection was gone, or did not take them
	body     int64 // bytes of the bodies
	frozen   int64 // CLOCK_MONOTONIC at the freeze's begin, 0 without one
	thawed   int64 // and at its end
	cpu      time.Duration
}

func (c counts) String() string {
	return fmt.Sprintf("accepted=%d resumed=%d calls=%d answered=%d bad=%d lost=%d body=%d frozen=%d thawed=%d cpu=%d",
		c.accepted, c.resumed, c.calls, c.answered, c.bad, c.lost, c.body, c.frozen, c.thawed, c.cpu)
}

const (
	// bufferSize is the longest head that is understood, and how much is read at once.
	bufferSize = 8 << 10
	// maxConns is how many connections can be open.
	maxConns = 16 << 10
	// maxEvents is how many connections are looked at between two looks at the clock.
	maxEvents = 16
	// idleNap is the longest sleep, after which the server looks whether it is to stop.
	idleNap = 100 * time.Millisecond
)

// conn is a connection. Its place in the table is its descriptor.
type conn struct {
	open bool
	// life tells the connections of one descriptor apart.
	life uint32
	// skip is how much of a body is still to come, and inBody whether one is awaited.
	skip   int
	inBody bool
	// closing says that the current request is the last.
	closing bool
	// secure is nil where there is no TLS.
	secure *secure
	used   int
	buffer [bufferSize]byte
}

// due is an answer that is owed.
type due struct {
	at    int64
	call  int
	fd    int32
	life  uint32
	close bool
}

// server is for one goroutine, stop aside.
type server struct {
	config
	clock
	counts
	stop     atomic.Bool
	epoll    int
	listener int
	conns    []*conn
	spare    []*conn
	// queue is a ring. With one delay for all, answers fall due in the order in which calls arrive.
	queue       []due
	first, size int
	// log holds arrival and answer of each call; the answer is 0 where there was none.
	log    [][2]int64
	begun  int64 // arrival of the first call
	events [maxEvents]syscall.EpollEvent
	answer answer
}

// newServer makes a server for a socket that listens.
func newServer(listener int, c config) (*server, error) {
	s := &server{
		config: c, listener: listener, answer: newAnswer(),
		conns: make([]*conn, maxConns), queue: make([]due, 1<<16), log: make([][2]int64, c.logged),
	}
	// Memory that was touched costs no page fault later.
	for i := range s.log {
		s.log[i] = [2]int64{-1, 0}
	}
	for range 256 {
		s.spare = append(s.spare, new(conn))
	}
	var err error
	if s.clock, err = newClock(); err != nil {
		return nil, err
	}
	if err := kernel.SleepExactly(); err != nil {
		return nil, err
	}
	if s.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	return s, kernel.Watch(s.epoll, s.listener)
}

// serve answers calls until stop is set.
func (s *server) serve() error {
	before := processTime()
	for !s.stop.Load() {
		n, err := kernel.EpollWait(s.epoll, s.events[:], s.nap())
		if err != 0 && err != syscall.EINTR {
			return err
		}
		now := s.now()
		if s.freeze(now) {
			continue
		}
		for _, e := range s.events[:n] {
			if int(e.Fd) == s.listener {
				s.accept()
			} else {
				s.read(e.Fd, now)
			}
		}
		s.answerDue()
	}
	s.cpu = processTime() - before
	s.log = s.log[:min(s.calls, len(s.log))]
	return nil
}

// nap is how long the server may sleep.
func (s *server) nap() time.Duration {
	switch {
	case s.spin:
		return 0
	case s.size > 0:
		return min(idleNap, max(0, time.Duration(s.queue[s.first].at-s.now())))
	}
	return idleNap
}

// freeze sleeps through the freeze when it has come. What had arrived before it and was not looked at yet waits.
func (s *server) freeze(now int64) bool {
	if s.freezeFor == 0 || s.frozen != 0 || s.begun == 0 || now < s.begun+int64(s.freezeAt) {
		return false
	}
	s.frozen = now
	time.Sleep(s.freezeFor - time.Duration(now-s.begun-int64(s.freezeAt)))
	s.thawed = s.now()
	return true
}

func (s *server) accept() {
	for {
		fd, err := accept(s.listener)
		if err != 0 {
			return
		}
		if fd >= len(s.conns) || kernel.Watch(s.epoll, fd) != nil {
			_ = syscall.Close(fd)
			continue
		}
		_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
		s.accepted++
		c := s.conns[fd]
		if c == nil {
			c = s.fresh()
			s.conns[fd] = c
		}
		c.open, c.used, c.skip, c.inBody, c.closing = true, 0, 0, false, false
		if s.tls != nil {
			c.secure = newSecure(int32(fd), s.tls)
		}
		c.life++
	}
}

func (s *server) fresh() *conn {
	if len(s.spare) == 0 {
		return new(conn)
	}
	c := s.spare[len(s.spare)-1]
	s.spare = s.spare[:len(s.spare)-1]
	return c
}

func (s *server) close(fd int32) {
	c := s.conns[fd]
	c.open = false
	if c.secure != nil {
		c.secure.abandon()
	}
	_ = syscall.Close(int(fd)) // which takes it out of the epoll set as well
}

// read takes what has come on a connection. now is when it was found to have come.
func (s *server) read(fd int32, now int64) {
	c := s.conns[fd]
	if c == nil || !c.open {
		return
	}
	if c.secure != nil {
		s.readSecurely(fd, c, now)
		return
	}
	n, stamp, err := kernel.Receive(fd, c.buffer[c.used:])
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return
	}
	if n <= 0 {
		s.close(fd)
		return
	}
	s.took(fd, c, n, s.stamped(stamp, now), now)
}

// readSecurely takes all that has come: what package tls holds back makes no event.
func (s *server) readSecurely(fd int32, c *conn, now int64) {
	shaking := c.secure.handshake != nil
	if !c.secure.ready() {
		return
	}
	if c.secure.failed != nil {
		s.bad++
		s.close(fd)
		return
	}
	if shaking && c.secure.conn.ConnectionState().DidResume {
		s.resumed++
	}
	for c.open {
		n, err := c.secure.conn.Read(c.buffer[c.used:])
		if n > 0 {
			s.took(fd, c, n, s.stamped(c.secure.wire.stamp, now), now)
			continue
		}
		if err != (nothingYet{}) {
			s.close(fd)
		}
		return
	}
}

// took handles n more bytes in a connection's buffer, which came at one time and were found at another.
func (s *server) took(fd int32, c *conn, n int, came, now int64) {
	c.used += n
	if !s.take(fd, c, came, now) {
		s.bad++
		s.close(fd)
	}
}

// take handles the requests that are whole, and tells false where the connection makes no sense.
func (s *server) take(fd int32, c *conn, came, now int64) bool {
	data := c.buffer[:c.used]
	for c.open {
		if !c.inBody {
			h, whole := parseHead(data)
			if h.bad || !whole && len(data) == bufferSize {
				return false
			}
			if !whole {
				break
			}
			data = data[h.size:]
			c.inBody, c.skip, c.closing = true, h.body, h.close
			s.body += int64(h.body)
		}
		n := min(c.skip, len(data))
		data = data[n:]
		if c.skip -= n; c.skip > 0 {
			break
		}
		c.inBody = false
		s.arrived(fd, c, came, now)
	}
	c.used = copy(c.buffer[:], data)
	return true
}

// arrived answers a call, or puts the answer off. The time until then begins when it is found: a server that stands
// still does no work meanwhile.
func (s *server) arrived(fd int32, c *conn, came, now int64) {
	d := due{at: now + int64(s.delay), call: s.calls, fd: fd, life: c.life, close: c.closing}
	s.calls++
	if s.begun == 0 {
		s.begun = now
	}
	if d.call < len(s.log) {
		s.log[d.call][0] = came
	}
	if s.delay == 0 {
		s.reply(d)
		return
	}
	if s.size == len(s.queue) {
		s.lost++
		return
	}
	s.queue[(s.first+s.size)%len(s.queue)] = d
	s.size++
}

func (s *server) answerDue() {
	for s.size > 0 && s.queue[s.first].at <= s.now() {
		s.reply(s.queue[s.first])
		s.first = (s.first + 1) % len(s.queue)
		s.size--
	}
}

// reply writes an answer. It is short and goes into an empty buffer; a client that does not read loses its connection.
func (s *server) reply(d due) {
	c := s.conns[d.fd]
	if !c.open || c.life != d.life {
		s.lost++
		return
	}
	text := s.answer.next(d.call)
	at := s.now()
	if !c.write(d.fd, text) {
		s.lost++
		s.close(d.fd)
		return
	}
	s.answered++
	if d.call < len(s.log) {
		s.log[d.call][1] = at
	}
	if d.close {
		s.close(d.fd)
	}
}

// write reports whether all of an answer was taken.
func (c *conn) write(fd int32, text []byte) bool {
	if c.secure != nil {
		_, err := c.secure.conn.Write(text)
		return err == nil
	}
	n, err := kernel.Write(fd, text)
	return err == 0 && n == len(text)
}

// answer is the response, whose id is written over for each call.
type answer struct {
	text []byte
	id   []byte
}

func newAnswer() answer {
	const id = "000000000000"
	body := `{"sessionId":"ses_7f3a91c2","executionId":"exe_` + id + `","status":"running"}`
	text := []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	end := len(text) - len(`","status":"running"}`)
	return answer{text, text[end-len(id) : end]}
}

func (a answer) next(call int) []byte {
	for i := len(a.id) - 1; i >= 0; i-- {
		a.id[i] = byte('0' + call%10)
		call /= 10
	}
	return a.text
}
