package metrics

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parser reads expr from at on.
type parser struct {
	expr string
	at   int
}

// skip moves past spaces, and says where it is then.
func (p *parser) skip() int {
	p.space()
	return p.at
}

func (p *parser) space() {
	p.at = len(p.expr) - len(strings.TrimLeftFunc(p.expr[p.at:], unicode.IsSpace))
}

// next reads token if it comes next.
func (p *parser) next(token string) bool {
	if p.space(); !strings.HasPrefix(p.expr[p.at:], token) {
		return false
	}
	p.at += len(token)
	return true
}

func (p *parser) expect(token, where string) error {
	if p.next(token) {
		return nil
	}
	return p.missing(fmt.Sprintf("%q %s", token, where))
}

// word reads the longest run of runes that belong to it.
func (p *parser) word(belongs func(rune) bool) (start int, word string) {
	start = p.skip()
	for p.at < len(p.expr) {
		r, n := utf8.DecodeRuneInString(p.expr[p.at:])
		if !belongs(r) {
			break
		}
		p.at += n
	}
	return start, p.expr[start:p.at]
}

// missing says what was expected where p is.
func (p *parser) missing(what string) error {
	start := p.skip()
	if start == len(p.expr) {
		return p.fail(start, "", "expected %s, found the end", what)
	}
	_, n := utf8.DecodeRuneInString(p.expr[start:])
	text := p.expr[start : start+n]
	return p.fail(start, text, "expected %s, found %q", what, text)
}

func (p *parser) fail(at int, text, format string, args ...any) error {
	return &ExprError{Expr: p.expr, Offset: at + 1, Text: text, Problem: fmt.Sprintf(format, args...)}
}

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLetter(r rune) bool { return r != utf8.RuneError && unicode.IsLetter(r) }

// isNumber reports whether s is digits, with digits after a point or no point.
func isNumber(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(fraction))
}
