package regular

import (
	"errors"
	"os"
)

// ErrLocked is why a file cannot be had: another process has it.
var ErrLocked = errors.New("another process has it")

// Lock takes a file or a folder for this process, until f is closed or the process ends, without waiting for it. The
// error is [ErrLocked] where another has it. Where the system knows no locks, nothing is taken.
func Lock(f *os.File) error {
	if locked(f) {
		return ErrLocked
	}
	return nil
}
