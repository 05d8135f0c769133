package contracts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a user names is read up to a limit, so that a wrong file is an error and not all of the memory.
func TestOpen(t *testing.T) {
	if _, err := Open(filepath.Join("..", "openapi.yaml")); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, 8<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{dir: "is no regular file but a directory", dir + "/none.yaml": "none.yaml", large: "is larger than 8 MiB"} {
		if _, err := Open(file); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "the description cannot be read: ") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
