// Command measure runs andon and other load testers against the same target, one after the other, and writes a page of
// Markdown that compares them.
package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// textLength is the length of the text in a call, whose whole body then has about 600 bytes.
const textLength = 560

// body is what all tools send but andon, which writes a text of the same length anew for each call.
var body = `{"content":[{"type":"text","text":"` + strings.Repeat("List the open tickets. ", 25)[:textLength] + `"}]}`

func main() {
	err := error(nil)
	if len(os.Args) > 5 && os.Args[1] == "child" {
		err = childMain(os.Args[2], os.Args[3], os.Args[4], os.Args[5:])
	} else {
		err = parentMain()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func parentMain() error {
	var (
		short    = flag.Bool("quick", false, "measure little, to see that everything works")
		programs = flag.String("programs", ".cache/peers", "`folder` with the target and the tools")
		andon    = flag.String("andon", "bin/andon", "andon's `binary`")
		version  = flag.String("andon-version", "unknown", "what to call its `version`")
		shared   = flag.Bool("one-network", false, "let runs meet the connections that earlier ones left in TIME_WAIT")
		out      = flag.String("o", "/dev/stdout", "`file` to write; what was written by hand at its end is kept")
		only     = flag.String("only", "", "the `parts` to measure, with commas between them, of "+strings.Join(partNames(), ", "))
	)
	flag.Parse()
	if runtime.NumCPU() < 2 {
		return fmt.Errorf("the generator and the target need a core each, and this machine has one")
	}
	work, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	ctx, release := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer release()
	b := &bench{ctx: ctx, tools: tools(), work: work, alone: !*shared && canBeAlone(), progress: os.Stderr}
	for place, path := range map[*string]string{&b.programs: *programs, &b.andon: *andon} {
		if *place, err = filepath.Abs(path); err != nil {
			return err
		}
	}
	b.settings = full
	if *short {
		b.settings = quick
	}
	if !*short {
		undo := func() {}
		undo, b.shielded = shield(allThreads)
		defer undo()
	}
	began := time.Now()
	tables, err := b.tables(*only)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	verdicts := judge(tables, bounds())
	page := b.page(tables, verdicts, *version, *short, time.Since(began)) + byHand(*out)
	if err := os.WriteFile(*out, []byte(page), 0o666); err != nil {
		return err
	}
	if *short {
		return nil
	}
	return b.complain(verdicts)
}

// complain tells which bounds do not hold. Of a machine that was too busy, none can be said to.
func (b *bench) complain(verdicts []verdict) error {
	failed := broken(verdicts)
	for _, v := range failed {
		fmt.Fprintln(b.progress, v)
	}
	switch {
	case len(verdicts) > 0 && b.noise.loud():
		return fmt.Errorf("nothing can be said of the %d bounds. %s", len(verdicts), &b.noise)
	case len(failed) > 0:
		return fmt.Errorf("%d of %d bounds do not hold. %s", len(failed), len(verdicts), &b.noise)
	}
	return nil
}

// handwritten is the line from which on a page is not measured.
const handwritten = "\n<!-- What follows is written by hand. -->\n"

// byHand is the end of a page that is there already.
func byHand(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	if i := bytes.Index(data, []byte(handwritten)); i >= 0 {
		return string(data[i:])
	}
	return ""
}

// page is everything that is written.
func (b *bench) page(tables []*table, verdicts []verdict, andonVersion string, short bool, took time.Duration) string {
	var w strings.Builder
	w.WriteString(introduction)
	if short {
		w.WriteString("\n**This is the short version, which shows that the measurements work; its figures mean little.**\n")
	}
	fmt.Fprintf(&w, "\n## The machine and the tools\n\n- %s, %d cores; Linux %s; %s\n", cpuModel(), runtime.NumCPU(), firstLine("/proc/sys/kernel/osrelease"), runtime.Version())
	fmt.Fprintf(&w, "- andon %s, %s; measured on %s, in %s\n", andonVersion, strings.Join(b.versions(), ", "), time.Now().UTC().Format(time.DateOnly), took.Round(time.Second))
	fmt.Fprintf(&w, "- Medians, the tools in turns. Runs of each tool: %d; at 10,000 calls a second %d; on two cores and with TLS %d; with the freeze %d.\n",
		b.settings.turns, b.turnsAt10k, b.fewTurns, b.freezeTurns)
	if b.alone {
		w.WriteString("- Each run in a network namespace of its own, so that none meets the connections that others left in TIME_WAIT.\n")
	} else {
		w.WriteString("- **All runs in one network: some met the connections that others left in TIME_WAIT.**\n")
	}
	if b.shielded {
		w.WriteString("- Everything else was kept off the generator's core while it was measured.\n")
	} else {
		w.WriteString("- **Other processes could run on the generator's core:** to keep them off it takes root, and the short version does not.\n")
	}
	fmt.Fprintf(&w, "- %s\n", &b.noise)
	w.WriteString("\n## Figures\n\nIn brackets: the ratio to vegeta's figure in the same turn, the median of these; its row has none.\n")
	for _, t := range tables {
		t.markdown(&w)
	}
	writeVerdicts(&w, verdicts, b.noise.loud())
	w.WriteString(b.commands())
	return w.String()
}

const introduction = `# andon beside other load testers

This page is written by ` + "`make bench-peers`" + ` (the code is in [.ci/peers](../../.ci/peers)); do not edit it. It compares what
[this package](attack.go) achieves with what others do on the same work: POST with a JSON body of about 600 bytes over
connections that are kept alive. The generator has one core and the target the other. The target is neutral: one thread
around epoll, which takes about 6 µs a call, never sleeps, and notes to the microsecond when each call arrived, by the kernel's
time stamp, and when it was answered.
All that is said of sending is counted there, not by the tools.

- **Jitter** is how far a call arrived from the even grid of its rate, wherever that grid begins.
- **p50 too high by** is the tool's own p50 less the time that the target took.
- **Runs with every call** sent 99.9 % of their calls and called 99.9 % of those a success.

The work is not quite equal. andon writes every body anew, holds every answer against the description, checks that no
executionId comes twice (` + "`--no-unique-ids`" + ` leaves that out), keeps a row for each call and makes its report in the same
process; the others send one body, look at the status, and vegeta's report is a process of its own, which is not counted.
"vegeta, workers capped" has ` + "`-workers`, `-max-workers` and `-max-connections`" + ` at the number of callers; vegeta drives a
closed loop only so. wrk drives closed loops only. bombardier, hey, fortio and h2load have a rate, but a fixed number of connections that wait for their answers;
fortio's first call on each connection comes before its schedule and is left out. hey shows times to 0.1 ms. "andon, pacing: 1ms" lets calls leave up to so much later, so that several leave together.

**floor** is no load tester: a bare loop around epoll that sends each call when it is due and reads the answers in place, judges nothing and keeps
nothing but times. It says what this machine can do: asleep until a call is due; watching the clock for the 60 µs before; waking once a millisecond for all calls due.

With TLS 1.3 the target has a certificate of its own making, which andon, vegeta and fortio verify; bombardier has no way to be told of it, and hey, wrk and h2load never verify.
Sessions are taken up again by those who do so by themselves.
`

// commands shows how each tool was called, and with which files.
func (b *bench) commands() string {
	var lines, files []string
	add := func(to *[]string, text string) {
		if !slices.Contains(*to, text) {
			*to = append(*to, text)
		}
	}
	for _, t := range b.tools {
		for _, j := range []job{{length: b.closed, callers: callers}, {rate: 5000, length: b.open, callers: places}, {rate: 5000, length: b.open, callers: places, secure: true}} {
			if j.closed() && !t.closed || !j.closed() && !t.open || j.secure && t.plain {
				continue
			}
			j.url = "http://127.0.0.1:8080" + path
			if j.secure {
				j.url = "https://127.0.0.1:8443" + path
			}
			add(&lines, t.command(j).line(t.program))
			if t.file != nil {
				name, text := t.file(j)
				add(&files, "==> "+name+"\n"+text)
			}
		}
	}
	return fmt.Sprintf("\n## Commands\n\nEach as under `taskset -c %s`; the target under `taskset -c %s` with `-spin`. What makes the network is left out. The closed loop, and 5,000 calls a second without TLS and with it:\n\n"+
		"```\n%s\n```\n\nTheir files:\n\n```\n%s```\n", generatorCore, targetCore, strings.Join(lines, "\n"), strings.Join(files, "\n"))
}

// line is a command as a shell takes it.
func (c command) line(program string) string {
	words := []string{program}
	for _, a := range c.args {
		words = append(words, quote(a))
	}
	line := strings.Join(words, " ")
	if c.input != "" {
		line = "echo " + quote(strings.TrimSpace(c.input)) + " | " + line
	}
	return line
}

// quote quotes an argument where a shell needs it.
func quote(text string) string {
	if strings.ContainsAny(text, " :") && !strings.HasPrefix(text, "http") {
		return "'" + text + "'"
	}
	return text
}

// versions are those of the peers, as their binaries tell.
func (b *bench) versions() (versions []string) {
	for _, t := range []struct{ program, module string }{
		{"vegeta", "github.com/tsenart/vegeta/v12"}, {"bombardier", "github.com/codesenberg/bombardier"},
		{"hey", "github.com/rakyll/hey"}, {"fortio", "fortio.org/fortio"},
	} {
		versions = append(versions, t.program+" "+b.version(t.program, t.module))
	}
	// wrk tells its version and ends with an error.
	for _, c := range [][]string{{"wrk", "-v"}, {"h2load", "--version"}} {
		version := "(not there)"
		text, _ := exec.Command(c[0], c[1:]...).Output()
		if fields := bytes.Fields(text); len(fields) > 1 {
			version = string(fields[1])
		}
		versions = append(versions, c[0]+" "+version)
	}
	return versions
}

func (b *bench) version(program, module string) string {
	info, err := buildinfo.ReadFile(b.program(program))
	if err != nil {
		return "(not built)"
	}
	for _, d := range info.Deps {
		if d.Path == module {
			return d.Version
		}
	}
	return info.Main.Version
}

func cpuModel() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	for line := range strings.Lines(string(data)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unknown processor"
}

func firstLine(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return line
}
