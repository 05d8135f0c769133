package hub

import (
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A server of one's own, which says by a line of text that TLS follows, is known by its fingerprint all the same.
func TestServerOfOnesOwn(t *testing.T) {
	id := NewIdentity()
	users, err := Config{Identity: id}.users()
	if err != nil {
		t.Fatal(err)
	}
	certificate, _, err := id.certificate()
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, Nkeys: users, JetStream: true, StoreDir: t.TempDir(), TLSTimeout: 5, AuthTimeout: 5,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	at, ok := s.Addr().(*net.TCPAddr)
	if !s.ReadyForConnections(10*time.Second) || !ok {
		t.Fatal("the server does not answer")
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port))
	j, err := id.Coordinator(address)
	c := joined(t, j, err)
	if _, err := c.Make(t.Context(), "run1"); err != nil {
		t.Error(err)
	}
	other, err := NewIdentity().Coordinator(address)
	if err != nil {
		t.Fatal(err)
	}
	var stranger *StrangerError
	if _, err := Connect(t.Context(), other); !errors.As(err, &stranger) {
		t.Errorf("a server with another certificate: %v", err)
	}
}
