package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
)

// account is 400 executions of a minute, at 10 a second but for the first: those of the tier Lite take between 1 and
// 1.2 s, and the others between 3 and 4. Of these, 4 failed, 2 are lost, and of 1 nothing is known.
func account() (*Aggregator, *executions.Account) {
	labels := results.Labels{
		Classes: []results.Class{{Name: "text.Lite", Tier: "Lite", Content: "text"}, {Name: "file.Full", Tier: "Full", Content: "file"}},
		Phases: []results.Phase{{Name: "warm-up", Warmup: true, Steady: true, Seconds: 10}, {Name: "steady", Steady: true, StartSeconds: 10, Seconds: 20},
			{Name: "ramp", StartSeconds: 30, Seconds: 20}},
		Rules: []string{""},
	}
	var list []results.Execution
	for i := range 500 {
		at := time.Duration(i) * 100 * time.Millisecond
		x := results.Execution{N: uint32(i), State: results.StateCompleted, Followed: true, Sent: at, Accepted: at, Class: uint16(i % 2)}
		switch {
		case i >= 300:
			x.Phase = 2
		case i >= 100:
			x.Phase = 1
		}
		x.Alive, x.Ended = at+time.Second, at+1200*time.Millisecond
		if x.Class == 1 {
			x.Alive, x.Ended = at+3*time.Second, at+4*time.Second
			switch {
			case i == 101 || i == 103:
				x.State, x.Alive, x.Ended = results.StateLost, at, 0
			case i == 105:
				x.State, x.Alive, x.Ended, x.Followed = results.StateUnseen, at, 0, false
			case i > 105 && i < 115:
				x.State = results.StateFailed
			}
		}
		list = append(list, x)
	}
	about := executions.About{Labels: labels, LoadSeconds: 50, Sample: 1, End: executions.EndSeen}
	return New(labels, nil, Tolerance), executions.Of(list, about)
}

// A condition on executions holds where it does on all that the truth can be, is broken where it holds on nothing of
// it, and is not known between.
func TestEvaluateExecutions(t *testing.T) {
	a, followed := account()
	for _, c := range []struct {
		expr   string
		say    string // ok, broken or unknown
		reason string
	}{
		{"p95(completion){tier=Lite} < 1201ms", "ok", ""},
		{"p95(completion){tier=Lite} < 1100ms", "unknown", "lies between 1 s and 1.2 s over 200 executions: that it is < 1100ms is not known"},
		{"p95(completion){tier=Lite} < 1s", "broken", "p95(completion){tier=Lite} lies between 1 s and 1.2 s over 200 executions, not < 1s"},
		{"p95(completion){tier=Lite} >= 1s", "ok", ""},
		{"p95(completion){tier=Lite} > 1.1s", "unknown", ""},
		{"p95(completion){class=text.Lite,phase=warm-up} < 2s", "broken", "p95 needs 59 executions that are followed and has 50"},
		{"p50(completion){phase=warm-up} < 4.1s", "ok", ""},
		{"p99(completion) < 5s", "ok", ""},
		{"p99.9(completion) < 5s", "broken", "needs 2995 executions that are followed and has 399"},
		{"p50(start){tier=Lite} < 1.3s", "ok", ""},
		{"p50(run){tier=Lite} < 500ms", "unknown", ""},
		{"count(failed) == 4", "unknown", "count(failed) lies between 4 and 5 over 400 executions"},
		{"count(failed) < 6", "ok", ""},
		{"count(failed) < 4", "broken", ""},
		{"count(failed){phase=ramp} == 0", "ok", ""},
		{"count(lost) == 0", "broken", "count(lost) lies between 2 and 3 over 400 executions, not == 0"},
		{"count(lost){content=text} == 0", "ok", ""},
		{"rate(lost) < 1%", "ok", ""},
		{"rate(failed){tier=Full} < 2%", "broken", "rate(failed){tier=Full} lies between 2% and 2.5% over 200 executions, not < 2%"},
		{"count(unfinished) == 0", "unknown", ""},
		{"count(unfinished){tier=Lite} == 0", "ok", ""},
		{"rate(completed) >= 8/s", "ok", ""},
		{"rate(completed) >= 20/s", "broken", ""},
		{"backlog(peak){tier=Lite} <= 6", "ok", ""},
		{"backlog(peak){tier=Lite} < 3", "broken", ""},
		{"backlog(growth) <= 0/s", "ok", ""},
		{"backlog(growth){phase=steady} < 1/s", "ok", ""},
		{"backlog(growth) < 60/m", "ok", ""},
		{"backlog(growth) > 1/s", "broken", ""},
		{"backlog(growth){phase=ramp} <= 0/s", "broken", "it takes a measured phase with the same load all along"},
	} {
		threshold := parse(t, c.expr)
		if err := threshold.Check(a.labels); err != nil {
			t.Fatal(err)
		}
		a.Follow(nil)
		if o := threshold.Evaluate(a, 50); o.OK || !strings.Contains(o.Reason, "executions were not followed") {
			t.Errorf("%s: %+v", c.expr, o)
		}
		a.Follow(followed)
		o := threshold.Evaluate(a, 50)
		if o.OK != (c.say == "ok") || o.Spoiled != (c.say == "unknown") || !strings.Contains(o.Reason, c.reason) || o.OK != (o.Reason == "") {
			t.Errorf("%s: %+v, expected %s because of %q", c.expr, o, c.say, c.reason)
		}
		if threshold.Broken(a, 50, nil) {
			t.Errorf("%s ends the run", c.expr)
		}
		a.Watch(threshold)
	}
	if len(a.watches) > 0 {
		t.Errorf("%d conditions on executions are watched", len(a.watches))
	}
}

// A growth whose smallest and largest backlog disagree is not known; one that both have is broken.
func TestEvaluateGrowth(t *testing.T) {
	a, followed := account()
	a.Follow(followed)
	labels := a.labels
	var list []results.Execution
	for i := range 600 {
		at := 10*time.Second + time.Duration(i)*time.Second/30
		x := results.Execution{State: results.StateWaiting, Followed: true, Phase: 1, Sent: at, Accepted: at, Alive: time.Minute}
		list = append(list, x)
	}
	about := executions.About{Labels: labels, LoadSeconds: 50}
	threshold := parse(t, "backlog(growth) <= 0/s")
	a.Follow(executions.Of(list, about))
	if o := threshold.Evaluate(a, 50); o.OK || o.Spoiled || *o.Value < 29.9 || *o.Value > 30.1 || !strings.Contains(o.Reason, "lies between ") && !strings.Contains(o.Reason, "is 30") {
		t.Errorf("%+v", o)
	}
	for i := range list {
		list[i].Alive = list[i].Sent
	}
	if o := threshold.Evaluate(a, 50); o.OK || !o.Spoiled || !strings.Contains(o.Reason, "is not known") {
		t.Errorf("%+v", o)
	}
}
