package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

// Answers under way take no more memory than they may. What is beyond is given up by name, the largest first: what fits
// into the buffer of its call never is, and an ordinary answer not before the large ones. Afterwards all of it is given
// back.
func TestMemoryOfAnswers(t *testing.T) {
	const calls, large, most = 40, 1 << 20, 8 << 20
	var all sync.WaitGroup // until all of the large ones have been asked for
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var as string
		var size int
		asked, _ := io.ReadAll(r.Body)
		if _, err := fmt.Sscan(string(asked), &as, &size); err != nil {
			panic(err)
		}
		if size == large {
			all.Done()
			all.Wait()
		}
		body := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
		switch as {
		case "length":
			w.Header().Set("Content-Length", strconv.Itoa(size))
			_, _ = w.Write(body)
		case "chunks":
			for ; len(body) > 0; body = body[min(1024, len(body)):] {
				_, _ = w.Write(body[:min(1024, len(body))])
			}
		case "gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(body)
			_ = z.Close()
		}
	})
	plain := httptest.NewServer(handler)
	defer plain.Close()
	h1, err := url.Parse(plain.URL)
	if err != nil {
		t.Fatal(err)
	}
	h2, trust := wiretest.Secure(t, handler, func(s *httptest.Server) { s.EnableHTTP2 = true })
	for _, target := range []*url.URL{h1, h2} {
		for _, as := range []string{"length", "chunks", "gzip"} {
			t.Run(as+" "+target.Scheme, func(t *testing.T) {
				c := configFor(target, "", 0)
				c.TLS, c.HTTP2, c.Timeout, c.InFlight, c.Memory = trust, target == h2, time.Minute, calls+1, most
				transport := New(t.Context(), c)
				defer transport.Close()
				used := func() int64 {
					if p, ok := transport.(*pool); ok {
						return p.budget.used.Load()
					}
					return transport.(*standard).budget.used.Load()
				}
				head := c.Template(0)
				do := func(size int) (*Exchange, error) {
					b := fmt.Append(make([]byte, head.Room()), as, " ", size)
					begin := head.Put(b, 0)
					x := &Exchange{Message: b[begin:], Body: head.Room() - begin, Deadline: time.Now().Add(time.Minute)}
					return x, transport.Do(x)
				}
				var wait sync.WaitGroup
				all.Add(calls)
				exchanges, fails := make([]*Exchange, calls), make([]error, calls)
				for i := range calls {
					wait.Go(func() { exchanges[i], fails[i] = do(large) })
				}
				wait.Wait()
				whole := 0
				for i, err := range fails {
					switch {
					case err == nil && len(exchanges[i].Answer) == large:
						whole++
					case !errors.Is(err, errUnread) || Classify(err, true, true) != results.Unread:
						t.Errorf("%v, with %d bytes", err, len(exchanges[i].Answer))
					}
				}
				if whole == 0 || whole > most/large || used() > most {
					t.Errorf("%d of %d answers were read, and take %d bytes of %d", whole, calls, used(), most)
				}
				for _, size := range []int{1024, ordinary - 1024} {
					if x, err := do(size); err != nil || len(x.Answer) != size {
						t.Errorf("beside them, %d bytes are not read: %v", size, err)
					} else {
						x.Release()
					}
				}
				for _, x := range exchanges {
					x.Release()
					x.Release()
				}
				if left := used(); left != 0 {
					t.Errorf("%d bytes are not given back", left)
				}
			})
		}
	}
}

// A head that promises much takes no memory before it comes.
func TestPromisedLength(t *testing.T) {
	x := &Exchange{budget: &budget{most: 64 << 20}, In: make([]byte, readBuffer)}
	s := newScript([]byte("HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n{"), nil)
	c := &conn{Conn: s, kill: t.Context()}
	x.Deadline = time.Now().Add(time.Minute)
	if _, err := c.do(x); err == nil || cap(x.In) > readBuffer || x.held > 0 {
		t.Errorf("%v: the buffer has %d bytes", err, cap(x.In))
	}
}
