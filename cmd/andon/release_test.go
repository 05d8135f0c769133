package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A release is built as .goreleaser.yaml says. Here a program of two lines is, that stands where andon does and knows
// which it is by the same package, in two folders: it says what the linker has stamped, and each byte is the same.
// make release-check does so with andon.
func TestReleaseIsStampedAndReproducible(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var release struct {
		Builds []struct {
			Main                string
			Env, Flags, Ldflags []string
		}
	}
	if err := yaml.Unmarshal(text, &release); err != nil {
		t.Fatal(err)
	}
	if len(release.Builds) != 1 {
		t.Fatalf("found %d builds, want one", len(release.Builds))
	}
	built := release.Builds[0]
	stamps := strings.NewReplacer("{{ .Version }}", "1.2.3", "{{ .FullCommit }}", strings.Repeat("51a37183f0", 4), "{{ .CommitDate }}", "2026-11-26T20:54:48Z").
		Replace(strings.Join(built.Ldflags, " "))
	if strings.Contains(stamps, "{{") {
		t.Fatalf("%s: of a template in it nothing is known here", stamps)
	}
	source, err := os.ReadFile(filepath.Join(root, "reports", "build", "build.go"))
	if err != nil {
		t.Fatal(err)
	}
	var programs [2][]byte
	for i := range programs {
		dir := filepath.Join(t.TempDir(), strings.Repeat("deeper", i))
		for name, text := range map[string]string{
			"go.mod":                 "module github.com/kaizenautomation/andon\n\ngo 1.26\n",
			"reports/build/build.go": string(source),
			"cmd/andon/main.go":      "package main\n\nimport \"github.com/kaizenautomation/andon/reports/build\"\n\nfunc main() { println(build.Name(), build.Agent()) }\n",
		} {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		args := append(append([]string{"build", "-o", "program.exe", "-ldflags", stamps}, built.Flags...), built.Main)
		build := exec.Command("go", args...)
		build.Dir, build.Env = dir, append(append(os.Environ(), "GOFLAGS="), built.Env...)
		if said, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v: %s", args, err, said)
		}
		program := filepath.Join(dir, "program.exe")
		said, err := exec.Command(program).CombinedOutput()
		if want := "1.2.3 (51a37183f051, 2026-11-26) andon/1.2.3\n"; err != nil || string(said) != want {
			t.Errorf("found %q, %v; want %q", said, err, want)
		}
		if programs[i], err = os.ReadFile(program); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Error("built twice, the program has other bytes")
	}
}
