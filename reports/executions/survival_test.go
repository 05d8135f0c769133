package executions

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

// The remission times of the 21 patients who were given 6-MP (E. J. Freireich and others, Blood 21, 1963; E. A. Gehan,
// Biometrika 52, 1965), for which textbooks print these shares and a median of 23 weeks.
func TestSurvivalOfPatients(t *testing.T) {
	var lives []life
	for _, weeks := range []int{6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35} {
		l := life{low: time.Duration(max(weeks, -weeks)) * time.Second, ended: weeks > 0}
		l.high = l.low
		lives = append(lives, l)
	}
	s := newSurvival(lives)
	for weeks, want := range map[int]float64{5: 1, 6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 21: 0.627, 22: 0.538, 23: 0.448, 30: 0.448} {
		at := time.Duration(weeks) * time.Second
		for name, c := range map[string]curve{"most": s.most(at), "least": s.least(at)} {
			if got := c.share(); math.Abs(got-want) > 0.0005 {
				t.Errorf("%s, after %d weeks: %.4f, expected %.3f", name, weeks, got, want)
			}
		}
	}
	if b := s.percentile(50); b == nil || *b != (Bounds{23, 23}) {
		t.Errorf("the median is %v", b)
	}
	for _, p := range []float64{60, 90, 99} {
		if b := s.percentile(p); b != nil {
			t.Errorf("p%g is not determined, and is %v", p, *b)
		}
	}
}

// product is the share that lasts longer than t, by the definition.
func product(lives []life, t time.Duration) float64 {
	left := 1.0
	var moments []time.Duration
	for _, l := range lives {
		if l.ended {
			moments = append(moments, l.low)
		}
	}
	slices.Sort(moments)
	for _, at := range slices.Compact(moments) {
		if at > t {
			break
		}
		var ended, risk float64
		for _, l := range lives {
			if l.low >= at {
				risk++
			}
			if l.ended && l.low == at {
				ended++
			}
		}
		left *= 1 - ended/risk
	}
	return left
}

// naive is the percentile by the definition; negative where it is not determined.
func naive(lives []life, p float64) time.Duration {
	var moments []time.Duration
	for _, l := range lives {
		if l.ended {
			moments = append(moments, l.low)
		}
	}
	slices.Sort(moments)
	for _, at := range moments {
		if product(lives, at) <= (100-p)/100+1e-9 {
			return at
		}
	}
	return -1
}

var anyLives = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) life {
	l := life{low: time.Duration(rapid.IntRange(0, 30).Draw(t, "low")), ended: rapid.IntRange(0, 3).Draw(t, "ended") > 0}
	l.high = l.low
	if l.ended {
		l.high += time.Duration(rapid.IntRange(0, 12).Draw(t, "more"))
	}
	return l
}), 1, 60)

// Wherever between its bounds each end was, the share that is left and the percentiles lie within the bounds of theirs.
func TestBoundsHoldTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lives := anyLives.Draw(t, "lives")
		exact := slices.Clone(lives)
		for i := range exact {
			l := &exact[i]
			l.low += time.Duration(rapid.IntRange(0, int(l.high-l.low)).Draw(t, "at"))
			l.high = l.low
		}
		s := newSurvival(lives)
		for at := time.Duration(0); at < 45; at++ {
			low, is, high := s.least(at).share(), product(exact, at), s.most(at).share()
			if low > is+1e-9 || is > high+1e-9 {
				t.Fatalf("at %d: %g lies outside of %g and %g", at, is, low, high)
			}
		}
		for _, p := range []float64{10, 50, 66.6, 90, 95} {
			is := naive(exact, p)
			b := s.percentile(p)
			if b == nil {
				continue
			}
			if low, high := seconds(b.Low), seconds(b.High); low > is || is > high {
				t.Fatalf("p%g is %d, outside of %d and %d", p, is, low, high)
			}
		}
	})
}

// Where ends are known exactly, both bounds are the percentile by the definition.
func TestPercentileIsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lives := anyLives.Draw(t, "lives")
		for i := range lives {
			lives[i].high = lives[i].low
		}
		s := newSurvival(lives)
		for _, p := range []float64{50, 75, 90, 95} {
			if b := s.percentile(p); b != nil && (b.Low != b.High || seconds(b.Low) != naive(lives, p)) {
				t.Fatalf("p%g is %v, expected %d", p, *b, naive(lives, p))
			}
		}
	})
}

// first finds it, wherever it is looked for from.
func TestFirst(t *testing.T) {
	for n := range 40 {
		for want := range n + 1 {
			for guess := range n + 1 {
				if got := first(guess, n, func(i int) bool { return i >= want }); got != want {
					t.Fatalf("first(%d, %d) is %d, expected %d", guess, n, got, want)
				}
			}
		}
	}
}

// The percentile of the provider itself lies between the bounds, but for what chance does to so many executions: within
// the percentiles beside it that 2.2 standard errors have, 95 times of 100 and more. Nobody waits here for the other,
// since chance does more where they do.
func TestCompletionOfAQueue(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 7))
	q := queue{rate: 3, workers: 40, mean: 2, poisson: true, exponential: true, seconds: 3e5}
	var times []float64
	for _, x := range q.run(r) {
		times = append(times, (x.ended - x.accepted).Seconds())
	}
	slices.Sort(times)
	quantile := func(p float64) float64 { return times[int(p/100*float64(len(times)))] }
	q.seconds = 200
	const runs = 200
	held := map[float64]int{}
	var width float64
	for range runs {
		list := seen(q.run(r), r, func(waited time.Duration) time.Duration { return 75 * time.Millisecond })
		for i := range list { // one in ten goes out of sight, if it does not end before
			if cut := list[i].Accepted + seconds(2*r.ExpFloat64()); i%10 == 0 && cut < list[i].Alive {
				list[i].Alive, list[i].Ended, list[i].State = cut, 0, results.StateRunning
			}
		}
		g := Of(list, About{Labels: q.labels(), LoadSeconds: q.seconds}).Group(func(_, _ int) bool { return true })
		for _, p := range []float64{50, 90, 95} {
			b, n, _ := g.Percentile(Completion, p)
			chance := 220 * math.Sqrt(p/100*(1-p/100)/float64(n))
			if b.Low <= quantile(min(p+chance, 99.9)) && b.High >= quantile(p-chance) {
				held[p]++
			}
			width += (b.High - b.Low) / runs / 3
		}
	}
	for p, n := range held {
		t.Logf("p%g of %.3g s: within the bounds %d times of %d, mean width %.3g s", p, quantile(p), n, runs, width)
		if float64(n) < 0.95*runs {
			t.Errorf("p%g of %.3g s lay within the bounds %d times of %d", p, quantile(p), n, runs)
		}
	}
}
