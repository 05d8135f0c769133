package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

const short = `
name: short
load: [{rate: 40/s, for: 2s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
provider: {latency: 1ms}
`

func planned(t *testing.T, text string, seed uint64) *scenarios.Plan {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("short.yaml", []byte(text), d, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A stage has all that takes part in a fleet: a hub that can be stopped and started again, a target that counts, and
// what is between workers and hub.
type stage struct {
	t      *testing.T
	plan   *scenarios.Plan
	target *url.URL
	calls  atomic.Int64
	// respond, if not nil, answers in the place of the provider.
	respond atomic.Pointer[http.HandlerFunc]

	id    hub.Identity
	store string
	room  int64
	hub   *hub.Hub
	addr  string

	dir   string
	times Times
	mu    sync.Mutex
	said  []string
}

func newStage(t *testing.T, text string) *stage {
	s := &stage{t: t, plan: planned(t, text, 1), id: hub.NewIdentity(), store: t.TempDir(), dir: t.TempDir()}
	behaviour, err := s.plan.OpenProvider(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	behaviour.Seed = 1
	handler, err := provider.New(s.plan.Description(), behaviour)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		if other := s.respond.Load(); other != nil {
			(*other)(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	if s.target, err = url.Parse(server.URL); err != nil {
		t.Fatal(err)
	}
	s.addr = "127.0.0.1:0"
	s.start()
	t.Cleanup(func() { s.hub.Stop() })
	return s
}

// start starts the hub, again on the same store and address after the first time.
func (s *stage) start() {
	h, err := hub.Start(hub.Config{Identity: s.id, Listen: s.addr, Dir: s.store, Room: s.room})
	if err != nil {
		s.t.Error(err)
		return
	}
	s.hub, s.addr = h, h.Address()
}

func (s *stage) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, fmt.Sprintf(format, args...))
	s.t.Logf(format, args...)
}

// heard waits until something was said.
func (s *stage) heard(what string) {
	s.t.Helper()
	for range 2000 {
		s.mu.Lock()
		found := slices.ContainsFunc(s.said, func(line string) bool { return strings.Contains(line, what) })
		s.mu.Unlock()
		if found {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Errorf("nobody said %q", what)
}

// sent waits until so many calls have come.
func (s *stage) sent(n int64) {
	s.t.Helper()
	for range 2000 {
		if s.calls.Load() >= n {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Errorf("%d calls have come, expected %d", s.calls.Load(), n)
}

// outcome is what came of a coordinator.
type outcome struct {
	Result
	err error
	run *run
}

// coordinator starts one.
func (s *stage) coordinator(ctx context.Context, interrupt <-chan struct{}, workers int) <-chan outcome {
	out := make(chan outcome, 1)
	mine, err := s.id.Coordinator(s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	r := &run{Config: Config{
		Trial:   trial.Config{Plan: s.plan, Target: s.target, Andon: "v1", Dir: filepath.Join(s.dir, "run")},
		Workers: workers, Say: func(said string) { s.say("coordinator: %s", said) },
		Progress: func(p summary.Progress) { s.say("progress: %d done", p.Done) },
	}, times: s.times.usual(), began: time.Now()}
	if err := r.open(); err != nil {
		s.t.Fatal(err)
	}
	r.record.Store = s.store
	if err := r.keep(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan struct{})
	go func() {
		result, err := r.coordinate(ctx, interrupt, mine, func() error { close(ready); return nil })
		out <- outcome{result, err, r}
	}()
	select {
	case <-ready:
	case o := <-out:
		s.t.Fatal(o.err)
	}
	return out
}

// worker starts one, as it is changed.
func (s *stage) worker(ctx context.Context, name string, change ...func(*Worker)) <-chan error {
	join, err := s.id.Worker(s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	w := Worker{
		Join: join, Name: name, Andon: "v1", Shard: -1, Hosts: []string{"127.0.0.1"}, Spool: filepath.Join(s.dir, name), Times: s.times,
		Prepare: func(*scenarios.Plan, *url.URL) (trial.Config, error) {
			return trial.Config{Credentials: new(credentials.Set)}, nil
		},
		Say: func(said string) { s.say("%s: %s", name, said) },
	}
	for _, c := range change {
		c(&w)
	}
	done := make(chan error, 1)
	go func() {
		err := Work(ctx, nil, w)
		if err != nil {
			s.say("%s: ended: %v", name, err)
		}
		done <- err
	}()
	return done
}

// whole checks that all shards are home and make up the plan: every call once, and the figures those that were told.
func (s *stage) whole(o outcome) summary.Summary {
	s.t.Helper()
	if o.err != nil || len(o.Faults) > 0 {
		s.t.Fatalf("it ended with %v, %v", o.err, o.Faults)
	}
	return s.merged(o.Shards, s.plan.Calls)
}

// merged checks that the shards are one run with so many calls, none of them twice.
func (s *stage) merged(dirs []string, calls uint64) summary.Summary {
	s.t.Helper()
	seen := map[uint32]bool{}
	for _, dir := range dirs {
		run, err := results.Open(dir)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := run.Rows(func(r results.Row) error {
			if seen[r.N] {
				s.t.Errorf("call %d is there twice", r.N)
			}
			seen[r.N] = true
			return nil
		}); err != nil {
			s.t.Fatal(err)
		}
	}
	if uint64(len(seen)) != calls {
		s.t.Errorf("%d calls are there, expected %d", len(seen), calls)
	}
	m, err := reports.Open(dirs...)
	if err != nil {
		s.t.Fatal(err)
	}
	formats, err := reports.Choose("json")
	if err != nil {
		s.t.Fatal(err)
	}
	if err := m.Read(formats...); err != nil {
		s.t.Fatal(err)
	}
	return m.Summary
}

// A proxy stands between a worker and the hub. It can be cut, and let nothing pass for a while.
type proxy struct {
	net.Listener
	to   func() string
	held atomic.Bool
	mu   sync.Mutex
	open []net.Conn
	cut  atomic.Bool
}

func newProxy(t *testing.T, to func() string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: to}
	t.Cleanup(func() { _ = l.Close(); p.sever() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.pass(c)
		}
	}()
	return p
}

func (p *proxy) pass(c net.Conn) {
	to, err := net.Dial("tcp", p.to())
	if err != nil || p.cut.Load() {
		_ = c.Close()
		return
	}
	p.mu.Lock()
	p.open = append(p.open, c, to)
	p.mu.Unlock()
	for from, to := range map[net.Conn]net.Conn{c: to, to: c} {
		go func() {
			defer from.Close()
			defer to.Close()
			b := make([]byte, 32<<10)
			for {
				n, err := from.Read(b)
				for p.held.Load() && !p.cut.Load() {
					time.Sleep(5 * time.Millisecond)
				}
				if err != nil {
					return
				}
				if _, err := to.Write(b[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// sever cuts the line for good.
func (p *proxy) sever() {
	p.cut.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
}

// behind has a worker join through a proxy.
func (s *stage) behind(p *proxy) func(*Worker) {
	return func(w *Worker) {
		var err error
		if w.Join, err = s.id.Worker(p.Addr().String()); err != nil {
			s.t.Error(err)
		}
	}
}

func ended(t *testing.T, out <-chan outcome) outcome {
	t.Helper()
	select {
	case o := <-out:
		return o
	case <-time.After(50 * time.Second):
		t.Fatal("the coordinator does not end")
		return outcome{}
	}
}

func TestFleet(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	out := s.coordinator(t.Context(), nil, 2)
	a, b := s.worker(t.Context(), "a"), s.worker(t.Context(), "b")
	sum := s.whole(ended(t, out))
	if err := errors.Join(<-a, <-b); err != nil {
		t.Error(err)
	}
	if uint64(s.calls.Load()) != s.plan.Calls || sum.Total.Sent != s.plan.Calls {
		t.Errorf("%d calls came, and %d are in the report, of %d", s.calls.Load(), sum.Total.Sent, s.plan.Calls)
	}
}

var _ = bytes.Equal
var _ = io.EOF
var _ = fs.ErrNotExist
