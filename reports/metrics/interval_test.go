package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// A process makes calls whose true figures are known: next gives when the next call is due, how long it takes, and
// whether it fails.
type process struct {
	next func() (due, seconds float64, failed bool)
	// quantile is the true percentile, share the true share of errors, rate the true rate; NaN where it is not known.
	quantile    func(p float64) float64
	share, rate float64
	// period is after how long the load begins again; 0 where it is the same all along.
	period float64
}

// independent calls have latencies of their own, and fail by chance.
func independent(rate float64, random *rand.Rand) process {
	return alike(rate, 0, random)
}

// alike calls have latencies and failures that have less in common the further apart they are due: the correlation of
// what is behind them falls by a factor e within tau seconds.
func alike(rate, tau float64, random *rand.Rand) process {
	const failing = 1.6448536 // the 95th percentile
	phi := 0.0
	if tau > 0 {
		phi = math.Exp(-1 / (tau * rate))
	}
	slow, bad, n := random.NormFloat64(), random.NormFloat64(), 0
	return process{
		next: func() (due, seconds float64, failed bool) {
			due = float64(n) / rate
			n++
			slow = phi*slow + math.Sqrt(1-phi*phi)*random.NormFloat64()
			bad = phi*bad + math.Sqrt(1-phi*phi)*random.NormFloat64()
			return due, 0.1 * math.Exp(0.5*slow), bad > failing
		},
		quantile: func(p float64) float64 { return 0.1 * math.Exp(0.5*normalQuantile(p)) },
		share:    0.05, rate: math.NaN(),
	}
}

const servers = 4

// A queue is a target that serves four at a time, each for a time by chance.
type queue struct {
	mean   float64
	free   [servers]float64
	random *rand.Rand
}

// serve gives how long a call takes that arrives at a moment.
func (q *queue) serve(at float64) float64 {
	first := 0
	for i := range q.free {
		if q.free[i] < q.free[first] {
			first = i
		}
	}
	q.free[first] = max(at, q.free[first]) + q.random.ExpFloat64()*q.mean
	return q.free[first] - at
}

// queueing calls arrive by chance at a queue: M/M/4.
func queueing(rate, load float64, random *rand.Rand) process {
	mu := rate / servers / load
	target, at := queue{mean: 1 / mu, random: random}, 0.0
	next := func() (due, seconds float64) {
		at += random.ExpFloat64() / rate
		return at, target.serve(at)
	}
	const before = 100 // seconds, after which the queue is as long as it usually is
	// What a call waits and is served for is known: A. K. Erlang's formula C.
	offered, term, sum := rate/mu, 1.0, 0.0
	for k := range servers {
		sum += term
		term *= offered / float64(k+1)
	}
	waits := term / (1 - load) / (sum + term/(1-load))
	theta := servers*mu - rate
	beyond := func(t float64) float64 {
		return (1-waits)*math.Exp(-mu*t) + waits*(theta*math.Exp(-mu*t)-mu*math.Exp(-theta*t))/(theta-mu)
	}
	return process{
		next: func() (float64, float64, bool) {
			due, seconds := next()
			for due < before {
				due, seconds = next()
			}
			return due - before, seconds, false
		},
		quantile: func(p float64) float64 {
			low, high := 0.0, 1e3/mu
			for range 100 {
				if middle := (low + high) / 2; beyond(middle) > 1-p {
					low = middle
				} else {
					high = middle
				}
			}
			return high
		},
		share: math.NaN(), rate: rate,
	}
}

// breathing calls arrive at the target of [queueing] at a rate that swings by half around its mean.
func breathing(rate, load, period float64, random *rand.Rand) process {
	target, at := queue{mean: servers * load / rate, random: random}, 0.0
	return process{
		next: func() (due, seconds float64, failed bool) {
			for {
				at += random.ExpFloat64() / (1.5 * rate)
				if 1.5*random.Float64() < 1+0.5*math.Sin(2*math.Pi*at/period) {
					return at, target.serve(at), false
				}
			}
		},
		period: period,
	}
}

