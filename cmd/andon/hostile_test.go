package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/scenarios/wiretest"
)

// everyHostile has every command meet every hostile way, which takes minutes.
var everyHostile = flag.Bool("hostile", false, "let every command meet every hostile server, and print what it took")

const (
	// mostMemory is what a command may take, whatever it is answered. That of a run with answers as they should be is a
	// fifth.
	mostMemory = 256 << 20
	// mostTime is when a command counts as hung. It says nothing of how long it should take.
	mostTime = 3 * time.Minute
)

// meeting is a command that sends something to a server that may be hostile.
type meeting struct {
	name string
	args func(target *url.URL) []string
	// http2 says that it speaks HTTP/2 to it.
	http2 bool
	// survives says that what the server does is no matter of the command's exit code.
	survives bool
	// always are the ways in HTTP/1.1 that are tried where not all of them are; nil is all.
	always []string
}

func meetings() []meeting {
	// One that takes the time that a server may take waits for more than a few seconds.
	quick := []string{"endless headers", "an endless status line", "random bytes", "1xx for ever", "an endless body", "a gzip bomb", "endless trailers", "two lengths", "80,000 members"}
	args := func(format string) func(*url.URL) []string {
		return func(target *url.URL) []string {
			return strings.Fields(strings.ReplaceAll(format, "URL", target.String()))
		}
	}
	return []meeting{
		{name: "run", args: args("run hostile.yaml --target URL --out run --plain")},
		{name: "run --http2", args: args("run hostile.yaml --target URL --out run --plain --http2"), http2: true, always: quick},
		{name: "verify", args: args("verify --target URL --engine description --tag token,accepted --timeout 1s --for 20s --rate max --attempts 1 --out verified"), always: quick},
		{name: "can-i-deploy", args: args("contracts can-i-deploy --broker URL --version 1 --to-environment production"), always: quick},
		{name: "run --otlp", args: args("run brief.yaml --out run --plain --otlp URL"), survives: true, always: quick},
		{name: "run --remote-write", args: args("run brief.yaml --out run --plain --remote-write URL/api/v1/write"), survives: true, always: quick},
	}
}

var hostileFiles = map[string]string{
	"hostile.yaml": "load: [{rate: 20/s, for: 500ms}]\nlimits: {timeout: 1s, inFlight: 20}\n",
	"narrow.yaml":  "load: [{callers: 2, for: 1m}]\nlimits: {calls: 60, memory: 16MB, lag: 1m}\n",
	"wide.yaml":    "load: [{rate: 400/s, for: 1s}]\nlimits: {timeout: 3s, inFlight: 400, memory: 16MB}\n",
	// How late calls leave, while others use the machine, is no matter here.
	"brief.yaml": "load: [{rate: 20/s, for: 500ms}]\nlimits: {lag: 1m}\n",
}

// crash is what a crash of Go's runtime leaves behind.
var crash = regexp.MustCompile(`(?m)^(panic|fatal error|goroutine \d+|runtime: )`)

// TestHostileServers holds every command that sends against servers that answer as none should: none crashes, none
// hangs, none takes more memory than it may, and none calls it a pass. With -hostile it is every way for each, and a
// table of the memory and the time.
func TestHostileServers(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process for each server")
	}
	binary := plainBinary(t)
	var mu sync.Mutex
	table := map[string][]string{}
	var names []string
	t.Run("all", func(t *testing.T) {
		for _, h := range wiretest.Hostiles() {
			names = append(names, h.Name)
			for _, m := range meetings() {
				if h.HTTP2 && !m.http2 || !*everyHostile && !h.HTTP2 && m.always != nil && !slices.Contains(m.always, h.Name) {
					continue
				}
				t.Run(m.name+"/"+h.Name, func(t *testing.T) {
					t.Parallel()
					said := m.meet(t, binary, h)
					mu.Lock()
					defer mu.Unlock()
					table[h.Name] = append(table[h.Name], m.name+"\t"+said)
				})
			}
		}
	})
	if !*everyHostile {
		return
	}
	var b strings.Builder
	b.WriteString("\n| what the server does |")
	for _, m := range meetings() {
		b.WriteString(" " + m.name + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: |", len(meetings())) + "\n")
	for _, name := range names {
		b.WriteString("| " + name + " |")
		for _, m := range meetings() {
			cell := "–"
			for _, one := range table[name] {
				if said, ok := strings.CutPrefix(one, m.name+"\t"); ok {
					cell = said
				}
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	fmt.Print(b.String())
}

// Of hundreds of answers of a megabyte under way at once, those that would take more memory than they may are given up
// by name, and the target is not blamed for it. One after the other, as many are read.
func TestMemoryOfAnswers(t *testing.T) {
	run := func(scenario, name string, says ...string) {
		all := wiretest.Hostiles()
		i := slices.IndexFunc(all, func(h wiretest.Hostile) bool { return h.Name == name })
		m := meeting{args: func(target *url.URL) []string {
			return []string{"run", scenario, "--target", target.String(), "--out", "run", "--plain"}
		}}
		m.meet(t, plainBinary(t), all[i], says...)
	}
	run("narrow.yaml", "an id of 900 kB", "PASS", "60 (100 %)")
	run("wide.yaml", "1 MB, but for its end", "unread", "Andon gave up ", "took more memory than limits.memory allows", "(exit code 3)")
}

// meet has a command meet a server, and says what it took. The command must say so much on standard output.
func (m meeting) meet(t *testing.T, binary string, h wiretest.Hostile, says ...string) string {
	work := t.TempDir()
	for name, text := range hostileFiles {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), mostTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, m.args(h.Serve(t))...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = work, &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watchPeak(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	took := time.Since(began)
	close(done)
	most := <-peak
	if ctx.Err() != nil {
		t.Fatalf("it hangs: %.2000s%.2000s", stdout.String(), stderr.String())
	}
	code := 0
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		code = ended.ExitCode()
	}
	if found := crash.FindString(stderr.String() + stdout.String()); found != "" || code < 0 || code == 2 {
		t.Errorf("exit code %d, %q: %.3000s", code, found, stderr.String())
	}
	if code == 0 && !h.Fine && !m.survives {
		t.Errorf("it is a pass: %.2000s", stdout.String())
	}
	if m.survives && code != 0 {
		t.Errorf("exit code %d, where the endpoint is none of the run's business: %.2000s", code, stderr.String())
	}
	for _, want := range says {
		if !strings.Contains(strings.Join(strings.Fields(stdout.String()), " "), want) {
			t.Errorf("it does not say %q: %s", want, stdout.String())
		}
	}
	if most > mostMemory {
		t.Errorf("it took %d MiB, and may take %d", most>>20, mostMemory>>20)
	}
	return fmt.Sprintf("%d MiB, %.1f s", most>>20, took.Seconds())
}

// watchPeak gives the most memory that a process has had resident, 0 where that is not known. What the kernel says
// after its end would have that of this process in it, which it was made of.
func watchPeak(pid int, done <-chan struct{}) (most int64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, found := strings.Cut(string(status), "VmHWM:"); found {
			if kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64); err == nil && strings.HasPrefix(string(status), "Name:\tandon") {
				most = max(most, kb<<10)
			}
		}
		select {
		case <-done:
			return most
		case <-tick.C:
		}
	}
}
