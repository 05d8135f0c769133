package main_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kaizenautomation/andon"

// house says what each package may import besides the standard library: packages of the module by their folder, and
// modules of others. Data flows one way, and a library is used in one place.
var house = map[string][]string{
	".":                  {},
	"contracts/jsontext": {},
	"contracts/schema":   {"contracts/jsontext", "go.yaml.in/yaml"},
	"contracts":          {"contracts/jsontext", "contracts/schema", "github.com/getkin/kin-openapi", "github.com/santhosh-tekuri/jsonschema", "github.com/oasdiff/oasdiff"},
	"contracts/cases":    {"contracts/jsontext", "contracts/schema", "contracts"},
	"contracts/provider": {"contracts/jsontext", "contracts/schema", "contracts"},
	"contracts/verify":   {"contracts", "contracts/cases", "contracts/pact", "contracts/broker", "reports/summary", "reports/text"},
	"contracts/broker":   {"reports/text"},
	"contracts/pact":     {".", "contracts/schema", "contracts", "contracts/cases", "reports/text", "github.com/pact-foundation/pact-go"},
	"reports/results":    {"github.com/apache/arrow-go"},
	"reports/histogram":  {"github.com/HdrHistogram/hdrhistogram-go"},
	"reports/metrics":    {"reports/results", "reports/histogram"},
	"reports/text":       {},
	"reports/summary":    {"reports/results", "reports/histogram", "reports/metrics", "reports/text"},
	"reports/render":     {"reports/results", "reports/histogram", "reports/metrics", "reports/summary", "reports/text", "github.com/olekukonko/tablewriter"},
	"reports/page":       {"reports/results", "reports/histogram", "reports/metrics", "reports/summary", "reports/text"},
	"reports/export":     {"reports/results", "reports/histogram", "reports/metrics", "reports/summary", "reports/text"},
	"reports/live":       {"reports/summary", "reports/text", "charm.land/bubbletea", "github.com/clipperhouse/displaywidth"},
	"reports": {"reports/results", "reports/metrics", "reports/summary", "reports/text", "reports/render", "reports/page",
		"reports/export"},
	"reports/reportstest": {"reports/results", "reports/metrics", "reports/summary", "github.com/santhosh-tekuri/jsonschema"},
	"reports/telemetry": {"reports/results", "reports/metrics", "github.com/prometheus/client_golang", "github.com/prometheus/client_model",
		"github.com/klauspost/compress", "google.golang.org/protobuf"},
	"scenarios/document": {"contracts", "contracts/jsontext", "go.yaml.in/yaml"},
	"scenarios":          {"contracts/jsontext", "contracts/schema", "contracts", "contracts/cases", "contracts/provider", "scenarios/document", "reports/results", "reports/metrics"},
	"scenarios/wire":     {"reports/results"},
	"scenarios/attack":   {"contracts", "scenarios", "scenarios/wire", "reports/results", "reports/metrics", "github.com/tsenart/vegeta", "golang.org/x/sys"},
	"cmd/andon-pact":     {"contracts/pact"},
	"cmd/andon": {".", "contracts", "contracts/cases", "contracts/provider", "contracts/verify", "contracts/pact", "contracts/broker", "scenarios", "scenarios/attack", "scenarios/wire",
		"reports", "reports/text", "reports/summary", "reports/render", "reports/page", "reports/export", "reports/live", "reports/telemetry", "reports/results", "reports/metrics",
		"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "golang.org/x/sys"},
}

func TestHouse(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() && (name == "testdata" || name == "runs" || strings.HasPrefix(name, ".") && path != root) {
			return fs.SkipDir
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		allowed, known := house[folder]
		if !known {
			t.Errorf("%s: the package is not in the table of this test", folder)
			return nil
		}
		seen[folder] = true
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !mayImport(imported, allowed) {
				t.Errorf("%s imports %s; it may import the standard library and %v", filepath.ToSlash(path), imported, allowed)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(house) {
		t.Errorf("of %d packages %d were found", len(house), len(seen))
	}
}

func mayImport(imported string, allowed []string) bool {
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true
	}
	if inside, own := strings.CutPrefix(imported+"/", module+"/"); own {
		inside = strings.TrimSuffix(inside, "/")
		if inside == "" {
			inside = "."
		}
		return slices.Contains(allowed, inside)
	}
	return slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(imported+"/", a+"/") })
}
