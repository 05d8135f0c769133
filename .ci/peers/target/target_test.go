package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseHead(t *testing.T) {
	const post = "POST /agents/execute HTTP/1.1\r\n"
	for _, c := range []struct {
		name, text string
		want       head
		whole      bool
	}{
		{"nothing yet", "", head{}, false},
		{"not whole", post + "Content-Length: 3\r\n", head{}, false},
		{"no body", post + "\r\n", head{size: 33}, true},
		{"a body", post + "Content-Length: 3\r\n\r\nabc", head{size: 52, body: 3}, true},
		{"other letters, no space", post + "CONTENT-length:12\r\n\r\n", head{size: 52, body: 12}, true},
		{"the last one", post + "Connection: Close\r\n\r\n", head{size: 52, close: true}, true},
		{"kept alive", post + "Connection: keep-alive\r\n\r\n", head{size: 57}, true},
		{"chunks", post + "Transfer-Encoding: chunked\r\n\r\n", head{size: 61, bad: true}, true},
		{"another method", "GET / HTTP/1.1\r\n\r\n", head{size: 18, bad: true}, true},
		{"another version", "POST / HTTP/1.0\r\n\r\n", head{size: 19, bad: true}, true},
		{"a negative length", post + "Content-Length: -3\r\n\r\n", head{size: 53, bad: true}, true},
		{"a huge length", post + "Content-Length: 1234567890\r\n\r\n", head{size: 61, bad: true}, true},
	} {
		if h, whole := parseHead([]byte(c.text)); h != c.want || whole != c.whole {
			t.Errorf("%s: expected %+v, %v; found %+v, %v", c.name, c.want, c.whole, h, whole)
		}
	}
}

