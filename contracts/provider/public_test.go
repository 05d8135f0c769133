package provider_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"

	"github.com/kaizenautomation/andon/contracts"
)

var public = flag.String("public", "", "folder of public descriptions to hold andon against")

// publicOutcome is what became of the operations of a description.
type publicOutcome struct{ operations, kept, unanswered, refused int }

// Every operation with a JSON body of public descriptions is read, or refused with a reason and its place; of what is
// read the reference provider keeps all.
func TestPublicOperations(t *testing.T) {
	if *public == "" {
		t.Skip("make public-check brings the descriptions")
	}
	var files []string
	for _, pattern := range []string{"*.json", "*.yaml"} {
		found, err := filepath.Glob(filepath.Join(*public, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	reasons := map[string]int{}
	var all publicOutcome
	rows := []string{"| description | operations | kept by the reference provider | no answer found | refused |", "| --- | ---: | ---: | ---: | ---: |"}
	row := func(name string, o publicOutcome) {
		rows = append(rows, fmt.Sprintf("| %s | %d | %d | %d | %d |", name, o.operations, o.kept, o.unanswered, o.refused))
	}
	for _, file := range files {
		o := publicFile(t, file, reasons)
		row(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), o)

		all.operations += o.operations
		all.kept += o.kept
		all.unanswered += o.unanswered
		all.refused += o.refused
	}
	row(fmt.Sprintf("all %d", len(files)), all)
	for _, why := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int { return reasons[b] - reasons[a] }) {
		rows = append(rows, fmt.Sprintf("%5d  %s", reasons[why], why))
	}
	t.Logf("\n%s", strings.Join(rows, "\n"))
	if len(files) < 20 || all.operations < 200 || all.kept < 170 || all.kept+all.unanswered+all.refused != all.operations {
		t.Errorf("%d descriptions, %+v", len(files), all)
	}
}

func publicFile(t *testing.T, file string, reasons map[string]int) (o publicOutcome) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var v object
	if filepath.Ext(file) == ".json" {
		err = json.Unmarshal(text, &v)
	} else {
		err = yaml.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if text, err = json.Marshal(v); err != nil {
		t.Fatal(err)
	}
	paths := v["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path].(object)
		for _, method := range []string{"post", "put", "patch", "delete"} {
			op, is := item[method].(object)
			if !is || !takesJSON(v, op) {
				continue
			}
			o.operations++
			choice := contracts.Choice{Operation: strings.ToUpper(method) + " " + path}
			d, err := choice.Load("public.json", text)
			for _, p := range inPath.FindAllStringSubmatch(path, -1) {
				if err == nil {
					// What has an example or a list of values does without this one.
					if filled, wrong := d.WithValue("path:"+p[1], "1"); wrong == nil {
						d = filled
					}
				}
			}
			if err != nil {
				o.refused++
				if where.FindString(err.Error()) == "" {
					t.Errorf("%s: %s %s is refused without a place: %v", file, method, path, err)
				}
				for _, line := range reasonsOf(err) {
					reasons[line]++
				}
				continue
			}
			bad, _, err := broken(d)
			switch {
			case err != nil && strings.Contains(err.Error(), "was found that conforms"), err != nil && strings.Contains(err.Error(), "that must be accepted"):
				o.unanswered++
				reasons["(not refused) "+err.Error()]++
			case err != nil || len(bad) > 0:
				t.Errorf("%s: %s %s: %d cases are broken, %v: %.400s", file, method, path, len(bad), err, strings.Join(bad, "; "))
			default:
				o.kept++
			}
		}
	}
	return o
}

func takesJSON(v, op object) bool {
	body, _ := op["requestBody"].(object)
	if ref, is := body["$ref"].(string); is {
		at := any(v)
		for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			at = at.(object)[step]
		}
		body = at.(object)
	}
	content, _ := body["content"].(object)
	json, _ := content["application/json"].(object)
	return json["schema"] != nil
}

var (
	inPath = regexp.MustCompile(`\{([^{}]+)\}`)
	where  = regexp.MustCompile(`public\.json:\d+:\d+: |line \d+: `)
	names  = regexp.MustCompile(`"[^"]*"|\x60[^\x60]*\x60|\{[^}]*\}|/[^ ]*`)
)

// reasonsOf are the kinds of reasons that an error has, without the names in them.
func reasonsOf(err error) (out []string) {
	for _, line := range strings.Split(err.Error(), "\n") {
		if _, reason, found := strings.Cut(line, "public.json:"); found {
			line = reason
		}
		if strings.Contains(line, "cannot be honoured") {
			continue
		}
		line = names.ReplaceAllString(regexp.MustCompile(`^[\d:]+ \S+ `).ReplaceAllString(line, ""), "…")
		out = append(out, line[:min(len(line), 110)])
	}
	slices.Sort(out)
	return slices.Compact(out)
}
