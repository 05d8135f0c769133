package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// errStale is a connection that was closed while it was idle. Nothing was sent over it.
var errStale = errors.New("the idle connection was closed")

// errUnasked is a connection on which bytes came that nobody had asked for: they would be taken for the next answer.
// Nothing was sent over it.
var errUnasked = fmt.Errorf("%w: bytes came that nobody had asked for", errStale)

var (
	errBanner  = errors.New("malformed response: bytes came before anything was asked")
	errHead    = errors.New("malformed response")
	errHeadMax = fmt.Errorf("server response headers exceeded %d bytes", maxHead)
	errHTTP2   = fmt.Errorf("%w: the target speaks HTTP/2 without TLS, and was called in HTTP/1.1", errHead)
	errInterim = errors.New("malformed response: too many 1xx informational responses")
)

// Classify names a transport error. The connection was there, or not; the head of the response had come, or not.
func Classify(err error, connected, head bool) results.Kind {
	var dns *net.DNSError
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	own := ownKind(err)
	switch text := err.Error(); {
	case errors.Is(err, context.Canceled):
		return results.Canceled
	case errors.Is(err, errUnread):
		return results.Unread
	case own != results.None:
		return own
	case errors.As(err, new(*ProxyError)):
		return proxyKind(err)
	case errors.As(err, &dns):
		return results.DNS
	case dialing && errors.Is(err, syscall.ECONNREFUSED):
		return results.DialRefused
	case isTLS(err) && !isTimeout(err):
		return results.TLS
	case isTimeout(err):
		switch {
		case dialing || !connected:
			return results.DialTimeout
		case head:
			return results.TimeoutReading
		}
		return results.TimeoutWaiting
	case dialing:
		return results.Dial
	case errors.Is(err, errBanner), strings.Contains(text, "looked like an HTTP/1.1 header"):
		return results.BadHTTP
	case isReset(err), strings.Contains(text, "server closed"), isResetHTTP2(text):
		return results.Reset
	// What net/http cannot read as HTTP: a head, or the framing of a body.
	case head, errors.Is(err, errHead), errors.Is(err, errHeadMax), strings.Contains(text, "transport connection broken"),
		strings.Contains(text, "malformed"), strings.Contains(text, "response headers exceeded"):
		return results.BadHTTP
	}
	return results.Other
}

// ownKind names what the generator's own machine lacks for a connection; None if it is not that.
func ownKind(err error) results.Kind {
	for _, lack := range [...]struct {
		errno syscall.Errno
		kind  results.Kind
	}{
		{syscall.EMFILE, results.Descriptors}, {syscall.ENFILE, results.Descriptors},
		{syscall.EADDRNOTAVAIL, results.LocalPorts}, {syscall.EADDRINUSE, results.LocalPorts},
		{syscall.ENOBUFS, results.LocalMemory}, {syscall.ENOMEM, results.LocalMemory},
	} {
		if errors.Is(err, lack.errno) {
			return lack.kind
		}
	}
	return results.None
}

// proxyKind names a failure of the proxy.
func proxyKind(err error) results.Kind {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return results.ProxyRefused
	case isTimeout(err):
		return results.ProxyTimeout
	}
	return results.Proxy
}

// isReset reports whether the connection ended.
func isReset(err error) bool {
	for _, end := range [...]error{syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, errStale} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// isResetHTTP2 reports whether net/http says that the peer ended a stream, or the connection under it.
func isResetHTTP2(text string) bool {
	return strings.Contains(text, "; received from peer") || strings.Contains(text, "GOAWAY") || strings.Contains(text, "http2: client connection lost")
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "TLS handshake")
}

// Explain says in words what [Classify] names.
func Explain(k results.Kind, err error, timeout time.Duration) string {
	switch k {
	case results.TimeoutWaiting:
		return fmt.Sprintf("no response head within the timeout of %s", timeout)
	case results.TimeoutReading:
		return fmt.Sprintf("the response's body was not complete within the timeout of %s", timeout)
	case results.DialTimeout:
		return fmt.Sprintf("no connection within %s", min(dialTimeout, timeout))
	}
	var proxy *ProxyError
	if errors.As(err, &proxy) {
		return proxy.Error()
	}
	if k == results.TLS && strings.Contains(err.Error(), "tls: certificate required") {
		return fmt.Sprintf("the target wants to see a client's certificate, and was shown none: name one (%v)", err)
	}
	if k == results.TLS && strings.Contains(err.Error(), "handshake failure") {
		return fmt.Sprintf("the target broke the handshake off: if it asks its clients for a certificate, name one (%v)", err)
	}
	return err.Error()
}
