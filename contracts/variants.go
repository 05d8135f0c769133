package contracts

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A variant is one way to fill, or to break, a schema.
type variant struct {
	// label says which way, as part of a case's id: "unicode", "missing-text". It may be empty for the plain value.
	label string
	// why says it in words.
	why  string
	json []byte
}

// within gives the variant as part of something larger.
func (v variant) within(label string, wrap func([]byte) []byte) variant {
	return variant{joinLabel(label, v.label), v.why, wrap(v.json)}
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
	// deepData is how deep the deep object nests: below what common JSON readers refuse (.NET's limit is 64).
	deepData = 32
	// largestBound is the largest length that a case reaches to touch a bound.
	largestBound = 256 << 10
)

// unicodeText has what text handling trips over: accents composed and not, another direction, a character beyond the
// basic plane, a joined emoji, quotes, a backslash, a line break and a control character that JSON escapes.
const unicodeText = "Gr\u00fc\u00dfe, e\u0301t\u00e9, \u05e9\u05dc\u05d5\u05dd, \u65e5\u672c\u8a9e, \U0001f469\u200d\U0001f4bb, \U00020000, \"\\\"\n\u0001"

// deriver makes the variants of schemas. Its values are the same on every run.
type deriver struct {
	d   *Description
	rng *rand.Rand
	// path are the schemas on the way to where the deriver is: one that refers to itself is gone into once.
	path []*node
	// bytes is how much more may be derived, and cut counts the places that were not gone into for want of it.
	bytes, cut int
}

func newDeriver(d *Description) *deriver {
	return &deriver{d: d, rng: rand.New(rand.NewPCG(0, 0)), bytes: maxDerived}
}

