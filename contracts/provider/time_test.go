package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// These tests run on synctest's clock: a second takes no time, and every duration is exact.

func TestLatencyByTier(t *testing.T) {
	const s = time.Second
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Latency: map[string]Latency{"Full": {a: 3 * s}, "Lite": {a: 2 * s}, "default": {a: 1 * s}}})
		for body, want := range map[string]time.Duration{
			`{"kaizenVersion":"Full"}`: 3 * s, `{"kaizenVersion":"Lite"}`: 2 * s, `{}`: 1 * s, `{"kaizenVersion":"Medium"}`: 0,
		} {
			start := time.Now()
			call(h, body)
			if got := time.Since(start); got != want {
				t.Errorf("%s took %v, want %v", body, got, want)
			}
		}
	})
}

// c workers that take s seconds each serve c/s calls a second, and the calls come out in the order they came in.
func TestCapacity(t *testing.T) {
	for _, c := range []struct {
		workers, calls int
		each           time.Duration
	}{
		{1, 20, 100 * time.Millisecond},
		{4, 100, 50 * time.Millisecond},
		{7, 100, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newProvider(t, Config{Workers: c.workers, Queue: c.calls, Latency: map[string]Latency{"default": {a: c.each}}})
			start := time.Now()
			ended := make([]time.Duration, c.calls)
			var wg sync.WaitGroup
			for i := range c.calls {
				wg.Go(func() {
					if code := call(h, "{}").Code; code != 200 {
						t.Errorf("call %d was answered %d", i, code)
					}
					ended[i] = time.Since(start)
				})
				synctest.Wait() // the call is in service or in the queue before the next one comes
			}
			wg.Wait()
			for i, got := range ended {
				if want := c.each * time.Duration(i/c.workers+1); got != want {
					t.Errorf("%d workers of %v: call %d ended after %v, want %v", c.workers, c.each, i, got, want)
				}
			}
		})
	}
}

func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Workers: 2, Queue: 3, Latency: map[string]Latency{"default": {a: time.Second}}})
		var wg sync.WaitGroup
		var ok atomic.Int32
		for range 5 {
			wg.Go(func() {
				if call(h, "{}").Code == 200 {
					ok.Add(1)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		for range 3 {
			w := call(h, "{}")
			if w.Code != 429 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "all 2 workers are busy and 3 calls wait") {
				t.Errorf("a call beyond the queue was answered %d with Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
			}
		}
		if w := call(h, "[]"); w.Code != 400 {
			t.Errorf("an invalid call beyond the queue was answered %d, want 400: it needs no worker", w.Code)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("the refusals took %v", d)
		}
		wg.Wait()
		if n := ok.Load(); n != 5 {
			t.Errorf("%d of the 5 calls in service and in the queue were served", n)
		}
		if w := call(h, "{}"); w.Code != 200 {
			t.Errorf("a call after the rush was answered %d", w.Code)
		}
	})
}

// Whoever leaves the queue, or service, makes room at once.
func TestCallersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Workers: 1, Queue: 1, Latency: map[string]Latency{"default": {a: time.Hour}}})
		var wg sync.WaitGroup
		var leave [2]context.CancelFunc
		for i := range leave {
			var ctx context.Context
			ctx, leave[i] = context.WithCancel(t.Context())
			wg.Go(func() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, request("{}").WithContext(ctx))
				if w.Code != 503 {
					t.Errorf("caller %d left and was answered %d, want 503", i, w.Code)
				}
			})
			synctest.Wait()
		}
		start := time.Now()
		leave[1]() // from the queue
		synctest.Wait()
		wg.Go(func() { call(h, "{}") })
		synctest.Wait()
		if w := call(h, "{}"); w.Code != 429 {
			t.Errorf("with the place in the queue taken again, a call was answered %d, want 429", w.Code)
		}
		leave[0]() // from service
		wg.Wait()
		if d := time.Since(start); d != time.Hour {
			t.Errorf("the call that moved up ended after %v, want 1h: its own service time", d)
		}
	})
}

