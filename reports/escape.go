package reports

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable makes a foreign text harmless on a terminal and in a line of text: whatever is no printable character
// (controls, escape sequences, characters that turn the direction of writing, invalid UTF-8) is written as an escape such
// as \x1b. It is at most limit characters long, and ends with "…" where something was cut off.
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

// code is a foreign text as a Markdown code span, within which nothing has a meaning: no HTML, no link, no mention, no
// emphasis. The fence is longer than any run of backticks in the text (CommonMark 0.31, section 6.1), and a pipe is
// escaped as the table extension wants it.
func code(s string, limit int) string {
	s = strings.ReplaceAll(Printable(s, limit), "|", `\|`)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	run, longest := 0, 0
	for _, c := range []byte(s) {
		if run++; c != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || s[0] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// prose is a sentence of andon's own with foreign words in it, as Markdown.
func prose(s string) string {
	var b strings.Builder
	for _, r := range Printable(s, 2000) {
		switch {
		case r == '&':
			b.WriteString("&amp;")
			continue
		case r == '<':
			b.WriteString("&lt;")
			continue
		case r == '>':
			b.WriteString("&gt;")
			continue
		case r == '@':
			// A word joiner keeps the name from being taken for a mention.
			b.WriteString("@\u2060")
			continue
		case strings.ContainsRune("\\`*_{}[]#|~!", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
