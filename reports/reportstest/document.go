package reportstest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kaizenautomation/andon/reports/results"
)

// CheckDocument writes reports by name and holds what is written against the JSON Schema that ships: it conforms, every
// field has its place, and it reads back as it was.
func CheckDocument[T any](t *testing.T, document results.Document[T], schema []byte, reports map[string]T) {
	t.Helper()
	CheckSchema(t, schema, reflect.TypeFor[T]())
	compiled := Compiled(t, schema)
	for name, r := range reports {
		dir := t.TempDir()
		data := encoded(t, document, r)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// What was no UTF-8 is replaced when it is first written.
		read, err := document.Parse(document.File, data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := document.Write(dir, read); err != nil {
			t.Fatal(err)
		}
		if again, err := document.Read(dir); err != nil || !reflect.DeepEqual(again, read) {
			t.Errorf("%s: it reads back as another: %v", name, err)
		}
	}
}

// CheckWrong holds a document against changes by which it says what cannot be: each is told in words that begin with
// what it is listed under.
func CheckWrong[T any](t *testing.T, document results.Document[T], report func() T, changes map[string]func(*T)) {
	t.Helper()
	for want, change := range changes {
		r := report()
		change(&r)
		want = document.Name + " is damaged: a.json: " + want
		if _, err := document.Parse("a.json", encoded(t, document, r)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// FuzzDocument has text be refused, or be a report that can be shown, and written and read again to be shown alike.
func FuzzDocument[T any](f *testing.F, document results.Document[T], reports []T, show func(testing.TB, T) string) {
	for _, r := range reports {
		f.Add(encoded(f, document, r))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := document.Parse("x", data)
		if err != nil {
			return
		}
		shown := show(t, r)
		again, err := document.Parse("x", encoded(t, document, r))
		if err != nil {
			t.Fatal(err)
		}
		if now := show(t, again); now != shown {
			t.Errorf("it reads back as %q, and was %q", now, shown)
		}
	})
}

// encoded is a report as its file has it.
func encoded[T any](t testing.TB, document results.Document[T], r T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := document.Encode(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Compiled is a JSON Schema, ready to validate.
func Compiled(t testing.TB, schema []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("a.schema.json", document); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("a.schema.json")
}

// CheckSchema holds the JSON Schema of a sealed document against its type: every field has its place in it and a word
// on it, and every place has its field; what is missing in a file is what omitempty leaves out.
func CheckSchema(t testing.TB, schema []byte, of reflect.Type) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(at string, of reflect.Type, node map[string]any)
	walk = func(at string, of reflect.Type, node map[string]any) {
		if ref, is := node["$ref"].(string); is {
			node = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		switch {
		case of.Kind() == reflect.Pointer:
			walk(at, of.Elem(), node)
		case of.Kind() == reflect.Slice:
			items, _ := node["items"].(map[string]any)
			walk(at+"/0", of.Elem(), items)
		case of.Kind() == reflect.Struct && of.PkgPath() != "time":
			properties, _ := node["properties"].(map[string]any)
			if node["additionalProperties"] != false {
				t.Errorf("%s: anything else may stand there", at)
			}
			var required []string
			for _, name := range node["required"].([]any) {
				required = append(required, name.(string))
			}
			left := len(properties)
			if at == "" {
				left-- // the seal
			}
			for field := range of.Fields() {
				name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
				property, there := properties[name].(map[string]any)
				if !there || property["description"] == nil {
					t.Errorf("%s/%s: not in the schema, or without a word on it", at, name)
					continue
				}
				if slices.Contains(required, name) == (options == "omitempty") {
					t.Errorf("%s/%s: required by the schema: %t, left out where it is empty: %t", at, name, slices.Contains(required, name), options == "omitempty")
				}
				left--
				walk(at+"/"+name, field.Type, property)
			}
			if left != 0 {
				t.Errorf("%s: %d properties more than fields", at, left)
			}
		}
	}
	walk("", of, root)
}
