package contracts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Generated draws n further calls from the description. Every second one is broken in a single place. Call k is a function
// of the seed and k alone.
func (d *Description) Generated(seed uint64, n int) (cases []Case) {
	for k := range n {
		rng := rand.New(rand.NewPCG(seed, uint64(k)))
		c := Case{ID: fmt.Sprintf("generated.%d-%d", seed, k), Proves: fmt.Sprintf("a random call (seed %d, number %d)", seed, k),
			Expect: Accepted, Method: method, ContentType: jsonType, Generated: true}
		// A schema may use keywords that the drawing does not know; what it draws is held against the schema, and drawn anew.
		for range drawings {
			body := d.draw(nil, d.body, "", rng, 0)
			if _, violation := d.ReadRequest(body); violation == nil {
				c.Body = body
				break
			}
		}
		if c.Body == nil {
			continue
		}
		if k%2 == 1 {
			broken, violation := d.breakSomewhere(c.Body, rng)
			if violation == nil {
				continue
			}
			c.ID, c.Expect, c.Body, c.Rule = c.ID+".negative", Refused, broken, violation.Rule
			c.Proves += ": " + violation.Message
		} else {
			c.Content = contentTypes(c.Body, d.disc)
		}
		cases = append(cases, c)
	}
	return cases
}

const (
	// drawings is how often a value is drawn until one conforms, and how often one is broken until it does not.
	drawings = 50
	// mostItems is how many items a drawn list has at most, beyond the least number that the schema wants.
	mostItems = 6
)

// draw appends a value that uses more of what a schema allows than [Description.Generate] does.
func (d *Description) draw(dst []byte, s *node, name string, rng *rand.Rand, depth int) []byte {
	s, err := d.resolve(s)
	if err != nil || depth > 8 || s.at("const") != nil || s.at("enum") != nil || s.at("allOf") != nil && s.at("properties") == nil {
		return d.generate(dst, s, rng, depth)
	}
	if branches := branchesOf(s); len(branches) > 0 {
		return d.draw(dst, branches[rng.IntN(len(branches))], name, rng, depth+1)
	}
	types := (&deriver{d: d}).typesOf(s)
	switch types[rng.IntN(len(types))] {
	case "array":
		items := s.at("items")
		low, high := int(number(s.at("minItems"), 0)), int(number(s.at("maxItems"), 1<<20))
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
		props, err := d.members(s)
		if err != nil {
			return d.generate(dst, s, rng, depth)
		}
		if len(props) == 0 && s.at("additionalProperties").open() {
			return drawObject(dst, rng, 0)
		}
		dst = append(dst, '{')
		start := len(dst)
		for _, p := range props {
			if !p.required && rng.IntN(2) == 0 {
				continue
			}
			if len(dst) > start {
				dst = append(dst, ',')
			}
			dst = d.draw(appendKey(dst, p.name), p.schema, p.name, rng, depth+1)
		}
		return append(dst, '}')
	case "string":
		if !free(s) || identifier(name) {
			return d.generate(dst, s, rng, depth)
		}
		low, high := int(number(s.at("minLength"), 0)), int(number(s.at("maxLength"), 1<<20))
		return AppendString(dst, drawText(rng, min(low, 1<<16), high))
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
		dst = appendKey(dst, fmt.Sprint(drawText(rng, 0, 20), i))
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
			dst = AppendString(dst, drawText(rng, 0, 1<<10))
		}
	}
	return append(dst, '}')
}

// breakSomewhere changes one value of a body that conforms so that the body does not.
func (d *Description) breakSomewhere(body []byte, rng *rand.Rand) ([]byte, *Violation) {
	for range drawings {
		root, err := readNode(body)
		if err != nil {
			return nil, nil
		}
		// What lies behind a free object breaks nothing, so the choice goes down one step at a time.
		at := root
		for rng.IntN(4) > 0 {
			var below []*node
			for _, k := range at.keys {
				below = append(below, at.fields[k])
			}
			below = append(below, at.list...)
			if len(below) == 0 {
				break
			}
			at = below[rng.IntN(len(below))]
		}
		if len(at.keys) > 0 && rng.IntN(2) == 0 {
			name := at.keys[rng.IntN(len(at.keys))]
			at.keys = slices.DeleteFunc(at.keys, func(k string) bool { return k == name })
			delete(at.fields, name)
		} else if text, isText := at.scalar.(string); isText && rng.IntN(2) == 0 {
			at.scalar = []string{swapCase(text), text + " ", "", strings.Repeat(text, 2)}[rng.IntN(4)]
		} else {
			sample, _ := readNode([]byte(typeSamples[rng.IntN(len(typeSamples))].json))
			*at = *sample
		}
		out := root.appendJSON(nil)
		if _, violation := d.ReadRequest(out); violation != nil {
			return out, violation
		}
	}
	return nil, nil
}

