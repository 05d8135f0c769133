package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kaizenautomation/andon"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(withPlain{m}, map[string]func(){"andon": main})
}

// withPlain runs the tests with a place for the binary that has no race detector in it.
type withPlain struct{ *testing.M }

func (m withPlain) Run() int {
	dir, err := os.MkdirTemp("", "andon-plain")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	// Where the tests are a step of a workflow, what they report is not what the step has to say.
	for _, name := range []string{"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"} {
		if err := os.Unsetenv(name); err != nil {
			log.Fatal(err)
		}
	}
	// Scripts wait more than they work.
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		log.Fatal(err)
	}
	// A test that asks for it first may have gone to another folder.
	here, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	plain = sync.OnceValues(func() (string, error) { return dir, buildPlain(here, dir) })
	return m.M.Run()
}

// plain gives the folder of the andon that most scripts run: built when it is first asked for.
var plain func() (dir string, err error)

// buildPlain builds the binary as make does. With the race detector a command takes five times as long to start, and
// the scripts start a hundred; those in which goroutines meet ask for the detector by "raced". Without it the test
// binary itself is run.
func buildPlain(here, dir string) error {
	info, ok := debug.ReadBuildInfo()
	if !ok || !slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return nil
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s", "-o", filepath.Join(dir, "andon"), ".")
	build.Dir, build.Env = here, append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, text)
	}
	return nil
}

// plainBinary is the andon without the race detector.
func plainBinary(t *testing.T) string {
	dir, err := plain()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := exec.LookPath(filepath.Join(dir, "andon"))
	if err != nil {
		if binary, err = exec.LookPath("andon"); err != nil {
			t.Fatal(err)
		}
	}
	return binary
}

// begin begins a command in a process of its own, without the race detector, in the environment and folder of the test.
func begin(t *testing.T, stdout, stderr io.Writer, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(plainBinary(t), args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// plainly does what execute does, in a process of its own.
func plainly(t *testing.T, args []string, stdout, stderr io.Writer) (code int) {
	t.Helper()
	return ended(t, begin(t, stdout, stderr, args...))
}

// ended waits for a process, and gives its exit code.
func ended(t *testing.T, cmd *exec.Cmd) (code int) {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// usePlain has the commands of a script run by the binary that has no race detector in it. What the detector finds
// after "raced" fails the script in its end: a command that ends with another exit code than 0 keeps that.
func usePlain(e *testscript.Env) error {
	dir, err := plain()
	e.Setenv("PATH", dir+string(os.PathListSeparator)+e.Getenv("PATH"))
	races := filepath.Join(e.WorkDir, ".races")
	e.Setenv("GORACE", "log_path="+races)
	e.Defer(func() {
		found, _ := filepath.Glob(races + ".*")
		for _, name := range found {
			text, err := os.ReadFile(name)
			e.T().Fatal(string(text), err)
		}
	})
	return err
}

// raced has the commands of a script run with the race detector from here on, where the tests are.
func raced(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: raced")
	}
	_, path, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	ts.Setenv("PATH", path)
}

// TestScripts runs the scripts in testdata/script, whose names begin with the command that they are about.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Values[stopKey{}] = new(func())
			return errors.Join(usePlain(e), os.WriteFile(filepath.Join(e.WorkDir, "openapi.yaml"), andon.Spec, 0o666))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "ran": ran, "serving": serving, "signalled": signalled, "unread": unread, "edit": edit, "absent": absent, "stopped": stopped, "raced": raced,
			"atmost": atMost, "soon": soon,
		},
		RequireExplicitExec: true, UpdateScripts: *update, RequireUniqueNames: true,
	})
}

// exits CODE COMMAND… runs a command, which must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	if code := exitCode(ts, args[1:]); strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func exitCode(ts *testscript.TestScript, command []string) int {
	var exit *exec.ExitError
	if err := ts.Exec(command[0], command[1:]...); errors.As(err, &exit) {
		return exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	return 0
}

// ran CODE COMMAND… does the same for a run that the script needs a verdict of. Where others have the processors, such
// a run is generator-limited: it is tried anew, without what it wrote, five times at most.
func ran(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: ran CODE COMMAND…")
	}
	code := 0
	for range 5 {
		if code = exitCode(ts, args[1:]); code != noVerdict {
			break
		}
		if i := slices.Index(args, "--out"); i > 0 {
			ts.Check(os.RemoveAll(ts.MkAbs(args[i+1])))
		}
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// process starts a command in the script's directory and environment.
func process(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, args[0])); err == nil {
			path = filepath.Join(dir, args[0])
			break
		}
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "ANDON_TOKEN", "ANDON_WEBHOOK_SECRET", "HTTP_PROXY", "GORACE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

// serving COMMAND… starts a provider, puts its base URL into $URL, and stops it when the script ends.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	cmd := process(ts, args)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	_, url, found := strings.Cut(line, "serving POST ")
	if err != nil || !found {
		ts.Fatalf("it says %q, %q: %v", line, stderr.String(), err)
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(url), "http://"), "/")
	url = "http://" + host
	ts.Setenv("URL", url)
	ts.Setenv("HOSTPORT", strings.TrimPrefix(url, "http://"))
	*ts.Value(stopKey{}).(*func()) = func() {
		ts.Check(cmd.Process.Signal(os.Interrupt))
		rest, err := io.ReadAll(lines)
		ts.Check(err)
		ts.Check(cmd.Wait())
		ts.Check(os.WriteFile(ts.MkAbs("out.txt"), rest, 0o666))
		ts.Check(os.WriteFile(ts.MkAbs("err.txt"), stderr.Bytes(), 0o666))
	}
}

