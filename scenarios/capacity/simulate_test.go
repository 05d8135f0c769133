package capacity_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/queuetest"
)

var long = flag.Bool("long", false, "simulate for minutes rather than for seconds (make simulate)")

// choose is the number of searches of the long form, or of the short one.
func choose(many, few int) int {
	if *long {
		return many
	}
	return few
}

func objectives(k queuetest.Known) []capacity.Objective {
	return []capacity.Objective{{Name: k.Name, Allowed: k.Objective.Allowed, Horizon: k.Objective.Limit}}
}

// make1 makes a trial of a simulated queue, and gives what came of it and how long it took.
func make1(k queuetest.Known, ask capacity.Ask, alpha float64, r *rand.Rand) (capacity.Trial, float64) {
	j := capacity.NewJudge(objectives(k), ask, alpha)
	limit := k.Objective.Limit
	stopped, drained := k.Queue.Follow(ask.Rate, r, ask.Settle+ask.Most, func(due, latency float64) {
		over := uint64(0)
		if latency > limit {
			over = 1
		}
		j.Add(capacity.Call{Due: due, Latency: latency, Counted: 1, Over: over})
	}, j.Look)
	return j.Outcome(stopped), drained
}

// searched is a search, and what it took.
type searched struct {
	capacity.Answer
	calls, trials int
	seconds       float64
}

// search searches a simulated queue. slower, if not nil, is by how much the service of each trial is slower.
func search(k queuetest.Known, c capacity.Config, r *rand.Rand, slower func() float64) (f searched) {
	c.Objectives, c.Confidence, c.Width = objectives(k), 0.95, 0.1
	s := capacity.New(c)
	service := k.Queue.Service
	for {
		ask, more := s.Next()
		if !more {
			break
		}
		if slower != nil {
			by := slower()
			k.Queue.Service = func(r *rand.Rand) float64 { return by * service(r) }
		}
		t, took := make1(k, ask, s.Alpha(), r)
		s.Take(t, took)
		f.calls += int(t.Calls)
		f.seconds += took
		f.trials++
	}
	f.Answer = s.Answer()
	return f
}

// many makes so many of something, each with numbers of its own.
func many[T any](n int, seed uint64, one func(r *rand.Rand) T) []T {
	made := make([]T, n)
	for i := range made {
		made[i] = one(rand.New(rand.NewPCG(seed, uint64(i))))
	}
	return made
}

