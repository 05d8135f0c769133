package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// typeSamples are values of each JSON type, as wrong as can be for anything else.
var typeSamples = []struct {
	name string
	json string
}{{"null", "null"}, {"boolean", "true"}, {"number", "1.5"}, {"string", `"wrong"`}, {"array", "[]"}, {"object", "{}"}}

// Invalid gives the ways to break a schema, each in one place.
func (v *Deriver) Invalid(s *Node) (out []Variant) {
	s, err := v.d.Resolve(s)
	if err != nil || !v.enter(s) {
		return nil
	}
	defer func() { v.leave(); v.spend(out) }()
	s = v.inOne(s)
	types := typesOf(s)
	admits := func(name string) bool {
		return slices.Contains(types, name) || name == "number" && slices.Contains(types, "integer")
	}
	if len(s.Types()) > 0 || s.At("oneOf") == nil && s.At("anyOf") == nil && s.At("enum") == nil && s.At("const") == nil {
		for _, t := range typeSamples {
			if len(s.Types()) > 0 && !admits(t.name) {
				out = append(out, Variant{t.name, Article(t.name) + " instead of " + Article(strings.Join(types, " or ")), []byte(t.json)})
			}
		}
		if slices.Contains(types, "integer") && !slices.Contains(types, "number") {
			out = append(out, Variant{"fraction", "a fraction instead of an integer", []byte("1.5")})
		}
		out = append(out, v.coerced(s, types)...)
	}
	if c := s.At("const"); c != nil {
		out = append(out, v.others([]string{string(jsontext.Of(c.Value()))})...)
	}
	if e := s.At("enum"); e != nil {
		var known []string
		for _, n := range e.List {
			known = append(known, string(jsontext.Of(n.Value())))
		}
		out = append(out, v.others(known)...)
	}
	if not := s.At("not"); not != nil {
		out = append(out, Variant{"ruled-out", "a value that is ruled out", v.Plain(not)})
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if branches := s.At(key); branches != nil && s.At("properties") == nil {
			out = append(out, v.brokenBranches(branches.List)...)
			if key == "oneOf" {
				out = append(out, v.severalBranches(branches.List)...)
			}
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

// inQuotes is the label of a value that is written into a text.
const inQuotes = "in-quotes"

// coerced are values that easy readers turn into what is asked for.
func (v *Deriver) coerced(s *Node, types []string) (out []Variant) {
	if len(s.Types()) == 0 || slices.Contains(types, "string") {
		return nil
	}
	if plain := v.apart(s); len(plain) <= shortValue {
		out = append(out, Variant{inQuotes, Article(strings.Join(types, " or ")) + " written into a text", jsontext.AppendString(nil, string(plain))})
	}
	if slices.Contains(types, "boolean") && !slices.Contains(types, "integer") && !slices.Contains(types, "number") {
		out = append(out, Variant{"one", "the number 1 instead of true", []byte("1")})
	}
	return out
}

// apart is a plain value that has no influence on those that come after it.
func (v *Deriver) apart(s *Node) []byte { return v.d.Generate(nil, s, rand.New(rand.NewPCG(0, 0))) }

// others gives values that are none of the known ones, though near to them.
func (v *Deriver) others(known []string) (out []Variant) {
	add := func(label, why string, json []byte) {
		if !slices.Contains(known, string(json)) {
			out = append(out, Variant{label, why, json})
		}
	}
	add("unknown", "a value that is not among those described", []byte(`"unknown-value"`))
	seen := map[string]bool{}
	for i, value := range known[:min(len(known), maxCased)] {
		for n, other := range cased(value) {
			// The first of them was there before the others, and keeps its name.
			label := "case-" + cmp.Or(labelOf(other[:min(len(other), maxLabel)]), strconv.Itoa(n))
			if i == 0 && n == 0 {
				label = "wrong-case"
			}
			if !seen[string(other)] {
				seen[string(other)] = true
				add(label, "a described value in the wrong case", other)
			}
		}
	}
	var text string
	if json.Unmarshal([]byte(known[0]), &text) == nil && text != "" {
		add("padded", "a described value with a space behind it", jsontext.AppendString(nil, text+" "))
		add("blank", "an empty text", []byte(`""`))
	}
	return out
}

const (
	// maxCased is of how many values of an enum the wrong cases are tried: who does not tell case apart does so for all.
	maxCased = 8
	// maxLabel is how much of a value is in a label.
	maxLabel = 40
)

// cased are the texts that differ from a JSON text in the case of their letters alone: in capitals, which come first if
// they differ, in small letters, and as a name.
func cased(value string) (out [][]byte) {
	var text string
	if json.Unmarshal([]byte(value), &text) != nil {
		return nil
	}
	upper, lower := strings.ToUpper(text), strings.ToLower(text)
	first, size := utf8.DecodeRuneInString(text)
	title := string(unicode.ToUpper(first)) + strings.ToLower(text[size:])
	for _, other := range []string{upper, lower, title} {
		if json := jsontext.AppendString(nil, other); text != "" && other != text && !slices.ContainsFunc(out, func(o []byte) bool { return string(o) == string(json) }) {
			out = append(out, json)
		}
	}
	return out
}

// judgedFormats are the formats that the validator knows; it lets any text pass for another.
var judgedFormats = []string{"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "iri", "iri-reference", "json-pointer",
	"regex", "relative-json-pointer", "time", "uri", "uri-reference", "uri-template", "uuid"}

func brokenStrings(s *Node) (out []Variant) {
	if n, ok := s.At("minLength").Number(); ok && n > 0 && n <= largestBound {
		out = append(out, Variant{"too-short", fmt.Sprintf("one character less than the least length, %v", n), textOf(int(n) - 1)})
	}
	if n, ok := s.At("maxLength").Number(); ok && n < largestBound {
		out = append(out, Variant{"too-long", fmt.Sprintf("one character more than the greatest length, %v", n), textOf(int(n) + 1)})
	}
	if f := s.At("format").Text(); slices.Contains(judgedFormats, f) {
		out = append(out, Variant{"not-" + f, "a text that is no " + f, []byte(`"not a ` + f + `: % /"`)})
	}
	if pattern := s.At("pattern").Text(); pattern != "" {
		out = append(out, Variant{"no-match", "a text that does not match the pattern", []byte(`"\u0001 no match \u0001"`)})
		if text, ok := Matching(pattern, 0); ok && text != "" {
			first, _ := utf8.DecodeRuneInString(text)
			for _, x := range [][3]string{
				{"match-cut-off", "the first character of a text that matches the pattern", string(first)},
				{"match-padded", "a text that matches the pattern, with spaces around", " " + text + " "},
			} {
				if !matches(pattern, x[2]) {
					out = append(out, Variant{x[0], x[1], jsontext.AppendString(nil, x[2])})
				}
			}
		}
	}
	return out
}

// brokenNumbers are exact: of a bound beyond 2^53 too, it is the next number that breaks it.
func brokenNumbers(s *Node) (out []Variant) {
	one := big.NewRat(1, 1)
	add := func(label, why string, n *big.Rat) {
		if text := exactly(n); text != "" {
			out = append(out, Variant{label, why, []byte(text)})
		}
	}
	for _, key := range []string{"maximum", "exclusiveMaximum", "multipleOf", "minimum", "exclusiveMinimum"} {
		n := rational(s.At(key))
		if n == nil {
			continue
		}
		switch key {
		case "maximum":
			add("too-large", "more than the maximum", new(big.Rat).Add(n, one))
		case "exclusiveMaximum":
			add("too-large", "more than the exclusiveMaximum", n)
		case "multipleOf":
			add("no-multiple", "not a multiple of what is asked", new(big.Rat).Mul(n, big.NewRat(3, 2)))
			if n.Cmp(one) > 0 {
				add("beside-multiple", "one more than a multiple of what is asked", new(big.Rat).Add(n, one))
			}
		case "minimum":
			add("too-small", "less than the minimum", new(big.Rat).Sub(n, one))
		case "exclusiveMinimum":
			add("too-small", "less than the exclusiveMinimum", n)
		}
	}
	return out
}

func (v *Deriver) brokenArrays(s *Node) (out []Variant) {
	items := s.At("items")
	if first := s.At("prefixItems").Items(); len(first) > 0 {
		var before [][]byte
		for i, at := range first {
			for _, x := range v.Invalid(at) {
				out = append(out, x.within(fmt.Sprint("item-", i), func(item []byte) []byte { return listOf(append(slices.Clone(before), item)...) }))
			}
			before = append(before, v.Plain(at))
		}
	}
	if s.At("contains") != nil {
		out = append(out, Variant{"contains-none", "a list without what it must contain", []byte("[]")})
	}
	if items == nil {
		items = &Node{Fields: map[string]*Node{}}
	}
	one := v.Plain(items)
	if n, ok := s.At("minItems").Number(); ok && n > 0 && n <= 1000 {
		out = append(out, Variant{"too-few", "one item less than the least number", listOf(slices.Repeat([][]byte{one}, int(n)-1)...)})
	}
	if n, ok := s.At("maxItems").Number(); ok && n <= 1000 {
		out = append(out, Variant{"too-many", "one item more than the greatest number", listOf(slices.Repeat([][]byte{one}, int(n)+1)...)})
	}
	if u := s.At("uniqueItems"); u != nil && u.Scalar == true {
		out = append(out, Variant{"twice", "an item that stands twice", listOf(one, one)})
	}
	if s.At("items") == nil {
		return out
	}
	broken := v.Invalid(items)
	for _, x := range broken {
		out = append(out, x.within("item", func(item []byte) []byte { return listOf(item) }))
	}
	// Where it stands makes no difference.
	for _, x := range broken[:min(len(broken), 1)] {
		out = append(out, x.within("second-item", func(item []byte) []byte { return listOf(one, item) }),
			x.within("item-before-another", func(item []byte) []byte { return listOf(item, one) }))
	}
	if kind := map[byte]string{'{': "object", '"': "string"}[one[0]]; kind != "" && len(s.Types()) > 0 && !slices.Contains(s.Types(), kind) {
		out = append(out, Variant{"item-alone", "an item instead of a list of it", one})
	}
	return out
}

func (v *Deriver) brokenObjects(s *Node) (out []Variant) {
	props, err := v.d.Members(s)
	if err != nil {
		return nil
	}
	var required []Field
	for _, p := range props {
		if p.Required {
			required = append(required, Field{p.Name, v.Plain(p.Schema)})
		}
	}
	cased := false
	for _, p := range props {
		if p.Required {
			out = append(out, Variant{"missing-" + p.Name, "without the required property " + p.Name, Object(without(required, p.Name))})
			// Who does not tell case apart does so for all names.
			if other := swapCase(p.Name); !cased && other != p.Name && p.Schema.At("const") == nil && !slices.ContainsFunc(props, func(q Member) bool { return q.Name == other }) {
				cased = true
				out = append(out, Variant{"case-of-" + p.Name, "the required property " + p.Name + " under the name " + other, Object(With(without(required, p.Name), Field{other, v.apart(p.Schema)}))})
			}
		}
		for _, x := range v.Invalid(p.Schema) {
			out = append(out, x.within(p.Name, func(value []byte) []byte { return Object(With(required, Field{p.Name, value})) }))
		}
	}
	return append(out, v.brokenMembers(s, props, required)...)
}

// brokenMembers break what an object says of its members as a whole: which names and how many there may be.
func (v *Deriver) brokenMembers(s *Node, props []Member, required []Field) (out []Variant) {
	with := func(name string, value []byte) []byte { return Object(With(required, Field{name, value})) }
	for _, key := range []string{"additionalProperties", "unevaluatedProperties"} {
		switch a := s.At(key); {
		case a == nil:
		case a.Scalar == false:
			out = append(out, Variant{"unknown-property", "a property that the description forbids", with("unknownProperty", []byte("1"))})
		case len(a.Keys) > 0:
			for _, x := range v.Invalid(a) {
				out = append(out, x.within("unknown-property", func(value []byte) []byte { return with("unknownProperty", value) }))
			}
		}
	}
	for _, pattern := range s.At("patternProperties").Names() {
		if name, ok := Matching(pattern, 0); ok {
			for _, x := range v.Invalid(s.At("patternProperties", pattern)) {
				out = append(out, x.within("named-property", func(value []byte) []byte { return with(name, value) }))
			}
		}
	}
	if names := s.At("propertyNames"); names != nil {
		for _, x := range v.Invalid(names) {
			if n, err := ReadJSON(x.JSON); err == nil && n.Text() != "" {
				out = append(out, x.within("property-name", func([]byte) []byte { return with(n.Text(), []byte("1")) }))
			}
		}
	}
	for _, name := range s.At("dependentRequired").Names() {
		value := []byte("1")
		if i := slices.IndexFunc(props, func(p Member) bool { return p.Name == name }); i >= 0 {
			value = v.Plain(props[i].Schema)
		}
		out = append(out, Variant{name + ".without-others", "the property " + name + " without those that it demands", with(name, value)})
	}
	if most, ok := s.At("maxProperties").Number(); ok && most <= manyMembers {
		many := slices.Clone(required)
		for i := 0; len(many) <= int(most); i++ {
			many = append(many, Field{fmt.Sprint("unknown", i), []byte("1")})
		}
		out = append(out, Variant{"too-many-properties", "one property more than the greatest number", Object(many)})
	}
	if v.demandsMore(s, required) {
		out = append(out, Variant{"no-more-than-required", "no more than the required properties, where others are demanded", Object(required)})
	}
	return out
}

// demandsMore reports whether an object must have more members than those that are required by themselves.
func (v *Deriver) demandsMore(s *Node, required []Field) bool {
	if least, ok := s.At("minProperties").Number(); ok && float64(len(required)) < least {
		return true
	}
	lacks := func(b *Node) bool {
		n, err := v.d.Resolve(b)
		return err == nil && slices.ContainsFunc(n.At("required").Texts(), func(name string) bool {
			return !slices.ContainsFunc(required, func(f Field) bool { return f.Name == name })
		})
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if branches := s.At(key).Items(); len(branches) > 0 && !slices.ContainsFunc(branches, func(b *Node) bool { return !lacks(b) }) {
			return true
		}
	}
	return false
}

// brokenBranches breaks each branch of a oneOf by itself, and gives each the name of another.
func (v *Deriver) brokenBranches(branches []*Node) (out []Variant) {
	seen := map[string]bool{}
	add := func(x Variant) {
		if !seen[string(x.JSON)] {
			seen[string(x.JSON)] = true
			out = append(out, x)
		}
	}
	for _, t := range typeSamples {
		add(Variant{t.name, Article(t.name) + " instead of one of the forms described", []byte(t.json)})
	}
	for i, b := range branches {
		name := v.d.BranchName(b, i)
		for _, x := range v.Invalid(b) {
			if x.Label != inQuotes || i == 0 { // one form stands for all
				x.Label = joinLabel(name, x.Label)
				add(x)
			}
		}
		for j, other := range branches {
			n, err := v.d.Resolve(other)
			if err != nil || i == j || n.At("properties", v.d.Discriminator, "const") == nil {
				continue
			}
			var fields map[string]json.RawMessage
			plain := v.Plain(b)
			if json.Unmarshal(plain, &fields) != nil || fields[v.d.Discriminator] == nil {
				continue
			}
			old := append(jsontext.AppendKey(nil, v.d.Discriminator), fields[v.d.Discriminator]...)
			swapped := strings.Replace(string(plain), string(old), string(append(jsontext.AppendKey(nil, v.d.Discriminator), jsontext.Of(n.At("properties", v.d.Discriminator, "const").Value())...)), 1)
			add(Variant{joinLabel(name, "as-"+v.d.BranchName(other, j)), "the properties of " + name + " under the name of " + v.d.BranchName(other, j), []byte(swapped)})
		}
	}
	return out
}

// bounding are keywords of which two schemas of a type can hold at once.
var bounding = []string{"type", "minLength", "maxLength", "minimum", "maximum"}

// severalBranches are values that fit two branches of a oneOf, as far as that can be told.
func (v *Deriver) severalBranches(branches []*Node) (out []Variant) {
	for i, b := range branches[:min(len(branches), maxCased)] {
		for j, other := range branches[i+1 : min(len(branches), maxCased)] {
			one, err := v.d.Resolve(b)
			two, also := v.d.Resolve(other)
			if err != nil || also != nil || len(one.Types()) != 1 || !slices.Equal(one.Types(), two.Types()) || !one.Only(bounding...) || !two.Only(bounding...) {
				continue
			}
			both := &Node{Fields: map[string]*Node{"allOf": {IsList: true, List: []*Node{b, other}}}, Keys: []string{"allOf"}}
			out = append(out, Variant{fmt.Sprintf("%s-and-%s", v.d.BranchName(b, i), v.d.BranchName(other, i+1+j)), "a value that fits two of the forms, of which one may", v.Plain(v.inOne(both))})
		}
	}
	return out
}

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}
