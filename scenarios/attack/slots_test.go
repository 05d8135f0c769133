package attack

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/wire"
)

// world is what the calls of a plan meet: for how long the target takes for each, what it takes the generator to hand a
// slot on, when it stands still, and when its sink takes no rows.
type world struct {
	plan           *scenarios.Plan
	takes, handing []time.Duration
	stalls, stuck  []stall
}

// leaves gives when each call would leave if the generator never stood still: the first slot that is free takes it.
func (w world) leaves() []time.Duration {
	free := make([]time.Duration, w.plan.Limits.InFlight)
	left := make([]time.Duration, w.plan.Calls)
	for n := range left {
		due, i := w.plan.Due(uint64(n)), 0
		for k := range free {
			if free[k] < free[i] {
				i = k
			}
		}
		left[n] = max(due, free[i]) + w.handing[n]
		if free[i] = left[n] + w.takes[n]; left[n]-due > w.plan.Limits.Timeout {
			free[i] = left[n]
		}
	}
	return left
}

// awake waits for the end of a standstill, if there is one.
func (w world) awake(began time.Time) {
	for {
		now, until := time.Since(began), time.Duration(0)
		for _, s := range w.stalls {
			if now >= s.from && now < s.to {
				until = s.to
			}
		}
		if until == 0 {
			return
		}
		// A moment later, so that the detector is the first to wake, as it may be.
		time.Sleep(until - now + time.Nanosecond)
	}
}

// target is a transport that takes its time, whose answers are noticed when the generator is awake.
type target struct {
	wire.Transport
	world
	began time.Time
}

func (t target) Do(x *wire.Exchange) error {
	time.Sleep(t.takes[x.N])
	t.awake(t.began)
	x.Status = 429
	return nil
}

// play has the calls of the plan go out in that world, on a clock of its own, and gives their rows by number.
func (w world) play(t *testing.T) (rows []results.Row) {
	rows = make([]results.Row, w.plan.Calls)
	synctest.Test(t, func(t *testing.T) {
		// How often the sink looks, and how many may wait for it: where it is stuck, workers are to wait for it soon.
		often, most := time.Millisecond, queueLength
		if len(w.stuck) > 0 {
			often, most = often/10, 50
		}
		began := time.Now()
		r := &run{
			Config: Config{Plan: w.plan}, began: began, kill: t.Context(), slots: newSlots(w.plan.Limits.InFlight),
			sides: []*side{{transport: target{world: w, began: began}, sampled: newSampled(w.plan.Labels)}}, handed: newHanded(most), rules: map[string]uint8{},
		}
		r.spaces.New = func() any { return new(flight) }
		r.sides[0].heads.Store(&[]head{{}})
		var workers, others sync.WaitGroup
		over := make(chan struct{})
		others.Go(func() {
			for _, s := range w.stalls {
				time.Sleep(s.to - time.Since(began))
				r.stalls.look(s.from, s.to)
			}
		})
		others.Go(func() {
			for last := false; ; {
				for _, rec := range r.handed.take(nil) {
					rows[rec.row.N] = rec.row
					for _, s := range w.stuck {
						if now := time.Since(began); now >= s.from && now < s.to {
							time.Sleep(s.to - now)
						}
					}
				}
				if last {
					return
				}
				select {
				case <-over:
					last = true
				case <-time.After(often):
				}
			}
		})
		ticks := make(chan uint64)
		for range w.plan.Limits.InFlight {
			workers.Go(func() {
				for n := range ticks {
					time.Sleep(w.handing[n])
					w.awake(began)
					r.call(n)
				}
			})
		}
		for n := range w.plan.Calls {
			time.Sleep(w.plan.Due(n) - time.Since(began))
			w.awake(began)
			ticks <- n
		}
		close(ticks)
		workers.Wait()
		close(over)
		others.Wait()
		// Every worker waits for a sink that is stuck, for nearly all that time.
		var stuck time.Duration
		for _, s := range w.stuck {
			stuck += s.to - s.from
		}
		if share := time.Duration(r.blocked.Load()) / time.Duration(w.plan.Limits.InFlight); share > stuck+2*time.Millisecond || share < stuck*9/10 {
			t.Errorf("the sink was stuck for %s, and workers waited for it for %s on average", stuck, share)
		}
	})
	return rows
}