// stopKey finds the function that stops the script's last provider.
type stopKey struct{}

// stopped stops the last provider with an interrupt, upon which it must end with success, and keeps what it said since
// in out.txt and err.txt.
func stopped(ts *testscript.TestScript, neg bool, args []string) { (*ts.Value(stopKey{}).(*func()))() }

// signalled SIGNALS FILE SIZE COMMAND… runs a command, sends it the signals (KILL, INT, INT+INT, STOP+CONT) once the
// file has so many bytes, and keeps what it says in out.txt and err.txt, and its exit code in code.txt.
func signalled(ts *testscript.TestScript, neg bool, args []string) {
	observe(ts, args, func(*exec.Cmd) func() { return nil })
}

// unread STREAM SIGNALS FILE SIZE COMMAND… does the same with a command of which nobody reads the stdout, or stderr: a
// pipe that is full from the start. READ, among the signals, is a reader who comes.
func unread(ts *testscript.TestScript, neg bool, args []string) {
	r, w, err := os.Pipe()
	ts.Check(err)
	defer r.Close()
	ts.Check(w.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)))
	filled := 0
	for err == nil {
		var n int
		n, err = w.Write(make([]byte, 512))
		filled += n
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		ts.Check(err)
	}
	var text bytes.Buffer
	read := make(chan error, 1)
	observe(ts, args[1:], func(cmd *exec.Cmd) func() {
		if args[0] == "stdout" {
			cmd.Stdout = w
		} else {
			cmd.Stderr = w
		}
		return func() {
			go func() {
				_, err := text.ReadFrom(r)
				read <- err
			}()
		}
	})
	ts.Check(w.Close())
	if strings.Contains(args[1], "READ") {
		ts.Check(<-read)
		ts.Check(os.WriteFile(ts.MkAbs("read.txt"), text.Bytes()[filled:], 0o666))
	}
}

// observe starts a command whose output is kept, unless it is led elsewhere; what leads it there gives what is done at
// READ.
func observe(ts *testscript.TestScript, args []string, lead func(*exec.Cmd) (reader func())) {
	size, err := strconv.ParseInt(args[2], 10, 64)
	ts.Check(err)
	cmd := process(ts, args[3:])
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	reader := lead(cmd)
	ts.Check(cmd.Start())
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(ts.MkAbs(args[1])); err == nil && info.Size() >= size {
			break
		}
		if time.Since(began) > time.Minute {
			_ = cmd.Process.Kill()
			ts.Fatalf("%s has not grown to %d bytes: %s", args[1], size, stderr.String())
		}
	}
	for i, name := range strings.Split(args[0], "+") {
		if i > 0 {
			time.Sleep(200 * time.Millisecond)
		}
		if name == "-" {
			continue
		}
		if name == "READ" {
			reader()
			continue
		}
		ts.Check(cmd.Process.Signal(signalOf(name)))
	}
	hung := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	if !hung.Stop() {
		ts.Fatalf("it does not end: %s", stderr.String())
	}
	for name, text := range map[string]string{
		"out.txt": stdout.String(), "err.txt": stderr.String(), "code.txt": strconv.Itoa(cmd.ProcessState.ExitCode()) + "\n",
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o666))
	}
}

// edit FILE OLD NEW replaces a text that stands in a file once; \n is a line break.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	line := strings.NewReplacer(`\n`, "\n")
	text, old := ts.ReadFile(args[0]), line.Replace(args[1])
	if n := strings.Count(text, old); n != 1 {
		ts.Fatalf("%q stands %d times in %s", old, n, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, old, line.Replace(args[2]), 1)), 0o666))
}

// atmost FILE FIGURE TERM… fails where a figure of a JSON file is more than the sum of the terms, which are numbers and
// figures of the same file. A figure is named by the keys that lead to it, a.b.c.
func atMost(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: atmost FILE FIGURE TERM…")
	}
	figure := func(path string) float64 {
		var at any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &at))
		for key := range strings.SplitSeq(path, ".") {
			object, _ := at.(map[string]any)
			at = object[key]
		}
		number, ok := at.(float64)
		if !ok {
			ts.Fatalf("%s has no number at %s", args[0], path)
		}
		return number
	}
	bound := 0.0
	for _, term := range args[2:] {
		number, err := strconv.ParseFloat(term, 64)
		if err != nil {
			number = figure(term)
		}
		bound += number
	}
	if got := figure(args[1]); got > bound {
		ts.Fatalf("%s is %v, more than %v", args[1], got, bound)
	}
}

// soon sets $SOON to a moment that processes which are started now are there before, also where the machine is busy.
func soon(ts *testscript.TestScript, neg bool, args []string) {
	ts.Setenv("SOON", time.Now().Add(2500*time.Millisecond).UTC().Format(time.RFC3339Nano))
}

// absent TEXT DIR fails where any file below a directory holds a text.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	files := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(args[0])) {
			ts.Fatalf("%s holds %q", path, args[0])
		}
		return err
	}))
	if files == 0 {
		ts.Fatalf("%s has no files", args[1])
	}
}