func median[T any](list []T, of func(T) float64) float64 {
	values := make([]float64, len(list))
	for i, v := range list {
		values[i] = of(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// start is a first rate between a tenth and three times the capacity: nobody knows it.
func start(k queuetest.Known, r *rand.Rand) float64 {
	return k.Capacity * math.Exp(math.Log(0.1)+r.Float64()*math.Log(30))
}

func TestSimulateSearches(t *testing.T) {
	n := choose(500, 2)
	widest := 0.1
	if !*long {
		widest = 0.13 // the median of two is the wider one
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "queue\tcapacity\tin the interval\ttoo high, low\twidth\tcalls\ttrials\tbisection, 60 s: off (90 % within), calls\tAIPerf's way: off, calls")
	inside := 0
	for i, k := range queuetest.All() {
		list := many(n, uint64(100+i), func(r *rand.Rand) searched {
			return search(k, capacity.Config{Start: start(k, r)}, r, nil)
		})
		in, high, low := 0, 0, 0
		for _, f := range list {
			switch {
			case f.Kind != capacity.Interval:
			case f.Low > k.Capacity:
				high++
			case f.High < k.Capacity:
				low++
			default:
				in++
			}
		}
		inside += in
		width := median(list, func(f searched) float64 { return (f.High - f.Low) / f.Rate })
		peers := func(seed uint64, by func(queuetest.Queue, queuetest.Objective, float64, *rand.Rand) queuetest.Found) string {
			found := many(choose(200, 1), seed, func(r *rand.Rand) queuetest.Found { return by(k.Queue, k.Objective, start(k, r), r) })
			off := make([]float64, len(found))
			for i, f := range found {
				off[i] = math.Abs(f.Rate/k.Capacity - 1)
			}
			slices.Sort(off)
			return fmt.Sprintf("%.0f %%, %.0f", 100*off[len(off)*9/10], median(found, func(f queuetest.Found) float64 { return float64(f.Calls) }))
		}
		fmt.Fprintf(w, "%s\t%.2f/s\t%d of %d (%.1f %%)\t%d, %d\t%.1f %%\t%.0f\t%.0f\t%s\t%s\n", k.Name, k.Capacity, in, n, 100*float64(in)/float64(n), high, low, 100*width,
			median(list, func(f searched) float64 { return float64(f.calls) }), median(list, func(f searched) float64 { return float64(f.trials) }),
			peers(uint64(300+i), queuetest.Bisection), peers(uint64(400+i), queuetest.AIPerf))
		if width > widest {
			t.Errorf("%s: expected a median width of at most %.0f %%, found %.1f %%", k.Name, 100*widest, 100*width)
		}
		if *long && float64(in) < 0.93*float64(n) {
			t.Errorf("%s: expected the truth inside the interval in 93 %% of the searches, found %d of %d", k.Name, in, n)
		}
	}
	w.Flush()
	t.Logf("\n%s", table.String())
	if all := n * len(queuetest.All()); float64(inside) < 0.85*float64(all) {
		t.Errorf("expected the truth inside the interval in 95 %% of the searches, found %d of %d", inside, all)
	}
}

func TestSimulateDrift(t *testing.T) {
	n := choose(250, 3)
	for i, k := range queuetest.All() {
		if !strings.HasSuffix(k.Name, "/4") || !*long && k.Name != "M/D/4" {
			continue
		}
		found := func(slower func(*rand.Rand) func() float64) (in int, width float64) {
			list := many(n, uint64(500+i), func(r *rand.Rand) searched {
				return search(k, capacity.Config{Start: start(k, r)}, r, slower(r))
			})
			for _, f := range list {
				if f.Kind == capacity.Interval && f.Low <= k.Capacity && k.Capacity <= f.High {
					in++
				}
			}
			return in, median(list, func(f searched) float64 { return (f.High - f.Low) / f.Rate })
		}
		_, still := found(func(*rand.Rand) func() float64 { return nil })
		in, width := found(func(r *rand.Rand) func() float64 { return func() float64 { return 0.9 + 0.2*r.Float64() } })
		t.Logf("%s, each trial up to 10 %% slower or faster: inside in %d of %d (%.1f %%), median width %.1f %%, and %.1f %% where nothing drifts", k.Name, in, n, 100*float64(in)/float64(n), 100*width, 100*still)
		if width <= still || float64(in) < 0.9*float64(n) && (*long || in < n-1) {
			t.Errorf("%s: expected a wider interval that holds the truth in 90 %%", k.Name)
		}
	}
}

// decide is whether a queue takes a rate, by one trial, and how many calls that took.
func decide(k queuetest.Known, rate, alpha float64, r *rand.Rand) (capacity.Outcome, int) {
	trial, _ := make1(k, capacity.Question(objectives(k), rate, capacity.Limits{}), alpha, r)
	return trial.Outcome, int(trial.Calls)
}

func TestSimulateNeed(t *testing.T) {
	n := choose(200, 4)
	for i, k := range queuetest.All() {
		r := rand.New(rand.NewPCG(600, uint64(i)))
		all := median(many(choose(50, 1), uint64(700+i), func(r *rand.Rand) searched {
			return search(k, capacity.Config{Start: start(k, r)}, r, nil)
		}), func(f searched) float64 { return float64(f.calls) })
		for _, c := range []struct {
			at   float64
			want capacity.Outcome
		}{{0.8, capacity.Holds}, {1.2, capacity.Broken}} {
			right, calls := 0, []float64{}
			for range n {
				got, took := decide(k, c.at*k.Capacity, 0.025, r)
				if got == c.want {
					right++
				}
				calls = append(calls, float64(took))
			}
			middle := median(calls, func(v float64) float64 { return v })
			t.Logf("%s at %.0f %%: right in %d of %d, with %.0f calls, %.0f %% of a search's", k.Name, 100*c.at, right, n, middle, 100*middle/all)
			if right < n || middle > all/3 {
				t.Errorf("%s at %.0f %%: expected the right answer in all, with a third of a search's %.0f calls at most", k.Name, 100*c.at, all)
			}
		}
	}
}

// TestSimulateErrors holds decisions at the very capacity to the share of wrong ones that there may be, however long
// they are looked for.
func TestSimulateErrors(t *testing.T) {
	const alpha = 0.05
	n := choose(1000, 25)
	for i, k := range queuetest.All() {
		if strings.HasSuffix(k.Name, "/16") {
			continue // its calls resemble each other for so long that nothing is decided
		}
		count := map[capacity.Outcome]int{}
		for _, outcome := range many(n, uint64(800+i), func(r *rand.Rand) capacity.Outcome {
			outcome, _ := decide(k, k.Capacity, alpha, r)
			return outcome
		}) {
			count[outcome]++
		}
		t.Logf("%s at its capacity: %.1f %% hold, %.1f %% are broken, %.1f %% undecided", k.Name, 100*float64(count[capacity.Holds])/float64(n),
			100*float64(count[capacity.Broken])/float64(n), 100*float64(count[capacity.Undecided])/float64(n))
		// Above what chance has of α, by three standard errors.
		most := alpha + 3*math.Sqrt(alpha*(1-alpha)/float64(n))
		for _, wrong := range []capacity.Outcome{capacity.Holds, capacity.Broken} {
			if float64(count[wrong]) > most*float64(n) {
				t.Errorf("%s: expected %.0f %% wrong decisions on either side at the most, found %d of %d", k.Name, 100*alpha, count[wrong], n)
			}
		}
	}
}
