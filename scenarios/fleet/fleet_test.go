package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

const short = `
name: short
load: [{rate: 40/s, for: 1s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
limits: {warm: 4}
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
	tokens atomic.Int64 // calls that carried one
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
	// first is when the first call of each worker came.
	first map[string]time.Time
	// twice has an executionId given to a call of each worker.
	twice bool
}

var executionID = regexp.MustCompile(`"executionId":\s*"[^"]*"`)

func newStage(t *testing.T, text string) *stage {
	s := &stage{t: t, plan: planned(t, text, 1), id: hub.NewIdentity(), store: t.TempDir(), dir: t.TempDir(), first: map[string]time.Time{}}
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
		if r.Header.Get("Authorization") != "" {
			s.tokens.Add(1)
		}
		s.mu.Lock()
		name := r.Header.Get("X-Worker")
		before := s.first[name]
		if before.IsZero() {
			s.first[name] = time.Now()
		}
		s.mu.Unlock()
		if other := s.respond.Load(); other != nil {
			(*other)(w, r)
			return
		}
		if s.twice && before.IsZero() {
			// The first call of each worker is given one executionId.
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			for name, list := range answer.Header() {
				w.Header()[name] = list
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(answer.Code)
			_, _ = w.Write(executionID.ReplaceAll(answer.Body.Bytes(), []byte(`"executionId":"one-for-two"`)))
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
		Prepare: func(credentials.Asked, *url.URL) (trial.Config, error) {
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
	m, err := reports.OpenShards(dirs...)
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

// quickly are times for tests: long enough for a busy machine.
var quickly = Times{Lead: time.Second, Lost: 5 * time.Second, Alone: 10 * time.Second, Every: 100 * time.Millisecond}

// Two workers are one run: each call is sent once, the report is of all, and the figures that were told are those of
// the files, bit for bit. What the calls carry is nowhere at the hub.
func TestFleet(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-the-target"
	s := newStage(t, short)
	s.times, s.twice = quickly, true
	carrying := func(w *Worker) {
		w.Prepare = func(credentials.Asked, *url.URL) (trial.Config, error) {
			file := filepath.Join(s.dir, "token")
			if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
				return trial.Config{}, err
			}
			plan, err := credentials.Asked{TokenFile: file, Headers: []string{"X-Worker: " + w.Name}}.Plan()
			if err != nil {
				return trial.Config{}, err
			}
			set, err := plan.Open(t.Context())
			return trial.Config{Credentials: set}, err
		}
	}
	out := s.coordinator(t.Context(), nil, 2)
	// The clock of the second is half a minute ahead.
	ahead := func(w *Worker) {
		carrying(w)
		w.now = func() time.Time { return time.Now().Add(30 * time.Second) }
	}
	a, b := s.worker(t.Context(), "a", carrying), s.worker(t.Context(), "b", ahead)
	o := ended(t, out)
	sum := s.whole(o)
	if err := errors.Join(<-a, <-b); err != nil {
		t.Error(err)
	}
	if uint64(s.calls.Load()) != s.plan.Calls || sum.Total.Sent != s.plan.Calls || s.tokens.Load() != s.calls.Load() {
		t.Errorf("%d calls came, %d of them with the token, and %d are in the report, of %d", s.calls.Load(), s.tokens.Load(), sum.Total.Sent, s.plan.Calls)
	}
	if sum.Run.Merged == nil || sum.Run.Merged.Shards == nil || sum.Run.Merged.Shards.Repeated != 1 {
		t.Errorf("an executionId came from two shards, and the report has %+v", sum.Run.Merged)
	}
	var starts []time.Time
	// held is by how much this machine, where it is busy, held up what either sent.
	held := time.Second
	for _, dir := range o.Shards {
		run, err := results.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		starts = append(starts, run.Shard.Start)
		most := time.Duration(0)
		if _, err := run.Rows(func(r results.Row) error { most = max(most, r.Latency()); return nil }); err != nil {
			t.Fatal(err)
		}
		held += most
	}
	if !starts[0].Equal(starts[1]) || !starts[0].Equal(*o.run.record.Start) {
		t.Errorf("the shards began at %v, and the run at %v", starts, o.run.record.Start)
	}
	for _, w := range o.run.record.Workers {
		t.Logf("%+v", w)
		off := 0.0
		if w.Worker == "b" {
			off = -30
		}
		if wrong := max(w.OffsetSeconds-off, off-w.OffsetSeconds); wrong > w.UncertainSeconds+0.001 || max(w.LateSeconds, -w.LateSeconds) > held.Seconds() {
			t.Errorf("%+v", w)
		}
	}
	// The second call of the plan is the other worker's, and due a fortieth of a second later.
	s.mu.Lock()
	wrong := s.first["a"].Sub(s.first["b"]).Abs() - time.Second/40
	s.mu.Unlock()
	t.Logf("they began %s apart", wrong)
	if wrong.Abs() > held {
		t.Errorf("they began %s apart, and were held up for %s at the most", wrong, held)
	}
	found := 0
	err := filepath.WalkDir(s.store, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if found += bytes.Count(text, []byte("openapi")); bytes.Contains(text, []byte(token)) {
			t.Errorf("the token is in %s", path)
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("the job is found %d times: %v", found, err)
	}
	// What is home is at the hub as well, where a coordinator that was lost would have left it.
	s.hub.Stop()
	if err := os.RemoveAll(o.Shards[0]); err != nil {
		t.Fatal(err)
	}
	dirs, _, err := Collect(t.Context(), o.Dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.merged(dirs, s.plan.Calls)
	s.collects(o)
}

// collects tries to collect a run that is home, and nowhere else.
func (s *stage) collects(o outcome) {
	s.t.Helper()
	if err := os.RemoveAll(s.store); err != nil {
		s.t.Fatal(err)
	}
	// One that was cut off, and is named as the spool that it was taken from, is left as it is.
	if err := os.Remove(filepath.Join(o.Shards[0], "end.json")); err != nil {
		s.t.Fatal(err)
	}
	dirs, _, err := Collect(s.t.Context(), o.Dir, o.Shards[:1], nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.merged(dirs, s.plan.Calls)
	// While a run goes on, nobody else brings anything home.
	release, err := o.run.hold()
	if err != nil {
		s.t.Fatal(err)
	}
	if _, _, err := Collect(s.t.Context(), o.Dir, nil, nil); err == nil || !strings.Contains(err.Error(), "belongs to a run that still goes on") {
		s.t.Errorf("of a run that goes on: %v", err)
	}
	release()
	// What is missing is named, though nothing is left of the hub, and so is what is something else.
	elsewhere := filepath.Join(s.dir, "elsewhere")
	if err := os.Rename(o.Shards[0], elsewhere); err != nil {
		s.t.Fatal(err)
	}
	if dirs, _, err := Collect(s.t.Context(), o.Dir, nil, nil); len(dirs) != 1 || err == nil || !strings.Contains(err.Error(), "shard 0 is missing") {
		s.t.Errorf("without shard 0: %v, %v", dirs, err)
	}
	if err := errors.Join(os.RemoveAll(o.Shards[1]), os.Rename(elsewhere, o.Shards[1])); err != nil {
		s.t.Fatal(err)
	}
	if dirs, _, err := Collect(s.t.Context(), o.Dir, nil, nil); len(dirs) != 0 || err == nil || !strings.Contains(err.Error(), "expected shard 1 of 2") {
		s.t.Errorf("with shard 0 in the place of shard 1: %v, %v", dirs, err)
	}
}

// Where a worker could not keep what it measures, no call is sent by anybody.
func TestSpoolIsNoPlace(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	file := filepath.Join(s.dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	out := s.coordinator(t.Context(), nil, 1)
	var refused *RefusedError
	// What nobody else may see of a worker's machine is not told.
	hidden := func(said string) string { return strings.ReplaceAll(said, file, "a place") }
	if err := <-s.worker(t.Context(), "a", func(w *Worker) { w.Spool, w.Redact = file, hidden }); !errors.As(err, &refused) || !strings.Contains(err.Error(), "could not be kept in "+file) {
		t.Errorf("the worker ended with %v", err)
	}
	var none *NoStartError
	o := ended(t, out)
	if !errors.As(o.err, &none) || s.calls.Load() != 0 {
		t.Errorf("it ended with %v, after %d calls", o.err, s.calls.Load())
	}
	if lost := o.run.record.Workers[0].Lost; !strings.Contains(lost, "could not be kept in a place") || strings.Contains(lost, file) {
		t.Errorf("the run's record has %q", lost)
	}
}

// A NATS server that is there does as well, and keeps what was handed in.
func TestHubOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	mine, err := s.id.Coordinator(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	r, err := Run(t.Context(), nil, Config{
		Trial: trial.Config{Plan: s.plan, Target: s.target, Andon: "v1", Dir: filepath.Join(s.dir, "run")}, Workers: 1, Hub: &mine, Times: s.times,
		Say: func(said string) { s.say("%s", said) },
		Joined: func(_ string, join hub.Join) error {
			a := s.worker(t.Context(), "a", func(w *Worker) { w.Join = join })
			go func() { done <- <-a }()
			return nil
		},
	})
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	s.merged(r.Shards, s.plan.Calls)
	if err := os.RemoveAll(r.Shards[0]); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Collect(t.Context(), r.Dir, nil, nil); err == nil || !strings.Contains(err.Error(), "the run's hub is at "+s.addr+", and nothing says how to join it") {
		t.Errorf("collected without a key: %v", err)
	}
	dirs, _, err := Collect(t.Context(), r.Dir, nil, &mine)
	if err != nil {
		t.Fatal(err)
	}
	s.merged(dirs, s.plan.Calls)
}

// A hub that is not there is waited for as long as workers are, or until the coordinator is stopped. Nothing is left.
func TestNoHubOfOnesOwn(t *testing.T) {
	join, err := hub.NewIdentity().Coordinator("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	dir, stopped := filepath.Join(t.TempDir(), "run"), make(chan struct{})
	close(stopped)
	for arming, interrupt := range map[time.Duration]chan struct{}{10 * time.Millisecond: nil, time.Hour: stopped} {
		_, err := Run(t.Context(), interrupt, Config{
			Trial: trial.Config{Plan: planned(t, short, 1), Target: &url.URL{Scheme: "http", Host: "127.0.0.1:9"}, Andon: "v1", Dir: dir}, Workers: 1, Hub: &join, Times: Times{Arming: arming},
		})
		var none *NoStartError
		if !errors.As(err, &none) || !strings.Contains(err.Error(), "no hub answers at 127.0.0.1:1") {
			t.Errorf("after %s it ended with %v", arming, err)
		}
	}
}

// Who stops the coordinator stops all, and what they measured is home.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := newStage(t, strings.Replace(short, "1s", "20s", 1))
	s.times = quickly
	stop := make(chan struct{})
	out := s.coordinator(t.Context(), stop, 2)
	// The second cannot write its summary.
	a, b := s.worker(t.Context(), "a"), s.worker(t.Context(), "b", func(w *Worker) {
		w.Prepare = func(credentials.Asked, *url.URL) (trial.Config, error) {
			return trial.Config{Credentials: new(credentials.Set), Ended: func() {
				dirs, _ := filepath.Glob(filepath.Join(w.Spool, "*"))
				if err := os.Mkdir(filepath.Join(dirs[0], "summary.json"), 0o777); err != nil {
					t.Error(err)
				}
			}}, nil
		}
	})
	s.sent(10)
	close(stop)
	o := ended(t, out)
	if err := errors.Join(<-a, o.err); err != nil || len(o.Faults) > 0 {
		t.Fatalf("it ended with %v, %v", err, o.Faults)
	}
	if err := <-b; err == nil || !strings.Contains(err.Error(), "what could be kept is home, and that is not all: ") {
		t.Errorf("whose summary was not written ended with %v", err)
	}
	for _, dir := range o.Shards {
		run, err := results.Open(dir)
		if err != nil || run.End.Reason != results.Interrupted || !strings.HasPrefix(run.End.Detail, "the coordinator was told to stop; it was told to stop after ") {
			t.Errorf("%s ended with %+v, %v", dir, run.End, err)
		}
	}
}

// Who stops a worker that has met nobody yet does not wait for anybody.
func TestInterruptedWorker(t *testing.T) {
	join, err := hub.NewIdentity().Worker("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	close(stop)
	if err := Work(t.Context(), stop, Worker{Join: join, Name: "a", Andon: "v1"}); !errors.Is(err, errInterrupted) {
		t.Errorf("it ended with %v", err)
	}
}

// A hub that cannot listen leaves the run's directory to the next try.
func TestNoPlaceToListen(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	dir := filepath.Join(s.dir, "untaken")
	_, err = Run(t.Context(), nil, Config{
		Trial: trial.Config{Plan: s.plan, Target: s.target, Andon: "v1", Dir: dir}, Workers: 1, Identity: s.id, Listen: taken.Addr().String(),
		Say: func(string) {},
	})
	if left, read := os.ReadDir(dir); err == nil || read != nil || len(left) > 0 {
		t.Errorf("it ended with %v, and left %v, %v", err, left, read)
	}
}

// A worker that is gone is named, and the others' shards are reported. It stops by itself, and has what it measured.
func TestWorkerGone(t *testing.T) {
	t.Parallel()
	s := newStage(t, strings.Replace(short, "1s", "4s", 1))
	s.times = quickly
	s.times.Alone = 2500 * time.Millisecond
	p := newProxy(t, func() string { return s.addr })
	out := s.coordinator(t.Context(), nil, 2)
	a, b := s.worker(t.Context(), "a"), s.worker(t.Context(), "b", s.behind(p))
	s.sent(10)
	p.sever()
	o := ended(t, out)
	s.heard("worker b, shard ")
	if o.err != nil || len(o.Shards) != 1 || len(o.Faults) != 1 || !strings.Contains(o.Faults[0].Error(), "is missing: worker b no contact for ") {
		t.Errorf("it ended with %v, %v, %v", o.Shards, o.Faults, o.err)
	}
	s.merged(o.Shards, s.plan.Calls/2)
	var spool *SpoolError
	if err := <-b; !errors.As(err, &spool) {
		t.Fatalf("the worker ended with %v", err)
	}
	run, err := results.Open(spool.Dir)
	if err != nil || run.End.Reason != results.Interrupted || !strings.Contains(run.End.Detail, "no contact with the coordinator for ") {
		t.Errorf("the spool has %+v, %v", run.End, err)
	}
	if err := <-a; err != nil {
		t.Error(err)
	}
	// While the hub goes on, its store is its own.
	if dirs, _, err := Collect(t.Context(), o.Dir, nil, nil); dirs != nil || !errors.Is(err, regular.ErrLocked) {
		t.Errorf("collected %v beside a hub that runs: %v", dirs, err)
	}
	s.hub.Stop()
	// With the spool it is all that was measured.
	dirs, _, err := Collect(t.Context(), o.Dir, []string{spool.Dir}, nil)
	if err != nil || len(dirs) != 2 {
		t.Errorf("collected %v, %v", dirs, err)
	}
}

// Of two that are to take one shard the second sends nothing. Nor does one of another version, or that may not send to
// the target.
func TestRefusedWorkers(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	out := s.coordinator(t.Context(), nil, 2)
	first := s.worker(t.Context(), "first", func(w *Worker) { w.Shard = 0 })
	s.heard("worker first has taken shard 0")
	for name, change := range map[string]func(*Worker){
		"shard 0 is taken by worker first, and no call was sent":                           func(w *Worker) { w.Shard = 0 },
		"this worker is to take shard 2, and there are 2, from 0 to 1":                     func(w *Worker) { w.Shard = 2 },
		"it is andon v2 (protocol 1), and the run is of andon v1":                          func(w *Worker) { w.Andon = "v2" },
		"where this worker may not send, and no call was sent: it may send to example.com": func(w *Worker) { w.Hosts = []string{"example.com"} },
	} {
		var refused *RefusedError
		if err := <-s.worker(t.Context(), "other", change); !errors.As(err, &refused) || !strings.Contains(err.Error(), name) {
			t.Errorf("expected %q, found %v", name, err)
		}
	}
	if n := s.calls.Load(); n != 0 {
		t.Errorf("%d calls were sent", n)
	}
	second := s.worker(t.Context(), "second")
	s.whole(ended(t, out))
	if err := errors.Join(<-first, <-second); err != nil || uint64(s.calls.Load()) != s.plan.Calls {
		t.Errorf("%d calls were sent: %v", s.calls.Load(), err)
	}
}

// Where one is never armed, no call is sent, and it is named. So it is where the coordinator is stopped before.
func TestNoStart(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	s.times.Arming = 4 * time.Second
	out := s.coordinator(t.Context(), nil, 2)
	a := s.worker(t.Context(), "a")
	o := ended(t, out)
	var none *NoStartError
	if !errors.As(o.err, &none) || !strings.Contains(o.err.Error(), "shard 1 was taken by no worker") {
		t.Errorf("it ended with %v", o.err)
	}
	if err := <-a; err == nil || s.calls.Load() != 0 {
		t.Errorf("the worker ended with %v, after %d calls", err, s.calls.Load())
	}
}

const aborting = `
name: short
load: [{rate: 40/s, for: 20s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
thresholds: [{expr: "count(errors) < 12", abort: true}]
provider: {latency: 1ms}
`

// A threshold with abort is judged on the sum, and has all stop, also after the hub was started anew.
func TestAbort(t *testing.T) {
	t.Parallel()
	s := newStage(t, aborting)
	s.times = quickly
	out := s.coordinator(t.Context(), nil, 2)
	a, b := s.worker(t.Context(), "a"), s.worker(t.Context(), "b")
	s.sent(10)
	s.hub.Stop()
	s.start()
	failing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	s.respond.Store(&failing)
	o := ended(t, out)
	if err := errors.Join(<-a, <-b, o.err); err != nil || len(o.Faults) > 0 {
		t.Fatalf("%v, %v", err, o.Faults)
	}
	var stopped []float64
	for _, dir := range o.Shards {
		run, err := results.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if run.End.Reason != results.Aborted || !strings.Contains(run.End.Detail, "the threshold count(errors) < 12 was broken after ") {
			t.Errorf("%s ended with %+v", dir, run.End)
		}
		stopped = append(stopped, run.End.StoppedSeconds)
	}
	t.Logf("stopped after %v s", stopped)
	if apart := stopped[0] - stopped[1]; max(apart, -apart) > 3 || stopped[0] > 15 {
		t.Errorf("the workers stopped after %v s", stopped)
	}
}

// A hub that is killed and started again while calls are sent, and again while parts are handed in, loses nothing.
func TestHubRestarts(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	out := s.coordinator(t.Context(), nil, 2)
	a, b := s.worker(t.Context(), "a"), s.worker(t.Context(), "b")
	for _, calls := range []int64{10, int64(s.plan.Calls)} {
		s.sent(calls)
		s.hub.Stop()
		time.Sleep(300 * time.Millisecond)
		s.start()
	}
	s.whole(ended(t, out))
	if err := errors.Join(<-a, <-b); err != nil {
		t.Error(err)
	}
}

// Where the hub is gone for good, all stop by themselves, and what they measured is collected from their spools.
func TestHubIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	s.times.Alone = 2 * time.Second
	out := s.coordinator(t.Context(), nil, 2)
	a, b := s.worker(t.Context(), "a"), s.worker(t.Context(), "b")
	s.sent(10)
	s.hub.Stop()
	var spools []string
	for _, done := range []<-chan error{a, b} {
		var spool *SpoolError
		if err := <-done; !errors.As(err, &spool) {
			t.Fatalf("a worker ended with %v", err)
		}
		spools = append(spools, spool.Dir)
	}
	o := ended(t, out)
	if len(o.Faults) != 2 || !strings.Contains(o.Faults[0].Error(), "the hub is gone for ") || o.Shards != nil {
		t.Errorf("it ended with %v, %v, %v", o.Shards, o.Faults, o.err)
	}
	dirs, _, err := Collect(t.Context(), o.Dir, spools, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.merged(dirs, s.plan.Calls)
	if _, _, err := Collect(t.Context(), s.dir, nil, nil); err == nil || !strings.Contains(err.Error(), "it has no fleet.json") {
		t.Errorf("collected from another directory: %v", err)
	}
}

// A line that is down for a while loses nothing.
func TestLineDown(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	p := newProxy(t, func() string { return s.addr })
	out := s.coordinator(t.Context(), nil, 2)
	a, b := s.worker(t.Context(), "a", s.behind(p)), s.worker(t.Context(), "b", s.behind(p))
	s.sent(10)
	p.held.Store(true)
	time.Sleep(800 * time.Millisecond)
	p.held.Store(false)
	s.whole(ended(t, out))
	if err := errors.Join(<-a, <-b); err != nil {
		t.Error(err)
	}
}
