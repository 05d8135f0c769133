//go:build unix && !aix && !solaris

package regular

import (
	"errors"
	"os"
	"syscall"
)

// locked reports whether another process has a file, and takes it if none has.
func locked(f *os.File) bool {
	// Where the file system knows no locks, there are none.
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
