package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// isJSON reports whether a text is JSON, an object. As YAML it would mostly mean the same, but not its tabs and its
// pairs of escapes.
func isJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && text[0] == '{' && json.Valid(text)
}

// fromJSON reads JSON with positions.
func fromJSON(text []byte) (*Node, error) {
	r := json.NewDecoder(bytes.NewReader(text))
	r.UseNumber()
	p := placedJSON{text: text, decoder: r, line: 1, budget: maxNodes}
	return p.next(0)
}

// placedJSON reads JSON, and knows where in it it is.
type placedJSON struct {
	text    []byte
	decoder *json.Decoder
	// at is the offset up to which the line, and the characters before it in that line, are counted.
	at, line, column int
	budget           int
}

// token gives the next token, and where it begins.
func (p *placedJSON) token() (json.Token, *Node, error) {
	from := int(p.decoder.InputOffset())
	for from < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[from]) >= 0 {
		from++
	}
	for ; p.at < from; p.at++ {
		if p.text[p.at] == '\n' {
			p.line, p.column = p.line+1, 0
		} else if utf8.RuneStart(p.text[p.at]) {
			p.column++
		}
	}
	token, err := p.decoder.Token()
	return token, &Node{Line: p.line, Column: p.column + 1}, err
}

func (p *placedJSON) next(depth int) (*Node, error) {
	token, n, err := p.token()
	if err != nil {
		return nil, err
	}
	if p.budget--; p.budget < 0 || depth > maxDepth {
		return nil, fmt.Errorf("line %d: the document is too large or nests too deep", n.Line)
	}
	switch token {
	case json.Delim('['):
		n.IsList = true
		for p.decoder.More() {
			x, err := p.next(depth + 1)
			if err != nil {
				return nil, err
			}
			n.List = append(n.List, x)
		}
		_, _, err = p.token()
		return n, err
	case json.Delim('{'):
		n.Fields = map[string]*Node{}
		for p.decoder.More() {
			token, at, err := p.token()
			if err != nil {
				return nil, err
			}
			key := token.(string) // the decoder takes nothing else for a key
			if _, twice := n.Fields[key]; twice {
				return nil, fmt.Errorf("line %d: the key %q stands twice", at.Line, key)
			}
			if n.Fields[key], err = p.next(depth + 1); err != nil {
				return nil, err
			}
			n.Keys = append(n.Keys, key)
		}
		_, _, err = p.token()
		return n, err
	}
	n.Scalar = token
	if number, is := token.(json.Number); is {
		plain, err := jsontext.Plain(number.String())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n.Line, err)
		}
		if n.Scalar, err = numberOf(plain.(json.Number)); err != nil {
			return nil, fmt.Errorf("line %d: %w", n.Line, err)
		}
	}
	return n, nil
}
