package hub

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/regular"
)

func started(t *testing.T, c Config) *Hub {
	t.Helper()
	h, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	return h
}

func joined(t *testing.T, j Join, err error) *Conn {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// One hub for all that is asked of it, since starting one takes time.
func TestHub(t *testing.T) {
	id, dir := NewIdentity(), t.TempDir()
	h := started(t, Config{Identity: id, Listen: "127.0.0.1:0", Dir: dir})
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	j, err := id.Coordinator(h.Address())
	board := joined(t, j, err)
	if _, err := board.Make(ctx, "run1"); err != nil {
		t.Fatal(err)
	}
	if err := board.Answer(func(q []byte) []byte { return append([]byte("re: "), q...) }); err != nil {
		t.Fatal(err)
	}
	w, err := id.Worker(h.Address())
	hand := joined(t, w, err)
	if said, err := hand.Ask(ctx, []byte("what")); err != nil || string(said) != "re: what" {
		t.Errorf("asked: %q, %v", said, err)
	}
	b, err := hand.Bucket(ctx, "run1")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Create(ctx, "shard.0", []byte("a")); err != nil {
		t.Error(err)
	}
	if err := b.Create(ctx, "shard.0", []byte("b")); !errors.Is(err, ErrTaken) {
		t.Errorf("a key that is there was made again: %v", err)
	}
	part := bytes.Repeat([]byte{7}, 512<<10)
	if err := b.Put(ctx, "up.0.0.0", part, "x"); err != nil {
		t.Error(err)
	}
	if _, err := b.Get(ctx, "shard.1"); !errors.Is(err, ErrMissing) {
		t.Errorf("what is not there: %v", err)
	}
	// A worker may do no more than it has to.
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if err := b.Put(short, "job.0", part, "y"); err == nil {
		t.Error("a worker could change the job")
	}
	if _, err := hand.Make(short, "run2"); err == nil {
		t.Error("a worker could make a bucket")
	}
	// Nor has it the coordinator do it, whose answers go where they are asked for.
	if err := hand.nats.PublishRequest(asked, "$KV.run1.job.0", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := hand.Ask(ctx, []byte("after it")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(ctx, "job.0"); !errors.Is(err, ErrMissing) {
		t.Errorf("a worker had the coordinator change the job: %v", err)
	}

	if _, err := Start(Config{Identity: id, Listen: "127.0.0.1:0", Dir: dir}); !errors.Is(err, regular.ErrLocked) {
		t.Errorf("a second hub on one store: %v", err)
	}

	// Killed, and started again on the same store and address, it is the same, and is met again.
	address := h.Address()
	h.Stop()
	started(t, Config{Identity: id, Listen: address, Dir: dir})
	// What is asked while the hub starts may be lost.
	again := func(what string, try func(context.Context) ([]byte, error), want []byte) {
		for {
			soon, cancel := context.WithTimeout(ctx, time.Second)
			v, err := try(soon)
			cancel()
			switch {
			case err == nil && !bytes.Equal(v, want):
				t.Errorf("%s is another after a restart", what)
				return
			case err == nil:
				return
			case ctx.Err() != nil:
				t.Fatalf("%s after a restart: %v", what, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	again("what was confirmed", func(ctx context.Context) ([]byte, error) { return b.Get(ctx, "up.0.0.0") }, part)
	again("an answer", func(ctx context.Context) ([]byte, error) { return hand.Ask(ctx, []byte("again")) }, []byte("re: again"))

	other, err := NewIdentity().Worker(address)
	if err != nil {
		t.Fatal(err)
	}
	var stranger *StrangerError
	if _, err := Connect(ctx, other); !errors.As(err, &stranger) {
		t.Errorf("another fingerprint: %v", err)
	}
	other.Fingerprint = w.Fingerprint
	var away *TurnedAwayError
	if _, err := Connect(ctx, other); !errors.As(err, &away) || strings.Contains(err.Error(), other.seed) {
		t.Errorf("another key: %v", err)
	}
	// Neither the identity nor a key is in the store.
	err = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, secret := range []string{id.Secret(), w.seed, j.seed} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s has a secret", path)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNoHub(t *testing.T) {
	j, err := NewIdentity().Worker("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := Connect(ctx, j); err == nil || !strings.Contains(err.Error(), "no hub answers at 127.0.0.1:1") {
		t.Errorf("found %v", err)
	}
	for _, listen := range []string{"", "here", "127.0.0.1:99999", "127.0.0.1:x"} {
		if _, err := Start(Config{Listen: listen}); err == nil || !strings.Contains(err.Error(), "the hub cannot listen on") {
			t.Errorf("listens on %q: %v", listen, err)
		}
	}
}

func TestIdentity(t *testing.T) {
	id := NewIdentity()
	again, err := ParseIdentity(id.Secret() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := id.Worker("h:1")
	b, err2 := again.Worker("h:1")
	c, err3 := id.Coordinator("h:1")
	if a != b || a.seed == c.seed || a.Fingerprint != c.Fingerprint || errors.Join(err1, err2, err3) != nil {
		t.Errorf("the same identity is %v and %v, and %v: %v", a, b, c, errors.Join(err1, err2, err3))
	}
	if back, err := ParseJoin(a.Secret()); err != nil || back != a {
		t.Errorf("%v is read as %v: %v", a, back, err)
	}
	if said := a.String(); said != "h:1" {
		t.Errorf("a join string is told as %q", said)
	}
	for text, want := range map[string]string{
		"":                                     "found 1 parts between #",
		"h:1#x#y":                              "the second part, the fingerprint, is not 64 hexadecimal digits",
		"h#" + a.seed:                          "found 2 parts",
		"h#x#" + a.seed:                        "the first part is no host:port",
		"h:1#" + a.Fingerprint + "#S" + a.seed: "the third part is no nkey",
	} {
		_, err := ParseJoin(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), a.seed) {
			t.Errorf("%q: expected %q, found %v", text, want, err)
		}
	}
	for _, text := range []string{"", a.Secret(), identityPrefix, id.Secret() + "00", strings.Replace(id.Secret(), "1-", "2-", 1)} {
		if _, err := ParseIdentity(text); err == nil || strings.Contains(err.Error(), id.Secret()[20:40]) {
			t.Errorf("%q is an identity: %v", text, err)
		}
	}
}

func TestParseNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z0-9:#.SU\[\]]{0,80}`).Draw(t, "text")
		if j, err := ParseJoin(text); err == nil && j.Secret() == "" {
			t.Error("empty")
		}
		_, _ = ParseIdentity(text)
	})
}
