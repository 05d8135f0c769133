package schema

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Generate appends a value of a schema to dst, as JSON, such that it conforms where the schema uses const, enum,
// examples, type, properties, required, items, bounds and the common formats. The value is a function of what rng
// yields.
func (d *Document) Generate(dst []byte, s *Node, rng *rand.Rand) []byte {
	return d.generate(dst, s, rng, 0)
}

func (d *Document) generate(dst []byte, s *Node, rng *rand.Rand, depth int) []byte {
	s, err := d.Resolve(s)
	if err != nil || s == nil || depth > maxPlain {
		return append(dst, "null"...)
	}
	if s.At("allOf") != nil && s.At("properties") == nil {
		if whole, ok := d.merged(s, 0); ok {
			s = whole
		}
	}
	if c := s.At("const"); c != nil {
		return append(dst, jsontext.Of(c.Value())...)
	}
	if e := s.At("enum"); e != nil && len(e.List) > 0 {
		return append(dst, jsontext.Of(e.List[rng.IntN(len(e.List))].Value())...)
	}
	// Examples come before rules of thumb: whoever wrote the description knows what a realistic value is, and a
	// nested schema is met by them alone.
	if e := s.At("examples"); e != nil && len(e.List) > 0 && !d.Unexampled {
		return append(dst, jsontext.Of(e.List[rng.IntN(len(e.List))].Value())...)
	}
	if e := s.At("example"); e != nil && !d.Unexampled {
		return append(dst, jsontext.Of(e.Value())...)
	}
	if branches := Branches(s); len(branches) > 0 {
		return d.generate(dst, branches[rng.IntN(len(branches))], rng, depth+1)
	}
	switch typesOf(s)[0] {
	case "string":
		return jsontext.AppendString(dst, generateString(s, rng))
	case "boolean":
		return strconv.AppendBool(dst, rng.IntN(2) == 1)
	case "integer":
		lo, hi := bounds(s, 1)
		n := math.Ceil(lo) + math.Floor(rng.Float64()*(math.Floor(hi)-math.Ceil(lo)+1))
		if text := multipleAt(s, n, leastOf(s, lo)); text != "" {
			return append(dst, text...)
		}
		return strconv.AppendInt(dst, int64(n), 10)
	case "number":
		lo, hi := bounds(s, 1e-9)
		n := lo + rng.Float64()*(hi-lo)
		if text := multipleAt(s, n, leastOf(s, lo)); text != "" {
			return append(dst, text...)
		}
		return strconv.AppendFloat(dst, n, 'g', -1, 64)
	case "array":
		return d.generateArray(dst, s, rng, depth)
	case "null":
		return append(dst, "null"...)
	}
	return d.generateObject(dst, s, rng, depth)
}

// maxPlain is how deep a plain value nests.
const maxPlain = 16

// merged is a schema with the keywords of its allOf beside its own: the narrower bound of two, and otherwise the first.
// What annotates a part does not annotate the whole. It is false where parts lead back to themselves.
func (d *Document) merged(s *Node, depth int) (whole *Node, ok bool) {
	out := &Node{Fields: map[string]*Node{}, Line: s.Line}
	set := func(key string, v *Node) {
		if out.Fields[key] == nil {
			out.Keys = append(out.Keys, key)
		}
		out.Fields[key] = v
	}
	for _, k := range s.Keys {
		set(k, s.Fields[k])
	}
	if depth > maxPlain {
		return nil, false
	}
	for _, part := range s.At("allOf").Items() {
		part, err := d.Resolve(part)
		if err != nil || part == nil {
			continue
		}
		if part.At("allOf") != nil {
			if part, ok = d.merged(part, depth+1); !ok {
				return nil, false
			}
		}
		for _, k := range part.Keys {
			a, isNumber := out.At(k).Number()
			b, _ := part.At(k).Number()
			switch {
			case slices.Contains(annotations, k) || k == "allOf" || k == "properties" || k == "required":
			case out.Fields[k] == nil, isNumber && narrower(k, b, a):
				set(k, part.Fields[k])
			case k == "type" && out.At("type").IsList:
				set(k, part.Fields[k])
			}
		}
	}
	return out, true
}

// narrower reports whether the bound a of a keyword admits less than b.
func narrower(keyword string, a, b float64) bool {
	switch keyword {
	case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties":
		return a > b
	case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties":
		return a < b
	}
	return false
}

func (d *Document) generateArray(dst []byte, s *Node, rng *rand.Rand, depth int) []byte {
	dst = append(dst, '[')
	first := s.At("prefixItems").Items()
	n := int(number(s.At("minItems"), 0))
	if c := s.At("contains"); c != nil {
		for range min(int(number(s.At("minContains"), 1)), 1000) {
			first = append(first, c)
		}
		n = max(n, len(first))
	}
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		item := s.At("items")
		if i < len(first) {
			item = first[i]
		}
		dst = d.generate(dst, item, rng, depth+1)
	}
	return append(dst, ']')
}

func (d *Document) generateObject(dst []byte, s *Node, rng *rand.Rand, depth int) []byte {
	dst = append(dst, '{')
	written := 0
	add := func(name string, value *Node) {
		if written > 0 {
			dst = append(dst, ',')
		}
		written++
		dst = d.generate(jsontext.AppendKey(dst, name), value, rng, depth+1)
	}
	props, _ := d.Members(s)
	for _, p := range props {
		if p.Required {
			add(p.Name, p.Schema)
		}
	}
	for _, name := range d.required(s) {
		if !slices.ContainsFunc(props, func(p Member) bool { return p.Name == name }) {
			add(name, s.At("additionalProperties"))
		}
	}
	least := int(number(s.At("minProperties"), 0))
	for _, p := range props {
		if !p.Required && written < least {
			add(p.Name, p.Schema)
		}
	}
	for i := 0; written < least && i < 100; i++ {
		add(d.key(s, i), s.At("additionalProperties"))
	}
	return append(dst, '}')
}

