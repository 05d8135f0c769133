package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// isJSON reports whether a text is JSON, an object. As YAML it would mostly mean the same, but not its tabs and its
// pairs of escapes.
func isJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && text[0] == '{' && json.Valid(text)
}

// notJSON says where a text that begins as JSON does is none; nil where it is not meant to be JSON.
func notJSON(text []byte) (at *Node, message string) {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, ""
	}
	var any json.RawMessage
	var bad *json.SyntaxError
	if !errors.As(json.Unmarshal(text, &any), &bad) {
		return nil, ""
	}
	p := placedJSON{text: text, line: 1}
	p.count(max(int(bad.Offset)-1, 0))
	return &Node{Line: p.line, Column: p.column + 1}, "this is neither JSON nor YAML: " + bad.Error()
}

// fromJSON reads JSON with positions.
func fromJSON(text []byte) (*Node, error) {
	r := json.NewDecoder(bytes.NewReader(text))
	r.UseNumber()
	p := placedJSON{text: text, decoder: r, line: 1, reading: reading{budget: maxNodes}}
	n := p.next(0)
	return n, errors.Join(p.wrong...)
}

// placedJSON reads JSON that is valid, and knows where in it it is.
type placedJSON struct {
	reading
	text    []byte
	decoder *json.Decoder
	// upTo is the offset up to which the line, and the characters before it in that line, are counted.
	upTo, line, column int
}

// token gives the next token, and where it begins.
func (p *placedJSON) token() (json.Token, *Node) {
	from := int(p.decoder.InputOffset())
	for from < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[from]) >= 0 {
		from++
	}
	p.count(from)
	n := &Node{Line: p.line, Column: p.column + 1}
	token, err := p.decoder.Token()
	if err != nil && !p.full {
		p.full = true
		p.fail(n, "%v", err)
	}
	return token, n
}

// count counts lines and characters up to an offset.
func (p *placedJSON) count(offset int) {
	for ; p.upTo < min(offset, len(p.text)); p.upTo++ {
		if p.text[p.upTo] == '\n' {
			p.line, p.column = p.line+1, 0
		} else if utf8.RuneStart(p.text[p.upTo]) {
			p.column++
		}
	}
}

func (p *placedJSON) next(depth int) *Node {
	token, n := p.token()
	if !p.room(n, depth) {
		return n
	}
	switch token {
	case json.Delim('['):
		n.IsList = true
		for i := 0; !p.full && p.decoder.More(); i++ {
			n.List = append(n.List, p.below(strconv.Itoa(i), func() *Node { return p.next(depth + 1) }))
		}
		p.close()
		return n
	case json.Delim('{'):
		n.Fields = map[string]*Node{}
		for !p.full && p.decoder.More() {
			token, at := p.token()
			key, _ := token.(string) // the decoder takes nothing else for a key
			p.member(n, key, at, func() *Node { return p.next(depth + 1) })
		}
		p.close()
		return n
	}
	n.Scalar = token
	if number, is := token.(json.Number); is {
		plain, err := jsontext.Plain(number.String())
		if err == nil {
			n.Scalar, err = numberOf(plain.(json.Number))
		}
		if err != nil {
			p.fail(n, "%v", err)
		}
	}
	return n
}

// close reads the end of a list or an object.
func (p *placedJSON) close() {
	if !p.full {
		p.token()
	}
}
