package wire

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// preface opens a connection over HTTP/2 (RFC 9113, 3.4): what no older server takes for a request, and a frame of
// settings that sets nothing.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// frameHead is how long the head of a frame of HTTP/2 is.
const frameHead = 9

// VersionError is a target that speaks another version of HTTP, without TLS, than the calls would be sent in.
type VersionError struct {
	Address string
	// HTTP2 says that the target speaks HTTP/2, and was to be called in HTTP/1.1; else it is the other way round.
	HTTP2 bool
}

// Error says which it speaks.
func (e *VersionError) Error() string {
	if e.HTTP2 {
		return e.Address + " speaks HTTP/2 without TLS, and would be called in HTTP/1.1"
	}
	return e.Address + " speaks HTTP/1.1, and would be called in HTTP/2"
}

// isHTTP2 reports whether bytes are the beginning of what an HTTP/2 server says: its settings, or that it goes away.
func isHTTP2(b []byte) bool {
	const settings, goAway = 0x4, 0x7
	return len(b) >= frameHead && b[0] == 0 && (b[3] == settings || b[3] == goAway) && bytes.Equal(b[5:frameHead], make([]byte, 4))
}

// greeting reads what a peer says, as much as the head of a frame, until a moment.
func greeting(c net.Conn, until time.Time) ([]byte, error) {
	_ = c.SetReadDeadline(until)
	b := make([]byte, frameHead)
	n, err := io.ReadFull(c, b)
	return b[:n], err
}

// settle holds a fresh connection without TLS, which took that long to set up, against the version of HTTP that the
// calls are sent in. Many servers of HTTP/2 speak first, and are waited for about as long as the way there and back
// takes; no server of HTTP/1.1 does. One that is silent, or speaks neither, is for the calls to judge.
func settle(c net.Conn, address string, took time.Duration, http2 bool) error {
	if !http2 {
		if said, _ := greeting(c, time.Now().Add(min(2*took+20*time.Millisecond, 200*time.Millisecond))); isHTTP2(said) {
			return &VersionError{address, true}
		}
		return nil
	}
	_ = c.SetWriteDeadline(time.Now().Add(preflightTimeout))
	if _, err := io.WriteString(c, preface); err != nil {
		return fmt.Errorf("%s was asked in HTTP/2, without TLS, and closed the connection: %w", address, err)
	}
	said, err := greeting(c, time.Now().Add(preflightTimeout))
	switch {
	case strings.HasPrefix(string(said), "HTTP/1."):
		return &VersionError{address, false}
	case err != nil && !isTimeout(err):
		return fmt.Errorf("%s was asked in HTTP/2, without TLS, and closed the connection: does it speak that?", address)
	}
	return nil
}
