package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// patience is how long a folder is waited for, which others have for a moment each.
const patience = 10 * time.Second

// Update has change make of what a file holds, of at most so many bytes, what it is to hold: nil where there is none
// yet. Of all processes that do so to the files of one folder each has its turn, so that none loses what another has
// written meanwhile; where the file system knows no locks, the last of them stays. The file is whole or as it was, as
// with [Write].
func Update(path string, limit int64, change func(old []byte) ([]byte, error)) error {
	// The file itself is replaced, and a lock on it would be one on what is gone.
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := wait(folder); err != nil {
		return err
	}
	old, err := Read(path, limit)
	if errors.Is(err, fs.ErrNotExist) {
		old = nil
	} else if err != nil {
		return err
	}
	made, err := change(old)
	if err != nil {
		return err
	}
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(made)
		return err
	})
}

// wait takes a folder for this process, until it is closed.
func wait(folder *os.File) error {
	for until := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := Lock(folder)
		if err == nil || time.Now().After(until) {
			if err != nil {
				err = fmt.Errorf("the folder %s was waited for in vain for %s: %w; end it, or try again", folder.Name(), patience, err)
			}
			return err
		}
	}
}
