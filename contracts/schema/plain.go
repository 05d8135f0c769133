package schema

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Generate appends a value of a schema to dst, as JSON, such that it conforms where the schema uses const, enum, examples,
// type, properties, required, items, bounds and the common formats. The value is a function of what rng yields.
func (d *Document) Generate(dst []byte, s *Node, rng *rand.Rand) []byte {
	return d.generate(dst, s, rng, 0)
}

func (d *Document) generate(dst []byte, s *Node, rng *rand.Rand, depth int) []byte {
	s, err := d.Resolve(s)
	if err != nil || s == nil || depth > 16 {
		return append(dst, "null"...)
	}
	if c := s.At("const"); c != nil {
		return append(dst, jsontext.Of(c.Value())...)
	}
	if e := s.At("enum"); e != nil && len(e.List) > 0 {
		return append(dst, jsontext.Of(e.List[rng.IntN(len(e.List))].Value())...)
	}
	// Examples come before rules of thumb: whoever wrote the description knows what a realistic value is, and a pattern
	// or a nested schema is met by them alone.
	if e := s.At("examples"); e != nil && len(e.List) > 0 {
		return append(dst, jsontext.Of(e.List[rng.IntN(len(e.List))].Value())...)
	}
	if e := s.At("example"); e != nil {
		return append(dst, jsontext.Of(e.Value())...)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if branches := s.At(key); branches != nil && len(branches.List) > 0 && s.At("properties") == nil {
			return d.generate(dst, branches.List[rng.IntN(len(branches.List))], rng, depth+1)
		}
	}
	t := "object"
	if ts := s.Types(); len(ts) > 0 {
		t = ts[0]
	} else if s.At("items") != nil {
		t = "array"
	}
	switch t {
	case "string":
		return jsontext.AppendString(dst, generateString(s, rng))
	case "boolean":
		return strconv.AppendBool(dst, rng.IntN(2) == 1)
	case "integer":
		lo, hi := bounds(s, 1)
		return strconv.AppendInt(dst, int64(math.Ceil(lo)+math.Floor(rng.Float64()*(math.Floor(hi)-math.Ceil(lo)+1))), 10)
	case "number":
		lo, hi := bounds(s, 1e-9)
		return strconv.AppendFloat(dst, lo+rng.Float64()*(hi-lo), 'g', -1, 64)
	case "array":
		dst = append(dst, '[')
		for i := range int(number(s.At("minItems"), 0)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = d.generate(dst, s.At("items"), rng, depth+1)
		}
		return append(dst, ']')
	case "null":
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	start := len(dst)
	props, _ := d.Members(s)
	for _, p := range props {
		if !p.Required {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = d.generate(jsontext.AppendKey(dst, p.Name), p.Schema, rng, depth+1)
	}
	return append(dst, '}')
}

func number(n *Node, otherwise float64) float64 {
	if n != nil {
		if f, ok := n.Scalar.(float64); ok {
			return f
		}
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
		return lo, lo + 1000
	}
	return lo, hi
}

func generateString(s *Node, rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	switch s.At("format").Text() {
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
	}
	text := fmt.Sprintf("value %08x", uint32(a))
	low, high := int(number(s.At("minLength"), 0)), int(number(s.At("maxLength"), 1<<20))
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
