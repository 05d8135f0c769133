package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kaizenautomation/andon/reports/regular"
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

// writeLine adds a document to a file of one a line.
func writeLine(f io.Writer, document any) error {
	line, err := json.Marshal(document)
	if err != nil {
		return err
	}
	_, err = f.Write(seal(append(line, '\n')))
	return err
}

// readLines reads one document a line, and says which lines are damaged. A last line without an end was being written
// when the process died, if the run has not ended. A file that is not there has none.
func readLines[T any](path string, most int, ended bool) (all []T, damaged []string, err error) {
	f, _, err := regular.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10) // a sample is a few kilobytes, and six times that at most, escaped
	for line := 1; line <= most; line++ {
		text, err := in.ReadSlice('\n')
		var why error
		if errors.Is(err, bufio.ErrBufferFull) {
			// Where a line break is damaged, two lines are one.
			why = err
			_, err = in.ReadSlice('\n')
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return all, append(damaged, fmt.Sprintf("%s:%d is damaged, and left out with all that is behind it: %v", path, line, err)), nil
		case errors.Is(err, io.EOF) && (len(text) == 0 || !ended):
			return all, damaged, nil
		case errors.Is(err, io.EOF):
			why = io.ErrUnexpectedEOF
		case err != nil:
			return nil, nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		var one T
		if why == nil {
			if text, why = unseal(text); why == nil {
				why = json.Unmarshal(text, &one)
			}
		}
		if why != nil {
			damaged = append(damaged, fmt.Sprintf("%s:%d is damaged, and left out: %v", path, line, why))
			continue
		}
		all = append(all, one)
	}
	return all, damaged, nil
}
