package metrics

import (
	"bytes"
	"strings"
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
		o := parse(t, c.expr).Evaluate(timed(t, one, c.rows...), 1000)
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
	if v := timed(t, one, drop(0.5, 0.45)...).Validity(10, Generator{}); v.Status == TargetLimited {
		t.Errorf("calls that we dropped are the target's: %+v", v)
	}
}

// Every call counts, of whatever class, phase or run, and by as much as it was held up itself.
func TestOwnPartOfEachCall(t *testing.T) {
	one, gap, closed := labels(), labels(), labels()
	one.Phases = []results.Phase{{Name: "one", Seconds: 10}}
	gap.Phases = []results.Phase{{Name: "one", Seconds: 10}, {Name: "gap", Warmup: true, StartSeconds: 10, Seconds: 10}, {Name: "two", StartSeconds: 20, Seconds: 10}}
	closed.Phases = []results.Phase{{Name: "one", Seconds: 10, Closed: true}}
	with := func(more ...results.Row) []results.Row { return append(repeat(99, call(0, full, 1, 1, 1.1)), more...) }
	drop := func(class uint16, lag, own float32) results.Row {
		return results.Row{Class: class, Error: results.Dropped, Lag: lag, OwnLag: own}
	}
	silent := func(class uint16) results.Row {
		return results.Row{Class: class, Error: results.TimeoutWaiting, Service: 0.5, Stall: 0.4}
	}
	late := func(phase uint8, due float64, lag, own float32) results.Row {
		r := call(phase, full, due, due+float64(lag), due+float64(lag)+0.1)
		r.OwnLag = own
		return r
	}
	stalled := call(0, full, 9, 9, 13)
	stalled.Stall = 3.9
	const spoiled, broken = "spoiled", "broken"
	for _, c := range []struct {
		why, expr string
		labels    results.Labels
		rows      []results.Row
		want      string
	}{
		{"an invalid call that we dropped", "count(dropped) == 0", one, with(drop(invalid, 0.5, 0.45)), spoiled},
		{"an invalid call that we dropped", "rate(sent) == 100%", one, with(drop(invalid, 0.5, 0.45)), spoiled},
		{"an invalid call that we let time out", "count(errors) == 0", one, with(silent(invalid)), spoiled},
		{"a call that we let time out", "count(completed) >= 100", one, with(silent(full)), spoiled},
		{"a call that we dropped", "count(ok) >= 100", one, with(drop(full, 0.5, 0.45)), spoiled},
		{"a call that we dropped is none of the failed", "count(sent){outcome=failed} >= 1", one, with(drop(full, 0.5, 0.45)), broken},
		{"a call that we dropped is none of the sent", "rate(ok) > 100%", one, with(drop(full, 0.5, 0.45)), broken},
		{"a call that waited too long without us too", "count(dropped) == 0", one, with(drop(full, 2, 1)), broken},
		{"a call that waited too long by us", "count(dropped) == 0", one, with(drop(full, 2, 1.9)), spoiled},
		{"a pause, and later a target that is late", "rate(sent) >= 99%", one, with(late(0, 1, 4, 4), late(0, 9.9, 4, 0)), broken},
		{"a pause at the end of each phase", "rate(sent) >= 99%", gap, with(late(0, 9.9, 4, 4), late(2, 29.9, 4, 4)), spoiled},
		{"a pause at the end of a closed loop", "rate(answered) >= 9.5/s", closed, with(stalled), spoiled},
	} {
		m := results.Manifest{Labels: c.labels, TimeoutSeconds: timeout}
		a := timed(t, c.labels, c.rows...)
		var kept bytes.Buffer
		if err := Write(&kept, a, NewStretches(c.labels)); err != nil {
			t.Fatal(err)
		}
		read, _, err := Read(m, &kept)
		if err != nil {
			t.Fatal(err)
		}
		parts := Of(m)
		parts.Merge(a)
		for how, a := range map[string]*Aggregator{"live": a, "read back": read, "merged": parts} {
			o := parse(t, c.expr).Evaluate(a, 1000)
			if o.OK || o.Spoiled != (c.want == spoiled) {
				t.Errorf("%s, %s, %s: OK %v, spoiled %v; want %s: %s", c.why, c.expr, how, o.OK, o.Spoiled, c.want, o.Reason)
			}
		}
	}
	a, b, both := timed(t, one, with(late(0, 9.9, 4, 4))...), timed(t, one, with(late(0, 9.9, 4, 4))...), New(one, nil, Tolerance)
	both.Merge(a)
	both.Merge(b)
	both.Apart([]Part{{a, 1000}, {b, 1000}})
	if o := parse(t, "rate(sent) >= 99%").Evaluate(both, 1000); !o.Spoiled {
		t.Errorf("two runs, each with a pause at its end: %s", o.Reason)
	}
}

// Of the dropped calls only those that waited for the target are its own, and a target that makes calls late is named
// though the generator was held up as well.
func TestOwnPartInValidity(t *testing.T) {
	one := labels()
	one.Phases = []results.Phase{{Name: "one", Seconds: 10}}
	slow := call(0, full, 1, 2, 2.1)
	slow.OwnLag = 0.3
	mine := results.Row{Class: invalid, Error: results.Dropped, Lag: 0.5, OwnLag: 0.45}
	theirs := results.Row{Class: full, Error: results.Dropped, Lag: 0.5}
	good := repeat(999, call(0, full, 1, 1, 1.1))
	for _, c := range []struct {
		why, status, said string
		rows              []results.Row
	}{
		{"a call that we dropped", Valid, "", append(good[:999:999], mine)},
		{"one of ours and one of theirs", TargetLimited, "1 of 1001 calls were dropped", append(good[:999:999], mine, theirs)},
		{"late by both", GeneratorLimited, "a finding about the target", repeat(200, slow)},
		{"late by both, and more by us", GeneratorLimited, "", repeat(200, func() results.Row { r := slow; r.OwnLag = 0.9; return r }())},
		{"late by us", GeneratorLimited, "", repeat(200, func() results.Row { r := slow; r.OwnLag = 1; return r }())},
	} {
		v := timed(t, one, c.rows...).Validity(10, Generator{})
		said := strings.Join(v.Reasons, "\n")
		if v.Status != c.status || !strings.Contains(said, c.said) || c.said == "" && strings.Contains(said, "the target:") {
			t.Errorf("%s: %s, %q", c.why, v.Status, said)
		}
	}
}

// timeout is the time of all runs of these tests, in seconds.
const timeout = 0.15

func timed(t *testing.T, labels results.Labels, rows ...results.Row) *Aggregator {
	t.Helper()
	a := Of(results.Manifest{Labels: labels, TimeoutSeconds: timeout})
	for _, r := range rows {
		if err := a.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return a
}
