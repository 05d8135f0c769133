package results

import (
	"io"
	"os"
)

// WriteFile has write fill a file, so that it is there whole or not at all. What was there by that name is overwritten,
// and stays as it was where write fails.
func WriteFile(path string, write func(io.Writer) error) error {
	temporary := path + ".tmp"
	f, err := os.Create(temporary)
	if err != nil {
		return err
	}
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return err
}
