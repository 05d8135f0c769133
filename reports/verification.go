package reports

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// VerificationFormat is one rendering of a verification.
type VerificationFormat struct {
	// Name is what asks for it, and File the name of what is written below a folder.
	Name, File string
	write      func(io.Writer, summary.Verification, render.Options) error
}

// VerificationFormats lists all formats of a verification: each is a function of what verification.json says. They are
// called as those of a run are.
func VerificationFormats() []VerificationFormat {
	plain := func(write func(io.Writer, summary.Verification) error) func(io.Writer, summary.Verification, render.Options) error {
		return func(w io.Writer, v summary.Verification, _ render.Options) error { return write(w, v) }
	}
	sealed := func(write func(io.Writer, summary.Verification, render.Options) error) func(io.Writer, summary.Verification, render.Options) error {
		return func(w io.Writer, v summary.Verification, o render.Options) error {
			return results.WriteSealed(w, func(w io.Writer) error { return write(w, v, o) })
		}
	}
	return []VerificationFormat{
		{"terminal", "report.txt", render.VerificationTerminal},
		{"html", pageFile, plain(page.WriteVerification)},
		{"markdown", markdownFile, plain(render.VerificationMarkdown)},
		{"json", summary.VerificationFile, sealed(plain(func(w io.Writer, v summary.Verification) error { return results.EncodeJSON(w, v) }))},
		{"junit", "junit.xml", plain(export.JUnit)},
		{"sarif", "contract.sarif", plain(export.SARIF)},
		{"github", "annotations.txt", plain(export.VerificationAnnotations)},
	}
}

// VerificationNames are what the formats of a verification are asked for by.
func VerificationNames() (names []string) {
	for _, f := range VerificationFormats() {
		names = append(names, f.Name)
	}
	return names
}

// ChooseVerification finds the formats of a list with commas between their names; "all" is all of them.
func ChooseVerification(list string) (chosen []VerificationFormat, err error) {
	all, names := VerificationFormats(), VerificationNames()
	if list == "all" {
		return all, nil
	}
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		i := slices.Index(names, word)
		ofRuns := slices.ContainsFunc(Formats(), func(f Format) bool { return f.Name == word })
		switch {
		case i < 0 && ofRuns:
			return nil, fmt.Errorf("the format %s is of a run alone, which has measured times; a verification has %s", word, strings.Join(names, ", "))
		case i < 0:
			return nil, fmt.Errorf("unknown format %q; %s", text.Printable(word, 40),
				text.Suggest(word, names, "the formats are "+strings.Join(names, ", ")+" and all"))
		}
		if !slices.ContainsFunc(chosen, func(f VerificationFormat) bool { return f.Name == word }) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// Render writes a verification. The options are for the terminal.
func (f VerificationFormat) Render(w io.Writer, v summary.Verification, o render.Options) error {
	return f.write(w, v, o)
}

// Verified reports whether directories are those of a verification: of one alone, since verifications are not merged.
func Verified(dirs ...string) (bool, error) {
	for _, dir := range dirs {
		if _, err := os.Lstat(filepath.Join(dir, summary.VerificationFile)); err != nil {
			continue
		}
		if len(dirs) > 1 {
			return false, fmt.Errorf("%s is of a verification, and verifications are merged with nothing: report it alone", dir)
		}
		if _, err := os.Lstat(filepath.Join(dir, "summary.json")); err == nil {
			return false, fmt.Errorf("%s holds %s of a verification and summary.json of a run: move one of them to a directory of its own", dir, summary.VerificationFile)
		}
		return true, nil
	}
	return false, nil
}

// VerificationOutput says where a verification goes: in one format to the output; or, where there is a directory, there
// in all its formats, and for people to the output.
type VerificationOutput struct {
	Formats []VerificationFormat
	Dir     string
	// Description is the text of the description, which is kept beside.
	Description []byte
	// Runner says that a runner of GitHub Actions reads the output, off which alone it takes annotations.
	Runner bool
	// Terminal is how it is shown to people.
	Terminal render.Options
}

// Write writes a verification. What it was about is shown also where it cannot be kept.
func (o VerificationOutput) Write(w io.Writer, v summary.Verification) (shown, kept error) {
	if o.Dir == "" {
		return o.Formats[0].Render(w, v, o.Terminal), nil
	}
	o.Terminal.Dir = o.Dir
	shown = render.VerificationTerminal(w, v, o.Terminal)
	for _, f := range o.Formats {
		if f.Name == "github" && o.Runner && shown == nil {
			shown = f.Render(w, v, o.Terminal)
		}
	}
	return shown, KeepVerification(o.Dir, v, o.Description, o.Formats...)
}

// WriteVerification writes a verification below a folder, which is made if there is none, each format as a file of its
// own, whole or not at all; and gives the paths of what was written. What was there by that name is overwritten.
func WriteVerification(dir string, v summary.Verification, formats ...VerificationFormat) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range formats {
		path := filepath.Join(dir, f.File)
		if err := regular.Write(path, func(w io.Writer) error { return f.write(w, v, render.Options{}) }); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// ClaimVerification makes the directory that a verification is to be kept in, with the text of the description, before
// anything is sent. What may be wrong with it, see [results.Claim].
func ClaimVerification(dir string, description []byte) error {
	f, err := results.Claim(dir, descriptionFile)
	if err != nil {
		return err
	}
	if _, err = f.Write(description); err == nil {
		err = f.Close()
	}
	if err != nil {
		return &results.PlaceError{Err: fmt.Errorf("the directory cannot be written: %w", err)}
	}
	return nil
}

// descriptionFile is where the text of the description is kept.
const descriptionFile = "openapi.yaml"

// KeepVerification writes what a verification leaves behind into a directory: verification.json, the text of the
// description, and the formats. They are made of what verification.json says, so that they can be made of it again,
// byte for byte.
func KeepVerification(dir string, v summary.Verification, description []byte, formats ...VerificationFormat) error {
	source, err := ChooseVerification("json")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := source[0].Render(&b, v, render.Options{}); err != nil {
		return err
	}
	kept, err := summary.ParseVerification(summary.VerificationFile, b.Bytes())
	if err != nil {
		return err
	}
	if _, err := WriteVerification(dir, kept, source...); err != nil {
		return err
	}
	err = regular.Write(filepath.Join(dir, descriptionFile), func(w io.Writer) error {
		_, err := w.Write(description)
		return err
	})
	if err != nil {
		return err
	}
	_, err = WriteVerification(dir, kept, slices.DeleteFunc(slices.Clone(formats), func(f VerificationFormat) bool { return f.Name == "json" })...)
	return err
}
