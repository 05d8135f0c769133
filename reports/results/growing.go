package results

import (
	"os"
	"path/filepath"
	"time"
)

// file is one that grows, and remembers how long its longest write took.
type file struct {
	*os.File
	longest time.Duration
}

// create makes a file that was not there.
func create(dir, name string) (*file, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	return &file{File: f}, err
}

// Write implements io.Writer.
func (f *file) Write(p []byte) (int, error) {
	began := time.Now()
	n, err := f.File.Write(p)
	f.longest = max(f.longest, time.Since(began))
	return n, err
}
