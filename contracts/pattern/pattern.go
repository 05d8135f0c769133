// Package pattern reads the regular expressions of JSON Schema, which are those of ECMAScript with its flag u.
//
// Nearly all of them can be said in Go's own syntax as well, which matches in linear time whatever the text. The rest
// look ahead, look behind or refer back, and are matched by trying, for a bounded time.
package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// Pattern is a regular expression that was read. It is safe for concurrent use.
type Pattern struct {
	text   string
	linear *regexp.Regexp // nil where Go has no such expression
	trying *regexp2.Regexp
}

// mostTime is how long a text may be tried. What takes longer does so for a text made to take for ever.
const mostTime = time.Second

// Compile reads a pattern.
func Compile(text string) (*Pattern, error) {
	inGo, exact := InGo(text)
	if exact {
		if re, err := regexp.Compile(inGo); err == nil {
			return &Pattern{text: text, linear: re}, nil
		}
	}
	re, err := regexp2.Compile(forTrying(text), regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = mostTime
	return &Pattern{text: text, trying: re}, nil
}

// String is the pattern as it is written.
func (p *Pattern) String() string { return p.text }

// Match reports whether a text has a part that the pattern matches. The error says that it took too long to tell.
func (p *Pattern) Match(text string) (bool, error) {
	if p.linear != nil {
		return p.linear.MatchString(text), nil
	}
	found, err := p.trying.MatchString(text)
	if err != nil {
		return false, fmt.Errorf("the pattern %.60q could not be matched within %v", p.text, mostTime)
	}
	return found, nil
}

// forTrying says what regexp2 reads otherwise than ECMAScript has it: two escapes that make up one character, the
// boundaries of words, which are those of ASCII, and the dot, which matches no end of a line.
func forTrying(text string) string {
	var b strings.Builder
	text = pairs.ReplaceAllStringFunc(text, joined)
	inClass := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			switch {
			case text[i] == 'b' && !inClass:
				b.WriteString(`(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))`)
			case text[i] == 'B' && !inClass:
				b.WriteString(`(?:(?<=\w)(?=\w)|(?<!\w)(?!\w))`)
			default:
				b.WriteString(text[i-1 : i+1])
			}
			continue
		case c == '.' && !inClass:
			b.WriteString(`[^\n\r\u2028\u2029]`)
			continue
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		}
		b.WriteByte(c)
	}
	return b.String()
}
