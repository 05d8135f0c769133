package bundle

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts/schema"
)

const main = `openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /run: {$ref: paths/run.yaml}
  /other: {$ref: 'https://example.com/other.yaml'}
components:
  schemas:
    Run: {$ref: schemas/run.yaml}
    Name: {type: string}
`

func files(more ...string) fstest.MapFS {
	out := fstest.MapFS{
		"paths/run.yaml":   {Data: []byte("post:\n  requestBody:\n    content:\n      application/json:\n        schema: {$ref: '../schemas/all.json#/$defs/Ask'}\n  responses:\n    '200': {$ref: '../answers.yaml#/ok'}\n")},
		"answers.yaml":     {Data: []byte("ok:\n  description: ok\n  content: {application/json: {schema: {$ref: 'spec.yaml#/components/schemas/Run'}}}\n")},
		"schemas/run.yaml": {Data: []byte("type: object\nproperties:\n  next: {$ref: run.yaml}\n  name: {$ref: '../spec.yaml#/components/schemas/Name'}\n  id: {$ref: '#/definitions/Id'}\ndefinitions:\n  Id: {type: string, minLength: 3}\n")},
		"schemas/all.json": {Data: []byte("{\n\t\"$defs\": {\n\t\t\"Ask\": {\"type\": \"object\", \"properties\": {\"$ref\": {\"type\": \"string\"}, \"run\": {\"$ref\": \"./run.yaml#/definitions/Id\"},\n\t\t\t\"pair\": {\"const\": \"\\ud83d\\ude00\"}}}\n\t}\n}\n")},
	}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	out["spec.yaml"] = &fstest.MapFile{Data: []byte(main)}
	return out
}

func read(t interface{ Fatal(...any) }, text string, files fs.FS) (*schema.Document, string) {
	d, whole, err := Read("spec.yaml", []byte(text), files)
	if err != nil {
		t.Fatal(err)
	}
	return d, string(whole)
}

