package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
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
	for _, key := range []string{"oneOf", "anyOf"} {
		if branches := s.At(key); branches != nil && s.At("properties") == nil {
			out = append(out, v.brokenBranches(branches.List)...)
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
	if s.At("pattern") != nil {
		out = append(out, Variant{"no-match", "a text that does not match the pattern", []byte(`"\u0001 no match \u0001"`)})
	}
	return out
}

func brokenNumbers(s *Node) (out []Variant) {
	for key, by := range map[string]float64{"minimum": -1, "exclusiveMinimum": 0} {
		if n, ok := s.At(key).Number(); ok {
			out = append(out, Variant{"too-small", "less than the " + key, fmt.Appendf(nil, "%v", n+by)})
		}
	}
	for key, by := range map[string]float64{"maximum": 1, "exclusiveMaximum": 0} {
		if n, ok := s.At(key).Number(); ok {
			out = append(out, Variant{"too-large", "more than the " + key, fmt.Appendf(nil, "%v", n+by)})
		}
	}
	if n, ok := s.At("multipleOf").Number(); ok {
		out = append(out, Variant{"no-multiple", "not a multiple of what is asked", fmt.Appendf(nil, "%v", n*1.5)})
	}
	slices.SortStableFunc(out, func(a, b Variant) int { return strings.Compare(a.Label, b.Label) })
	return out
}

func (v *Deriver) brokenArrays(s *Node) (out []Variant) {
	items := s.At("items")
	if items == nil {
		return nil
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
	for _, x := range v.Invalid(items) {
		out = append(out, x.within("item", func(item []byte) []byte { return listOf(item) }))
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
	for _, p := range props {
		if p.Required {
			out = append(out, Variant{"missing-" + p.Name, "without the required property " + p.Name, Object(without(required, p.Name))})
		}
		for _, x := range v.Invalid(p.Schema) {
			out = append(out, x.within(p.Name, func(value []byte) []byte { return Object(With(required, Field{p.Name, value})) }))
		}
	}
	if a := s.At("additionalProperties"); a != nil && a.Scalar == false {
		out = append(out, Variant{"unknown-property", "a property that the description forbids", Object(With(required, Field{"unknownProperty", []byte("1")}))})
	}
	return out
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
			x.Label = joinLabel(name, x.Label)
			add(x)
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

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}
