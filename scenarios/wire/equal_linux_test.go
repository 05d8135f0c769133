package wire

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

// How a connection ends after an answer.
const (
	staysOpen = iota
	closes
	resets
	saysMore // and stays open
	endings
)

// play is an answer that comes in pieces.
type play struct {
	answer, cuts []byte
	ending       int
	// there is when it was told, and over is closed then.
	there time.Time
	over  chan struct{}
}

// theatre is a server that answers the next request as it was told, and all others in the ordinary way.
type theatre struct {
	net.Listener
	secure *tls.Config // nil for none
	mu     sync.Mutex
	next   *play
}

const ordinaryAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

func (s *theatre) serve() {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		go s.answer(c)
	}
}

func (s *theatre) answer(socket net.Conn) {
	defer socket.Close()
	c := socket
	if s.secure != nil {
		c = tls.Server(socket, s.secure)
	}
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		s.mu.Lock()
		p := s.next
		s.next = nil
		s.mu.Unlock()
		if p == nil {
			_, _ = io.WriteString(c, ordinaryAnswer)
			continue
		}
		p.perform(c)
		switch p.ending {
		case closes:
			c.Close()
		case resets:
			_ = socket.(*net.TCPConn).SetLinger(0)
			socket.Close()
		case saysMore:
			time.Sleep(time.Millisecond)
			_, _ = io.WriteString(c, "and")
		}
		awaitArrival(socket, p.ending)
		p.there = time.Now()
		close(p.over)
		if p.ending == closes || p.ending == resets {
			return
		}
	}
}

// awaitArrival waits until the other side's kernel has what was last done with a connection: on a busy machine it is
// not there when close and write come back, and whoever uses the connection then cannot know of it.
func awaitArrival(socket net.Conn, ending int) {
	const established = "01" // as /proc/net/tcp has it
	here, there := hexAddress(socket.LocalAddr()), hexAddress(socket.RemoteAddr())
	for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(100 * time.Microsecond) {
		list, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			panic(err)
		}
		arrived := true
		for line := range strings.Lines(string(list)) {
			f := strings.Fields(line)
			switch local, remote, state := f[1], f[2], f[3]; {
			case (ending == closes || ending == resets) && local == there && remote == here:
				arrived = state != established
			case ending == saysMore && local == here && remote == there:
				arrived = strings.HasPrefix(f[4], "00000000:") // all that was sent is acknowledged
			}
		}
		if arrived {
			return
		}
	}
}

// hexAddress is an address of IPv4 as /proc/net/tcp has it.
func hexAddress(a net.Addr) string {
	tcp := a.(*net.TCPAddr)
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(tcp.IP.To4()), tcp.Port)
}

// perform writes the answer: each cut is how many bytes more come at once, and an odd one that they come after a pause.
func (p *play) perform(c io.Writer) {
	left := p.answer
	for _, n := range p.cuts[:min(len(p.cuts), 12)] {
		piece := left[:min(int(n)+1, len(left))]
		if left = left[len(piece):]; len(piece) == 0 {
			break
		}
		_, _ = c.Write(piece)
		if n%2 == 1 {
			time.Sleep(300 * time.Microsecond)
		}
	}
	if len(left) > 0 {
		_, _ = c.Write(left)
	}
}

// ended is what is known of two calls, of which the first met an answer, and the second one on the same connection or
// another.
type ended struct {
	Status, ThenStatus  int
	ContentType, Answer string
	Kind, Then          results.Kind
	Begun, Connected    bool
	Later               bool
	RetryAfter          time.Duration
	Seen                Seen
	Connections         uint64
	Left                int64 // of the memory for answers
}

func (e ended) givenUp() bool {
	return e.Kind == results.DialTimeout || e.Kind == results.TimeoutWaiting || e.Kind == results.TimeoutReading
}

// carrier carries a call to its end.
type carrier func(p *pool, x *Exchange) error

func directly(p *pool, x *Exchange) error { return p.Do(x) }

// by carries calls by a loop.
func by(l *Loop) carrier {
	return func(p *pool, x *Exchange) error {
		if !l.Send(p, x) {
			l.Dial(p, x)
		}
		// Answers are looked for at once, after a nap, and waited for.
		for i := 0; ; i++ {
			wait, later := 200*time.Microsecond, true
			if i%3 == 2 {
				wait, later = time.Second, false
			}
			for _, over := range l.Wait(wait, 0, later) {
				return over.Err
			}
		}
	}
}