// How late a call left is told apart, whoever meets whom: andon's own standstills with the backlog behind them, and the
// target's slowness. The truth is the schedule of the same calls without a standstill.
func TestWhoseLag(t *testing.T) {
	second := []stall{{time.Second, 2 * time.Second}}
	var throttled []stall
	for at := time.Second; at < 2*time.Second; at += 100 * ms {
		throttled = append(throttled, stall{at, at + 92*ms})
	}
	even := func(*rand.Rand) float64 { return 1 }
	varied := (*rand.Rand).ExpFloat64
	tailed := func(r *rand.Rand) float64 {
		if r.IntN(100) == 0 {
			return 50
		}
		return 0.5
	}
	for _, c := range []struct {
		why           string
		slots, rate   int
		takes         time.Duration
		spread        func(*rand.Rand) float64
		timeout       string
		stalls, stuck []stall
		// worst is how far the own lag of any call may be off, and mean how far that of all calls, as a share of it.
		// What the target did during a standstill nobody can know: by so much a call may be off.
		worst time.Duration
		mean  float64
	}{
		{"a pause and few slots", 20, 1000, 5 * ms, even, "5s", second, nil, ms, 0.01},
		{"a pause and few slots, calls of all lengths", 20, 1000, 5 * ms, varied, "5s", second, nil, 20 * ms, 0.01},
		{"a pause and few slots, some calls long", 20, 1000, 5 * ms, tailed, "5s", second, nil, 20 * ms, 0.01},
		{"a pause, and a target that is nearly too slow", 20, 1000, 18 * ms, varied, "5s", second, nil, 50 * ms, 0.02},
		{"a quota of the processor", 20, 1000, 5 * ms, varied, "5s", throttled, nil, 20 * ms, 0.02},
		{"a sink that is stuck", 20, 1000, 5 * ms, varied, "5s", nil, second, 20 * ms, 0.02},
		{"a pause that is longer than the timeout", 20, 1000, 18 * ms, varied, "500ms", second, nil, 100 * ms, 0.05},
		{"a pause that is longer than the timeout, and a slow target", 5, 100, 60 * ms, even, "2s", []stall{{time.Second, 5 * time.Second}}, nil, 400 * ms, 0.15},
		{"a slow target", 5, 100, 100 * ms, even, "60s", nil, nil, ms, 0},
		{"a slow target, calls of all lengths", 5, 100, 100 * ms, varied, "60s", nil, nil, ms, 0},
		{"a slow target, some calls long", 5, 100, 100 * ms, tailed, "60s", nil, nil, ms, 0},
		{"a slow target, and calls are dropped", 5, 100, 100 * ms, varied, "3s", nil, nil, ms, 0},
		{"a slow target and a pause", 5, 100, 100 * ms, even, "60s", second, nil, 100 * ms, 0.1},
		{"a slow target and a pause, calls of all lengths", 5, 100, 100 * ms, varied, "60s", second, nil, 300 * ms, 0.25},
	} {
		random := rand.New(rand.NewPCG(1, 2))
		w := world{stalls: c.stalls, stuck: c.stuck, plan: plan(t, fmt.Sprintf(
			"load: [{rate: %d/s, for: %dms}]\nlimits: {inFlight: %d, timeout: %s}\nmix: {content: [{items: [text]}]}", c.rate, 2_000_000/c.rate, c.slots, c.timeout), 1)}
		for range w.plan.Calls {
			w.handing = append(w.handing, time.Duration(random.IntN(200))*time.Microsecond)
			w.takes = append(w.takes, time.Duration(c.spread(random)*float64(c.takes)))
		}
		rows, left := w.play(t), w.leaves()
		var worst, off, all float64
		for n, row := range rows {
			own := max(0, (row.Due-left[n]).Seconds()+float64(row.Lag))
			all += own
			off += math.Abs(float64(row.OwnLag) - own)
			worst = max(worst, math.Abs(float64(row.OwnLag)-own))
			if row.OwnLag > row.Lag {
				t.Fatalf("%s: of a lag of %v s, %v s are our own", c.why, row.Lag, row.OwnLag)
			}
		}
		// Handing on is in the truth, and some of it in the own lag.
		const handing = 200e-6
		if n := float64(len(rows)); worst > c.worst.Seconds() || off/n > c.mean*all/n+handing {
			t.Errorf("%s: the own lag of a call is off by %.1f ms at most, and by %.2f ms on average, of %.2f ms", c.why, 1e3*worst, 1e3*off/n, 1e3*all/n)
		}
	}
}

// A slot of the schedule is the one that is free first, whatever the order in which they come back.
func TestSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.IntRange(1, 9).Draw(t, "slots")
		s, idle := newSlots(c), make([]time.Duration, c)
		for len(idle) > 0 || rapid.Bool().Draw(t, "more") {
			if len(idle) < c && (len(idle) == 0 || rapid.Bool().Draw(t, "give")) {
				at := time.Duration(rapid.IntRange(1, 50).Draw(t, "at"))
				s.give(slot{would: at}, 0)
				idle = append(idle, at)
				continue
			}
			slices.Sort(idle)
			if got := taken(s).would; got != idle[0] {
				t.Fatalf("the slot that is free at %d is given, of %v", got, idle)
			}
			if idle = idle[1:]; rapid.IntRange(0, 20).Draw(t, "end") == 0 {
				break
			}
		}
	})
}

func taken(s *slots) slot {
	x, _ := s.take()
	return x
}
