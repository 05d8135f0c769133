package credentials

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"html"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// disguises find secrets in whatever way they are written: what is looked at is what a text says, not how it says it.
// Escapes are what they stand for, capitals are small letters, and what is neither a letter nor a digit is left out: it
// is one whether a secret is escaped once or twice, in part or whole, spaced out, or broken into lines. And what is
// found need not be all of a secret.
type disguises struct {
	known []disguise
	// at has the places of known by the characters there: the first one, by number. Most characters begin none, which
	// filter tells at once.
	at     map[uint64]int32
	places []place
	filter []uint64
	// marks stay as they are.
	marks []string
}

// disguise is what a secret says, or its hex or base64, with the mark that is put in its place.
type disguise struct{ said, mark string }

// place is one in a disguise, and the next one that begins alike; -1 is none.
type place struct{ of, from, next int32 }

const (
	// anchor is how many characters are looked up at once.
	anchor = 6
	// leastPiece is the shortest piece of a secret that is taken out, and leastSaid the shortest secret that is looked for
	// in all disguises: so many letters in a row are in no other text by chance.
	leastPiece = 2 * anchor
	leastSaid  = 10
	// many is of how many secrets at most hex and base64 are looked for in pieces too: it would take seconds to get ready
	// for those of thousands.
	many = 1000
)

// newDisguises makes secrets ready to be found, each with its mark.
func newDisguises(marks map[string]string) *disguises {
	d := &disguises{at: map[uint64]int32{}}
	type context struct {
		near   string
		before int
	}
	seen := map[context]bool{}
	for secret, mark := range marks {
		if !slices.Contains(d.marks, mark) {
			d.marks = append(d.marks, mark)
		}
		forms := []string{plain(secret)}
		if len(marks) <= many {
			forms = says(secret)
		}
		for _, said := range forms {
			if len(said) < leastSaid {
				continue
			}
			of := int32(len(d.known))
			d.known = append(d.known, disguise{said, mark})
			// Of a piece of twelve characters, six that begin at a multiple of six are in it.
			for from := 0; from+anchor <= len(said); from += anchor {
				// Many secrets may begin alike: what stands around it is all that decides about a piece.
				before := max(0, from-anchor)
				near := context{said[before:min(len(said), from+leastPiece)], from - before}
				if seen[near] {
					continue
				}
				seen[near] = true
				begin := uint64(0)
				for _, c := range []byte(said[from : from+anchor]) {
					begin = begin<<8 | uint64(c)
				}
				next, more := d.at[begin]
				if !more {
					next = -1
				}
				d.at[begin] = int32(len(d.places))
				d.places = append(d.places, place{of, int32(from), next})
			}
		}
	}
	d.filter = make([]uint64, 1<<bits.Len(uint(len(d.places)/2)))
	for begin := range d.at {
		word, bit := d.filtered(begin)
		d.filter[word] |= bit
	}
	return d
}

// filtered is where the filter has some characters.
func (d *disguises) filtered(begin uint64) (word int, bit uint64) {
	h := begin * 0x9e3779b97f4a7c15
	return int(h >> 40 & uint64(len(d.filter)-1)), 1 << (h >> 58)
}

// says lists what is said where a secret is written as it is, in hex, and in base64 wherever in an encoded text it
// begins.
func says(secret string) []string {
	all := []string{plain(secret), hex.EncodeToString([]byte(secret))}
	for offset := range 3 {
		form := base64.RawStdEncoding.EncodeToString(append(make([]byte, offset), secret...))
		// What the bytes before and after it share with the secret is left out.
		if from, to := (offset*8+5)/6, (offset+len(secret))*8/6; from < to {
			all = append(all, plain(form[from:to]))
		}
	}
	return all
}

// plain is what a text says that has no escapes.
func plain(text string) string { return string(trace(text, nil).plain().text) }

