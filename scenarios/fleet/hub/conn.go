package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// Conn is a connection to a hub. Where it is lost, it is made again for as long as it is wanted.
type Conn struct {
	nats   *nats.Conn
	stream jetstream.JetStream
}

// StrangerError says that what answers at a hub's address is not the hub.
type StrangerError struct{ Join Join }

// Error says what was found.
func (e *StrangerError) Error() string {
	return fmt.Sprintf("what answers at %s has another certificate than the join string says: the hub was made anew (take its new join string), or something stands between", e.Join)
}

// TurnedAwayError says that the hub does not know the key.
type TurnedAwayError struct{ Join Join }

// Error says what to do.
func (e *TurnedAwayError) Error() string {
	return fmt.Sprintf("the hub at %s does not know the key of the join string: take the join string of this run", e.Join)
}

// Connect connects to a hub, and tries again until it is there or ctx ends. A hub that is another, or turns the key
// away, is an error at once.
func Connect(ctx context.Context, j Join) (*Conn, error) {
	pair, err := nkeys.FromSeed([]byte(j.seed))
	if err != nil {
		return nil, errors.New("the join string has no key that can be used")
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, errors.New("the join string has no key that can be used")
	}
	options := []nats.Option{
		nats.Nkey(public, pair.Sign), nats.Secure(j.known()), nats.Timeout(2 * time.Second),
		nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		// Who asks asks again: nothing is kept for later that would be old by then.
		nats.ReconnectBufSize(-1), nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.IgnoreAuthErrorAbort(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	// A hub begins with TLS; a server of one's own, unless it is told to, with a line that says that TLS follows.
	first := j.Fingerprint != ""
	for {
		with := options
		if first {
			with = append(slices.Clone(options), nats.TLSHandshakeFirst())
		}
		c, err := nats.Connect("tls://"+j.Address, with...)
		if err == nil {
			return open(c)
		}
		var other *StrangerError
		var noTLS tls.RecordHeaderError
		switch {
		case errors.As(err, &other):
			return nil, other
		case errors.Is(err, nats.ErrAuthorization):
			return nil, &TurnedAwayError{j}
		case first && errors.As(err, &noTLS):
			first = false
			continue
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no hub answers at %s: %w", j, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// known says how a hub is known.
func (j Join) known() *tls.Config {
	if j.Fingerprint == "" {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	stranger := &StrangerError{j}
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		// No authority stands for a certificate that a hub has made by itself: the fingerprint is what it is known by.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || fingerprint(s.PeerCertificates[0].Raw) != j.Fingerprint {
				return stranger
			}
			return nil
		},
	}
}

func open(c *nats.Conn) (*Conn, error) {
	stream, err := jetstream.New(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	return &Conn{c, stream}, nil
}

// Close ends the connection, once what was answered is at the hub.
func (c *Conn) Close() {
	if c.Connected() {
		_ = c.nats.FlushTimeout(time.Second)
	}
	c.nats.Close()
}

// Connected reports whether the hub is there now.
func (c *Conn) Connected() bool { return c.nats.IsConnected() }

// asked is where questions go.
const asked = "andon.ask"

// Ask asks the coordinator, and waits until ctx ends.
func (c *Conn) Ask(ctx context.Context, question []byte) ([]byte, error) {
	m, err := c.nats.RequestWithContext(ctx, asked, question)
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

// answering is how long the hub may take to know who answers.
const answering = 5 * time.Second

// Answer has questions answered, one after the other, until the connection is closed. Where answer gives nil, the
// question is left to somebody else.
func (c *Conn) Answer(answer func(question []byte) []byte) error {
	_, err := c.nats.Subscribe(asked, func(m *nats.Msg) {
		// Who answers may do everything: an answer goes where those who ask may listen, and to nothing that obeys.
		if strings.HasPrefix(m.Reply, nats.InboxPrefix) {
			if said := answer(m.Data); said != nil {
				_ = m.Respond(said)
			}
		}
	})
	if err != nil {
		return err
	}
	return c.nats.FlushTimeout(answering)
}

// maxValue is the most bytes of a value.
const maxValue = 1 << 20

// Bucket keeps values by key. What is in it stays: no key is deleted.
type Bucket struct {
	conn *Conn
	name string
	keys jetstream.KeyValue
}

// Make makes the bucket of a run, or opens it where it is there.
func (c *Conn) Make(ctx context.Context, run string) (*Bucket, error) {
	keys, err := c.stream.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: run, Storage: jetstream.FileStorage, Replicas: 1, History: 1, MaxValueSize: maxValue,
	})
	if err != nil {
		return nil, fmt.Errorf("the hub cannot make the bucket %s: %w", run, err)
	}
	return &Bucket{c, run, keys}, nil
}

// Bucket opens the bucket of a run.
func (c *Conn) Bucket(ctx context.Context, run string) (*Bucket, error) {
	keys, err := c.stream.KeyValue(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("the hub has no bucket %s: %w", run, err)
	}
	return &Bucket{c, run, keys}, nil
}

// ErrTaken is why a key is not made: it is there.
var ErrTaken = errors.New("the key is there")

// Create sets a key that is not there: of several, one does. The others are told [ErrTaken].
func (b *Bucket) Create(ctx context.Context, key string, value []byte) error {
	_, err := b.keys.Create(ctx, key, value)
	if errors.Is(err, jetstream.ErrKeyExists) {
		return ErrTaken
	}
	return err
}

// Put sets a key. What comes again with the same id is taken once.
func (b *Bucket) Put(ctx context.Context, key string, value []byte, id string) error {
	_, err := b.conn.stream.Publish(ctx, "$KV."+b.name+"."+key, value, jetstream.WithMsgID(id))
	return err
}

// ErrMissing is why a key cannot be read: it is not there.
var ErrMissing = errors.New("the key is not there")

// Get reads a key.
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, error) {
	e, err := b.keys.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, ErrMissing
	} else if err != nil {
		return nil, err
	}
	return e.Value(), nil
}

// Full reports whether an error says that the hub's store has no room.
func Full(err error) bool {
	var refused *jetstream.APIError
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.ErrorCode {
	case 10023, 10047, 10077: // the account's room, the server's, and the disk's
		return true
	}
	return false
}
