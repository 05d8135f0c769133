package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

func loop(t *testing.T) *Loop {
	t.Helper()
	l, err := NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// A call is given up in whichever state it is, by its time or with the run, and is told as [pool.Do] tells it.
func TestLoopGivesUp(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Length: "
	for _, c := range []struct {
		state   string
		message int
		answer  []string // which is not whole
		silent  bool     // in the handshake
		kind    results.Kind
	}{
		{state: "nothing came", kind: results.TimeoutWaiting},
		{state: "a part of the head came", answer: []string{head}, kind: results.TimeoutWaiting},
		{state: "a part of the body came", answer: []string{head + "9\r\n\r\n{"}, kind: results.TimeoutReading},
		{state: "a part of a large body came", answer: []string{head + "900000\r\n\r\n", strings.Repeat("x", 100_000)}, kind: results.TimeoutReading},
		{state: "a part of a chunk came", answer: []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"}, kind: results.TimeoutReading},
		{state: "the head comes in drops", answer: strings.Split("HTTP/1.1 20", ""), kind: results.TimeoutWaiting},
		{state: "the request is not read", message: 32 << 20, kind: results.TimeoutWaiting},
		{state: "the handshake is not answered", silent: true, kind: results.DialTimeout},
	} {
		for _, killed := range []bool{false, true} {
			for _, byLoop := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, killed %v, by the loop %v", c.state, killed, byLoop), func(t *testing.T) {
					t.Parallel()
					listener, err := net.Listen("tcp", "127.0.0.1:0")
					if err != nil {
						t.Fatal(err)
					}
					defer listener.Close()
					go func() {
						for {
							conn, err := listener.Accept()
							if err != nil {
								return
							}
							defer conn.Close()
							if c.message == 0 && !c.silent {
								_, _ = http.ReadRequest(bufio.NewReader(conn))
							}
							for _, part := range c.answer {
								_, _ = io.WriteString(conn, part)
								time.Sleep(2 * time.Millisecond)
							}
						}
					}()
					u := &url.URL{Scheme: "http", Host: listener.Addr().String()}
					_, trust := wiretest.Secure(t, nil, nil)
					if c.silent {
						u.Scheme = "https"
					}
					kill, end := context.WithCancel(t.Context())
					defer end()
					p := newPool(kill, u, trust, 10*time.Second)
					defer p.Close()
					if !c.silent {
						p.Warm(1)
					}
					x := &Exchange{Message: append([]byte("POST / HTTP/1.1\r\nHost: x\r\n\r\n"), make([]byte, c.message)...), Deadline: time.Now().Add(400 * time.Millisecond)}
					want := c.kind
					if killed {
						want, x.Deadline = results.Canceled, time.Now().Add(time.Minute)
						time.AfterFunc(200*time.Millisecond, end)
					}
					carry, begun := carrier(directly), time.Now()
					if byLoop {
						carry = by(loop(t))
					}
					err = carry(p, x)
					if err == nil || Classify(err, x.Connected, x.Begun) != want {
						t.Errorf("it ends with %v, want %v", err, want)
					}
					if took := time.Since(begun); took > 30*time.Second || !killed && took < 300*time.Millisecond {
						t.Errorf("it took %s", took)
					}
				})
			}
		}
	}
}

