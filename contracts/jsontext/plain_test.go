package jsontext

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// Plain scalars mean what YAML 1.2's core schema says, whatever YAML 1.1 said, and keep their digits.
func TestPlain(t *testing.T) {
	for _, c := range []struct {
		texts string
		want  any
	}{
		{"~ null Null NULL", nil}, {"true True TRUE", true}, {"false False FALSE", false},
		{"0777 777 +777 000777", json.Number("777")}, {"01234", json.Number("1234")}, {"0 00 +0", json.Number("0")}, {"-0", json.Number("-0")},
		{"0o17 0xF 0x0f", json.Number("15")}, {"0xFFFFFFFFFFFFFFFFFF", json.Number("4722366482869645213695")},
		{"123456789012345678901234", json.Number("123456789012345678901234")}, {"-9007199254740993", json.Number("-9007199254740993")},
		{"1.10", json.Number("1.10")}, {"01.10 +1.10", json.Number("1.10")}, {".5 0.5 00.5", json.Number("0.5")}, {"5.", json.Number("5")},
		{"1e3", json.Number("1e3")}, {"1.e-3", json.Number("1e-3")}, {"-.5E+3", json.Number("-0.5E+3")}, {"1e-400", json.Number("1e-400")},
		{"0.1000000000000000055511151231257827", json.Number("0.1000000000000000055511151231257827")},
	} {
		for _, text := range strings.Fields(c.texts) {
			if got, err := Plain(text); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s is %#v, %v; want %#v", text, got, err, c.want)
			}
			if n, ok := c.want.(json.Number); ok && !json.Valid([]byte(n)) {
				t.Errorf("%s is no JSON", n)
			}
		}
	}
	for _, text := range strings.Fields("1_000 0b11 0o8 0x -0x10 +0o7 yes Yes no on off y n 1:30 190:20:30 2026-11-25 . -. + - e5 .e5 -e5 1e 1e+ 1.2.3 1,000 nULL tRUE inf nan Infinity .Nan +.nan 12e03x 0x1p4 ٣") {
		if got, err := Plain(text); err != nil || got != text {
			t.Errorf("%s is %#v, %v; want the text", text, got, err)
		}
	}
	for _, text := range []string{".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "1e400", "-1e400", "1e999999999", "1" + strings.Repeat("0", 400)} {
		if got, err := Plain(text); err == nil {
			t.Errorf("%.20s is %#v", text, got)
		}
	}
}
