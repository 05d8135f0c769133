package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/attack"
)

// What can happen to a run before it is over.
const (
	signalled1   = "a signal"
	signalled2   = "another signal"
	unkept       = "the results cannot be kept"
	gone         = "the target goes away"
	answered     = "the last answers come"
	unreadStderr = "standard error is not read"
)

// orders gives all orders of events in which another signal comes after a signal.
func orders(events []string) (all [][]string) {
	if len(events) == 0 {
		return [][]string{nil}
	}
	for i, first := range events {
		rest := append(append([]string(nil), events[:i]...), events[i+1:]...)
		if first == signalled2 && strings.Contains(strings.Join(rest, ","), signalled1) {
			continue
		}
		for _, order := range orders(rest) {
			all = append(all, append([]string{first}, order...))
		}
	}
	return all
}

// shutdown is a run that one thing after the other happens to.
type shutdown struct {
	t    *testing.T
	plan *scenarios.Plan
	// seen are the calls that the target saw, and held is what answers wait for.
	seen atomic.Int64
	held chan struct{}

	target    *httptest.Server
	interrupt chan struct{}
	kill      context.CancelFunc
	spoil     atomic.Bool
	reading   sync.Mutex
}

// Write implements io.Writer for standard error.
func (s *shutdown) Write(p []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	return len(p), nil
}

func (s *shutdown) happen(event string) {
	switch event {
	case signalled1:
		close(s.interrupt)
	case signalled2:
		s.kill()
	case unkept:
		s.spoil.Store(true)
	case gone:
		_ = s.target.Listener.Close()
		s.target.CloseClientConnections()
	case answered:
		close(s.held)
	case unreadStderr:
		s.reading.Lock()
	}
}

// run lets the events happen in their order, says how the run ended, and which calls it counted, by number.
func (s *shutdown) run(order []string, pause time.Duration) (out attack.Outcome, counted map[uint32]results.Kind, dir string, err error) {
	s.held, s.interrupt = make(chan struct{}), make(chan struct{})
	answers := 0
	var mu sync.Mutex
	s.target = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.seen.Add(1)
		mu.Lock()
		answers++
		wait := answers > 5
		mu.Unlock()
		if wait {
			select {
			case <-s.held:
			case <-r.Context().Done():
			}
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"sessionId":"s","executionId":"e%d","status":"running"}`, s.seen.Load())
	}))
	defer s.target.Close()
	target, _ := url.Parse(s.target.URL)
	dir = filepath.Join(s.t.TempDir(), "run")
	writer, err := results.Create(dir, results.Manifest{
		ID: "run", Scenario: "shutdown", Target: target.String(), Labels: s.plan.Labels, Planned: s.plan.Planned,
		TimeoutSeconds: s.plan.Limits.Timeout.Seconds(), InFlight: s.plan.Limits.InFlight,
	}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, kill := context.WithCancel(s.t.Context())
	defer kill()
	s.kill = kill
	w := live.NewWatch(live.NewWriter(s), nil, true)
	counted = map[uint32]results.Kind{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		out, err = attack.Run(ctx, s.interrupt, attack.Config{
			Plan: s.plan, Target: target, Writer: writer,
			Observe: func(r results.Row) {
				if _, twice := counted[r.N]; twice {
					s.t.Errorf("%v: call %d is counted twice", order, r.N)
				}
				counted[r.N] = r.Error
				w.Progress(summary.Progress{Elapsed: time.Duration(len(counted)) * time.Minute})
				w.Say("a call has ended")
				if s.spoil.CompareAndSwap(true, false) {
					_ = writer.Close(results.End{Reason: results.Unkept})
				}
			},
			Tick: func(now time.Duration, _ *metrics.Aggregator, inFlight int) {
				w.Progress(summary.Progress{Elapsed: now, InFlight: inFlight})
			},
		})
		w.Stopping()
		w.End()
	}()
	for _, event := range order {
		time.Sleep(pause)
		s.happen(event)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		stacks := make([]byte, 1<<20)
		s.t.Fatalf("%v: the run does not end\n%s", order, stacks[:runtime.Stack(stacks, true)])
	}
	s.reading.Unlock()
	return out, counted, dir, err
}

// Whatever happens to a run, and in whatever order, it ends, and each call is accounted for: those that the target saw
// were counted, each once and none left out in between, and every one that was counted is in the files, or the run says
// that it could not keep them.
func TestShutdown(t *testing.T) {
	d, err := (&command{}).description()
	if err != nil {
		t.Fatal(err)
	}
	text := "load: [{rate: 1000/s, for: 40ms}]\nmix: {content: [{items: [text]}]}\nlimits: {timeout: 20s, inFlight: 20}\n"
	scenario, err := scenarios.Parse("shutdown.yaml", []byte(text), d, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	plan, err := scenario.Plan(1)
	if err != nil {
		t.Fatal(err)
	}
	all := orders([]string{signalled1, signalled2, unkept, gone, answered, unreadStderr})
	if len(all) != 360 {
		t.Fatalf("%d orders", len(all))
	}
	for i, order := range all {
		if testing.Short() && i%10 > 0 {
			continue
		}
		s, began := &shutdown{t: t, plan: plan}, time.Now()
		out, counted, dir, err := s.run(order, time.Duration(i%4)*time.Millisecond)
		lost := err != nil
		if lost && !strings.Contains(err.Error(), "cannot be kept") {
			t.Errorf("%v: %v", order, err)
		}
		// A call that waits for its answer when the target goes away may be among those that have not been seen.
		sent := 0
		for n := range uint32(len(counted)) {
			kind, there := counted[n]
			if !there {
				t.Errorf("%v: %d calls are counted, and call %d is not", order, len(counted), n)
			}
			if kind != results.Unsent && kind != results.Dropped {
				sent++
			}
		}
		if took := time.Since(began); out.End.StoppedSeconds > took.Seconds() {
			t.Errorf("%v: stopped after %v s, and all took %s", order, out.End.StoppedSeconds, took)
		}
		due := plan.Calls
		switch {
		case strings.Contains(out.End.Detail, "before it began"):
			due = 0
		case out.End.StoppedSeconds > 0:
			due = plan.DueBefore(time.Duration(out.End.StoppedSeconds * float64(time.Second)))
		}
		if uint64(len(counted)) < due {
			t.Errorf("%v: %d calls had come due, and %d are counted", order, due, len(counted))
		}
		if s.seen.Load() > int64(sent) {
			t.Errorf("%v: the target saw %d calls, and %d are counted as sent", order, s.seen.Load(), sent)
		}
		if total := out.Aggregator.Running(); total.Sent != uint64(sent) {
			t.Errorf("%v: %d calls are counted as sent, the figures have %d", order, sent, total.Sent)
		}
		run, err := results.Open(dir)
		if err != nil {
			t.Fatal(order, err)
		}
		kept := 0
		whole, err := run.Rows(func(results.Row) error { kept++; return nil })
		if err != nil || !lost && (!whole || kept != len(counted)) || run.End.Reason == results.Cut {
			t.Errorf("%v: %d of %d rows were kept, and the run ended with %+v: %v", order, kept, len(counted), run.End, err)
		}
	}
}
