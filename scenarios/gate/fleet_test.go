package gate

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/targets"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// of is a gate by a fleet that asks for one load, and what that comes to where trials are made so.
func of(t *testing.T, runs trial.Maker) made {
	t.Helper()
	d := described(t)
	p, err := Prepare(Config{
		Asked: Asked{Fleet: 2, Load: &Load{Scenario: "s"}}, Description: d, Target: &targets.Target{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:9"}},
		Scenario: func(string) (*scenarios.Scenario, error) {
			return scenarios.Parse("s.yaml", []byte("load: [{rate: 20/s, for: 5s}]\nmix: {tier: {Full: 1}}\n"), d, os.LookupEnv)
		},
		Credentials: func(*targets.Target, credentials.Asked) (*credentials.Set, error) {
			return nil, errors.New("a secret is looked up where nothing is sent")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Make = runs
	if p.parts[0].about != "s, by 2 workers" {
		t.Errorf("the part is about %q", p.parts[0].about)
	}
	return p.parts[0].run(t.Context(), make(chan struct{}), t.TempDir())
}

// What workers did not send says nothing of the target, and what nobody knows counts as sent.
func TestFleetLost(t *testing.T) {
	told := func(c trial.Config) trial.Result {
		m := c.Describe()
		c.Observe(results.Row{})
		end := results.End{Reason: results.Interrupted, Seconds: 1}
		return trial.Result{Aggregator: metrics.Of(m), Summary: summary.Summarize(m, nil, nil, end, metrics.Of(m)), Run: &results.Run{Manifest: m, End: end}}
	}
	for name, c := range map[string]struct {
		runs  trial.Maker
		found string
		spent uint64
		want  made
	}{
		"one was lost": {func(_ context.Context, _ <-chan struct{}, c trial.Config) (trial.Result, error) {
			return told(c), &trial.ShortError{Err: errors.New("shard 1 is missing")}
		}, "shard 1 is missing", 100, made{mend: lost, kept: true}},
		"one was lost, and nothing is home": {func(_ context.Context, _ <-chan struct{}, c trial.Config) (trial.Result, error) {
			r := told(c)
			r.Run = nil
			return r, &trial.ShortError{Err: errors.New("shards 0 and 1 are missing")}
		}, "shards 0 and 1 are missing", 100, made{mend: lost}},
		"one was lost before": {func(context.Context, <-chan struct{}, trial.Config) (trial.Result, error) {
			return trial.Result{}, &trial.ShortError{Err: errors.New("worker w is lost")}
		}, "worker w is lost", 0, made{mend: "see to that, and run the gate again"}},
		"one finds no way": {func(_ context.Context, _ <-chan struct{}, c trial.Config) (trial.Result, error) {
			return trial.Result{}, &trial.UnreachableError{Target: c.Target, Err: errors.New("worker w: refused")}
		}, "worker w: refused", 0, made{mend: "start the target, or name the one that is meant", gone: true}},
	} {
		m := of(t, c.runs)
		if m.outcome != summary.NoVerdict || !strings.Contains(m.found, c.found) || m.mend != c.want.mend || m.kept != c.want.kept || m.gone != c.want.gone || m.stopped || m.chance {
			t.Errorf("%s: it came to %+v", name, m)
		}
		if m.spent.calls != c.spent || m.spent.runs["Full"] != c.spent {
			t.Errorf("%s: %+v were spent", name, m.spent)
		}
	}
}

// Where a worker is lost while two targets are met in turn, both are charged with all that they could have been sent.
func TestFleetLostInTurn(t *testing.T) {
	short := &trial.ShortError{Err: errors.New("shard 1 is missing")}
	most, against := spend{calls: 7, seconds: 90}, spend{calls: 9, seconds: 90}
	m := lostInTurn(made{outcome: summary.Fail, kept: true, spent: spend{calls: 1, seconds: 3}, against: spend{calls: 2, seconds: 3}}, short, most, against)
	if m.outcome != summary.NoVerdict || !m.kept || m.found != "shard 1 is missing" || m.mend != lost || m.spent.calls != 7 || m.against.calls != 9 || m.spent.seconds != 3 || m.against.seconds != 3 {
		t.Errorf("%+v", m)
	}
}
