package executions

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

// history is an execution, and a truth that what is known of it allows for.
type history struct {
	x                      results.Execution
	accepted, began, ended time.Duration // never is far away
}

const never = time.Duration(1 << 50)

var anyHistory = rapid.Custom(func(t *rapid.T) history {
	after := func(d time.Duration, what string) time.Duration {
		return d + time.Duration(rapid.IntRange(0, 4).Draw(t, what))*250*time.Millisecond
	}
	between := func(low, high time.Duration, what string) time.Duration {
		return low + time.Duration(rapid.Int64Range(0, int64(high-low)).Draw(t, what))
	}
	var h history
	x := &h.x
	x.Class, x.Followed, x.State = uint16(rapid.IntRange(0, 1).Draw(t, "class")), true, results.StateUnseen
	x.Sent = time.Duration(rapid.IntRange(0, 8).Draw(t, "sent")) * 250 * time.Millisecond
	x.Accepted = after(x.Sent, "accepted")
	x.Alive = x.Sent
	h.accepted, h.began, h.ended = between(x.Sent, x.Accepted, "truly accepted"), never, never
	if x.Waiting = x.Sent; rapid.Bool().Draw(t, "began") {
		x.Waiting = after(x.Accepted, "waiting")
		x.Running = after(x.Waiting, "running") + 1
		x.State, x.Alive = results.StateRunning, max(x.Alive, x.Running)
		h.began = between(max(x.Waiting, h.accepted)+1, max(x.Running, h.accepted+1), "truly began")
	}
	switch rapid.IntRange(0, 3).Draw(t, "end") {
	case 0:
		x.Alive = after(x.Alive, "alive")
		if h.began == never {
			return h
		}
		fallthrough
	case 1, 2:
		if h.began == never {
			return h
		}
		x.State = results.StateCompleted + results.State(rapid.IntRange(0, 1).Draw(t, "failed"))
		x.Alive = after(x.Alive, "alive")
		x.Ended = after(x.Alive, "ended") + 1
		h.ended = between(max(x.Alive, h.began)+1, max(x.Ended, h.began+1), "truly ended")
	}
	return h
})

// Whatever is true of the executions, the bounds hold it: how many there were at each moment, had begun, and ended in
// each stretch, and the most at a time.
func TestBacklogHoldsTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		histories := rapid.SliceOfN(anyHistory, 1, 20).Draw(t, "histories")
		var list []results.Execution
		for _, h := range histories {
			list = append(list, h.x)
		}
		q := queue{seconds: 2}
		a := Of(list, About{Labels: q.labels(), LoadSeconds: 2})
		at := func(t time.Duration) (there, began float64) {
			for _, h := range histories {
				if h.accepted <= t && t < h.ended {
					if there++; h.began <= t {
						began++
					}
				}
			}
			return there, began
		}
		in := func(b Bounds, v float64) bool { return b.Low <= v && v <= b.High }
		var accepted uint64
		points := a.Report().Timeline
		for i, p := range points {
			from, until := seconds(p.AtSeconds), seconds(p.AtSeconds+p.Seconds)
			if i == 0 {
				from = -1
			}
			var completed, failed float64
			for _, h := range histories {
				if from < h.ended && h.ended <= until {
					if h.x.State == results.StateFailed {
						failed++
					} else {
						completed++
					}
				}
			}
			there, began := at(until)
			if !in(p.Backlog, there) || !in(p.Running, began) || !in(p.Completed, completed) || !in(p.Failed, failed) {
				t.Fatalf("%+v, and in truth %g there, %g begun, %g completed, %g failed", p, there, began, completed, failed)
			}
			accepted += p.Accepted
		}
		if accepted != uint64(len(list)) {
			t.Fatalf("%d of %d were accepted", accepted, len(list))
		}
		b := a.Backlog(all, all)
		var most float64
		for d := time.Duration(0); d <= 2*time.Second; d += 125 * time.Millisecond {
			there, _ := at(d)
			most = max(most, there)
		}
		if end, _ := at(2 * time.Second); !in(b.AtEnd, end) || most > b.Peak.High {
			t.Fatalf("%+v, and in truth %g at the end, %g at most", b, end, most)
		}
		var last time.Duration
		open := false
		for _, h := range histories {
			last, open = max(last, h.x.Ended), open || h.x.Ended == 0
		}
		if (b.DrainedSeconds == nil) != open || !open && *b.DrainedSeconds != max(last-2*time.Second, 0).Seconds() {
			t.Fatalf("%v, open %t, last %s", b.DrainedSeconds, open, last)
		}
	})
}

