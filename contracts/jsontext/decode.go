package jsontext

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// MaxDepth bounds how deep arrays and objects may nest in what Decode accepts, so that hostile input cannot exhaust
// the stack. It is far above anything that a person writes.
const MaxDepth = 1000

// An Error is what is wrong with a text that should be JSON, and where.
type Error struct {
	// Offset is the byte at which it shows.
	Offset int
	// Unread says that the text is JSON by its grammar, and is not read for another reason.
	Unread bool
	// Twice says that an object has the key Key twice, which no grammar forbids.
	Twice bool
	Key   string
	// Message says it without the place.
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Message, e.Offset) }

// Decode reads one JSON text (RFC 8259) into the types that the validator takes: map[string]any, []any, string,
// float64, json.Number, bool and nil.
//
// The standard decoder would take a repeated key, keep the last value, and replace invalid UTF-8; both hide a defect
// that a contract must see, so both are errors here. A number becomes a float64 where that is written with
// the same digits, integers up to 2^53 alone, and stays a json.Number otherwise, so that 0.10000000000000000001 is more
// than 0.1. What lies outside a float64's range is still a number, and becomes the float64 that is nearest and not 0 or
// infinite: 1e999999 does not make the validator build a number of a million digits. Of more than a few hundred digits
// behind one another the first ones are kept, and that there are more.
func Decode(data []byte) (any, *Error) {
	// Strings are parts of one copy of the text, which takes less time than a copy of each.
	d := decoder{data: data, text: string(data)}
	v := d.value(0)
	if d.err == nil {
		d.space()
		if d.pos < len(data) {
			d.fail("expected the end of the text, found " + d.here())
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return v, nil
}

type decoder struct {
	data []byte
	text string // the same
	pos  int
	err  *Error
}

func (d *decoder) fail(message string) any {
	if d.err == nil {
		d.err = &Error{Offset: d.pos, Message: message}
	}
	return nil
}

// unread is fail for a text that no grammar forbids.
func (d *decoder) unread(message string) any {
	d.fail(message)
	d.err.Unread = true
	return nil
}

func (d *decoder) here() string {
	if d.pos >= len(d.data) {
		return "the end of the text"
	}
	r, _ := utf8.DecodeRune(d.data[d.pos:])
	return strconv.QuoteRune(r)
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

func (d *decoder) value(depth int) any {
	d.space()
	if d.pos >= len(d.data) {
		return d.fail("expected a value, found the end of the text")
	}
	if depth > MaxDepth {
		return d.unread(fmt.Sprintf("nested deeper than %d levels", MaxDepth))
	}
	switch c := d.data[d.pos]; {
	case c == '{':
		return d.object(depth)
	case c == '[':
		return d.array(depth)
	case c == '"':
		return d.string()
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	case d.literal("true"):
		return true
	case d.literal("false"):
		return false
	case d.literal("null"):
		return nil
	}
	return d.fail("expected a value, found " + d.here())
}

func (d *decoder) literal(word string) bool {
	if !bytes.HasPrefix(d.data[d.pos:], []byte(word)) {
		return false
	}
	d.pos += len(word)
	return true
}

func (d *decoder) object(depth int) any {
	d.pos++
	m := map[string]any{}
	d.space()
	if d.pos < len(d.data) && d.data[d.pos] == '}' {
		d.pos++
		return m
	}
	for {
		d.space()
		at := d.pos
		if d.pos >= len(d.data) || d.data[d.pos] != '"' {
			return d.fail("expected a key in quotes, found " + d.here())
		}
		key := d.string()
		if d.err != nil {
			return nil
		}
		d.space()
		if d.pos >= len(d.data) || d.data[d.pos] != ':' {
			return d.fail("expected ':' after a key, found " + d.here())
		}
		d.pos++
		v := d.value(depth + 1)
		if d.err != nil {
			return nil
		}
		before := len(m)
		if m[key] = v; len(m) == before {
			d.err = &Error{Offset: at, Twice: true, Key: key, Message: "the key " + strconv.Quote(key) + " stands twice in one object"}
			return nil
		}
		d.space()
		switch {
		case d.pos < len(d.data) && d.data[d.pos] == ',':
			d.pos++
		case d.pos < len(d.data) && d.data[d.pos] == '}':
			d.pos++
			return m
		default:
			return d.fail("expected ',' or '}' in an object, found " + d.here())
		}
	}
}

func (d *decoder) array(depth int) any {
	d.pos++
	list := []any{}
	d.space()
	if d.pos < len(d.data) && d.data[d.pos] == ']' {
		d.pos++
		return list
	}
	for {
		v := d.value(depth + 1)
		if d.err != nil {
			return nil
		}
		list = append(list, v)
		d.space()
		switch {
		case d.pos < len(d.data) && d.data[d.pos] == ',':
			d.pos++
		case d.pos < len(d.data) && d.data[d.pos] == ']':
			d.pos++
			return list
		default:
			return d.fail("expected ',' or ']' in an array, found " + d.here())
		}
	}
}

func (d *decoder) string() string {
	d.pos++
	start := d.pos
	for i := start; i < len(d.data); i++ {
		switch c := d.data[i]; {
		case c == '"':
			d.pos = i + 1
			return d.text[start:i]
		case c == '\\' || c >= utf8.RuneSelf || c < ' ':
			d.pos = i
			return d.longString(start)
		}
	}
	d.pos = len(d.data)
	d.fail("expected '\"' to end a string, found the end of the text")
	return ""
}

// longString reads on where a string turned out to hold more than plain ASCII.
func (d *decoder) longString(start int) string {
	out := append(make([]byte, 0, d.pos-start+64), d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return unsafe.String(unsafe.SliceData(out), len(out))
		case c < ' ':
			d.fail(fmt.Sprintf("a control character (0x%02x) stands unescaped in a string", c))
			return ""
		case c == '\\':
			out = d.escape(out)
			if d.err != nil {
				return ""
			}
		case c < utf8.RuneSelf:
			out = append(out, c)
			d.pos++
		default:
			r, size := utf8.DecodeRune(d.data[d.pos:])
			if r == utf8.RuneError && size == 1 {
				d.fail("a string is not valid UTF-8")
				return ""
			}
			out = append(out, d.data[d.pos:d.pos+size]...)
			d.pos += size
		}
	}
	d.fail("expected '\"' to end a string, found the end of the text")
	return ""
}

func (d *decoder) escape(out []byte) []byte {
	if d.pos+1 >= len(d.data) {
		d.pos = len(d.data)
		d.fail("expected '\"' to end a string, found the end of the text")
		return out
	}
	c := d.data[d.pos+1]
	if i := bytes.IndexByte([]byte(`"\/bfnrt`), c); i >= 0 {
		d.pos += 2
		return append(out, "\"\\/\b\f\n\r\t"[i])
	}
	if c != 'u' {
		d.fail("a string holds an unknown escape, \\" + string(rune(c)))
		return out
	}
	r, ok := d.hex4(d.pos + 2)
	if !ok {
		d.fail("expected four hex digits after \\u")
		return out
	}
	d.pos += 6
	if utf16.IsSurrogate(r) {
		low, ok := rune(0), false
		if d.pos+1 < len(d.data) && d.data[d.pos] == '\\' && d.data[d.pos+1] == 'u' {
			low, ok = d.hex4(d.pos + 2)
		}
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			d.pos -= 6
			d.unread("a string holds half of a surrogate pair")
			return out
		}
		d.pos += 6
	}
	return utf8.AppendRune(out, r)
}

func (d *decoder) hex4(at int) (rune, bool) {
	if at+4 > len(d.data) {
		return 0, false
	}
	var r rune
	for _, c := range d.data[at : at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func (d *decoder) number() any {
	start := d.pos
	digits := func() bool {
		from := d.pos
		for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
			d.pos++
		}
		return d.pos > from
	}
	if d.data[d.pos] == '-' {
		d.pos++
	}
	lead := d.pos
	if !digits() {
		return d.fail("expected a digit, found " + d.here())
	}
	if d.data[lead] == '0' && d.pos > lead+1 {
		d.pos = lead
		return d.fail("a number starts with a needless 0")
	}
	whole := true
	if d.pos < len(d.data) && d.data[d.pos] == '.' {
		whole = false
		d.pos++
		if !digits() {
			return d.fail("expected a digit after '.', found " + d.here())
		}
	}
	if d.pos < len(d.data) && (d.data[d.pos] == 'e' || d.data[d.pos] == 'E') {
		whole = false
		d.pos++
		if d.pos < len(d.data) && (d.data[d.pos] == '+' || d.data[d.pos] == '-') {
			d.pos++
		}
		if !digits() {
			return d.fail("expected a digit in an exponent, found " + d.here())
		}
	}
	return exact(d.text[start:d.pos], whole)
}
