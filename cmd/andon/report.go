package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

var formats = []string{"terminal", "markdown", "json", "html"}

func (c *command) report() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "report RUN_DIR",
		Short: "Show a run again, from its directory alone",
		Long: `Report renders what came of a run, from the run directory alone. The summary is made again from
the raw results where it is missing: after a crash, the figures go up to the last second that
was written, and the report says that the run was cut.

The exit code is that of the run's verdict.`,
		Args: exactlyOne("a run directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			summary, err := summaryOf(args[0])
			if err != nil {
				return err
			}
			switch format {
			case "terminal":
				err = c.show(summary, args[0])
			case "markdown":
				err = reports.Markdown(c.stdout, summary)
			case "json":
				err = c.showJSON(summary)
			case "html":
				err = c.showPage(args[0], summary)
			default:
				err = fmt.Errorf("unknown format %q; %s", reports.Printable(format, 40), suggest(format, formats, "the formats are terminal, markdown, json and html"))
			}
			if err != nil {
				return err
			}
			return verdict(summary)
		},
	}
	cmd.Flags().StringVar(&format, "format", "terminal", "terminal, markdown, json or html")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// showJSON writes a document as summary.json is written.
func (c *command) showJSON(document any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// summaryOf reads a run's summary, or makes it from the rows. A run that has ended keeps what was made.
func summaryOf(dir string) (reports.Summary, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return reports.Summary{}, fmt.Errorf("%s is no run directory but a file", dir)
	}
	s, err := reports.ReadSummary(dir)
	if err == nil {
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	run, agg, err := aggregate(dir)
	if err != nil {
		return s, err
	}
	s = reports.Summarize(run.Manifest, run.Samples, run.Vitals, run.End, agg)
	if run.End.Reason != results.Cut {
		// The report is asked for, not the file: a folder that cannot be written is no reason to fail.
		_ = reports.WriteSummary(dir, s)
		_ = reports.WriteMarkdown(dir, s)
		_ = reports.WritePage(dir, reports.NewPageData(s, run, agg))
	}
	return s, nil
}

// aggregate reads a run directory with all its rows.
func aggregate(dir string) (*results.Run, *metrics.Aggregator, error) {
	run, err := results.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	agg := metrics.New(run.Labels, run.Planned)
	complete, err := run.Rows(agg.Add)
	if err != nil {
		return nil, nil, exit{noVerdict, err}
	}
	if !complete && run.End.Reason != results.Cut {
		return nil, nil, exit{noVerdict, fmt.Errorf("%s: the results end too early although the run says that it ended; the file was damaged", dir)}
	}
	return run, agg, nil
}

// showPage makes the page of a run, which shows more than the summary holds, from its rows.
func (c *command) showPage(dir string, s reports.Summary) error {
	run, agg, err := aggregate(dir)
	if err != nil {
		return err
	}
	return reports.Page(c.stdout, reports.NewPageData(s, run, agg))
}
