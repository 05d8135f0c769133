package queuetest

import (
	"fmt"
	"math"
	"testing"
)

// same fails unless got, rounded as want is printed, is want.
func same(t *testing.T, what, want string, got float64) {
	t.Helper()
	decimals := 0
	for i := range want {
		if want[i] == '.' {
			decimals = len(want) - i - 1
		}
	}
	if s := fmt.Sprintf("%.*f", decimals, got); s != want && "0"+want != s {
		t.Errorf("%s is %s, not %s", what, s, want)
	}
}

func TestTextbooks(t *testing.T) {
	// Bronson, Schaum's Outline of Operations Research, problem 24.6.
	bank := MMC(3, 300, 1/182.5)
	same(t, "Lq", "0.352", bank.Waiting)
	same(t, "Wq", "0.001175", bank.Wait)
	same(t, "p0", "0.17754", Idle(3, 300, 1/182.5))
	// Hillier and Lieberman, Introduction to Operations Research: the emergency room.
	same(t, "P(W > .5), one doctor", "0.404", MMC(1, 2, 1./3).WaitOver(.5))
	// The book prints 0.022, which is exp(-2)/6 cut off.
	same(t, "P(W > .5), two doctors", "0.0225559", MMC(2, 2, 1./3).WaitOver(.5))
}

func TestWaits(t *testing.T) {
	for _, row := range []struct {
		workers                                  int
		load                                     float64
		delayed, mean, p95, p99, expP95, exppP99 string
	}{
		{1, .8, "0.8000", "2.0000", "6.620", "10.356", "13.863", "21.910"},
		{4, .8, "0.5783", "0.3861", "1.520", "2.455", "3.099", "5.110"},
		{4, .9, "0.7754", "1.0000", "3.397", "5.339", "6.893", "10.916"},
		{16, .9, "0.5653", "0.1925", "0.778", "1.264", "1.544", "2.550"},
	} {
		at := fmt.Sprintf("c=%d load %v: ", row.workers, row.load)
		fixed := MDC(row.workers, row.load*float64(row.workers), 1)
		same(t, at+"M/D/c P(W>0)", row.delayed, fixed.Delayed)
		same(t, at+"M/D/c mean", row.mean, fixed.Wait)
		same(t, at+"M/D/c p95", row.p95, fixed.WaitPercentile(.95))
		same(t, at+"M/D/c p99", row.p99, fixed.WaitPercentile(.99))
		random := MMC(row.workers, row.load*float64(row.workers), 1)
		same(t, at+"M/M/c p95", row.expP95, random.WaitPercentile(.95))
		same(t, at+"M/M/c p99", row.exppP99, random.WaitPercentile(.99))
	}
}

func TestCapacities(t *testing.T) {
	mmc := func(workers int) func(float64) Truth {
		return func(rate float64) Truth { return MMC(workers, rate, .1) }
	}
	mdc := func(workers int) func(float64) Truth {
		return func(rate float64) Truth { return MDC(workers, rate, 1) }
	}
	for i, workers := range []int{1, 4, 16} {
		at, c := fmt.Sprintf("c=%d, ", workers), float64(workers)
		same(t, at+"M/M/c p95 <= 500 ms", []string{"4.009", "32.607", "151.867"}[i], Capacity(mmc(workers), 10*c, .5, .05))
		same(t, at+"M/M/c p99 <= 1 s", []string{"5.395", "35.009", "154.827"}[i], Capacity(mmc(workers), 10*c, 1, .01))
		same(t, at+"M/D/c p95 <= 5 D", []string{"0.69377", "0.91386", "0.97748"}[i], Capacity(mdc(workers), c, 5, .05)/c)
		same(t, at+"M/D/c p95 <= 2 D", []string{"0.287", "0.724", "0.919"}[i], Capacity(mdc(workers), c, 2, .05)/c)
	}
}

// The law of the calls in an M/D/c system, from its balance equations alone: each service time all that are served
// leave, and others come.
func balanced(workers int, perService, converged float64) (delayed, waiting float64) {
	const most = 3000
	came := make([]float64, most)
	came[0] = math.Exp(-perService)
	last := 1
	for ; last < most && (came[last-1] > 1e-18 || float64(last) < perService); last++ {
		came[last] = came[last-1] * perService / float64(last)
	}
	law, next := make([]float64, most), make([]float64, most)
	law[0] = 1
	top := 1
	for change := 1.0; change > converged; {
		clear(next)
		for n, p := range law[:top] {
			stay := max(0, n-workers)
			for k, q := range came[:min(last, most-stay)] {
				next[stay+k] += p * q
			}
		}
		change = 0
		for n := range next {
			change += math.Abs(next[n] - law[n])
			if next[n] > 1e-20 {
				top = n + 1
			}
		}
		law, next = next, law
	}
	delayed = 1
	for n, p := range law {
		if n < workers {
			delayed -= p
		} else {
			waiting += p * float64(n-workers)
		}
	}
	return delayed, waiting
}

func TestMDCKeepsItsBalance(t *testing.T) {
	cases := []Queue{{Workers: 1}, {Workers: 4}, {Workers: 16}}
	for _, q := range cases {
		load := .8
		if *long {
			load = .9774
		}
		perService := load * float64(q.Workers)
		delayed, waiting := balanced(q.Workers, perService, 1e-13)
		got := MDC(q.Workers, perService, 1)
		if math.Abs(got.Delayed-delayed) > 1e-9 || math.Abs(got.Waiting/waiting-1) > 1e-8 {
			t.Errorf("c=%d, load %v: P(W>0) %v, Lq %v, and by the balance equations %v, %v", q.Workers, load,
				got.Delayed, got.Waiting, delayed, waiting)
		}
	}
}

// Where the rates of service and of leaving the line meet, the formula for latencies does not jump.
func TestLatencyOfMMCIsSmooth(t *testing.T) {
	for _, t0 := range []float64{.01, .1, 1, 3} {
		at := MMC(4, 30, .1).LatencyOver(t0)
		for _, off := range []float64{1e-12, 1e-9, 1e-6, 1e-4} {
			if got := MMC(4, 30+off, .1).LatencyOver(t0); math.Abs(got/at-1) > 1e3*off+1e-9 {
				t.Errorf("P(T>%v) is %v at 30/s and %v at %v/s", t0, at, got, 30+off)
			}
		}
	}
	for _, rate := range []float64{1, 20, 29.9, 30, 30.1, 39.9} {
		q := MMC(4, rate, .1)
		for t0, before := 0.0, 1.0; t0 < 10; t0 += .1 {
			over := q.LatencyOver(t0)
			if !(over <= before) || over < q.WaitOver(t0) || over < math.Exp(-t0/.1) {
				t.Errorf("at %v/s P(T>%v) is %v, after %v", rate, t0, over, before)
			}
			before = over
		}
	}
}
