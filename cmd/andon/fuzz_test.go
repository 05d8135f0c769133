package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"
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
		root := (&command{}).root()
		strict(root)
		if cmd, _, err := root.Find(args); err == nil && !cmd.HasSubCommands() && !harmless(cmd) {
			cmd.RunE = func(*cobra.Command, []string) error { return nil }
			root.SetArgs(args)
			root.SetOut(io.Discard)
			root.SetErr(io.Discard)
			if err := root.Execute(); err != nil && err.Error() == "" {
				t.Fatalf("%q is refused without a word", args)
			}
			return
		}
		var out, told bytes.Buffer
		code := execute(args, &out, &told)
		if code != 0 && code != usage {
			t.Fatalf("%q ends with %d: %s", args, code, told.String())
		}
		said := told.String()
		if code == usage && (out.Len() > 0 || !strings.HasPrefix(said, "andon: ")) {
			t.Fatalf("%q is refused with %q, and says %.300q", args, said, out.String())
		}
		if len(said) > 10*len(line)+8000 || !utf8.ValidString(said) || strings.ContainsFunc(said, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
			t.Fatalf("%q: %q", args, said)
		}
	})
}
