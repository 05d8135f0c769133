package fleet

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/scenarios/fleet/hub"
)

// Parts that are missing or damaged at the hub are found, and only these come again; what is not whole has no
// directory.
func TestHandIn(t *testing.T) {
	id := hub.NewIdentity()
	h, err := hub.Start(hub.Config{Identity: id, Listen: "127.0.0.1:0", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Stop)
	join, err := id.Coordinator(h.Address())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := hub.Connect(t.Context(), join)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	b, err := conn.Make(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	puts := 0
	step := func(step func(context.Context) error) error {
		puts++
		return try(t.Context(), Times{Every: time.Second, Alone: 5 * time.Second}, step)
	}
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "s0")
	files := map[string][]byte{
		"run.json": []byte("{}"), "empty": nil, "data/ids.csv": []byte("a\nb\n"),
		"hits.arrow": bytes.Repeat([]byte("0123456789abcdef"), partSize/16*2+1),
	}
	for name, data := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(from, name)), 0o777), os.WriteFile(filepath.Join(from, name), data, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := bringHome(b, "up.0", to, step); err != nil || !slices.Equal(again, []string{"up.0.list"}) {
		t.Errorf("before anything is handed in: %v, %v", again, err)
	}
	l, err := list(from)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(l.Files, func(f listed) bool { return f.Name == "hits.arrow" })
	if err := handIn(b, "up.0", from, l, nil, 0, step); err != nil {
		t.Fatal(err)
	}
	damaged := key("up.0", at, 1)
	if err := b.Put(t.Context(), damaged, []byte("something else"), "x"); err != nil {
		t.Fatal(err)
	}
	again, err := bringHome(b, "up.0", to, step)
	if err != nil || !slices.Equal(again, []string{damaged}) {
		t.Fatalf("of a damaged part: %v, %v", again, err)
	}
	for _, dir := range []string{to, to + ".part"} {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("what is not whole has a directory: %s", dir)
		}
	}
	puts = 0
	if err := handIn(b, "up.0", from, l, again, 1, step); err != nil || puts != 2 {
		t.Errorf("%d steps for one part and the listing: %v", puts, err)
	}
	if again, err := bringHome(b, "up.0", to, step); err != nil || again != nil {
		t.Fatalf("once it came again: %v, %v", again, err)
	}
	for name, data := range files {
		if found, err := os.ReadFile(filepath.Join(to, name)); err != nil || !bytes.Equal(found, data) {
			t.Errorf("%s came home with %d bytes of %d: %v", name, len(found), len(data), err)
		}
	}

	pagesComeHome(t, b, step)
	for text, want := range map[string]string{
		`{"pages":[` + strings.Repeat(`"",`, mostPages) + `""]}`:         "expected at most 256, found 257",
		`{"files":[{"name":"../x","size":1,"sha256":"","parts":["a"]}]}`: "expected a name within the directory",
		`{"files":[{"name":"x","size":1,"sha256":"","parts":[]}]}`:       "as many parts as its size wants",
		`{"files":[{"name":"x","size":-1,"sha256":"","parts":[]}]}`:      "found \"x\" with -1 bytes",
		`{"file":[]}`: "cannot be read",
		`[`:           "cannot be read",
	} {
		if err := b.Put(t.Context(), "up.1.list", []byte(text), text); err != nil {
			t.Fatal(err)
		}
		if _, err := bringHome(b, "up.1", to, step); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: expected %q, found %v", text, want, err)
		}
	}
}

// pagesComeHome has a directory come home whose listing is longer than a hub takes at once.
func pagesComeHome(t *testing.T, b *hub.Bucket, step func(func(context.Context) error) error) {
	t.Helper()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "s2")
	deep := from
	for len(deep) < 3500 {
		deep = filepath.Join(deep, strings.Repeat("d", 200))
	}
	if err := os.MkdirAll(deep, 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 350 {
		if err := os.WriteFile(filepath.Join(deep, strconv.Itoa(i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	l, err := list(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := handIn(b, "up.2", from, l, nil, 0, step); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), pageKey("up.2", 1), []byte("something else"), "y"); err != nil {
		t.Fatal(err)
	}
	again, err := bringHome(b, "up.2", to, step)
	if err != nil || !slices.Equal(again, []string{"up.2.list"}) {
		t.Fatalf("of a damaged page: %v, %v", again, err)
	}
	if err := handIn(b, "up.2", from, l, again, 1, step); err != nil {
		t.Fatal(err)
	}
	if again, err := bringHome(b, "up.2", to, step); err != nil || again != nil {
		t.Fatalf("once they came again: %v, %v", again, err)
	}
	if home, err := list(to); err != nil || len(home.Files) != 350 {
		t.Errorf("%d files came home: %v", len(home.Files), err)
	}
}

// Where the hub has no room, the worker says where its spool is, and so does the coordinator.
func TestHubIsFull(t *testing.T) {
	t.Parallel()
	s := newStage(t, short)
	s.times = quickly
	s.hub.Stop()
	// The job fits in, and what is measured does not.
	s.room = 128 << 10
	s.start()
	s.times.Alone = 4 * time.Second
	out := s.coordinator(t.Context(), nil, 1)
	a := s.worker(t.Context(), "a")
	var spool *SpoolError
	if err := <-a; !errors.As(err, &spool) || !strings.Contains(err.Error(), "the hub's disk is full") {
		t.Fatalf("the worker ended with %v", err)
	}
	o := ended(t, out)
	if len(o.Faults) != 1 || !strings.Contains(o.Faults[0].Error(), "what it measured is in "+spool.Dir) {
		t.Errorf("it ended with %v, %v", o.Faults, o.err)
	}
}
