package reports

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// DocumentFormat is one rendering of a document that says all of what it is of: a verification, a search for capacity,
// or a comparison.
type DocumentFormat[T any] struct {
	// Name is what asks for it, and File the name of what is written below a folder.
	Name, File string
	write      func(io.Writer, T, render.Options) error
}

// Render writes a document. The options are for the terminal.
func (f DocumentFormat[T]) Render(w io.Writer, document T, o render.Options) error {
	return f.write(w, document, o)
}

// plain is a format that takes no options.
func plain[T any](write func(io.Writer, T) error) func(io.Writer, T, render.Options) error {
	return func(w io.Writer, document T, _ render.Options) error { return write(w, document) }
}

// namesOf are what formats are asked for by.
func namesOf[T any](formats []DocumentFormat[T]) (names []string) {
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

// prometheusFormat is the one format of a search for capacity and of a comparison that a run has not.
const prometheusFormat = "prometheus"

// choose finds the formats of a list with commas between their names; "all" is all of them. What has them is for the
// error, as are the names of a run's formats.
func choose[T any](list, what string, all []DocumentFormat[T], ofRuns []string) (chosen []DocumentFormat[T], err error) {
	if list == "all" {
		return all, nil
	}
	names := namesOf(all)
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		i := slices.Index(names, word)
		if i < 0 {
			return nil, notOf(what, word, names, ofRuns)
		}
		if !slices.ContainsFunc(chosen, func(f DocumentFormat[T]) bool { return f.Name == word }) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// notOf says that what was asked for has no format of that name.
func notOf(what, word string, names, ofRuns []string) error {
	of := ""
	switch {
	case slices.Contains(ofRuns, word):
		of = "a run alone, which has measured times"
	case word == prometheusFormat:
		of = "a search for capacity or a comparison alone"
	default:
		return fmt.Errorf("unknown format %q; %s", text.Printable(word, 40), text.Suggest(word, names, "the formats are "+strings.Join(names, ", ")+" and all"))
	}
	return fmt.Errorf("the format %s is of %s; %s has %s", word, of, what, strings.Join(names, ", "))
}

// WriteDocument writes a document below a folder, which is made if there is none, each format as a file of its own,
// whole or not at all; and gives the paths of what was written. What was there by that name is overwritten.
func WriteDocument[T any](dir string, document T, formats ...DocumentFormat[T]) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range formats {
		path := filepath.Join(dir, f.File)
		if err := regular.Write(path, func(w io.Writer) error { return f.write(w, document, render.Options{}) }); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// keepDocument writes a document into a directory, and formats of it that are made of what its file says, so that they
// can be made of it again, byte for byte.
func keepDocument[T any](dir string, document results.Document[T], value T, formats []DocumentFormat[T], names ...string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := document.Write(dir, value); err != nil {
		return err
	}
	kept, err := document.Read(dir)
	if err != nil {
		return err
	}
	formats = slices.DeleteFunc(formats, func(f DocumentFormat[T]) bool { return !slices.Contains(names, f.Name) })
	_, err = WriteDocument(dir, kept, formats...)
	return err
}

// Verified reports whether directories are those of a verification: of one alone, since verifications are not merged.
func Verified(dirs ...string) (bool, error) {
	return holds(dirs, summary.VerificationFile, "verification", "verifications")
}

// Searched reports whether directories are those of a search for capacity: of one alone, since searches are not merged.
func Searched(dirs ...string) (bool, error) {
	found, err := holds(dirs, sizing.File, "search for capacity", "searches")
	if found || err != nil {
		return found, err
	}
	for _, dir := range dirs {
		if _, err := os.Lstat(filepath.Join(dir, sizing.StateFile)); err == nil {
			return false, fmt.Errorf("%s is of a search for capacity that has no answer yet (%s is missing): go on with it, or report one of its trials, which are runs, such as %s",
				dir, sizing.File, filepath.Join(dir, "trials", "01"))
		}
	}
	return false, nil
}

// Compared reports whether directories are those of a comparison: of one alone, since comparisons are not merged.
func Compared(dirs ...string) (bool, error) {
	return holds(dirs, compare.File, "comparison", "comparisons")
}

// Gated reports whether directories are those of a gate: of one alone, since gates are not merged.
func Gated(dirs ...string) (bool, error) {
	return holds(dirs, approval.File, "gate", "gates")
}

// holds reports whether one of the directories holds the file of a kind of document, alone.
func holds(dirs []string, file, kind, several string) (bool, error) {
	for _, dir := range dirs {
		if _, err := os.Lstat(filepath.Join(dir, file)); err != nil {
			continue
		}
		if len(dirs) > 1 {
			return false, fmt.Errorf("%s is of a %s, and %s are merged with nothing: report it alone", dir, kind, several)
		}
		for _, other := range [][2]string{{"summary.json", "run"}, {summary.VerificationFile, "verification"}, {sizing.File, "search for capacity"}, {compare.File, "comparison"}, {approval.File, "gate"}} {
			if _, err := os.Lstat(filepath.Join(dir, other[0])); err == nil && other[0] != file {
				return false, fmt.Errorf("%s holds %s of a %s and %s of a %s: move one of them to a directory of its own", dir, file, kind, other[0], other[1])
			}
		}
		return true, nil
	}
	return false, nil
}
