package text

import (
	"math"
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
		{Rate(99.96), "100/s"}, {Rate(0.5), "0.50/s"}, {Rate(1234), "1,234/s"}, {Plural(1, "error"), "1 error"}, {Plural(2, "error"), "2 errors"},
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
