// Command measure runs andon and other load testers against the same target, one after the other, and writes a page of
// Markdown that compares them.
package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
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
	if len(os.Args) > 3 && os.Args[1] == "child" {
		err = childMain(os.Args[2], os.Args[3:])
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
		out      = flag.String("o", "/dev/stdout", "`file` to write")
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
	b := &bench{ctx: ctx, work: work, alone: !*shared && canBeAlone(), progress: os.Stderr}
	for place, path := range map[*string]string{&b.programs: *programs, &b.andon: *andon} {
		if *place, err = filepath.Abs(path); err != nil {
			return err
		}
	}
	s := full
	if *short {
		s = quick
	}
	began := time.Now()
	closed := b.closedLoop(s)
	tables := []*table{closed, b.openLoop(s, 1000), b.openLoop(s, 5000), b.openLoop(s, 10_000), b.freeze(s)}
	sending, reporting := b.volume(s, closed)
	if err := ctx.Err(); err != nil {
		return err
	}
	page := b.page(append(tables, sending, reporting), *version, *short, time.Since(began), s)
	return os.WriteFile(*out, []byte(page), 0o666)
}

// page is everything that is written.
func (b *bench) page(tables []*table, andonVersion string, short bool, took time.Duration, s settings) string {
	var w strings.Builder
	w.WriteString(introduction)
	if short {
		w.WriteString("\n**This is the short version, which shows that the measurements work; its figures mean little.**\n")
	}
	fmt.Fprintf(&w, "\n## The machine and the tools\n\n- %s, %d cores; Linux %s; %s\n", cpuModel(), runtime.NumCPU(), firstLine("/proc/sys/kernel/osrelease"), runtime.Version())
	fmt.Fprintf(&w, "- andon %s, %s; measured on %s, in %s\n", andonVersion, strings.Join(b.versions(), ", "), time.Now().UTC().Format(time.DateOnly), took.Round(time.Second))
	fmt.Fprintf(&w, "- Medians, the tools in turns. Runs of each tool: %d; at 10,000 calls a second %d; with the freeze %d.\n", s.turns, s.turnsAt10k, s.freezeTurns)
	if b.alone {
		w.WriteString("- Each run in a network namespace of its own, so that none meets the connections that others left in TIME_WAIT.\n")
	} else {
		w.WriteString("- **All runs in one network: some met the connections that others left in TIME_WAIT.**\n")
	}
	fmt.Fprintf(&w, "- %s\n", &b.noise)
	w.WriteString("\n## Figures\n\nIn brackets: the ratio to vegeta's command, whose row has none.\n")
	for _, t := range tables {
		t.markdown(&w)
	}
	w.WriteString(b.commands(s))
	return w.String()
}

const introduction = `# andon beside other load testers

This page is written by ` + "`make bench-peers`" + ` (the code is in [.ci/peers](../../.ci/peers)); do not edit it. It compares what
[this package](attack.go) achieves with what others do on the same work: POST with a JSON body of about 600 bytes over
connections that are kept alive. The generator has one core and the target the other. The target is neutral: one thread
around epoll, which takes about 6 µs a call, never sleeps, and notes to the microsecond when each call arrived and was answered.
All that is said of sending is counted there, not by the tools.

- **Jitter** is how far a call arrived from the even grid of its rate, wherever that grid begins.
- **p50 too high by** is the tool's own p50 less the time that the target took.
- **Runs with every call** sent 99.9 % of their calls and called 99.9 % of those a success.

The work is not quite equal. andon writes every body anew, holds every answer against the description, checks that no
executionId comes twice (` + "`--no-unique-ids`" + ` leaves that out), keeps a row for each call and makes its report in the same
process; the others send one body, look at the status, and vegeta's report is a process of its own, which is not counted.
"vegeta, workers capped" has ` + "`-workers`, `-max-workers` and `-max-connections`" + ` at the number of callers; vegeta drives a
closed loop only so. wrk drives closed loops only. bombardier, hey and fortio have a rate, but a fixed number of connections that wait for their answers; fortio's
first call on each connection comes before its schedule and is left out. hey shows times to 0.1 ms.
`

// commands shows how each tool was called, and with which files.
func (b *bench) commands(s settings) string {
	var lines, files []string
	add := func(to *[]string, text string) {
		if !slices.Contains(*to, text) {
			*to = append(*to, text)
		}
	}
	for _, t := range tools() {
		for _, j := range []job{{length: s.closed, callers: callers}, {rate: 5000, length: s.open, callers: places}} {
			if j.closed() && !t.closed || !j.closed() && !t.open {
				continue
			}
			j.url = "http://127.0.0.1:8080" + path
			add(&lines, t.command(j).line(t.program))
			if t.file != nil {
				name, text := t.file(j)
				add(&files, "==> "+name+"\n"+text)
			}
		}
	}
	return fmt.Sprintf("\n## Commands\n\nEach under `taskset -c %s`; the target under `taskset -c %s` with `-spin`. What makes the network is left out. The closed loop, and 5,000 calls a second:\n\n"+
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
	text, _ := exec.Command("wrk", "-v").Output()
	if fields := bytes.Fields(text); len(fields) > 1 {
		return append(versions, "wrk "+string(fields[1]))
	}
	return append(versions, "wrk (not there)")
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
