//go:build unix && !aix && !solaris

package results

import (
	"errors"
	"os"
	"syscall"
)

// errFollowed is why a journal cannot be had that somebody writes.
var errFollowed = errors.New("the executions of this run are followed by another process: the run itself, if it still goes on, or somebody who follows it further")

// lock takes a journal for this process, until it is closed.
func lock(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return errFollowed
	}
	// Where the file system knows no locks, there are none.
	return nil
}
