//go:build unix

package regular

import (
	"errors"
	"io"
	"io/fs"
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
		if path == small || path == filepath.Join(dir, "none") {
			continue
		}
		// A folder cannot be opened for writing in the first place.
		err := Append(path, func(io.Writer) error { return nil })
		if err == nil || path != dir && !strings.Contains(err.Error(), want) || path == dir && !errors.Is(err, syscall.EISDIR) {
			t.Errorf("%s, to be added to: %v, want %q", path, err, want)
		}
	}
	for _, text := range []string{"a", "b"} {
		if err := Append(filepath.Join(dir, "added"), func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			t.Error(err)
		}
	}
	if data, err := os.ReadFile(filepath.Join(dir, "added")); string(data) != "ab" || err != nil {
		t.Errorf("added is %q, %v", data, err)
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

// A file is there whole or not at all, and a failure leaves nothing behind.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	write := func(text string, fails error) error {
		return Write(path, func(w io.Writer) error {
			if _, err := io.WriteString(w, text); err != nil {
				return err
			}
			return fails
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := write("ne", broken); !errors.Is(err, broken) {
		t.Errorf("a failed write gives %v", err)
	}
	if text, err := os.ReadFile(path); string(text) != "old" || err != nil {
		t.Errorf("after a failed write the file is %q, %v", text, err)
	}
	if err := write("new", nil); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != "new" || err != nil {
		t.Errorf("the file is %q, %v", text, err)
	}
	// What is there by a name that looks like a temporary one is the user's.
	theirs := path + ".tmp"
	if err := os.WriteFile(theirs, []byte("theirs"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := write("newer", nil); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(theirs); string(text) != "theirs" || err != nil {
		t.Errorf("a file of the user's is %q, %v", text, err)
	}
	// Its mode is that of any new file.
	usual, err := os.Stat(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != usual.Mode() {
		t.Errorf("the mode is %v, want %v; %v", info.Mode(), usual.Mode(), err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder, func(io.Writer) error { return nil }); err == nil {
		t.Error("a folder is overwritten")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := Write(filepath.Join(dir, "none", "x"), func(io.Writer) error { return nil }); !errors.Is(err, fs.ErrNotExist) ||
		!strings.Contains(err.Error(), filepath.Join("none", "x")) || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("without a folder: %v", err)
	}
}

// Two that write the same file at once do not get into each other's: the one who was last is the one who is read.
func TestWriteAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	err := Write(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "first"); err != nil {
			return err
		}
		if err := Write(path, func(w io.Writer) error { _, err := io.WriteString(w, "second, longer"); return err }); err != nil {
			return err
		}
		if text, err := os.ReadFile(path); string(text) != "second, longer" || err != nil {
			t.Errorf("the file is %q, %v", text, err)
		}
		_, err := io.WriteString(w, " and last")
		return err
	})
	if text, _ := os.ReadFile(path); string(text) != "first and last" || err != nil {
		t.Errorf("the file is %q, %v", text, err)
	}
}
