//go:build unix && !aix && !solaris

package regular

import (
	"errors"
	"os"
	"syscall"
)

// locked reports whether another process has a file or a folder, and takes it if none has.
func locked(f *os.File) bool {
	// Where the file system knows no locks, there are none.
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR)
}
