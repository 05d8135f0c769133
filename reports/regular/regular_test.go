package regular

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Nothing is waited for, and nothing without an end is read: what is a pipe, a device or a folder is said to be one at
// once.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	small := filepath.Join(dir, "small")
	if err := os.WriteFile(small, []byte("1234"), 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		pipe: "pipe is no regular file but a pipe", dir: "is no regular file but a directory", "/dev/zero": "/dev/zero is no regular file but a device",
		"/dev/null": "is no regular file but a device", filepath.Join(dir, "none"): "no such file", small: "small is larger than 0 KiB",
	} {
		if _, err := Read(path, 3); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if data, err := Read(small, 4); err != nil || string(data) != "1234" {
		t.Errorf("found %q, %v", data, err)
	}
	// Whoever waits for a reader of the pipe is set free by its refusal.
	free := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err == nil {
			err = f.Close()
		}
		free <- err
	}()
	for done := false; !done; {
		_, _, _ = Open(pipe)
		select {
		case err := <-free:
			done = true
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Millisecond):
		}
	}
}
