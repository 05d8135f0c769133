package main

import (
	"context"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The measurement starts itself to start others; here that is the test.
func TestMain(m *testing.M) {
	if len(os.Args) > 5 && os.Args[1] == "child" {
		if err := childMain(os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The short form measures andon and the floor for moments. What it finds means nothing; that it finds it means that
// flags, files and reports still fit together.
func TestShortForm(t *testing.T) {
	if _, err := exec.LookPath("taskset"); err != nil || runtime.GOOS != "linux" || runtime.NumCPU() < 2 {
		t.Skip("it takes Linux, taskset and two cores")
	}
	dir := t.TempDir()
	for from, packages := range map[string][]string{"..": {"./target", "./floor", "./measure/repeat"}, "../../..": {"./cmd/andon"}} {
		c := exec.Command("go", append([]string{"build", "-o", dir + "/"}, packages...)...)
		c.Dir = from
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	const moment = 100 * time.Millisecond
	b := &bench{
		settings: settings{
			turns: 1, turnsAt10k: 1, floorTurns: 1, fewTurns: 1, closed: 2 * moment, open: 3 * moment,
			hits: 100, reported: 2000, longest: time.Second, probe: moment, fastest: slowest, searching: time.Second,
		},
		ctx: t.Context(), programs: dir, andon: filepath.Join(dir, "andon"), work: t.TempDir(), alone: canBeAlone(), progress: io.Discard,
		tools: slices.DeleteFunc(tools(), func(t tool) bool { return t.name != andonDefaults && t.name != bareFloor }),
	}
	// The other tables measure in the same ways.
	tables, err := b.tables("highest,cores,tls,volume")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		for _, r := range table.rows {
			for text, n := range r.errors {
				// On a busy machine no rate may hold.
				if !strings.HasPrefix(text, "no rate was ") {
					t.Errorf("%s: %s: %d runs failed: %s", table.title, r.name, n, text)
				}
			}
		}
		if r := table.row(andonDefaults); table.name != "highest" && math.IsNaN(median(r.values[0])) {
			t.Errorf("%s: andon has no figure %s", table.title, r.absent)
		}
	}
	page := b.page(tables, judge(tables, bounds()), "of the test", true, 0)
	for _, want := range []string{"short version", "## What is wanted", "TLS 1.3", "### Two cores", "highest honest rate", "### 100 calls", "--cacert authority.pem"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page:\n%s", want, page)
		}
	}
	if left, err := os.ReadDir(b.work); err != nil || len(left) > 0 {
		t.Error("files were left: ", left, err)
	}
}

// What is interrupted says so in its error, and leaves no process.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, _, err := run(ctx, t.TempDir(), generatorCore, 0, command{args: []string{"sleep", "100"}}, time.Minute); err == nil {
		t.Error("it ran")
	}
}