// In a stall nothing is answered, whatever was under way, and what was in service goes on where it stood.
func TestStall(t *testing.T) {
	const s = time.Second
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Faults: Faults{Stall: Stall{At: 5 * s, For: 2 * s}},
			Latency: map[string]Latency{"Full": {a: 3 * s}, "default": {}}})
		time.Sleep(10 * s) // before the first call no clock runs
		start := time.Now()
		var wg sync.WaitGroup
		for _, c := range []struct {
			why      string
			body     string
			at, ends time.Duration
		}{
			{"the first call", `{}`, 0, 0},
			{"served before", `{"kaizenVersion":"Full"}`, 1 * s, 4 * s},
			{"in service", `{"kaizenVersion":"Full"}`, 4 * s, 9 * s},
			{"arriving as it begins", `{}`, 5 * s, 7 * s},
			{"arriving, to be refused", `[]`, 6 * s, 7*s + s/32},
			{"arriving, with service to come", `{"kaizenVersion":"Full"}`, 6 * s, 10*s + s/32},
			{"after it", `{}`, 7 * s, 7 * s},
			{"long after", `{"kaizenVersion":"Full"}`, 20 * s, 23 * s},
		} {
			wg.Go(func() {
				time.Sleep(c.at)
				call(h, c.body)
				if got := time.Since(start); got != c.ends {
					t.Errorf("%s: ended at %v, want %v", c.why, got, c.ends)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
	})
}

// A latency longer than the server's own timeouts is waited for, and a slow body is the head at once and the rest
// later.
func TestServeSlowly(t *testing.T) {
	const share, n = 0.3, 200
	synctest.Test(t, func(t *testing.T) {
		client, stop := serve(t, newProvider(t, Config{
			Latency: map[string]Latency{"Full": {a: 10 * time.Minute}, "default": {}},
			Faults:  Faults{SlowBody: SlowBody{share, 8 * time.Minute}},
		}))
		slow := 0
		for i := range n {
			body, wait := "{}", time.Duration(0)
			if i%4 == 0 {
				body, wait = `{"kaizenVersion":"Full"}`, 10*time.Minute
			}
			start := time.Now()
			resp, err := client.Post("http://provider/agents/execute", jsonType, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got != wait {
				t.Errorf("%s: the head came after %v, want %v", body, got, wait)
			}
			start = time.Now()
			got, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			v := describe(t).JudgeResponse(resp.StatusCode, resp.Header.Get("Content-Type"), got)
			if err != nil || v.Violation != nil {
				t.Errorf("answered %s, %v, %v", got, err, v.Violation)
			}
			switch d := time.Since(start); d {
			case 0:
			case 8 * time.Minute:
				slow++
			default:
				t.Errorf("a body took %v", d)
			}
		}
		if off, bound := math.Abs(float64(slow)-n*share), 4*math.Sqrt(n*share*(1-share)); off > bound {
			t.Errorf("%d of %d bodies were slow, want %.0f ± %.0f", slow, n, n*share, bound)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A request that never ends does not hold its connection for ever.
func TestServeGivesUpOnBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := serve(t, newProvider(t, Config{}))
		start := time.Now()
		never, keep := io.Pipe()
		resp, err := client.Post("http://provider/agents/execute", jsonType, never)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		_ = keep.Close()
		if resp.StatusCode != 400 || !strings.Contains(string(b), "unreadable-body") || time.Since(start) != bodyPatience {
			t.Errorf("answered %d %s after %v, want a 400 after %v", resp.StatusCode, b, time.Since(start), bodyPatience)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A body that says it is too large is refused before it is sent.
func TestTooLargeIsRefusedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := serve(t, newProvider(t, Config{}))
		start := time.Now()
		never, keep := io.Pipe()
		r, err := http.NewRequest("POST", "http://provider/agents/execute", never)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", jsonType)
		r.ContentLength = defaultMaxBody + 1
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		_ = keep.Close()
		if d := time.Since(start); resp.StatusCode != 413 || d != 0 {
			t.Errorf("answered %d after %v, want 413 at once", resp.StatusCode, d)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A stop waits for calls in service, but not for ever.
func TestServeStops(t *testing.T) {
	for _, c := range []struct {
		latency time.Duration
		served  bool
	}{
		{3 * time.Second, true},
		{time.Minute, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, stop := serve(t, newProvider(t, Config{Latency: map[string]Latency{"default": {a: c.latency}}}))
			var wg sync.WaitGroup
			wg.Go(func() {
				resp, err := client.Post("http://provider/agents/execute", jsonType, strings.NewReader("{}"))
				if err == nil {
					_ = resp.Body.Close()
				}
				if served := err == nil && resp.StatusCode == 200; served != c.served {
					t.Errorf("a call of %v in service: served is %v (%v), want %v", c.latency, served, err, c.served)
				}
			})
			synctest.Wait()
			start := time.Now()
			err := stop()
			if (err == nil) != c.served {
				t.Errorf("a call of %v in service: the stop gave %v", c.latency, err)
			}
			if d := time.Since(start); d > stopPatience+time.Second {
				t.Errorf("the stop took %v", d)
			}
			wg.Wait()
			if _, err := client.Post("http://provider/agents/execute", jsonType, strings.NewReader("{}")); err == nil {
				t.Error("a call after the stop was answered")
			}
		})
	}
}

func TestServeSaysWhereItFailed(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	err = Serve(t.Context(), ln, http.NotFoundHandler())
	if !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), "serving at "+ln.Addr().String()) {
		t.Errorf("Serve on a closed listener gave %v", err)
	}
}

// serve runs Serve over connections that live within a synctest bubble.
func serve(t *testing.T, h http.Handler) (client *http.Client, stop func() error) {
	ln := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		here, there := net.Pipe()
		select {
		case ln.conns <- there:
			return here, nil
		case <-ln.closed:
			return nil, net.ErrClosed
		}
	}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, ln, h) }()
	stop = func() error {
		cancel()
		err := <-done
		transport.CloseIdleConnections()
		return err
	}
	return &http.Client{Transport: transport}, stop
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: fmt.Sprintf("%p", p), Net: "pipe"} }

// Each pool has its own workers and its own queue, and what has none shares one as it shares a latency.
func TestPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Pools: map[string]int{"Full": 1, "Lite": 2}, Queue: 1, Latency: map[string]Latency{"default": {a: time.Second}}})
		const full, lite = `{"kaizenVersion":"Full"}`, `{"kaizenVersion":"Lite"}`
		var wg sync.WaitGroup
		start := time.Now()
		ended := map[string]time.Duration{}
		var mutex sync.Mutex
		send := func(name, body string) {
			wg.Go(func() {
				w := call(h, body)
				mutex.Lock()
				defer mutex.Unlock()
				if ended[name] = time.Since(start); w.Code != 200 {
					ended[name] = -time.Duration(w.Code)
				}
			})
			synctest.Wait()
		}
		send("full 1", full)
		send("full 2", full)
		send("full 3", full)
		send("lite 1", lite)
		send("lite 2", lite)
		send("lite 3", lite)
		send("lite 4", lite)
		send("none", "{}") // as the first tier, whose pool is full
		wg.Wait()
		for name, want := range map[string]time.Duration{
			"full 1": time.Second, "full 2": 2 * time.Second, "full 3": -429, "lite 1": time.Second, "lite 2": time.Second, "lite 3": 2 * time.Second, "lite 4": -429, "none": -429,
		} {
			if ended[name] != want {
				t.Errorf("%s ended after %v, want %v", name, ended[name], want)
			}
		}
	})
}

