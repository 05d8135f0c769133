package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

// tree reads all files below a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

// Of verification.json alone every report is made again, byte for byte, whatever the target sent.
func TestKeepVerification(t *testing.T) {
	all := VerificationFormats()
	few := reportstest.Verification(summary.CheckHeld, summary.CheckSkipped)
	few.Decide("")
	for name, v := range map[string]summary.Verification{"found": reportstest.Found(), "few": few, "covered": reportstest.Covered()} {
		dir := t.TempDir()
		if err := KeepVerification(dir, v, []byte("openapi: 3.1.0\n"), all...); err != nil {
			t.Fatal(err)
		}
		kept := tree(t, dir)
		if len(kept) != len(all)+1 || kept["openapi.yaml"] != "openapi: 3.1.0\n" {
			t.Errorf("%s: %d files", name, len(kept))
		}
		// In place of what was there, and elsewhere.
		for _, to := range []string{dir, filepath.Join(t.TempDir(), "a", "b")} {
			alone := t.TempDir()
			if err := os.Rename(filepath.Join(dir, summary.VerificationFile), filepath.Join(alone, summary.VerificationFile)); err != nil {
				t.Fatal(err)
			}
			v, err := summary.VerificationDocument().Read(alone)
			if err != nil {
				t.Fatal(err)
			}
			if to == dir {
				for file := range kept {
					if file != summary.VerificationFile && file != "openapi.yaml" {
						if err := os.Remove(filepath.Join(dir, file)); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			paths, err := WriteDocument(to, v, all...)
			if err != nil || len(paths) != len(all) {
				t.Fatal(paths, err)
			}
			again := tree(t, to)
			for file, want := range kept {
				if got := again[file]; got != want && !(to != dir && file == "openapi.yaml") {
					t.Errorf("%s: %s differs: %.300q, want %.300q", name, file, got, want)
				}
			}
		}
	}
	// Some of the formats: the one source is there all the same.
	dir := t.TempDir()
	junit, err := ChooseVerification("junit")
	if err != nil {
		t.Fatal(err)
	}
	if err := KeepVerification(dir, few, nil, junit...); err != nil {
		t.Fatal(err)
	}
	if files := tree(t, dir); len(files) != 3 || files["verification.json"] == "" || files["junit.xml"] == "" {
		t.Errorf("there are %d files", len(files))
	}
	// What could not be written has no path.
	taken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(taken, "junit.xml", "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	if paths, err := WriteDocument(taken, few, append(all[:1:1], junit...)...); err == nil || len(paths) != 1 {
		t.Errorf("written: %q, %v", paths, err)
	}
	if err := KeepVerification(filepath.Join(dir, "junit.xml"), few, nil, junit...); err == nil {
		t.Error("below a file one can be written")
	}
}

// Every format takes what a provider made up, keeps it inert, and does not grow with it.
func TestVerificationsAreInert(t *testing.T) {
	for _, text := range []string{
		reportstest.Hostile, reportstest.Commands, "]]><script>alert(1)</script>", "::error::owned", "\u3000::error::owned", "\x1b[2J\x00\xff\ufeff\u2028", "|`|`|", "<!--",
		strings.Repeat("<script>]]>\x00\n", 1<<16/13), strings.Repeat("`", 4000), strings.Repeat("\n", 4000),
	} {
		v := reportstest.Found()
		v.Target = text
		v.Verdict.Causes = append(v.Verdict.Causes, text)
		for i := range v.Checks {
			c := &v.Checks[i]
			c.Answer = text[:min(len(text), 2<<10)]
			if i%3 == 0 {
				c.Name, c.Proves, c.Reason, c.Pointer, c.Rule, c.Curl = text, text, text, text, text, text
			}
		}
		for _, f := range VerificationFormats() {
			var b bytes.Buffer
			if err := f.Render(&b, v, render.Options{}); err != nil {
				t.Fatal(err)
			}
			out := b.Bytes()
			if f.Name != "github" {
				reportstest.CheckNoCommand(t, f.Name, out)
			}
			if f.Name == "json" {
				continue // data, which quotes what came as it came
			}
			if i := bytes.IndexFunc(out, func(r rune) bool {
				return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x2028)
			}); i >= 0 {
				t.Errorf("%s: a control character of %.40q: %q", f.Name, text, out[i:min(i+20, len(out))])
			}
			if !utf8.Valid(out) {
				t.Errorf("%s: %.40q leads to invalid UTF-8", f.Name, text)
			}
			if len(out) > 300_000 {
				t.Errorf("%s: %.40q takes %d bytes", f.Name, text, len(out))
			}
			switch f.Name {
			case "github":
				reportstest.CheckAnnotations(t, out)
			case "html":
				if bytes.Contains(out, []byte("<script>alert")) || bytes.Contains(out, []byte("<script>]]>")) || bytes.Count(out, []byte("</script")) != 2 {
					t.Errorf("html: %.40q is live", text)
				}
			case "markdown":
				if outside := outsideBlocks(string(out)); strings.Contains(outside, "<script") || strings.Contains(outside, "[link](") {
					t.Errorf("markdown: %.40q is live: %s", text, outside)
				}
			case "sarif":
				reportstest.CheckSARIF(t, out)
			}
		}
	}
}

// outsideBlocks takes the code out of Markdown: fenced blocks (CommonMark 0.31, section 4.5), then spans.
func outsideBlocks(s string) string {
	var kept []string
	fence := ""
	for line := range strings.SplitSeq(s, "\n") {
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence == "" && len(ticks) >= 3 && line == ticks+"text":
			fence = ticks
		case fence != "" && line == ticks && len(ticks) >= len(fence):
			fence = ""
		case fence == "":
			kept = append(kept, line)
		}
	}
	if fence != "" {
		return s
	}
	return reportstest.OutsideCode(strings.Join(kept, "\n"))
}

// A directory is of a verification by its file, alone, and of nothing besides.
func TestVerified(t *testing.T) {
	run, verification, both := t.TempDir(), t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(run, "summary.json"), filepath.Join(both, "summary.json"), filepath.Join(verification, summary.VerificationFile), filepath.Join(both, summary.VerificationFile)} {
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		dirs []string
		want bool
		err  string
	}{
		{[]string{run}, false, ""}, {[]string{run, run}, false, ""}, {[]string{verification}, true, ""}, {[]string{filepath.Join(run, "nowhere")}, false, ""},
		{[]string{run, verification}, false, "merged with nothing"}, {[]string{verification, verification}, false, "merged with nothing"},
		{[]string{both}, false, "of a verification and summary.json of a run"},
	} {
		got, err := Verified(c.dirs...)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %v, %v", c.dirs, got, err)
		}
	}
}

