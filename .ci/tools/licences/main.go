// Command licences lists the modules that andon is built and tested of, with the licence of each, and fails where one
// has a licence that is not among those allowed, or none that is known. It is run at the root of a checkout.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/licensecheck"
)

// allowed are licences that put no condition on those who use andon as a program. The code of modules under the MPL is
// used as it is, and is therefore where that licence wants it to be.
var allowed = map[string]bool{
	"Apache-2.0": true, "BSD-2-Clause": true, "BSD-3-Clause": true, "ISC": true, "MIT": true, "MIT-0": true,
	"MPL-2.0": true, "Unlicense": true, "CC0-1.0": true, "BSD-3-Clause-Clear": true, "0BSD": true,
}

// least is how many percent of a file must be the text of a licence for it to count as one.
const least = 75

func main() {
	if err := list(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

type module struct{ Path, Version, Dir string }

func list(out io.Writer) error {
	shipped, err := modules("-tags", "pact", "./cmd/...")
	if err != nil {
		return err
	}
	all, err := modules("-tags", "pact", "-test", "./...")
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODULE\tVERSION\tLICENCE\tPART OF")
	var faults []error
	for _, m := range slices.SortedFunc(maps.Values(all), func(a, b module) int { return cmp.Compare(a.Path, b.Path) }) {
		found, err := licences(m)
		if err != nil {
			faults = append(faults, err)
		}
		part := "tests"
		if _, ok := shipped[m.Path]; ok {
			part = "programs"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", m.Path, m.Version, strings.Join(found, " AND "), part)
	}
	return errors.Join(append(faults, w.Flush())...)
}

// modules are those whose packages are needed to build what the arguments of go list name, but for the main one.
func modules(args ...string) (map[string]module, error) {
	var complaint bytes.Buffer
	list := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, args...)...)
	list.Stderr = &complaint
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, &complaint)
	}
	found := make(map[string]module)
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var p struct {
			Module *struct {
				module
				Main    bool
				Replace *module
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		m := p.Module
		if m == nil || m.Main {
			continue
		}
		if m.Replace != nil {
			m.Dir, m.Version = m.Replace.Dir, m.Replace.Version
		}
		found[m.Path] = m.module
	}
}

var licenceFile = regexp.MustCompile(`(?i)^(un)?(licen[cs]e|copying)([-._].*)?$`)

// licences are the names of the licences in a module's root.
func licences(m module) ([]string, error) {
	files, err := os.ReadDir(m.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	names := make(map[string]bool)
	for _, f := range files {
		if f.IsDir() || !licenceFile.MatchString(f.Name()) {
			continue
		}
		path := filepath.Join(m.Dir, f.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		cover := licensecheck.Scan(text)
		if cover.Percent < least {
			return nil, fmt.Errorf("%s: %.0f %% of %s is the text of a known licence; read it, and have this program know it",
				m.Path, cover.Percent, path)
		}
		for _, match := range cover.Match {
			names[match.ID] = true
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no licence; do not use it", m.Path)
	}
	found := slices.Sorted(maps.Keys(names))
	for _, name := range found {
		if !allowed[name] {
			err = errors.Join(err, fmt.Errorf("%s is under %s, which is not among those allowed", m.Path, name))
		}
	}
	return found, err
}
