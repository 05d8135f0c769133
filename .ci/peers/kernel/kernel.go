// Package kernel calls Linux without telling Go's scheduler, for processes of one goroutine that has nothing to wait
// for but sockets and the clock: the target, and the floor below all load testers.
package kernel

import (
	"syscall"
	"time"
	"unsafe"
)

// epollPwait2 is the number of a system call that sleeps to the nanosecond; it is the same on all platforms.
const epollPwait2 = 441

// EpollWait waits for events until nap has passed.
func EpollWait(epoll int, events []syscall.EpollEvent, nap time.Duration) (int, syscall.Errno) {
	t := syscall.NsecToTimespec(int64(nap))
	n, _, err := syscall.RawSyscall6(epollPwait2, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)),
		uintptr(unsafe.Pointer(&t)), 0, 0)
	if err != 0 {
		return 0, err
	}
	return int(n), 0
}

// Watch has an epoll set report what arrives on a descriptor.
func Watch(epoll, fd int) error {
	return syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

// Read reads from a descriptor.
func Read(fd int32, p []byte) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), err
}

// Write sends on a socket; a broken one is an error, not a signal.
func Write(fd int32, p []byte) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), syscall.MSG_NOSIGNAL, 0, 0)
	return int(n), err
}

// SleepExactly takes away the 50 µs that the kernel may add to the sleeps of this thread.
func SleepExactly() error {
	const setTimerSlack = 29
	if _, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0); err != 0 {
		return err
	}
	return nil
}