// enter notes that the deriver goes into a schema, and tells whether it may; leave must follow if so.
func (v *deriver) enter(s *node) bool {
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

func (v *deriver) leave() { v.path = v.path[:len(v.path)-1] }

const (
	// maxPath is how deep the variants of a schema go.
	maxPath = 9
	// maxDerived bounds the variants of a description, in bytes: schemas that refer to each other have more than anybody
	// could send.
	maxDerived = 8 << 20
)

// spend notes what was derived.
func (v *deriver) spend(variants []variant) {
	for _, x := range variants {
		v.bytes -= len(x.json) + 64
	}
}

// identifier tells whether a property names a thing that must exist on the other side, so that only known values can be
// sent: it is called id, or ends in Id.
func identifier(name string) bool { return name == "id" || strings.HasSuffix(name, "Id") }

// plain is the value that stands for the schema where another part of the request is what the case is about.
func (v *deriver) plain(s *node) []byte { return v.d.generate(nil, s, v.rng, 0) }

// valid gives the ways to fill a schema, the plain one first.
func (v *deriver) valid(s *node, name string) (out []variant) {
	s, err := v.d.resolve(s)
	if err != nil {
		return nil
	}
	if !v.enter(s) {
		return []variant{{"", "a plain value", v.plain(s)}}
	}
	defer func() { v.leave(); v.spend(out) }()
	if s.at("const") != nil {
		return []variant{{"", "the constant", v.plain(s)}}
	}
	if e := s.at("enum"); e != nil {
		for _, n := range e.list {
			text := compact(n.value())
			out = append(out, variant{labelOf(text), "the value " + string(text), text})
		}
		return out
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		branches := s.at(key)
		if branches == nil || s.at("properties") != nil {
			continue
		}
		for i, b := range branches.list {
			for _, x := range v.valid(b, name) {
				x.label = joinLabel(v.branchName(b, i), x.label)
				out = append(out, x)
			}
		}
		return out
	}
	for i, t := range v.typesOf(s) {
		of := v.validOf(s, t, name)
		if i > 0 && len(of) > 0 {
			of[0].label = t
		}
		out = append(out, of...)
	}
	return out
}

// typesOf lists the JSON types that a schema admits, as far as it names them or its keywords tell.
func (v *deriver) typesOf(s *node) []string {
	if t := s.types(); len(t) > 0 {
		return t
	}
	switch {
	case s.at("items") != nil:
		return []string{"array"}
	case s.at("properties") != nil, s.at("allOf") != nil, s.at("required") != nil:
		return []string{"object"}
	case s.at("pattern") != nil, s.at("minLength") != nil, s.at("maxLength") != nil, s.at("format") != nil:
		return []string{"string"}
	case s.at("minimum") != nil, s.at("maximum") != nil:
		return []string{"number"}
	}
	return []string{"object"}
}

func (v *deriver) branchName(b *node, i int) string {
	if n, err := v.d.resolve(b); err == nil {
		if c := n.at("properties", v.d.disc, "const").text(); c != "" {
			return c
		}
		if t := n.types(); len(t) == 1 {
			return t[0]
		}
	}
	return strconv.Itoa(i)
}

func (v *deriver) validOf(s *node, t, name string) []variant {
	only := &node{keys: s.keys, fields: map[string]*node{}, line: s.line}
	for k, f := range s.fields {
		only.fields[k] = f
	}
	only.fields["type"] = &node{scalar: t}
	out := []variant{{"", "a plain value", v.plain(only)}}
	switch t {
	case "boolean":
		return []variant{{"true", "true", []byte("true")}, {"false", "false", []byte("false")}}
	case "null":
		return []variant{{"null", "null", []byte("null")}}
	case "string":
		return append(out, v.validStrings(s, name)...)
	case "integer", "number":
		for _, key := range []string{"minimum", "maximum"} {
			if n, ok := s.at(key).number(); ok {
				out = append(out, variant{key, "the " + key, fmt.Appendf(nil, "%v", n)})
			}
		}
	case "array":
		return append(out, v.validArrays(s, name)...)
	case "object":
		return append(out, v.validObjects(s)...)
	}
	return out
}

// number is a node's number, if it is one.
func (n *node) number() (float64, bool) {
	if n == nil {
		return 0, false
	}
	f, ok := n.scalar.(float64)
	return f, ok
}

// free tells whether any text at all is allowed.
func free(s *node) bool {
	for _, k := range []string{"enum", "const", "pattern", "format"} {
		if s.at(k) != nil {
			return false
		}
	}
	return true
}

func (v *deriver) validStrings(s *node, name string) (out []variant) {
	if !free(s) {
		return nil
	}
	low, hasLow := s.at("minLength").number()
	high, hasHigh := s.at("maxLength").number()
	if hasLow && low <= largestBound {
		out = append(out, variant{"shortest", fmt.Sprintf("a text of the least length, %v", low), textOf(int(low))})
	}
	if hasHigh && high <= largestBound {
		out = append(out, variant{"longest", fmt.Sprintf("a text of the greatest length, %v", high), textOf(int(high))})
	}
	if identifier(name) {
		return out
	}
	if !hasHigh || high >= float64(len([]rune(unicodeText))) {
		out = append(out, variant{"unicode", "text in many scripts, with characters that JSON escapes", AppendString(nil, unicodeText)})
	}
	if !hasHigh || high >= longText {
		out = append(out, variant{"long", fmt.Sprintf("a text of %d characters", longText), textOf(longText)})
	}
	return out
}

func textOf(n int) []byte {
	const words = "lorem ipsum dolor sit amet "
	return AppendString(nil, strings.Repeat(words, n/len(words)+1)[:n])
}

func (v *deriver) validArrays(s *node, name string) (out []variant) {
	items := s.at("items")
	low, _ := s.at("minItems").number()
	high, hasHigh := s.at("maxItems").number()
	fits := func(n int) bool { return float64(n) >= low && (!hasHigh || float64(n) <= high) }
	if fits(0) {
		out = append(out, variant{"empty", "an empty list", []byte("[]")})
	}
	if items == nil {
		return out
	}
	each := v.valid(items, name)
	if fits(1) {
		for _, x := range each {
			out = append(out, x.within("one", func(item []byte) []byte { return listOf(item) }))
		}
	}
	if n := len(each); n > 1 && fits(n) {
		var all [][]byte
		for _, x := range each {
			all = append(all, x.json)
		}
		out = append(out, variant{"all", "one item of each kind", listOf(all...)})
	}
	if fits(3) && s.at("uniqueItems") == nil && len(each) > 0 {
		one := each[0].json
		out = append(out, variant{"repeated", "the same item three times", listOf(one, one, one)})
	}
	if hasHigh && high <= 1000 && s.at("uniqueItems") == nil && len(each) > 0 {
		out = append(out, variant{"most", fmt.Sprintf("the greatest number of items, %v", high), listOf(slices.Repeat([][]byte{each[0].json}, int(high))...)})
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

func (v *deriver) validObjects(s *node) (out []variant) {
	props, err := v.d.members(s)
	if err != nil {
		return nil
	}
	if len(props) == 0 && s.at("additionalProperties").open() {
		return []variant{
			{"empty", "an empty object", []byte("{}")},
			{"unicode", "keys and values in many scripts", fmt.Appendf(nil, `{%s:%s}`, AppendString(nil, unicodeText), AppendString(nil, unicodeText))},
			{"deep", fmt.Sprintf("objects and lists, %d deep", deepData), fmt.Appendf(nil, "%s1%s", strings.Repeat(`{"a":[`, deepData/2), strings.Repeat(`]}`, deepData/2))},
			{"values", "values of every JSON type", []byte(`{"null":null,"true":true,"zero":0,"minus":-1.5e-7,"large":9007199254740993,"text":"","list":[1,"a",null,[]],"object":{}}`)},
		}
	}
	var required, all []Field
	optional := 0
	for _, p := range props {
		f := Field{p.name, v.plain(p.schema)}
		all = append(all, f)
		if p.required {
			required = append(required, f)
		} else {
			optional++
		}
	}
	for _, p := range props {
		if !p.required && optional > 1 {
			out = append(out, variant{"with-" + p.name, "the optional property " + p.name + " alone", objectOf(with(required, Field{p.name, v.plain(p.schema)}))})
		}
		for i, x := range v.valid(p.schema, p.name) {
			if i > 0 || x.label != "" {
				out = append(out, x.within(p.name, func(value []byte) []byte { return objectOf(with(required, Field{p.name, value})) }))
			}
		}
	}
	if optional > 0 {
		out = append(out, variant{"all", "all properties", objectOf(all)})
	}
	return out
}

// open tells whether additionalProperties admits any: it is left out, true, or {}.
func (n *node) open() bool {
	return n == nil || n.scalar == true || n.fields != nil && len(n.fields) == 0
}

// with replaces or adds a field.
func with(fields []Field, f Field) []Field {
	out := slices.Clone(fields)
	for i := range out {
		if out[i].Name == f.Name {
			out[i] = f
			return out
		}
	}
	return append(out, f)
}

func without(fields []Field, name string) []Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool { return f.Name == name })
}

func objectOf(fields []Field) []byte {
	out := []byte{'{'}
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendKey(out, f.Name), f.JSON...)
	}
	return append(out, '}')
}

