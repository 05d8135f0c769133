package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// Bytes that nobody asked for are counted, whenever they come, and the connection is not used again.
func TestUnaskedIsCounted(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
	for _, c := range []struct {
		why         string
		first, then string // what each connection is sent: at its first request, and a while later
		calls       int
		unasked     uint64
	}{
		{"nothing", answer, "", 2, 0},
		{"a second answer at once", answer + answer, "", 1, 1},
		{"a second answer to a chunked one", chunked + answer, "", 1, 1},
		{"a second answer before the next call", answer, answer, 2, 1},
		{"a second answer before the end", answer, answer, 1, 1},
	} {
		t.Run(c.why, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			later := make(chan struct{}, 10)
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						in := bufio.NewReader(conn)
						for i := 0; ; i++ {
							r, err := http.ReadRequest(in)
							if err != nil {
								return
							}
							_, _ = io.Copy(io.Discard, r.Body)
							fmt.Fprint(conn, c.first)
							if i == 0 && c.then != "" {
								time.Sleep(20 * time.Millisecond)
								fmt.Fprint(conn, c.then)
								later <- struct{}{}
							}
						}
					}()
				}
			}()
			p, send := pooled(t, &url.URL{Scheme: "http", Host: listener.Addr().String()}, nil)
			for i := range c.calls {
				if x, err := send(100); err != nil || x.Status != 200 || string(x.Answer) != "{}" {
					t.Fatalf("call %d: %v %+v", i, err, x)
				}
				if i == 0 && c.then != "" {
					<-later
					time.Sleep(20 * time.Millisecond)
				}
			}
			if c.calls > 1 && c.then != "" {
				<-later // what comes to the second connection is not looked for
				p.mu.Lock()
				p.idle = nil
				p.mu.Unlock()
			}
			p.Close()
			if n := p.Seen().Unasked; n != c.unasked {
				t.Errorf("%d connections with unasked bytes, want %d", n, c.unasked)
			}
		})
	}
}

// A target that speaks first is no HTTP server.
func TestTargetSpeaksFirst(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "220 mail.test ESMTP\r\n")
			defer c.Close()
		}
	}()
	p, _ := pooled(t, &url.URL{Scheme: "http", Host: listener.Addr().String()}, nil)
	c, err := p.dial(&Exchange{Deadline: time.Now().Add(10 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := c.do(&Exchange{Message: []byte("x"), Deadline: time.Now().Add(10 * time.Second)}); !errors.Is(err, errUnasked) {
		t.Errorf("the error is %v", err)
	}
	p.give(c, false)
	if Classify(errBanner, true, false) != results.BadHTTP {
		t.Error("bytes before a request are taken for HTTP")
	}
}
