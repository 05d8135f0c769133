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
	"contracts":          {"github.com/getkin/kin-openapi", "github.com/santhosh-tekuri/jsonschema", "go.yaml.in/yaml", "github.com/oasdiff/oasdiff"},
	"contracts/provider": {"contracts"},
	"contracts/verify":   {"contracts"},
	"contracts/broker":   {},
	"contracts/pact":     {"contracts", "github.com/pact-foundation/pact-go"},
	"reports/results":    {"github.com/apache/arrow-go"},
	"reports/metrics":    {"reports/results", "github.com/HdrHistogram/hdrhistogram-go"},
	"reports":            {"reports/results", "reports/metrics", "github.com/olekukonko/tablewriter", "github.com/clipperhouse/displaywidth"},
	"reports/live":       {"reports", "charm.land/bubbletea"},
	"reports/telemetry": {"reports/results", "reports/metrics", "github.com/prometheus/client_golang", "github.com/prometheus/client_model",
		"github.com/klauspost/compress", "google.golang.org/protobuf"},
	"scenarios/document": {"contracts", "go.yaml.in/yaml"},
	"scenarios":          {"contracts", "contracts/provider", "scenarios/document", "reports/results", "reports/metrics"},
	"scenarios/wire":     {"reports/results"},
	"scenarios/attack":   {"contracts", "scenarios", "scenarios/wire", "reports/results", "reports/metrics", "github.com/tsenart/vegeta", "golang.org/x/sys"},
	"scenarios/trial":    {"contracts/provider", "scenarios", "scenarios/attack", "scenarios/wire", "reports", "reports/results", "reports/metrics"},
	"cmd/andon-pact":     {"contracts/pact"},
	"cmd/andon": {".", "contracts", "contracts/provider", "contracts/verify", "contracts/pact", "contracts/broker", "scenarios", "scenarios/trial", "scenarios/wire", "reports", "reports/live", "reports/telemetry", "reports/results", "reports/metrics",
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
