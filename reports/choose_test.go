package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

func TestChoose(t *testing.T) {
	names := func(list string) (names []string) {
		chosen, err := Choose(list)
		if err != nil {
			t.Errorf("%s: %v", list, err)
		}
		for _, f := range chosen {
			names = append(names, f.Name)
		}
		return names
	}
	if got := names("csv, junit,csv"); !slices.Equal(got, []string{"csv", "junit"}) {
		t.Errorf("found %q", got)
	}
	if got := names("all"); len(got) != len(Formats()) {
		t.Errorf("all are %q", got)
	}
	for list, want := range map[string]string{"csv,juntt": `unknown format "juntt"; did you mean "junit"?`, "": "the formats are terminal, html"} {
		if _, err := Choose(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// Every format of a verification that is named can be written, and no other; those that need times are named.
func TestChooseVerification(t *testing.T) {
	seen := map[string]string{}
	all, err := ChooseVerification("all")
	if err != nil || len(all) != 7 {
		t.Fatal(all, err)
	}
	for _, f := range all {
		var b bytes.Buffer
		if err := f.Render(&b, summary.Verification{Title: "andon verify"}, render.Options{}); err != nil || b.Len() == 0 {
			t.Errorf("%s: %q, %v", f.Name, b.String(), err)
		}
		if other, ok := seen[b.String()]; ok {
			t.Errorf("%s is written as %s", f.Name, other)
		}
		seen[b.String()] = f.Name
		// The same word means the same file, of a run and of a verification.
		if of, err := Choose(f.Name); err != nil || of[0].File != f.File && f.Name != "json" {
			t.Errorf("%s: %+v, %v", f.Name, of, err)
		}
	}
	if got, err := ChooseVerification("junit, sarif,junit"); err != nil || len(got) != 2 || got[1].Name != "sarif" {
		t.Errorf("%v, %v", got, err)
	}
	for list, want := range map[string]string{
		"jsn": `did you mean "json"?`, "": "the formats are terminal, html", "junit,csv": "the format csv is of a run alone", "hgrm": "a verification has terminal, html",
	} {
		if _, err := ChooseVerification(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// A step of a workflow may have said something before.
func TestAppendMarkdown(t *testing.T) {
	s := reportstest.Passing(t)
	file := filepath.Join(t.TempDir(), "summary.md")
	var want bytes.Buffer
	for range 2 {
		if err := AppendMarkdown(file, s); err != nil {
			t.Fatal(err)
		}
		if err := render.Markdown(&want, s); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("found %q, %v", got, err)
	}
	if err := AppendMarkdown(filepath.Join(file, "below"), s); err == nil {
		t.Error("below a file one can be written")
	}
}
