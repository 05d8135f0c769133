package schema

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

const (
	// Drawings is how often a value is drawn until one conforms, and how often one is broken until it does not.
	Drawings = 50
	// mostItems is how many items a drawn list has at most, beyond the least number that the schema wants.
	mostItems = 6
)

// Draw appends a value that uses more of what a schema allows than [Document.Generate] does. A schema may use keywords
// that the drawing does not know, so the value is to be held against the schema.
func (d *Document) Draw(dst []byte, s *Node, rng *rand.Rand) []byte {
	return d.draw(dst, s, "", rng, 0)
}

func (d *Document) draw(dst []byte, s *Node, name string, rng *rand.Rand, depth int) []byte {
	s, err := d.Resolve(s)
	if err != nil || depth > 8 || s.At("const") != nil || s.At("enum") != nil || s.At("allOf") != nil && s.At("properties") == nil {
		return d.generate(dst, s, rng, depth)
	}
	if branches := Branches(s); len(branches) > 0 {
		return d.draw(dst, branches[rng.IntN(len(branches))], name, rng, depth+1)
	}
	types := typesOf(s)
	switch types[rng.IntN(len(types))] {
	case "array":
		items := s.At("items")
		low, high := int(number(s.At("minItems"), 0)), int(number(s.At("maxItems"), 1<<20))
		n := min(low+rng.IntN(mostItems), high)
		if items == nil || low > 1000 {
			return d.generate(dst, s, rng, depth)
		}
		dst = append(dst, '[')
		for i := range n {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = d.draw(dst, items, name, rng, depth+1)
		}
		return append(dst, ']')
	case "object":
		props, err := d.Members(s)
		if err != nil {
			return d.generate(dst, s, rng, depth)
		}
		if len(props) == 0 && s.At("additionalProperties").open() {
			return drawObject(dst, rng, 0)
		}
		dst = append(dst, '{')
		start := len(dst)
		for _, p := range props {
			if !p.Required && rng.IntN(2) == 0 {
				continue
			}
			if len(dst) > start {
				dst = append(dst, ',')
			}
			dst = d.draw(jsontext.AppendKey(dst, p.Name), p.Schema, p.Name, rng, depth+1)
		}
		return append(dst, '}')
	case "string":
		if !free(s) || Identifier(name) {
			return d.generate(dst, s, rng, depth)
		}
		low, high := int(number(s.At("minLength"), 0)), int(number(s.At("maxLength"), 1<<20))
		return jsontext.AppendString(dst, drawText(rng, min(low, 1<<16), high))
	}
	return d.generate(dst, s, rng, depth)
}

// drawnRunes are what drawn texts are made of: letters, and whatever handling of text trips over.
var drawnRunes = []rune("abcdefghijklmnopqrstuvwxyz     ABC0123456789.,;:!?'\"\\/<>&{}[]%$\n\t\u0001\u007f\u00a0äöüßéñ\u0301שלוםअहम日本語한글\u200b\u200d\u202e\ufeff\U0001f469\U0001f4bb\U00020000")

// drawText makes a text of a length that is small more often than not.
func drawText(rng *rand.Rand, low, high int) string {
	n := 1 << rng.IntN(10)
	n = max(min(low+rng.IntN(n), high), 0)
	out := make([]rune, n)
	for i := range out {
		out[i] = drawnRunes[rng.IntN(len(drawnRunes))]
	}
	return string(out)
}

func drawObject(dst []byte, rng *rand.Rand, depth int) []byte {
	dst = append(dst, '{')
	for i := range rng.IntN(5) {
		if i > 0 {
			dst = append(dst, ',')
		}
		// The number keeps keys apart.
		dst = jsontext.AppendKey(dst, fmt.Sprint(drawText(rng, 0, 20), i))
		switch rng.IntN(7) {
		case 0:
			dst = append(dst, "null"...)
		case 1:
			dst = fmt.Appendf(dst, "%v", rng.IntN(2) == 0)
		case 2:
			dst = fmt.Appendf(dst, "%d", rng.Int64()>>rng.IntN(63))
		case 3:
			dst = fmt.Appendf(dst, "%g", rng.NormFloat64()*1e3)
		case 4:
			if depth < 6 {
				dst = drawObject(dst, rng, depth+1)
				break
			}
			fallthrough
		case 5:
			dst = append(dst, "[[],{}]"...)
		default:
			dst = jsontext.AppendString(dst, drawText(rng, 0, 1<<10))
		}
	}
	return append(dst, '}')
}

// Break changes one value of a JSON text in a way that breaks asks for; it is nil where none was found.
func Break(text []byte, rng *rand.Rand, breaks func([]byte) bool) []byte {
	for range Drawings {
		root, err := ReadJSON(text)
		if err != nil {
			return nil
		}
		// What lies behind a free object breaks nothing, so the choice goes down one step at a time.
		at := root
		for rng.IntN(4) > 0 {
			var below []*Node
			for _, k := range at.Keys {
				below = append(below, at.Fields[k])
			}
			below = append(below, at.List...)
			if len(below) == 0 {
				break
			}
			at = below[rng.IntN(len(below))]
		}
		if len(at.Keys) > 0 && rng.IntN(2) == 0 {
			name := at.Keys[rng.IntN(len(at.Keys))]
			at.Keys = slices.DeleteFunc(at.Keys, func(k string) bool { return k == name })
			delete(at.Fields, name)
		} else if text, isText := at.Scalar.(string); isText && rng.IntN(2) == 0 {
			at.Scalar = []string{swapCase(text), text + " ", "", strings.Repeat(text, 2)}[rng.IntN(4)]
		} else {
			sample, _ := ReadJSON([]byte(typeSamples[rng.IntN(len(typeSamples))].json))
			*at = *sample
		}
		out := root.AppendJSON(nil)
		if breaks(out) {
			return out
		}
	}
	return nil
}
