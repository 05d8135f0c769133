package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	andon "github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
)

// A value that the description does not take is found before any call is sent, one among hundreds too, wherever it
// comes from; and so is what does not go together. What stands at an edge is taken.
func TestForbiddenData(t *testing.T) {
	text := string(andon.Spec)
	for _, asked := range [][2]string{
		{"          description: The text itself. No least or greatest length is documented.\n", "          minLength: 2\n          maxLength: 40\n"},
		{"          description: The external id of the file. Its format is not documented.\n", "          maxLength: 6\n"},
		{"          description: The data, as keys and values. Neither the keys nor the kinds of values are documented.\n", "          maxProperties: 3\n"},
		{"      description: What to run. No property is required; an empty object is a valid request.\n", "      not: {properties: {kaizenVersion: {const: Full}}, required: [kaizenVersion, summarySchema]}\n"},
	} {
		before := text
		if text = strings.Replace(text, asked[0], asked[0]+asked[1], 1); text == before {
			t.Fatalf("openapi.yaml has no %q", asked[0])
		}
	}
	together, err := contracts.Load("openapi.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	apart, err := contracts.Load("openapi.yaml", []byte(strings.Replace(text, "      not: {", "      x-not: {", 1)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var ids, rows strings.Builder
	for i := range 199 {
		fmt.Fprintf(&ids, "f%d, ", i)
		fmt.Fprintf(&rows, "f%d,a short text\n", i)
	}
	for name, rest := range map[string]string{"good.csv": "f199,another\n", "long.csv": "file-199,another\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("id,words\n"+rows.String()+rest), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ said, want string }{
		{"data: {file: [" + ids.String() + "f199]}", ""},
		{"data: {file: [" + ids.String() + "file199]}", "the description forbids this value of id: `content[0].id` is \"file199\": 7 characters"},
		{"data: {file: {from: good.csv, column: id}}", ""},
		{"data: {file: {from: long.csv, column: id}}", "long.csv:201:1: the description forbids this value of id"},
		{"data: {file: {template: 'x{{id}}', from: good.csv}}", ""},
		{"data: {file: {template: 'xxx{{id}}', from: good.csv}}", "a call with the content file breaks the contract: `content[0].id`"},
		{"data: {text: {length: 2}}", ""},
		{"data: {text: {length: 40}}", ""},
		{"data: {text: {length: {min: 2, max: 40}}}", ""},
		{"data: {text: {length: 1}}", "a call with the content text breaks the contract: `content[0].text` is "},
		{"data: {text: {length: 41}}", "a call with the content text breaks the contract: `content[0].text` is "},
		{"data: {text: {length: {min: 2, max: 60}}}", "a call with the content text breaks the contract: `content[0].text` is "},
		{"data: {text: {values: [ab, " + strings.Repeat("é", 40) + "]}}", ""},
		{"data: {json: {keys: 3, depth: 4}}", ""},
		{"data: {json: {keys: 4}}", "a call with the content json breaks the contract: `content[0].data`"},
		{"data: {json: {values: [{a: 1}, {a: 1, b: 2, c: 3, d: 4}]}}", "the description forbids this value of data"},
	} {
		for _, d := range []*contracts.Description{apart, together} {
			_, err := Parse(filepath.Join(dir, "test.yaml"), []byte("load: [{rate: 10/s, for: 1s}]\n"+c.said+"\n"), d, noEnv)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%.60s: found %v, want %q", c.said, err, c.want)
			}
		}
	}
	const both = "load: [{rate: 10/s, for: 1s}]\nmix: {tier: {Full: 1, Lite: 9}, summarySchema: 1%}\n"
	if _, err := Parse("test.yaml", []byte(both), apart, noEnv); err != nil {
		t.Error(err)
	}
	for _, tier := range []string{"Full", "Lite"} {
		d, err := contracts.Load("openapi.yaml", []byte(strings.Replace(text, "const: Full}}, required", "const: "+tier+"}}, required", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("test.yaml", []byte(both), d, noEnv); err == nil || !strings.Contains(err.Error(), "breaks the contract") {
			t.Errorf("what does not go together with %s is found as %v", tier, err)
		}
	}
}
