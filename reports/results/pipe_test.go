//go:build unix

package results

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Where one of the files is a pipe, that is said at once.
func TestExecutionsPipe(t *testing.T) {
	for _, name := range []string{journalFile, executionsFile, executionSumsFile} {
		dir := write(t, 100, rows(10), true)
		if err := WriteExecutions(dir, executions(3, func(int) string { return "x" })); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(dir, name))
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o666); err != nil {
			t.Fatal(err)
		}
		var err error
		if name == journalFile {
			_, _, err = ReadJournal(dir)
			if _, err := ResumeJournal(dir); err == nil {
				t.Error("a pipe was gone on with")
			}
		} else {
			_, err = ReadExecutions(dir)
		}
		if err == nil || !strings.Contains(err.Error(), name+" is no regular file but a pipe") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
