package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

func TestRepeat(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "many")
	w, err := results.Create(from, results.Manifest{ID: "run", Planned: [][]uint64{{2}}, Labels: results.Labels{
		Classes: []results.Class{{Name: "text.default"}}, Phases: []results.Phase{{Name: "constant", Seconds: 2}}, Rules: []string{""},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint32(2) {
		if err := w.Add(results.Row{N: n, Due: time.Duration(n) * time.Second, Service: 0.5, Status: 200}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(results.End{Reason: results.Finished, Seconds: 2}); err != nil {
		t.Fatal(err)
	}
	if err := repeat(from, 3, to); err != nil {
		t.Fatal(err)
	}
	run, err := results.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	complete, err := run.Rows(func(r results.Row) error {
		if int(r.N) != n || r.Due != time.Duration(n)*time.Second || r.Service != 0.5 {
			t.Errorf("row %d is %+v", n, r)
		}
		n++
		return nil
	})
	if err != nil || !complete || n != 6 || run.End.Seconds != 6 || run.Labels.Phases[0].Seconds != 6 || run.Planned[0][0] != 6 {
		t.Error(complete, err, n, run.End, run.Manifest)
	}
}
