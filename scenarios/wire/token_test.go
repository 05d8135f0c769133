package wire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file holds a token and at most a line break; anything else would be sent as something else, or not at all.
func TestReadToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	for _, c := range []struct{ text, token, fault string }{
		{"abc.DEF-1~\r\n", "abc.DEF-1~", ""},
		{"\n", "", "is empty"},
		{"two words", "", "a space"},
		{"line\nbreak", "", "a line break"},
		{"ümlaut", "", "outside ASCII"},
		{strings.Repeat("x", 64<<10), strings.Repeat("x", 64<<10), ""},
		{strings.Repeat("x", 64<<10+1), "", "larger than 64 KiB"},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		token, err := ReadToken(file)
		switch {
		case c.fault == "" && (err != nil || token != c.token):
			t.Errorf("%.20q: %.20q, %v", c.text, token, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault) || token != ""):
			t.Errorf("%.20q: %.20q, %v; expected %q", c.text, token, err, c.fault)
		}
		if err != nil && c.text != "\n" && strings.Contains(err.Error(), c.text) {
			t.Errorf("the token is in the error: %.100v", err)
		}
	}
	if _, err := ReadToken(file + ".none"); err == nil || !strings.Contains(err.Error(), "the token cannot be read") {
		t.Errorf("no file: %v", err)
	}
}
