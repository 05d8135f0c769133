package reports_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
)

// TestOpenSet compares runs by their directories, and holds what comes out against the schema.
func TestOpenSet(t *testing.T) {
	folder := t.TempDir()
	place := func(name string, n int, factor float32) string {
		m := reportstest.Manifest()
		m.ID, m.Started = name, m.Started.Add(time.Duration(n)*time.Hour)
		rows := reportstest.Rows(m, func(r *results.Row) { r.Service *= factor * (1 + 0.01*float32(n)) })
		dir := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(reportstest.RunDir(t, m, rows, nil, reportstest.Finished(55)), dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	place("base/1", 1, 1)
	place("base/2", 2, 1)
	one, two := place("with,comma", 3, 1.5), place("new", 4, 1.5)
	for list, want := range map[string]int{filepath.Join(folder, "base"): 2, one: 1, filepath.Join(folder, "base") + ", " + two: 3} {
		if set, err := reports.OpenSet(list); err != nil || len(set.Runs) != want || set.Name != list {
			t.Errorf("%s: %d runs, %v; expected %d", list, len(set.Runs), err, want)
		}
	}
	_, err := reports.OpenSet(filepath.Join(folder, "none") + "," + folder + "," + one + "/run.json")
	if err == nil || len(strings.Split(err.Error(), "\n")) < 2 || !strings.Contains(err.Error(), "none is not there") {
		t.Errorf("what cannot be read: %v", err)
	}

	base, err := reports.OpenSet(filepath.Join(folder, "base"))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := reports.OpenSet(two)
	if err != nil {
		t.Fatal(err)
	}
	report, err := compare.Compare(base, changed, compare.Options{Andon: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := compare.Document().Encode(&b, report); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := reportstest.Compiled(t, reports.ComparisonSchema).Validate(document); err != nil {
		t.Error(err)
	}
	// It can be shown in every format, and read again.
	if err := reports.KeepComparison(filepath.Join(folder, "kept"), report); err != nil {
		t.Fatal(err)
	}
	again, err := compare.Document().Read(filepath.Join(folder, "kept"))
	if err != nil || again.Headline() != report.Headline() {
		t.Errorf("read again: %q, %v; expected %q", again.Headline(), err, report.Headline())
	}
}
