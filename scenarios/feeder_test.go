package scenarios

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What a run keeps of a file has the rows that data takes, whatever is in them, and nothing of what data leaves.
func TestKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching("[a-z \\r\\n\",\\\\]{0,6}"), rapid.SampledFrom([]string{"", "\ufeff", "\\.", "\r", "é", "\r\r\n"}))
		// A reader of CSV takes carriage returns away, so that one name may be read as what another was written as: then
		// the file says something else than is meant here.
		columns := rapid.SliceOfNDistinct(text, 2, 4, func(s string) string { return strings.ReplaceAll(s, "\r", "") }).Draw(t, "columns")
		taken := columns[:rapid.IntRange(1, len(columns)-1).Draw(t, "taken")]
		count := rapid.IntRange(1, 5).Draw(t, "rows")
		for path, read := range map[string]func([]byte) ([]row, error){
			"a.CSV":   func(data []byte) ([]row, error) { return readCSV(bytes.NewReader(data), "a.CSV", taken) },
			"a.jsonl": func(data []byte) ([]row, error) { return readJSONL(bytes.NewReader(data), "a.jsonl", taken) },
		} {
			var file bytes.Buffer
			c, j := csv.NewWriter(&file), json.NewEncoder(&file)
			if isCSV(path) {
				_ = c.Write(columns)
			}
			for range count {
				record, object := make([]string, len(columns)), map[string]any{}
				for i, name := range columns {
					record[i] = text.Draw(t, "value")
					if i >= len(taken) {
						record[i] = "hush-hush"
					}
					object[name] = record[i]
				}
				if isCSV(path) {
					_ = c.Write(record)
				} else {
					_ = j.Encode(object)
				}
			}
			c.Flush()
			rows, err := read(file.Bytes())
			if err != nil {
				t.Skip("the writer of the standard library has written what it cannot read")
			}
			f := feeder{path: path, public: map[string][][]byte{}}
			f.publish(taken, rows)
			kept := f.kept()
			again, err := read(kept)
			if err != nil || bytes.Contains(kept, []byte("hush-hush")) || !slices.EqualFunc(rows, again, func(a, b row) bool { return slices.EqualFunc(a.values, b.values, bytes.Equal) }) {
				t.Fatalf("%q is kept as %q: %v", file.Bytes(), kept, err)
			}
		}
	})
}

// A run is repeated from what it keeps: the same calls, and the same digest. What else is in the file does not count.
func TestKeptRepeats(t *testing.T) {
	const scenario = `load: [{rate: 100/s, for: 1s}]
mix: {tier: {default: 1}, content: [{items: [file, skill]}], agentId: 50%}
data: {agentId: {template: "{{agent}}/{{seq}}", from: ids.csv}, file: {from: ./ids.csv, column: file}, skill: {from: sub/skills.jsonl, column: id}}
`
	read := func(files map[string][]byte) *Plan {
		t.Helper()
		dir := t.TempDir()
		for name, data := range files {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Parse(filepath.Join(dir, "test.yaml"), []byte(scenario), description(t), noEnv)
		if err != nil {
			t.Fatal(err)
		}
		return must(s.Plan(1))
	}
	files := map[string][]byte{
		"ids.csv":           []byte("token,file,agent\nhush-1,\"f,1\",a\nhush-2,f2,b\nhush-3,f3,c\n"),
		"sub/skills.jsonl":  []byte("{\"id\": 17, \"token\": \"hush-4\"}\n\n{\"id\": 1.50, \"token\": \"hush-5\"}\n"),
		"sub/nothing.jsonl": []byte("{}\n"),
	}
	a := read(files)
	if len(a.Feeders) != 2 || string(a.Feeders["sub/skills.jsonl"]) != "{\"id\":17}\n{\"id\":1.50}\n" || string(a.Feeders["ids.csv"]) != "agent,file\na,\"f,1\"\nb,f2\nc,f3\n" {
		t.Errorf("kept are %q", a.Feeders)
	}
	files["ids.csv"] = []byte(strings.ReplaceAll(string(files["ids.csv"]), "hush", "other"))
	for what, b := range map[string]*Plan{"what is kept": read(a.Feeders), "other tokens": read(files)} {
		if a.Scenario.Digest() != b.Scenario.Digest() {
			t.Errorf("of %s the digest is another: %v, %v", what, a.Parts(), b.Parts())
		}
		for n := range a.Calls {
			first, _ := a.AppendBody(nil, n)
			if second, _ := b.AppendBody(nil, n); !bytes.Equal(first, second) {
				t.Fatalf("of %s call %d is %s, and was %s", what, n, second, first)
			}
		}
	}
}

// Whatever a file of data holds, it is refused by its line or its column, or its rows are read; and what is kept of
// them is read as the same.
func FuzzFeeder(f *testing.F) {
	for _, s := range []string{
		"id,name\na,b\n", "\ufeffid\n\"a\nb\"\n\n", "id\n\"\"\n", "id,id\na,b\n", "id;name\n", "id\n\xff\n", "id\r\na\r\n", "name\nx\n",
		`{"id":"a"}` + "\n\n" + `{"id":1e400}`, `{"id":{"a":[1, null]}}`, `{"id":1,"id":2}`, `{"ID":1}`, `["id"]`, `{"id":"\ud800"}`, "{\"id\":\"\u2028\"}",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, comma bool) {
		path, read := "a.jsonl", readJSONL
		if comma {
			path, read = "a.csv", readCSV
		}
		rows, err := read(bytes.NewReader(data), path, []string{"id"})
		if err != nil {
			var missing *missingColumn
			var bad *badPlace
			if !errors.As(err, &missing) && (!errors.As(err, &bad) || bad.line < 1 || bad.column < 1) {
				t.Fatalf("the error has no place: %q", err)
			}
			return
		}
		if len(rows) == 0 {
			return
		}
		line := 0
		for _, r := range rows {
			if len(r.values) != 1 || !json.Valid(r.values[0]) || r.line <= line {
				t.Fatalf("after line %d: %+v", line, r)
			}
			line = r.line
		}
		kept := feeder{path: path, public: map[string][][]byte{}}
		kept.publish([]string{"id"}, rows)
		again, err := read(bytes.NewReader(kept.kept()), path, []string{"id"})
		if err != nil || !slices.EqualFunc(rows, again, func(a, b row) bool { return bytes.Equal(a.values[0], b.values[0]) }) {
			t.Fatalf("%q is kept as %q: %v", data, kept.kept(), err)
		}
	})
}
