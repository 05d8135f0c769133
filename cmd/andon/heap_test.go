package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// No garbage is collected while the packages begin. With the user's word on it, it is.
func TestHeapIsSmallAtFirst(t *testing.T) {
	t.Parallel()
	for gogc, want := range map[string]bool{"": false, "50": true} {
		cmd := exec.Command(plainBinary(t), "--version")
		cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOGC="+gogc)
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		if strings.Contains(string(said), "gc 1 @") != want {
			t.Errorf("with GOGC=%q, a collection: %v, want %v: %s", gogc, !want, want, said)
		}
	}
}