// meets has two calls carried, of which the first is answered so, and is given up after so long if nothing ends it. It
// says whether the answer was there only late in that time.
func (s *theatre) meets(t failer, trust *tls.Config, answer, cuts []byte, ending int, patience time.Duration, carry carrier, close func()) (_ ended, late bool) {
	t.Helper()
	u := &url.URL{Scheme: "http", Host: s.Addr().String()}
	if s.secure != nil {
		u.Scheme = "https"
	}
	p := newPool(context.Background(), u, trust, time.Minute)
	p.budget.most = 64 << 20
	if ending == resets && (len(answer) > 8<<10 || len(cuts) > 4) {
		ending = closes // of more, some may not have left yet, and would be lost
	}
	now := &play{answer: answer, cuts: cuts, ending: ending, over: make(chan struct{})}
	message := []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
	p.Warm(1)
	s.mu.Lock()
	s.next = now
	s.mu.Unlock()
	if ending == closes || ending == resets {
		patience = 20 * time.Second
	}
	x := &Exchange{Message: message, Deadline: time.Now().Add(patience)}
	err := carry(p, x)
	<-now.over
	late = now.there.After(x.Deadline.Add(-patience / 2))
	e := ended{
		Status: x.Status, ContentType: x.ContentType, Answer: string(x.Answer), Begun: x.Begun, Connected: x.Connected, Later: x.Later, RetryAfter: x.RetryAfter,
	}
	if err != nil {
		e.Kind = Classify(err, x.Connected, x.Begun)
	}
	x.Release()
	then := &Exchange{Message: message, Deadline: time.Now().Add(20 * time.Second)}
	if err := carry(p, then); err != nil {
		e.Then = Classify(err, then.Connected, then.Begun)
	}
	e.ThenStatus = then.Status
	then.Release()
	close()
	p.Close()
	e.Seen, e.Connections, e.Left = p.Seen(), p.Connections(), p.budget.used.Load()
	return e, late
}

// theatres are the servers that answers come from: without TLS, and with each of its versions.
func theatres(t testing.TB) (list []*theatre, trust *tls.Config) {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	trust = &tls.Config{RootCAs: certified.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	for _, version := range []uint16{0, tls.VersionTLS12, tls.VersionTLS13} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		s := &theatre{Listener: listener}
		if version != 0 {
			s.secure = &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: version, MaxVersion: version}
		}
		list = append(list, s)
		go s.serve()
	}
	return list, trust
}

// sameBothWays holds what a loop makes of an answer against what [pool.Do] does.
func sameBothWays(t failer, list []*theatre, trust *tls.Config, answer, cuts []byte, how byte) {
	t.Helper()
	if len(answer) > 0 && answer[0] == 0 {
		cuts = nil // what may be HTTP/2 is looked at once
	}
	s, ending := list[int(how/endings)%len(list)], int(how%endings)
	var want, got ended
	// Four of them together stay below the 10 s after which package testing ends a process that fuzzes.
	for _, patience := range []time.Duration{250 * time.Millisecond, 3 * time.Second} {
		var late, later bool
		want, late = s.meets(t, trust, answer, cuts, ending, patience, directly, func() {})
		l, err := NewLoop()
		if err != nil {
			t.Fatalf("%v", err)
		}
		got, later = s.meets(t, trust, answer, cuts, ending, patience, by(l), l.Close)
		// On a busy machine the answer may be there late, or be read late, and only one of them be given up.
		if !late && !later && (want.Kind == got.Kind || !want.givenUp() && !got.givenUp()) {
			break
		}
	}
	if want.Left != 0 || got.Left != 0 {
		t.Fatalf("%q: %d and %d bytes of the memory for answers are not given back", shortened(answer), want.Left, got.Left)
	}
	if !got.Begun && !want.Begun && noHead(got.Kind) && noHead(want.Kind) {
		// Whether bytes that are no head are known as such before the end comes depends on what came at once.
		got.Kind = want.Kind
	}
	if isLast(answer) || ending == saysMore && want.Kind != results.None {
		// Nothing is looked for on a connection that is not used again: what comes late is seen, or not.
		got.Seen.Unasked = want.Seen.Unasked
	}
	if got != want {
		got.Answer, want.Answer = shortened([]byte(got.Answer)), shortened([]byte(want.Answer))
		t.Fatalf("%q in pieces of %v, which ends with %d, TLS %v:\n%+v by the loop,\n%+v by Do", shortened(answer), cuts, ending, s.secure != nil, got, want)
	}
}

