package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// A description's scalars mean what they mean in YAML 1.2, to the last digit. What other readers would take for another
// value is refused at its place.
func TestParseScalars(t *testing.T) {
	for _, c := range []struct {
		yaml string
		want any
	}{
		{"a: 777", 777.0}, {"a: -12.50", -12.5}, {"a: 1e3", 1000.0}, {"a: 0xff", 255.0}, {"a: 0o17", 15.0}, {"a: -0", 0.0}, {"a: 0e-999", 0.0}, {"a: 1e-320", 1e-320}, {"a: 0", 0.0}, {"a: +5", 5.0},
		{"a: 9007199254740993", json.Number("9007199254740993")}, {"a: -123456789012345678901234", json.Number("-123456789012345678901234")},
		{"a: True", true}, {"a: Null", nil}, {"a: ~", nil}, {"a:", nil}, {"a: yes", "yes"}, {"a: 2026-11-25", "2026-11-25"}, {"a: 1:30", "1:30"},
		{"a: '0777'", "0777"}, {"a: \"1_000\"", "1_000"}, {"a: !!str 0777", "0777"}, {"a: |-\n  0777", "0777"}, {`{"a": 12345678901234567890}`, json.Number("12345678901234567890")},
	} {
		n, err := Parse([]byte(c.yaml))
		if err != nil {
			t.Errorf("%s: %v", c.yaml, err)
		} else if got := n.At("a").Scalar; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s is %#v, want %#v", c.yaml, got, c.want)
		}
	}
	for _, c := range []struct{ yaml, want string }{
		{"enum: [file_1,\n  0777]", "2:3: /enum/1: 0777 is 511 to some readers of YAML and 777 to others"},
		{"a: 1_000", "1:4: /a: 1_000 is a number to some readers"}, {"a: 0b11", "0b11 is a number to some"},
		{"a: 1e400", "1:4: /a: 1e400 is a number too large"}, {"a: -1e-400", "1:4: /a: -1e-400 is a number too close to 0"}, {`{"a": 1e-400}`, "1e-400"}, {"a: .inf", ".inf is no number that JSON has"}, {`{"a": 1e400}`, "1e400"},
		{"a: !!int '5'", "1:4: /a: the tag !!int is not read"}, {"a: !!binary aGk=", "the tag !!binary"},
		{"b: &b {c: 1}\na:\n  <<: *b", "3:3: /a: the merge key << is not read"},
	} {
		if n, err := Parse([]byte(c.yaml)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s is %v, %v; want an error with %q", c.yaml, n, err, c.want)
		}
	}
	n, err := Parse([]byte("a: 9223372036854775807"))
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := n.At("a").Number(); !ok || f != 1<<63 {
		t.Errorf("a bound of 2^63 is %v, %v", f, ok)
	}
}

// JSON is read with the places of its values, in one line or in many, and as what it is.
func TestParseJSON(t *testing.T) {
	n, err := Parse([]byte("{\"a\": {\n\t\"é\": \"\\ud83d\\ude00\", \"b\": [1, 9007199254740993]}}"))
	if err != nil {
		t.Fatal(err)
	}
	if v := n.At("a", "é"); v.Text() != "\U0001f600" || v.Line != 2 || v.Column != 7 {
		t.Errorf("%q at %d:%d", v.Text(), v.Line, v.Column)
	}
	if v := n.At("a", "b").List[1]; v.Scalar != json.Number("9007199254740993") || v.Line != 2 || v.Column != 32 {
		t.Errorf("%v at %d:%d", v.Scalar, v.Line, v.Column)
	}
	for text, want := range map[string]string{`{"a": 1, "a": 2}`: `1:10: /a: the key "a" stands here twice`, "{\"a\":\n1e400}": "2:1: /a: 1e400", strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000): "nests too deep"} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
	// A long line takes no longer than many short ones.
	long := `{"a":[` + strings.Repeat(`"é",`, 150_000) + `1]}`
	if _, err := Parse([]byte(long)); err != nil {
		t.Error(err)
	}
}
