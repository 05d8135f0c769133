package results

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Where a file of a run directory is a pipe, that is said at once, and nothing is waited for.
func TestPipeInRunDirectory(t *testing.T) {
	for _, name := range []string{manifestFile, samplesFile, vitalsFile, endFile, hitsFile, histogramsFile} {
		whole := write(t, 100, rows(10), true)
		path := filepath.Join(whole, name)
		_ = os.Remove(path)
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := Open(whole)
		if err == nil && name == hitsFile {
			_, err = r.Rows(func(Row) error { return nil })
		} else if err == nil {
			err = r.ReadHistograms(nil)
		}
		if err == nil || !strings.Contains(err.Error(), name+" is no regular file but a pipe") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
