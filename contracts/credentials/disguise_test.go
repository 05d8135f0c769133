package credentials

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// each writes every byte of a text by a format.
func each(format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
}

// lines breaks a text after so many bytes.
func lines(s string, width int, separator string) string {
	var parts []string
	for ; len(s) > width; s = s[width:] {
		parts = append(parts, s[:width])
	}
	return strings.Join(append(parts, s), separator)
}

func asJSON(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// theDisguises are ways of writing a secret that a target may have; the secrets are of ASCII.
var theDisguises = map[string]func(string) string{
	"as it is":                  func(s string) string { return s },
	"in capitals":               strings.ToUpper,
	"for a query":               url.QueryEscape,
	"for a path":                url.PathEscape,
	"for a query, small":        func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"for a query twice":         func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"each byte for a URL":       each("%%%02X"),
	"each byte for a URL again": func(s string) string { return url.QueryEscape(each("%%%02x")(s)) },
	"some bytes for a URL":      func(s string) string { return s[:5] + each("%%%02X")(s[5:9]) + s[9:] },
	"JSON":                      asJSON,
	"JSON, slashes escaped":     func(s string) string { return strings.ReplaceAll(asJSON(s), "/", `\/`) },
	"JSON, all escaped":         each(`\u%04x`),
	"JSON, all escaped, great":  each(`\u%04X`),
	"JSON in JSON":              func(s string) string { return asJSON(asJSON(s)) },
	"JSON in JSON, all escaped": func(s string) string { return asJSON(each(`\u%04x`)(s)) },
	"URL in JSON, all escaped":  func(s string) string { return each(`\u%04x`)(url.QueryEscape(s)) },
	"Go":                        strconv.Quote,
	"Go, all escaped":           each(`\x%02x`),
	"HTML":                      html.EscapeString,
	"HTML, by number":           each("&#%d;"),
	"HTML, by number of hex":    each("&#x%02X;"),
	"HTML in HTML":              func(s string) string { return html.EscapeString(each("&#%d;")(s)) },
	"hex":                       func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex, great":                func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"hex with colons":           func(s string) string { return strings.TrimSuffix(each("%02x:")(s), ":") },
	"base64":                    func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 for URLs":           func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64, one byte before":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s + "yz")) },
	"base64, two bytes before":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s + "z")) },
	"base64 of a header":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte("Bearer " + s)) },
	"base64 in lines":           func(s string) string { return lines(base64.StdEncoding.EncodeToString([]byte(s)), 20, "\r\n") },
	"base64 for a query":        func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) },
	"base64 in lines of JSON":   func(s string) string { return asJSON(lines(base64.StdEncoding.EncodeToString([]byte(s)), 16, "\n")) },
	"spaced out":                func(s string) string { return lines(s, 1, " ") },
	"in lines":                  func(s string) string { return lines(s, 13, "\n") },
	"in quoted lines":           func(s string) string { return lines(s, 13, "\n> ") },
	"in two values":             func(s string) string { return `{"a": "` + s[:len(s)/2] + `", "b": "` + s[len(s)/2:] + `"}` },
	"without its end":           func(s string) string { return s[:len(s)-5] },
	"without its beginning":     func(s string) string { return s[5:] },
	"the middle of it":          func(s string) string { return s[4 : len(s)-4] },
}

// however lists what a text may say, however it says it.
func however(text string) (said []string) {
	t := trace(text, nil)
	for range maxEscapes + 1 {
		said = append(said, string(t.plain().text))
		t, _ = t.unescaped()
	}
	return said
}

