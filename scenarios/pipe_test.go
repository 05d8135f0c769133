//go:build unix

package scenarios

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Data that would come through a pipe are refused at once: whoever reads one may wait for ever.
func TestPipesAreNoData(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.csv"), 0o666); err != nil {
		t.Fatal(err)
	}
	text := "load: [{rate: 1/s, for: 1s}]\ndata: {file: {from: pipe.csv, column: id}}\n"
	_, err := Parse(filepath.Join(dir, "test.yaml"), []byte(text), description(t), noEnv)
	if err == nil || !strings.Contains(err.Error(), "pipe.csv is no regular file but a pipe") {
		t.Error(err)
	}
}
