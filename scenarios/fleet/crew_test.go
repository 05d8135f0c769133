package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// crew gathers workers that are started by start once they know what to join with.
func (s *stage) crew(workers int, start func()) *Crew {
	s.t.Helper()
	c, err := Gather(s.t.Context(), nil, Config{
		Trial: trial.Config{Andon: "v1", Root: s.dir}, Workers: workers, Listen: "127.0.0.1:0", Identity: s.id, Times: s.times,
		Joined: func(_ string, join hub.Join) error {
			s.addr = join.Address
			start()
			return nil
		},
		Say: func(said string) { s.say("crew: %s", said) },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// trial is one by the workers of a crew, in a directory of its own.
func (s *stage) trial(name string) trial.Config {
	return trial.Config{Plan: s.plan, Target: s.target, Andon: "v1", Dir: filepath.Join(s.dir, name)}
}

const aside = `
name: aside
load: [{rate: 50/s, for: 1m}]
mix: {content: [{items: [text]}]}
provider: {latency: 1ms}
`

// A crew makes one trial after the other. What was observed are the rows of the shards, the report is of both together,
// and enough ends a trial as its end would.
func TestCrew(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.hub.Stop()
	s.times = quickly
	var a, b <-chan error
	c := s.crew(2, func() { a, b = s.worker(t.Context(), "a"), s.worker(t.Context(), "b") })

	first := s.trial("first")
	seen := map[uint32]results.Row{}
	var ticks []time.Duration
	first.Observe = func(r results.Row) { seen[r.N] = r }
	first.Tick = func(elapsed time.Duration, _ float64, _, inFlight int) { ticks = append(ticks, elapsed) }
	r, err := c.Run(t.Context(), nil, first)
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.Run.End.Reason != results.Finished || r.Summary.Total.Sent != s.plan.Calls || r.Aggregator.Running().Sent != s.plan.Calls || r.Run.End.Seconds < 0.9 {
		t.Errorf("%+v, %d calls, %+v", r.Summary.Run.End, r.Summary.Total.Sent, r.Run.End)
	}
	rows := s.rows(r.Dir, 2)
	if !slices.Equal(rows, sorted(seen)) || uint64(len(rows)) != s.plan.Calls {
		t.Errorf("%d rows were observed that are not the %d of the files", len(seen), len(rows))
	}
	if len(ticks) == 0 || !slices.IsSorted(ticks) {
		t.Errorf("ticks at %v", ticks)
	}
	if kept, err := summary.Read(r.Dir); err != nil || kept.Total.Sent != s.plan.Calls {
		t.Errorf("kept is %+v, %v", kept.Total, err)
	}

	// The second is ended early, of one that is far longer.
	s.plan = planned(t, aside, 2)
	enough := make(chan string, 1)
	second, n := s.trial("second"), 0
	second.Enough = enough
	second.Observe = func(results.Row) {
		if n++; n == 20 {
			enough <- "twenty calls are enough"
		}
	}
	r, err = c.Run(t.Context(), make(chan struct{}), second)
	if err != nil || r.Summary.Run.End.Reason != results.Enough || r.Run.End.StoppedSeconds <= 0 || r.Run.End.StoppedSeconds > 30 {
		t.Errorf("%v, %+v", err, r.Summary.Run.End)
	}
	if sent := r.Summary.Total.Sent; sent < 20 || sent > 1500 || uint64(n) != r.Aggregator.Running().Sent+uint64(r.Aggregator.Running().Dropped) && len(s.rows(r.Dir, 2)) != n {
		t.Errorf("%d were sent, %d observed", sent, n)
	}

	// One that is interrupted is no finding, and the crew goes on.
	interrupt := make(chan struct{})
	third := s.trial("third")
	third.Observe = func(r results.Row) {
		if r.N == 9 {
			close(interrupt)
		}
	}
	r, err = c.Run(t.Context(), interrupt, third)
	if err != nil || r.Summary.Run.End.Reason != results.Interrupted {
		t.Errorf("%v, %+v", err, r.Summary.Run.End)
	}

	// A single caller is one worker's.
	s.plan = planned(t, "load: [{callers: 1, for: 200ms}]\nmix: {content: [{items: [text]}]}\nprovider: {latency: 1ms}\n", 3)
	if r, err = c.Run(t.Context(), nil, s.trial("fourth")); err != nil || r.Summary.Run.End.Reason != results.Finished || len(s.rows(r.Dir, 1)) == 0 {
		t.Errorf("%v, %+v", err, r.Summary.Run.End)
	}
	c.Close()
	if err := errors.Join(<-a, <-b); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.dir); err == nil {
		t.Error("all is home, and the hub's directory is there")
	}
}

// rows are those of all shards, by number.
func (s *stage) rows(dir string, shards int) []results.Row {
	s.t.Helper()
	all := map[uint32]results.Row{}
	for i := range shards {
		run, err := results.Open(filepath.Join(dir, fmt.Sprintf("s%d", i)))
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := run.Rows(func(r results.Row) error { all[r.N] = r; return nil }); err != nil {
			s.t.Fatal(err)
		}
	}
	return sorted(all)
}

func sorted(rows map[uint32]results.Row) (list []results.Row) {
	for _, r := range rows {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b results.Row) int { return int(a.N) - int(b.N) })
	return list
}

// A worker that is lost in mid-trial ends it, named; what it has told of is counted, and no other trial is made.
func TestCrewIsShort(t *testing.T) {
	t.Parallel()
	s := newStage(t, aside)
	s.hub.Stop()
	s.times = quickly
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	var b <-chan error
	c := s.crew(2, func() { s.worker(ctx, "a"); b = s.worker(t.Context(), "b") })
	one, n := s.trial("one"), 0
	one.Observe = func(results.Row) {
		if n++; n == 20 {
			kill()
		}
	}
	r, err := c.Run(t.Context(), nil, one)
	var short *trial.ShortError
	if !errors.As(err, &short) || !strings.Contains(err.Error(), "worker a") || strings.Contains(err.Error(), "worker b") {
		t.Errorf("it ended with %v", err)
	}
	if r.Aggregator == nil || r.Aggregator.Running().Sent < 20 || r.Summary.Verdict.Status != summary.NoVerdict {
		t.Errorf("%+v", r.Summary.Verdict)
	}
	before := s.calls.Load()
	if _, err := c.Run(t.Context(), nil, s.trial("two")); !errors.As(err, &short) || s.calls.Load() != before {
		t.Errorf("another trial: %v, after %d calls %d", err, before, s.calls.Load())
	}
	c.Close()
	if err := <-b; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.dir); err != nil {
		t.Errorf("not all is home: %v", err)
	}
}

// Calls were sent by all until the first worker stopped, and answered until the last one had its answers.
func TestJoined(t *testing.T) {
	of := func(ends ...results.End) (runs []*results.Run) {
		for _, end := range ends {
			runs = append(runs, &results.Run{End: end, Vitals: make([]results.Vitals, 1)})
		}
		return runs
	}
	for _, x := range []struct {
		runs             []*results.Run
		seconds, stopped float64
	}{
		{of(results.End{Seconds: 9}, results.End{Seconds: 8}), 9, 0},
		{of(results.End{Seconds: 9, StoppedSeconds: 7}, results.End{Seconds: 8, StoppedSeconds: 6}, results.End{Seconds: 10}), 10, 6},
	} {
		whole := joined("dir", x.runs)
		if whole.End.Seconds != x.seconds || whole.End.StoppedSeconds != x.stopped || whole.Dir != "dir" || len(whole.Vitals) != len(x.runs) {
			t.Errorf("%+v, %d vitals", whole.End, len(whole.Vitals))
		}
	}
}