// resolved is what stands at a path of keys, through references.
func resolved(t *testing.T, d *schema.Document, keys ...string) *schema.Node {
	t.Helper()
	n := d.Root
	for _, key := range keys {
		var err error
		if n.At("$ref").Text() != "" {
			n, err = d.Resolve(n)
		}
		if n = n.At(key); n == nil {
			t.Fatalf("there is no %s of %v: %v", key, keys, err)
		}
	}
	n, err := d.Resolve(n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A description in several files is one document, and its text as one file is the same again.
func TestSeveralFiles(t *testing.T) {
	d, whole := read(t, main, files())
	ask := resolved(t, d, "paths", "/run", "post", "requestBody", "content", "application/json", "schema")
	if id := resolved(t, d, "paths", "/run", "post", "requestBody", "content", "application/json", "schema", "properties", "run"); id.At("minLength") == nil {
		t.Errorf("the id is %s", id.AppendJSON(nil))
	}
	if ask.At("properties", "pair", "const").Text() != "\U0001f600" || ask.At("properties", "$ref", "type").Text() != "string" {
		t.Errorf("the request is %s", ask.AppendJSON(nil))
	}
	answer := []string{"paths", "/run", "post", "responses", "200", "content", "application/json", "schema"}
	run := resolved(t, d, answer...)
	if run != d.Root.At("components", "schemas", "Run") || resolved(t, d, append(answer, "properties", "next")...) != run {
		t.Errorf("the answer is %s", run.AppendJSON(nil))
	}
	if name := resolved(t, d, append(answer, "properties", "name")...); name != d.Root.At("components", "schemas", "Name") {
		t.Errorf("the name is %s", name.AppendJSON(nil))
	}
	if _, err := d.Resolve(d.Root.At("paths", "/other")); err == nil || !strings.Contains(err.Error(), "is an address, and andon fetches nothing") {
		t.Error(err)
	}
	var names []string
	for _, f := range d.Files {
		names = append(names, f.Name)
	}
	if want := []string{"", "schemas/run.yaml", "paths/run.yaml", "schemas/all.json", "answers.yaml"}; !slices.Equal(names, want) {
		t.Errorf("the files are %q, want %q", names, want)
	}
	if f, line := d.Where(ask.Line); f == nil || f.Name != "schemas/all.json" || line != 3 {
		t.Errorf("the request stands in %v, line %d", f, line)
	}
	if f, line := d.Where(d.Root.At("components").Line); f != nil || line != 7 {
		t.Errorf("the components stand in %v, line %d", f, line)
	}
	again, same := read(t, whole, nil)
	if same != whole || string(again.Root.AppendJSON(nil)) != string(d.Root.AppendJSON(nil)) || len(again.Files) != 1 {
		t.Errorf("read again, it is %s", same)
	}
	if one, text := read(t, strings.ReplaceAll(main, "$ref: paths/run.yaml", "get: {}"), nil); len(one.Files) != 1 || !strings.Contains(text, "get: {}") {
		t.Errorf("in one file: %s", text)
	}
}

// Every edit of any file shows in the text of the whole.
func TestEveryFileCounts(t *testing.T) {
	_, before := read(t, main, files())
	for file, edit := range map[string][2]string{
		"paths/run.yaml": {"'200'", "'201'"}, "answers.yaml": {"description: ok", "description: OK"}, "schemas/run.yaml": {"minLength: 3", "minLength: 4"}, "schemas/all.json": {"object", "array"},
	} {
		all := files()
		all[file] = &fstest.MapFile{Data: []byte(strings.Replace(string(all[file].Data), edit[0], edit[1], 1))}
		if _, after := read(t, main, all); after == before {
			t.Errorf("an edit of %s does not show", file)
		}
	}
}

// Nothing outside of the description's folder is read, and what cannot be followed says why.
func TestReferencesThatLeadNowhere(t *testing.T) {
	for ref, want := range map[string]string{
		"../up.yaml":               "leads out of the description's folder",
		"a/../../up.yaml":          "leads out of the description's folder",
		"/etc/passwd":              "leads out of the description's folder",
		"file:///etc/passwd":       "is an address, and andon fetches nothing",
		"//example.com/x.yaml":     "is an address",
		"none.yaml":                "none.yaml cannot be read: file does not exist",
		"schemas":                  "schemas cannot be read",
		"broken.yaml":              "broken.yaml:2:1: this is not YAML",
		"schemas/run.yaml#/nobody": "schemas/run.yaml has nothing at #/nobody",
		"schemas/run.yaml#name":    "is to a name, and not to a place",
	} {
		text := strings.Replace(main, "schemas/run.yaml", "'"+ref+"'", 1)
		d, _ := read(t, text, files("broken.yaml", "a: [", "../up.yaml", "type: string"))
		_, err := d.Resolve(d.Root.At("components", "schemas", "Run"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", ref, err, want)
		}
	}
	d, _ := read(t, main, nil)
	if _, err := d.Resolve(d.Root.At("components", "schemas", "Run")); err == nil || !strings.Contains(err.Error(), "bundle the description into one") {
		t.Error(err)
	}
}

// Files that refer to each other in circles, or to more than anybody could read, come to an end.
func TestCircles(t *testing.T) {
	d, _ := read(t, main, files("schemas/run.yaml", "{$ref: a.yaml}\n", "schemas/a.yaml", "{$ref: run.yaml}\n"))
	if _, err := d.Resolve(d.Root.At("components", "schemas", "Run")); err == nil || !strings.Contains(err.Error(), "back to itself") {
		t.Error(err)
	}
	item := "{post: {callbacks: {c: {u: {$ref: run.yaml}}}}}"
	d, whole := read(t, main, files("paths/run.yaml", item))
	inner := d.Root.At("paths", "/run", "post", "callbacks", "c", "u")
	if _, err := d.Resolve(inner); err == nil || !strings.Contains(err.Error(), "back to itself") || len(whole) > 10_000 {
		t.Error(err, len(whole))
	}
}

// What 3.0 says is said in the words of 3.1, and what only looks like it stays.
func TestOlderVersion(t *testing.T) {
	for from, want := range map[string]string{
		`{type: string, nullable: true}`:                          `{"type":["string","null"]}`,
		`{type: string, nullable: false}`:                         `{"type":"string"}`,
		`{nullable: true}`:                                        `{}`,
		`{type: string, nullable: true, enum: [a, null]}`:         `{"type":["string","null"],"enum":["a",null]}`,
		`{type: string, nullable: true, enum: [a]}`:               `{"type":["string","null"],"enum":["a",null]}`,
		`{allOf: [{$ref: '#/x'}], nullable: true}`:                `{"anyOf":[{"allOf":[{"$ref":"#/x"}]},{"type":"null"}]}`,
		`{type: integer, minimum: 3, exclusiveMinimum: true}`:     `{"type":"integer","exclusiveMinimum":3}`,
		`{type: integer, maximum: 3, exclusiveMaximum: false}`:    `{"type":"integer","maximum":3}`,
		`{type: integer, exclusiveMinimum: true}`:                 `{"type":"integer"}`,
		`{$ref: '#/x', nullable: true, description: d}`:           `{"$ref":"#/x"}`,
		`{type: object, properties: {nullable: {type: boolean}}}`: `{"type":"object","properties":{"nullable":{"type":"boolean"}}}`,
		`{type: object, example: {nullable: true}}`:               `{"type":"object","example":{"nullable":true}}`,
		`{type: array, items: {type: number, nullable: true}}`:    `{"type":"array","items":{"type":["number","null"]}}`,
		`{additionalProperties: {type: object, nullable: true}}`:  `{"additionalProperties":{"type":["object","null"]}}`,
	} {
		text := "openapi: 3.0.3\npaths: {}\ncomponents:\n  schemas:\n    S: " + from + "\n"
		d, whole := read(t, text, nil)
		if got := string(d.Root.At("components", "schemas", "S").AppendJSON(nil)); got != want || whole != text || d.Root.At("openapi").Text() != "3.1.0" {
			t.Errorf("%s is %s, want %s", from, got, want)
		}
	}
	for text, want := range map[string]string{
		"openapi: 2.0.0\n": `found openapi: "2.0.0"`, "swagger: '2.0'\n": `found swagger: "2.0"`, "a: b\n": "found no openapi", "[]": "found no object", "openapi: 3.9.0\n": "expected an OpenAPI 3.0, 3.1 or 3.2 document",
	} {
		if _, _, err := Read("spec.yaml", []byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// However a document is cut into files, it means the same.
func TestAnyCut(t *testing.T) {
	names := []string{"A", "B", "C", "D"}
	rapid.Check(t, func(t *rapid.T) {
		inline := "openapi: 3.1.0\ncomponents:\n  schemas:\n"
		cut, all := inline, fstest.MapFS{}
		where := map[string]string{}
		for _, name := range names {
			where[name] = rapid.SampledFrom([]string{"", "one.yaml", "sub/two.yaml", "sub/three.yaml"}).Draw(t, name)
		}
		text := map[string]string{}
		for i, name := range names {
			to := names[rapid.IntRange(0, len(names)-1).Draw(t, "to")]
			inline += "    " + name + ": {minLength: " + string(rune('1'+i)) + ", properties: {x: {$ref: '#/components/schemas/" + to + "'}}}\n"
			ref := "#/" + to
			switch from, at := where[name], where[to]; {
			case at == "" && from == "":
				ref = "#/components/schemas/" + to
			case at == from:
			case strings.HasPrefix(from, "sub/") && strings.HasPrefix(at, "sub/"):
				ref = strings.TrimPrefix(at, "sub/") + ref
			case strings.HasPrefix(from, "sub/") && at == "":
				ref = "../spec.yaml#/components/schemas/" + to
			case strings.HasPrefix(from, "sub/"):
				ref = "../" + at + ref
			case at == "":
				ref = "spec.yaml#/components/schemas/" + to
			default:
				ref = at + ref
			}
			one := "{minLength: " + string(rune('1'+i)) + ", properties: {x: {$ref: '" + ref + "'}}}\n"
			if where[name] == "" {
				cut += "    " + name + ": " + one
			} else {
				text[where[name]] += name + ": " + one
				cut += "    " + name + ": {$ref: '" + where[name] + "#/" + name + "'}\n"
			}
		}
		for file, content := range text {
			all[file] = &fstest.MapFile{Data: []byte(content)}
		}
		all["spec.yaml"] = &fstest.MapFile{Data: []byte(cut)}
		whole, _ := read(t, cut, all)
		want, _ := read(t, inline, nil)
		if got, want := string(whole.Root.AppendJSON(nil)), string(want.Root.AppendJSON(nil)); got != want {
			t.Fatalf("%s\nin %v is\n%s, want\n%s", cut, text, got, want)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(main), []byte("{$ref: b.json}"), []byte(`{"type": "object"}`))
	f.Add([]byte(`{"openapi":"3.0.0","components":{"schemas":{"a":{"$ref":"schemas/run.yaml"}}}}`), []byte("a: {$ref: '#/a'}"), []byte(`{"$ref": "run.yaml#/a"}`))
	f.Fuzz(func(t *testing.T, text, one, other []byte) {
		if len(text)+len(one)+len(other) > 16<<10 {
			return
		}
		d, whole, err := Read("spec.yaml", text, fstest.MapFS{"spec.yaml": {Data: text}, "paths/run.yaml": {Data: one}, "schemas/run.yaml": {Data: one}, "schemas/b.json": {Data: other}})
		if err != nil {
			return
		}
		again, same, err := Read("spec.yaml", whole, nil)
		if err != nil || string(same) != string(whole) {
			t.Fatalf("read again: %v\n%s", err, whole)
		}
		if d.Root.At("openapi").Text() == "" || again.Root == nil {
			t.Fatal("there is no version")
		}
	})
}

// A mark that says in which order the bytes come, as some editors write it, is no part of a description.
func TestByteOrderMark(t *testing.T) {
	for _, text := range []string{"openapi: 3.1.0\n", `{"openapi": "3.1.0"}`} {
		if d, _ := read(t, "\ufeff"+text, nil); d.Root.At("openapi").Text() != "3.1.0" {
			t.Errorf("%s is %s", text, d.Root.AppendJSON(nil))
		}
	}
}
