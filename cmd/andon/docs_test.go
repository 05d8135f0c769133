package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/reports/live"
)

// documents are what users and contributors read.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	texts := map[string]string{}
	for _, name := range []string{"README.md", ".github/CONTRIBUTING.md", "cmd/andon/README.md", "contracts/README.md", "reports/README.md",
		"scenarios/README.md", "scenarios/attack/README.md", "scenarios/fleet/README.md", "scenarios/gate/README.md", "scenarios/capacity/README.md",
		"reports/compare/README.md"} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

// Every command line that is documented is one that andon takes: the command is there, and so are the flags.
func TestDocumentedCommands(t *testing.T) {
	lines := 0
	for name, text := range documents(t) {
		if name == "scenarios/attack/README.md" {
			continue // those of other programs
		}
		shell, console := false, false
		for i, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "```") {
				shell, console = line == "```sh", line == "```console"
			}
			if console { // it is run: see TestWorkedExamples
				continue
			}
			words := shellWords(line)
			for len(words) > 0 && strings.Contains(words[0], "=") {
				words = words[1:] // a variable
			}
			// A usage line is no call.
			if !shell && !strings.HasPrefix(line, "    ") || len(words) == 0 || words[0] != "andon" || strings.Contains(line, "[flags]") {
				continue
			}
			lines++
			if err := understood(words[1:]); err != nil {
				t.Errorf("%s:%d: %s: %v", name, i+1, strings.TrimSpace(line), err)
			}
		}
	}
	if lines < 50 {
		t.Errorf("only %d command lines were found", lines)
	}
}

// understood reports what is wrong with a command line, without running it.
func understood(words []string) error {
	root := (&command{stdout: &output{Writer: io.Discard}, stderr: live.NewWriter(io.Discard)}).root()
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	arguments := cmd.Flags().Args()
	if cmd.HasSubCommands() && !cmd.Runnable() {
		return cobra.NoArgs(cmd, arguments)
	}
	return cmd.ValidateArgs(arguments)
}

// shellWords splits a line as a shell does, up to a comment, a pipe or a redirection, or to a note behind three spaces.
func shellWords(line string) (words []string) {
	line, _, _ = strings.Cut(strings.TrimSpace(line), "   ")
	word, quote, begun := "", rune(0), false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case !begun && strings.ContainsRune("#|>", r):
			return words
		case r == ' ':
			if begun {
				words = append(words, word)
			}
			word, begun = "", false
		default:
			word, begun = word+string(r), true
		}
	}
	return words
}

var (
	link     = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	makeLine = regexp.MustCompile("(?m)(?:^    |`)make ([a-z-]+)")
	makeRule = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// What a document points to is there: files, and what make makes.
func TestDocumentedPlaces(t *testing.T) {
	root := filepath.Join("..", "..")
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	makes := map[string]bool{}
	for _, m := range makeRule.FindAllStringSubmatch(string(makefile), -1) {
		makes[m[1]] = true
	}
	links := 0
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			links++
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(filepath.FromSlash(name)), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, m := range makeLine.FindAllStringSubmatch(text, -1) {
			if !makes[m[1]] {
				t.Errorf("%s: the Makefile makes no %s", name, m[1])
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
}
