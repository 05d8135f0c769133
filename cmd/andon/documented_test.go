package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon"
)

// placeholder is what stands for an argument in a line of usage.
var placeholder = regexp.MustCompile(` [A-Z]{2,}( |$)`)

// The documented commands that send nothing are run as they stand, with the files there that they name; those that send
// are run by the worked examples and by scripts.
func TestDocumentedCommandsRun(t *testing.T) {
	texts := documents(t)
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"openapi.yaml": string(andon.Spec), "candidate.yaml": string(andon.Spec),
		"my.yaml": "name: my\nload: [{rate: 10/s, for: 1s}]\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// What is in the documents as a file is one.
	for _, text := range texts {
		for name, content := range readExample(t, text).files {
			if err := os.WriteFile(filepath.Base(name), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	silent := []string{"scenarios ", "plan ", "contracts list", "contracts show", "contracts diff", "deviations schema", "gate schema", "gate init", "completion"}
	lines := map[string]bool{}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			said := strings.Join(shellWords(line), " ")
			if shell := strings.HasPrefix(line, "andon ") || strings.HasPrefix(line, "    andon "); !shell || strings.ContainsAny(said, "…[") || placeholder.MatchString(said) {
				continue
			}
			for _, of := range silent {
				if strings.HasPrefix(said+" ", "andon "+of) {
					lines[said] = true
				}
			}
		}
	}
	for said := range lines {
		var out, log bytes.Buffer
		_ = os.Remove("gate.yaml")
		if code := execute(shellWords("    " + said)[1:], &out, &log); code != 0 || out.Len()+log.Len() == 0 {
			t.Errorf("%s ends with %d: %s", said, code, log.String())
		}
	}
	if len(lines) < 10 {
		t.Errorf("only %d lines were run: %v", len(lines), lines)
	}
}
