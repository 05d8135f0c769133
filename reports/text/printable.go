package text

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable makes a foreign text harmless on a terminal and in a line of text: whatever is no printable character
// (controls, escape sequences, characters that turn the direction of writing, invalid UTF-8) is written as an escape
// such as \x1b. It is at most limit characters long, and ends with "…" where something was cut off.
func Printable(s string, limit int) string {
	var b strings.Builder
	length := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		piece := s[:size]
		switch {
		case r == utf8.RuneError && size == 1:
			piece = `\x` + strconv.FormatUint(uint64(s[0])|0x100, 16)[1:]
		case !strconv.IsPrint(r):
			quoted := strconv.QuoteRune(r)
			piece = quoted[1 : len(quoted)-1]
		}
		n := utf8.RuneCountInString(piece)
		if length+n > limit-1 && (length+n > limit || len(s) > size) {
			return b.String() + "…"
		}
		b.WriteString(piece)
		length += n
		s = s[size:]
	}
	return b.String()
}

// Lines is [Printable] for a foreign text of several lines, which stay: at most so many of them, of at most so many
// characters each. It ends with "…" where something was cut off, and is empty where the text is blank.
func Lines(s string, most, limit int) (lines []string) {
	s = strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	if strings.TrimSpace(s) == "" {
		return nil
	}
	for line := range strings.SplitSeq(s, "\n") {
		if len(lines) == most {
			return append(lines[:most-1], lines[most-1]+" …")
		}
		lines = append(lines, Inert(Printable(strings.ReplaceAll(line, "\t", "  "), limit)))
	}
	return lines
}

// Message is what a person is told beside a report, in lines of so many columns; 0 is any number. Foreign words in it
// are harmless, and so are its addresses; see [Printable], [Inert] and [Public]. What has lines of its own keeps them,
// and what names a longer path or address, which is to be copied, stays on one.
func Message(s string, width int) string {
	lines := strings.Split(strings.TrimRight(Public(s), "\n"), "\n")
	for i, line := range lines {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "  ")
		lines[i] = Printable(line, len(line)*len(`\U0010ffff`))
	}
	long := func(word string) bool { return Width(word) > width }
	if width > 0 && len(lines) == 1 && !slices.ContainsFunc(strings.Fields(lines[0]), long) {
		lines = Wrap(lines[0], width)
	}
	return Inert(strings.Join(lines, "\n"))
}
