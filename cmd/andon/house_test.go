package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A house is what holds for a tree of Go packages.
type house struct {
	module string
	// rooms says what each package may import besides the standard library: packages of the module by their folder (with
	// /..., those below it too), and modules of others.
	rooms map[string][]string
	// floors are the folders at the top, the lowest first: not even the tests of a floor look up.
	floors []string
	// forTests are the modules that any test may import besides.
	forTests []string
	// flags are the names of the command's flags, which only the top floor may say.
	flags []string
}

// What a function, a file and a line of comment may have at most: lines, lines and columns.
const (
	maxFunction = 100
	maxFile     = 500
	maxComment  = 120
)

// A fault is a rule that does not hold at a place: a file, or the folder of a package.
type fault struct{ place, rule, detail string }

func (f fault) String() string { return f.place + ": " + f.rule + ": " + f.detail }

// source is a Go file, read.
type source struct {
	folder, name string
	text         []byte
	file         *ast.File
}

func (s *source) place() string { return path.Join(s.folder, s.name) }

func (s *source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

// inspect finds all faults below a folder, by place.
func (h house) inspect(root string) ([]fault, error) {
	fset := gotoken.NewFileSet()
	packages, err := read(fset, root)
	if err != nil {
		return nil, err
	}
	var faults []fault
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		if _, known := h.rooms[folder]; !known {
			faults = append(faults, fault{folder, "unknown package", "it is not in the table of this test"})
		}
		for _, s := range packages[folder] {
			faults = append(faults, h.imports(s)...)
			faults = append(faults, comments(fset, s)...)
			if !s.isTest() {
				faults = append(faults, h.flagNames(fset, s)...)
				faults = append(faults, sizes(fset, s)...)
			}
		}
		faults = append(faults, together(fset, folder, root, packages[folder])...)
	}
	for folder := range h.rooms {
		if len(packages[folder]) == 0 {
			faults = append(faults, fault{folder, "missing package", "it is in the table of this test alone"})
		}
	}
	slices.SortFunc(faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.String(), b.String()))
	})
	return slices.Compact(faults), nil
}

// drawing lists for each package below a folder which others of the module it imports, tests aside.
func (h house) drawing(root string) (lines []string, err error) {
	packages, err := read(gotoken.NewFileSet(), root)
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		var others []string
		for _, s := range packages[folder] {
			for _, spec := range s.file.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				if inside, own := strings.CutPrefix(imported+"/", h.module+"/"); own && !s.isTest() {
					others = append(others, cmp.Or(strings.TrimSuffix(inside, "/"), "."))
				}
			}
		}
		slices.Sort(others)
		lines = append(lines, fmt.Sprintf("%-20s ─► %s", folder, strings.Join(slices.Compact(others), ", ")))
	}
	return lines, err
}

// read parses the Go files below a folder, those of tools and test data aside.
func read(fset *gotoken.FileSet, root string) (map[string][]*source, error) {
	packages := map[string][]*source{}
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		name := e.Name()
		switch {
		case err != nil:
			return err
		case e.IsDir() && file != root && (name == "testdata" || name == "runs" || strings.HasPrefix(name, ".")):
			return fs.SkipDir
		case e.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		parsed, parseErr := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
		folder, relErr := filepath.Rel(root, filepath.Dir(file))
		if err := errors.Join(parseErr, relErr); err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		packages[folder] = append(packages[folder], &source{folder, name, text, parsed})
		return nil
	})
	return packages, err
}

// imports holds what a file imports against the table, and that of a test against the floors.
func (h house) imports(s *source) (faults []fault) {
	for _, spec := range s.file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
			continue
		}
		inside, own := strings.CutPrefix(imported+"/", h.module+"/")
		inside = cmp.Or(strings.TrimSuffix(inside, "/"), ".")
		switch may := h.rooms[s.folder]; {
		case own && !slices.ContainsFunc(may, func(m string) bool { return within(inside, m) }):
			if !s.isTest() {
				faults = append(faults, fault{s.place(), "import", inside + "; it may import " + fmt.Sprint(may)})
			} else if h.floor(inside) > h.floor(s.folder) {
				faults = append(faults, fault{s.place(), "import", inside + ", which is a floor above"})
			}
		case !own && !slices.ContainsFunc(may, func(m string) bool { return within(imported, m+"/...") }):
			if !s.isTest() || !slices.ContainsFunc(h.forTests, func(m string) bool { return within(imported, m+"/...") }) {
				faults = append(faults, fault{s.place(), "import", imported + "; it may import " + fmt.Sprint(may)})
			}
		}
	}
	return faults
}

// within reports whether a path is what a pattern says: the path itself or, with /... behind it, one below it.
func within(path, pattern string) bool {
	above, below := strings.CutSuffix(pattern, "/...")
	return path == above || below && strings.HasPrefix(path, above+"/")
}

// floor is the number of a folder's floor; the root is below them all.
func (h house) floor(folder string) int {
	top, _, _ := strings.Cut(folder, "/")
	return slices.Index(h.floors, top)
}

var tellsWhether = regexp.MustCompile(`(?i)\btells\s+whether\b`)

// comments finds lines of comment that are too long, and those that do not say "reports whether".
func comments(fset *gotoken.FileSet, s *source) (faults []fault) {
	lines := strings.Split(string(s.text), "\n")
	for _, group := range s.file.Comments {
		if tellsWhether.MatchString(group.Text()) {
			faults = append(faults, fault{s.place(), "wording", fmt.Sprintf("line %d tells whether, where Go's comments report it", fset.Position(group.Pos()).Line)})
		}
		for n := fset.Position(group.Pos()).Line; n <= fset.Position(group.End()).Line; n++ {
			line := lines[n-1]
			if strings.HasPrefix(strings.TrimSpace(line), "//") && utf8.RuneCountInString(line) > maxComment {
				faults = append(faults, fault{s.place(), "long comment", fmt.Sprintf("line %d has %d columns", n, utf8.RuneCountInString(line))})
			}
		}
	}
	return faults
}

