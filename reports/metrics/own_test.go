package metrics

import (
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
)

// What andon itself held up, dropped or let time out spoils counts and rates, and is no finding about the target; what
// falls short without it as well is one.
func TestOwnPartInCounts(t *testing.T) {
	one := labels()
	one.Phases = []results.Phase{{Name: "one", Seconds: 10}}
	late := func(last, own float32) []results.Row {
		rows := repeat(99, call(0, full, 1, 1, 1.1))
		end := call(0, full, 9.9, 9.9+float64(last), 10+float64(last))
		end.OwnLag = own
		return append(rows, end)
	}
	drop := func(lag, own float32) []results.Row {
		rows := repeat(99, call(0, full, 1, 1, 1.1))
		return append(rows, results.Row{Class: full, Error: results.Dropped, Lag: lag, OwnLag: own},
			results.Row{Class: full, Error: results.Dropped, Lag: 0.4, OwnLag: 0.39})
	}
	silent := func(stall float32) []results.Row {
		return append(repeat(99, call(0, full, 1, 1, 1.1)), results.Row{Class: full, Error: results.TimeoutWaiting, Service: 0.5, Stall: stall})
	}
	const ok, spoiled, broken = "ok", "spoiled", "broken"
	for _, c := range []struct {
		why, expr string
		rows      []results.Row
		want      string
	}{
		{"a pause at the end", "rate(sent) >= 99%", late(4, 4), spoiled},
		{"a target that is late at the end", "rate(sent) >= 99%", late(4, 0), broken},
		{"a target that is late, and a short pause", "rate(sent) >= 99%", late(30, 0.3), broken},
		{"a pause at the end", "rate(sent) >= 9/s", late(4, 4), spoiled},
		{"a pause at the end", "rate(answered) >= 9/s", late(4, 4), spoiled},
		{"a target that is late", "rate(sent) >= 9/s", late(4, 0), broken},
		{"two that we dropped", "count(dropped) == 0", drop(0.5, 0.45), spoiled},
		{"two that we dropped", "rate(sent) >= 99%", drop(0.5, 0.45), spoiled},
		{"one of two that we dropped", "count(dropped) == 0", drop(0.5, 0), broken},
		{"one of two that we dropped", "count(dropped) <= 1", drop(0.5, 0), spoiled},
		{"one that timed out by us", "count(errors) == 0", silent(0.4), spoiled},
		{"one that timed out by us", "count(errors){error=timeout-waiting} == 0", silent(0.4), spoiled},
		{"one that timed out by us", "rate(ok) >= 100%", silent(0.4), spoiled},
		{"one that timed out", "count(errors) == 0", silent(0), broken},
		{"all is well", "rate(sent) >= 99%", late(0.1, 0.1), ok},
	} {
		o := parse(t, c.expr).Evaluate(aggregate(t, one, nil, c.rows...), 1000)
		got := broken
		switch {
		case o.OK:
			got = ok
		case o.Spoiled:
			got = spoiled
		}
		if got != c.want {
			t.Errorf("%s, %s: %s; want %s: %s", c.why, c.expr, got, c.want, o.Reason)
		}
	}
	if v := aggregate(t, one, nil, drop(0.5, 0.45)...).Validity(10, Generator{}); v.Status == TargetLimited {
		t.Errorf("calls that we dropped are the target's: %+v", v)
	}
}
