package reports

import (
	_ "embed"
	"io"

	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/telemetry"
)

// CapacitySchema is the JSON Schema of capacity.json.
//
//go:embed capacity.schema.json
var CapacitySchema []byte

// CapacityFormat is one rendering of a search for capacity.
type CapacityFormat = DocumentFormat[sizing.Report]

// CapacityFormats lists all formats of a search for capacity: each is a function of what capacity.json says. They are
// called as those of a run are.
func CapacityFormats() []CapacityFormat {
	return []CapacityFormat{
		{"terminal", "report.txt", render.CapacityTerminal},
		{"html", pageFile, plain(page.WriteCapacity)},
		{"markdown", markdownFile, plain(render.CapacityMarkdown)},
		{"json", sizing.File, plain(sizing.Document().Encode)},
		{"junit", "junit.xml", plain(func(w io.Writer, r sizing.Report) error { return export.JUnit(w, r.Checks()) })},
		{"github", "annotations.txt", plain(export.CapacityAnnotations)},
		{prometheusFormat, "capacity.prom", plain(telemetry.WriteCapacity)},
	}
}

// ChooseCapacity finds the formats of a list with commas between their names; "all" is all of them.
func ChooseCapacity(list string) ([]CapacityFormat, error) {
	return choose(list, "a search for capacity, whose trials are runs,", CapacityFormats(), runNames())
}

// KeepSizing writes what a search for capacity leaves behind into its directory: capacity.json, the Markdown, and the
// page. They are made of what capacity.json says, so that they can be made of it again, byte for byte.
func KeepSizing(dir string, r sizing.Report) error {
	return keepDocument(dir, sizing.Document(), r, CapacityFormats(), "markdown", "html")
}

// AppendCapacity adds the Markdown of a search for capacity to a file, which may be there already.
func AppendCapacity(path string, r sizing.Report) error {
	return regular.Append(path, func(w io.Writer) error { return render.CapacityMarkdown(w, r) })
}
