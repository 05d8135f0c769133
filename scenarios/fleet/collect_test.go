package fleet

import (
	"path/filepath"
	"testing"
)

// A run's directory that was copied from another machine has its store with it.
func TestStoreOfCopy(t *testing.T) {
	dir := t.TempDir()
	var r run
	r.record.Dir = dir
	for recorded, want := range map[string]string{
		filepath.Join(dir, "gone", storeDir): filepath.Join(dir, storeDir),
		filepath.Join("gone", storeDir):      filepath.Join(dir, storeDir),
		dir:                                  dir,
	} {
		if r.record.Store = recorded; r.store() != want {
			t.Errorf("the store of %s is %s, want %s", recorded, r.store(), want)
		}
	}
}
