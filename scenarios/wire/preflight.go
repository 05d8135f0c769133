package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Preflight connects to the target once, without sending a call, so that a wrong address is told in one sentence before
// anything is measured; of the [Config] Target, TLS, Resolve and HTTP2 count. It reports whether a target without TLS
// speaks HTTP/2, if that is asked for. Behind a proxy nothing is tried: the proxy is the one who connects.
func Preflight(ctx context.Context, c Config) (speaksHTTP2 bool, err error) {
	target := c.Target
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target}); err != nil || proxy != nil {
		return false, err
	}
	address := net.JoinHostPort(target.Hostname(), portOf(target))
	ctx, cancel := context.WithTimeout(ctx, 2*preflightTimeout)
	defer cancel()
	begun := time.Now()
	conn, err := dial(net.Dialer{Timeout: preflightTimeout}, target, led(c.Resolve, target))(ctx, "tcp", address)
	if err != nil {
		return false, explainDial(target.Hostname(), address, err)
	}
	defer conn.Close()
	if target.Scheme != "https" {
		return settle(conn, address, time.Since(begun), c.HTTP2)
	}
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.ServerName, config.MinVersion = target.Hostname(), tls.VersionTLS12
	secure := tls.Client(conn, config)
	_ = conn.SetDeadline(time.Now().Add(preflightTimeout))
	if err := secure.HandshakeContext(ctx); err != nil {
		return false, explainTLS(address, err)
	}
	return false, nil
}

// UntrustedError is a certificate whose authority is not trusted.
type UntrustedError struct {
	Address string
	Err     error
}

// Error says what to do about it.
func (e *UntrustedError) Error() string {
	return fmt.Sprintf("the certificate of %s is not trusted (%v): name its authority's certificate, or set the variable SSL_CERT_FILE", e.Address, e.Err)
}

// Unwrap gives what is wrong with the certificate.
func (e *UntrustedError) Unwrap() error { return e.Err }

func explainDial(host, address string, err error) error {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("the host %s is not known: check the target's name, and whether this machine can resolve it", host)
	case errors.As(err, &dns):
		return fmt.Errorf("the name %s could not be resolved: %s", host, dns.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens at %s (connection refused): is the provider running, and is the port right?", address)
	case isTimeout(err):
		return fmt.Errorf("%s did not answer within %s: is there a firewall in between, and is the address right?", address, preflightTimeout)
	}
	return fmt.Errorf("no connection to %s: %w", address, err)
}

func explainTLS(address string, err error) error {
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	var name x509.HostnameError
	switch {
	case errors.As(err, &name):
		return fmt.Errorf("the certificate of %s is another host's (%w): use the name that it was made for, or check where the name leads", address, name)
	case errors.As(err, &record) && !strings.Contains(record.Msg, "handshake failure"):
		return fmt.Errorf("%s does not speak TLS: if it is a plain HTTP port, the target's URL begins with http://", address)
	case errors.As(err, &certificate):
		return &UntrustedError{address, certificate.Err}
	case isTimeout(err):
		return fmt.Errorf("%s did not answer the TLS handshake within %s: if it is a plain HTTP port, the target's URL begins with http://", address, preflightTimeout)
	}
	if strings.Contains(err.Error(), "handshake failure") {
		return fmt.Errorf("no TLS connection to %s: if it asks its clients for a certificate, name one: %w", address, err)
	}
	return fmt.Errorf("no TLS connection to %s: %w", address, err)
}
