package cases

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/contracts"
)

// Random calls are what they are said to be, the same for the same seed, and of many shapes.
func TestRandom(t *testing.T) {
	d := loaded(t)
	list, again, other := Random(d, 7, 400), Random(d, 7, 400), Random(d, 8, 400)
	if len(list) < 350 {
		t.Fatalf("of 400 calls %d were made", len(list))
	}
	signatures, rules, same := map[string]bool{}, map[string]int{}, 0
	for i, c := range list {
		_, violation := d.ReadRequest(c.Body)
		if (violation == nil) != (c.Expect == Accepted) || violation != nil && violation.Rule != c.Rule {
			t.Errorf("%s: %v, must be %s: %s", c.ID, violation, c.Expect, c.Body)
		}
		if !bytes.Equal(c.Body, again[i].Body) || c.ID != again[i].ID {
			t.Errorf("%s differs from one drawing to the next", c.ID)
		}
		if i < len(other) && bytes.Equal(c.Body, other[i].Body) {
			same++
		}
		rules[c.Rule]++
		signatures[strings.Join(c.Content, "+")] = true
	}
	if len(signatures) < 50 || same > 40 || rules[""] < 150 || len(rules) < 4 {
		t.Errorf("%d signatures, %d bodies of 400 are the same for another seed, rules %v", len(signatures), same, rules)
	}
}

// A call is shrunk to the least that still fails.
func TestShrink(t *testing.T) {
	d := loaded(t)
	call := Case{Method: "POST", ContentType: jsonType, Expect: Accepted, Body: []byte(`{"agentId":"agent_1","content":[{"type":"text","text":"a long text with an \u0001 in it, and more"},` +
		`{"type":"json","data":{"a":{"b":[1,2,3]},"c":"d"}},{"type":"file","id":"file_1"}],"kaizenVersion":"Full"}`)}
	for _, c := range []struct {
		fails func(string) bool
		want  string
	}{
		{func(b string) bool { return strings.Contains(b, `\u0001`) }, `{"content":[{"type":"text","text":"\u0001"}]}`},
		{func(b string) bool { return strings.Contains(b, `"Full"`) }, `{"kaizenVersion":"Full"}`},
		{func(b string) bool { return strings.Contains(b, `"json"`) && strings.Contains(b, `"b"`) }, `{"content":[{"type":"json","data":{"a":{"b":[]}}}]}`},
		{func(b string) bool { return strings.Contains(b, `"file"`) }, `{"content":[{"type":"file","id":""}]}`},
		{func(string) bool { return true }, `{}`},
		{func(string) bool { return false }, string(call.Body)},
	} {
		asked := 0
		got := Shrink(d, call, 500, func(k Case) bool {
			asked++
			if _, violation := d.ReadRequest(k.Body); violation != nil {
				t.Errorf("%s does not conform: %v", k.Body, violation)
			}
			return c.fails(string(k.Body))
		})
		if string(got.Body) != c.want || asked > 500 {
			t.Errorf("shrunk to %s after %d, want %s", got.Body, asked, c.want)
		}
	}
	broken := call
	broken.Expect, broken.Body, broken.Rule = Refused, []byte(`{"agentId":"x","content":[{"type":"text"},{"type":"text","text":"y"}]}`), contracts.RuleMissingProperty
	if got := Shrink(d, broken, 500, func(Case) bool { return true }); string(got.Body) != `{"content":[{}]}` {
		t.Errorf("shrunk to %s", got.Body)
	}
	if got := Shrink(d, call, 3, func(Case) bool { return false }); !bytes.Equal(got.Body, call.Body) {
		t.Errorf("shrunk to %s", got.Body)
	}
}

func FuzzShrink(f *testing.F) {
	d := loaded(f)
	f.Add([]byte(`{"content":[{"type":"text","text":"a"}],"agentId":"ä"}`), uint64(1))
	f.Fuzz(func(t *testing.T, body []byte, choice uint64) {
		_, violation := d.ReadRequest(body)
		c := Case{Method: "POST", ContentType: jsonType, Body: body}
		if violation != nil {
			c.Rule = violation.Rule
		}
		asks := 0
		got := Shrink(d, c, 40, func(Case) bool { asks++; return choice>>(asks%64)&1 == 1 })
		if asks > 40 || len(got.Body) > len(body) {
			t.Fatalf("%d asks, %d bytes from %d", asks, len(got.Body), len(body))
		}
	})
}