// A fault that depends on the load strikes all the calls of a load that is higher, and none of one that is not.
func TestFaultsAboveARate(t *testing.T) {
	const above = 50
	for _, c := range []struct {
		perSecond float64
		want      int
	}{{25, 200}, {50, 200}, {51, 500}, {100, 500}} {
		synctest.Test(t, func(t *testing.T) {
			h := newProvider(t, Config{Faults: Faults{HTTP500: 1, Above: above}})
			last := 0
			for i := range int(30 * c.perSecond) {
				code := call(h, "{}").Code
				call(h, "[]") // is invalid, and not counted
				if i > int(20*c.perSecond) && last != code {
					t.Fatalf("at %v/s call %d is answered %d, and the one before %d", c.perSecond, i, code, last)
				}
				last = code
				time.Sleep(time.Duration(float64(time.Second) / c.perSecond))
			}
			if last != c.want {
				t.Errorf("at %v/s calls are answered %d, want %d", c.perSecond, last, c.want)
			}
			time.Sleep(5 * time.Second)
			if code := call(h, "{}").Code; code != 200 && c.perSecond*5 < above*10 {
				t.Errorf("5 s after %v/s a call is answered %d", c.perSecond, code)
			}
		})
	}
}

// Calls that are refused for want of room have come all the same.
func TestShedCallsCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newProvider(t, Config{Workers: 1, Latency: map[string]Latency{"default": {a: time.Second}}, Faults: Faults{HTTP503: 1, Above: 5}})
		var wg sync.WaitGroup
		codes := map[int]int{}
		var mutex sync.Mutex
		for range 20 * 10 {
			wg.Go(func() {
				code := call(h, "{}").Code
				mutex.Lock()
				codes[code]++
				mutex.Unlock()
			})
			time.Sleep(100 * time.Millisecond)
		}
		wg.Wait()
		if codes[503] < 10 || codes[429] < 100 {
			t.Errorf("the calls were answered %v: one a second is served, and ten come", codes)
		}
	})
}