// replace puts marks in the place of what a text says of secrets.
func (d *disguises) replace(text string) string {
	if len(d.known) == 0 {
		return text
	}
	at := make([]int32, len(text)) // the disguise that a byte is of, counted from 1
	found := false
	for t, again := trace(text, d.marks), 0; ; again++ {
		if d.mark(t.plain(), at) {
			found = true
		}
		next, changed := t.unescaped()
		if !changed || again == maxEscapes {
			break
		}
		t = next
	}
	if !found {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if at[i] == 0 {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString(d.known[at[i]-1].mark)
		for i < len(text) && at[i] != 0 {
			i++
		}
	}
	return b.String()
}

// maxEscapes is how often a text is taken for one that was escaped anew.
const maxEscapes = 3

// mark notes by which bytes of a text a secret is said, and reports whether there are any.
func (d *disguises) mark(t traced, at []int32) (found bool) {
	last := uint64(0)
	done := 0 // up to where it is known what is said
	for next, c := range t.text {
		last = (last<<8 | uint64(c)) & (1<<(8*anchor) - 1)
		i := next + 1 - anchor
		if i < done {
			continue
		}
		if word, bit := d.filtered(last); d.filter[word]&bit == 0 {
			continue
		}
		p, ok := d.at[last]
		if !ok {
			continue
		}
		of, begin, end := int32(0), i, i
		for ; p >= 0; p = d.places[p].next {
			from, said := int(d.places[p].from), d.known[d.places[p].of].said
			before, n := 0, anchor
			for before < min(from, i, anchor) && said[from-before-1] == t.text[i-before-1] {
				before++
			}
			for from+n < len(said) && i+n < len(t.text) && said[from+n] == t.text[i+n] {
				n++
			}
			if before+n >= min(leastPiece, len(said)) && before+n > end-begin {
				of, begin, end = d.places[p].of, i-before, i+n
			}
		}
		if end == i {
			continue
		}
		found = true
		for k := t.from[begin]; k < t.to[end-1]; k++ {
			at[k] = of + 1
		}
		// What comes next may be another's, which begins in this one.
		done = end - leastPiece + 1
	}
	return found
}

// traced is a text, and for each of its bytes from where to where it comes from in another. A byte from nowhere, -1, is
// one that nothing goes on across.
type traced struct {
	text     []byte
	from, to []int32
}

// room is an empty text that may become so long.
func room(n int) traced {
	return traced{make([]byte, 0, n), make([]int32, 0, n), make([]int32, 0, n)}
}

func (t *traced) add(c byte, from, to int32) {
	t.text, t.from, t.to = append(t.text, c), append(t.from, from), append(t.to, to)
}

func (t *traced) addAll(piece string, from, to int32) {
	for i := range len(piece) {
		t.add(piece[i], from, to)
	}
}

// trace begins with a text as it is, in which nothing goes on across marks.
func trace(text string, marks []string) traced {
	t := room(len(text))
next:
	for i := 0; i < len(text); {
		for _, mark := range marks {
			if text[i] == mark[0] && strings.HasPrefix(text[i:], mark) {
				t.add(0, -1, -1)
				i += len(mark)
				continue next
			}
		}
		t.add(text[i], int32(i), int32(i+1))
		i++
	}
	return t
}

// plain leaves out what is neither a letter nor a digit, and makes capitals small.
func (t traced) plain() traced {
	out := room(len(t.text))
	for i := 0; i < len(t.text); i++ {
		switch c := t.text[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', t.from[i] < 0:
			out.add(c, t.from[i], t.to[i])
		case c >= 'A' && c <= 'Z':
			out.add(c+'a'-'A', t.from[i], t.to[i])
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(t.text[i:])
			if unicode.IsLetter(r) || unicode.IsNumber(r) {
				out.addAll(string(unicode.ToLower(r)), t.from[i], t.to[i+n-1])
			}
			i += n - 1
		}
	}
	return out
}

// unescaped puts what escapes stand for in their place, and reports whether there were any.
func (t traced) unescaped() (out traced, changed bool) {
	if !bytes.ContainsAny(t.text, `%\&`) {
		return t, false
	}
	out = room(len(t.text))
	for i := 0; i < len(t.text); i++ {
		stands, n := unescape(t.text[i:])
		if n == 0 {
			out.add(t.text[i], t.from[i], t.to[i])
			continue
		}
		changed = true
		out.addAll(stands, t.from[i], t.to[i+n-1])
		i += n - 1
	}
	return out, changed
}

// unescape is what the escape stands for that a text begins with, of a URL, of JSON or Go, or of HTML, and how long it
// is; 0 where it begins with none.
func unescape(text []byte) (stands string, n int) {
	switch text[0] {
	case '%':
		if b, ok := digits(text, 1, 3); ok {
			return string([]byte{byte(b)}), 3
		}
	case '\\':
		if len(text) < 2 {
			return "", 0
		}
		switch c := text[1]; c {
		case 'u', 'U':
			if r, ok := digits(text, 2, 6); ok {
				return string(r), 6
			}
		case 'x', 'X':
			if b, ok := digits(text, 2, 4); ok {
				return string([]byte{byte(b)}), 4
			}
		case 'n', 'r', 't', 'b', 'f', 'v', 'a':
			return " ", 2
		case '/', '\\', '"', '\'', '`':
			return string(c), 2
		}
	case '&':
		// The longest name of a character has 33 letters.
		for end := 2; end < min(len(text), 36); end++ {
			if text[end] == ';' {
				if said := html.UnescapeString(string(text[:end+1])); said != string(text[:end+1]) {
					return said, end + 1
				}
				break
			}
		}
	}
	return "", 0
}

// digits reads digits of base 16.
func digits(text []byte, from, to int) (rune, bool) {
	if to > len(text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[from:to]), 16, 32)
	return rune(n), err == nil
}
