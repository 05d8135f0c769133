//go:build unix

package wire

import (
	"errors"
	"os"
	"syscall"
	"time"
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
func (c *conn) alive() error {
	if c.raw == nil {
		return nil
	}
	open, pending := true, false
	err := c.raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		pending = n > 0
		open = pending || err == syscall.EAGAIN || err == syscall.EINTR
	})
	if err != nil || !open {
		// What came before the end may have been read off the socket already.
		if err == nil && c.wrote != nil && errors.Is(c.silent(time.Unix(1, 0)), errUnasked) {
			return errUnasked
		}
		return errStale
	}
	if !pending {
		if c.wrote == nil {
			return nil
		}
		// What TLS has read off the socket already is seen by no peek: a read whose deadline has passed gives it at
		// once, and never waits.
		return c.silent(time.Unix(1, 0))
	}
	// Under TLS what is there may be a session ticket, which belongs to no answer; reading deals with it.
	return c.silent(time.Now().Add(time.Millisecond))
}

// silent is nil where nothing is to be read until a moment.
func (c *conn) silent(until time.Time) error {
	c.until = until
	_ = c.SetReadDeadline(c.until)
	var b [1]byte
	switch n, err := c.Conn.Read(b[:]); {
	case n > 0:
		return errUnasked
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return errStale
}
