package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// andonHouse is the picture that andon.go and .github/CONTRIBUTING.md draw. Data flows one way, a library is used in
// one place, and nothing looks up. What is new is added here first.
var andonHouse = house{
	module: "github.com/kaizenautomation/andon",
	floors: []string{"reports", "contracts", "scenarios", "cmd"},
	rooms: map[string][]string{
		".": {},

		"reports/text":       {"github.com/clipperhouse/displaywidth"},
		"reports/regular":    {},
		"reports/bounded":    {},
		"reports/splitmix":   {},
		"reports/build":      {},
		"reports/results":    {"reports/regular", "reports/splitmix", "reports/text", "github.com/apache/arrow-go", "github.com/klauspost/compress"},
		"reports/histogram":  {"github.com/HdrHistogram/hdrhistogram-go"},
		"reports/student":    {},
		"reports/executions": {"reports/regular", "reports/text", "reports/results", "reports/histogram", "reports/student"},
		"reports/metrics":    {"reports/text", "reports/results", "reports/histogram", "reports/student", "reports/executions"},
		"reports/summary":    {"reports/text", "reports/results", "reports/histogram", "reports/executions", "reports/metrics"},
		"reports/sizing":     {"reports/text", "reports/results", "reports/summary"},
		"reports/compare": {"reports/text", "reports/results", "reports/histogram", "reports/student", "reports/executions", "reports/metrics",
			"reports/summary"},
		"reports/baseline": {"reports/regular", "reports/text", "reports/results", "reports/metrics", "reports/compare"},
		"reports/approval": {"reports/text", "reports/results", "reports/summary"},
		"reports/fitness":  {"reports/text", "reports/summary"},
		"reports/render": {"reports/text", "reports/results", "reports/executions", "reports/metrics", "reports/summary", "reports/sizing", "reports/compare", "reports/baseline", "reports/approval", "reports/fitness",
			"github.com/olekukonko/tablewriter"},
		"reports/page": {"reports/regular", "reports/text", "reports/results", "reports/histogram", "reports/executions", "reports/metrics", "reports/summary", "reports/sizing",
			"reports/compare", "reports/approval"},
		"reports/export": {"reports/build", "reports/text", "reports/results", "reports/histogram", "reports/metrics", "reports/summary", "reports/sizing", "reports/compare", "reports/approval"},
		"reports/live": {"reports/text", "reports/summary", "reports/sizing", "charm.land/bubbletea",
			"github.com/clipperhouse/displaywidth", "golang.org/x/term", "golang.org/x/sys"},
		"reports/telemetry": {"reports/bounded", "reports/build", "reports/text", "reports/results", "reports/histogram", "reports/executions", "reports/metrics", "reports/summary", "reports/sizing", "reports/compare",
			"github.com/prometheus/client_golang", "github.com/prometheus/client_model", "github.com/prometheus/common", "github.com/klauspost/compress",
			"google.golang.org/protobuf"},
		"reports": {"reports/regular", "reports/text", "reports/results", "reports/histogram", "reports/executions", "reports/metrics", "reports/summary", "reports/sizing", "reports/compare", "reports/baseline",
			"reports/approval", "reports/render", "reports/page", "reports/export", "reports/telemetry"},
		// Runs for the tests of the others.
		"reports/reportstest": {"reports/results", "reports/executions", "reports/metrics", "reports/summary", "reports/sizing", "reports/compare", "reports/approval", "github.com/santhosh-tekuri/jsonschema"},

		"contracts/jsontext":    {},
		"contracts/document":    {"contracts/jsontext", "reports/text", "go.yaml.in/yaml"},
		"contracts/pattern":     {"github.com/dlclark/regexp2"},
		"contracts/schema":      {"contracts/document", "contracts/jsontext", "contracts/pattern", "reports/text", "go.yaml.in/yaml"},
		"contracts/bundle":      {"contracts/jsontext", "contracts/schema"},
		"contracts/credentials": {"reports/regular", "reports/text"},
		"contracts": {"contracts/credentials", "reports/build", "reports/regular", "contracts/bundle", "contracts/jsontext", "contracts/pattern", "contracts/schema", "reports/text", "github.com/getkin/kin-openapi",
			"github.com/santhosh-tekuri/jsonschema", "github.com/oasdiff/oasdiff", "go.yaml.in/yaml", "golang.org/x/net"},
		"contracts/cases":    {"contracts", "contracts/credentials", "contracts/jsontext", "contracts/schema", "reports/text"},
		"contracts/provider": {"contracts", "contracts/jsontext", "contracts/schema", "reports/bounded", "reports/splitmix", "reports/text"},
		"contracts/pact": {".", "contracts", "contracts/credentials", "contracts/cases", "contracts/jsontext", "contracts/schema", "reports/text", "reports/summary",
			"github.com/pact-foundation/pact-go"},
		"contracts/broker":     {"reports/bounded", "reports/build", "reports/text", "reports/summary"},
		"contracts/deviations": {"contracts/document", "reports/regular", "reports/text", "reports/results", "reports/summary"},
		"contracts/verify": {"contracts", "contracts/credentials", "contracts/cases", "contracts/pact", "contracts/broker", "contracts/deviations",
			"contracts/jsontext", "contracts/schema", "reports/bounded", "reports/text", "reports/results", "reports/summary"},

		"scenarios": {"contracts/document", "contracts", "contracts/credentials", "contracts/cases", "contracts/provider", "contracts/jsontext", "contracts/schema",
			"reports/regular", "reports/text", "reports/results", "reports/metrics"},
		"scenarios/wire": {"reports/regular", "reports/text", "reports/results", "golang.org/x/sys"},
		// Serves the tests of wire and attack.
		"scenarios/wiretest": {},
		// Queues whose truth is known, for the tests of capacity and search.
		"scenarios/queuetest":   {},
		"scenarios/scalability": {"reports/student"},
		"scenarios/attack": {"scenarios", "scenarios/wire", "contracts", "contracts/credentials", "reports/text", "reports/results", "reports/metrics",
			"github.com/tsenart/vegeta", "golang.org/x/sys"},
		"scenarios/follow": {"scenarios", "scenarios/wire", "contracts", "contracts/credentials", "reports/bounded", "reports/splitmix", "reports/text", "reports/results",
			"reports/histogram", "reports/executions"},
		// The command lines that a run's page shows are handed in by whoever runs the trial, as the page wants them.
		"scenarios/trial": {"scenarios", "scenarios/wire", "scenarios/attack", "scenarios/follow", "contracts", "contracts/credentials", "contracts/provider", "reports",
			"reports/text", "reports/results", "reports/histogram", "reports/executions", "reports/metrics", "reports/summary", "reports/baseline", "reports/page",
			"reports/telemetry"},

		// Where machines that send one plan meet.
		"scenarios/fleet/hub": {"reports/regular", "github.com/nats-io/nats-server", "github.com/nats-io/nats.go", "github.com/nats-io/nkeys"},
		"scenarios/fleet": {"scenarios", "scenarios/trial", "scenarios/fleet/hub", "contracts", "contracts/credentials", "reports", "reports/regular", "reports/text", "reports/results", "reports/metrics",
			"reports/summary"},
		// Two targets in turn, and what the difference is worth.
		"scenarios/paired": {"contracts/credentials", "scenarios", "scenarios/trial", "reports", "reports/text", "reports/results", "reports/metrics", "reports/summary", "reports/compare"},
		// Where calls may go, and what was started there.
		"scenarios/targets": {"contracts", "contracts/credentials", "contracts/document", "reports/regular", "reports/text", "reports/results"},
		// Many machines. What runs there is told in their own words, command lines handed in.
		"scenarios/fleet/kubernetes": {"scenarios", "contracts", "reports/text", "go.yaml.in/yaml"},
		"scenarios/capacity":         {"gonum.org/v1/gonum"},
		// Makes the trials that capacity asks for.
		"scenarios/search": {"scenarios", "scenarios/capacity", "scenarios/scalability", "scenarios/trial", "contracts/credentials", "reports", "reports/regular", "reports/text",
			"reports/results", "reports/histogram", "reports/student", "reports/executions", "reports/metrics", "reports/summary", "reports/sizing", "reports/page", "reports"},

		// What the machine allows that the calls leave from.
		"scenarios/doctor": {"scenarios", "scenarios/attack", "scenarios/trial", "contracts", "contracts/credentials", "contracts/pact", "contracts/provider", "reports/text", "reports/results", "reports/metrics", "reports/fitness",
			"golang.org/x/sys"},

		// Asks all that a release has to hold, by what answers each.
		"scenarios/gate": {"scenarios", "scenarios/fleet", "scenarios/paired", "scenarios/wire", "scenarios/trial", "scenarios/search", "scenarios/targets", "contracts", "contracts/credentials", "contracts/deviations",
			"contracts/document", "contracts/pact", "contracts/provider", "contracts/verify", "reports", "reports/regular", "reports/text", "reports/results", "reports/metrics", "reports/summary",
			"reports/sizing", "reports/compare", "reports/baseline", "reports/approval", "reports/page"},

		"cmd/andon-pact": {"contracts/pact"},
		"cmd/andon": {".", "contracts/...", "scenarios/...", "reports/...",
			"github.com/spf13/cobra", "github.com/spf13/pflag"},
	},
	forTests: []string{
		"pgregory.net/rapid", "github.com/rogpeppe/go-internal", "github.com/chromedp", "go.opentelemetry.io/proto",
		// What is written is read by others' code, and what is read was written by it.
		"github.com/santhosh-tekuri/jsonschema", "github.com/HdrHistogram/hdrhistogram-go", "github.com/tsenart/vegeta",
		"google.golang.org/protobuf", "github.com/clipperhouse/displaywidth", "github.com/apache/arrow-go", "go.yaml.in/yaml",
		"github.com/klauspost/compress", "golang.org/x/sys",
	},
	flags: flagNames(),
}

