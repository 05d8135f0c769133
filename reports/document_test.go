package reports

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kaizenautomation/andon/reports/results"
)

// remade reads a document that was kept as certain files, makes all of its formats anew, and holds them against those.
func remade[T any](t *testing.T, dir string, document results.Document[T], formats []DocumentFormat[T], files ...string) T {
	t.Helper()
	kept := tree(t, dir)
	if names := slices.Sorted(maps.Keys(kept)); !slices.Equal(names, files) {
		t.Fatalf("there is %q", names)
	}
	r, err := document.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "a", "b")
	paths, err := WriteDocument(to, r, formats...)
	if err != nil || len(paths) != len(formats) {
		t.Fatal(paths, err)
	}
	again := tree(t, to)
	for file, want := range kept {
		if got := again[file]; got != want && file != document.File { // what was no UTF-8 is replaced in it
			t.Errorf("%s differs: %.300q, want %.300q", file, got, want)
		}
	}
	if err := keepDocument(filepath.Join(dir, document.File), document, r, formats, "json"); err == nil {
		t.Error("below a file one can be kept")
	}
	return r
}
