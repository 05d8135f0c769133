package reports

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// VerificationFormat is one rendering of a verification.
type VerificationFormat = DocumentFormat[summary.Verification]

// VerificationFormats lists all formats of a verification: each is a function of what verification.json says. They are
// called as those of a run are.
func VerificationFormats() []VerificationFormat {
	return []VerificationFormat{
		{"terminal", "report.txt", render.VerificationTerminal},
		{"html", pageFile, plain(page.WriteVerification)},
		{"markdown", markdownFile, plain(render.VerificationMarkdown)},
		{"json", summary.VerificationFile, plain(summary.VerificationDocument().Encode)},
		{"junit", "junit.xml", plain(export.JUnit)},
		{"sarif", "contract.sarif", plain(export.SARIF)},
		{"github", "annotations.txt", plain(export.VerificationAnnotations)},
	}
}

// VerificationNames are what the formats of a verification are asked for by.
func VerificationNames() []string { return namesOf(VerificationFormats()) }

// ChooseVerification finds the formats of a list with commas between their names; "all" is all of them.
func ChooseVerification(list string) ([]VerificationFormat, error) {
	return choose(list, "a verification", VerificationFormats(), runNames())
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
	document := summary.VerificationDocument()
	var b bytes.Buffer
	if err := document.Encode(&b, v); err != nil {
		return err
	}
	if b.Len() > summary.MaxVerification {
		return fmt.Errorf("%s has %d bytes, and no more than %d are read: fewer cases at once make it smaller", document.File, b.Len(), summary.MaxVerification)
	}
	kept, err := document.Parse(document.File, b.Bytes())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := document.Write(dir, kept); err != nil {
		return err
	}
	err = regular.Write(filepath.Join(dir, descriptionFile), func(w io.Writer) error {
		_, err := w.Write(description)
		return err
	})
	if err != nil {
		return err
	}
	_, err = WriteDocument(dir, kept, slices.DeleteFunc(slices.Clone(formats), func(f VerificationFormat) bool { return f.Name == "json" })...)
	return err
}
