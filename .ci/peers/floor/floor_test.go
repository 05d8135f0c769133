package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		name, text string
		size       int
		ok         bool
	}{
		{"nothing yet", "", 0, false},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", 0, false},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", 0, false},
		{"whole", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 40, true},
		{"no body", "HTTP/1.1 200 OK\r\n\r\n", 19, true},
		{"refused", "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", 53, false},
	} {
		if size, ok := answer([]byte(c.text)); size != c.size || ok != c.ok {
			t.Errorf("%s: expected %d, %v; found %d, %v", c.name, c.size, c.ok, size, ok)
		}
	}
}

// driven drives a server with a short run.
func driven(t *testing.T, c config, handle http.HandlerFunc) report {
	t.Helper()
	server := httptest.NewServer(handle)
	defer server.Close()
	address, path, err := parseURL(server.URL + "/agents/execute")
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGenerator(address, request(path, []byte(`{"content":[]}`)), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.drive(); err != nil {
		t.Fatal(err)
	}
	return g.report()
}

func TestSendsEveryCall(t *testing.T) {
	for name, c := range map[string]config{
		"when it is due":     {rate: 500, length: 200 * time.Millisecond, connections: 100},
		"watching the clock": {rate: 500, length: 200 * time.Millisecond, connections: 100, watch: time.Millisecond},
		"by the grain":       {rate: 500, length: 200 * time.Millisecond, connections: 100, grain: 50 * time.Millisecond},
		"one connection":     {rate: 500, length: 200 * time.Millisecond, connections: 1},
	} {
		var calls, bad atomic.Int32
		r := driven(t, c, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			if body, err := io.ReadAll(r.Body); err != nil || string(body) != `{"content":[]}` || r.URL.Path != "/agents/execute" {
				bad.Add(1)
			}
			fmt.Fprint(w, "{}")
		})
		if r.Planned != 100 || r.Sent != 100 || r.OK != 100 || calls.Load() != 100 || bad.Load() != 0 {
			t.Errorf("%s: %+v; %d calls, %d of them bad", name, r, calls.Load(), bad.Load())
		}
		if r.P50 <= 0 || r.LagP99 < r.LagP50 || c.grain > 0 && r.LagP50 < c.grain/10 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestClosedLoop(t *testing.T) {
	var calls, busy, most atomic.Int32
	r := driven(t, config{length: 100 * time.Millisecond, connections: 4}, func(http.ResponseWriter, *http.Request) {
		calls.Add(1)
		if n := busy.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(time.Millisecond)
		busy.Add(-1)
	})
	if r.OK == 0 || r.Planned != r.OK || r.Sent != r.OK || int(calls.Load()) != r.OK || most.Load() > 4 || r.P50 < time.Millisecond {
		t.Errorf("%+v; %d calls, %d at once", r, calls.Load(), most.Load())
	}
}

func TestCountsWhatIsNotAnswered(t *testing.T) {
	var calls atomic.Int32
	r := driven(t, config{rate: 200, length: 100 * time.Millisecond, connections: 20}, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1)%2 == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	if r.Planned != 20 || r.Sent != 10 || r.OK != 0 || calls.Load() != 20 {
		t.Errorf("%+v; %d calls", r, calls.Load())
	}
}

func TestRefusesOtherAddresses(t *testing.T) {
	for _, text := range []string{"https://127.0.0.1:1/", "http://localhost:1/", "http://127.0.0.1/", "http://[::1]:1/", ":"} {
		if _, _, err := parseURL(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
