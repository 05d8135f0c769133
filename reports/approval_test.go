package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/approval"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Of gate.json alone every report is made again, byte for byte, whatever the texts are.
func TestKeepGate(t *testing.T) {
	dir := t.TempDir()
	if err := KeepGate(dir, reportstest.Approval()); err != nil {
		t.Fatal(err)
	}
	if found, err := Gated(dir); err != nil || !found {
		t.Errorf("gated: %t, %v", found, err)
	}
	if _, err := Gated(dir, dir); err == nil || !strings.Contains(err.Error(), "gates are merged with nothing") {
		t.Errorf("two gates: %v", err)
	}
	r := remade(t, dir, approval.Document(), GateFormats(), "gate.html", approval.File, "gate.md", "junit.xml")
	path := filepath.Join(t.TempDir(), "summary")
	for range 2 {
		if err := AppendGate(path, r); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "## ❌ FAIL: ") != 2 {
		t.Errorf("%q, %v", text, err)
	}
}

// Nothing that a target or a user wrote is taken for what it is not, in any format.
func TestGateFormats(t *testing.T) {
	all, err := ChooseGate("all")
	if err != nil || len(all) != 6 {
		t.Fatal(all, err)
	}
	for _, f := range all {
		var b bytes.Buffer
		if err := f.Render(&b, reportstest.Approval(), render.Options{Width: 80}); err != nil {
			t.Fatal(err)
		}
		said := b.String()
		switch f.Name {
		case "junit":
			reportstest.CheckJUnit(t, b.Bytes(), summary.Fail)
			reportstest.CheckNoCommand(t, f.Name, b.Bytes())
		case "github":
			reportstest.CheckAnnotations(t, b.Bytes())
		case "json":
		default:
			reportstest.CheckNoCommand(t, f.Name, b.Bytes())
		}
		if outside := reportstest.OutsideCode(said); f.Name == "markdown" && (strings.Contains(outside, "<script") || strings.Contains(outside, "[link]")) {
			t.Errorf("it is no text any more: %s", outside)
		}
		for _, want := range map[string][]string{
			"terminal": {"FAIL        load ", "to turn it green: make the target meet it", "left out    compare: ", "NO VERDICT  verify: ", "exit code 1"},
			"markdown": {"| ❌ FAIL |", "| ➖ left out |", "Budget: 4,100 calls, which started 4,000 runs"},
			"html":     {`href="load-2/report.html"`, "To turn it green|to turn it green", "the first time it was FAIL"},
			"junit":    {`name="load"`, "<failure", "<error", "<skipped"},
			"github":   {"::error title=andon gate%3A FAIL::", "::error title=andon gate%3A load%2C FAIL::", "::warning title=andon gate%3A verify%2C NO VERDICT::"},
		}[f.Name] {
			found := false
			for one := range strings.SplitSeq(want, "|") {
				found = found || one != "" && strings.Contains(said, one)
			}
			if !found {
				t.Errorf("%s does not say %q:\n%s", f.Name, want, said)
			}
		}
	}
	for list, want := range map[string]string{"jsn": `did you mean "json"?`, "csv": "the format csv is of a run alone", "sarif": "the format sarif is of a run alone"} {
		if _, err := ChooseGate(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
}
