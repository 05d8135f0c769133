package metrics

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// paced are calls at so many a second from one second to another; change says what came of each.
func paced(phase uint8, from, until, rate int, change func(due float64, r *results.Row)) (rows []results.Row) {
	for i := from * rate; i < until*rate; i++ {
		r := results.Row{Due: time.Duration(i) * time.Second / time.Duration(rate), Phase: phase, Status: 200, Service: 0.01}
		if change != nil {
			change(r.Due.Seconds(), &r)
		}
		rows = append(rows, r)
	}
	return rows
}

func onePhase(seconds float64) results.Labels {
	l := labels()
	l.Phases = []results.Phase{{Name: "load", Steady: true, Seconds: seconds}}
	return l
}

func given(t *testing.T, l results.Labels, expr string, rows ...results.Row) (Threshold, *Aggregator) {
	t.Helper()
	threshold := parse(t, expr)
	a := watching(l, threshold)
	for _, r := range rows {
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return threshold, a
}

// none is how many calls are under way: none.
func none(time.Duration, time.Duration, uint64) uint64 { return 0 }

// A target that falls silent answers 0 calls a second, in every window of that time.
func TestSilenceIsJudged(t *testing.T) {
	rows := paced(0, 0, 20, 10, func(due float64, r *results.Row) {
		if due >= 3 { // they are answered when the silence is over
			r.Service = max(0.01, float32(17-due))
		}
	})
	threshold, a := given(t, onePhase(20), "rate(answered, 5s) >= 1/s", rows...)
	if o := threshold.Evaluate(a, 20); o.OK || o.Value == nil || *o.Value != 0 || o.Windows.Short != 0 || o.Windows.Broken != 9 {
		t.Errorf("%+v with %+v", o, o.Windows)
	}
	threshold, a = given(t, onePhase(20), "rate(answered, 5s) >= 1/s", rows[:30]...)
	if got := threshold.BrokenWindow(a, 0, 10*time.Second, none); got != "between 00:04 and 00:09" && got != "between 00:03 and 00:08" {
		t.Errorf("while it is silent, it broke %q", got)
	}
	threshold, a = given(t, onePhase(20), "rate(answered, 5s) >= 1/s", failed(0, full, results.DialRefused, 0))
	if got := threshold.BrokenWindow(a, 0, 10*time.Second, none); got != "" {
		t.Errorf("before the first answer, it broke %q", got)
	}
}

// A window that our own standstill decides is spoiled; one that fails without it as well is not.
func TestRateWindowsLessOwn(t *testing.T) {
	const from, until = 4.8, 5.2
	paused := func(due float64, r *results.Row) {
		if due >= from && due < until {
			r.Lag = float32(until - due)
			r.OwnLag = r.Lag
		}
	}
	read := func(due float64, r *results.Row) {
		if due >= from && due < until {
			r.Service += float32(until - due)
			r.Stall = float32(until - due)
		}
	}
	held := func(due float64, r *results.Row) {
		if due >= from && due < until {
			r.Lag = float32(until - due)
		}
	}
	for _, c := range []struct {
		why, expr   string
		change      func(float64, *results.Row)
		ok, spoiled bool
	}{
		{"we stood still before they left", "rate(sent, 1s) >= 45/s", paused, false, true},
		{"and before they were answered", "rate(answered, 1s) >= 45/s", paused, false, true},
		{"we stood still while they were answered", "rate(answered, 1s) >= 45/s", read, false, true},
		{"which holds nobody up from sending", "rate(sent, 1s) >= 45/s", read, true, false},
		{"the target held them up", "rate(sent, 1s) >= 45/s", held, false, false},
		{"too few without it as well", "rate(sent, 1s) >= 55/s", paused, false, false},
		{"too many only as we made up for it", "rate(sent, 1s) <= 55/s", paused, false, true},
	} {
		threshold, a := given(t, onePhase(10), c.expr, paced(0, 0, 10, 50, c.change)...)
		o := threshold.Evaluate(a, 10)
		if o.OK != c.ok || o.Spoiled != c.spoiled || o.Spoiled && o.LessOwn == nil {
			t.Errorf("%s: %s: %+v", c.why, c.expr, o)
		}
		if broken := threshold.BrokenWindow(a, 0, 10*time.Second, none) != ""; broken != (!c.ok && !c.spoiled) {
			t.Errorf("%s: %s: broken %t", c.why, c.expr, broken)
		}
	}
}

// What an earlier version kept has no rates less the generator's part: they are taken as measured.
func TestRateWindowsKeptBefore(t *testing.T) {
	threshold, a := given(t, onePhase(10), "rate(sent, 1s) >= 45/s", paced(0, 0, 10, 50, nil)...)
	w := a.watch(threshold.String())
	for i := range w.series.slots {
		w.series.slots[i].less = within{}
	}
	if o := threshold.Evaluate(a, 10); !o.OK {
		t.Errorf("%+v", o)
	}
}

// A rate over the whole run is not broken by the calls that are under way.
func TestBrokenRate(t *testing.T) {
	slow := func(_ float64, r *results.Row) { r.Service = 0.3 }
	paused := paced(0, 0, 10, 50, nil)[:400]
	paused[399].Due, paused[399].Lag, paused[399].OwnLag = 9900*time.Millisecond, 4, 4
	for _, c := range []struct {
		why, expr string
		rows      []results.Row
		now       float64
		open      uint64
		broken    bool
	}{
		{"a sound run after a second", "rate(answered) >= 45/s", paced(0, 0, 10, 50, slow)[:35], 1, 15, false},
		{"and after two", "rate(answered) >= 45/s", paced(0, 0, 10, 50, slow)[:85], 2, 15, false},
		{"goodput too", "rate(goodput) >= 45/s", paced(0, 0, 10, 50, slow)[:85], 2, 15, false},
		{"what was sent", "rate(sent) >= 45/s", paced(0, 0, 10, 50, slow)[:35], 1, 15, false},
		{"too little was sent", "rate(sent) >= 45/s", paced(0, 0, 10, 50, slow)[:35], 1, 5, true},
		{"what was sent, the last after our pause", "rate(sent) >= 45/s", paused, 14, 100, false},
		{"nothing answered yet", "rate(answered) >= 45/s", nil, 3, 150, false},
		{"too slow a target", "rate(answered) >= 45/s", paced(0, 0, 10, 40, slow)[:188], 5, 12, true},
		{"one that fell silent", "rate(accepted) >= 45/s", paced(0, 0, 10, 50, slow)[:100], 8, 300, true},
	} {
		threshold, a := given(t, onePhase(10), c.expr, c.rows...)
		if got := threshold.Broken(a, c.now, func(time.Duration, time.Duration, uint64) uint64 { return c.open }); got != c.broken {
			t.Errorf("%s: %s: broken %t", c.why, c.expr, got)
		}
	}
}

// What is accepted before the run has a window that can be judged.
func TestRoomForWindows(t *testing.T) {
	warmed := labels()
	warmed.Phases = []results.Phase{{Name: "warm", Warmup: true, Seconds: 2.5}, {Name: "load", Steady: true, StartSeconds: 2.5, Seconds: 5}}
	apart := labels()
	apart.Phases = []results.Phase{{Name: "one", Seconds: 10}, {Name: "rest", Warmup: true, StartSeconds: 10, Seconds: 10}, {Name: "two", StartSeconds: 20, Seconds: 10}}
	for _, c := range []struct {
		expr   string
		labels results.Labels
		fits   bool
	}{
		{"rate(answered, 5s) >= 1/s", onePhase(5), false},
		{"rate(answered, 4s) >= 1/s", onePhase(5), true},
		{"rate(sent, 5s) >= 1/s", onePhase(5), true},
		{"rate(sent, 6s) >= 1/s", onePhase(5.5), false},
		{"rate(sent, 5s) >= 1/s", onePhase(5.5), true},
		{"p50(latency, 6s) < 1s", onePhase(5.5), true},
		{"rate(sent, 5s) >= 1/s", warmed, false},
		{"rate(sent, 4s) >= 1/s", warmed, true},
		{"rate(goodput, 4s) >= 1/s", warmed, false},
		{"rate(goodput, 3s) >= 1/s", warmed, true},
		{"rate(sent, 11s) >= 1/s", apart, false},
		{"p50(latency, 11s) < 1s", apart, false},
		{"rate(sent, 10s) >= 1/s", apart, true},
	} {
		threshold := parse(t, c.expr)
		if err := threshold.Check(c.labels); (err == nil) != c.fits {
			t.Errorf("%s: %v", c.expr, err)
		}
		for _, service := range []float32{0.01, 2.1} {
			a := watching(c.labels, threshold)
			end := 0.0
			for i, p := range c.labels.Phases {
				for n := range int(p.Seconds * 10) {
					r := results.Row{Due: time.Duration((p.StartSeconds + float64(n)/10) * 1e9), Phase: uint8(i), Status: 200, Service: service}
					if err := a.Add(r); err != nil {
						t.Fatal(err)
					}
				}
				end = p.StartSeconds + p.Seconds
			}
			if o := threshold.Evaluate(a, end); (o.Value != nil) != c.fits {
				t.Errorf("%s, answered after %v s: %+v", c.expr, service, o)
			}
		}
	}
}

// No window lies across a time that is not measured.
func TestWindowsBesideAGap(t *testing.T) {
	l := labels()
	l.Phases = []results.Phase{
		{Name: "one", Seconds: 10}, {Name: "rest", Warmup: true, StartSeconds: 10, Seconds: 10}, {Name: "two", StartSeconds: 20, Seconds: 5},
		{Name: "three", StartSeconds: 25, Seconds: 5},
	}
	rows := append(paced(0, 0, 10, 50, nil), paced(1, 10, 20, 50, nil)...)
	rows = append(append(rows, paced(2, 20, 25, 50, nil)...), paced(3, 25, 30, 50, nil)...)
	for expr, judged := range map[string]int{
		"rate(sent, 5s) >= 45/s": 12, "rate(answered, 5s) >= 45/s": 10, "p50(latency, 5s) < 1s": 12, "count(ok, 5s) >= 225": 12,
		"mean(latency, 10s) < 1s": 2,
	} {
		threshold, a := given(t, l, expr, rows...)
		if o := threshold.Evaluate(a, 30); !o.OK || o.Windows.Judged != judged || o.Windows.Short != 0 {
			t.Errorf("%s: %+v with %+v", expr, o, o.Windows)
		}
		if got := threshold.BrokenWindow(a, 0, 30*time.Second, none); got != "" {
			t.Errorf("%s broke %s", expr, got)
		}
	}
}

// Runs one after the other are no better than the worst of them.
func TestWindowsApart(t *testing.T) {
	for _, expr := range []string{"p50(latency, 3s) < 100ms", "rate(sent, 3s) >= 45/s", "count(errors, 3s) == 0"} {
		bad, one := given(t, onePhase(10), expr, paced(0, 0, 10, 50, func(due float64, r *results.Row) {
			if due >= 5 && due < 8 {
				r.Service, r.Lag, r.Error = 0.3, 1, results.Contract
			}
			if due >= 6 && due < 8 {
				r.Lag = 2
			}
		})...)
		_, good := given(t, onePhase(10), expr, paced(0, 0, 10, 50, nil)...)
		_, more := given(t, onePhase(10), expr, paced(0, 0, 10, 50, nil)...)
		whole := watching(onePhase(10), bad)
		for _, a := range []*Aggregator{good, one, more} {
			whole.Merge(a)
		}
		whole.Apart([]Part{{good, 10}, {one, 10}, {more, 10}})
		alone, o := bad.Evaluate(one, 10), bad.Evaluate(whole, 10)
		if alone.OK || o.OK || *o.Value != *alone.Value || o.Windows.FromSeconds != alone.Windows.FromSeconds ||
			o.Windows.Broken != alone.Windows.Broken || o.Windows.Judged != 3*alone.Windows.Judged {
			t.Errorf("%s: %+v with %+v, alone %+v with %+v", expr, o, o.Windows, alone, alone.Windows)
		}
		whole.Apart([]Part{{good, 10}, {more, 10}, {one, 2}})
		if o := bad.Evaluate(whole, 10); o.OK || o.Value != nil || !strings.Contains(o.Reason, "no window") {
			t.Errorf("%s, one of which was too short: %+v", expr, o)
		}
	}
}

func TestNoPlaceOfNoWindow(t *testing.T) {
	for _, c := range []struct {
		w    Windows
		want string
	}{
		{Windows{Seconds: 5, Step: 1, Short: 3}, `{"seconds":5,"step":1,"judged":0,"short":3,"broken":0}`},
		{Windows{Seconds: 5, Step: 1, Judged: 3, UntilSeconds: 5}, `{"seconds":5,"step":1,"judged":3,"short":0,"broken":0,"fromSeconds":0,"untilSeconds":5}`},
	} {
		if got, err := json.Marshal(c.w); err != nil || string(got) != c.want {
			t.Errorf("%s, %v; want %s", got, err, c.want)
		}
	}
}
