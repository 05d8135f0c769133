package contracts

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kaizenautomation/andon"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("openapi.yaml", andon.Spec); err != nil {
			b.Fatal(err)
		}
	}
}

// The name of the folder where andon is started is no part of the description.
func TestLoadAnywhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a^b {c} %41 #?é")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if _, err := Load("openapi.yaml", andon.Spec); err != nil {
		t.Error(err)
	}
}
