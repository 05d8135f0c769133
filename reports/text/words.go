package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence gives a clause a capital and a full stop. A word in lower case that is a name, such as p99(latency), stays.
func Sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	word, _, _ := strings.Cut(s, " ")
	if !strings.ContainsAny(word, "(){}=_.:0123456789") {
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

// Token makes a name one harmless word, in a file's name, in a list with commas or in a URL, and keeps two names apart:
// whatever is no letter, digit, "-", "_", "." or "+" of ASCII becomes %XX.
func Token(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.+", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}
