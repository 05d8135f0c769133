package contracts

import (
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
)

func loaded(t testing.TB) *Description {
	t.Helper()
	d, err := Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// edited is openapi.yaml with one text replaced by another, which must stand there.
func edited(t testing.TB, old, new string) string {
	t.Helper()
	text := string(andon.Spec)
	if !strings.Contains(text, old) {
		t.Fatalf("openapi.yaml has no %q", old)
	}
	return strings.Replace(text, old, new, 1)
}
