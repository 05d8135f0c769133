package wire

import (
	"time"

	"golang.org/x/sys/unix"
)

// held is a connection that a loop has.
type held struct {
	socket *socket
	// conn is what was made of it by the pool. TLS is spoken over conn.Conn; else that is the socket.
	conn  *conn
	pool  *pool
	place int
	// x is the call under way; nil while the connection is idle. Of its answer n bytes are there, and out is not sent
	// yet.
	x   *Exchange
	n   int
	out []byte
	// quiet is at which look for events all that had come on the connection was read, and its end had not come; 0 where
	// that is not known.
	quiet uint64
	// ends says that the last event was that no more will come.
	ends bool
	// since is when the call under way was begun.
	since time.Time
	// tries is how often an answer was begun to be read that was not whole.
	tries      int
	prev, next *held
}

// stirred takes note of an event of the connection's.
func (h *held) stirred(events uint32) {
	h.quiet, h.ends = 0, events&^(unix.EPOLLIN|unix.EPOLLOUT) != 0
}

// emptied takes note of a read since the last look, and of whether it took all that there was: what comes later is
// another event.
func (h *held) emptied(all bool, looks uint64) {
	if h.quiet = 0; all && !h.ends && h.conn.wrote == nil {
		h.quiet = looks
	}
}

// begin writes the request, and gives what of it is not sent yet. The error is errStale if nothing was sent.
//
// The connection is asked whether it is open still, unless a look that gave all events came after it had nothing more
// to say.
func (h *held) begin(x *Exchange, heard uint64) (rest []byte, err error) {
	if h.quiet == 0 || h.quiet >= heard {
		if err := silent(h.conn.Conn); err != nil {
			return nil, err
		}
	}
	h.quiet = 0
	if h.conn.wrote == nil {
		n, err := h.socket.Write(x.Message)
		if err != nil && err != errAgain {
			return nil, errStale // nothing has left
		}
		return x.Message[n:], nil
	}
	before := h.conn.wrote.bytes
	if _, err := h.conn.Write(x.Message); err != nil {
		if h.conn.wrote.bytes == before {
			return nil, errStale
		}
		return nil, err
	}
	return nil, nil
}

// oldest is for how long the kernel's word on when bytes came is taken: as long as an answer may lie unread, and a
// little for what is done first. Where a segment was lost and comes later, it tells when those behind it came, which
// nobody could read before: by so much at most a call looks too short then.
const oldest = LongestUnread + 500*time.Microsecond

// came is when the bytes came that were last read: by the kernel's word, or else now.
func (h *held) came(now time.Time) time.Time {
	// The kernel's time is that of the wall, which may be set meanwhile.
	age := time.Duration(now.UnixNano() - h.socket.at)
	if at := now.Add(-age); age >= 0 && age <= oldest && !at.Before(h.since) {
		return at
	}
	return now
}

// underWay are the connections whose calls are under way, in the order in which those began, which is that of their
// deadlines.
type underWay struct{ first, last *held }

func (u *underWay) push(h *held) {
	if h.prev, h.next = u.last, nil; u.last != nil {
		u.last.next = h
	} else {
		u.first = h
	}
	u.last = h
}

func (u *underWay) remove(h *held) {
	if h.prev != nil {
		h.prev.next = h.next
	} else {
		u.first = h.next
	}
	if h.next != nil {
		h.next.prev = h.prev
	} else {
		u.last = h.prev
	}
	h.prev, h.next = nil, nil
}
