package schema

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// A Variant is one way to fill, or to break, a schema.
type Variant struct {
	// Label says which way, as part of a case's id: "unicode", "missing-text". It may be empty for the plain value.
	Label string
	// Why says it in words.
	Why  string
	JSON []byte
}

// within gives the Variant as part of something larger.
func (v Variant) within(label string, wrap func([]byte) []byte) Variant {
	return Variant{joinLabel(label, v.Label), v.Why, wrap(v.JSON)}
}

func joinLabel(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}

const (
	// longText is long for a text, and short enough for any reasonable limit on a body.
	longText = 64 << 10
	// shortValue is how many bytes a value may have that is repeated, or written once more, and manyItems how often.
	shortValue, manyItems = 1000, 40
	// deepData is how deep the deep object nests: below what common JSON readers refuse (.NET's limit is 64).
	deepData = 32
	// largestBound is the largest length that a case reaches to touch a bound.
	largestBound = 256 << 10
	// manyMembers is the largest number of members that is counted out beyond a bound.
	manyMembers = 300
)

// unicodeText has what text handling trips over: accents composed and not, another direction, a character beyond the
// basic plane, a joined emoji, quotes, a backslash, a line break and a control character that JSON escapes.
const unicodeText = "Gr\u00fc\u00dfe, e\u0301t\u00e9, \u05e9\u05dc\u05d5\u05dd, \u65e5\u672c\u8a9e, \U0001f469\u200d\U0001f4bb, \U00020000, \"\\\"\n\u0001"

// Deriver makes the variants of schemas. Its values are the same on every run.
type Deriver struct {
	d   *Document
	rng *rand.Rand
	// path are the schemas on the way to where the Deriver is: one that refers to itself is gone into once.
	path []*Node
	// bytes is how much more may be derived, and cut counts the places that were not gone into for want of it.
	bytes, cut int
}

// NewDeriver makes a deriver of variants of the document's schemas.
func NewDeriver(d *Document) *Deriver {
	return &Deriver{d: d, rng: rand.New(rand.NewPCG(0, 0)), bytes: maxDerived}
}

// Cut counts the places of the schemas that were not gone into, since there was too much below them.
func (v *Deriver) Cut() int { return v.cut }

// enter notes that the Deriver goes into a schema, and reports whether it may; leave must follow if so.
func (v *Deriver) enter(s *Node) bool {
	if slices.Contains(v.path, s) {
		return false
	}
	if len(v.path) >= maxPath || v.bytes <= 0 {
		v.cut++
		return false
	}
	v.path = append(v.path, s)
	return true
}

func (v *Deriver) leave() { v.path = v.path[:len(v.path)-1] }

const (
	// maxPath is how deep the variants of a schema go.
	maxPath = 9
	// maxDerived bounds the variants of a description, in bytes: schemas that refer to each other have more than anybody
	// could send.
	maxDerived = 8 << 20
)

// spend notes what was derived.
func (v *Deriver) spend(variants []Variant) {
	for _, x := range variants {
		v.bytes -= len(x.JSON) + 64
	}
}

// Identifier reports whether a property names a thing that must exist on the other side, so that only known values can
// be sent: it is called id, or ends in Id.
func Identifier(name string) bool { return name == "id" || strings.HasSuffix(name, "Id") }

// Plain is the value that stands for the schema where another part of the request is what the case is about.
func (v *Deriver) Plain(s *Node) []byte { return v.d.Generate(nil, s, v.rng) }

// Valid gives the ways to fill a schema, the plain one first.
func (v *Deriver) Valid(s *Node, name string) (out []Variant) {
	s, err := v.d.Resolve(s)
	if err != nil {
		return nil
	}
	if !v.enter(s) {
		return []Variant{{"", "a plain value", v.Plain(s)}}
	}
	defer func() { v.leave(); v.spend(out) }()
	if s.At("const") != nil {
		return []Variant{{"", "the constant", v.Plain(s)}}
	}
	if e := s.At("enum"); e != nil {
		for _, n := range e.List {
			text := jsontext.Of(n.Value())
			out = append(out, Variant{labelOf(text), "the value " + string(text), text})
		}
		return out
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		branches := s.At(key)
		if branches == nil || s.At("properties") != nil {
			continue
		}
		for i, b := range branches.List {
			for _, x := range v.Valid(b, name) {
				x.Label = joinLabel(v.d.BranchName(b, i), x.Label)
				out = append(out, x)
			}
		}
		return out
	}
	s = v.inOne(s)
	for i, t := range typesOf(s) {
		of := v.validOf(s, t, name)
		if i > 0 && len(of) > 0 {
			of[0].Label = t
		}
		out = append(out, of...)
	}
	return out
}

