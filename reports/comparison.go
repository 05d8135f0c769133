package reports

import (
	_ "embed"
	"io"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/telemetry"
)

// ComparisonSchema is the JSON Schema of comparison.json.
//
//go:embed comparison.schema.json
var ComparisonSchema []byte

// ComparisonFormat is one rendering of a comparison.
type ComparisonFormat = DocumentFormat[compare.Report]

// ComparisonFormats lists all formats of a comparison: each is a function of what comparison.json says. They are called
// as those of a run are.
func ComparisonFormats() []ComparisonFormat {
	return []ComparisonFormat{
		{"terminal", "report.txt", render.ComparisonTerminal},
		{"html", pageFile, plain(page.WriteComparison)},
		{"markdown", markdownFile, plain(render.ComparisonMarkdown)},
		{"json", compare.File, plain(compare.Document().Encode)},
		{"junit", "junit.xml", plain(func(w io.Writer, r compare.Report) error { return export.JUnit(w, r.Checks()) })},
		{"sarif", "contract.sarif", plain(func(w io.Writer, r compare.Report) error { return export.SARIF(w, r.Checks()) })},
		{"github", "annotations.txt", plain(export.ComparisonAnnotations)},
		{prometheusFormat, "comparison.prom", plain(telemetry.WriteComparison)},
	}
}

// ChooseComparison finds the formats of a list with commas between their names; "all" is all of them.
func ChooseComparison(list string) ([]ComparisonFormat, error) {
	return choose(list, "a comparison", ComparisonFormats(), runNames())
}

// KeepComparison writes what a comparison leaves behind into a directory, which is made if there is none:
// comparison.json, the Markdown, and the page. They are made of what comparison.json says, so that they can be made of
// it again, byte for byte.
func KeepComparison(dir string, r compare.Report) error {
	return keepDocument(dir, compare.Document(), r, ComparisonFormats(), "markdown", "html")
}

// AppendComparison adds the Markdown of a comparison to a file, which may be there already.
func AppendComparison(path string, r compare.Report) error {
	return regular.Append(path, func(w io.Writer) error { return render.ComparisonMarkdown(w, r) })
}
