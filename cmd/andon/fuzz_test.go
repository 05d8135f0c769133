package main

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// harmless are the commands that send nothing, start nothing and write no file; of the others only the arguments are
// read.
func harmless(cmd *cobra.Command) bool {
	return slices.Contains([]string{
		"andon plan", "andon scenarios list", "andon scenarios show", "andon contracts list", "andon contracts show", "andon deviations schema", "andon help",
	}, cmd.CommandPath())
}

// Whatever arguments there are, they are carried out or refused: as wrong usage, in words that are short and fit for a
// terminal, with nothing said that would be taken for a result.
func FuzzArguments(f *testing.F) {
	for _, args := range [][]string{
		{}, {"run", "mixed", "--rate", "9/s"}, {"plan", "mixed", "--curl", "3"}, {"plan", "--seed", "-1"}, {"plan", "smoke", "--header", "X-A: {env:HOME}"}, {"plan", "a", "b"},
		{"report", "x", "--format", "html"}, {"report"}, {"scenarios", "list"}, {"scenarios", "show", "mixde"}, {"contracts", "list", "--tag", "refused", "--case", "text.*"},
		{"contracts", "show", "text.Full", "--curl"}, {"contracts", "diff", "a"}, {"contracts", "publish", "--version", ""}, {"deviations", "schema"}, {"verify", "--strict", "http,json", "--attempts", "0"},
		{"verify", "--scenario", "mixed", "--target", "::1"}, {"serve", "--fault", "http500=1%", "--latency", "Full=2s±1s"}, {"help", "contracts", "show"}, {"completion", "bash"},
		{"--spec", ""}, {"--spec", "-"}, {"-h", "--"}, {"plan", "--target", "http://[::1%25x]:80"}, {"plan", "--resolve", "a:1:127.0.0.1"}, {"\x1b[2J"}, {"plan", "--token", "x"}, {"__complete", "plan", ""},
	} {
		f.Add(strings.Join(args, "\x00"))
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\x00")
		if len(line) > 4000 || strings.Contains(line, "curl=") || slices.ContainsFunc(args, func(a string) bool { return len(a) > 3 && strings.Trim(a, "0123456789_") == "" }) {
			return // as many curl lines as were asked for take their time
		}
		var out, told bytes.Buffer
		c := &command{args: args, stdout: &output{Writer: &out}, stderr: &told}
		root := c.root()
		strict(root)
		var parsed func(cmd *cobra.Command)
		parsed = func(cmd *cobra.Command) {
			for _, sub := range cmd.Commands() {
				parsed(sub)
			}
			if cmd.RunE != nil && !harmless(cmd) && cmd != root && cmd.Name() != "completion" && !cmd.HasSubCommands() {
				cmd.RunE = func(*cobra.Command, []string) error { return nil }
			}
		}
		parsed(root)
		root.SetArgs(args)
		root.SetOut(c.stdout)
		root.SetErr(io.Discard)
		err := root.Execute()
		if err == nil {
			return
		}
		said := err.Error()
		var e exit
		if errors.As(err, &e) {
			t.Fatalf("%q ends with %d: %s", args, e.code, said)
		}
		if said == "" || len(said) > 8000 || !utf8.ValidString(said) || strings.ContainsFunc(said, func(r rune) bool { return r != '\n' && r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }) {
			t.Fatalf("%q: %q", args, said)
		}
		if out.Len() > 0 {
			t.Fatalf("%q is refused (%s), and says %q", args, said, out.String())
		}
	})
}
