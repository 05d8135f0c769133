package text

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Nothing that a terminal acts on passes, nothing is longer than asked, and plain text stays as it is.
func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"plain é 😀": "plain é 😀", "\x1b[31mred": `\x1b[31mred`, "a\nb\r\t": `a\nb\r\t`, "\xff": `\xff`, "\u202e": `\u202e`, "\u200b": `\u200b`, "\x00": `\x00`,
	} {
		if got := Printable(s, 100); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		checkPrintable(t, rapid.String().Draw(t, "s"), rapid.IntRange(1, 50).Draw(t, "limit"))
	})
}

func checkPrintable(t rapid.TB, s string, limit int) {
	got := Printable(s, limit)
	if n := utf8.RuneCountInString(got); n > limit || !utf8.ValidString(got) {
		t.Fatalf("%q is %q: %d characters, at most %d", s, got, n, limit)
	}
	if i := strings.IndexFunc(got, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}); i >= 0 {
		t.Fatalf("%q is %q", s, got)
	}
}

func TestFormat(t *testing.T) {
	f := func(x float64) *float64 { return &x }
	for _, c := range []struct {
		got, want string
	}{
		{Duration(nil), "–"}, {Duration(f(0)), "0 ms"}, {Duration(f(0.8124)), "812 ms"}, {Duration(f(0.9996)), "1.00 s"}, {Duration(f(1.234)), "1.23 s"},
		{Duration(f(48e-6)), "48.0 µs"}, {Duration(f(700)), "11.7 min"}, {Duration(f(59.96)), "60.0 s"},
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(1234567), "1,234,567"},
		{Share(0, 10), "0 %"}, {Share(10, 10), "100 %"}, {Share(1, 0), "–"}, {Share(99999, 100000), ">99.99 %"}, {Share(1, 100000), "<0.01 %"},
		{Share(9990, 10000), "99.90 %"}, {Share(1, 3), "33.3 %"}, {Share(1, 200), "0.50 %"},
		{Rate(99.96), "100/s"}, {Rate(0.5), "0.50/s"}, {Rate(-0.5), "−0.50/s"}, {Rate(-0.004), "0.00/s"}, {Rate(-0.005001), "−0.01/s"}, {Rate(1234), "1,234/s"}, {PluralOf(big.NewInt(1), "error"), "1 error"}, {PluralOf(big.NewInt(999_999_999_999_999), "error"), "999,999,999,999,999 errors"},
		{PluralOf(big.NewInt(1_000_000_000_000_000), "error"), "about 1.00 × 10^15 errors"}, {PluralOf(new(big.Int).Lsh(big.NewInt(1), 2000), "error"), "about 1.15 × 10^602 errors"},
		{Plural(1, "error"), "1 error"}, {Plural(2, "error"), "2 errors"},
		{Change(f(0.2), f(0.1)), "−100 ms (−50 %)"}, {Change(f(0.1), f(0.2)), "+100 ms (+100 %)"}, {Change(nil, f(1)), ""},
		{DurationRange(-0.028, -0.0263), "−28.0 to −26.3 ms"}, {DurationRange(-0.0005, 1.2), "−0.00 to +1.20 s"}, {DurationRange(0, 900e-6), "0.00 to +900 µs"},
		{DurationRange(-700, 1), "−11.7 to +0.02 min"}, {PointsRange(-0.0031, 0.0002), "−0.31 to +0.02 pp"}, {SignedDuration(-0.0271), "−27.1 ms"}, {Points(0.003), "+0.30 pp"},
		{DurationBetween(0.0263, f(0.028)), "26.3–28.0 ms"}, {DurationBetween(0.0005, f(1.2)), "0.00–1.20 s"}, {DurationBetween(0.0263, nil), "≥ 26.3 ms"},
		{RateBetween(98.7, f(101)), "98.7–101/s"}, {RateBetween(1200, f(1234)), "1,200–1,234/s"}, {RateBetween(98.7, nil), "≥ 98.7/s"},
		{PercentBetween(0, f(0.0003)), "0–0.03 %"}, {PercentBetween(0.012, f(0.1)), "1.2–10.0 %"}, {PercentBetween(0.012, nil), "≥ 1.2 %"},
		{SignedDigits(-3.1), "−3.10"}, {SignedDigits(120), "+120"},
		{RateOf(99.8, f(120)), "99.8/s of 120/s"}, {RateOf(99.8, f(99.81)), "99.8/s"}, {RateOf(99.8, nil), "99.8/s"}, {Bytes(999), "999 B"}, {Bytes(1500000), "1.50 MB"},
		{WholePercent(0.9999), "99 %"}, {Sentence("the run ended"), "The run ended."}, {Sentence("p99(latency) < 1s: found 2 s"), "p99(latency) < 1s: found 2 s."}, {Sentence("Why?"), "Why?"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Uint64Range(1, math.MaxUint32).Draw(t, "whole")
		part := rapid.Uint64Range(0, whole).Draw(t, "part")
		if s := Share(part, whole); (s == "0 %") != (part == 0) || (s == "100 %") != (part == whole) {
			t.Fatalf("%d of %d is %s", part, whole, s)
		}
	})
}

