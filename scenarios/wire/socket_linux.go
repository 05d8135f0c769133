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

// errAgain is a read for which nothing is there yet.
var errAgain error = again{}

type again struct{}

func (again) Error() string   { return "nothing is there yet" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

// socket is a connection's descriptor as a loop has it: reading and writing never wait. Once others wait for it, it is
// a file of Go's runtime.
type socket struct {
	fd   int
	file *os.File
}

func (s *socket) Read(p []byte) (int, error) {
	if s.file != nil {
		n, err := s.file.Read(p)
		return n, late(err)
	}
	n, errno := raw(unix.SYS_READ, s.fd, p)
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
