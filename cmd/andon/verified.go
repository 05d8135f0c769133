package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
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
	return c.ended(v, shown)
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

// ended is how a command ends that has written a verification, or could not.
func (c *command) ended(v summary.Verification, err error) error {
	switch {
	case err != nil && !c.stdout.lost(err):
		return exit{noVerdict, err}
	case v.Verdict.ExitCode != 0:
		return exit{code: v.Verdict.ExitCode}
	}
	return nil
}

// reportVerification shows a verification again, from its directory alone.
func (c *command) reportVerification(dir, format, out string) error {
	formats, err := reports.ChooseVerification(format)
	if err != nil {
		return err
	}
	if len(formats) > 1 && out == "" {
		return manyFormats(len(formats))
	}
	v, err := summary.ReadVerification(dir)
	if err != nil {
		return err
	}
	if out == "" {
		err = formats[0].Render(exact{c.stdout}, v, c.terminal(dir))
	} else {
		var paths []string
		paths, err = reports.WriteVerification(out, v, formats...)
		for _, path := range paths {
			_, printed := fmt.Fprintln(c.stdout, text.Printable(path, 4096))
			err = errors.Join(err, printed)
		}
		if err != nil && !c.stdout.lost(err) {
			shown := reports.VerificationFormats()[0].Render(c.stdout, v, c.terminal(dir))
			return exit{cmp.Or(v.Verdict.ExitCode, noVerdict), errors.Join(fmt.Errorf("not all of the report can be written: %w", err), shown)}
		}
	}
	// What has told of it once does not tell of it again.
	if !v.StepSummary && slices.ContainsFunc(formats, func(f reports.VerificationFormat) bool { return f.Name == "markdown" || f.Name == "github" }) {
		c.stepSummary(func(path string) error { return reports.AppendVerification(path, v) })
	}
	return c.ended(v, err)
}
