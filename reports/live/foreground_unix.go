//go:build unix

package live

import (
	"os"

	"golang.org/x/sys/unix"
)

// inForeground reports whether this process may change the terminal: one that was started with & is stopped when it
// tries.
func inForeground(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