// key is the name of a further property, as far as the schema says what such are called.
func (d *Document) key(s *Node, i int) string {
	name := fmt.Sprint("key", i)
	names, err := d.Resolve(s.At("propertyNames"))
	if err != nil || names == nil {
		return name
	}
	if values := names.At("enum").Texts(); len(values) > 0 {
		return values[i%len(values)]
	}
	if names.At("pattern") != nil || names.At("format") != nil || names.At("minLength") != nil || names.At("maxLength") != nil {
		return generateString(names, rand.New(rand.NewPCG(0, uint64(i))))
	}
	return name
}

func number(n *Node, otherwise float64) float64 {
	if f, ok := n.Number(); ok {
		return f
	}
	return otherwise
}

// bounds gives the range of a number; step is what keeps a value clear of an exclusive bound.
func bounds(s *Node, step float64) (lo, hi float64) {
	lo = number(s.At("minimum"), math.Inf(-1))
	hi = number(s.At("maximum"), math.Inf(1))
	lo = math.Max(lo, number(s.At("exclusiveMinimum"), math.Inf(-1))+step)
	hi = math.Min(hi, number(s.At("exclusiveMaximum"), math.Inf(1))-step)
	switch {
	case math.IsInf(lo, -1) && math.IsInf(hi, 1):
		return 0, 1000
	case math.IsInf(lo, -1):
		return hi - 1000, hi
	case math.IsInf(hi, 1):
		if s.At("format").Text() == "int32" {
			return lo, min(lo+1000, math.MaxInt32)
		}
		return lo, lo + 1000
	}
	return lo, hi
}

func generateString(s *Node, rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	format := s.At("format").Text()
	if s.At("contentEncoding").Text() == "base64" {
		format = "byte"
	}
	switch format {
	case "uuid":
		return UUID(a, b)
	case "uri", "url", "iri", "uri-reference", "iri-reference":
		return fmt.Sprintf("https://example.com/%08x", uint32(a))
	case "date-time":
		return fmt.Sprintf("2026-%02d-%02dT%02d:%02d:%02dZ", a%12+1, a>>8%28+1, a>>16%24, a>>24%60, a>>32%60)
	case "date":
		return fmt.Sprintf("2026-%02d-%02d", a%12+1, a>>8%28+1)
	case "time":
		return fmt.Sprintf("%02d:%02d:%02dZ", a>>16%24, a>>24%60, a>>32%60)
	case "email":
		return fmt.Sprintf("user%d@example.com", a%1_000_000)
	case "hostname":
		return fmt.Sprintf("h%d.example.com", a%1_000_000)
	case "ipv4":
		return fmt.Sprintf("192.0.2.%d", a%256)
	case "ipv6":
		return fmt.Sprintf("2001:db8::%x", uint16(a))
	case "byte":
		return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, uint32(a)))
	case "duration":
		return fmt.Sprintf("PT%dS", a%60)
	case "json-pointer":
		return "/" + strconv.FormatUint(a%1000, 10)
	case "relative-json-pointer":
		return strconv.FormatUint(a%1000, 10)
	case "regex":
		return "^[a-z]+$"
	case "uri-template":
		return "https://example.com/{id}"
	}
	low, high := int(number(s.At("minLength"), 0)), int(number(s.At("maxLength"), 1<<20))
	if p := s.At("pattern").Text(); p != "" {
		for repeats := range 70 {
			if text, ok := matching(p, a, repeats); ok && len(text) >= low && len(text) <= high {
				return text
			}
		}
	}
	text := fmt.Sprintf("value %08x", uint32(a))
	for len(text) < min(low, 1<<20) {
		text += " " + text
	}
	return text[:max(min(len(text), high), 0)]
}

// UUID formats 128 random bits as a version 4 UUID (RFC 9562).
func UUID(a, b uint64) string {
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// Candidates gives values of a schema, from the most plain to the most unlikely. They are the same on every run. Not
// all of them conform: a schema may use keywords that are not known here, so they are to be held against it.
func (d *Document) Candidates(s *Node) iter.Seq[[]byte] {
	const drawn = 100
	return func(yield func([]byte) bool) {
		bare := &Document{Root: d.Root, Discriminator: d.Discriminator, Unexampled: true}
		for _, from := range []*Document{d, bare} {
			for seed := range uint64(8) {
				if !yield(from.Generate(nil, s, rand.New(rand.NewPCG(0, seed)))) {
					return
				}
			}
		}
		for _, x := range NewDeriver(bare).Valid(s, "") {
			if !yield(x.JSON) {
				return
			}
		}
		for seed := range uint64(drawn) {
			if !yield(bare.Draw(nil, s, rand.New(rand.NewPCG(0, seed)))) {
				return
			}
		}
	}
}

// Matching makes a text that a pattern matches, as far as that can be told from the pattern. For as long as the pattern
// has enough of them, texts of different n differ.
func Matching(pattern string, n uint64) (text string, ok bool) {
	return matching(pattern, n, manyRepeats)
}

// manyRepeats is how often what may repeat does in a text that is to differ from others.
const manyRepeats = 12