// excused are faults that are known, by what their text begins with, each with its reason. The list only becomes
// shorter.
var excused = map[string]string{}

// flagNames are those of all commands, help and version aside, which belong to every program.
func flagNames() (names []string) {
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit((&command{}).root())
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "help" || name == "version" })
}

// The top level is fixed, so that a newcomer finds the same few rooms each time; what begins with a dot, and bin, is
// tools.
var topLevel = []string{"Makefile", "README.md", "andon.go", "cmd", "contracts", "go.mod", "go.sum", "openapi.yaml", "reports", "scenarios"}

func TestHouse(t *testing.T) {
	root := filepath.Join("..", "..")
	faults, err := andonHouse.inspect(root)
	if err != nil {
		t.Fatal(err)
	}
	// With -v the picture is drawn.
	lines, err := andonHouse.drawing(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + strings.Join(lines, "\n"))
	met := map[string]bool{}
	for _, f := range faults {
		excuse := ""
		for text, reason := range excused {
			if strings.HasPrefix(f.String(), text) {
				met[text], excuse = true, reason
			}
		}
		if excuse == "" {
			t.Error(f)
		}
	}
	for text := range excused {
		if !met[text] {
			t.Errorf("%s: this is excused and no longer there", text)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		// What go build leaves here, and git ignores, is nobody's room.
		built := e.Name() == "bin" || strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".exe"), "-pact") == "andon"
		if name := e.Name(); name[0] != '.' && !built && !slices.Contains(topLevel, name) {
			t.Errorf("%s stands at the top level, which is %v", name, topLevel)
		}
	}
}

