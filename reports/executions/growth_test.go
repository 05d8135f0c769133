package executions

import (
	"math/rand/v2"
	"testing"
	"time"
)

func all(int) bool { return true }

// A queue that keeps up is hardly ever said to grow, and the growth of one that does not lies within the interval.
func TestGrowthOfQueuesThatAreKnown(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 4))
	const runs = 60
	for _, c := range []struct {
		name   string
		queue  queue
		growth float64
	}{
		{"steady 3/s of 4/s for 60 s", queue{rate: 3, workers: 8, mean: 2, seconds: 60}, 0},
		{"steady 3/s of 4/s, by chance, for 60 s", queue{rate: 3, workers: 8, mean: 2, poisson: true, exponential: true, seconds: 60}, 0},
		{"steady 3/s of 4/s, by chance, for 300 s", queue{rate: 3, workers: 8, mean: 2, poisson: true, exponential: true, seconds: 300}, 0},
		{"steady 30/s of 40/s, by chance, for 60 s", queue{rate: 30, workers: 8, mean: 0.2, poisson: true, exponential: true, seconds: 60}, 0},
		{"steady 3.6/s of 4/s, by chance, for 300 s", queue{rate: 3.6, workers: 8, mean: 2, poisson: true, exponential: true, seconds: 300}, 0},
		{"steady 3.8/s of 4/s, by chance, for 300 s", queue{rate: 3.8, workers: 8, mean: 2, poisson: true, exponential: true, seconds: 300}, 0},
		{"6/s of 4/s for 60 s", queue{rate: 6, workers: 8, mean: 2, seconds: 60}, 2},
		{"6/s of 4/s, by chance, for 60 s", queue{rate: 6, workers: 8, mean: 2, poisson: true, exponential: true, seconds: 60}, 2},
		{"6/s of 4/s, calls by chance, for 120 s", queue{rate: 6, workers: 8, mean: 2, poisson: true, seconds: 120}, 2},
		{"60/s of 40/s, by chance, for 60 s", queue{rate: 60, workers: 8, mean: 0.2, poisson: true, exponential: true, seconds: 60}, 20},
		{"4.4/s of 4/s, by chance, for 300 s", queue{rate: 4.4, workers: 8, mean: 2, poisson: true, exponential: true, seconds: 300}, 0.4},
	} {
		grows, covered, near, width := 0, 0, 0, 0.0
		for range runs {
			list := seen(c.queue.run(r), r, func(waited time.Duration) time.Duration { return max(100*time.Millisecond, waited/20) })
			g := Of(list, About{Labels: c.queue.labels(), LoadSeconds: c.queue.seconds}).Backlog(all, all).Growth
			if g.Low > 0 {
				grows++
			}
			if g.Low <= c.growth && c.growth <= g.High {
				covered++
			}
			if g.PerSecond >= 0.95*c.growth && g.PerSecond <= 1.05*c.growth {
				near++
			}
			width += (g.High - g.Low) / runs
		}
		// Of 60 intervals that hold in 95 of 100 cases, fewer than 53 hold once in a hundred times.
		if least := 53; covered < least || c.growth == 0 && float64(grows) > 0.05*runs || !c.queue.poisson && c.growth > 0 && near < runs {
			t.Errorf("%s: said to grow %d times of %d, covered %d, within 5 %% %d", c.name, grows, runs, covered, near)
		}
		t.Logf("%-45s said to grow %5.1f %%, covered %5.1f %%, within 5 %% %5.1f %%, mean width %.2g/s", c.name,
			100*float64(grows)/runs, 100*float64(covered)/runs, 100*float64(near)/runs, width)
	}
}

// Where nothing was seen to end, the bounds say that nothing is known; where there is no load that was the same all
// along, or hardly any, there is no growth.
func TestGrowthThatIsNotKnown(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 5))
	q := queue{rate: 6, workers: 8, mean: 2, seconds: 60}
	list := seen(q.run(r), r, func(time.Duration) time.Duration { return 100 * time.Millisecond })
	about := About{Labels: q.labels(), LoadSeconds: 60}
	for i := range list {
		list[i].Alive, list[i].Ended = list[i].Sent, 0
	}
	if g := Of(list, about).Backlog(all, all).Growth; g.Low > 0 || g.High < 6 || g.Grows > 0.5 {
		t.Errorf("%+v", *g)
	}
	for what, change := range map[string]func(a *About){
		"a ramp":      func(a *About) { a.Labels.Phases[0].Steady = false },
		"cut off":     func(a *About) { a.LoadSeconds = 4 },
		"a long time": func(a *About) { a.Labels.Phases[0].StartSeconds = 1000; a.LoadSeconds = 2000 },
	} {
		other := about
		other.Labels = q.labels()
		change(&other)
		if g := Of(list, other).Backlog(all, all).Growth; g != nil {
			t.Errorf("%s: %+v", what, *g)
		}
	}
}

// Several phases count as they are long, and so do several runs that went on one after the other; a part of the
// executions that is followed stands for all.
func TestGrowthOfSeveral(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 6))
	q := queue{rate: 6, workers: 8, mean: 2, seconds: 60}
	every := func(time.Duration) time.Duration { return 100 * time.Millisecond }
	fast := Of(seen(q.run(r), r, every), About{Labels: q.labels(), LoadSeconds: 60})
	near := func(what string, a *Account, want float64) {
		t.Helper()
		if g := a.Backlog(all, all).Growth; g.PerSecond < 0.95*want-0.02 || g.PerSecond > 1.05*want+0.02 {
			t.Errorf("%s: %+v, expected %g", what, *g, want)
		}
	}
	near("one after the other", Merge([]*Account{fast, fast}, false), 2)
	near("side by side", Merge([]*Account{fast, fast}, true), 4)
	q.rate = 3
	slow := Of(seen(q.run(r), r, every), About{Labels: q.labels(), LoadSeconds: 60})
	near("a queue that grows and one that does not", Merge([]*Account{fast, slow}, false), 1)
	some := Of(seen(queue{rate: 6, workers: 8, mean: 2, seconds: 60}.run(r), r, every), fast.about)
	for i := range some.parts[0].list {
		if x := &some.parts[0].list[i]; i%4 > 0 {
			x.Followed, x.Alive, x.Ended = false, x.Sent, 2*time.Minute
		}
	}
	near("one in four", some, 2)
}
