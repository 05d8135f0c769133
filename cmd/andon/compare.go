package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/summary"
)

type compareFlags struct {
	tolerance, format, out string
	force, failOnUnknown   bool
}

func (c *command) compare() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE NEW",
		Short: "Say what became worse between two sets of runs, and what cannot be told",
		Long: `Compare holds new runs against those of a base. Each of BASE and NEW is a run directory, a folder whose
subfolders are run directories, a baseline (andon baseline), or several of these with commas between
them.

Two runs of one build differ by more than the calls of either tell: the machine, the network and the
hour have their part in it. So each run counts as one value, and a change is held against how much
the runs of a side differ: make at least five of each. With one run on a side a change is named,
and that it cannot be told from drift, and how many runs would tell.

p50 and p99 of the latency by tier, errors and violations of the contract decide, and what --tolerance
names; they are corrected for their number. A figure became worse if its interval leaves out no
change, and the change is beyond what is tolerated: 10 % of a time, 0.5 percentage points of a share.
That there is no regression is only said where the whole interval is within that. The smallest change
that would have been seen stands beside each figure. All other figures are for looking.

The load, the mix, the data, the limits and the transport must be the same, and the runs valid and
whole; seeds, thresholds, targets and releases may differ. What keeps runs from being compared is
listed. With --force it is no matter by which description answers were judged.

One format goes to standard output; several need --out: terminal, html, markdown, json, junit, sarif,
github and prometheus. With --out alone, comparison.json, report.md and report.html are written, and andon report
shows them again.

Exit codes: 0 nothing became worse; 1 something did; 2 wrong usage, or the runs must not be compared;
3 it cannot be told.`,
		Example: `  andon compare reports/runs/old reports/runs/new
  andon compare base-1,base-2,base-3 new-1,new-2,new-3 --tolerance p99=5%,errors=0.1pp
  andon compare mixed.baseline candidate --format markdown --fail-on-unknown`,
		Args: exactlyTwo("the runs of a base and new ones"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.compareRuns(args[0], args[1], f, cmd.Flags().Changed("format"))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.tolerance, "tolerance", "", "`list` of how much worse figures may become, such as p99=10%,errors=0.5pp")
	flags.BoolVar(&f.failOnUnknown, "fail-on-unknown", false, "exit with 1 also where it cannot be told")
	flags.BoolVar(&f.force, "force", false, "compare runs whose answers were judged by different descriptions")
	flags.StringVar(&f.format, "format", "terminal", "`formats`, with commas between them, or all")
	flags.StringVar(&f.out, "out", "", "`folder` to write to")
	return cmd
}

func (c *command) compareRuns(base, changed string, f compareFlags, formatGiven bool) error {
	o := compare.Options{Andon: version(), Force: f.force, NeedAnswer: f.failOnUnknown}
	var wrong []error
	if f.tolerance != "" {
		var err error
		if o.Tolerances, err = compare.ParseTolerances(f.tolerance); err != nil {
			wrong = append(wrong, fmt.Errorf("--tolerance: %w", err))
		}
	}
	if formats, err := reports.ChooseComparison(f.format); err != nil {
		wrong = append(wrong, err)
	} else if len(formats) > 1 && f.out == "" {
		wrong = append(wrong, manyFormats(len(formats)))
	}
	a, err := reports.OpenSet(base)
	wrong = append(wrong, err)
	b, err := reports.OpenSet(changed)
	wrong = append(wrong, err)
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	report, err := compare.Compare(a, b, o)
	if refused := (*compare.RefusedError)(nil); errors.As(err, &refused) && refused.Forceable {
		return fmt.Errorf("%w\n--force compares them all the same", err)
	} else if err != nil {
		return err
	}
	if f.out != "" && !formatGiven {
		if err := reports.KeepComparison(f.out, report); err != nil {
			return exit{noVerdict, err}
		}
		f.out = ""
	}
	return reportDocument(c, f.out, f.format, f.out, kind[compare.Report]{
		reports.ChooseComparison, func(string) (compare.Report, error) { return report, nil },
		func(r compare.Report) summary.Verdict { return r.Verdict }, reports.AppendComparison,
	})
}
