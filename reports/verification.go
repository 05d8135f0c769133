package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// VerificationFormats names the formats in which a verification can be written.
func VerificationFormats() []string {
	return []string{"terminal", "json", "markdown", "junit", "sarif"}
}

// VerificationFormat finds what writes a verification in a format. The options are for the terminal.
func VerificationFormat(name string) (func(io.Writer, summary.Verification, render.Options) error, error) {
	switch name {
	case "terminal":
		return render.VerificationTerminal, nil
	case "json":
		return func(w io.Writer, v summary.Verification, _ render.Options) error { return export.JSON(w, v) }, nil
	case "markdown":
		return func(w io.Writer, v summary.Verification, _ render.Options) error {
			return render.VerificationMarkdown(w, v)
		}, nil
	case "junit":
		return func(w io.Writer, v summary.Verification, _ render.Options) error { return export.JUnit(w, v) }, nil
	case "sarif":
		return func(w io.Writer, v summary.Verification, _ render.Options) error { return export.SARIF(w, v) }, nil
	}
	all := VerificationFormats()
	return nil, fmt.Errorf("unknown format %q; %s", text.Printable(name, 40), text.Suggest(name, all, "the formats are "+strings.Join(all, ", ")))
}
