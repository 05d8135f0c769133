package text

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// terminal measures a text as a terminal shows it: a colour takes no room.
func terminal() displaywidth.Options { return displaywidth.Options{ControlSequences: true} }

// Width is how many columns of a terminal a text takes.
func Width(s string) int { return terminal().String(s) }

// Wrap breaks a text into lines of at most so many columns, at its spaces: only a word that is longer than a line is
// cut, over as many lines as it takes. A text without words has no lines.
func Wrap(s string, width int) (lines []string) {
	width = max(width, 2) // the widest character takes two
	var line strings.Builder
	room := width
	next := func() {
		if line.Len() > 0 {
			lines = append(lines, line.String())
		}
		line.Reset()
		room = width
	}
	for _, word := range strings.Fields(s) {
		n := Width(word)
		if line.Len() > 0 && n+1 > room {
			next()
		}
		if line.Len() > 0 {
			line.WriteByte(' ')
			room--
		}
		if n <= room {
			line.WriteString(word)
			room -= n
			continue
		}
		for g := terminal().StringGraphemes(word); g.Next(); {
			if g.Width() > room {
				next()
			}
			line.WriteString(g.Value())
			room -= g.Width()
		}
	}
	next()
	return lines
}

// Flow sets parts beside each other, with a separator between any two on one line, in lines of at most so many columns.
// A part that is longer than a line is wrapped.
func Flow(parts []string, separator string, width int) (lines []string) {
	line := ""
	for _, part := range parts {
		switch joined := line + separator + part; {
		case line == "":
			line = part
		case Width(joined) <= width:
			line = joined
		default:
			lines, line = append(lines, line), part
		}
		if Width(line) > width {
			wrapped := Wrap(line, width)
			last := max(len(wrapped)-1, 0)
			lines, line = append(lines, wrapped[:last]...), strings.Join(wrapped[last:], "")
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
