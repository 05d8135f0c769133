package schema

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/pattern"
)

// longestMatch bounds a text that is made for a pattern.
const longestMatch = 1 << 16

// matching makes a text that a pattern matches. What repeats does so at least so many times, if the pattern admits it.
// Where the pattern leaves a choice of characters, the digits of n choose, the last character first: texts for
// different n differ for as long as the pattern has enough of them. It may be wrong about what only a match can tell,
// such as word boundaries, so the text is to be held against the pattern.
func matching(expression string, n uint64, repeats int) (text string, ok bool) {
	inGo, exact := pattern.InGo(expression)
	if exact {
		return made(inGo, matcher{n: n, repeats: repeats})
	}
	p, err := pattern.Compile(expression)
	if err != nil {
		return "", false
	}
	for _, about := range pattern.Approximations(expression) {
		for k := range uint64(guesses) {
			text, ok := made(about, matcher{n: n*guesses + k, repeats: repeats, choosing: true, groups: map[int]string{}})
			if !ok {
				break
			}
			if found, err := p.Match(text); found && err == nil {
				return text, true
			}
		}
	}
	return "", false
}

// guesses is how many texts are tried of an expression that only comes near to a pattern.
const guesses = 24

// made is the text that a matcher makes of an expression of Go.
func made(inGo string, m matcher) (text string, ok bool) {
	re, err := syntax.Parse(inGo, syntax.Perl)
	if err != nil {
		return "", false
	}
	m.prepend(re.Simplify())
	if m.size > longestMatch {
		return "", false
	}
	var b strings.Builder
	for i := len(m.runes) - 1; i >= 0; i-- {
		if group, refers := m.groups[int(m.runes[i]-pattern.Reference)+1]; refers {
			b.WriteString(group)
		} else {
			b.WriteRune(m.runes[i])
		}
	}
	return b.String(), true
}

// matcher makes a text from its end to its beginning.
type matcher struct {
	n       uint64
	repeats int
	// choosing matchers take other branches than the first as well, and characters of all kinds.
	choosing bool
	// groups are what it made of groups, to which others refer.
	groups map[int]string
	runes  []rune
	size   int
}

func (m *matcher) prepend(re *syntax.Regexp) {
	if m.size > longestMatch {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for i := len(re.Rune) - 1; i >= 0; i-- {
			m.add(re.Rune[i])
		}
	case syntax.OpCharClass:
		m.add(m.choose(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		m.add(m.choose([]rune{'0', '9', 'a', 'z'}))
	case syntax.OpCapture:
		before := len(m.runes)
		m.prepend(re.Sub[0])
		if m.choosing {
			group := slices.Clone(m.runes[before:])
			slices.Reverse(group)
			m.groups[re.Cap] = string(group)
		}
	case syntax.OpStar, syntax.OpQuest, syntax.OpPlus:
		times := m.repeats
		switch {
		case re.Op == syntax.OpQuest:
			times = min(times, 1)
		case re.Op == syntax.OpPlus:
			times = max(times, 1)
		}
		for range times {
			m.prepend(re.Sub[0])
		}
	case syntax.OpConcat:
		for i := len(re.Sub) - 1; i >= 0; i-- {
			m.prepend(re.Sub[i])
		}
	case syntax.OpAlternate:
		branch := uint64(0)
		if m.choosing {
			branch = m.n % uint64(len(re.Sub))
			m.n /= uint64(len(re.Sub))
		}
		m.prepend(re.Sub[branch])
	}
}

func (m *matcher) add(r rune) {
	m.runes = append(m.runes, r)
	m.size += utf8.RuneLen(r)
}

// choose takes one of the runes of a class, which is written as pairs of a first and a last rune. Digits and lower-case
// letters come first, and other ASCII next.
func (m *matcher) choose(class []rune) rune {
	for _, within := range [][]rune{{'0', '9', 'a', 'z'}, {'!', '~'}, {0, utf8.MaxRune}} {
		var pairs []rune
		count := uint64(0)
		for i := 0; i+1 < len(class); i += 2 {
			for j := 0; j < len(within); j += 2 {
				if low, high := max(class[i], within[j]), min(class[i+1], within[j+1]); low <= high {
					pairs = append(pairs, low, high)
					count += uint64(high-low) + 1
				}
			}
		}
		if count == 0 {
			continue
		}
		at := m.n % count
		m.n /= count
		for i := 0; ; i += 2 {
			size := uint64(pairs[i+1]-pairs[i]) + 1
			if at < size {
				return pairs[i] + rune(at)
			}
			at -= size
		}
	}
	return 0
}
