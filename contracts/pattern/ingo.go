package pattern

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// InGo says a pattern in Go's syntax. It is exact unless the pattern has what Go has not: it then means more than the
// pattern does, as what looks ahead or behind is left out, so that what it matches is to be held against the pattern.
func InGo(text string) (inGo string, exact bool) { return translate(text, false) }

// Approximations are expressions of Go that match texts of which some may match a pattern that Go cannot say: one
// without what looks ahead, and one in which that is a part of the text. For what refers back there is [Reference].
func Approximations(text string) (out []string) {
	for _, consumed := range []bool{false, true} {
		if inGo, _ := translate(text, consumed); !slices.Contains(out, inGo) {
			out = append(out, inGo)
		}
	}
	return out
}

func translate(text string, consumed bool) (inGo string, exact bool) {
	t := translator{in: []rune(text), exact: true, consumed: consumed}
	for t.at < len(t.in) {
		t.next()
	}
	inGo = t.out.String()
	if _, err := syntax.Parse(inGo, syntax.Perl); err != nil {
		t.exact = false
	}
	return inGo, t.exact
}

type translator struct {
	in       []rune
	at       int
	out      strings.Builder
	exact    bool
	consumed bool
}

const (
	// space are the characters of \s: white space and line terminators of ECMAScript. Go's are those of ASCII.
	space = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	// noSpace are all others.
	noSpace = `\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}` +
		`\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`
	// notLineEnd are the characters of a dot.
	notLineEnd = `[^\n\r\x{2028}\x{2029}]`
	all        = `\x{0}-\x{10ffff}`
)

// rest is what follows, to be held against what may stand there.
func (t *translator) rest() string { return string(t.in[t.at:min(t.at+12, len(t.in))]) }

// next translates one item outside of a class.
func (t *translator) next() {
	c := t.in[t.at]
	t.at++
	switch c {
	case '\\':
		t.escape(false)
	case '.':
		t.out.WriteString(notLineEnd)
	case '[':
		t.class()
	case '(':
		t.group()
	default:
		t.out.WriteRune(c)
	}
}

// group translates the beginning of a group. One that looks ahead or behind is left out with all that is in it, or is
// made an ordinary one.
func (t *translator) group() {
	rest := t.rest()
	for _, look := range []string{"?=", "?!", "?<=", "?<!"} {
		if !strings.HasPrefix(rest, look) {
			continue
		}
		t.exact = false
		t.at += len(look)
		if t.consumed && !strings.HasSuffix(look, "!") {
			t.out.WriteString("(?:")
			return
		}
		before := t.out.String()
		for depth := 1; depth > 0 && t.at < len(t.in); {
			switch t.in[t.at] {
			case '(':
				depth++
			case ')':
				depth--
			case '\\':
				t.at++
			case '[':
				t.at++
				t.class()
				continue
			}
			t.at++
		}
		t.at = min(t.at, len(t.in))
		t.out.Reset()
		t.out.WriteString(before)
		return
	}
	t.out.WriteByte('(')
}

// class translates a class, whose bracket has been read.
func (t *translator) class() {
	negated := t.at < len(t.in) && t.in[t.at] == '^'
	if negated {
		t.at++
	}
	if t.at < len(t.in) && t.in[t.at] == ']' {
		// Go would take the bracket for a member.
		t.at++
		if negated {
			t.out.WriteString("[" + all + "]")
		} else {
			t.out.WriteString("[^" + all + "]")
		}
		return
	}
	t.out.WriteByte('[')
	if negated {
		t.out.WriteByte('^')
	}
	for t.at < len(t.in) {
		c := t.in[t.at]
		t.at++
		switch c {
		case ']':
			t.out.WriteByte(']')
			return
		case '[':
			t.out.WriteString(`\[`)
		case '\\':
			t.escape(true)
		default:
			t.out.WriteRune(c)
		}
	}
}

