package fleet

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// Whatever a worker says is answered, and never ends the coordinator.
func FuzzQuestion(f *testing.F) {
	for _, q := range []question{
		{Protocol: protocol, Worker: "a", Andon: "v1", Plan: "digest", State: armed},
		{Protocol: protocol, Worker: "a", Andon: "v1", Plan: "digest", Shard: 1, State: firing, More: &increment{N: 1, Data: []byte("x")}},
		{Protocol: protocol, Worker: "a", Andon: "v1", Shard: -1, State: failed, Detail: "x"},
		{Protocol: protocol, Worker: "a", Andon: "v1", Plan: "digest", Run: "run", State: firing, More: &increment{N: 1, Rows: []byte("x")}},
		{},
	} {
		text, err := json.Marshal(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("["))
	manifest := results.Manifest{Labels: results.Labels{Classes: []results.Class{{Name: "text"}}, Phases: []results.Phase{{Name: "main"}}, Rules: []string{""}}}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := &run{state: newCoordination("run", "v1", "digest", 2, Times{}, time.Now()), figures: figures{sum: newSum(manifest, 2)}}
		for range 2 {
			said := r.answer(text)
			if said == nil {
				continue // a worker of another run
			}
			var a answer
			if err := json.Unmarshal(said, &a); err != nil || a.Protocol != protocol {
				t.Errorf("answered %+v, %v", a, err)
			}
		}
		r.state.tick(time.Now().Add(time.Hour), true)
	})
}
