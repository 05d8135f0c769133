package hub

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// Identity is the secret that a hub is made of: its certificate, and the keys that its clients prove themselves by,
// follow from it, so that a hub that is started again is the same.
type Identity struct{ seed []byte }

// identityPrefix keeps an identity from being taken for a join string, or for any other secret.
const identityPrefix = "andonhub1-"

// NewIdentity draws one at random.
func NewIdentity() Identity {
	seed := make([]byte, 32)
	_, _ = rand.Read(seed) // never fails
	return Identity{seed}
}

// ParseIdentity reads what [Identity.Secret] gave. The error does not quote it.
func ParseIdentity(text string) (Identity, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), identityPrefix)
	seed, err := hex.DecodeString(rest)
	if !ok || err != nil || len(seed) != 32 {
		return Identity{}, fmt.Errorf("expected the identity of a hub, which is %s and 64 hexadecimal digits, found something else of %d characters", identityPrefix, len(text))
	}
	return Identity{seed}, nil
}

// Secret is the identity as text, for a file that nobody else reads, or a secret of a scheduler's.
func (i Identity) Secret() string { return identityPrefix + hex.EncodeToString(i.seed) }

// derive gives 32 bytes for one purpose.
func (i Identity) derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, i.seed, nil, "andon fleet "+purpose, ed25519.SeedSize)
	if err != nil {
		panic(err) // so many bytes can always be had
	}
	return key
}

// certificate is self-made, and the same each time: nothing in it is random, or of a clock that may be wrong. Whoever
// connects knows its fingerprint.
func (i Identity) certificate() (tls.Certificate, string, error) {
	key := ed25519.NewKeyFromSeed(i.derive("certificate"))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "andon fleet"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, fingerprint(der), nil
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// The two that connect to a hub. Only the coordinator may make buckets.
const (
	coordinator = "coordinator"
	worker      = "worker"
)

func (i Identity) nkey(role string) (nkeys.KeyPair, error) {
	return nkeys.FromRawSeed(nkeys.PrefixByteUser, i.derive(role))
}

// Coordinator is what the coordinator joins the hub at an address with, and Worker what workers do.
func (i Identity) Coordinator(address string) (Join, error) { return i.join(address, coordinator) }

// Worker is what workers join the hub at an address with.
func (i Identity) Worker(address string) (Join, error) { return i.join(address, worker) }

func (i Identity) join(address, role string) (Join, error) {
	_, print, err := i.certificate()
	if err != nil {
		return Join{}, err
	}
	pair, err := i.nkey(role)
	if err != nil {
		return Join{}, err
	}
	seed, err := pair.Seed()
	return Join{Address: address, Fingerprint: print, seed: string(seed)}, err
}

// Join says where a hub is, how to know it, and by what to be known there.
type Join struct {
	// Address is a host and a port, and Fingerprint the SHA-256 of the hub's certificate, in hex; empty where the
	// certificate is one that the machine's authorities stand for, as that of a NATS server of one's own.
	Address, Fingerprint string
	seed                 string
}

// ParseJoin reads what [Join.Secret] gave: host:port#fingerprint#nkey. The error names what is wrong, and quotes no
// secret.
func ParseJoin(text string) (Join, error) {
	const form = "host:port#fingerprint#nkey, as andon fleet run writes it"
	parts := strings.Split(strings.TrimSpace(text), "#")
	if len(parts) != 3 {
		return Join{}, fmt.Errorf("expected %s, found %d parts between #", form, len(parts))
	}
	j := Join{parts[0], strings.ToLower(parts[1]), parts[2]}
	var wrong []error
	if host, port, err := net.SplitHostPort(j.Address); err != nil || host == "" || port == "" {
		wrong = append(wrong, fmt.Errorf("the first part is no host:port: expected %s", form))
	}
	if sum, err := hex.DecodeString(j.Fingerprint); err != nil || len(sum) != sha256.Size && j.Fingerprint != "" {
		wrong = append(wrong, fmt.Errorf("the second part, the fingerprint, is not 64 hexadecimal digits: expected %s", form))
	}
	if prefix, _, err := nkeys.DecodeSeed([]byte(j.seed)); err != nil || prefix != nkeys.PrefixByteUser {
		wrong = append(wrong, fmt.Errorf("the third part is no nkey of a user (SU…): expected %s", form))
	}
	return j, errors.Join(wrong...)
}

// Secret is the join string.
func (j Join) Secret() string { return j.Address + "#" + j.Fingerprint + "#" + j.seed }

// String is the join string without its secret.
func (j Join) String() string { return j.Address }

// NewJoin draws an identity for a hub that is to be reached at an address, such as the name of a service, and gives
// what workers join it with and the hub's own secret.
func NewJoin(address string) (join, hubKey string, err error) {
	i := NewIdentity()
	j, err := i.Worker(address)
	if err != nil {
		return "", "", err
	}
	if _, err := ParseJoin(j.Secret()); err != nil {
		return "", "", err
	}
	return j.Secret(), i.Secret(), nil
}
