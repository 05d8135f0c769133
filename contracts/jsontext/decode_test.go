package jsontext

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		text string
		want any
	}{
		{"null", nil}, {" true\n", true}, {"false", false}, {"0", 0.0}, {"-0.5e2", -50.0}, {`"a"`, "a"},
		{"[]", []any{}}, {"{}", map[string]any{}}, {`[1,"x",[{}]]`, []any{1.0, "x", []any{map[string]any{}}}},
		{`"\u00e9\n\ud83d\ude00/\/"`, "é\n😀//"}, {`"é"`, "é"}, {`{"":{"a":null}}`, map[string]any{"": map[string]any{"a": nil}}},
		{"9007199254740992", 9007199254740992.0}, {"9007199254740993", json.Number("9007199254740993")}, {"-9007199254740993", json.Number("-9007199254740993")},
		{"9007199254740994", json.Number("9007199254740994")}, {"-9007199254740992", -9007199254740992.0},
		// A float64 stands for the number that is written with its digits alone.
		{"0.1", 0.1}, {"1e-1", 0.1}, {"0.10000000000000000", 0.1}, {"0.30000000000000004", 0.30000000000000004}, {"1.7976931348623157e308", math.MaxFloat64},
		{"0.10000000000000000001", json.Number("0.10000000000000000001")}, {"-9007199254740993.5", json.Number("-9007199254740993.5")},
		{"9007199254740993.0", json.Number("9007199254740993.0")}, {"1.00000000000000000001e0", json.Number("1.00000000000000000001e0")},
		{"3e-324", json.Number("3e-324")}, {"5e-324", 5e-324}, {"0." + strings.Repeat("0", 2000) + "1e2000", 0.1},
		{"-0.1" + strings.Repeat("0", 100_000) + "1", json.Number("-1" + strings.Repeat("0", 799) + "1e-801")},
		// Numbers that a float64 does not hold are numbers.
		{"1e999", math.MaxFloat64}, {"-1.5E+999999999999999999999", -math.MaxFloat64}, {strings.Repeat("9", 100_000), math.MaxFloat64},
		{"1e-999999", math.SmallestNonzeroFloat64}, {"-0.00001e-400", -math.SmallestNonzeroFloat64}, {"0e999999999", 0.0}, {"0.000e-999", 0.0}, {"1e308", 1e308},
	} {
		got, err := Decode([]byte(c.text))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s is %#v, %v; want %#v", c.text, got, err, c.want)
		}
	}
	for _, c := range []struct {
		text, want string
		offset     int
	}{
		{"", "expected a value, found the end", 0}, {"  ", "expected a value, found the end", 2}, {"nul", "expected a value, found 'n'", 0},
		{"1 2", "expected the end of the text, found '2'", 2}, {"[1,]", "expected a value, found ']'", 3}, {"[1", "expected ',' or ']'", 2},
		{`{"a" 1}`, "expected ':'", 5}, {`{a:1}`, "expected a key", 1}, {`{"a":1,}`, "expected a key", 7}, {`{"a":1`, "expected ',' or '}'", 6},
		{"01", "needless 0", 0}, {"-", "expected a digit", 1}, {"1.", "expected a digit after '.'", 2}, {"1e", "in an exponent", 2},
		{`"a`, "to end a string", 2}, {"\"a\nb\"", "control character (0x0a)", 2}, {`"\x"`, `unknown escape, \x`, 1}, {`"\u12"`, "four hex digits", 1},
		{`"\ud800"`, "surrogate", 1}, {"\"\xff\"", "not valid UTF-8", 1}, {`{"a":1,"a":1}`, `"a" stands twice`, 7}, {`{"a":{"b":1,"\u0062":2}}`, `"b" stands twice`, 12},
		{strings.Repeat("[", 2000), "nested deeper than 1000", 1001}, {"NaN", "expected a value", 0}, {"\ufeff{}", "expected a value", 0},
	} {
		_, err := Decode([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || err.Offset != c.offset {
			t.Errorf("%.40q: %v, want %q at byte %d", c.text, err, c.want, c.offset)
		}
	}
}

// Whatever the standard library accepts is accepted and means the same, except for what Decode is stricter in.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u00e9\n",null,true]}`, `{"a":1,"a":2}`, `"\ud83d\ude00"`, `[[[[1e308]]]]`, "\"\xed\xa0\x80\"", `-0`, `1e400`, ` {} `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, bad := Decode(data)
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var want any
		valid := json.Valid(data) && d.Decode(&want) == nil
		if bad == nil && !valid {
			t.Fatalf("%q is accepted, and is no JSON", data)
		}
		if bad != nil {
			stricter := bad.Twice || strings.Contains(bad.Message, "UTF-8") || strings.Contains(bad.Message, "surrogate") ||
				strings.Contains(bad.Message, "nested")
			if valid && !stricter {
				t.Fatalf("%q is refused: %v", data, bad)
			}
			if bad.Offset < 0 || bad.Offset > len(data) {
				t.Fatalf("%q: the offset is %d", data, bad.Offset)
			}
			return
		}
		if !equalJSON(got, want) {
			t.Fatalf("%q is %#v, want %#v", data, got, want)
		}
	})
}

func equalJSON(a, b any) bool {
	switch b := b.(type) {
	case json.Number:
		if n, ok := a.(json.Number); ok {
			return n == b
		}
		f, err := b.Float64()
		if n, ok := a.(float64); ok && (err != nil || f == 0) {
			// Outside a float64's range the nearest that is not 0 or infinite stands for it.
			return math.Signbit(n) == math.Signbit(f) && (err != nil && math.Abs(n) == math.MaxFloat64 || err == nil && math.Abs(n) <= math.SmallestNonzeroFloat64)
		}
		return a == f
	case map[string]any:
		m, ok := a.(map[string]any)
		if !ok || len(m) != len(b) {
			return false
		}
		for k, v := range b {
			if !equalJSON(m[k], v) {
				return false
			}
		}
		return true
	case []any:
		l, ok := a.([]any)
		if !ok || len(l) != len(b) {
			return false
		}
		for i := range b {
			if !equalJSON(l[i], b[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// Any text becomes a JSON string that reads back as the text, invalid UTF-8 apart.
func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "s")
		got := AppendString([]byte("x"), s)
		var back string
		if err := json.Unmarshal(got[1:], &back); err != nil {
			t.Fatalf("%q becomes %q: %v", s, got, err)
		}
		var want strings.Builder
		for i, r := range s { // ranging over a string yields U+FFFD for each invalid byte
			_ = i
			want.WriteRune(r)
		}
		if back != want.String() || !utf8.Valid(got) {
			t.Fatalf("%q becomes %q and reads back as %q", s, got, back)
		}
	})
}
