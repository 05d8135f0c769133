package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/kaizenautomation/andon/reports/text"
)

// TestOnTerminal runs the scripts in testdata/terminal, in which andon has a terminal of its own.
func TestOnTerminal(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/terminal",
		Setup:               func(e *testscript.Env) error { e.Setenv("HOME", e.WorkDir); return usePlain(e) },
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"onterminal": onTerminal, "fits": fits, "raced": raced},
		RequireExplicitExec: true,
	})
}

// onterminal KEYS VARIABLES COMMAND… runs a command on a terminal of 100 × 30, types the keys ("q@text+^C@other": q
// once the text is shown, then Ctrl-C once the other is), and keeps all that was written to the terminal in tty.txt and
// the exit code in code.txt. The terminal must be left as it was. VARIABLES are NAME=VALUE, separated by commas, or
// "-"; COLUMNS=60 makes the terminal as narrow. The key STOP is Ctrl-S: from then on nothing comes to the terminal.
func onTerminal(ts *testscript.TestScript, neg bool, args []string) {
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		ts.Fatalf("no terminal can be had: %v", err)
	}
	defer control.Close()
	fd := int(control.Fd())
	ts.Check(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	ts.Check(err)
	size := unix.Winsize{Row: 30, Col: 100}
	if _, columns, narrow := strings.Cut(args[1], "COLUMNS="); narrow {
		n, err := strconv.ParseUint(columns, 10, 16)
		ts.Check(err)
		size.Col = uint16(n)
	}
	ts.Check(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &size))
	terminal, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	ts.Check(err)
	defer terminal.Close()
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	ts.Check(err)

	cmd := process(ts, args[2:])
	cmd.Env = append(cmd.Env, "TERM=xterm-256color")
	if args[1] != "-" {
		cmd.Env = append(cmd.Env, strings.Split(args[1], ",")...)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(cmd.Start())
	var mu sync.Mutex
	var shown bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		b := make([]byte, 4096)
		for {
			n, err := control.Read(b)
			mu.Lock()
			shown.Write(b[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	seen := func(text string) int {
		mu.Lock()
		defer mu.Unlock()
		return strings.Count(shown.String(), text)
	}
	stopped := strings.Contains(args[0], "STOP")
	for _, step := range strings.Split(args[0], "+") {
		key, text, _ := strings.Cut(step, "@")
		for began := time.Now(); seen(text) == 0; time.Sleep(10 * time.Millisecond) {
			if time.Since(began) > 30*time.Second {
				_ = cmd.Process.Kill()
				ts.Fatalf("%q is not shown: %q", text, shown.String())
			}
		}
		if key == "STOP" {
			ts.Check(unix.IoctlSetInt(int(terminal.Fd()), unix.TCXONC, unix.TCOOFF))
			continue
		}
		_, err := io.WriteString(control, strings.ReplaceAll(key, "^C", "\x03"))
		ts.Check(err)
	}
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	if !hung.Stop() {
		ts.Fatalf("it does not end")
	}
	ts.Check(unix.IoctlSetInt(int(terminal.Fd()), unix.TCXONC, unix.TCOON))
	after, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	ts.Check(err)
	if *before != *after {
		ts.Fatalf("the terminal is not as it was: %+v, was %+v", after, before)
	}
	// With nobody left to write to it, a terminal ends after what was written last.
	_ = terminal.Close()
	select {
	case <-read:
	case <-time.After(30 * time.Second):
		ts.Fatalf("the terminal does not end")
	}
	mu.Lock()
	defer mu.Unlock()
	text := strings.ReplaceAll(shown.String(), "\r\n", "\n")
	if entered, left := strings.Count(text, "\x1b[?1049h"), strings.Count(text, "\x1b[?1049l"); entered != left && !stopped {
		ts.Fatalf("the alternate screen was entered %d times and left %d times", entered, left)
	}
	ts.Check(os.WriteFile(ts.MkAbs("tty.txt"), []byte(text), 0o666))
	ts.Check(os.WriteFile(ts.MkAbs("code.txt"), []byte(strconv.Itoa(cmd.ProcessState.ExitCode())+"\n"), 0o666))
}

// fits FILE COLUMNS holds each line of a file against a width. A path or a web address is one word, and may be longer.
func fits(ts *testscript.TestScript, neg bool, args []string) {
	columns, err := strconv.Atoi(args[1])
	ts.Check(err)
	plain := regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]").ReplaceAllString(ts.ReadFile(args[0]), "")
	for line := range strings.Lines(plain) {
		if line = strings.TrimRight(line, "\n"); text.Width(line) > columns && strings.Contains(strings.TrimSpace(line), " ") {
			ts.Fatalf("%d columns in %d: %q", text.Width(line), columns, line)
		}
	}
}