// The answers of others are read by reports/bounded alone, which no server holds up. Package wire, which counts the
// memory that answers take, has a reader and a deadline of its own, and what andon-pact reads comes from Pact's mock
// server in the same process. What handlers read are requests; so does wiretest, which is a server for tests.
func TestAnswersAreBounded(t *testing.T) {
	found := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, e fs.DirEntry, err error) error {
		name := filepath.ToSlash(path)
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && e.Name() != ".." || strings.HasSuffix(name, "contracts/pact") || strings.HasSuffix(name, "scenarios/wiretest")):
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines, err := answersRead(text)
		for _, line := range lines {
			found++
			if !strings.HasSuffix(name, "reports/bounded/bounded.go") {
				t.Errorf("%s:%d reads an answer by itself", name, line)
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("%d places read answers: %v", found, err)
	}
	const sample = `package x
func serve(w http.ResponseWriter, r *http.Request) { io.ReadAll(r.Body); io.ReadAll(answer.Body) }
func read(r *http.Response) { b.ReadFrom(io.LimitReader(r.Body, 9)) }
func keep(r *http.Response) { use(r.Body) }`
	if lines, err := answersRead([]byte(sample)); err != nil || !slices.Equal(lines, []int{2, 3}) {
		t.Errorf("answers are found in lines %v: %v", lines, err)
	}
}

// answersRead gives the lines of a Go file in which the body of something is read that is no parameter of the type
// *http.Request.
func answersRead(text []byte) (lines []int, err error) {
	reads := []string{"ReadAll", "ReadFrom", "Copy", "CopyN", "LimitReader", "NewReader", "NewDecoder", "NewScanner"}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", text, 0)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		requests := map[string]bool{}
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				if types.ExprString(n.Type) == "*http.Request" {
					for _, name := range n.Names {
						requests[name.Name] = true
					}
				}
			case *ast.CallExpr:
				of, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains(reads, of.Sel.Name) {
					return true
				}
				for _, argument := range n.Args {
					if body, ok := argument.(*ast.SelectorExpr); ok && body.Sel.Name == "Body" && !requests[types.ExprString(body.X)] {
						lines = append(lines, files.Position(n.Pos()).Line)
					}
				}
			}
			return true
		})
	}
	return lines, nil
}