// readNode reads JSON. Unlike a map, a node keeps the order of keys.
func readNode(body []byte) (*node, error) {
	r := json.NewDecoder(bytes.NewReader(body))
	r.UseNumber()
	return nextNode(r)
}

func nextNode(r *json.Decoder) (*node, error) {
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	n := &node{scalar: token}
	switch token {
	case json.Delim('['):
		n.isList, n.scalar = true, nil
		for r.More() {
			x, err := nextNode(r)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, x)
		}
		_, err = r.Token()
	case json.Delim('{'):
		n.fields, n.scalar = map[string]*node{}, nil
		for r.More() {
			key, err := r.Token()
			if err != nil {
				return nil, err
			}
			x, err := nextNode(r)
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key.(string)) // the decoder takes nothing else for a key
			n.fields[key.(string)] = x
		}
		_, err = r.Token()
	}
	return n, err
}

func (n *node) appendJSON(dst []byte) []byte {
	switch {
	case n.fields != nil:
		dst = append(dst, '{')
		for i, k := range n.keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = n.fields[k].appendJSON(appendKey(dst, k))
		}
		return append(dst, '}')
	case n.isList:
		dst = append(dst, '[')
		for i, x := range n.list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.appendJSON(dst)
		}
		return append(dst, ']')
	}
	if s, ok := n.scalar.(string); ok {
		return AppendString(dst, s)
	}
	return append(dst, compact(n.scalar)...)
}

// Shrink looks for a smaller body for which a case still fails. It gives fails bodies that are smaller and of the same kind:
// they conform if the case's body does, and break the same rule if it does not. It ends when none of the next smaller ones
// fails, or when fails has been asked so often.
func (d *Description) Shrink(c Case, asks int, fails func(Case) bool) Case {
	root, err := readNode(c.Body)
	if err != nil || c.Method != method || c.ContentType != jsonType {
		return c
	}
	tried := map[string]bool{string(c.Body): true}
	try := func(smaller *node) bool {
		body := smaller.appendJSON(nil)
		if asks <= 0 || len(body) >= len(c.Body) || tried[string(body)] {
			return false
		}
		tried[string(body)] = true
		_, violation := d.ReadRequest(body)
		if violation == nil && c.Rule != "" || violation != nil && violation.Rule != c.Rule {
			return false
		}
		next := c
		if next.Body = body; violation == nil {
			next.Content = contentTypes(body, d.disc)
		}
		asks--
		if !fails(next) {
			return false
		}
		c = next
		return true
	}
	for shrinkAt(root, root, try) {
	}
	return c
}

// shrinkAt tries to make the value at a node smaller in place, and tells whether one try held.
func shrinkAt(root, at *node, try func(*node) bool) bool {
	old := *at
	attempt := func(n node) bool {
		*at = n
		if try(root) {
			return true
		}
		*at = old
		return false
	}
	switch {
	case old.fields != nil:
		for _, half := range halves(old.keys) {
			fields := map[string]*node{}
			for _, k := range half {
				fields[k] = old.fields[k]
			}
			if attempt(node{keys: half, fields: fields}) {
				return true
			}
		}
		for _, k := range old.keys {
			if shrinkAt(root, old.fields[k], try) {
				return true
			}
		}
	case old.isList:
		for _, half := range halves(old.list) {
			if attempt(node{isList: true, list: half}) {
				return true
			}
		}
		for _, x := range old.list {
			if shrinkAt(root, x, try) {
				return true
			}
		}
	default:
		switch v := old.scalar.(type) {
		case string:
			for _, half := range halves([]rune(v)) {
				if attempt(node{scalar: string(half)}) {
					return true
				}
			}
		case json.Number:
			return attempt(node{scalar: json.Number("0")})
		}
	}
	return false
}

// halves gives the ways to make a list smaller, the boldest first: nothing, either half, and each piece taken out, where
// the pieces get smaller.
func halves[T any](list []T) (out [][]T) {
	if len(list) == 0 {
		return nil
	}
	out = append(out, list[:0:0])
	for size := (len(list) + 1) / 2; size > 0 && len(out) < 64; size /= 2 {
		for from := 0; from < len(list) && len(out) < 64; from += size {
			if size < len(list) {
				out = append(out, slices.Concat(list[:from], list[min(from+size, len(list)):]))
			}
		}
	}
	return out
}
