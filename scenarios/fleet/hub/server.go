package hub

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/kaizenautomation/andon/reports/regular"
)

// Config says where a hub listens, and where it keeps what passes through it.
type Config struct {
	Identity Identity
	// Listen is a host and a port; port 0 is one that is free.
	Listen string
	// Dir is the store. A hub that is started again on it has all that was confirmed before.
	Dir string
	// Room is the most bytes that the store may take; 0 is what the disk has.
	Room int64
}

// Hub is a server that runs.
type Hub struct {
	server *server.Server
	addr   string
	// held keeps the store from other hubs, which would spoil it.
	held *os.File
}

// payload is the most bytes of a message.
const payload = 4 << 20

// startup is how long the server may take until it answers.
const startup = 10 * time.Second

// Start starts a hub. The error is [regular.ErrLocked] where another one has the store.
func Start(c Config) (_ *Hub, err error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("the hub cannot listen on %q: expected host:port: %w", c.Listen, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("the hub cannot listen on %q: expected a port from 0 to 65535, found %q", c.Listen, port)
	}
	listen := int(number)
	if listen == 0 {
		listen = server.RANDOM_PORT
	}
	certificate, _, err := c.Identity.certificate()
	if err != nil {
		return nil, err
	}
	users, err := c.users()
	if err != nil {
		return nil, err
	}
	held, err := hold(c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = held.Close()
		}
	}()
	s, err := server.NewServer(&server.Options{
		ServerName: "andon", Host: host, Port: listen, NoLog: true, NoSigs: true, Nkeys: users,
		TLSConfig:  &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{certificate}},
		TLSTimeout: 5, TLSHandshakeFirst: true, AuthTimeout: 5, MaxPayload: payload,
		JetStream: true, StoreDir: c.Dir, SyncAlways: true, JetStreamMaxMemory: 16 << 20, JetStreamMaxStore: c.Room,
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("the hub cannot be started: %w", err)
	}
	s.Start()
	h := &Hub{server: s, held: held}
	if !s.ReadyForConnections(startup) {
		h.Stop()
		return nil, fmt.Errorf("the hub does not answer on %s: is the port taken, or %s not writable?", c.Listen, c.Dir)
	}
	if !s.JetStreamEnabled() {
		h.Stop()
		return nil, fmt.Errorf("the hub cannot keep anything in %s: is it writable, and has the disk room?", c.Dir)
	}
	addr, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		h.Stop()
		return nil, errors.New("the hub has no address")
	}
	h.addr = net.JoinHostPort(host, strconv.Itoa(addr.Port))
	return h, nil
}

// hold keeps a store for this hub.
func hold(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("the hub cannot keep anything: %w", err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("the hub cannot keep anything: %w", err)
	}
	if err := regular.Lock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("the store %s belongs to a hub that still runs: %w; wait for andon fleet run to end", dir, err)
	}
	return f, nil
}

// users are those who may connect, and what each may do: workers take shards, hand in parts and ask the coordinator,
// and the job is not theirs to change. They have one key, so that each could take another's place.
func (c Config) users() ([]*server.NkeyUser, error) {
	var list []*server.NkeyUser
	for role, may := range map[string]*server.Permissions{
		coordinator: nil,
		worker: {
			Publish: &server.SubjectPermission{Allow: []string{
				asked, "$KV.*.shard.*", "$KV.*.up.>", "$JS.API.STREAM.INFO.*", "$JS.API.DIRECT.GET.>",
			}},
			Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
		},
	} {
		pair, err := c.Identity.nkey(role)
		if err != nil {
			return nil, err
		}
		public, err := pair.PublicKey()
		if err != nil {
			return nil, err
		}
		list = append(list, &server.NkeyUser{Nkey: public, Permissions: may})
	}
	return list, nil
}

// Address is where the hub listens.
func (h *Hub) Address() string { return h.addr }

// Stop stops it. What was confirmed stays in the store.
func (h *Hub) Stop() {
	h.server.Shutdown()
	h.server.WaitForShutdown()
	_ = h.held.Close()
}
