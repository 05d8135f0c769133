package provider

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/kaizenautomation/andon/contracts"
)

// ServeNeutral answers whatever arrives at ln at once, with what the description calls a success and a fresh id, until
// ctx is done; ln is closed then. It looks at no call and takes a few microseconds for each, so that a generator can be
// measured by it: a faithful provider would take as long as the generator does. It speaks as much HTTP/1.1 as andon's
// own connections do.
func ServeNeutral(ctx context.Context, ln net.Listener, d *contracts.Description) error {
	a, err := newAnswer(d, neutralPrefix)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	n := neutral{answer: a, head: a.head()}
	var all sync.WaitGroup
	defer all.Wait()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	for {
		conn, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("serving at %s: %w", ln.Addr(), err)
		}
		all.Go(func() {
			cut := context.AfterFunc(ctx, func() { _ = conn.Close() })
			defer cut()
			defer conn.Close()
			n.serve(conn)
		})
	}
}

const neutralPrefix = "neutral"

// neutral is what all connections share.
type neutral struct {
	answer *answer
	head   []byte
	calls  atomic.Uint64
}

// head is that of all answers, up to their length.
func (a *answer) head() []byte {
	head := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	if a.media != "" {
		head = fmt.Appendf(head, "Content-Type: %s\r\n", a.media)
	}
	if a.status != http.StatusNoContent {
		head = append(head, "Content-Length: "...)
	}
	return head
}

// serve answers one call after the other, until the caller has gone or sends what is no call.
func (n *neutral) serve(conn net.Conn) {
	in := bufio.NewReaderSize(conn, 16<<10)
	var body, out []byte
	for {
		length, err := readHead(in)
		if err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, in, length); err != nil {
			return
		}
		call := n.calls.Add(1)
		body = n.answer.body(body[:0], neutralPrefix, call, call, -1, nil)
		out = append(out[:0], n.head...)
		if n.answer.status != http.StatusNoContent {
			out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n"...)
		}
		out = append(append(out, "\r\n"...), body...)
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

var errNoLength = errors.New("expected a request with a Content-Length")

// readHead reads the head of a request, and gives the length of its body.
func readHead(in *bufio.Reader) (length int64, err error) {
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 && !first {
			return length, nil
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		switch {
		case !found || len(name) < len("content-length"):
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			return 0, errNoLength
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil || length < 0 {
				return 0, errNoLength
			}
		}
	}
}
