package text

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  []string
	}{
		{"", 10, nil},
		{"   ", 10, nil},
		{"one two three", 7, []string{"one two", "three"}},
		{"one  two", 8, []string{"one two"}},
		{"a longerthanthat b", 6, []string{"a", "longer", "thanth", "at b"}},
		{"日本語 日本", 6, []string{"日本語", "日本"}},
		{"日本語", 3, []string{"日", "本", "語"}},
		{"日本", 1, []string{"日", "本"}}, // what is wider than the terminal is not lost
		{Paint("red", Red, true) + " " + Paint("green", Green, true), 9, []string{Paint("red", Red, true) + " " + Paint("green", Green, true)}},
	} {
		if got := Wrap(c.s, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns is %q, want %q", c.s, c.width, got, c.want)
		}
	}
}

// Whatever is wrapped, no line is wider than it may be, none of it is lost, and no word is cut that fits into a line.
func TestWrapKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[a-z0-9−µ]{1,14}|日本語|e\x{301}`)).Draw(t, "words")
		width := rapid.IntRange(2, 40).Draw(t, "width")
		lines := Wrap(strings.Join(words, " "), width)
		all := strings.Join(lines, " ")
		for _, line := range lines {
			if Width(line) > width || line == "" || strings.TrimSpace(line) != line {
				t.Fatalf("%q in %d columns", line, width)
			}
		}
		if strings.ReplaceAll(all, " ", "") != strings.Join(words, "") {
			t.Fatalf("%q became %q", words, lines)
		}
		for _, w := range words {
			if Width(w) <= width && !slices.Contains(strings.Fields(all), w) && !slices.ContainsFunc(words, func(o string) bool { return Width(o) > width }) {
				t.Fatalf("%q is cut: %q", w, lines)
			}
		}
		parts := Flow(words, " · ", width)
		if got := strings.NewReplacer(" · ", "", " ", "").Replace(strings.Join(parts, "")); got != strings.Join(words, "") {
			t.Fatalf("%q became %q", words, parts)
		}
		for _, line := range parts {
			if Width(line) > width {
				t.Fatalf("%q in %d columns", line, width)
			}
		}
	})
}