// Where all is known exactly, both bounds are the truth.
func TestBacklogIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 8))
	q := queue{rate: 40, workers: 8, mean: 0.3, poisson: true, exponential: true, seconds: 30}
	truths := q.run(r)
	var list []results.Execution
	for _, t := range truths {
		list = append(list, results.Execution{State: results.StateCompleted, Followed: true, Sent: t.accepted, Accepted: t.accepted,
			Alive: t.ended - 1, Ended: t.ended, Waiting: t.began - 1, Running: t.began})
	}
	a := Of(list, About{Labels: q.labels(), LoadSeconds: 30})
	report := a.Report()
	most := 0
	for _, x := range truths { // the most are there when one comes
		there := 0
		for _, y := range truths {
			if y.accepted <= x.accepted && x.accepted < y.ended {
				there++
			}
		}
		most = max(most, there)
	}
	if want := (Bounds{float64(most), float64(most)}); report.Backlog.Peak != want {
		t.Errorf("the peak is %v, expected %v", report.Backlog.Peak, want)
	}
	for _, p := range report.Timeline {
		if p.Backlog.Low != p.Backlog.High || p.Running.Low != p.Running.High || p.Running.Low > 8 || p.Completed.Low != p.Completed.High {
			t.Errorf("%+v", p)
		}
	}
	f := report.Total
	if n := uint64(len(list)); f.Accepted != n || f.Completed != n || f.Completion.Count != n || f.Completion.Censored != 0 || report.Classes["text.Lite"].Accepted != n {
		t.Errorf("%+v", f)
	}
	for _, c := range []struct {
		got  Times
		long func(truth) time.Duration
	}{
		{f.Start, func(t truth) time.Duration { return t.began - t.accepted }}, {f.Run, func(t truth) time.Duration { return t.ended - t.began }},
		{f.Completion, func(t truth) time.Duration { return t.ended - t.accepted }},
	} {
		var times []float64
		for _, x := range truths {
			times = append(times, c.long(x).Seconds())
		}
		slices.Sort(times)
		want := times[(len(times)*95+99)/100-1]
		if b := c.got.P95; b.Low > want || b.High < want || b.High-b.Low > 1e-6 {
			t.Errorf("p95 is %v, expected %g", *b, want)
		}
	}
}