// inOne is a schema of something else than an object with its parts in one, so that all of their bounds are seen.
func (v *Deriver) inOne(s *Node) *Node {
	if s.At("allOf") == nil || s.At("properties") != nil {
		return s
	}
	whole, ok := v.d.merged(s, 0)
	if !ok || len(whole.Types()) == 0 || slices.Contains(whole.Types(), "object") {
		return s
	}
	return whole
}

// typesOf lists the JSON types that a schema admits, as far as it names them or its keywords tell.
func typesOf(s *Node) []string {
	if t := s.Types(); len(t) > 0 {
		return t
	}
	switch {
	case s.At("items") != nil:
		return []string{"array"}
	case s.At("properties") != nil, s.At("allOf") != nil, s.At("required") != nil:
		return []string{"object"}
	case s.At("pattern") != nil, s.At("minLength") != nil, s.At("maxLength") != nil, s.At("format") != nil:
		return []string{"string"}
	case s.At("minimum") != nil, s.At("maximum") != nil:
		return []string{"number"}
	}
	return []string{"object"}
}

func (v *Deriver) validOf(s *Node, t, name string) []Variant {
	only := &Node{Keys: s.Keys, Fields: map[string]*Node{}, Line: s.Line}
	for k, f := range s.Fields {
		only.Fields[k] = f
	}
	only.Fields["type"] = &Node{Scalar: t}
	out := []Variant{{"", "a plain value", v.Plain(only)}}
	switch t {
	case "boolean":
		return []Variant{{"true", "true", []byte("true")}, {"false", "false", []byte("false")}}
	case "null":
		return []Variant{{"null", "null", []byte("null")}}
	case "string":
		return append(out, v.validStrings(s, name)...)
	case "integer", "number":
		if s.Only("type", "format") {
			out = append(out, Variant{"zero", "zero", []byte("0")}, Variant{"negative", "a negative number", []byte("-3")})
		}
		for _, key := range []string{"minimum", "maximum"} {
			if n := rational(s.At(key)); n != nil {
				out = append(out, Variant{key, "the " + key, []byte(exactly(n))})
			}
		}
	case "array":
		return append(out, v.validArrays(s, name)...)
	case "object":
		return append(out, v.validObjects(s)...)
	}
	return out
}

// free reports whether any text at all is allowed.
func free(s *Node) bool {
	for _, k := range []string{"enum", "const", "pattern", "format"} {
		if s.At(k) != nil {
			return false
		}
	}
	return true
}

func (v *Deriver) validStrings(s *Node, name string) (out []Variant) {
	if !free(s) {
		return nil
	}
	low, hasLow := s.At("minLength").Number()
	high, hasHigh := s.At("maxLength").Number()
	if hasLow && low <= largestBound {
		out = append(out, Variant{"shortest", fmt.Sprintf("a text of the least length, %v", low), textOf(int(low))})
	}
	if hasHigh && high <= largestBound {
		out = append(out, Variant{"longest", fmt.Sprintf("a text of the greatest length, %v", high), textOf(int(high))})
	}
	if Identifier(name) {
		return out
	}
	if !hasHigh || high >= float64(len([]rune(unicodeText))) {
		out = append(out, Variant{"unicode", "text in many scripts, with characters that JSON escapes", jsontext.AppendString(nil, unicodeText)})
	}
	if most, bounded := s.At("maxLength").Number(); (!bounded || most >= 3) && low <= 3 {
		out = append(out, Variant{"nul", "a text with the character U+0000 in it", []byte(`"a\u0000b"`)})
	}
	if !hasHigh || high >= longText {
		out = append(out, Variant{"long", fmt.Sprintf("a text of %d characters", longText), textOf(longText)})
	}
	return out
}

