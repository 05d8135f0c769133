package schema

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const placed = `type: object
properties:
  a: {type: string}
  self: {$ref: '#/'}
  list:
    type: array
    items:
      oneOf: [{$ref: '#/$defs/x'}, {$ref: '#/$defs/y'}]
  all:
    allOf:
      - {required: [p], properties: {p: {type: integer}}}
      - x-assumption: true
        properties: {q: {enum: [1]}}
$defs:
  x:
    required: [t, v]
    properties: {t: {const: x}, v: {type: string}}
  y: {x-assumption: true, properties: {t: {const: y}, v: {type: number}}}
`

// A path leads to what is said of the value there, and as deep as something is said.
func TestPlaceOf(t *testing.T) {
	root, err := Parse([]byte(placed))
	if err != nil {
		t.Fatal(err)
	}
	d := &Document{Root: root, Discriminator: "t"}
	object := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	for _, x := range []struct {
		path    string
		value   any
		keyword string
		line    int
		assumed bool
	}{
		{"", nil, "type", 1, false},
		{"a", object("a", 1), "type", 3, false},
		{"a", object("a", nil), "type", 3, false},
		{"nothing", object("nothing", 1), "type", 1, false},
		{"list 0 v", object("list", []any{object("t", "x", "v", 1)}), "type", 17, false},
		{"list 0 v", object("list", []any{object("t", "y", "v", "")}), "type", 18, true},
		{"list 0 v", object("list", []any{object("t", "x")}), "", 16, false},
		{"list 0 t", object("list", []any{object("t", "z")}), "const", 8, false},
		{"all p", object("all", object()), "", 11, true},
		{"all q", object("all", object("q", 2)), "enum", 13, true},
	} {
		got := d.PlaceOf(root, x.value, strings.Fields(x.path), x.keyword)
		if got.Line != x.line || got.Assumed != x.assumed {
			t.Errorf("%q in %v: %+v, want %d, %v", x.path, x.value, got, x.line, x.assumed)
		}
	}
	for want, values := range map[bool][]any{
		true:  {object("all", object()), object("list", []any{object("t", "x"), object("t", "y")})},
		false: {object("a", "x"), object("list", []any{object("t", "x")}), nil, []any{object("t", "y")}},
	} {
		for _, v := range values {
			if d.Assumes(root, v) != want {
				t.Errorf("%v assumes: %v", v, !want)
			}
		}
	}
}

// Whatever the path and the value, there is an end.
func TestPlaceOfEnds(t *testing.T) {
	root, err := Parse([]byte(strings.ReplaceAll(placed, "'#/'", "'#/properties/self'") + "self: {allOf: [{$ref: '#/self'}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := &Document{Root: root, Discriminator: "t"}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SampledFrom([]string{"a", "self", "list", "all", "0", "1", "-1", "t", "v", "p", ""})
		value := rapid.SampledFrom([]any{nil, 1.0, "x", true}).Draw(t, "leaf")
		for range rapid.IntRange(0, 90).Draw(t, "depth") {
			if rapid.Bool().Draw(t, "list") {
				value = []any{value}
			} else {
				value = map[string]any{words.Draw(t, "key"): value}
			}
		}
		d.PlaceOf(root, value, rapid.SliceOfN(words, 0, 90).Draw(t, "path"), "type")
		d.PlaceOf(root.At("self"), value, nil)
		d.Assumes(root, value)
	})
}
