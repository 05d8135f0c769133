package contracts

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts/jsontext"
)

// Both judges hold values against patterns by ECMAScript's rules, and values of them can be made.
func TestPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, good, bad string }{
		{`^[^\u0000-\u001f]+$`, "a b", "a\tb"},
		{`^(?!bad).+$`, "good", "bad"},
		{`^(?=.*[A-Z])(?=.*\d).{8,}$`, "Abcdefg1", "abcdefg1"},
		{`^(?!-)[a-z0-9-]{1,63}(?<!-)$`, "a-b", "-ab"},
		{`^\S+$`, "x", "\u00a0"},
		{`^(\w)x\1$`, "axa", "axb"},
		{`^\p{Script=Greek}+$`, "αβ", "ab"},
		{`^(?!0{8})[0-9a-f]{8}$`, "00000001", "00000000"},
		{`^[\ud83d\ude00-\ud83d\ude0f]$`, "\U0001f605", "a"},
	} {
		quoted := "'" + c.pattern + "'"
		text := edited(t, atRequest, atRequest+"      allOf: [{properties: {p: {type: string, pattern: "+quoted+"}}}]\n")
		text = strings.Replace(text, atResponse, atResponse+"      allOf: [{properties: {p: {type: string, pattern: "+quoted+", format: any}}}]\n", 1)
		d, err := Load("spec.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		for value, valid := range map[string]bool{c.good: true, c.bad: false} {
			request := fmt.Appendf(nil, `{"p":%s}`, jsontext.AppendString(nil, value))
			if _, v := d.ReadRequest(request); (v == nil) != valid || v != nil && v.Rule != RuleFormat {
				t.Errorf("%s: a request with %q: %v", c.pattern, value, v)
			}
			if err := d.CrosscheckRequest(request); (err == nil) != valid {
				t.Errorf("%s: kin-openapi says of %q: %v", c.pattern, value, err)
			}
			response := fmt.Appendf(nil, `{"sessionId":"s","executionId":"e","status":"x","p":%s}`, jsontext.AppendString(nil, value))
			v := d.JudgeResponse(200, jsonType, response).Violation
			if doubtful, other := d.Doubt(200, jsonType, response, v); (v == nil) != valid || doubtful {
				t.Errorf("%s: a response with %q: %v, doubtful: %v, %v", c.pattern, value, v, doubtful, other)
			}
		}
		made := map[string]bool{}
		for _, p := range d.Fields() {
			for seed := range uint64(30) {
				value := d.document.Generate(nil, p.Schema, rand.New(rand.NewPCG(seed, 0)))
				if v := d.CheckValue("", p.Name, value); v != nil {
					t.Errorf("%s: %s was made: %v", c.pattern, value, v)
				} else if p.Name == "p" {
					made[string(value)] = true
				}
			}
		}
		if len(made) < 6 {
			t.Errorf("%s: only %v were made", c.pattern, made)
		}
	}
}

// Patterns of keys are ECMAScript's too. Where the second judge cannot read one, that is no disagreement.
func TestPatternsOfKeys(t *testing.T) {
	for keys, good := range map[string]string{`^\u0061+$`: "aa", `^(?!x)\w$`: "a"} {
		d, err := Load("spec.yaml", []byte(edited(t, atResponse, atResponse+"      unevaluatedProperties: false\n      patternProperties: {'"+keys+"': {type: integer}}\n")))
		if err != nil {
			t.Errorf("%s: %v", keys, err)
			continue
		}
		for member, valid := range map[string]bool{`"` + good + `":1`: true, `"` + good + `":"1"`: false, `"xx":1`: false} {
			response := []byte(`{"sessionId":"s","executionId":"e","status":"x",` + member + `}`)
			v := d.JudgeResponse(200, jsonType, response).Violation
			if doubtful, other := d.Doubt(200, jsonType, response, v); (v == nil) != valid || doubtful {
				t.Errorf("%s: %s: %v, doubtful: %v, %v", keys, member, v, doubtful, other)
			}
		}
	}
}

// What cannot be told is no proof of a breach, and is said to be that.
func TestSlowPattern(t *testing.T) {
	d, err := Load("spec.yaml", []byte(edited(t, atRequest, atRequest+"      allOf: [{properties: {p: {type: string, pattern: '^(?!x)(a+)+$'}}}]\n")))
	if err != nil {
		t.Fatal(err)
	}
	_, v := d.ReadRequest([]byte(`{"p":"` + strings.Repeat("a", 40) + `!"}`))
	if v == nil || !strings.Contains(v.Message, "could not be held against the schema: the pattern") {
		t.Error(v)
	}
}
