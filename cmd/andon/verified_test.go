package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A verification that cannot be kept is shown all the same, and is no pass: its directory is there, and its files have
// names that are too long.
func TestVerificationUnkept(t *testing.T) {
	dir := t.TempDir()
	for len(dir) < 4000 {
		dir = filepath.Join(dir, strings.Repeat("d", min(200, 4079-len(dir))))
	}
	if dir = filepath.Join(dir, strings.Repeat("d", 4078-len(dir))); os.MkdirAll(dir, 0o777) != nil {
		t.Skip("there are no such names here")
	}
	var stdout, stderr bytes.Buffer
	code := execute([]string{"verify", "--engine", "description", "--tag", "token", "--out", dir}, &stdout, &stderr)
	if code != noVerdict || !strings.Contains(stdout.String(), "PASS") || !strings.Contains(stderr.String(), "the verification cannot be kept: ") {
		t.Errorf("exit code %d, %s, %.300s", code, stdout.String(), stderr.String())
	}
}
