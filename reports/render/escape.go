package render

import (
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// code is a foreign text as a Markdown code span, within which nothing has a meaning: no HTML, no link, no mention, no
// emphasis. The fence is longer than any run of backticks in the text (CommonMark 0.31, section 6.1), and a pipe is
// escaped as the table extension wants it.
func code(s string, limit int) string {
	s = strings.ReplaceAll(text.Printable(s, limit), "|", `\|`)
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
	for _, r := range text.Printable(s, 2000) {
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
