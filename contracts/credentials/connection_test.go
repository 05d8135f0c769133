package credentials

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is read from the files is what the target's certificate is held against.
func TestConnectionReads(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority := write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if c, err := (Connection{}).Read(); c != nil || err != nil {
		t.Errorf("of nothing: %v, %v", c, err)
	}
	c, err := Connection{Authority: authority}.Read()
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: c}}
	r, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	for _, c := range []struct{ authority, certificate, key, want string }{
		{filepath.Join(dir, "none.pem"), "", "", "cannot be read"},
		{write("text", []byte("hello")), "", "", "has no certificate in it"},
		{write("huge", make([]byte, maxPEM+1)), "", "", "is larger than 8 MiB"},
		{"", authority, "", "the certificate " + authority + " with the key " + authority},
		{"", authority, filepath.Join(dir, "none.pem"), "none.pem"},
	} {
		if got, err := (Connection{Authority: c.authority, Certificate: c.certificate, Key: c.key}).Read(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}
