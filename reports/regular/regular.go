// Package regular is about regular files: they are opened without blocking, and written whole or not at all. A run must
// not hang before its first call because a path leads to a pipe or a device, and what it leaves behind must not be
// taken for whole because a name is there.
package regular

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Open opens a file for reading, if it is a regular one. A pipe would be waited at until somebody writes to it,
// perhaps for ever, and a device may have no end; neither can be read twice. It is opened without waiting and looked at
// then: between a look at the path and the opening it could become another.
func Open(path string) (*os.File, fs.FileInfo, error) { return open(path, os.O_RDONLY) }

func open(path string, flags int) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, 0o666)
	if errors.Is(err, syscall.ENXIO) {
		// A pipe that nobody reads is not opened for writing, nor is a socket.
		if info, unknown := os.Stat(path); unknown == nil {
			err = irregular(path, info)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = irregular(path, info)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func irregular(path string, info fs.FileInfo) error {
	return fmt.Errorf("%s is no regular file but %s", path, kindOf(info.Mode()))
}

// Append has write add to a regular file, which is made if it is not there: all that it writes, or nothing.
func Append(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	f, info, err := open(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return err
	}
	if _, err = f.Write(b.Bytes()); err != nil {
		err = errors.Join(err, f.Truncate(info.Size()))
	}
	return errors.Join(err, f.Close())
}

// Read reads a regular file of at most so many bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, info, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, tooLarge(path, limit)
	}
	return Limited(f, path, limit)
}

// Limited reads what is called by a name, of at most so many bytes.
func Limited(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = tooLarge(name, limit)
	}
	return data, err
}

// Write has write fill a file, so that it is there whole or not at all, also after the machine has lost its power. What
// was there by that name is overwritten, and stays as it was where write fails. Until then the file has a name of its
// own beside it, so that several may write the same one: the last of them stays.
func Write(path string, write func(io.Writer) error) error { return replace(path, 0o666, write) }

// WriteSecret writes as [Write] does what nobody but the owner may read.
func WriteSecret(path string, write func(io.Writer) error) error { return replace(path, 0o600, write) }

func replace(path string, mode fs.FileMode, write func(io.Writer) error) error {
	temporary := filepath.Join(filepath.Dir(path), ".andon-"+rand.Text()+".tmp")
	// Unlike os.CreateTemp, which keeps its files from everybody else, this leaves the mode to the process's umask.
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return renamed(err, temporary, path)
	}
	// Pages are written in a thousand small pieces.
	b := bufio.NewWriterSize(f, 16<<10)
	err = errors.Join(write(b), b.Flush())
	if err == nil {
		// The name must not reach the disk before the content.
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return renamed(err, temporary, path)
}

// renamed is an error of the system's with the name that the user knows in the place of the temporary one.
func renamed(err error, temporary, path string) error {
	var of *fs.PathError
	if errors.As(err, &of) && of.Path == temporary {
		of.Path = path
	}
	return err
}

func tooLarge(name string, limit int64) error {
	size, unit := limit>>10, "KiB"
	if size >= 1<<10 {
		size, unit = size>>10, "MiB"
	}
	return fmt.Errorf("%s is larger than %d %s", name, size, unit)
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}
