package reportstest

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Following is the manifest of a run of four minutes at one rate, whose executions are followed, with thresholds of
// them.
func Following() results.Manifest {
	m := Steady()
	m.ID, m.Scenario = "20261123T214800Z-followed", "followed"
	m.Following = &results.Following{Operation: "POST /executions/get", Sample: 1}
	m.Thresholds = append(m.Thresholds, results.Threshold{Expr: "p95(completion){tier=Lite} < 60s"}, results.Threshold{Expr: "rate(failed) < 5%"},
		results.Threshold{Expr: "count(lost) == 0"}, results.Threshold{Expr: "backlog(growth) <= 0/s"})
	return m
}

// Mixed alters rows of that run, so that the classes take turns.
func Mixed(r *results.Row) {
	wait := time.Duration(r.N*7919%240_000) * time.Millisecond
	if r.Due = 5*time.Second + wait; r.Phase == 0 {
		r.Due = wait / 48
	}
}

// Executions are what became of the calls that rows have as accepted, by polls. Those of the tier Full are more than
// their workers get done, so that they wait for longer and longer; of the others some are lost, stuck, have failed, or
// did what cannot be.
func Executions(m results.Manifest, rows []results.Row) (list []results.Execution) {
	ids := []string{"lost-" + Hostile, "failed", "stuck"}
	var free time.Duration // when the worker of the tier Full is
	byDue := func(a, b results.Row) int { return cmp.Compare(a.Due, b.Due) }
	for _, r := range slices.SortedFunc(slices.Values(rows), byDue) {
		if r.Outcome() != results.OutcomeAccepted || m.Labels.Classes[r.Class].Invalid {
			continue
		}
		sent := r.Due + time.Duration(float64(r.Lag)*1e9)
		x := results.Execution{N: r.N, Class: r.Class, Phase: r.Phase, State: results.StateCompleted, Followed: true, Polls: 4,
			ID: fmt.Sprintf("execution-%06d", r.N), Session: "session", Sent: sent, Accepted: r.Due + r.Latency()}
		began := x.Accepted
		ended := began + time.Duration(1+r.N%7)*300*time.Millisecond
		if m.Labels.Classes[r.Class].Tier == "Full" {
			began = max(began, free)
			free = began + 48*time.Millisecond
			ended = free
		}
		const poll = 100 * time.Millisecond
		x.Alive, x.Ended = max(ended-poll/2, sent), ended+poll/2
		x.Waiting, x.Running = max(began-poll/2, sent), min(began+poll/2, x.Ended)
		switch n := r.N % 500; {
		case n == 101:
			x.ID, x.State, x.Alive, x.Ended, x.Waiting, x.Running = ids[0]+x.ID, results.StateLost, sent, 0, 0, 0
		case n%100 == 7:
			x.ID, x.State = ids[1]+x.ID, results.StateFailed
		case n == 303:
			x.ID, x.State, x.Alive, x.Ended = ids[2]+x.ID, results.StateRunning, 400*time.Second, 0
		case n == 404:
			x.Faults = results.Resurrected | results.Resessioned
		}
		list = append(list, x)
	}
	return list
}

// About is how those were followed.
func About(m results.Manifest) executions.About {
	p50, p99 := 0.002, 0.03
	return executions.About{
		Labels: m.Labels, Operation: "POST /executions/get", Sample: 1, LoadSeconds: 245.5, Seconds: 155,
		End: executions.EndTime, Detail: "the time for following was over after 2m35s",
		Polls:    executions.Polls{Sent: 48000, Share: 0.8, Failed: 3, Errors: map[string]uint64{"http-5xx": 3}, PerSecond: 200, Late: 40, P50: &p50, P99: &p99},
		Webhooks: &executions.Webhooks{Received: 1200, Believed: 1000, Repeated: 100, Unsigned: 50, Old: 20, Unknown: 10, Malformed: 15, Excess: 5, Missing: 17},
	}
}

// Followed is a run whose executions were followed, with every kind of trouble that they can have.
func Followed(t testing.TB) summary.Summary {
	m := Following()
	agg := Aggregate(t, m, Mixed)
	agg.Follow(executions.Of(Executions(m, Rows(m, Mixed)), About(m)))
	return summary.Summarize(m, nil, nil, Finished(245.5), agg)
}

// FollowedDir is its directory.
func FollowedDir(t testing.TB) string {
	m := Following()
	rows := Rows(m, Mixed)
	dir := RunDir(t, m, rows, nil, Finished(245.5))
	list := Executions(m, rows)
	journal, err := results.CreateJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if err := journal.Accepted(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	if err := executions.Keep(dir, list, About(m)); err != nil {
		t.Fatal(filepath.Base(dir), err)
	}
	return dir
}
