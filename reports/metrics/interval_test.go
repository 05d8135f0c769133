package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// A process makes calls whose true figures are known: next gives when the next call is due, how long it takes, and
// whether it fails.
type process struct {
	name string
	next func() (due, seconds float64, failed bool)
	// quantile is the true percentile, share the true share of errors, rate the true rate; NaN where it is not known.
	quantile    func(p float64) float64
	share, rate float64
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

// queueing calls arrive by chance at a target that serves four at a time, each for a time of its own: M/M/4.
func queueing(rate, load float64, random *rand.Rand) process {
	const servers = 4
	mu := rate / servers / load
	free := [servers]float64{}
	at := -100.0 // so that it is at its usual length in the beginning
	for i := range free {
		free[i] = at
	}
	next := func() (due, seconds float64) {
		at += random.ExpFloat64() / rate
		first := 0
		for i := range free {
			if free[i] < free[first] {
				first = i
			}
		}
		free[first] = max(at, free[first]) + random.ExpFloat64()/mu
		return at, free[first] - at
	}
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
			for due < 0 {
				due, seconds = next()
			}
			return due, seconds, false
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

func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// simulated is a run of a process in one phase; drift is by which part latencies have grown at its end, and failed
// which part of the calls then fails besides.
func simulated(t testing.TB, p process, seconds float64, change func(at float64, latency *float64)) *Aggregator {
	t.Helper()
	labels := results.Labels{Classes: []results.Class{{Name: "text.Full", Tier: "Full", Content: "text"}},
		Phases: []results.Phase{{Name: "constant", Shape: "20/s", Seconds: seconds, Steady: true}}, Rules: []string{""}}
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
