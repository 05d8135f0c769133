//go:build unix

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What is named and is no file is refused at once, by its name and by what it is, and nothing is sent: a pipe would be
// waited at, and a device has no end. A token alone may come through a pipe, which is waited for.
func TestIrregularFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, socket := filepath.Join(dir, "the-pipe"), filepath.Join(dir, "the-socket")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	scenario := func(name, data string) string {
		path := filepath.Join(dir, name)
		text := "load: [{rate: 20/s, for: 200ms}]\nmix: {content: [{items: [text]}]}\n" + data
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := scenario("one.yaml", "")
	for what, path := range map[string]string{"a pipe": pipe, "a device": "/dev/zero", "a directory": dir, "a socket": socket} {
		feed := filepath.Join(dir, "feed.csv")
		_ = os.Remove(feed)
		if err := os.Symlink(path, feed); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"plan", path},
			{"run", path},
			{"scenarios", "show", path},
			{"plan", scenario("feeder.yaml", "data: {text: {from: feed.csv, column: id}}\n")},
			{"plan", one, "--fixtures", path},
			{"plan", one, "--spec", path},
			{"run", one, "--deviations", path},
			{"contracts", "list", "--spec", path},
			{"contracts", "diff", path, path},
			{"verify", "--deviations", path},
			{"verify", "--fixtures", path},
			{"verify", "--scenario", path},
			{"verify", "--spec", path},
			{"verify", "--cacert", path, "--target", "https://127.0.0.1:1"},
			{"verify", "--cert", path, "--target", "https://127.0.0.1:1"},
			{"serve", "--scenario", path},
			{"report", path},
		} {
			code, _, said := bounded(t, args)
			if args[0] == "report" && what == "a directory" {
				continue // which has no run in it
			}
			if code != 2 || !strings.Contains(said, filepath.Base(path)) && !strings.Contains(said, "feed.csv") {
				t.Errorf("andon %s: exit code %d: %s", strings.Join(args, " "), code, said)
			}
			named := args[0] != "scenarios" && args[0] != "report"
			if named && !strings.Contains(said, what) {
				t.Errorf("andon %s does not say that it is %s: %s", strings.Join(args, " "), what, said)
			}
		}
	}

	run := filepath.Join(dir, "run")
	if code, _, said := bounded(t, []string{"run", one, "--out", run, "--plain"}); code == 2 {
		t.Fatal(said)
	}
	files, err := os.ReadDir(run)
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		path := filepath.Join(run, f.Name())
		if err := os.Rename(path, path+".kept"); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"terminal", "html", "csv", "all"} {
			bounded(t, []string{"report", run, "--format", format, "--out", filepath.Join(dir, "again")})
		}
		if err := os.Rename(path+".kept", path); err != nil {
			t.Fatal(err)
		}
	}

	t.Setenv("GITHUB_STEP_SUMMARY", pipe)
	if code, shown, said := bounded(t, []string{"report", run, "--format", "markdown"}); code == 2 || !strings.Contains(said, "the-pipe is no regular file but a pipe") || shown == "" {
		t.Errorf("the step's summary: exit code %d: %s", code, said)
	}
}
