package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Of comparison.json alone every report is made again, byte for byte, whatever the texts are.
func TestKeepComparison(t *testing.T) {
	dir := t.TempDir()
	if err := KeepComparison(dir, reportstest.Comparison()); err != nil {
		t.Fatal(err)
	}
	if found, err := Compared(dir); err != nil || !found {
		t.Errorf("compared: %t, %v", found, err)
	}
	r := remade(t, dir, compare.Document(), ComparisonFormats(), compare.File, pageFile, markdownFile)
	path := filepath.Join(t.TempDir(), "summary")
	for range 2 {
		if err := AppendComparison(path, r); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "REGRESSION: andon compare") != 2 {
		t.Errorf("%q, %v", text, err)
	}
}

// The same word means the same file, of a run and of a comparison; and a directory is of one thing.
func TestChooseComparison(t *testing.T) {
	chosen, err := ChooseComparison("all")
	if err != nil || len(chosen) != 8 {
		t.Fatal(chosen, err)
	}
	for _, f := range chosen {
		if of, err := Choose(f.Name); f.Name != "json" && f.Name != prometheusFormat && (err != nil || of[0].File != f.File) {
			t.Errorf("%s: %+v, %v", f.Name, of, err)
		}
	}
	for list, want := range map[string]string{
		"jsn": `did you mean "json"?`, "hgrm": "the format hgrm is of a run alone, which has measured times; a comparison has terminal, html, markdown, json, junit, sarif, github, prometheus",
	} {
		if _, err := ChooseComparison(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
	dir := t.TempDir()
	for _, f := range []string{compare.File, "summary.json"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for want, dirs := range map[string][]string{"holds comparison.json of a comparison and summary.json of a run: move one": {dir}, "of a comparison, and comparisons are merged with nothing": {dir, dir}} {
		if _, err := Compared(dirs...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", dirs, err)
		}
	}
}

// Every format takes what somebody made up, keeps it inert, and does not grow with it.
func TestComparisonsAreInert(t *testing.T) {
	for _, text := range foreign() {
		for _, r := range []compare.Report{reportstest.Comparison(), reportstest.ComparisonPaired()} {
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var document any
			if err := json.Unmarshal(data, &document); err != nil {
				t.Fatal(err)
			}
			if data, err = json.Marshal(set(document, text)); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, compare.File), data, 0o666); err != nil {
				t.Fatal(err)
			}
			if r, err = compare.Document().Read(dir); err != nil {
				t.Fatal(err)
			}
			checkInert(t, r, r.Verdict.Status, ComparisonFormats())
		}
	}
}

// The test cases and annotations agree with the verdict, of whatever kind it is.
func TestComparisonAsTestCases(t *testing.T) {
	strict := reportstest.ComparisonOfOne()
	strict.Verdict.Status, strict.Verdict.ExitCode = summary.Fail, 1
	for want, r := range map[string]compare.Report{
		"::error title=andon compare mixed%3A REGRESSION::p99 of Full became worse": reportstest.Comparison(), "::error title=andon compare mixed%3A CANNOT TELL::p99 of Full changed": reportstest.ComparisonOfOne(),
		"::error title=andon compare mixed%3A CANNOT TELL::p99 of Full changed, which": strict, "::notice title=andon compare mixed%3A NO REGRESSION::of 3": reportstest.ComparisonForced(),
		"::error title=andon run mixed, paired%3A FALSE ALARM::1 of 2": reportstest.ComparisonControl(true), "::notice title=andon run mixed%2C paired%3A NO FALSE ALARM::of 1": reportstest.ComparisonControl(false),
	} {
		want = strings.Replace(want, "mixed, paired", "mixed%2C paired", 1)
		for _, f := range ComparisonFormats() {
			var b bytes.Buffer
			if err := f.Render(&b, r, render.Options{}); err != nil {
				t.Fatal(err)
			}
			switch f.Name {
			case "junit":
				reportstest.CheckJUnit(t, b.Bytes(), r.Verdict.Status)
			case "sarif":
				if n := len(reportstest.CheckSARIF(t, b.Bytes())); (n > 0) != (r.Word() == "REGRESSION" || r.Word() == "FALSE ALARM") {
					t.Errorf("%s: %d results", r.Word(), n)
				}
			case "github":
				reportstest.CheckAnnotations(t, b.Bytes())
				if !strings.HasPrefix(b.String(), want) {
					t.Errorf("%q, want %q", b.String(), want)
				}
			case "markdown":
				// A pull request takes a comment of 65,536 characters.
				if before, _, folded := strings.Cut(b.String(), "<details>"); !folded || len(before) > 4000 || b.Len() > 20_000 {
					t.Errorf("%s: %d bytes, %d of them before what is folded", r.Word(), b.Len(), len(before))
				}
			}
		}
	}
}

// However many figures and runs there are, the Markdown stays one that a pull request takes.
func TestComparisonMarkdownBounded(t *testing.T) {
	r := reportstest.Comparison()
	for i := range 2000 {
		r.Rows = append(r.Rows, r.Rows[7+i%10])
		r.Base.Runs, r.New.Runs = append(r.Base.Runs, r.Base.Runs[i%2]), append(r.New.Runs, r.New.Runs[i%2])
	}
	var b bytes.Buffer
	if err := render.ComparisonMarkdown(&b, r); err != nil || b.Len() > 30_000 || !strings.Contains(b.String(), "figures more") || !strings.Contains(b.String(), "base, 1,985 more") {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
}
