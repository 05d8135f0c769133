package attack

import (
	"net/url"
	"os"
	"testing"
)

func TestZZProfile(t *testing.T) {
	target := os.Getenv("ZZ")
	if target == "" {
		t.Skip()
	}
	b, _ := os.ReadFile("/tmp/t/closed.yaml")
	u, _ := url.Parse(target)
	fire(t, plan(t, string(b), 1), u)
}
