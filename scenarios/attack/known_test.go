package attack

import (
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// After a disk that hung, records wait: what was answered is known up to the last that was taken, and no window after
// it is judged.
func TestRecordsThatWait(t *testing.T) {
	expr, err := metrics.ParseThreshold("rate(answered, 1s) >= 5/s")
	if err != nil {
		t.Fatal(err)
	}
	labels := results.Labels{Phases: []results.Phase{{Name: "load", Seconds: 60}}, Classes: []results.Class{{Name: "one"}}, Rules: []string{""}}
	s := &sink{run: &run{handed: newHanded(100)}, targets: []*kept{{aggregator: metrics.New(labels, nil, metrics.Tolerance)}}}
	s.targets[0].aggregator.Watch(expr)
	s.closed, s.aborts = true, []metrics.Condition{{Threshold: expr, Abort: true}}
	const now = 10 * time.Second
	for i := range 100 {
		row := results.Row{Due: time.Duration(i) * time.Second / 10, Service: 0.01, Status: 200}
		rec := record{row: row, end: row.Due + 10*time.Millisecond}
		if i >= 50 {
			s.handed.put(rec)
			continue
		}
		if err := s.targets[0].aggregator.Add(row); err != nil {
			t.Fatal(err)
		}
		s.end = rec.end
	}
	if why, _ := s.broken(s.known(now)); why != "" {
		t.Errorf("while records wait: %s", why)
	}
	s.handed.take(nil)
	if why, _ := s.broken(s.known(now)); why == "" {
		t.Error("5 s without an answer are not found")
	}
}