func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// simulated is a run of a process in one phase; change alters latencies by how much of it is over, from 0 to 1.
func simulated(t testing.TB, p process, seconds float64, change func(at float64, latency *float64)) *Aggregator {
	t.Helper()
	labels := results.Labels{Classes: []results.Class{{Name: "text.Full", Tier: "Full", Content: "text"}},
		Phases: []results.Phase{{Name: "constant", Shape: "20/s", Seconds: seconds, Steady: p.period == 0, PeriodSeconds: p.period}}, Rules: []string{""}}
	a := New(labels, nil, Tolerance)
	for n := uint32(0); ; n++ {
		due, latency, failed := p.next()
		if due >= seconds {
			return a
		}
		if change != nil {
			change(due/seconds, &latency)
		}
		r := results.Row{N: n, Status: 200, Due: time.Duration(due * 1e9), Service: float32(latency)}
		if failed {
			r.Status, r.Error = 500, results.Status5xx
		}
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCoverage counts how often an interval holds the true figure, which it should in 95 of 100 runs.
func TestCoverage(t *testing.T) {
	// least is the coverage in percent that every figure has; 150 runs tell it to 3.5 %.
	const rate, least = 20, 92
	repeats, spare := 150, 0.0
	if testing.Short() || raced {
		repeats, spare = 40, 7
	}
	for _, c := range []struct {
		name    string
		seconds float64
		make    func(*rand.Rand) process
		// widest is how wide the interval of p50 may be in the mean, in percent to both sides: a quarter more than where
		// it is known that calls are independent.
		widest float64
	}{
		{"independent, 1 min", 60, func(r *rand.Rand) process { return independent(rate, r) }, 0},
		{"independent, 10 min", 600, func(r *rand.Rand) process { return independent(rate, r) }, 1.4},
		{"correlated over 1 s, 10 min", 600, func(r *rand.Rand) process { return alike(rate, 1, r) }, 0},
		{"M/M/4 at 60 %, 10 min", 600, func(r *rand.Rand) process { return queueing(rate, 0.60, r) }, 0},
		{"M/M/4 at 85 %, 10 min", 600, func(r *rand.Rand) process { return queueing(rate, 0.85, r) }, 0},
	} {
		held, told, open, width := map[string]int{}, map[string]int{}, map[string]int{}, map[string]float64{}
		figures := []string{"p50", "p90", "p95", "p99", "p99.9", "sent", "answered", "goodput", "errors"}
		for i := range repeats {
			p := c.make(rand.New(rand.NewPCG(uint64(i), 14)))
			in := simulated(t, p, c.seconds, nil).Intervals(c.seconds)
			l := in.Latency
			good := p.rate
			for k, x := range []struct {
				*Interval
				truth float64
			}{{l.P50, p.quantile(0.5)}, {l.P90, p.quantile(0.9)}, {l.P95, p.quantile(0.95)}, {l.P99, p.quantile(0.99)}, {l.P999, p.quantile(0.999)},
				{in.Rate.Achieved, p.rate}, {in.Rate.Answered, p.rate}, {in.Rate.Goodput, good}, {in.Errors, p.share}} {
				name := figures[k]
				if x.Interval == nil || math.IsNaN(x.truth) {
					continue
				}
				told[name]++
				if x.High == nil {
					open[name]++
				} else {
					width[name] += (*x.High - x.Low) / x.truth
				}
				// A histogram's buckets are a thousandth wide.
				if x.Low <= x.truth*1.001 && (x.High == nil || *x.High >= x.truth*0.999) {
					held[name]++
				}
			}
		}
		line := fmt.Sprintf("%-28s", c.name)
		for _, name := range figures {
			if told[name] == 0 {
				continue
			}
			coverage := 100 * float64(held[name]) / float64(told[name])
			line += fmt.Sprintf("  %s %.1f%% (±%.1f%%, %d of %d open)", name, coverage, 50*width[name]/float64(max(told[name]-open[name], 1)), open[name], told[name])
			if coverage < least-spare {
				t.Errorf("%s: the interval of %s held the truth in %.1f %% of %d runs, expected %.0f %% or more", c.name, name, coverage, told[name], least-spare)
			}
		}
		t.Log(line)
		if got := 50 * width["p50"] / float64(told["p50"]); c.widest > 0 && got > c.widest {
			t.Errorf("%s: the interval of p50 is ± %.2f %% wide, expected %.2f %% at most", c.name, got, c.widest)
		}
	}
}

// even is a run of two phases: one of 45.5 s, and one of a minute with a call every 20 ms, of which every hundredth
// fails. Calls of the first are left out where it is said so.
func even(t *testing.T, first results.Phase, left bool) *Aggregator {
	t.Helper()
	first.Name, first.Seconds = "first", 45.5
	labels := results.Labels{Classes: []results.Class{{Name: "text.Full", Tier: "Full", Content: "text"}},
		Phases: []results.Phase{first, {Name: "second", StartSeconds: 45.5, Seconds: 60, Steady: true}}, Rules: []string{""}}
	a := New(labels, nil, Tolerance)
	random := rand.New(rand.NewPCG(1, 2))
	for n := range uint32(5275) {
		r := results.Row{N: n, Status: 200, Due: time.Duration(n) * 20 * time.Millisecond, Service: 0.01 * (1 + random.Float32())}
		if r.Due >= 45500*time.Millisecond {
			r.Phase = 1
		} else {
			r.Service *= 20
		}
		if n%100 == 0 || r.Phase == 0 && n%3 == 0 {
			r.Status, r.Error = 500, results.Status5xx
		}
		if left && r.Phase == 0 {
			continue
		}
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func TestIntervalsLeaveWarmupsOut(t *testing.T) {
	const elapsed = 105.5
	with, without := even(t, results.Phase{Warmup: true}, false).Intervals(elapsed), even(t, results.Phase{Warmup: true}, true).Intervals(elapsed)
	if !reflect.DeepEqual(with, without) {
		t.Errorf("with what a warm-up had %s, without %s", spelled(t, with), spelled(t, without))
	}
	if p50 := with.Latency.P50; p50 == nil || !(0.014 < p50.Low && p50.Low < *p50.High && *p50.High < 0.016) {
		t.Errorf("p50 is 15 ms, and its interval %s", spelled(t, with))
	}
	if r := with.Rate.Achieved; r == nil || !(49.5 < r.Low && r.Low <= 50.01 && 49.99 <= *r.High && *r.High < 50.5) {
		t.Errorf("50/s were sent, and the interval is %s", spelled(t, with))
	}
	if e := with.Errors; e == nil || !(0.005 < e.Low && e.Low < 0.01 && 0.01 < *e.High && *e.High < 0.02) {
		t.Errorf("1 %% are errors, and the interval is %s", spelled(t, with))
	}
}

func spelled(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Where the load was meant to change, the run was too short or its end is too far from what was measured, there is no
// interval.
func TestIntervalsWhereThereAreNone(t *testing.T) {
	for name, in := range map[string]Intervals{
		"a ramp beside it":        even(t, results.Phase{}, false).Intervals(105.5),
		"a sine beside it":        even(t, results.Phase{PeriodSeconds: 10}, false).Intervals(105.5),
		"29 seconds":              even(t, results.Phase{Warmup: true}, false).Intervals(75.2),
		"nothing but the warm-up": even(t, results.Phase{Warmup: true}, false).Intervals(45),
		"nothing at all":          New(labels(), nil, Tolerance).Intervals(0),
	} {
		if in != (Intervals{}) {
			t.Errorf("%s: %s", name, spelled(t, in))
		}
	}
	if in := even(t, results.Phase{Steady: true}, false).Intervals(105.5); in.Latency.P99 == nil || in.Rate.Answered == nil {
		t.Errorf("two steady phases: %s", spelled(t, in))
	}
}

// Runs one after the other tell more than one of them, and have the rate of one.
func TestIntervalsApart(t *testing.T) {
	var parts []Part
	make := func(seed uint64) *Aggregator {
		return simulated(t, queueing(20, 0.6, rand.New(rand.NewPCG(seed, 3))), 120, nil)
	}
	whole := New(make(0).labels, nil, Tolerance)
	for seed := range uint64(4) {
		parts = append(parts, Part{make(seed), 120})
		whole.Merge(parts[seed].Aggregator)
	}
	width := func(i *Interval) float64 { return *i.High - i.Low }
	one := parts[0].Intervals(120)
	sideBySide := whole.Intervals(120)
	whole.Apart(parts)
	apart := whole.Intervals(120)
	if r := apart.Rate.Answered; r.Low > 20 || *r.High < 20 || width(r) > 0.75*width(one.Rate.Answered) {
		t.Errorf("the rate of one of four runs is %s apart, and %s of one", spelled(t, r), spelled(t, one.Rate.Answered))
	}
	if r := sideBySide.Rate.Answered; r.Low > 80 || *r.High < 80 {
		t.Errorf("the rate of four runs at once is %s", spelled(t, r))
	}
	if width(apart.Latency.P50) > 0.75*width(one.Latency.P50) {
		t.Errorf("p50 is %s apart, and %s of one", spelled(t, apart.Latency.P50), spelled(t, one.Latency.P50))
	}
	if drift := whole.Drift(120); drift != nil {
		t.Errorf("runs one after the other drift: %+v", drift)
	}
}

// Of independent samples, the ends of an interval are where the binomial distribution has them; of others the upper one
// is farther out than in as many independent ones, since a run that has few of the slow calls takes itself for sure.
func TestOrderInterval(t *testing.T) {
	distinct := func(n int) histogram.Distribution {
		s := histogram.NewScratch()
		for i := range n {
			s.Record(int64(640 * (i + 1))) // a bucket for each
		}
		return s.Distribution()
	}
	beyond := func(n int, seconds float64) int { return n - int(seconds*1e9/640) }
	for _, n := range []int{100, 300, 1000} {
		for _, p := range []float64{0.5, 0.9, 0.95, 0.99} {
			in := orderInterval(distinct(n), p, 1)
			if in.High == nil {
				if float64(n)*(1-p) > 5 {
					t.Errorf("p%g of %d has no upper end", 100*p, n)
				}
				continue
			}
			// The true percentile lies between if so many samples are beyond it.
			held, term := 0.0, math.Pow(p, float64(n))
			for k := range n + 1 {
				if k > beyond(n, *in.High) && k <= beyond(n, in.Low) {
					held += term
				}
				term *= float64(n-k) / float64(k+1) * (1 - p) / p
			}
			if held < 0.93 || held > 0.98 {
				t.Errorf("p%g of %d independent samples lies within the interval with a probability of %.3f", 100*p, n, held)
			}
		}
	}
	independent, others := orderInterval(distinct(100), 0.9, 1), orderInterval(distinct(1000), 0.9, 10)
	if alone, many := beyond(100, *independent.High), beyond(1000, *others.High)/10; many >= alone {
		t.Errorf("%d of 100 are beyond the upper end, and %d of as many clusters of 10", alone, many)
	}
}
