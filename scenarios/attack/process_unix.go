//go:build unix

package attack

import (
	"time"

	"golang.org/x/sys/unix"
)

// ProcessTime is the processor time that this process has taken.
func ProcessTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// openFiles is how many files and sockets this process may have open; 0 if there is no limit.
func openFiles() uint64 {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil || l.Cur >= 1<<62 {
		return 0
	}
	return uint64(l.Cur)
}
