package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The generator and the target have a core each.
const (
	generatorCore = "0"
	targetCore    = "1"
)

// placed says on which cores a generator and its target run, and whether they share one, as two cores and a target do
// on a machine with two. A target that shares does not spin.
func placed(cores, available int) (generator, target string, shared bool) {
	switch {
	case cores < 2:
		return generatorCore, targetCore, false
	case available > 2:
		return "0,1", "2", false
	}
	return "0,1", targetCore, true
}

// bench is what all measurements share.
type bench struct {
	settings
	ctx   context.Context
	tools []tool
	// programs holds the binaries of the tools and the target; a peer that was not built is missing there.
	programs string
	andon    string
	work     string
	// alone gives each run a network of its own, so that none finds the connections that another left in TIME_WAIT. It
	// takes rights that not everybody has.
	alone bool
	// shielded says that nothing else may run on the generator's core.
	shielded bool
	runs     int
	noise    noise
	progress io.Writer
}

// program is the path of a tool's binary.
func (b *bench) program(name string) string {
	switch name {
	case "andon":
		return b.andon
	case "wrk", "h2load":
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return filepath.Join(b.programs, name)
}

func (b *bench) built(name string) bool {
	_, err := os.Stat(b.program(name))
	return err == nil
}

// outcome is what came of one run of a tool.
type outcome struct {
	used
	said
	counts
	// complaint is the last that the tool wrote to its standard error.
	complaint string
	// log holds the calls of the schedule; it is empty in a closed loop.
	log []call
	// dir is where the tool left its files, until they are removed.
	dir string
}

// measure runs a tool against a new target.
func (b *bench) measure(t tool, j job, behaviour ...string) (o outcome, err error) {
	b.runs++
	j.dir = filepath.Join(b.work, strconv.Itoa(b.runs))
	o.dir = j.dir
	if err := os.Mkdir(j.dir, 0o777); err != nil {
		return o, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(j.dir))
		}
	}()
	if !j.closed() {
		// Twice as many as are asked for, for tools that send more.
		behaviour = append(behaviour, "-log", filepath.Join(j.dir, "target.log"), "-calls", strconv.Itoa(2*j.calls()+j.callers))
	}
	scheme := "http"
	if j.secure {
		scheme = "https"
		behaviour = append(behaviour, "-tls", filepath.Join(j.dir, authority))
	}
	s, err := b.startTarget(behaviour, j.cores)
	if err != nil {
		return o, err
	}
	defer s.stop()
	j.url = fmt.Sprintf("%s://127.0.0.1:%d%s", scheme, s.port, path)
	if err := prepare(t, j); err != nil {
		return o, err
	}
	c := t.command(j)
	c.args = append([]string{b.program(t.program)}, c.args...)
	text, err := b.drive(&o, s, c, j)
	if err != nil {
		return o, err
	}
	if o.said, err = t.report(b, j, text); err != nil && !(j.closed() && errors.Is(err, errNoPercentiles)) {
		return o, fmt.Errorf("no report (exit code %d, %s): %s", o.Code, o.complaint, strings.ReplaceAll(err.Error(), j.dir+"/", ""))
	}
	if j.closed() {
		return o, nil
	}
	data, err := os.ReadFile(filepath.Join(j.dir, "target.log"))
	if err != nil {
		return o, err
	}
	warmup := 0
	if t.warms {
		warmup = j.callers
	}
	o.log, err = parseLog(data, warmup)
	return o, err
}

// drive runs the tool's command against a target, stops that, and notes what others took of the cores meanwhile.
func (b *bench) drive(o *outcome, s *target, c command, j job) (output []byte, err error) {
	began := time.Now()
	cores, _, _ := placed(j.cores, runtime.NumCPU())
	generator, target, err := busy()
	if err != nil {
		return nil, err
	}
	network := 0
	if b.alone {
		network = s.process.Process.Pid
	}
	var complaint []byte
	if o.used, output, complaint, err = run(b.ctx, j.dir, cores, network, c, j.length+time.Minute); err != nil {
		return nil, err
	}
	o.complaint = lastWords(complaint)
	if o.counts, err = s.stop(); err != nil {
		return nil, err
	}
	generatorNow, targetNow, err := busy()
	if err != nil {
		return nil, err
	}
	// A generator on two cores may share one with the target; then nobody can say what others took.
	if j.cores > 1 {
		return output, nil
	}
	b.noise.add(time.Since(began), generatorNow-generator, o.CPU, targetNow-target, o.counts.cpu)
	return output, nil
}

// prepare writes the files that a tool needs.
func prepare(t tool, j job) error {
	if err := os.WriteFile(filepath.Join(j.dir, "body.json"), []byte(body), 0o666); err != nil || t.file == nil {
		return err
	}
	name, text := t.file(j)
	return os.WriteFile(filepath.Join(j.dir, name), []byte(text), 0o666)
}

// target is a running target.
type target struct {
	process *exec.Cmd
	output  *bufio.Reader
	port    int
	stopped bool
}

// ownNetwork starts a process in a network namespace of its own.
var ownNetwork = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}

// canBeAlone reports whether this user may make network namespaces.
func canBeAlone() bool {
	c := exec.Command("true")
	c.SysProcAttr = ownNetwork
	return c.Run() == nil
}

func (b *bench) startTarget(behaviour []string, cores int) (*target, error) {
	_, core, shared := placed(cores, runtime.NumCPU())
	args := append([]string{"-c", core, filepath.Join(b.programs, "target")}, behaviour...)
	if !shared {
		args = append(args, "-spin")
	}
	if b.alone {
		args = append(args, "-alone")
	}
	t := &target{process: exec.CommandContext(b.ctx, "taskset", args...)}
	if b.alone {
		t.process.SysProcAttr = ownNetwork
	}
	t.process.Stderr = os.Stderr
	pipe, err := t.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := t.process.Start(); err != nil {
		return nil, err
	}
	t.output = bufio.NewReader(pipe)
	line, err := t.output.ReadString('\n')
	if err == nil {
		t.port, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		_, _ = t.stop()
		return nil, fmt.Errorf("the target did not start: %w", err)
	}
	return t, nil
}

// stop ends the target and gives what it counted; a second call does nothing.
func (t *target) stop() (counts, error) {
	if t.stopped {
		return counts{}, nil
	}
	t.stopped = true
	if err := t.process.Process.Signal(syscall.SIGTERM); err != nil {
		return counts{}, err
	}
	text, err := io.ReadAll(t.output)
	if err := errors.Join(err, t.process.Wait()); err != nil {
		return counts{}, fmt.Errorf("the target failed: %w", err)
	}
	return parseCounts(string(text))
}

// size sums the files below a path.
func size(path string) (bytes int64, err error) {
	err = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}