// Each rule is seen to be broken where it is, and only there.
func TestHouseNotices(t *testing.T) {
	h := house{
		module: "example.com/h",
		floors: []string{"low", "high", "cmd"},
		rooms: map[string][]string{
			"low": {"example.com/library"}, "low/deep": {"low"}, "high": {"low", "low/deep"}, "cmd/h": {"low/...", "high/..."},
		},
		forTests: []string{"example.com/testing"},
		flags:    []string{"target"},
	}
	sound := map[string]string{
		"low/a.go":       "package low\n\nimport \"example.com/library/v2\"\n\n// A reports whether.\nfunc A() bool { return library.B() && b }\n",
		"low/b.go":       "package low\n\nconst b = true\n",
		"low/a_test.go":  "package low\n\nimport (\n\t\"testing\"\n\n\t\"example.com/h/low/deep\"\n\t\"example.com/testing/more\"\n)\n\nvar _ = more.T(deep.C)\n",
		"low/deep/c.go":  "package deep\n\nimport \"example.com/h/low\"\n\n// C is no flag: --data-raw, ---target, x--target, --targets.\nvar C = []any{low.A, \"--data-raw\", \"---target\", \"x--target\", \"--targets\"}\n",
		"high/d.go":      "package high\n\nimport \"example.com/h/low/deep\"\n\nvar D = deep.C\n",
		"cmd/h/main.go":  "package main\n\nimport \"example.com/h/high\"\n\nfunc main() { println(high.D, \"--target\") }\n",
		"low/testdata/x": "no Go\n", "low/testdata/y.go": "no Go\n",
	}
	long := strings.Repeat("\n", 99)
	for _, c := range []struct{ file, text, want string }{
		{"", "", ""},
		{"low/up.go", "package low\n\nimport _ \"example.com/h/high\"\n", "low/up.go: import: high; it may import [example.com/library]"},
		{"low/deep/up.go", "package deep\n\nimport _ \"example.com/library\"\n", "low/deep/up.go: import: example.com/library; it may import [low]"},
		{"low/up_test.go", "package low_test\n\nimport _ \"example.com/h/high\"\n", "low/up_test.go: import: high, which is a floor above"},
		{"high/lib_test.go", "package high\n\nimport _ \"example.com/other\"\n", "high/lib_test.go: import: example.com/other; it may import [low low/deep]"},
		{"high/flag.go", "package high\n\nconst says = \"give --target\"\n", "high/flag.go: flag: line 3 names --target, which belongs to the command"},
		{"low/back.go", "package low\n\nconst c = b\n\nvar _ = A\n\nfunc e() { e() }\n", ""},
		{"low/b.go", "package low\n\nvar b = len(\"x\") > 0\n\nvar other = A\n", "low: circle: a.go uses b of b.go, b.go uses A of a.go"},
		{"low/deep/x.go", "package deep\n\nvar x, y = C, z()\n\nfunc z() bool { return x == nil }\n", ""},
		{"low/b.go", "package low\n\nvar b = c\n\nfunc (t) m(A int) {}\n", ""},
		{"low/b.go", "package low\n\nvar b bool\n\nfunc set() { b = true }\n", "low/b.go: mutable state: b is of the package and written to"},
		{"low/b.go", "package low\n\nvar b bool\n\nfunc set() { b := false; b = true }\n", ""},
		{"low/n.go", "package low\n\nfunc n() {" + long + "}\n", ""},
		{"low/n.go", "package low\n\nfunc n() {\n" + long + "}\n", "low/n.go: long function: n has 101 lines"},
		{"low/n_test.go", "package low\n\nfunc n() {\n" + long + "}\n", ""},
		{"low/n.go", "package low\n" + strings.Repeat("\n", 499), ""},
		{"low/n.go", "package low\n" + strings.Repeat("\n", 500), "low/n.go: long file: 501 lines"},
		{"low/n.go", "package low\n\nfunc init() {}\n", "low/n.go: init: nothing happens by being imported"},
		{"low/n.go", "package low\n\n\t// " + strings.Repeat("ä", 116) + "\n", ""},
		{"low/n.go", "package low\n\n\t// " + strings.Repeat("ä", 117) + "\n", "low/n.go: long comment: line 3 has 121 columns"},
		{"low/n_test.go", "package low\n\n// n tells\n// whether it is so.\nfunc n() bool { return true }\n",
			"low/n_test.go: wording: line 3 tells whether, where Go's comments report it"},
		{"other/n.go", "package other\n", "other: unknown package: it is not in the table of this test"},
		{"low/deep/c.go", "", "low/deep: missing package: it is in the table of this test alone"},
	} {
		root := t.TempDir()
		tree := map[string]string{}
		for name, text := range sound {
			tree[name] = text
		}
		tree[c.file] = c.text
		for name, text := range tree {
			if text == "" {
				continue
			}
			if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		faults, err := h.inspect(root)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, f := range faults {
			found = append(found, f.String())
		}
		if strings.Join(found, "\n") != c.want {
			t.Errorf("%s with %.60q: expected %q, found %q", c.file, c.text, c.want, found)
		}
	}
}
