//go:build unix

package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// socketsAreDirect says that conn.start works.
const socketsAreDirect = true

// start writes the message, waits, and reads the first bytes of the answer, in two or three system calls: where Go's
// own Read tries the socket first, which is in vain just after a request was sent, this one waits at once. It gives up
// after a write that the socket did not take whole.
func (c *conn) start(message, in []byte) (read, written int, err error) {
	c.out, c.in, c.stage, c.read, c.written, c.err = message, in, checking, 0, 0, nil
	for {
		err = c.raw.Read(c.step)
		if !errors.Is(err, os.ErrDeadlineExceeded) || !c.extend() {
			break
		}
	}
	if err == nil {
		err = c.err
	}
	return c.read, c.written, err
}

// socketStep is called with the socket until it is true, each time when there may be something to read.
//
// It runs between the moment when the runtime forgets what it knew of the socket and the moment when it waits, so that
// no answer to what is written here can be missed.
func (c *conn) socketStep(descriptor uintptr) bool {
	fd := int(descriptor)
	if c.stage == checking {
		// An idle connection has nothing to say, unless it was closed.
		if n, err := syscall.Read(fd, c.in[:1]); err != syscall.EAGAIN && err != syscall.EINTR {
			if c.err = errStale; n > 0 {
				c.err = errUnasked
			}
			return true
		}
		n, err := write(fd, c.out)
		if err != nil && err != syscall.EAGAIN {
			// Nothing has left.
			c.err = errStale
			return true
		}
		c.written, c.stage = max(n, 0), waiting
		// A short write is finished elsewhere; after a whole one there is nothing to read yet.
		return c.written < len(c.out)
	}
	for {
		n, err := syscall.Read(fd, c.in)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			c.err = os.NewSyscallError("read", err)
		}
		c.read = max(n, 0)
		return true
	}
}

func write(fd int, p []byte) (n int, err error) {
	for {
		if n, err = syscall.Write(fd, p); err != syscall.EINTR {
			return n, err
		}
	}
}

// alive is nil for an idle connection that is open still, and has nothing to say. It is not for those that are in use.
//
// It waits for nothing, and has no deadline, which on a busy machine could pass before the socket was asked.
func (c *conn) alive() error {
	if c.raw == nil {
		return nil
	}
	if c.wrote == nil {
		return silent(unwaiting{c.Conn, c.raw})
	}
	// TLS may have read something off the socket already, and what is there may be a session ticket, which belongs to
	// no answer: TLS reads it.
	socket := c.wrote.Conn
	c.wrote.Conn = unwaiting{socket, c.raw}
	err := silent(c.Conn)
	c.wrote.Conn = socket
	return err
}

// unwaiting is a connection of which a read gives what is there, or errAgain.
type unwaiting struct {
	net.Conn
	raw syscall.RawConn
}

func (u unwaiting) Read(p []byte) (n int, err error) {
	gone := u.raw.Control(func(fd uintptr) {
		for {
			if n, err = syscall.Read(int(fd), p); err != syscall.EINTR {
				return
			}
		}
	})
	switch {
	case gone != nil:
		return 0, gone
	case err == syscall.EAGAIN:
		return 0, errAgain
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// errAgain is a read for which nothing is there yet.
var errAgain error = again{}

type again struct{}

func (again) Error() string   { return "nothing is there yet" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

// silent is nil for an idle connection that is open still, and has nothing to say. Reading from it must not wait.
func silent(c net.Conn) error {
	var b [1]byte
	switch n, err := c.Read(b[:]); {
	case n > 0:
		return errUnasked
	case err == errAgain:
		return nil
	}
	return errStale
}