// Counts are by state, warm-ups are in the timeline alone, and what was not followed has no times.
func TestFiguresAreCounted(t *testing.T) {
	labels := queue{seconds: 10}.labels()
	labels.Phases = append([]results.Phase{{Name: "warm-up", Warmup: true, Seconds: 1}}, labels.Phases...)
	labels.Phases[1].StartSeconds = 1
	second := time.Second
	list := []results.Execution{
		{ID: "w", State: results.StateCompleted, Followed: true, Sent: 1, Accepted: 2, Alive: 3, Ended: second / 2},
		{ID: "a", Phase: 1, State: results.StateCompleted, Followed: true, Sent: second, Accepted: second, Alive: 2 * second, Ended: 3 * second, Faults: results.Resurrected},
		{ID: "b", Phase: 1, State: results.StateFailed, Sent: second, Accepted: second, Alive: second, Ended: 9 * second, Faults: results.Resurrected | results.Stateless},
		{ID: "c", Phase: 1, Class: 1, State: results.StateLost, Followed: true, Sent: second, Accepted: 2 * second, Alive: second},
		{ID: "d", Phase: 1, Class: 1, State: results.StateWaiting, Followed: true, Sent: second, Accepted: second, Alive: 5 * second, Waiting: 5 * second},
		{ID: "e", Phase: 1, Class: 1, State: results.StateRunning, Followed: true, Sent: second, Accepted: second, Alive: 5 * second, Running: 2 * second},
		{ID: "f", Phase: 1, Class: 1, State: results.StateUnseen, Sent: second, Accepted: second, Alive: second},
		{ID: "g", Phase: 9, Class: 9, State: results.StateUnseen},
	}
	r := Make(list, About{Labels: labels, LoadSeconds: 10, End: EndTime, Sample: 0.5})
	f := r.Total
	if f.Accepted != 6 || f.Completed != 1 || f.Failed != 1 || f.Lost != 1 || f.Waiting != 1 || f.Running != 1 || f.Unseen != 1 {
		t.Errorf("%+v", f)
	}
	if f.Completion.Count != 4 || f.Completion.Censored != 3 || f.Start.Censored != 2 || f.Run.Count != 2 || f.Run.Censored != 1 {
		t.Errorf("%+v", f)
	}
	if want := (Bounds{1. / 8, 1}); f.PerSecond != want {
		t.Errorf("%v, expected %v", f.PerSecond, want)
	}
	if r.Tiers["Full"].Lost != 1 || r.Tiers["Lite"].Failed != 1 || len(r.Classes) != 2 {
		t.Errorf("%+v", r.Tiers)
	}
	if want := []Fault{{"resurrected", 2, []string{"a", "b"}}, {"stateless", 1, []string{"b"}}}; !reflect.DeepEqual(r.Faults, want) {
		t.Errorf("%+v", r.Faults)
	}
	if r.Timeline[0].Accepted != 7 || r.Timeline[0].Completed != (Bounds{1, 1}) { // up to 1 s, and of a class that is unknown
		t.Errorf("%+v", r.Timeline[0])
	}
	if r = Make(nil, About{Labels: labels}); r.Total != (Figures{}) || r.Backlog.Growth != nil || len(r.Timeline) != 1 {
		t.Errorf("%+v", r)
	}
}

// What the provider has lost left the backlog when it last knew of it; what is stuck is there for ever.
func TestLostAreNoBacklog(t *testing.T) {
	lost := results.Execution{State: results.StateLost, Followed: true, Sent: time.Second, Accepted: time.Second, Alive: 3 * time.Second, Ended: 4 * time.Second}
	stuck := results.Execution{State: results.StateRunning, Followed: true, Sent: time.Second, Accepted: time.Second, Alive: 3 * time.Second}
	about := About{Labels: queue{seconds: 10}.labels(), LoadSeconds: 10}
	b := Make([]results.Execution{lost}, about).Backlog
	if b.Peak != (Bounds{1, 1}) || b.AtEnd != (Bounds{}) || b.DrainedSeconds == nil || *b.DrainedSeconds != 0 {
		t.Errorf("%+v", b)
	}
	if b = Make([]results.Execution{lost, stuck}, about).Backlog; b.Peak != (Bounds{2, 2}) || b.AtEnd != (Bounds{0, 1}) || b.DrainedSeconds != nil {
		t.Errorf("%+v", b)
	}
}

// A run of weeks has a page's worth of stretches; a million executions take five seconds, and these fewer.
func TestMany(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 9))
	q := queue{rate: 1000, workers: 600, mean: 0.5, poisson: true, exponential: true, seconds: 100}
	list := seen(q.run(r), r, func(waited time.Duration) time.Duration { return max(50*time.Millisecond, waited/20) })
	for i := range list {
		if i%100 == 0 {
			list[i].Alive, list[i].Ended, list[i].State = list[i].Accepted+time.Duration(r.IntN(1e9)), 0, results.StateLost
		}
	}
	began := time.Now()
	report := Make(list, About{Labels: q.labels(), LoadSeconds: 100})
	t.Logf("%d executions in %s: %+v", len(list), time.Since(began), report.Backlog)
	for _, load := range []float64{9e9, 1e300, -1e300} {
		if n := len(Make(list[:100], About{Labels: q.labels(), LoadSeconds: load}).Timeline); n > maxPoints {
			t.Errorf("%d points for a load of %g s", n, load)
		}
	}
	list[0].Alive = 40 * 24 * time.Hour
	if n := len(Make(list[:100], About{Labels: q.labels()}).Timeline); n > maxPoints || n < maxPoints/4 {
		t.Errorf("%d points", n)
	}
}
