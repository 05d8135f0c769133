package wire

import (
	"bytes"
	"io"
	"net"
	"time"
)

// preface opens a connection over HTTP/2 (RFC 9113, 3.4): what no older server takes for a request, and a frame of
// settings that sets nothing.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// frameHead is how long the head of a frame of HTTP/2 is.
const frameHead = 9

// VersionError is a target that speaks HTTP/2 without TLS, and would be called in HTTP/1.1.
type VersionError struct{ Address string }

// Error says it.
func (e *VersionError) Error() string {
	return e.Address + " speaks HTTP/2 without TLS, and would be called in HTTP/1.1"
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

// settle finds out over a fresh connection without TLS, which took that long to set up, which version of HTTP a target
// speaks. Many servers of HTTP/2 speak first, and are waited for about as long as the way there and back takes; no
// server of HTTP/1.1 does. One that is silent, or speaks neither, is for the calls to judge, in HTTP/1.1.
func settle(c net.Conn, address string, took time.Duration, http2 bool) (speaksHTTP2 bool, err error) {
	if !http2 {
		if said, _ := greeting(c, time.Now().Add(min(2*took+20*time.Millisecond, 200*time.Millisecond))); isHTTP2(said) {
			return true, &VersionError{address}
		}
		return false, nil
	}
	_ = c.SetWriteDeadline(time.Now().Add(preflightTimeout))
	if _, err := io.WriteString(c, preface); err != nil {
		return false, nil
	}
	said, _ := greeting(c, time.Now().Add(preflightTimeout))
	return isHTTP2(said), nil
}