// What is said once, in the summary of a step, is the Markdown.
func TestAppendVerification(t *testing.T) {
	path := filepath.Join(t.TempDir(), "step.md")
	v := reportstest.Found()
	for range 2 {
		if err := AppendVerification(path, v); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || bytes.Count(got, []byte("## ❌ FAIL: andon verify")) != 2 {
		t.Errorf("%.200q, %v", got, err)
	}
	if !slices.Contains(VerificationNames(), "github") {
		t.Error("there are no annotations")
	}
}

// Whatever verification can be read can be reported in every format, and no word in it is a runner's command.
func FuzzVerificationFormats(f *testing.F) {
	json, err := ChooseVerification("json")
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range []summary.Verification{reportstest.Found(), reportstest.Covered()} {
		var b bytes.Buffer
		if err := json[0].Render(&b, v, render.Options{}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"andon.verification/2","verdict":{"status":"pass"},"planned":1e9,"durationSeconds":1e308,"coverage":[{"kept":-1}],"choice":{},
		"deviations":[{"occurred":-9,"place":{}}],"checks":[{"verdict":"held","place":{"line":-1}},{"verdict":"broken","seconds":1e300,"deviation":1,"curl":"::x ##[y"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := summary.VerificationDocument().Parse("x", data)
		if err != nil {
			return
		}
		for _, format := range VerificationFormats() {
			var b bytes.Buffer
			if err := format.Render(&b, v, render.Options{Width: 40}); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
			if format.Name == "github" {
				reportstest.CheckAnnotations(t, b.Bytes())
			} else {
				reportstest.CheckNoCommand(t, format.Name, b.Bytes())
			}
		}
	})
}
