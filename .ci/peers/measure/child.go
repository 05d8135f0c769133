package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// used is what a process took.
type used struct {
	CPU time.Duration
	// Memory is the largest resident size, in bytes.
	Memory int64
	Wall   time.Duration
	// Code is how it exited.
	Code int
}

// A process inherits the peak of whoever starts it, up to the moment at which it becomes another program. So that this
// is little, and the same for all, each tool is started by a small process: this program again, as "child FILE CORES
// PID COMMAND…", which writes what the command took to the file. It also moves to the cores and into the network of the
// process, if that is not 0: programs that do this and become another (taskset, nsenter) would be counted with that.

func childMain(file, cores, network string, args []string) error {
	runtime.LockOSThread() // which the command inherits from
	if err := errors.Join(moveTo(cores), enter(network)); err != nil {
		return err
	}
	c := exec.Command(args[0], args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	began := time.Now()
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	u := c.ProcessState.SysUsage().(*syscall.Rusage)
	data, err := json.Marshal(used{
		CPU: time.Duration(u.Utime.Nano() + u.Stime.Nano()), Memory: u.Maxrss << 10, Wall: time.Since(began), Code: c.ProcessState.ExitCode(),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o666)
}

// moveTo keeps the thread on some cores, such as 0,1.
func moveTo(cores string) error {
	var on unix.CPUSet
	for core := range strings.SplitSeq(cores, ",") {
		n, err := strconv.Atoi(core)
		if err != nil {
			return err
		}
		on.Set(n)
	}
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &on))
}

// enter moves the thread into the network of a process.
func enter(process string) error {
	if process == "0" {
		return nil
	}
	f, err := os.Open("/proc/" + process + "/ns/net")
	if err != nil {
		return err
	}
	defer f.Close()
	return os.NewSyscallError("setns", unix.Setns(int(f.Fd()), unix.CLONE_NEWNET))
}

// run runs a command on the generator's cores, in the network of a process if that is not 0, and says what it took and
// wrote. An exit code is no error here: a load tester may be unhappy with what it measured.
func run(ctx context.Context, dir, cores string, network int, c command, limit time.Duration) (u used, output, complaint []byte, err error) {
	self, err := os.Executable()
	if err != nil {
		return u, nil, nil, err
	}
	file := filepath.Join(dir, "used.json")
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	child := exec.CommandContext(ctx, self, append([]string{"child", file, cores, strconv.Itoa(network)}, c.args...)...)
	child.Dir = dir
	child.Stdin = strings.NewReader(c.input)
	// What is given up takes along what it has started.
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	child.Stdout, child.Stderr = &stdout, &stderr
	err = child.Run()
	if ctx.Err() != nil {
		return u, nil, nil, fmt.Errorf("it was given up after %s: %w", limit, ctx.Err())
	}
	if err == nil {
		var data []byte
		if data, err = os.ReadFile(file); err == nil {
			err = json.Unmarshal(data, &u)
		}
	}
	return u, stdout.Bytes(), stderr.Bytes(), err
}

// lastWords joins the last lines of a text that have any words.
func lastWords(text []byte) string {
	var lines []string
	for line := range bytes.Lines(text) {
		if bytes.ContainsFunc(line, unicode.IsLetter) {
			lines = append(lines, string(bytes.TrimSpace(line)))
		}
	}
	return strings.Join(lines[max(0, len(lines)-3):], "; ")
}
