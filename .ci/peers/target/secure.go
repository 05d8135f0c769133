package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"iter"
	"math/big"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/kaizenautomation/andon/ci/peers/kernel"
)

// selfMade is a configuration for TLS 1.3 with a certificate that nobody has signed, which is written to a file for
// those who are to trust it. Sessions may be taken up again: the generators decide.
func selfMade(path string) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o666); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}, nil
}

// secure is the TLS of a connection, driven by the one loop: a handshake that must wait is left where it is, and taken
// up when more has come.
type secure struct {
	wire *socket
	conn *tls.Conn
	// handshake goes on with it, and tells false once it has ended; nil after that.
	handshake func() (struct{}, bool)
	failed    error
	// abandon ends what is left of a handshake.
	abandon func()
}

func newSecure(fd int32, config *tls.Config) *secure {
	wire := &socket{fd: fd}
	s := &secure{wire: wire, conn: tls.Server(wire, config)}
	s.handshake, s.abandon = iter.Pull(func(pause func(struct{}) bool) {
		wire.pause = pause
		s.failed = s.conn.Handshake()
		wire.pause = nil
	})
	return s
}

// ready goes on with the handshake, and reports whether it has ended.
func (s *secure) ready() bool {
	if s.handshake == nil {
		return true
	}
	if _, waiting := s.handshake(); waiting {
		return false
	}
	s.handshake = nil
	return true
}

// socket is what package tls sees of a descriptor that does not block.
type socket struct {
	fd int32
	// stamp is when the last of what was read came, by the kernel.
	stamp int64
	pause func(struct{}) bool
}

// nothingYet is an error that passes, for package tls, which tries again when it is asked again.
type nothingYet struct{}

func (nothingYet) Error() string   { return "nothing has come yet" }
func (nothingYet) Timeout() bool   { return true }
func (nothingYet) Temporary() bool { return true }

var errAbandoned = errors.New("the handshake was abandoned")

func (s *socket) Read(p []byte) (int, error) {
	for {
		n, stamp, code := kernel.Receive(s.fd, p)
		switch {
		case code == syscall.EINTR:
		case code == syscall.EAGAIN && s.pause == nil:
			return 0, nothingYet{}
		case code == syscall.EAGAIN:
			if !s.pause(struct{}{}) {
				return 0, errAbandoned
			}
		case code != 0:
			return 0, code
		case n == 0:
			return 0, io.EOF
		default:
			s.stamp = stamp
			return n, nil
		}
	}
}

// Write is short and goes into an empty buffer, or the connection is lost.
func (s *socket) Write(p []byte) (int, error) {
	n, code := kernel.Write(s.fd, p)
	if code != 0 {
		return 0, code
	}
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// What package tls asks of a connection besides.

func (s *socket) Close() error                     { return nil }
func (s *socket) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *socket) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *socket) SetDeadline(time.Time) error      { return nil }
func (s *socket) SetReadDeadline(time.Time) error  { return nil }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }
