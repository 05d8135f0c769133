package document

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a file, and where.
type Problem struct {
	// Line and Column count from 1; the column is in characters. Width is how many characters are at fault.
	Line, Column, Width int
	Message             string
	// Source is the text of the line.
	Source string
}

// span is a part of lines: from a column of the first one on, so many characters, or to the end of the last one where
// that is 0.
type span struct{ first, last, column, width int }

// hide has stars stand for what is hidden of the line.
func (p *Problem) hide(spans []span) {
	runes := []rune(p.Source)
	for _, s := range spans {
		if p.Line < s.first || p.Line > s.last {
			continue
		}
		from, to := 0, len(runes)
		if p.Line == s.first {
			from = min(s.column-1, to)
		}
		if s.width > 0 {
			to = min(from+s.width, to)
		}
		for i := from; i < to; i++ {
			runes[i] = '*'
		}
	}
	p.Source = string(runes)
}

// InvalidError lists everything that is wrong with a file, in the file's order.
type InvalidError struct {
	File     string
	Problems []Problem
}

// Error gives each problem as file:line:column: message, with the offending text underlined.
func (e *InvalidError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, p.Line, p.Column, p.Message)
		if source, at := printable(p.Source, p.Column); source != "" {
			width := max(1, min(p.Width, utf8.RuneCountInString(source)-at))
			fmt.Fprintf(&b, "\n    %s\n    %s%s", source, strings.Repeat(" ", at), strings.Repeat("^", width))
		}
	}
	return b.String()
}

// printable makes a source line safe to show, about 110 characters around the column, and says where the column is in
// it.
func printable(line string, column int) (string, int) {
	runes := []rune(strings.ToValidUTF8(line, "\ufffd"))
	for i, r := range runes {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			runes[i] = ' '
		}
	}
	at := min(max(column-1, 0), len(runes))
	from := 0
	if at > 90 {
		from = at - 60
	}
	return string(runes[from:min(len(runes), from+110)]), at - from
}
