package contracts

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/kaizenautomation/andon/contracts/schema"
)

// fastPath takes the bodies that nearly every response has, without the validator: an object of strings, each key known
// and there once, in ASCII without escapes. It is compiled from a schema that asks for nothing else; for all other
// schemas there is none. A body that it does not take is not broken: the validator judges it.
//
// TestFastPath and FuzzJudgeResponse hold it to that: whatever it takes, the validator takes too.
type fastPath struct {
	names    []string
	required uint64 // a bit for each of names
	ids      uint64 // the names that must not be empty
	// execution and session are the places of the two ids in names, or -1.
	execution, session int
}

// newFastPath compiles a schema; it is nil where the schema asks for more than an object of strings.
func newFastPath(document *schema.Document, o Operation, s *schema.Node) *fastPath {
	follow := func(n *schema.Node) *schema.Node {
		for n.At("$ref") != nil {
			target, err := document.Pointer(n.At("$ref").Text())
			if err != nil || !n.Only("$ref") {
				return nil
			}
			n = target
		}
		return n
	}
	s = follow(s)
	if s == nil || !s.Only("type", "required", "properties") || s.At("type").Text() != "object" || s.At("properties") == nil {
		return nil
	}
	f := &fastPath{execution: -1, session: -1}
	for _, name := range s.At("properties").Keys {
		p := follow(s.At("properties", name))
		if p == nil || !p.Only("type") || p.At("type").Text() != "string" || len(f.names) == 64 {
			return nil
		}
		bit := uint64(1) << len(f.names)
		switch name {
		case o.ExecutionID:
			f.execution = len(f.names)
			f.ids |= bit
		case o.SessionID:
			f.session = len(f.names)
			f.ids |= bit
		}
		f.names = append(f.names, name)
	}
	for _, name := range s.At("required").Texts() {
		i := slices.Index(f.names, name)
		if i < 0 {
			return nil
		}
		f.required |= 1 << i
	}
	return f
}

// takes reports whether the body is one of those, and gives the ids of the execution and of its session in it.
func (f *fastPath) takes(b []byte) (execution, session []byte, ok bool) {
	at := skipSpace(b, 0)
	if at >= len(b) || b[at] != '{' {
		return nil, nil, false
	}
	var seen uint64
	for separator := byte(','); separator == ','; {
		var key, value []byte
		if key, at = plainString(b, skipSpace(b, at+1)); at < 0 {
			return nil, nil, false
		}
		if at = skipSpace(b, at); at >= len(b) || b[at] != ':' {
			return nil, nil, false
		}
		if value, at = plainString(b, skipSpace(b, at+1)); at < 0 {
			return nil, nil, false
		}
		i := 0
		for i < len(f.names) && f.names[i] != string(key) {
			i++
		}
		bit := uint64(1) << i
		if i == len(f.names) || seen&bit != 0 || len(value) == 0 && f.ids&bit != 0 {
			return nil, nil, false
		}
		seen |= bit
		switch i {
		case f.execution:
			execution = value
		case f.session:
			session = value
		}
		if at = skipSpace(b, at); at >= len(b) {
			return nil, nil, false
		}
		if separator = b[at]; separator != ',' && separator != '}' {
			return nil, nil, false
		}
	}
	return execution, session, seen&f.required == f.required && skipSpace(b, at+1) == len(b)
}

func skipSpace(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\n' || b[at] == '\r' || b[at] == '\t') {
		at++
	}
	return at
}

// plainString reads a JSON string of ASCII without escapes, and gives the place behind it: -1 if there is none.
func plainString(b []byte, at int) (text []byte, next int) {
	if at >= len(b) || b[at] != '"' {
		return nil, -1
	}
	i := at + 1
	for ; i+8 <= len(b); i += 8 {
		if first := unplain(binary.LittleEndian.Uint64(b[i:])); first < 8 {
			i += first
			break
		}
	}
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return b[at+1 : i], i + 1
		case c < ' ' || c >= 0x80 || c == '\\':
			return nil, -1
		}
	}
	return nil, -1
}

// unplain is the place of the first of eight bytes that ends a plain string or makes it another one, 8 if none does. A
// byte is looked for in all eight at once: what is subtracted from each borrows from its highest bit where it is
// smaller (Warren, Hacker's Delight, 6-1); a borrow goes on to later bytes alone, so that the first place found is
// right.
func unplain(word uint64) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := word^each*'"', word^each*'\\'
	found := word | (word-each*' ')&^word | (quote-each)&^quote | (backslash-each)&^backslash
	return bits.TrailingZeros64(found&high) / 8
}
