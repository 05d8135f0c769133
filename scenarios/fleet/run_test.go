package fleet

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// waiting is a run whose only worker has just armed.
func waiting(t *testing.T) *run {
	r := &run{Config: Config{
		Trial: trial.Config{Plan: planned(t, short, 1), Target: &url.URL{Scheme: "http", Host: "127.0.0.1"}, Andon: "v1"},
		Say:   func(string) {},
	}, times: Times{}.usual()}
	r.record.Run = "run"
	r.state = newCoordination("run", "v1", "digest", 1, Times{}, time.Now())
	r.sum = newSum(r.Trial.Describe(), 1)
	r.state.ask(time.Now(), question{Protocol: protocol, Worker: "a", Andon: "v1", Plan: "digest", State: armed})
	return r
}

// Workers are answered while it is told how far the run is: whoever reads along may stand still.
func TestAnsweredMeanwhile(t *testing.T) {
	r := waiting(t)
	r.state.start = time.Now().Add(-time.Second)
	said, told := 0, 0
	free := func() {
		if !r.mu.TryLock() {
			t.Fatal("nobody is answered meanwhile")
		}
		r.mu.Unlock()
	}
	r.Say = func(string) { free(); said++ }
	r.Progress = func(summary.Progress) { free(); told++ }
	if r.step(t.Context(), true, r.watch()) || said != 2 || told != 1 {
		t.Errorf("%d sentences and %d times how far it is were told, or it is over", said, told)
	}
}

// Where two runs meet at one hub, each coordinator answers its own workers, and whoever looks for a run.
func TestTwoRuns(t *testing.T) {
	r := waiting(t)
	for name, want := range map[string]bool{"": true, "run": true, "other": false} {
		q, err := json.Marshal(question{Protocol: protocol, Run: name, Worker: "b", Andon: "v1", State: looking, Shard: -1})
		if err != nil {
			t.Fatal(err)
		}
		if a := r.answer(q); (a != nil) != want {
			t.Errorf("a worker of the run %q is told %s", name, a)
		}
	}
}
