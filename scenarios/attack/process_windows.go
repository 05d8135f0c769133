package attack

import (
	"syscall"
	"time"
)

// ProcessTime is the processor time that this process has taken.
func ProcessTime() time.Duration {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0
	}
	var began, ended, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(self, &began, &ended, &kernel, &user) != nil {
		return 0
	}
	took := func(t syscall.Filetime) time.Duration {
		return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
	}
	return took(kernel) + took(user)
}

// openFiles is 0: there is no limit.
func openFiles() uint64 { return 0 }
