package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/summary"
)

// keptFlags say in which formats a verification is written, and where.
type keptFlags struct {
	names  []string
	out    string
	chosen []reports.VerificationFormat
}

func (f *keptFlags) register(cmd *cobra.Command) {
	names := reports.VerificationNames()
	cmd.Flags().StringSliceVar(&f.names, "format", nil, "`formats`, with commas between them, or all: "+strings.Join(names, ", ")+" (default terminal, with --out all)")
	cmd.Flags().StringVar(&f.out, "out", "", "`directory` to write, as that of a run, from which andon report renders it again")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(append(names, "all"), cobra.ShellCompDirectiveNoFileComp))
}

// check chooses the formats.
func (f *keptFlags) check() (err error) {
	list := cmp.Or(strings.Join(f.names, ","), map[bool]string{true: "all", false: "terminal"}[f.out != ""])
	if f.chosen, err = reports.ChooseVerification(list); err == nil && len(f.chosen) > 1 && f.out == "" {
		err = manyFormats(len(f.chosen))
	}
	return err
}

// showVerification writes a verification where it is wanted, and gives its exit code. What it was about is shown on
// standard output, also where it cannot be kept.
func (c *command) showVerification(v summary.Verification, d *contracts.Description, f keptFlags) error {
	v.StepSummary = c.stepSummary(func(path string) error { return reports.AppendVerification(path, v) })
	to := reports.VerificationOutput{Formats: f.chosen, Dir: f.out, Description: d.Source(), Runner: os.Getenv("GITHUB_ACTIONS") == "true", Terminal: c.terminal("")}
	shown, err := to.Write(exact{c.stdout}, v)
	if err != nil {
		// What was found stands, whatever became of its record.
		return exit{cmp.Or(v.Verdict.ExitCode, noVerdict), fmt.Errorf("the verification cannot be kept: %w", err)}
	}
	return c.ended(v.Verdict, shown)
}

// showUnsent writes a verification of which nothing was sent: whoever reads a document wants one that says why.
func (c *command) showUnsent(v summary.Verification, d *contracts.Description, f keptFlags, why error) error {
	if f.out == "" && f.chosen[0].Name == "terminal" {
		return exit{noVerdict, why}
	}
	var shown exit
	if err := c.showVerification(v, d, f); errors.As(err, &shown) && shown.err != nil {
		why = errors.Join(why, shown.err)
	}
	return exit{noVerdict, why}
}

// terminal is how reports are shown on standard output, of which dir has more.
func (c *command) terminal(dir string) render.Options {
	_, color, width := live.Terminal(c.stdout.Writer)
	return render.Options{Color: color, Width: width, Dir: dir}
}

// ended is how a command ends that has written a document, or could not.
func (c *command) ended(v summary.Verdict, err error) error {
	switch {
	case err != nil && !c.stdout.lost(err):
		return exit{noVerdict, err}
	case v.ExitCode != 0:
		return exit{code: v.ExitCode}
	}
	return nil
}

// reportVerification shows a verification again, from its directory alone.
func (c *command) reportVerification(dir, format, out string) error {
	return reportDocument(c, dir, format, out, kind[summary.Verification]{
		reports.ChooseVerification, summary.VerificationDocument().Read, func(v summary.Verification) summary.Verdict { return v.Verdict },
		func(path string, v summary.Verification) error {
			if v.StepSummary { // what has told of it once does not tell of it again
				return nil
			}
			return reports.AppendVerification(path, v)
		},
	})
}