// Names stay apart, and are harmless.
func FuzzToken(f *testing.F) {
	f.Add("Full", "../x")
	f.Add("a b", "a%20b")
	f.Fuzz(func(t *testing.T, a, b string) {
		if (Token(a) == Token(b)) != (a == b) || strings.ContainsFunc(Token(a), func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\,:*?"<>|=`, r) }) {
			t.Errorf("%q is %q, %q is %q", a, Token(a), b, Token(b))
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"Full", "Lite", "default", "timeout", "inFlight"}
	for word, want := range map[string]string{
		"Ful": "Full", "full": "Full", "LITE": "Lite", "timeuot": "timeout", "inflight": "inFlight", "xyzzy": "", "": "", "Nano": "", strings.Repeat("a", 100): "",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
	names = []string{"tier", "content", "class", "phase"}
	for word, want := range map[string]string{
		"tire": "tier", "Tier": "tier", "contents": "content", "phse": "phase", "clas": "class", "xyz": "", "": "",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
	// 4 edits to the first and 5 to the second: neither is a slip, and least of all the farther one.
	if got := Nearest("text.Lite", []string{"text.Full", "text+file.Lite"}); got != "" {
		t.Errorf("nearest to text.Lite is %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 6}, {"kitten", "sitting", 6}, {"µs", "us", 2}, {"abc", "abc", 0}, {"abc", "aBc", 1}, {"tire", "tier", 2}} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("the distance of %q and %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 12, -1).Draw(t, "a"), rapid.StringN(0, 12, -1).Draw(t, "b")
		x, y := []rune(a), []rune(b)
		if d := distance(x, y); d != distance(y, x) || (d == 0) != (string(x) == string(y)) || d > 2*max(len(x), len(y)) {
			t.Fatalf("the distance of %q and %q is %d", a, b, d)
		}
	})
}

// A foreign text of several lines keeps them, and does nothing.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		s           string
		most, limit int
		want        []string
	}{
		{"", 3, 10, nil},
		{" \n\n", 3, 10, nil},
		{"a\r\n\tb\n", 3, 10, []string{"a", "  b"}},
		{"a\nb\nc", 2, 10, []string{"a", "b …"}},
		{"abcdef", 2, 4, []string{"abc…"}},
		{"\x1b[2J\xff", 2, 40, []string{`\x1b[2J\xff`}},
		{"::error::x\n  ::add-mask::y\nx ::z", 4, 40, []string{": :error::x", "  : :add-mask::y", "x ::z"}},
		{"a ##[error]b", 4, 40, []string{"a ## [error]b"}},
	} {
		if got := Lines(c.s, c.most, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("%q is %q, want %q", c.s, got, c.want)
		}
	}
}

// A command is one no longer, and little else changes.
func TestInert(t *testing.T) {
	for _, c := range []struct{ s, want, quoted, inXML string }{
		{"::error::x", ": :error::x", "'::error::x'", "::error::x"},
		{" \t\u3000\u00a0::x", " \t\u3000\u00a0: :x", "' \t\u3000\u00a0::x'", " \t\u3000\u00a0::x"},
		{"a\n::x\r::y", "a\n: :x\r: :y", "'a\n:'':x\r:'':y'", "a\n::x\r::y"},
		{"a ::x b::c", "a ::x b::c", "'a ::x b::c'", "a ::x b::c"},
		{":x::y", ":x::y", "':x::y'", ":x::y"},
		{":::x", ": ::x", "':::x'", ":::x"},
		{"a##[b", "a## [b", "'a##''[b'", "a##&#91;b"},
		{"##vso[a ##teamcity[b", "##vso [a ##teamcity [b", "'##vso''[a ##teamcity''[b'", "##vso&#91;a ##teamcity&#91;b"},
		{"####x[", "####x [", "'####x''['", "####x&#91;"},
		{"#[ ## [ ##a [ ##a1[ ##a#[ #", "#[ ## [ ##a [ ##a1[ ##a#[ #", "'#[ ## [ ##a [ ##a1[ ##a#[ #'", "#[ ## [ ##a [ ##a1[ ##a#[ #"},
		{"it's", "it's", `'it'\''s'`, "it's"},
		{"ü", "ü", "'ü'", "ü"},
	} {
		var b strings.Builder
		w := &InertWriter{To: &b, Bracket: "&#91;"}
		for i := range len(c.s) { // a text may come in parts
			if _, err := w.Write([]byte(c.s[i : i+1])); err != nil {
				t.Fatal(err)
			}
		}
		if got, quoted := Inert(c.s), ShellQuote(c.s); got != c.want || quoted != c.quoted || b.String() != c.inXML {
			t.Errorf("%q is %q, quoted %q, in XML %q; want %q, %q, %q", c.s, got, quoted, b.String(), c.want, c.quoted, c.inXML)
		}
	}
}

// In whatever parts a text is written, what a line begins with and what came before a bracket is remembered.
func TestInertInParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.StringOfN(rapid.RuneFrom([]rune("#[:a \n\ré")), 0, 6, -1)).Draw(t, "parts")
		whole, slow := strings.Join(parts, ""), runner{}
		var want []byte
		for i := range len(whole) {
			switch c := whole[i]; {
			case c == '[' && slow.hashes == 2, c == ':' && slow.colon:
				want = append(want, ' ', c)
			default:
				want = append(want, c)
			}
			slow.read(whole[i])
		}
		var b strings.Builder
		w := &InertWriter{To: &b}
		for _, part := range parts {
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if b.String() != string(want) {
			t.Fatalf("%q in parts is %q, want %q", parts, b.String(), want)
		}
	})
}

