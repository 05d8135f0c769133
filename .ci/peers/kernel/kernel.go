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

// Stamp has the kernel note when what is read from a socket, or from those that it accepts, arrived.
func Stamp(fd int) error {
	return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
}

// Receive reads from a socket, and says when the last of what was read arrived, in nanoseconds of CLOCK_REALTIME; 0
// where the kernel has not noted it.
func Receive(fd int32, p []byte) (n int, arrived int64, err syscall.Errno) {
	var control struct {
		syscall.Cmsghdr
		at syscall.Timespec
		_  [16]byte
	}
	part := syscall.Iovec{Base: &p[0], Len: uint64(len(p))}
	message := syscall.Msghdr{Iov: &part, Iovlen: 1, Control: (*byte)(unsafe.Pointer(&control)), Controllen: uint64(unsafe.Sizeof(control))}
	r, _, err := syscall.RawSyscall(syscall.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&message)), 0)
	if message.Controllen > 0 && control.Level == syscall.SOL_SOCKET && control.Type == syscall.SCM_TIMESTAMPNS {
		arrived = control.at.Nano()
	}
	return int(r), arrived, err
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