// isLast reports whether an answer ends its connection by what its head says.
func isLast(answer []byte) bool {
	from := bufio.NewReader(bytes.NewReader(answer))
	for {
		r, err := http.ReadResponse(from, asked)
		if err != nil || r.StatusCode/100 != 1 || r.StatusCode == http.StatusSwitchingProtocols {
			return err == nil && (r.Close || r.StatusCode == http.StatusSwitchingProtocols)
		}
	}
}

func noHead(k results.Kind) bool { return k == results.BadHTTP || k == results.Reset }

func shortened(b []byte) string { return fmt.Sprintf("%.300s (%d bytes)", b, len(b)) }

// oddAnswers are those that a loop has to be careful with.
func oddAnswers() []string {
	packed := &bytes.Buffer{}
	z := gzip.NewWriter(packed)
	_, _ = io.WriteString(z, strings.Repeat("{}", 1000))
	_ = z.Close()
	sized := func(n int) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
	}
	return append([]string{
		ordinaryAnswer + ordinaryAnswer,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + ordinaryAnswer,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A, B\r\n\r\n2\r\n{}\r\n0\r\nA: 1\r\nB: 2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 3000) + "0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000\r\n" + strings.Repeat("y", 0x40000) + "\r\n0\r\n\r\n",
		fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", packed.Len(), packed),
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 5) + ordinaryAnswer,
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 7) + ordinaryAnswer,
		"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 503 x\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("h", 30<<10) + "\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("h", 70<<10) + "\r\nContent-Length: 2\r\n\r\n{}",
		"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		sized(readBuffer), sized(20_000), sized(most - 10), sized(most), sized(most + 1), sized(MaxResponse - 1), sized(MaxResponse), sized(MaxResponse + 1),
		"HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("z", 100_000),
	}, answers...)
}

// Whatever comes, in whichever pieces, and however the connection ends: a loop makes of it what [pool.Do] does.
func TestLoopIsAsDo(t *testing.T) {
	t.Parallel()
	list, trust := theatres(t)
	all := oddAnswers()
	t.Run("each", func(t *testing.T) {
		for i, a := range all {
			// Those that stay open may end with a timeout, of which there are enough below.
			for _, ending := range []byte{closes, resets} {
				sameBothWays(t, list, trust, []byte(a), []byte{11, 40, 3}[:i%4], byte(i%3)*endings+ending)
			}
		}
	})
	t.Run("drawn", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			a := []byte(rapid.SampledFrom(all).Draw(t, "answer"))
			if rapid.IntRange(0, 3).Draw(t, "cut short") == 0 {
				a = a[:rapid.IntRange(0, len(a)).Draw(t, "at")]
			}
			var cuts []byte
			if len(a) > 0 && rapid.Bool().Draw(t, "only the end comes in pieces") {
				for left := len(a) - rapid.IntRange(0, min(len(a), 8)).Draw(t, "bytes in pieces"); left > 0 && len(cuts) < 6; left -= 256 {
					cuts = append(cuts, byte(min(left, 256)-1))
				}
				cuts = append(cuts, 1, 0, 1, 0, 1, 0)
			} else {
				cuts = rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "cuts")
			}
			ending := rapid.SampledFrom([]int{closes, closes, closes, closes, resets, resets, resets, resets, staysOpen, saysMore}).Draw(t, "ending")
			sameBothWays(t, list, trust, a, cuts, byte(rapid.IntRange(0, 2).Draw(t, "TLS")*endings+ending))
		})
	})
}

// FuzzLoop does the same with any bytes.
func FuzzLoop(f *testing.F) {
	list, trust := theatres(f)
	for i, a := range oddAnswers() {
		f.Add([]byte(a), []byte{}, byte(i))
		f.Add([]byte(a), []byte{11, 3, 40, 7}, byte(i+4))
		f.Add([]byte(a), bytes.Repeat([]byte{1}, 12), byte(i+8))
	}
	f.Fuzz(func(t *testing.T, answer, cuts []byte, how byte) { sameBothWays(t, list, trust, answer, cuts, how) })
}
