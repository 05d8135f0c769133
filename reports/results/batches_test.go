package results

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The rows reach every taker in order; the first error ends it.
func TestBatches(t *testing.T) {
	rows := rows(3*batch/2 + 7)
	dir := write(t, batch, rows, true)
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got [3][]Row
	take := func(i int) func([]Row) error {
		return func(r []Row) error { got[i] = append(got[i], r...); return nil }
	}
	if err := run.Batches(take(0), take(1), Each(func(r Row) error { got[2] = append(got[2], r); return nil })); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if !slices.Equal(got[i], rows) {
			t.Errorf("taker %d has %d rows of %d", i, len(got[i]), len(rows))
		}
	}
	failure := errors.New("the disk is full")
	for _, after := range []int{0, batch - 1, batch, len(rows) - 1} {
		n := 0
		err = run.Batches(take(0), Each(func(Row) error {
			if n++; n > after {
				return failure
			}
			return nil
		}))
		if !errors.Is(err, failure) || n != after+1 {
			t.Errorf("after %d rows: %v, %d rows were taken", after, err, n)
		}
	}
	// A damaged file is no whole one, unless the run was cut off.
	path := filepath.Join(dir, "hits.arrow")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)*2/3], 0o666); err != nil {
		t.Fatal(err)
	}
	none := func([]Row) error { return nil }
	if err := run.Batches(none); err != nil || run.End.Reason != Damaged || !strings.Contains(run.End.Detail, "hits.arrow ends at byte") {
		t.Errorf("a damaged run is read: %v, %+v", err, run.End)
	}
	// One of a version that kept no checksums is not read in parts.
	unproved(t, dir)
	if run, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if err := run.Batches(none); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged run without checksums is read: %v", err)
	}
	run.End.Reason = Cut
	if err := run.Batches(none); err != nil {
		t.Errorf("a run that was cut off is not read: %v", err)
	}
}
