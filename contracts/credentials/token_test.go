//go:build unix

package credentials

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A token may come through a pipe, which is not waited at for ever.
func TestTokenFromAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(pipe, []byte("secret_1\n"), 0) }()
	if token := opened(t, Asked{TokenFile: pipe}).Token(); token != "secret_1" {
		t.Errorf("found %q", token)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	if _, err := readPipe(pipe, 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "nobody has written") {
		t.Errorf("a pipe that nobody writes to: %v", err)
	}
	// Whoever still waits for a writer is set free.
	f, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}