// escape translates what follows a backslash.
func (t *translator) escape(inClass bool) {
	if t.at >= len(t.in) {
		t.out.WriteByte('\\')
		return
	}
	c := t.in[t.at]
	t.at++
	switch {
	case c == 's' || c == 'S':
		part := space
		if c == 'S' {
			part = noSpace
		}
		if !inClass {
			part = "[" + part + "]"
		}
		t.out.WriteString(part)
	case c == 'b' && inClass:
		t.out.WriteString(`\x08`)
	case c == 'u':
		t.unicode()
	case c == 'c' && t.at < len(t.in) && isLetter(t.in[t.at]):
		fmt.Fprintf(&t.out, `\x{%x}`, t.in[t.at]&31)
		t.at++
	case c == 'p' || c == 'P':
		t.property(c)
	case c == 'k', c >= '1' && c <= '9':
		t.backReference(c)
	case c == '0':
		t.out.WriteString(`\x{0}`)
	case c == 'Z':
		t.out.WriteString(`\z`) // as Python has it; no anchor of ECMAScript's
	case strings.ContainsRune("dDwWbBfnrtvxAz", c):
		t.out.WriteString(`\` + string(c))
	case isLetter(c), c > 0x7f:
		t.out.WriteRune(c)
	default:
		t.out.WriteString(`\` + string(c))
	}
}

func isLetter(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// unicode translates \u{…}, four digits, or two times four that make up one character.
func (t *translator) unicode() {
	rest := t.rest()
	digits, length := "", 4
	if long, closed := strings.CutPrefix(rest, "{"); closed {
		digits, _, closed = strings.Cut(long, "}")
		if length = len(digits) + 2; !closed {
			digits = ""
		}
	} else if len(rest) >= 4 {
		digits = rest[:4]
		if pair := `\u` + rest[:min(len(rest), 10)]; pairs.MatchString(pair) {
			digits, length = strings.Trim(joined(pair), `\u{}`), 10
		}
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		t.out.WriteByte('u')
		return
	}
	t.at += length
	fmt.Fprintf(&t.out, `\x{%x}`, n)
}

// property translates \p{Script=Greek} and the like, whose key Go does not write.
func (t *translator) property(c rune) {
	name, _, closed := strings.Cut(string(t.in[t.at:min(t.at+60, len(t.in))]), "}")
	if !closed || !strings.HasPrefix(name, "{") {
		t.out.WriteString(`\` + string(c))
		return
	}
	t.at += len([]rune(name)) + 1
	name = name[1:]
	for _, key := range []string{"Script=", "sc=", "General_Category=", "gc="} {
		name = strings.TrimPrefix(name, key)
	}
	if short := categories[name]; short != "" {
		name = short
	}
	t.out.WriteString(`\` + string(c) + "{" + name + "}")
}

// Reference is the character that stands in an approximation for what refers back to the first group; that for the
// second is the next.
const Reference = '\ue000'

// backReference writes a character for what refers back to a group by its number.
func (t *translator) backReference(c rune) {
	t.exact = false
	if c == 'k' && t.at < len(t.in) && t.in[t.at] == '<' {
		if end := slices.Index(t.in[t.at:], '>'); end >= 0 {
			t.at += end + 1
		}
	}
	if c == 'k' {
		return
	}
	n := c - '0'
	for ; t.at < len(t.in) && t.in[t.at] >= '0' && t.in[t.at] <= '9' && n < 100; t.at++ {
		n = n*10 + t.in[t.at] - '0'
	}
	fmt.Fprintf(&t.out, `\x{%x}`, Reference+n-1)
}

// categories are the long names of general categories, which Go knows by their short ones.
var categories = map[string]string{
	"Letter": "L", "Lowercase_Letter": "Ll", "Uppercase_Letter": "Lu", "Titlecase_Letter": "Lt", "Modifier_Letter": "Lm", "Other_Letter": "Lo",
	"Mark": "M", "Number": "N", "Decimal_Number": "Nd", "Punctuation": "P", "Symbol": "S", "Separator": "Z", "Space_Separator": "Zs", "Other": "C", "Control": "Cc",
}
