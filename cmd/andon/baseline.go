package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/baseline"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/text"
)

func (c *command) baseline() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Keep what runs came to in one small file, for later runs to be held against",
		Long: `A baseline is one small file of several runs of one scenario against one description: their
histograms by second, and no single calls. Two runs of one build differ by more than each run's
own scatter tells, so that a baseline should have at least five.

andon compare takes a baseline in the place of run directories, and the thresholds of a scenario
can refer to one: p99(latency) < 1.1 × baseline.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(c.baselineAdd(), c.baselineList(), c.baselineShow(), c.baselinePrune())
	return cmd
}

func (c *command) baselineAdd() *cobra.Command {
	return &cobra.Command{
		Use:   "add FILE RUN…",
		Short: "Add runs to a baseline, which is made where there is none",
		Long: `Add puts runs into the baseline FILE: all of them, or none where something is wrong with one.
RUN is a run directory, a folder whose subfolders are run directories, or another baseline.

Refused are runs of another load or description than those in it, with everything that differs;
a run that is in it already; and runs that are generator-limited, were not finished, or had no
answer. Several may add to one file at once.`,
		Example: `  andon baseline add mixed.baseline reports/runs/20261124T060000Z-mixed
  andon baseline add mixed.baseline nightly`,
		Args: atLeast(2, "a file and at least one run"),
		RunE: func(_ *cobra.Command, args []string) error {
			var runs []compare.Measured
			var wrong []error
			for _, path := range args[1:] {
				set, err := reports.OpenSet(path)
				runs, wrong = append(runs, set.Runs...), append(wrong, err)
			}
			if err := errors.Join(wrong...); err != nil {
				return err
			}
			b, err := baseline.Add(args[0], runs)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "%s: %s added, %d in all\n", text.Printable(b.Path, 4096), text.Plural(uint64(len(runs)), "run"), len(b.Runs))
			c.warnOf(b)
			return nil
		},
	}
}

// warnOf tells what a reader of figures of a baseline has to know.
func (c *command) warnOf(b *baseline.Baseline) {
	if few := b.Few(); few != "" {
		c.tell("%s", few)
	}
	for _, said := range b.Others() {
		c.tell("note: %s", said)
	}
}

func (c *command) baselineList() *cobra.Command {
	return c.ofBaseline("list FILE", "List the runs of a baseline", render.BaselineRuns)
}

func (c *command) baselineShow() *cobra.Command {
	return c.ofBaseline("show FILE", "Show what the runs of a baseline come to, by tier, and how far they lie apart", render.Baseline)
}

// ofBaseline is a command that shows something of a baseline.
func (c *command) ofBaseline(use, short string, show func(io.Writer, baseline.Report, render.Options) error) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  exactlyOne("the file of a baseline"),
		RunE: func(_ *cobra.Command, args []string) error {
			if format != "terminal" && format != "json" {
				return fmt.Errorf("unknown format %q; %s", text.Printable(format, 40), text.Suggest(format, []string{"terminal", "json"}, "the formats are terminal and json"))
			}
			b, err := baseline.Open(args[0])
			if err != nil {
				return err
			}
			if format == "json" {
				return baseline.Encode(exact{c.stdout}, b.Report())
			}
			if err := show(c.stdout, b.Report(), render.Options{Width: c.width()}); err != nil {
				return err
			}
			c.warnOf(b)
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "terminal", "`format`, terminal or json")
	return cmd
}

func (c *command) baselinePrune() *cobra.Command {
	var s baseline.Selection
	var before string
	cmd := &cobra.Command{
		Use:   "prune FILE",
		Short: "Take runs out of a baseline",
		Long: `Prune takes runs out of a baseline, and lists them. Where several flags are given, a run goes that
meets all of them: with --release 4f2c1e9 --keep 3 the 3 newest runs of that release stay, and all
of other releases do. One run at least stays; a baseline that is not wanted any more is a file to
remove.`,
		Example: `  andon baseline prune mixed.baseline --keep 10
  andon baseline prune mixed.baseline --before 2026-11-01`,
		Args: exactlyOne("the file of a baseline"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			given := cmd.Flags().Changed
			switch {
			case !given("keep") && !given("before") && !given("release"):
				return errors.New("nothing says which runs are to go: give --keep, --before or --release")
			case given("before"):
				if s.Before, err = day(before); err != nil {
					return fmt.Errorf("--before: %w", err)
				}
			}
			b, gone, err := baseline.Prune(args[0], s)
			if err != nil {
				return err
			}
			for _, r := range gone {
				fmt.Fprintf(c.stdout, "removed %s\n", text.Printable(r.ID, 100))
			}
			fmt.Fprintf(c.stdout, "%s: %s removed, %d left\n", text.Printable(b.Path, 4096), text.Plural(uint64(len(gone)), "run"), len(b.Runs))
			c.warnOf(b)
			return nil
		},
	}
	addWhole(cmd.Flags(), &s.Keep, "keep", 0, 1, 1_000_000, "take out all but the newest `N` runs")
	cmd.Flags().StringVar(&before, "before", "", "take out runs that began before a `date`, such as 2026-11-01 (UTC) or 2026-11-01T06:00:00Z")
	cmd.Flags().StringVar(&s.Release, "release", "", "take out runs of this `release`")
	return cmd
}

// day reads a date, or a moment.
func day(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("expected a date such as 2026-11-01, or a moment such as 2026-11-01T06:00:00Z, found %q", text.Printable(s, 40))
}

// atLeast is the check of a command that takes several arguments.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return fmt.Errorf("%s wants %s: %s", cmd.CommandPath(), what, cmd.UseLine())
		}
		return nil
	}
}
