package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// worked are the documents with examples that are run as they are written: blocks of YAML whose first line names a file
// are that file, and in a block of console what stands behind "$ " is given to bash, whose answer has the lines below
// it, in their order. Numbers may be others, and … is anything.
var worked = []string{"scenarios/gate/README.md", "reports/compare/README.md", "scenarios/capacity/README.md"}

func TestWorkedExamples(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	binary := plainBinary(t)
	for _, name := range worked {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			example := readExample(t, string(text))
			if len(example.steps) < 3 {
				t.Fatalf("only %d commands were found", len(example.steps))
			}
			// Where others have the processors, a run has no verdict: the example is tried anew, from its beginning.
			for tries := 3; ; tries-- {
				err := example.run(t.TempDir(), binary)
				if err == nil {
					return
				}
				if tries == 1 {
					t.Fatal(err)
				}
				t.Logf("tried anew: %v", err)
			}
		})
	}
}

// example is what a document has to be run.
type example struct {
	files map[string]string
	steps []step
}

type step struct {
	line    int
	command string
	answers []string
}

func readExample(t *testing.T, text string) example {
	t.Helper()
	e := example{files: map[string]string{}}
	block, file := "", ""
	for i, line := range strings.Split(text, "\n") {
		if rest, fence := strings.CutPrefix(line, "```"); fence {
			block, file = rest, ""
			continue
		}
		switch block {
		case "yaml":
			if named, ok := strings.CutPrefix(line, "# "); ok && file == "" && strings.HasSuffix(named, ".yaml") {
				file = named
			} else if file == "" {
				file = "-" // a part of something
			}
			if file != "-" {
				e.files[file] += line + "\n"
			}
		case "console":
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				e.steps = append(e.steps, step{line: i + 1, command: command})
			} else if n := len(e.steps); n > 0 && line != "" {
				e.steps[n-1].answers = append(e.steps[n-1].answers, line)
			}
		}
	}
	return e
}

var ports = regexp.MustCompile(`127\.0\.0\.1:(8\d{3})`)

// run runs the steps in one shell, in a folder. Ports that others may have are replaced by free ones.
func (e example) run(dir, binary string) error {
	free := map[string]string{}
	var listeners []net.Listener
	local := func(text string) string {
		return ports.ReplaceAllStringFunc(text, func(address string) string {
			if free[address] == "" {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return address
				}
				listeners = append(listeners, ln)
				free[address] = ln.Addr().String()
			}
			return free[address]
		})
	}
	for name, text := range e.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(local(text)), 0o666); err != nil {
			return err
		}
	}
	var script strings.Builder
	script.WriteString("trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\ncode=0\n")
	for i, s := range e.steps {
		command := local(s.command)
		fmt.Fprintf(&script, "(exit $code); { %s\n} >%d.said 2>&1\ncode=$?\n", command, i)
		if strings.HasSuffix(command, "&") {
			_, port, _ := strings.Cut(ports.FindString(s.command), ":")
			_, port, _ = strings.Cut(free["127.0.0.1:"+port], ":")
			fmt.Fprintf(&script, "for n in {1..200}; do (exec 3<>/dev/tcp/127.0.0.1/%s) 2>/dev/null && break; sleep 0.05; done\n", port)
		}
	}
	for _, ln := range listeners {
		_ = ln.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir, "ANDON_TOKEN=", "CI=true")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil && ctx.Err() != nil {
		return fmt.Errorf("it does not end: %w: %s", err, said.String())
	}
	var wrong []error
	for i, s := range e.steps {
		answer, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.said", i)))
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		rest := squeezed(string(answer))
		for _, want := range s.answers {
			at := answering(want).FindStringIndex(rest)
			if at == nil {
				wrong = append(wrong, fmt.Errorf("line %d: %s: it does not answer %q:\n%s", s.line, s.command, want, answer))
				break
			}
			rest = rest[at[1]:]
		}
	}
	return errors.Join(wrong...)
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

var number = regexp.MustCompile(`\d[\d,.]*`)

// answering is the pattern of a line of an answer.
func answering(line string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(squeezed(line))
	pattern = strings.ReplaceAll(pattern, "…", ".*?")
	return regexp.MustCompile(number.ReplaceAllLiteralString(strings.ReplaceAll(pattern, `\.`, "."), `\d[\d,.]*`))
}

// What an answer has to say is looked for as it is meant: any number for a number, and words in their order.
func TestWorkedAnswers(t *testing.T) {
	for _, c := range []struct {
		line, said string
		want       bool
	}{
		{"PASS  190 cases held.", "x PASS 7 cases held. y", true},
		{"p95 12.5 ms … (exit code 1)", "p95 1,024 ms and more (exit code 1)", true},
		{"PASS  190 cases held.", "FAIL 190 cases held.", false},
		{"a (b)", "a b", false},
	} {
		if got := answering(c.line).MatchString(squeezed(c.said)); got != c.want {
			t.Errorf("%q in %q: %t", c.line, c.said, got)
		}
	}
	e := example{files: map[string]string{}, steps: []step{{1, "echo one; (exit 3)", []string{"one"}}, {2, "echo $?", []string{"3"}}, {3, "echo two", []string{"three"}}}}
	if err := e.run(t.TempDir(), plainBinary(t)); err == nil || !strings.Contains(err.Error(), "line 3") || strings.Contains(err.Error(), "line 1") {
		t.Error(err)
	}
}
