package reports

import (
	_ "embed"
	"io"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/render"
)

// GateSchema is the JSON Schema of gate.json.
//
//go:embed gate.schema.json
var GateSchema []byte

// GateFormat is one rendering of a gate.
type GateFormat = DocumentFormat[approval.Report]

// GateFormats lists all formats of a gate: each is a function of what gate.json says. They are called as those of a run
// are.
func GateFormats() []GateFormat {
	return []GateFormat{
		{"terminal", "report.txt", render.GateTerminal},
		{"html", "gate.html", plain(page.WriteGate)},
		{"markdown", "gate.md", plain(render.GateMarkdown)},
		{"json", approval.File, plain(approval.Document().Encode)},
		{"junit", "junit.xml", plain(func(w io.Writer, r approval.Report) error { return export.JUnit(w, r.Checks()) })},
		{"github", "annotations.txt", plain(export.GateAnnotations)},
	}
}

// ChooseGate finds the formats of a list with commas between their names; "all" is all of them.
func ChooseGate(list string) ([]GateFormat, error) {
	return choose(list, "a gate, whose parts have reports of their own,", GateFormats(), runNames())
}

// KeepGate writes what a gate leaves behind into its directory: gate.json, the page, the Markdown, and JUnit. They are
// made of what gate.json says, so that they can be made of it again, byte for byte.
func KeepGate(dir string, r approval.Report) error {
	return keepDocument(dir, approval.Document(), r, GateFormats(), "html", "markdown", "junit")
}

// AppendGate adds the Markdown of a gate to a file, which may be there already.
func AppendGate(path string, r approval.Report) error {
	return regular.Append(path, func(w io.Writer) error { return render.GateMarkdown(w, r) })
}
