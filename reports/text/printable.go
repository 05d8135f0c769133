package text

import (
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

// Inert is a line without what a runner of GitHub Actions takes for a command where it stands on the output of a step:
// "::" at its beginning, behind spaces too, and "##[" anywhere, which is how its older commands begin.
func Inert(line string) string {
	line = strings.ReplaceAll(line, "##[", "## [")
	if rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "::") {
		line = line[:len(line)-len(rest)] + ": " + rest[1:]
	}
	return line
}