func textOf(n int) []byte {
	const words = "lorem ipsum dolor sit amet "
	return jsontext.AppendString(nil, strings.Repeat(words, n/len(words)+1)[:n])
}

func (v *Deriver) validArrays(s *Node, name string) (out []Variant) {
	items := s.At("items")
	low, _ := s.At("minItems").Number()
	high, hasHigh := s.At("maxItems").Number()
	fits := func(n int) bool { return float64(n) >= low && (!hasHigh || float64(n) <= high) }
	if fits(0) {
		out = append(out, Variant{"empty", "an empty list", []byte("[]")})
	}
	if items == nil {
		return out
	}
	each := v.Valid(items, name)
	if fits(1) {
		for _, x := range each {
			out = append(out, x.within("one", func(item []byte) []byte { return listOf(item) }))
		}
	}
	if n := len(each); n > 1 && fits(n) {
		var all [][]byte
		for _, x := range each {
			all = append(all, x.JSON)
		}
		out = append(out, Variant{"all", "one item of each kind", listOf(all...)})
	}
	if fits(3) && s.At("uniqueItems") == nil && len(each) > 0 {
		one := each[0].JSON
		out = append(out, Variant{"repeated", "the same item three times", listOf(one, one, one)})
	}
	if !hasHigh && s.At("uniqueItems") == nil && len(each) > 0 && len(each[0].JSON) <= shortValue {
		out = append(out, Variant{"many", fmt.Sprintf("%d items", manyItems), listOf(slices.Repeat([][]byte{each[0].JSON}, manyItems)...)})
	}
	if hasHigh && high <= 1000 && s.At("uniqueItems") == nil && len(each) > 0 {
		out = append(out, Variant{"most", fmt.Sprintf("the greatest number of items, %v", high), listOf(slices.Repeat([][]byte{each[0].JSON}, int(high))...)})
	}
	return out
}

func listOf(items ...[]byte) []byte {
	out := []byte{'['}
	for i, x := range items {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, x...)
	}
	return append(out, ']')
}

func (v *Deriver) validObjects(s *Node) (out []Variant) {
	props, err := v.d.Members(s)
	if err != nil {
		return nil
	}
	if len(props) == 0 && s.At("additionalProperties").open() {
		return []Variant{
			{"empty", "an empty object", []byte("{}")},
			{"unicode", "keys and values in many scripts", fmt.Appendf(nil, `{%s:%s}`, jsontext.AppendString(nil, unicodeText), jsontext.AppendString(nil, unicodeText))},
			{"deep", fmt.Sprintf("objects and lists, %d deep", deepData), fmt.Appendf(nil, "%s1%s", strings.Repeat(`{"a":[`, deepData/2), strings.Repeat(`]}`, deepData/2))},
			{"values", "values of every JSON type", []byte(`{"null":null,"true":true,"zero":0,"minus":-1.5e-7,"large":9007199254740993,"text":"","list":[1,"a",null,[]],"object":{}}`)},
			// __proto__ is not among them: readers of JavaScript refuse it to protect themselves.
			{"names", "names that some stores do not take", []byte(`{"":1,"a.b":2,"$c":3,"a/b c":5}`)},
		}
	}
	var required, all []Field
	optional := 0
	for _, p := range props {
		f := Field{p.Name, v.Plain(p.Schema)}
		all = append(all, f)
		if p.Required {
			required = append(required, f)
		} else {
			optional++
		}
	}
	for _, p := range props {
		if !p.Required && optional > 1 {
			out = append(out, Variant{"with-" + p.Name, "the optional property " + p.Name + " alone", Object(With(required, Field{p.Name, v.Plain(p.Schema)}))})
		}
		for i, x := range v.Valid(p.Schema, p.Name) {
			if i > 0 || x.Label != "" {
				out = append(out, x.within(p.Name, func(value []byte) []byte { return Object(With(required, Field{p.Name, value})) }))
			}
		}
	}
	if optional > 0 {
		out = append(out, Variant{"all", "all properties", Object(all)})
	}
	return out
}

// labelOf makes a value's JSON part of a case's id.
func labelOf(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, string(text))
}
