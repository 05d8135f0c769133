package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is a connection that speaks HTTP/1.1. One goroutine at a time uses it.
type conn struct {
	net.Conn
	// raw is the socket. If direct, the bytes of HTTP are written to it and read from it as they are.
	raw    syscall.RawConn
	direct bool
	// wrote counts the bytes that went into the socket, where it is not written to directly.
	wrote *countedConn
	kill  context.Context
	// until is the deadline that the socket has, which may be older than that of the exchange under way: see extend.
	until, deadline time.Time
	// unasked says that more came than the answer: bytes that nobody asked for.
	unasked bool
	// encoded says that the last answer's body was compressed.
	encoded bool

	// What [conn.step] works on: kept here, and step as a value, so that a call allocates nothing.
	step    func(fd uintptr) bool
	out, in []byte
	stage   stage
	written int
	read    int
	err     error
}

type stage uint8

const (
	checking stage = iota
	waiting
)

// countedConn counts what is written below TLS.
type countedConn struct {
	net.Conn
	bytes int
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes += n
	return n, err
}

// extend moves the socket's deadline to that of the exchange, if it is not there yet. Setting a deadline takes a timer
// of the runtime, so that it is set only when an older one has fired: once in the length of a timeout, instead of at
// each call.
func (c *conn) extend() bool {
	if c.kill.Err() != nil || c.until.Equal(c.deadline) || !time.Now().Before(c.deadline) {
		return false
	}
	c.until = c.deadline
	// Whoever kills the run moves the deadlines after it has ended the context, so one of the two is seen here.
	return c.SetDeadline(c.until) == nil && c.kill.Err() == nil
}

// more reads on under the deadline of the exchange.
func (c *conn) more(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !c.extend() {
			return n, err
		}
	}
}

// do sends the request and reads the response. keep reports whether the connection can be used again. The error is
// errStale if nothing was sent.
func (c *conn) do(x *Exchange) (keep bool, err error) {
	c.deadline, c.encoded = x.Deadline, false
	x.room()
	n, written, err := c.open(x)
	if written != nil {
		// Close ends the writing too; the message is somebody else's from then on.
		defer func() {
			select {
			case <-written:
			default:
				keep = false
				_ = c.Close()
				<-written
			}
		}()
	}
	if n == 0 {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return false, err
	}
	return c.answer(x, n, c.more)
}

// answer reads the response of which n bytes are in x.In, and what more gives besides. keep reports whether the
// connection can be used again.
func (c *conn) answer(x *Exchange, n int, more func([]byte) (int, error)) (keep bool, err error) {
	h, ok := parseHead(x.In[:n])
	if (!ok || n < h.end()) && x.First.IsZero() {
		x.First = time.Now()
	}
	if !ok {
		// The bytes that came are moved behind the buffer for the body.
		before := append([]byte(nil), x.In[:n]...)
		if isHTTP2(before) {
			return false, errHTTP2
		}
		h, x.Answer, x.Begun, err = readResponse(func(from io.Reader) ([]byte, error) { return x.readAll(x.In, from) }, before, more)
		if x.Begun {
			x.In = x.Answer
		}
		c.unasked = h.more
		x.Status, x.ContentType = h.status, h.contentType
		x.keep(h.header)
		x.RetryAfter, x.Later = retryAfter(string(h.retryAfter), string(h.date), time.Now())
		if err == nil {
			c.encoded, err = x.decode(h.encoding)
		}
		return h.keep && err == nil, err
	}
	return c.ordinary(x, h, n, more)
}

// ordinary reads an answer with such a head, as answer does; where all of it is in x.In, more is not called.
func (c *conn) ordinary(x *Exchange, h head, n int, more func([]byte) (int, error)) (keep bool, err error) {
	end := h.end()
	x.Begun, x.Status, x.ContentType = true, h.status, h.contentType
	x.keepOf(x.In[:h.size])
	if len(h.retryAfter) > 0 {
		x.RetryAfter, x.Later = retryAfter(string(h.retryAfter), string(h.date), time.Now())
	}
	for n < end {
		if n == len(x.In) {
			if x.In, err = x.grow(x.In, end); err != nil {
				return false, err
			}
		}
		m, err := more(x.In[n:min(end, len(x.In))])
		if n += m; err != nil && n < end {
			x.Answer = x.In[h.size:n]
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return false, err
		}
	}
	x.Answer = x.In[h.size:end]
	// Bytes that nobody asked for would be taken for the next answer.
	c.unasked = n > end && h.length <= MaxResponse
	return h.keep && n == end && h.length <= MaxResponse, nil
}

// lastWords gives what a peer that ended the connection has said in TLS, or else the error that the end came with. With
// TLS 1.3 the handshake is over for us before the peer has looked at our certificate: it may turn us away when we write
// already, and the reason waits to be read.
func (c *conn) lastWords(end error) error {
	if c.wrote == nil || !isReset(end) {
		return end
	}
	c.until = time.Now().Add(100 * time.Millisecond)
	_ = c.SetReadDeadline(c.until)
	var b [1]byte
	if n, err := c.Conn.Read(b[:]); n == 0 && err != nil && isTLS(err) && !isTimeout(err) {
		return err
	}
	return end
}

// banner is the error of a connection on which the peer spoke before it was asked anything. Of what it said, one byte
// was read.
func (c *conn) banner(read []byte) error {
	if c.direct {
		if rest, _ := greeting(c.Conn, time.Now().Add(100*time.Millisecond)); isHTTP2(append(read[:1:1], rest...)) {
			return errHTTP2
		}
	}
	return errBanner
}

// open sends the request and waits for the first bytes of the response. A channel is given where the request may still
// be going out; it is closed when that is over.
func (c *conn) open(x *Exchange) (n int, written chan struct{}, err error) {
	rest := x.Message
	if c.direct {
		sent := 0
		n, sent, err = c.start(x.Message, x.In)
		if n > 0 || err != nil {
			return n, nil, err
		}
		if rest = rest[sent:]; len(rest) == 0 {
			return 0, nil, io.EOF
		}
	} else if err := c.alive(); err != nil {
		return 0, nil, err
	}
	// Over TLS a write that ran into its deadline spoils the connection, so the deadline is set beforehand.
	c.until = c.deadline
	_ = c.SetDeadline(c.until)
	if c.kill.Err() != nil {
		return 0, nil, context.Canceled
	}
	if len(rest) <= inline {
		before := 0
		if c.wrote != nil {
			before = c.wrote.bytes
		}
		if _, err := c.Write(rest); err != nil {
			if c.wrote != nil && c.wrote.bytes == before && !isTimeout(err) {
				return 0, nil, errStale
			}
			return 0, nil, c.lastWords(err)
		}
	} else {
		written = make(chan struct{})
		go func() {
			defer close(written)
			// The answer tells what came of it.
			_, _ = c.Write(rest)
		}()
	}
	n, err = c.more(x.In)
	return n, written, err
}