// serving starts a server and returns its address and a function that stops it.
func serving(t *testing.T, c config) (address string, stop func() *server) {
	t.Helper()
	fd, port, err := listen(0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(fd, c)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.serve() }()
	return fmt.Sprintf("127.0.0.1:%d", port), func() *server {
		s.stop.Store(true)
		if err := <-done; err != nil {
			t.Error(err)
		}
		return s
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	return c
}

func request(body string) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestServesAnOrdinaryClient(t *testing.T) {
	address, stop := serving(t, config{})
	seen := map[string]bool{}
	for range 20 {
		r, err := http.Post("http://"+address+"/agents/execute", "application/json", strings.NewReader(strings.Repeat("x", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/json" {
			t.Fatal(r.Status, r.Header, err)
		}
		seen[string(body)] = true
	}
	s := stop()
	if len(seen) != 20 || s.calls != 20 || s.answered != 20 || s.body != 2_000_000 || s.accepted != 1 {
		t.Errorf("%d different answers; %v", len(seen), s.counts)
	}
}

func TestPipelinesAndSplitHeads(t *testing.T) {
	address, stop := serving(t, config{})
	c := dial(t, address)
	text := []byte(request("a") + request("") + request("ccc"))
	for _, part := range [][]byte{text[:7], text[7:60], text[60:]} {
		if _, err := c.Write(part); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	answers := make([]byte, 3*len(newAnswer().text))
	if _, err := io.ReadFull(c, answers); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if id := fmt.Sprintf("exe_%012d", i); !bytes.Contains(answers, []byte(id)) {
			t.Errorf("no %s in %s", id, answers)
		}
	}
	if s := stop(); s.calls != 3 || s.body != 4 || s.bad != 0 {
		t.Error(s.counts)
	}
}

func TestRefusesNonsense(t *testing.T) {
	address, stop := serving(t, config{})
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", strings.Repeat("x", bufferSize)} {
		c := dial(t, address)
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		if n, _ := c.Read(make([]byte, 1)); n != 0 {
			t.Errorf("%.20q… was answered", text)
		}
	}
	if s := stop(); s.bad != 2 || s.calls != 0 {
		t.Error(s.counts)
	}
}

func TestClosesWhenAsked(t *testing.T) {
	address, stop := serving(t, config{delay: time.Millisecond})
	c := dial(t, address)
	if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(c); err != nil || !bytes.HasSuffix(all, []byte(`"running"}`)) {
		t.Errorf("%s, %v", all, err)
	}
	stop()
}

func TestAnswersOnlyTheCaller(t *testing.T) {
	address, stop := serving(t, config{delay: 50 * time.Millisecond, logged: 10})
	gone := dial(t, address)
	if _, err := io.WriteString(gone, request("")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	gone.Close()
	time.Sleep(10 * time.Millisecond)
	// It gets the descriptor of the one that is gone.
	next := dial(t, address)
	if _, err := io.WriteString(next, request("")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(newAnswer().text))
	if _, err := io.ReadFull(next, answer); err != nil || !bytes.Contains(answer, []byte("exe_000000000001")) {
		t.Errorf("%s, %v", answer, err)
	}
	s := stop()
	if s.lost != 1 || s.answered != 1 || s.log[0][1] != 0 || s.log[1][1] == 0 {
		t.Error(s.counts, s.log)
	}
}

func TestDelaysAndFreezes(t *testing.T) {
	const delay, freezeAt, freezeFor = 5 * time.Millisecond, 30 * time.Millisecond, 60 * time.Millisecond
	address, stop := serving(t, config{delay: delay, freezeAt: freezeAt, freezeFor: freezeFor, logged: 3})
	for began := time.Now(); time.Since(began) < freezeAt+freezeFor+20*time.Millisecond; {
		c := dial(t, address)
		if _, err := io.WriteString(c, request("")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, len(newAnswer().text))); err != nil {
			t.Fatal(err)
		}
	}
	s := stop()
	if frozen := time.Duration(s.thawed - s.frozen); frozen < freezeFor/2 || s.frozen < s.log[0][0]+int64(freezeAt) {
		t.Errorf("it froze for %s, %s after the first call", frozen, time.Duration(s.frozen-s.log[0][0]))
	}
	for _, l := range s.log {
		if took := time.Duration(l[1] - l[0]); took < delay {
			t.Errorf("it answered after %s", took)
		}
	}
	if s.calls <= 3 || len(s.log) != 3 {
		t.Errorf("%d calls, %d logged", s.calls, len(s.log))
	}
}

// A call has arrived when it came, not when a server that stood still finds it.
func TestStampsArrivals(t *testing.T) {
	const freezeAt, freezeFor = 20 * time.Millisecond, 500 * time.Millisecond
	for _, secured := range []bool{false, true} {
		c := config{spin: true, freezeAt: freezeAt, freezeFor: freezeFor, logged: 2}
		call := dial
		if secured {
			own, err := selfMade(filepath.Join(t.TempDir(), "authority.pem"))
			if err != nil {
				t.Fatal(err)
			}
			c.tls = own
			call = func(t *testing.T, address string) net.Conn {
				return tls.Client(dial(t, address), &tls.Config{InsecureSkipVerify: true})
			}
		}
		clock, err := newClock()
		if err != nil {
			t.Fatal(err)
		}
		address, stop := serving(t, c)
		conn := call(t, address)
		var sent, written int64
		for range 2 {
			sent = clock.now()
			if _, err := io.WriteString(conn, request("")); err != nil {
				t.Fatal(err)
			}
			written = clock.now()
			time.Sleep(2 * freezeAt)
			if _, err := io.ReadFull(conn, make([]byte, len(newAnswer().text))); err != nil {
				t.Fatal(err)
			}
		}
		s := stop()
		came, slack := s.log[1][0], int64(100*time.Microsecond) // between the two clocks
		if sent < s.frozen || written > s.thawed {
			t.Errorf("this was too slow: sent from %d to %d, frozen from %d to %d", sent, written, s.frozen, s.thawed)
		}
		if came < sent-slack || came >= s.thawed {
			t.Errorf("sent at %s of the freeze, it came at %s, and the freeze ended at %s", time.Duration(sent-s.frozen), time.Duration(came-s.frozen), time.Duration(s.thawed-s.frozen))
		}
	}
}

func TestWritesLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := writeLog(path, [][2]int64{{1, 2}, {3, 0}}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || len(data) != 32 || data[0] != 1 || data[8] != 2 || data[16] != 3 {
		t.Error(data, err)
	}
}

func TestSpeaksTLS(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authority.pem")
	secured, err := selfMade(path)
	if err != nil {
		t.Fatal(err)
	}
	address, stop := serving(t, config{tls: secured})
	authority, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate in %s", authority)
	}
	// Half a handshake does not hold up others.
	silent := dial(t, address)
	if _, err := silent.Write([]byte{22, 3, 1}); err != nil {
		t.Fatal(err)
	}
	client := &tls.Config{RootCAs: pool, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	seen := map[string]bool{}
	for turn := range 3 {
		transport := &http.Transport{TLSClientConfig: client}
		for range 10 {
			r, err := (&http.Client{Transport: transport}).Post("https://"+address+"/agents/execute", "application/json", strings.NewReader(strings.Repeat("x", 40_000)))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if err != nil || r.StatusCode != 200 || r.TLS.Version != tls.VersionTLS13 || r.TLS.DidResume != (turn > 0) {
				t.Fatal(r.Status, r.TLS, err)
			}
			seen[string(body)] = true
		}
		transport.CloseIdleConnections()
	}
	nonsense := dial(t, address)
	if _, err := io.WriteString(nonsense, request("")); err != nil {
		t.Fatal(err)
	}
	if all, _ := io.ReadAll(nonsense); bytes.Contains(all, []byte("running")) {
		t.Errorf("a call in the clear was answered: %s", all)
	}
	s := stop()
	if len(seen) != 30 || s.calls != 30 || s.answered != 30 || s.body != 1_200_000 || s.accepted != 5 || s.resumed != 2 || s.bad != 1 {
		t.Errorf("%d different answers; %v", len(seen), s.counts)
	}
}
