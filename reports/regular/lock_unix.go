//go:build unix && !aix && !solaris

package regular

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// patience is how long a folder is waited for, which others hold for a moment each.
const patience = 10 * time.Second

// lock takes a folder for this process, until it is closed.
func lock(folder *os.File) error {
	for until := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			// Where the file system knows no locks, there are none.
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("the folder %s has been held by another process for %s, which writes to a file in it: end that process, or try again", folder.Name(), patience)
		}
	}
}