// typeSamples are values of each JSON type, as wrong as can be for anything else.
var typeSamples = []struct {
	name string
	json string
}{{"null", "null"}, {"boolean", "true"}, {"number", "1.5"}, {"string", `"wrong"`}, {"array", "[]"}, {"object", "{}"}}

// invalid gives the ways to break a schema, each in one place.
func (v *deriver) invalid(s *node) (out []variant) {
	s, err := v.d.resolve(s)
	if err != nil || !v.enter(s) {
		return nil
	}
	defer func() { v.leave(); v.spend(out) }()
	types := v.typesOf(s)
	admits := func(name string) bool {
		return slices.Contains(types, name) || name == "number" && slices.Contains(types, "integer")
	}
	if len(s.types()) > 0 || s.at("oneOf") == nil && s.at("anyOf") == nil && s.at("enum") == nil && s.at("const") == nil {
		for _, t := range typeSamples {
			if len(s.types()) > 0 && !admits(t.name) {
				out = append(out, variant{t.name, article(t.name) + " instead of " + article(strings.Join(types, " or ")), []byte(t.json)})
			}
		}
		if slices.Contains(types, "integer") && !slices.Contains(types, "number") {
			out = append(out, variant{"fraction", "a fraction instead of an integer", []byte("1.5")})
		}
	}
	if c := s.at("const"); c != nil {
		out = append(out, v.others([]string{string(compact(c.value()))})...)
	}
	if e := s.at("enum"); e != nil {
		var known []string
		for _, n := range e.list {
			known = append(known, string(compact(n.value())))
		}
		out = append(out, v.others(known)...)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if branches := s.at(key); branches != nil && s.at("properties") == nil {
			out = append(out, v.brokenBranches(branches.list)...)
			return out
		}
	}
	if slices.Contains(types, "string") {
		out = append(out, brokenStrings(s)...)
	}
	if admits("number") {
		out = append(out, brokenNumbers(s)...)
	}
	if slices.Contains(types, "array") {
		out = append(out, v.brokenArrays(s)...)
	}
	if slices.Contains(types, "object") {
		out = append(out, v.brokenObjects(s)...)
	}
	return out
}

// others gives values that are none of the known ones, though near to them.
func (v *deriver) others(known []string) (out []variant) {
	add := func(label, why string, json []byte) {
		if !slices.Contains(known, string(json)) {
			out = append(out, variant{label, why, json})
		}
	}
	add("unknown", "a value that is not among those described", []byte(`"unknown-value"`))
	var text string
	if json.Unmarshal([]byte(known[0]), &text) == nil && text != "" {
		add("wrong-case", "a described value in the wrong case", AppendString(nil, swapCase(text)))
		add("padded", "a described value with a space behind it", AppendString(nil, text+" "))
		add("blank", "an empty text", []byte(`""`))
	}
	return out
}

// judgedFormats are the formats that the validator knows; it lets any text pass for another.
var judgedFormats = []string{"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "iri", "iri-reference", "json-pointer",
	"regex", "relative-json-pointer", "time", "uri", "uri-reference", "uri-template", "uuid"}

