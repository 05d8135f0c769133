package hub

import (
	"strings"
	"testing"
)

// What is read as a join string is written as it was, and what is not is told without its secret.
func FuzzParseJoin(f *testing.F) {
	j, err := NewIdentity().Worker("127.0.0.1:4222")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(j.Secret())
	f.Add("[::1]:4222#" + j.Fingerprint + "#" + j.seed)
	f.Add("a#b#c")
	f.Fuzz(func(t *testing.T, text string) {
		j, err := ParseJoin(text)
		if err == nil && !strings.EqualFold(j.Secret(), strings.TrimSpace(text)) {
			t.Errorf("%q is read as %q", text, j.Secret())
		}
		if _, last, found := strings.Cut(text, "#SU"); err != nil && found && len(last) > 20 && strings.Contains(err.Error(), last) {
			t.Errorf("the error quotes the key: %v", err)
		}
	})
}
