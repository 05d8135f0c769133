package contracts

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever the description asks of calls, and of values in them together, a checker finds what the validator finds in
// each, whatever calls came before.
func TestChecker(t *testing.T) {
	const (
		text = "          description: The text itself. No least or greatest length is documented.\n"
		data = "          description: The data, as keys and values. Neither the keys nor the kinds of values are documented.\n"
		call = "      description: What to run. No property is required; an empty object is a valid request.\n"
		list = "            least number of items is documented.\n"
		item = "      description: Plain text.\n"
	)
	texts := []string{`"a"`, `"ab"`, `"ba"`, `"abc"`, `"abcd"`, `"abcdefghijkl"`, `""`, `"é"`, `"日本"`, `"\u0061"`, `"a\nb"`, `" a"`, `"a" `, `"a`, `"\ud800"`, `1`, `null`, `"a","b":"c"`}
	objects := []string{`{}`, `{"a":1}`, `{"a":"x"}`, `{"a":1,"a":2}`, `{"b":{"c":[]}}`, ` {}`, `[]`, `{},"b":{}`, `{}}`, `"a"`, "{\"deep\":" + strings.Repeat("[", 997) + strings.Repeat("]", 997) + "}"}
	for name, c := range map[string]struct {
		old, more string
		free      int // values that are matters of themselves alone
	}{
		"as it is":               {call, "", 7},
		"lengths":                {text, "          minLength: 2\n          maxLength: 3\n", 7},
		"a pattern":              {text, "          pattern: '^a'\n", 6},
		"a format":               {text, "          format: date\n", 6},
		"names of properties":    {data, "          propertyNames: {minLength: 2}\n", 6},
		"properties of data":     {data, "          properties: {a: {type: integer}}\n", 6},
		"items all different":    {list, "          uniqueItems: true\n", 3},
		"few items":              {list, "          minItems: 1\n          maxItems: 2\n", 7},
		"content":                {call, "      required: [content]\n", 7},
		"one needs the other":    {call, "      dependentRequired: {agentId: [content]}\n", 0},
		"values in a condition":  {call, "      if: {properties: {agentId: {minLength: 2}}, required: [agentId]}\n      then: {required: [summarySchema]}\n", 0},
		"another word of it":     {call, "      allOf: [{properties: {agentId: {maxLength: 2}}}]\n", 0},
		"not this one":           {call, "      not: {properties: {agentId: {const: ab}}, required: [agentId]}\n", 0},
		"no other properties":    {call, "      additionalProperties: false\n", 7},
		"another word of a text": {item, "      allOf: [{properties: {text: {maxLength: 2}}}]\n", 6},
	} {
		d, err := Load("openapi.yaml", []byte(edited(t, c.old, c.old+c.more)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if free := d.freeValues(); len(free) != c.free {
			t.Errorf("%s: %d values are matters of themselves alone, want %d: %v", name, len(free), c.free, free)
		}
		rapid.Check(t, func(t *rapid.T) {
			// Calls of one shape, of which the values differ.
			top := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"agentId", "archiveSessionFiles", "summarySchema"}), 0, 2, rapid.ID[string]).Draw(t, "fields")
			items := rapid.SliceOfN(rapid.SampledFrom([][2]string{{"text", "text"}, {"file", "id"}, {"json", "data"}, {"nope"}}), 0, 2).Draw(t, "items")
			pools := map[string][]string{"summarySchema": objects, "data": objects, "archiveSessionFiles": {"true", "false", "1"}, "agentId": texts, "text": texts, "id": texts, "": {"1"}}
			field := func(name string) Field {
				return Field{Name: name, JSON: []byte(rapid.SampledFrom(pools[name]).Draw(t, name))}
			}
			checker := d.NewChecker()
			for range 12 {
				made := &Call{Tier: rapid.SampledFrom([]string{"Full", "Full", "Full", "Nope"}).Draw(t, "tier"), Content: []Item{}}
				for _, name := range top {
					made.Fields = append(made.Fields, field(name))
				}
				for _, of := range items {
					made.Content = append(made.Content, Item{of[0], []Field{field(of[1])}})
				}
				if len(items) == 0 && rapid.Bool().Draw(t, "left out") {
					made.Content = nil
				}
				body := d.AppendBody(nil, made)
				_, want := d.ReadRequest(body)
				if got := checker.Check(made); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("%s: %s: the checker says %v, the validator %v", name, body, got, want)
				}
			}
		})
	}
}