func brokenStrings(s *node) (out []variant) {
	if n, ok := s.at("minLength").number(); ok && n > 0 && n <= largestBound {
		out = append(out, variant{"too-short", fmt.Sprintf("one character less than the least length, %v", n), textOf(int(n) - 1)})
	}
	if n, ok := s.at("maxLength").number(); ok && n < largestBound {
		out = append(out, variant{"too-long", fmt.Sprintf("one character more than the greatest length, %v", n), textOf(int(n) + 1)})
	}
	if f := s.at("format").text(); slices.Contains(judgedFormats, f) {
		out = append(out, variant{"not-" + f, "a text that is no " + f, []byte(`"not a ` + f + `: % /"`)})
	}
	if s.at("pattern") != nil {
		out = append(out, variant{"no-match", "a text that does not match the pattern", []byte(`"\u0001 no match \u0001"`)})
	}
	return out
}

func brokenNumbers(s *node) (out []variant) {
	for key, by := range map[string]float64{"minimum": -1, "exclusiveMinimum": 0} {
		if n, ok := s.at(key).number(); ok {
			out = append(out, variant{"too-small", "less than the " + key, fmt.Appendf(nil, "%v", n+by)})
		}
	}
	for key, by := range map[string]float64{"maximum": 1, "exclusiveMaximum": 0} {
		if n, ok := s.at(key).number(); ok {
			out = append(out, variant{"too-large", "more than the " + key, fmt.Appendf(nil, "%v", n+by)})
		}
	}
	if n, ok := s.at("multipleOf").number(); ok {
		out = append(out, variant{"no-multiple", "not a multiple of what is asked", fmt.Appendf(nil, "%v", n*1.5)})
	}
	slices.SortStableFunc(out, func(a, b variant) int { return strings.Compare(a.label, b.label) })
	return out
}

func (v *deriver) brokenArrays(s *node) (out []variant) {
	items := s.at("items")
	if items == nil {
		return nil
	}
	one := v.plain(items)
	if n, ok := s.at("minItems").number(); ok && n > 0 && n <= 1000 {
		out = append(out, variant{"too-few", "one item less than the least number", listOf(slices.Repeat([][]byte{one}, int(n)-1)...)})
	}
	if n, ok := s.at("maxItems").number(); ok && n <= 1000 {
		out = append(out, variant{"too-many", "one item more than the greatest number", listOf(slices.Repeat([][]byte{one}, int(n)+1)...)})
	}
	if u := s.at("uniqueItems"); u != nil && u.scalar == true {
		out = append(out, variant{"twice", "an item that stands twice", listOf(one, one)})
	}
	for _, x := range v.invalid(items) {
		out = append(out, x.within("item", func(item []byte) []byte { return listOf(item) }))
	}
	return out
}

func (v *deriver) brokenObjects(s *node) (out []variant) {
	props, err := v.d.members(s)
	if err != nil {
		return nil
	}
	var required []Field
	for _, p := range props {
		if p.required {
			required = append(required, Field{p.name, v.plain(p.schema)})
		}
	}
	for _, p := range props {
		if p.required {
			out = append(out, variant{"missing-" + p.name, "without the required property " + p.name, objectOf(without(required, p.name))})
		}
		for _, x := range v.invalid(p.schema) {
			out = append(out, x.within(p.name, func(value []byte) []byte { return objectOf(with(required, Field{p.name, value})) }))
		}
	}
	if a := s.at("additionalProperties"); a != nil && a.scalar == false {
		out = append(out, variant{"unknown-property", "a property that the description forbids", objectOf(with(required, Field{"unknownProperty", []byte("1")}))})
	}
	return out
}

// brokenBranches breaks each branch of a oneOf by itself, and gives each the name of another.
func (v *deriver) brokenBranches(branches []*node) (out []variant) {
	seen := map[string]bool{}
	add := func(x variant) {
		if !seen[string(x.json)] {
			seen[string(x.json)] = true
			out = append(out, x)
		}
	}
	for _, t := range typeSamples {
		add(variant{t.name, article(t.name) + " instead of one of the forms described", []byte(t.json)})
	}
	for i, b := range branches {
		name := v.branchName(b, i)
		for _, x := range v.invalid(b) {
			x.label = joinLabel(name, x.label)
			add(x)
		}
		for j, other := range branches {
			n, err := v.d.resolve(other)
			if err != nil || i == j || n.at("properties", v.d.disc, "const") == nil {
				continue
			}
			var fields map[string]json.RawMessage
			plain := v.plain(b)
			if json.Unmarshal(plain, &fields) != nil || fields[v.d.disc] == nil {
				continue
			}
			old := append(appendKey(nil, v.d.disc), fields[v.d.disc]...)
			swapped := strings.Replace(string(plain), string(old), string(append(appendKey(nil, v.d.disc), compact(n.at("properties", v.d.disc, "const").value())...)), 1)
			add(variant{joinLabel(name, "as-"+v.branchName(other, j)), "the properties of " + name + " under the name of " + v.branchName(other, j), []byte(swapped)})
		}
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

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}
