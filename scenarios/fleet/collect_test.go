package fleet

import (
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// A run's directory that was copied from another machine has its store with it.
func TestStoreOfCopy(t *testing.T) {
	dir := t.TempDir()
	var r run
	r.record.Dir = dir
	for recorded, want := range map[string]string{
		filepath.Join(dir, "gone", storeDir): filepath.Join(dir, storeDir),
		filepath.Join("gone", storeDir):      filepath.Join(dir, storeDir),
		dir:                                  dir,
	} {
		if r.record.Store = recorded; r.store() != want {
			t.Errorf("the store of %s is %s, want %s", recorded, r.store(), want)
		}
	}
}

// spooled is the directory of shard 1 of 2 of the run that is called run, ended or not.
func spooled(t *testing.T, dir string, ended bool) {
	t.Helper()
	w, err := results.Create(dir, trial.Config{
		Plan: planned(t, short, 1), Target: &url.URL{Scheme: "http", Host: "127.0.0.1"}, Andon: "v1",
		Shard: scenarios.Shard{Index: 1, Of: 2}, Group: "run", StartAt: time.Now(),
	}.Describe(), nil)
	if err == nil && ended {
		err = w.Close(results.End{Reason: results.Finished, Seconds: 1})
	} else if err == nil {
		err = w.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A report of one shard that is home alone is of its run, of which the other is missing.
func TestMergeOfOne(t *testing.T) {
	r := run{Config: Config{Workers: 2}}
	r.record.Dir = t.TempDir()
	spooled(t, r.shard(1), true)
	out := trial.Result{Dir: r.record.Dir}
	if err := r.merge(&out, []string{r.shard(1)}); err != nil {
		t.Fatal(err)
	}
	if of := out.Summary.Run.Merged; of == nil || of.Shards == nil || !slices.Equal(of.Shards.Missing, []int{0}) {
		t.Errorf("it is of %+v", of)
	}
}

// What a killed worker wrote is not lost where it is named a second time, at its place.
func TestSpoolInItsPlace(t *testing.T) {
	r := run{Config: Config{Workers: 2}}
	r.record.Dir, r.record.Run, r.record.Shards = t.TempDir(), "run", 2
	spool := filepath.Join(t.TempDir(), "spool")
	spooled(t, spool, false)
	for _, from := range []string{spool, r.shard(1), r.shard(1)} {
		if err := r.takeSpool(from); err != nil {
			t.Fatal(err)
		}
		if run, err := results.Open(r.shard(1)); err != nil || run.End.Reason != results.Cut || r.record.isHome(1) {
			t.Fatalf("of %s there is %+v, %v", from, run, err)
		}
	}
}
