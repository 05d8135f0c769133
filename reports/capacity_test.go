package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Of capacity.json alone every report is made again, byte for byte, whatever the target sent.
func TestKeepSizing(t *testing.T) {
	dir := t.TempDir()
	if err := KeepSizing(dir, reportstest.Sizing()); err != nil {
		t.Fatal(err)
	}
	if found, err := Searched(dir); err != nil || !found {
		t.Errorf("searched: %t, %v", found, err)
	}
	remade(t, dir, sizing.Document(), CapacityFormats(), sizing.File, pageFile, markdownFile)
}

// The same word means the same file, of a run, of a verification and of a search; and what a search lacks is named with
// what there is.
func TestChooseCapacity(t *testing.T) {
	all, err := ChooseCapacity("all")
	if err != nil || len(all) != 7 {
		t.Fatal(all, err)
	}
	for _, f := range all {
		if f.Name == "prometheus" || f.Name == "json" {
			continue
		}
		if of, err := Choose(f.Name); err != nil || of[0].File != f.File {
			t.Errorf("%s: %+v, %v", f.Name, of, err)
		}
	}
	for list, want := range map[string]string{
		"jsn":  `did you mean "json"?`,
		"hgrm": "the format hgrm is of a run alone, which has measured times; a search for capacity, whose trials are runs, has terminal, html, markdown, json, junit, github, prometheus",
		"csv,": "the format csv is of a run alone", "sarif": "the format sarif is of a run alone",
	} {
		if _, err := ChooseCapacity(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
	if _, err := Choose("prometheus"); err == nil || !strings.Contains(err.Error(), "the format prometheus is of a search for capacity or a comparison alone; a run has terminal, html") {
		t.Errorf("of a run: %v", err)
	}
	if _, err := ChooseVerification("prometheus"); err == nil || !strings.Contains(err.Error(), "is of a search for capacity or a comparison alone; a verification has terminal, html") {
		t.Errorf("of a verification: %v", err)
	}
}

// A directory is of one thing, and what is not yet there is told.
func TestSearched(t *testing.T) {
	with := func(files ...string) string {
		dir := t.TempDir()
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for _, c := range []struct {
		dirs []string
		want bool
		err  string
	}{
		{[]string{with()}, false, ""},
		{[]string{with("summary.json")}, false, ""},
		{[]string{with(sizing.File, sizing.StateFile)}, true, ""},
		{[]string{with("summary.json"), with(sizing.File)}, false, "of a search for capacity, and searches are merged with nothing"},
		{[]string{with(sizing.File, "summary.json")}, false, "holds capacity.json of a search for capacity and summary.json of a run: move one"},
		{[]string{with(sizing.File, "verification.json")}, false, "holds capacity.json of a search for capacity and verification.json of a verification: move one"},
		{[]string{with(sizing.StateFile)}, false, "has no answer yet (capacity.json is missing): go on with it, or report one of its trials"},
	} {
		got, err := Searched(c.dirs...)
		if got != c.want || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%v: %t, %v", c.dirs, got, err)
		}
	}
}

// set puts a text in the place of every text of a document but those that are words of andon's own.
func set(v any, to string) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			_, word := value.(string)
			if !word || !slices.Contains([]string{"schema", "kind", "unit", "verdict", "outcome", "answer", "status", "ended", "started"}, key) || key == "status" && !isVerdict(value) {
				v[key] = set(value, to)
			}
		}
	case []any:
		for i := range v {
			v[i] = set(v[i], to)
		}
	case string:
		return to
	}
	return v
}

func isVerdict(v any) bool { return v == summary.Pass || v == summary.Fail || v == summary.NoVerdict }

// foreign are texts that somebody made up.
func foreign() []string {
	return []string{
		reportstest.Hostile, reportstest.Commands, "]]><script>alert(1)</script>", "::error::owned", "\u3000::error::owned", "\x1b[2J\x00\xff\ufeff\u2028", "|`|`|", "<!--",
		strings.Repeat("<script>]]>\x00\n", 1<<12/13), strings.Repeat("`", 4000), strings.Repeat("\n", 4000),
	}
}

// Every format takes what a provider made up, keeps it inert, and does not grow with it.
func TestSearchesAreInert(t *testing.T) {
	for _, text := range foreign() {
		data, err := json.Marshal(reportstest.Sizing())
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
		if err := os.WriteFile(filepath.Join(dir, sizing.File), data, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := sizing.Document().Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		checkInert(t, r, r.Verdict.Status, CapacityFormats())
	}
}

// checkInert holds all formats of a document with foreign texts against what they may say.
func checkInert[T any](t *testing.T, document T, verdict string, formats []DocumentFormat[T]) {
	t.Helper()
	for _, f := range formats {
		if f.Name == "html" || f.Name == "json" {
			continue // the page has a test of its own; JSON is data, and quotes it as it came
		}
		var b bytes.Buffer
		if err := f.Render(&b, document, render.Options{}); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		out := b.Bytes()
		if i := bytes.IndexFunc(out, func(r rune) bool {
			return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x2028)
		}); i >= 0 {
			t.Errorf("%s: a control character: %q", f.Name, out[i:min(i+20, len(out))])
		}
		if !utf8.Valid(out) {
			t.Errorf("%s: invalid UTF-8", f.Name)
		}
		if len(out) > 250_000 {
			t.Errorf("%s takes %d bytes", f.Name, len(out))
		}
		switch f.Name {
		case "markdown":
			reportstest.CheckNoCommand(t, f.Name, out)
			if outside := reportstest.OutsideCode(string(out)); strings.Contains(outside, "<script") || strings.Contains(outside, "[link]") {
				t.Error("markdown is live")
			}
		case "junit":
			if bytes.Contains(out, []byte("<script")) || bytes.Contains(out, []byte("]]>")) {
				t.Error("junit is live")
			}
			reportstest.CheckJUnit(t, out, verdict)
		case "github":
			reportstest.CheckAnnotations(t, out)
		case "sarif":
			reportstest.CheckSARIF(t, out)
		default:
			reportstest.CheckNoCommand(t, f.Name, out)
		}
		if t.Failed() {
			t.Fatalf("%s: %.300q", f.Name, out)
		}
	}
}

// The test cases agree with the verdict, of whatever kind it is.
func TestCapacityAsTestCases(t *testing.T) {
	r := reportstest.Sizing()
	for status, code := range map[string]int{summary.Pass: 0, summary.Fail: 1, summary.NoVerdict: 3} {
		r.Verdict = summary.Verdict{Status: status, ExitCode: code, Causes: []string{"A cause."}}
		r.Need.Answer = map[int]string{0: sizing.Yes, 1: sizing.No, 3: sizing.Undecided}[code]
		for _, f := range CapacityFormats() {
			var b bytes.Buffer
			if err := f.Render(&b, r, render.Options{}); err != nil {
				t.Fatal(err)
			}
			switch f.Name {
			case "junit":
				reportstest.CheckJUnit(t, b.Bytes(), status)
			case "github":
				reportstest.CheckAnnotations(t, b.Bytes())
				if level := map[int]string{0: "::notice ", 1: "::error ", 3: "::error "}[code]; !strings.HasPrefix(b.String(), level+"title=andon capacity mixed%3A "+r.Word()) {
					t.Errorf("%s: %q", status, b.String())
				}
			}
		}
	}
}