var flagInText = regexp.MustCompile(`(?:^|[^-\w])--([a-z][a-z0-9-]*)`)

// flagNames finds the command's flags in the texts of files below the top floor.
func (h house) flagNames(fset *gotoken.FileSet, s *source) (faults []fault) {
	if h.floor(s.folder) == len(h.floors)-1 {
		return nil
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != gotoken.STRING {
			return true
		}
		for _, m := range flagInText.FindAllStringSubmatch(lit.Value, -1) {
			if slices.Contains(h.flags, m[1]) {
				faults = append(faults, fault{s.place(), "flag", fmt.Sprintf("line %d names --%s, which belongs to the command", fset.Position(lit.Pos()).Line, m[1])})
			}
		}
		return true
	})
	return faults
}

// sizes finds a file and functions that are too long, and functions that run before main.
func sizes(fset *gotoken.FileSet, s *source) (faults []fault) {
	if n := bytes.Count(s.text, []byte("\n")); n > maxFile {
		faults = append(faults, fault{s.place(), "long file", fmt.Sprintf("%d lines", n)})
	}
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1; n > maxFunction {
			faults = append(faults, fault{s.place(), "long function", fmt.Sprintf("%s has %d lines", f.Name.Name, n)})
		}
		if f.Name.Name == "init" && f.Recv == nil {
			faults = append(faults, fault{s.place(), "init", "nothing happens by being imported"})
		}
	}
	return faults
}

// together looks at the files of one package beside each other, as they are built with and without Pact.
func together(fset *gotoken.FileSet, folder, root string, sources []*source) (faults []fault) {
	for _, tags := range [][]string{nil, {"pact"}} {
		context := build.Default
		context.GOOS, context.GOARCH, context.CgoEnabled, context.BuildTags = "linux", "amd64", true, tags
		var files []*ast.File
		for _, s := range sources {
			if match, err := context.MatchFile(filepath.Join(root, folder), s.name); err == nil && match && !s.isTest() {
				files = append(files, s.file)
			}
		}
		uses, assigned := packageLevel(fset, folder, files)
		for _, a := range assigned {
			faults = append(faults, fault{path.Join(folder, a.file), "mutable state", a.name + " is of the package and written to"})
		}
		for _, circle := range circlesOf(uses) {
			faults = append(faults, fault{folder, "circle", circle})
		}
	}
	return faults
}

// named is a name of a package, and the file in which something is done with it.
type named struct{ file, name string }

// uses says of each file which others it uses, and by which name.
type uses map[string]map[string]string

// packageLevel finds what the files of a package use of each other (types, functions, variables and constants; not
// methods, which may stand in any file that the type's users need not know), and which variables of the package are
// written to.
func packageLevel(fset *gotoken.FileSet, folder string, files []*ast.File) (uses, []named) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	// What is imported is not looked at: errors about it do not hinder.
	config := types.Config{Importer: nothing{}, Error: func(error) {}, FakeImportC: true}
	pkg, _ := config.Check(folder, fset, files, info)
	fileOf := func(p gotoken.Pos) string { return filepath.Base(fset.Position(p).Filename) }
	found := uses{}
	for id, o := range info.Uses {
		from, to := fileOf(id.Pos()), fileOf(o.Pos())
		if o.Parent() != pkg.Scope() || from == to {
			continue
		}
		if found[from] == nil {
			found[from] = map[string]string{}
		}
		// Of several names the first one in the alphabet is told, so that the same is told each time.
		if name := found[from][to]; name == "" || o.Name() < name {
			found[from][to] = o.Name()
		}
	}
	var assigned []named
	written := func(e ast.Expr) {
		if id := firstName(e); id != nil {
			if v, ok := info.Uses[id].(*types.Var); ok && v.Parent() == pkg.Scope() {
				assigned = append(assigned, named{fileOf(id.Pos()), id.Name})
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					written(e)
				}
			case *ast.IncDecStmt:
				written(n.X)
			}
			return true
		})
	}
	return found, assigned
}

// firstName is the x of x, x.y, x[i] and *x.
func firstName(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// nothing imports nothing.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) { return nil, errors.New("not looked at") }

// circlesOf gives the shortest circle through each file, each circle once: a.go uses X of b.go, b.go uses Y of a.go.
func circlesOf(u uses) (circles []string) {
	told := map[string]bool{}
	for _, start := range slices.Sorted(maps.Keys(u)) {
		before := map[string]string{}
		for queue := []string{start}; len(queue) > 0 && before[start] == ""; queue = queue[1:] {
			for _, next := range slices.Sorted(maps.Keys(u[queue[0]])) {
				if before[next] == "" {
					before[next] = queue[0]
					queue = append(queue, next)
				}
			}
		}
		if before[start] == "" {
			continue
		}
		circle, words := []string{start}, []string{}
		for to := start; len(words) == 0 || to != start; to = before[to] {
			from := before[to]
			words = append(words, fmt.Sprintf("%s uses %s of %s", from, u[from][to], to))
			circle = append(circle, from)
		}
		slices.Reverse(words)
		slices.Sort(circle)
		if key := fmt.Sprint(slices.Compact(circle)); !told[key] {
			told[key] = true
			circles = append(circles, strings.Join(words, ", "))
		}
	}
	return circles
}
