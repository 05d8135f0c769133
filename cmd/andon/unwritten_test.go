package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A report is written whole or not at all. Where it cannot be written it is printed, and the exit code tells what came
// of the run, or that there is no report where that was a pass.
func TestReportUnwritten(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("it takes a file system that is full, and root to mount one")
	}
	dir, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	sh := func(script string) (code int, stdout, stderr string) {
		t.Helper()
		cmd := exec.Command("sh", "-c", script)
		var out, said bytes.Buffer
		cmd.Dir, cmd.Stdout, cmd.Stderr = work, &out, &said
		cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		err := cmd.Run()
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			code = ended.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		return code, out.String(), said.String()
	}
	for name, text := range map[string]string{
		"good.yaml": "load: [{rate: 40/s, for: 500ms}]\nlimits: {lag: 1m}\n",
		"bad.yaml":  "load: [{rate: 40/s, for: 500ms}]\nlimits: {lag: 1m}\nthresholds: [count(ok) == 0]\n",
	} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, said := sh("mkdir there; unshare -m mount -t tmpfs none there"); code != 0 {
		t.Skip(said)
	}
	if code, _, said := sh("andon run good.yaml --plain --out good >good.txt && andon verify --engine description --tag token --out verified >verified.txt; andon run bad.yaml --plain --out bad >bad.txt"); code != 1 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	const (
		full     = "unshare -m sh -c 'mount -t tmpfs -o size=12k none there && "
		readOnly = "unshare -m sh -c 'mount -t tmpfs -o ro none there && "
		left     = "; C=$?; ls -A there/out >&2; exit $C'"
	)
	for _, c := range []struct {
		script string
		code   int
		shown  string
		says   []string
	}{
		{full + "andon report good --format markdown,html,json --out there/out" + left, 3, "PASS", []string{"not all of the report can be written", "report.html", "no space left on device", "report.md"}},
		{full + "andon report bad --format html --out there/out" + left, 1, "FAIL", []string{"report.html", "no space left on device"}},
		{readOnly + "andon report good --format all --out there/out'", 3, "PASS", []string{"read-only file system"}},
		{full + "andon report verified --format all --out there/out" + left, 3, "PASS", []string{"not all of the report can be written", "no space left on device"}},
		// What was in a file that is added to stays as it was: its last page has room for six bytes.
		{full + "printf %4090s x >there/step; head -c 8192 /dev/zero >there/rest; GITHUB_STEP_SUMMARY=there/step andon report good --format markdown >shown; C=$?; wc -c there/step; exit $C'", 0,
			"4090 there/step", []string{"the step's summary cannot be written", "no space left on device"}},
	} {
		code, stdout, stderr := sh(c.script)
		if code != c.code || !strings.Contains(stdout, c.shown) {
			t.Errorf("%s: exit code %d, want %d, with %s: %s%s", c.script, code, c.code, c.shown, stdout, stderr)
		}
		for _, want := range c.says {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: it does not say %q: %s", c.script, want, stderr)
			}
		}
		if n := strings.Count(stderr, "read-only file system"); n > 2 {
			t.Errorf("%s: it says the same %d times: %s", c.script, n, stderr)
		}
		if strings.Contains(stderr, ".tmp") {
			t.Errorf("%s: it leaves something behind, or tells of it: %s", c.script, stderr)
		}
	}
}
