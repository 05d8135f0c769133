package contracts

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon"
)

// A description in several files, in JSON, or in another version of OpenAPI is the description that it says: what may
// be sent and what may come back is the same, to both judges.
func TestWrittenOtherwise(t *testing.T) {
	plain := string(andon.Spec)
	var tree any
	if err := yaml.Unmarshal(andon.Spec, &tree); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.MarshalIndent(tree, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	from := strings.Index(plain, "  schemas:\n")
	schemas := plain[from+len("  schemas:\n"):]
	to := len(schemas)
	for i, line := 0, ""; i < len(schemas); i += len(line) {
		line = schemas[i : i+strings.Index(schemas[i:]+"\n", "\n")+1]
		if strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   ") || line[0] != ' ' && line != "\n" {
			to = i
			break
		}
	}
	inFiles := strings.ReplaceAll(plain[:from]+schemas[to:], "'#/components/schemas/", "'schemas.yaml#/parts/")
	for why, files := range map[string]map[string]string{
		"in JSON":          {"spec.yaml": string(asJSON)},
		"in 3.2":           {"spec.yaml": strings.Replace(plain, "openapi: 3.1.0", "openapi: 3.2.0", 1)},
		"in a later patch": {"spec.yaml": strings.Replace(plain, "openapi: 3.1.0", "openapi: 3.1.9", 1)},
		"in 3.0":           {"spec.yaml": strings.Replace(plain, "openapi: 3.1.0", "openapi: 3.0.3", 1)},
		"in two files":     {"spec.yaml": inFiles, "schemas.yaml": "parts:\n" + strings.ReplaceAll(schemas[:to], "'#/components/schemas/", "'#/parts/")},
	} {
		dir := t.TempDir()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		d, err := Open(filepath.Join(dir, "spec.yaml"))
		if err != nil {
			t.Errorf("%s: %v", why, err)
			continue
		}
		if len(d.Tiers()) != 2 || len(d.ContentTypes()) != 4 || !d.TokensRequired() {
			t.Errorf("%s: tiers %v, content %v", why, d.Tiers(), d.ContentTypes())
		}
		for body, valid := range map[string]bool{
			`{"kaizenVersion":"Full","content":[{"type":"text","text":"a"}]}`: true, `{"content":[{"type":"text"}]}`: false, `{"kaizenVersion":1}`: false, `{"content":[{"type":"json","data":{"a":1}}]}`: true,
		} {
			if _, v := d.ReadRequest([]byte(body)); (v == nil) != valid {
				t.Errorf("%s: %s: %v", why, body, v)
			}
			if err := d.CrosscheckRequest([]byte(body)); (err == nil) != valid {
				t.Errorf("%s: kin-openapi says of %s: %v", why, body, err)
			}
		}
		for body, rule := range map[string]string{good: "", `{"sessionId":"s","executionId":"e"}`: RuleMissingProperty} {
			v := d.JudgeResponse(200, jsonType, []byte(body)).Violation
			if doubtful, other := d.Doubt(200, jsonType, []byte(body), v); v == nil && rule != "" || v != nil && v.Rule != rule || doubtful {
				t.Errorf("%s: %s: %v, doubtful: %v, %v", why, body, v, doubtful, other)
			}
		}
		again, err := Load("kept.yaml", d.Source())
		if err != nil || again.SHA256() != d.SHA256() {
			t.Errorf("%s: what is kept is another: %v", why, err)
		}
		if changes, err := Diff(d, again, nil); err != nil || len(changes) > 0 {
			t.Errorf("%s: what is kept differs: %v, %v", why, changes, err)
		}
		if why != "in two files" {
			continue
		}
		_, v := d.ReadRequest([]byte(`{"kaizenVersion":1}`))
		file, line, text := d.Where(d.PlaceInRequest([]byte(`{"kaizenVersion":1}`), v).Line)
		if lines := bytes.Split(text, []byte("\n")); !strings.HasSuffix(file, "/schemas.yaml") || !bytes.Contains(lines[line-1], []byte("type: string")) {
			t.Errorf("the tier stands in %s, line %d", file, line)
		}
		text = bytes.Replace([]byte(files["schemas.yaml"]), []byte("parts:\n"), []byte("parts:\n    X: {}\n"), 1)
		text = bytes.Replace(text, []byte("    ExecuteRequest:\n"), []byte("    ExecuteRequest:\n      minPropertys: 1\n"), 1)
		if err := os.WriteFile(filepath.Join(dir, "schemas.yaml"), text, 0o666); err != nil {
			t.Fatal(err)
		}
		n := bytes.Count(text[:bytes.Index(text, []byte("minPropertys"))], []byte("\n")) + 1
		if _, err := Open(filepath.Join(dir, "spec.yaml")); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "schemas.yaml")+":"+strconv.Itoa(n)+":") {
			t.Errorf("%v, want line %d of schemas.yaml", err, n)
		}
	}
}
