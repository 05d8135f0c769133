package results

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shardDir is the directory of a shard of which two calls were given ids.
func shardDir(t testing.TB, m Manifest, ended bool) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n, id := range []string{"a", "b"} {
		if err := w.Given(uint32(n)+7, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if ended {
		if err := w.Close(End{Reason: Finished}); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func sharded(group string) Manifest {
	m := manifest()
	m.Shard = &Shard{Group: group, Index: 1, Of: 2, Plan: "p"}
	return m
}

// The same id is the same in all shards of a group, and another one in another group.
func TestGiven(t *testing.T) {
	read := func(m Manifest, ended bool) []Given {
		run, err := Open(shardDir(t, m, ended))
		if err != nil {
			t.Fatal(err)
		}
		var list []Given
		if err := run.Given(func(g Given) { list = append(list, g) }); err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := read(sharded("g"), true)
	if len(list) != 2 || list[0].N != 7 || list[1].N != 8 || list[0].Hash == list[1].Hash || !slices.Equal(list, read(sharded("g"), false)) || list[0] == read(sharded("h"), true)[0] {
		t.Errorf("%v", list)
	}
	whole, embedded, unchecked := manifest(), sharded("g"), sharded("g")
	embedded.Provider, unchecked.Unchecked = []Part{{}}, []string{"repeated-executionId"}
	for _, m := range []Manifest{whole, embedded, unchecked} {
		dir := shardDir(t, m, true)
		if _, err := os.Stat(filepath.Join(dir, givenFile)); err == nil {
			t.Errorf("%v has a file of ids", m.Shard)
		}
	}
}

func TestShardOfRunJSON(t *testing.T) {
	for _, s := range []Shard{{Group: "g", Plan: "p"}, {"g", 2, 2, "p", manifest().Started}, {"g", -1, 2, "p", manifest().Started}, {"g", 0, 1 << 40, "p", manifest().Started}, {"", 0, 2, "p", manifest().Started}, {"g", 0, 2, "", manifest().Started}} {
		m := manifest()
		m.Schema, m.Shard = manifestSchema, &s
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), "/shard") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// Whatever the file of ids holds, they are as they were written, or the error names the file.
func FuzzGiven(f *testing.F) {
	dir := shardDir(f, sharded("g"), true)
	whole, _ := os.ReadFile(filepath.Join(dir, givenFile))
	f.Add(whole)
	f.Add(whole[:17])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, end := range []End{{Reason: Finished, Given: 2}, {Reason: Cut}} {
			run := &Run{Dir: dir, Manifest: sharded("g"), End: end}
			var list []Given
			err := run.readGiven(givenFile, bytes.NewReader(data), func(g Given) { list = append(list, g) })
			if err != nil && !strings.Contains(err.Error(), givenFile) || err == nil && end.Reason == Finished && len(list) != 2 {
				t.Fatalf("%v, %v", list, err)
			}
		}
	})
}