// A document of JSON says what it said, and no terminal and no runner acts on it.
func FuzzJSONWriter(f *testing.F) {
	for _, s := range []string{"##vso[x", "\x1b\x7f\u009b\u202e\u2028\U000e0001", "\n::error::x", `\##[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b strings.Builder
		if err := json.NewEncoder(JSONWriter{&b}).Encode([]string{s}); err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := json.Unmarshal([]byte(b.String()), &got); err != nil || len(got) != 1 || got[0] != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Fatalf("%q is %q, %v", s, b.String(), err)
		}
		if said := strings.TrimSuffix(b.String(), "\n"); Inert(said) != said || strings.ContainsFunc(said, func(r rune) bool { return !strconv.IsPrint(r) }) {
			t.Fatalf("%q is %q", s, said)
		}
	})
}

// What may be secret is gone from an address, and where it leads is still there.
func TestPublic(t *testing.T) {
	for s, want := range map[string]string{
		"http://h/x":                                 "http://h/x",
		"http://h:80/x?key=hush#hush":                "http://h:80/x?…",
		"http://h/x#hush":                            "http://h/x#…",
		`Get "http://u:hush@h/x?a=hush": EOF`:        `Get "http://…@h/x?…": EOF`,
		"http://u:hu/sh@h/x":                         "http://…@h/x",
		"http://u:hu?sh@h/x":                         "http://…",
		"http://u:hu#sh@h/x":                         "http://…",
		"http://h:80?x=1, and http://[::1]:2/?hush.": "http://h:80?…, and http://[::1]:2/?….",
		"(postgres://u:hush@h/db?x)":                 "(postgres://…@h/db?…)",
		"'--otlp=http://h?hush' <http://h?hush>":     "'--otlp=http://h?…' <http://h?…>",
		"http://h/?… and http://…@h":                 "http://h/?… and http://…@h",
		"what? a@b: //x?y":                           "what? a@b: //x?y",
	} {
		got := Public(s)
		if got != want || Public(got) != got {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	err := &url.Error{Op: "Get", URL: "http://h/?key=hush", Err: io.ErrUnexpectedEOF}
	if got := Reason(fmt.Errorf("no: %w", err)); got != io.ErrUnexpectedEOF {
		t.Errorf("the reason is %v", got)
	}
	if got := Reason(io.EOF); got != io.EOF {
		t.Errorf("the reason is %v", got)
	}
}

// What a person is told has its own lines, and acts on nothing.
func TestMessage(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  string
	}{
		{"one  two three", 0, "one  two three"},
		{"one two three", 9, "one two\nthree"},
		{"one ::error::x", 11, "one\n: :error::x"},
		{"see /a/long/path", 8, "see /a/long/path"},
		{"a.yaml:1:1: no\r\n\tx: \x1b[31m\n::y\n", 9, "a.yaml:1:1: no\n  x: \\x1b[31m\n: :y"},
		{"no http://u:hush@h?x=hush", 0, "no http://…@h?…"},
		{strings.Repeat("\x00", 100), 0, strings.Repeat(`\x00`, 100)},
		{"", 5, ""},
	} {
		if got := Message(c.s, c.width); got != c.want {
			t.Errorf("%q on %d columns is %q, want %q", c.s, c.width, got, c.want)
		}
	}
}

// Whatever a text is made of, none of its lines is a command of the runner's, and there are no more than may be.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"::error::x", "\u3000::x", "\t ::x", "#\x00#[x", "##\u202e[", "\r::x", "\ufeff::x", "##\n["} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		lines := Lines(s, 5, 60)
		if len(lines) > 5 {
			t.Fatalf("%q has %d lines", s, len(lines))
		}
		for _, line := range lines {
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.ContainsFunc(line, func(r rune) bool { return !strconv.IsPrint(r) }) {
				t.Fatalf("%q has the line %q", s, line)
			}
		}
	})
}
