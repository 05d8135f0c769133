package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/kaizenautomation/andon/ci/peers/kernel"
)

type config struct {
	// rate is 0 where each connection has its next call as soon as it is answered.
	rate        int
	length      time.Duration
	connections int
	// watch is for how long before a call the loop does not sleep.
	watch time.Duration
	// grain has calls leave together that fall due within it; 0 has each leave when it is due.
	grain time.Duration
}

// patience is how long answers are awaited after the last call.
const patience = 5 * time.Second

func parseURL(text string) (netip.AddrPort, string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return netip.AddrPort{}, "", err
	}
	address, err := netip.ParseAddrPort(u.Host)
	if err != nil || u.Scheme != "http" || !address.Addr().Is4() {
		return netip.AddrPort{}, "", fmt.Errorf("%s: expected http://IPv4:PORT/PATH", text)
	}
	return address, u.EscapedPath(), nil
}

func request(path string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: target\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// conn is a connection with at most one call on it.
type conn struct {
	busy bool
	due  time.Duration
	used int
	// buffer holds an answer, which is short.
	buffer [4 << 10]byte
}

// generator drives calls from one goroutine.
type generator struct {
	config
	address syscall.SockaddrInet4
	request []byte
	epoll   int
	began   time.Time
	// conns are by descriptor; idle ones are used last come, first served, so that few are needed.
	conns  map[int32]*conn
	idle   []int32
	events [64]syscall.EpollEvent

	planned, sent, answered, ok, failed int
	latencies, lags                     []time.Duration
}

func newGenerator(address netip.AddrPort, request []byte, c config) (*generator, error) {
	planned := int(float64(c.rate) * c.length.Seconds())
	g := &generator{
		config: c, address: syscall.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}, request: request,
		conns: map[int32]*conn{}, planned: planned,
		latencies: make([]time.Duration, 0, planned), lags: make([]time.Duration, 0, planned),
	}
	err := kernel.SleepExactly()
	if err == nil {
		g.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	}
	return g, err
}

func (g *generator) now() time.Duration { return time.Since(g.began) }

// over reports whether there is no call to be sent any more.
func (g *generator) over(now time.Duration) bool {
	if g.rate == 0 {
		return now >= g.length
	}
	return g.sent+g.failed >= g.planned
}

// due is when a call is due, and wake when the loop wakes for it.
func (g *generator) due(call int, now time.Duration) time.Duration {
	if g.rate == 0 {
		return now
	}
	return time.Duration(float64(call) * 1e9 / float64(g.rate))
}

func (g *generator) wake(call int, now time.Duration) time.Duration {
	at := g.due(call, now)
	if g.grain > 0 {
		at = (at + g.grain - 1) / g.grain * g.grain
	}
	return at
}

// drive sends all calls and waits for their answers.
func (g *generator) drive() error {
	g.began = time.Now()
	for now := g.now(); !g.over(now) || g.answered < g.sent; now = g.now() {
		if now > g.length+patience {
			return nil
		}
		if err := g.sendDue(now); err != nil {
			return err
		}
		n, code := kernel.EpollWait(g.epoll, g.events[:], g.nap(g.now()))
		if code != 0 && code != syscall.EINTR {
			return code
		}
		for _, e := range g.events[:n] {
			g.read(e.Fd)
		}
	}
	return nil
}

// nap is how long the loop may sleep: until the next call is due, if a connection is free for it.
func (g *generator) nap(now time.Duration) time.Duration {
	next := g.length + patience
	if !g.over(now) && (len(g.idle) > 0 || len(g.conns) < g.connections) {
		next = g.wake(g.sent+g.failed, now) - g.watch
	}
	return max(0, next-now)
}

func (g *generator) sendDue(now time.Duration) error {
	for !g.over(now) {
		call := g.sent + g.failed
		if g.wake(call, now) > now {
			return nil
		}
		fd, err := g.free()
		if err != nil || fd < 0 {
			return err
		}
		c := g.conns[fd]
		c.busy, c.due, c.used = true, g.due(call, now), 0
		g.lags = append(g.lags, g.now()-c.due)
		if n, code := kernel.Write(fd, g.request); code != 0 || n != len(g.request) {
			g.fail(fd)
			continue
		}
		g.sent++
		now = g.now()
	}
	return nil
}

// free takes an idle connection or opens one; it is -1 where there may be no more.
func (g *generator) free() (int32, error) {
	if n := len(g.idle); n > 0 {
		fd := g.idle[n-1]
		g.idle = g.idle[:n-1]
		return fd, nil
	}
	if len(g.conns) >= g.connections {
		return -1, nil
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// On loopback, connecting does not wait.
	if err = syscall.Connect(fd, &g.address); err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	}
	if err == nil {
		err = kernel.Watch(g.epoll, fd)
	}
	if err != nil {
		return -1, fmt.Errorf("connecting: %w", err)
	}
	g.conns[int32(fd)] = new(conn)
	return int32(fd), nil
}

func (g *generator) read(fd int32) {
	c := g.conns[fd]
	n, code := kernel.Read(fd, c.buffer[c.used:])
	if code == syscall.EAGAIN || code == syscall.EINTR {
		return
	}
	if n <= 0 || !c.busy {
		g.close(fd, c)
		return
	}
	c.used += n
	size, ok := answer(c.buffer[:c.used])
	if size == 0 && c.used == len(c.buffer) {
		g.close(fd, c)
		return
	}
	if size == 0 {
		return
	}
	g.answered++
	g.latencies = append(g.latencies, g.now()-c.due)
	if ok {
		g.ok++
	}
	c.busy = false
	g.idle = append(g.idle, fd)
}

// fail counts a call that could not be sent.
func (g *generator) fail(fd int32) {
	g.failed++
	g.conns[fd].busy = false
	g.close(fd, g.conns[fd])
}

// close drops a connection; a call that was on it has failed.
func (g *generator) close(fd int32, c *conn) {
	if c.busy {
		g.sent--
		g.failed++
	}
	delete(g.conns, fd)
	g.idle = slices.DeleteFunc(g.idle, func(other int32) bool { return other == fd })
	_ = syscall.Close(int(fd)) // which takes it out of the epoll set as well
}

var (
	headEnd = []byte("\r\n\r\n")
	success = []byte("HTTP/1.1 200 ")
	length  = []byte("\r\nContent-Length: ")
)

// answer is the size of the answer that data holds, or 0 where it is not whole.
func answer(data []byte) (size int, ok bool) {
	head := bytes.Index(data, headEnd)
	if head < 0 {
		return 0, false
	}
	body := 0
	if at := bytes.Index(data[:head], length); at >= 0 {
		for _, c := range data[at+len(length) : head] {
			if c < '0' || c > '9' {
				break
			}
			body = 10*body + int(c-'0')
		}
	}
	if size = head + len(headEnd) + body; len(data) < size {
		return 0, false
	}
	return size, bytes.HasPrefix(data, success)
}

// report is what the measurement reads.
type report struct {
	Planned, Sent, OK        int
	P50, P99, LagP50, LagP99 time.Duration
}

func (g *generator) report() report {
	at := func(values []time.Duration, q float64) time.Duration {
		if len(values) == 0 {
			return 0
		}
		slices.Sort(values)
		return values[int(q*float64(len(values)-1))]
	}
	return report{
		Planned: max(g.planned, g.sent+g.failed), Sent: g.sent, OK: g.ok,
		P50: at(g.latencies, 0.5), P99: at(g.latencies, 0.99), LagP50: at(g.lags, 0.5), LagP99: at(g.lags, 0.99),
	}
}
