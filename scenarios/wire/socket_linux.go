package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// timeout is the end of a call that took too long.
type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// socket is a connection's descriptor as a loop has it: reading and writing never wait. Once others wait for it, it is
// a file of Go's runtime.
type socket struct {
	fd   int
	file *os.File
	// at is when the last of the bytes came that were last read, in nanoseconds since 1970 by the kernel's word; 0 if
	// it gave none.
	at int64

	message unix.Msghdr
	part    unix.Iovec
	control [64]byte
}

func (s *socket) Read(p []byte) (int, error) {
	if s.file != nil {
		n, err := s.file.Read(p)
		return n, late(err)
	}
	n, errno := s.receive(p)
	switch {
	case errno == unix.EAGAIN:
		return 0, errAgain
	case errno != 0:
		return 0, os.NewSyscallError("read", errno)
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// receive reads, and notes when what it read had come.
func (s *socket) receive(p []byte) (int, syscall.Errno) {
	s.part.Base = unsafe.SliceData(p)
	s.part.SetLen(len(p))
	s.message.Iov = &s.part
	s.message.SetIovlen(1)
	s.message.Control = &s.control[0]
	s.message.SetControllen(len(s.control))
	for {
		r, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.message)), 0)
		if errno == unix.EINTR {
			continue
		} else if errno != 0 {
			return 0, errno
		}
		if r > 0 {
			s.at = s.stamp()
		}
		s.part.Base = nil
		return int(r), 0
	}
}

// stamp is the time that a message was received with; 0 if there was none.
func (s *socket) stamp() int64 {
	head := (*unix.Cmsghdr)(unsafe.Pointer(&s.control[0]))
	if int(s.message.Controllen) < unix.CmsgLen(int(unsafe.Sizeof(unix.Timespec{}))) || head.Level != unix.SOL_SOCKET || head.Type != unix.SO_TIMESTAMPNS {
		return 0
	}
	return (*unix.Timespec)(unsafe.Pointer(&s.control[unix.CmsgLen(0)])).Nano()
}

func (s *socket) Write(p []byte) (int, error) {
	if s.file != nil {
		n, err := s.file.Write(p)
		return n, late(err)
	}
	n, errno := raw(unix.SYS_WRITE, s.fd, p)
	switch {
	case errno == unix.EAGAIN:
		return 0, errAgain
	case errno != 0:
		return 0, os.NewSyscallError("write", errno)
	case n < len(p):
		return n, errAgain
	}
	return n, nil
}

// late gives the end of a deadline as a connection has it: TLS reads on only after an error that says itself that it is
// a passing one, which that of a file does not.
func late(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrDeadlineExceeded
	}
	return err
}

// raw makes a system call that does not wait, of which the scheduler need not know.
func raw(call uintptr, fd int, p []byte) (n int, errno syscall.Errno) {
	for {
		r, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno == unix.EINTR {
			continue
		} else if errno != 0 {
			return 0, errno
		}
		return int(r), 0
	}
}

func (s *socket) Close() error {
	if s.file != nil {
		return s.file.Close()
	}
	return unix.Close(s.fd)
}

func (s *socket) SetDeadline(t time.Time) error {
	if s.file != nil {
		return s.file.SetDeadline(t)
	}
	return nil // a loop looks at the clock itself
}

func (s *socket) SetReadDeadline(t time.Time) error {
	if s.file != nil {
		return s.file.SetReadDeadline(t)
	}
	return nil
}

func (s *socket) SetWriteDeadline(t time.Time) error {
	if s.file != nil {
		return s.file.SetWriteDeadline(t)
	}
	return nil
}

func (s *socket) LocalAddr() net.Addr  { return nil }
func (s *socket) RemoteAddr() net.Addr { return nil }

// dup has the connection read and write a descriptor that Go's runtime does not watch: each answer would wake it.
func (c *conn) dup() (*socket, error) {
	s := &socket{fd: -1}
	var failed error
	err := c.raw.Control(func(fd uintptr) {
		s.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	if c.wrote != nil {
		_ = c.wrote.Conn.Close()
		c.wrote.Conn = s
	} else {
		_ = c.Conn.Close()
		c.Conn = s
	}
	c.raw = nil
	// Where the kernel has no times, the loop's own clock is good enough.
	_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	return s, nil
}

// waits has Go's runtime watch the connection again.
func (c *conn) waits(s *socket) (err error) {
	s.file = os.NewFile(uintptr(s.fd), "socket")
	if c.raw, err = s.file.SyscallConn(); err != nil {
		return err
	}
	c.until = c.deadline
	return c.SetDeadline(c.until)
}
