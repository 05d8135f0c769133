package schema

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// publicDescriptions are descriptions of other people's interfaces, which a library that andon uses brings along for
// its own tests. Together they have some hundred schemas that nobody wrote with andon in mind.
var publicDescriptions = []string{"lxkns.yaml", "issue570.json", "issue796.yml", "issue423.k8s.swagger.json", "oai_v3_stoplight.json"}

func publicDescription(t *testing.T, name string) *Node {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/getkin/kin-openapi").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "openapi3", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	root, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// modern says in the words of OpenAPI 3.1 what a schema says in those of 2.0 and 3.0. Examples go: in the wild they do
// not always conform.
func modern(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = modern(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = modern(v[k])
		}
		if ref, isText := v["$ref"].(string); isText {
			v["$ref"] = strings.Replace(ref, "#/definitions/", "#/components/schemas/", 1)
		}
		if t, isText := v["type"].(string); isText && v["nullable"] == true {
			v["type"] = []any{t, "null"}
		}
		for bound, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
			if on, isBool := v[exclusive].(bool); isBool {
				delete(v, exclusive)
				if n, there := v[bound]; on && there {
					v[exclusive] = n
					delete(v, bound)
				}
			}
		}
		_, isText := v["type"].(string)
		_, isList := v["type"].([]any)
		if isText || isList || v["properties"] != nil || v["allOf"] != nil {
			for _, k := range []string{"nullable", "example", "examples", "default", "xml", "discriminator", "externalDocs", "readOnly", "writeOnly"} {
				delete(v, k)
			}
		}
	}
	return v
}

// What is derived from the schemas of public descriptions is what it is said to be: what is derived as valid conforms,
// what is derived as broken does not, and values can be drawn.
func TestVariantsOfPublicDescriptions(t *testing.T) {
	schemas, variants := 0, map[bool]int{}
	for _, name := range publicDescriptions {
		root := publicDescription(t, name)
		all := root.At("components", "schemas")
		if all == nil {
			all = root.At("definitions")
		}
		bodies := map[string]any{}
		for _, schema := range all.Keys {
			bodies[schema] = map[string]any{"type": "object", "properties": map[string]any{"x": map[string]any{"$ref": "#/components/schemas/" + schema}}}
		}
		text, err := json.Marshal(map[string]any{"components": map[string]any{"schemas": modern(all.Value()), "bodies": bodies}})
		if err != nil {
			t.Fatal(err)
		}
		if root, err = Parse(text); err != nil {
			t.Fatal(err)
		}
		for _, schema := range all.Keys[:min(len(all.Keys), 30)] {
			d := &Document{Root: root, Discriminator: "type"}
			body := root.At("components", "bodies", schema)
			holds := judge(t, root.Value(), "/components/bodies/"+strings.ReplaceAll(schema, "/", "~1"))
			schemas++
			v := NewDeriver(d)
			x := body.At("properties", "x")
			valid, broken := v.Valid(x, "x"), v.Invalid(x)
			if len(valid) == 0 {
				t.Errorf("%s, schema %s: nothing is valid", name, schema)
			}
			for want, list := range map[bool][]Variant{true: valid, false: broken} {
				for _, c := range list {
					variants[want]++
					if err := holds(Object([]Field{{"x", c.JSON}})); (err == nil) != want {
						t.Errorf("%s, schema %s, %s (%s): %.200s is valid: %v; %v", name, schema, c.Label, c.Why, c.JSON, !want, err)
					}
				}
			}
			drawn := 0
			for k := range 8 {
				rng := rand.New(rand.NewPCG(1, uint64(k)))
				for range Drawings {
					if holds(d.Draw(nil, body, rng)) == nil {
						drawn++
						break
					}
				}
			}
			if drawn < 4 {
				t.Errorf("%s, schema %s: of 8 values %d were drawn", name, schema, drawn)
			}
		}
	}
	t.Logf("%d schemas, %d valid variants, %d broken ones", schemas, variants[true], variants[false])
	if schemas < 90 || variants[true] < 500 || variants[false] < 500 {
		t.Errorf("too few were tried: %d schemas, %v", schemas, variants)
	}
}