// Messages of any size go out whole by a loop, also to a target that reads slowly, and their answers come back.
func TestLoopLargeMessages(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > inline {
			time.Sleep(20 * time.Millisecond)
		}
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err, strings.Repeat("y", int(min(n, 100_000))))
	})
	plain := httptest.NewServer(handler)
	defer plain.Close()
	h1, _ := url.Parse(plain.URL)
	secure, trust := wiretest.Secure(t, handler, nil)
	for _, u := range []*url.URL{h1, secure} {
		p := newPool(t.Context(), u, trust, time.Minute)
		t.Cleanup(p.Close) // after the loop
		l := loop(t)
		head := configFor(u, "", 0).Template(0)
		for _, size := range []int{0, 10, inline - 1000, inline, inline + 1, 100_000, 8 << 20, 5} {
			b := append(make([]byte, head.Room()), bytes.Repeat([]byte{'x'}, size)...)
			begin := head.Put(b, 0)
			x := &Exchange{Message: b[begin:], Body: head.Room() - begin, Deadline: time.Now().Add(time.Minute)}
			want := fmt.Sprint(size, nil, strings.Repeat("y", min(size, 100_000)))
			if err := by(l)(p, x); err != nil || x.Status != 200 || string(x.Answer) != want {
				t.Errorf("%s, %d bytes: status %d, %.20q, %v", u.Scheme, size, x.Status, x.Answer, err)
			}
		}
		if n := p.Connections(); n != 1 {
			t.Errorf("%s: it took %d connections", u.Scheme, n)
		}
	}
}

// A wake of a loop that is closed goes nowhere, whatever has its descriptor's number since.
func TestWakeAfterTheEnd(t *testing.T) {
	l, err := NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	l.poller.event = pipe[1]
	l.Wake()
	l.post(&Exchange{})
	if n, err := unix.Read(pipe[0], make([]byte, 8)); n > 0 {
		t.Errorf("%d bytes are written: %v", n, err)
	}
}

// An answer is over when the kernel had it, and not when the loop comes to read it.
func TestAnswersHaveTheirOwnTime(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			answered := make(chan bool)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "2")
				_, _ = io.WriteString(w, "{}")
				_ = http.NewResponseController(w).Flush()
				answered <- true
			}))
			trust := &tls.Config{}
			if scheme == "https" {
				s.StartTLS()
				trust = s.Client().Transport.(*http.Transport).TLSClientConfig
			} else {
				s.Start()
			}
			defer s.Close()
			u, err := url.Parse(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			p := newPool(t.Context(), u, trust, time.Minute)
			defer p.Close()
			l := loop(t)
			message := []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
			noted := 0
			for i := 0; i < 200 && noted < 3; i++ { // the kernel begins to note times some time after it was asked to
				x := &Exchange{Message: message, Body: len(message) - 2, Deadline: time.Now().Add(time.Minute)}
				sent := time.Now()
				if !l.Send(p, x) {
					l.Dial(p, x)
				}
				<-answered
				there := time.Now()
				time.Sleep(time.Millisecond)
				for len(l.Wait(time.Second, 0, i%2 == 0)) == 0 {
				}
				if x.Err != nil || x.Status != 200 || x.End.Before(sent) {
					t.Fatalf("%d, %v, over %s after it was sent", x.Status, x.Err, x.End.Sub(sent))
				}
				if !x.End.After(there) {
					noted++
				}
			}
			if noted < 3 {
				t.Errorf("of 200 answers that were there before they were read, %d came before", noted)
			}
		})
	}
}