// Of a secret nothing of some length is left, in whatever disguise; and what stands around it is left.
func TestDisguises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// What stands around it is none of its letters.
		secret := rapid.StringMatching(`[a-zA-Z0-9/+"<&=_~.-]{30,60}[a-zA-Z0-9]{30}`).Draw(t, "secret")
		s := Bearer(secret)
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(theDisguises))).Draw(t, "disguise")
		before, after := "was zurückkam, ist ä<<", ">>ö, and no more than that\n"
		text := before + theDisguises[name](secret) + after
		got := s.Redact(text)
		if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || !strings.Contains(got, "[token]") {
			t.Fatalf("%s: %q became %q", name, text, got)
		}
		if again := s.Redact(got); again != got {
			t.Fatalf("%s: %q became %q, and then %q", name, text, got, again)
		}
		for _, whole := range says(secret) {
			for i := 0; i+leastPiece <= len(whole); i++ {
				for _, said := range however(strings.ReplaceAll(got, "[token]", "\x00")) {
					if strings.Contains(said, whole[i:i+leastPiece]) {
						t.Fatalf("%s: %q became %q, in which there is %s", name, text, got, whole[i:i+leastPiece])
					}
				}
			}
		}
	})
}

// A text that says nothing of a secret stays as it is, escapes and all.
func TestNothingToHide(t *testing.T) {
	s := Bearer("tok-3f9a77c1e2-8b11-4c02")
	s.Keep("Bearer t", "staging-eu-west-1")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([ -~]|%[0-9A-F]{2}|\\u00[0-9a-f]{2}|&[a-z]{2,4};|tok-|staging|the bearer token){0,40}`)).Draw(t, "text")
		if got := s.Redact(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// Secrets that begin and end alike are found as if each were alone.
func TestSecretsAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"abcdefghijkl", "mnopqrstuvwxyz", "0123456789", "zyxwvu", "a", "k7"})
		var secrets []string
		for range rapid.IntRange(1, 12).Draw(t, "n") {
			secrets = append(secrets, strings.Join(rapid.SliceOfN(part, 3, 6).Draw(t, "parts"), ""))
		}
		s := &Set{}
		s.Keep(secrets...)
		alone := &Set{}
		one := rapid.SampledFrom(secrets).Draw(t, "one")
		alone.Keep(one)
		text := "<<" + lines(one, 3, " ") + ">>"
		if got, want := s.Redact(text), alone.Redact(text); len(one) >= leastSaid && (got != want || got != "<<[secret]>>") {
			t.Errorf("of %q, %q became %q, expected %q", secrets, text, got, want)
		}
	})
}

// No text makes the search fail, or take out what is a mark.
func FuzzRedact(f *testing.F) {
	s := Bearer("tok-3f9a77c1e2-8b11-4c02")
	s.Keep("[secret] and more", `q"u\o%74ed&amp;secret`)
	for _, text := range []string{"", "%", `\`, `\u`, `\u12`, "&", "&#;", "&#1114112;", "[token", "…", "t o k-3f9a77c1e2-8b11-4c02", "\xff%ff\\xff", `\ud800\udc00`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := s.Redact(text)
		for _, said := range however(strings.NewReplacer("[token]", "\x00", "[secret]", "\x00").Replace(got)) {
			if strings.Contains(said, "tok3f9a77c1e28b114c02") {
				t.Errorf("%q became %q", text, got)
			}
		}
		if again := s.Redact(got); again != got {
			t.Errorf("%q became %q, and then %q", text, got, again)
		}
	})
}

func BenchmarkRedactDisguised(b *testing.B) {
	s := Bearer("tok-3f9a77c1e2-8b11-4c02")
	text := strings.Repeat(`{"sessionId":"s-1","note":"50 % of \"it\" &amp; more"} `, 20_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_ = s.Redact(text)
	}
}

func BenchmarkKeepMany(b *testing.B) {
	var secrets []string
	for i := range MaxTenants {
		secrets = append(secrets, fmt.Sprintf("eyJhbGciOiJIUzI1NiJ9.%x.%x", i*7919, base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(i, i*i, i*31)))))
	}
	for b.Loop() {
		s := &Set{}
		s.Keep(secrets...)
	}
}