// A connection that ended, or on which something came that nobody asked for, carries no further call, whenever that
// came and however the loop waited meanwhile.
func TestEndedConnectionsAreNotUsed(t *testing.T) {
	t.Parallel()
	message := []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
	for _, unasked := range []string{"", "x"} {
		for _, when := range []string{"with the answer", "while the loop waits for calls that are due", "while it waits for answers"} {
			t.Run(fmt.Sprintf("%q %s", unasked, when), func(t *testing.T) {
				t.Parallel()
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer listener.Close()
				end, ended := make(chan bool), make(chan bool)
				if when == "with the answer" {
					close(end)
				}
				go func() {
					c, err := listener.Accept()
					if err != nil {
						return
					}
					defer c.Close()
					for range 2 {
						if _, err := io.ReadFull(c, make([]byte, len(message))); err != nil {
							return
						}
						_, _ = io.WriteString(c, answer)
					}
					<-end
					if unasked != "" {
						_, _ = io.WriteString(c, unasked)
					} else {
						_ = c.(*net.TCPConn).CloseWrite()
					}
					ended <- true
					<-ended
				}()
				defer close(ended)
				p := newPool(t.Context(), &url.URL{Scheme: "http", Host: listener.Addr().String()}, nil, time.Minute)
				defer p.Close()
				l := loop(t)
				for i := range 2 {
					x := &Exchange{Message: message, Body: 2, Deadline: time.Now().Add(time.Minute)}
					if !l.Send(p, x) {
						l.Dial(p, x)
					}
					if i == 1 && when == "with the answer" {
						<-ended
						time.Sleep(5 * time.Millisecond)
					}
					for len(l.Wait(time.Second, 0, false)) == 0 {
					}
					if x.Err != nil {
						t.Fatal(x.Err)
					}
				}
				l.stamped = true
				l.Wait(0, 0, true)
				if when != "with the answer" {
					close(end)
					<-ended
					time.Sleep(5 * time.Millisecond)
				}
				l.Wait(time.Millisecond, 0, when != "while it waits for answers")
				if l.Send(p, &Exchange{Message: message, Deadline: time.Now().Add(time.Minute)}) {
					t.Error("it carries a call")
				}
			})
		}
	}
}

// More connections may end at once than one look tells of: none of them carries a further call.
func TestManyConnectionsEndAtOnce(t *testing.T) {
	t.Parallel()
	message := []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const many = 300
	l := loop(t)
	if many <= len(l.poller.events) {
		t.Fatal("one look tells of all")
	}
	ends := make(chan []net.Conn)
	go func() {
		var all []net.Conn
		for range many {
			c, err := listener.Accept()
			if err != nil {
				break
			}
			all = append(all, c)
			go func() {
				for {
					if _, err := io.ReadFull(c, make([]byte, len(message))); err != nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
				}
			}()
		}
		ends <- all
	}()
	p := newPool(t.Context(), &url.URL{Scheme: "http", Host: listener.Addr().String()}, nil, time.Minute)
	defer p.Close()
	var idle []*conn
	for range many {
		c, err := p.dial(&Exchange{Deadline: time.Now().Add(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	for _, c := range idle {
		p.give(c, true)
	}
	for range many {
		if !l.Send(p, &Exchange{Message: message, Body: 2, Deadline: time.Now().Add(time.Minute)}) {
			t.Fatal("a connection is not used")
		}
	}
	for over := 0; over < many; over += len(l.Wait(time.Second, 0, false)) {
	}
	l.stamped = true
	l.Wait(0, 0, true)
	for _, c := range <-ends {
		_ = c.Close()
	}
	time.Sleep(10 * time.Millisecond)
	l.Wait(time.Millisecond, 0, true)
	if l.Send(p, &Exchange{Message: message, Deadline: time.Now().Add(time.Minute)}) {
		t.Error("one that ended carries a call")
	}
}

// A thread waits its turn for as long as it is asked to, unless the user has chosen how it is to be scheduled.
func TestBatch(t *testing.T) {
	policy := func() uint32 {
		as, err := unix.SchedGetAttr(0, 0)
		if err != nil {
			t.Error(err)
			return 0
		}
		return as.Policy
	}
	for _, c := range []struct{ before, meanwhile uint32 }{{unix.SCHED_NORMAL, unix.SCHED_BATCH}, {unix.SCHED_IDLE, unix.SCHED_IDLE}} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // and the thread ends with it
			if err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: c.before}, 0); err != nil {
				t.Error(err)
				return
			}
			end := new(Loop).Batch()
			meanwhile := policy()
			end()
			if after := policy(); meanwhile != c.meanwhile || after != c.before {
				t.Errorf("a thread of policy %d has %d meanwhile, and %d afterwards; want %d, and what it had", c.before, meanwhile, after, c.meanwhile)
			}
		}()
		<-done
	}
}
