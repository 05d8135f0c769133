package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

type reportFlags struct{ format, out string }

func (c *command) report() *cobra.Command {
	var f reportFlags
	var names strings.Builder
	for _, format := range reports.Formats() {
		fmt.Fprintf(&names, "  %-11s %-16s %s\n", format.Name, format.File, format.About)
	}
	cmd := &cobra.Command{
		Use:   "report RUN_DIR...",
		Short: "Show a run again, or several as one, from their directories alone",
		Long: `Report renders what came of a run, from the run directory alone. The summary is made again from
the raw results where it is missing: after a crash, the figures go up to the last second that
was written, and the report says that the run was cut.

Several runs of one plan are merged, of whatever seeds: counts add up, and every percentile is
that of one histogram which was given all calls. Runs of other loads, mixes, data, limits,
thresholds, descriptions, targets or releases are refused, and what differs is named: they are
for comparing. Thresholds are held against all calls together, and each run's own verdict is
named. Rates are those of all together if the runs went on side by side, else the mean of one
run; then one that failed fails the whole. Shards of one run (andon run --shard) are that run: what is
of another is refused, and while one is missing there is no verdict (exit code 3).

A verification, which andon verify --out has left behind, is shown again from its verification.json in
the formats that need no measured times; it is not merged with anything. Nor is a search for
capacity, which andon capacity has left behind: it is shown again from its capacity.json, as
terminal, html, markdown, json, junit, github and prometheus (a text file for Prometheus' node
exporter). Its trials are runs, each with a directory of its own. A comparison is shown again from its
comparison.json, as terminal, html, markdown, json, junit, sarif, github and prometheus.

One format goes to standard output; several need --out. The formats, and the files that they
are in below --out:

` + names.String() + `
Under GitHub Actions, markdown and github also add the report to the step's summary. The exit code
is that of the run's verdict.`,
		Example: `  andon report reports/runs/20261124T060000Z-mixed
  andon report run --format junit > junit.xml
  andon report run --format markdown,junit,csv --out ci
  andon report machine-1 machine-2 --format all --out merged`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s wants a run directory: %s", cmd.CommandPath(), cmd.UseLine())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.showReport(args, f) },
	}
	cmd.Flags().StringVar(&f.format, "format", "terminal", "`formats`, with commas between them, or all")
	cmd.Flags().StringVar(&f.out, "out", "", "`folder` to write the formats to, each as a file of its own")
	_ = cmd.RegisterFlagCompletionFunc("format", completeFormats)
	return cmd
}

func (c *command) showReport(dirs []string, f reportFlags) error {
	if verified, err := reports.Verified(dirs...); err != nil {
		return err
	} else if verified {
		return c.reportVerification(dirs[0], f.format, f.out)
	}
	if searched, err := reports.Searched(dirs...); err != nil {
		return err
	} else if searched {
		return c.reportCapacity(dirs[0], f.format, f.out)
	}
	if compared, err := reports.Compared(dirs...); err != nil {
		return err
	} else if compared {
		return c.reportComparison(dirs[0], f.format, f.out)
	}
	if gated, err := reports.Gated(dirs...); err != nil {
		return err
	} else if gated {
		return c.reportGate(dirs[0], f.format, f.out)
	}
	formats, err := reports.Choose(f.format)
	if err != nil {
		return err
	}
	if len(formats) > 1 && f.out == "" {
		return manyFormats(len(formats))
	}
	m, err := openRuns(dirs)
	if err != nil {
		return err
	}
	if m.Damaged != nil {
		c.tell("%v; it is made anew of what the run has measured", m.Damaged)
	}
	m.Commands = commands(chosenIn(dirs[0]))
	// Nearly all that is allocated are batches of rows, which are dropped once they were counted: collecting them twice
	// as often takes a tenth more time and a fifth less memory.
	debug.SetGCPercent(50)
	if err := m.Read(formats...); err != nil {
		return exit{noVerdict, err}
	}
	// The report is asked for, not the file: a folder that cannot be written is no reason to fail.
	_ = m.Keep()
	var unwritten error
	for _, format := range formats {
		switch {
		case f.out != "":
			paths, failed := format.Files(f.out, m)
			for _, path := range paths {
				fmt.Fprintln(c.stdout, text.Printable(path, 4096))
			}
			unwritten = errors.Join(unwritten, failed)
		case format.Name == "terminal":
			err = c.show(m.Summary, strings.Join(dirs, " "))
		default:
			err = format.Render(exact{c.stdout}, m)
		}
		if err != nil && !c.stdout.lost(err) {
			return exit{noVerdict, err}
		}
	}
	if slices.ContainsFunc(formats, func(f reports.Format) bool { return f.Name == "markdown" || f.Name == "github" }) {
		c.stepSummary(func(path string) error { return reports.AppendMarkdown(path, m.Summary) })
	}
	for _, why := range m.Damage() {
		c.tell("%s", why)
	}
	if unwritten != nil {
		// What came of the run is not lost with the file.
		unwritten = errors.Join(fmt.Errorf("not all of the report can be written: %w", unwritten), c.show(m.Summary, strings.Join(dirs, " ")))
	}
	if err := errors.Join(unwritten, m.Lost()); err != nil {
		return exit{cmp.Or(m.Summary.Verdict.ExitCode, noVerdict), err}
	}
	return verdict(m.Summary)
}

// openRuns opens what is reported. A shard that is given alone is a part of its run, like one of several that are not
// all: what it says by itself is in its own directory.
func openRuns(dirs []string) (*reports.Model, error) {
	if run, err := results.Open(dirs[0]); err == nil && len(dirs) == 1 && run.Shard != nil && run.Shard.Of > 1 {
		return reports.OpenShards(dirs...)
	}
	return reports.Open(dirs...)
}

// commands are the command lines on a report's page, for what was chosen of the description.
func commands(chosen contracts.Choice) page.Commands {
	words := ""
	if chosen.Operation != "" {
		words = " --operation " + text.ShellQuote(chosen.Operation)
	}
	for _, one := range chosen.Values {
		words += " --param " + text.ShellQuote(one)
	}
	return page.Commands{
		Run: func(seed uint64) string {
			return fmt.Sprintf("andon run scenario.yaml --spec openapi.yaml%s --seed %d", words, seed)
		},
		Curl: func(target string, seed, call uint64) string {
			if target != "" {
				target = " --target " + target
			}
			return fmt.Sprintf("andon plan scenario.yaml --spec openapi.yaml%s --seed %d%s --curl %d | tail -n 1", words, seed, target, call)
		},
	}
}

// chosenIn is what was chosen for the run in a directory; nothing where that is none.
func chosenIn(dir string) contracts.Choice {
	run, err := results.Open(dir)
	if err != nil {
		return contracts.Choice{} // what is wrong with it is told when it is read
	}
	m := run.Manifest
	chosen := contracts.Choice{Values: m.Parameters}
	if m.Chosen {
		chosen.Operation = m.Method + " " + m.Path
	}
	return chosen
}

// completeFormats completes the last word of a list.
func completeFormats(_ *cobra.Command, _ []string, list string) ([]string, cobra.ShellCompDirective) {
	before := list[:strings.LastIndex(list, ",")+1]
	var words []string
	taken := strings.Split(before, ",")
	add := func(name, about string) {
		if !slices.Contains(taken, name) {
			words, taken = append(words, before+name+"\t"+about), append(taken, name)
		}
	}
	for _, f := range reports.Formats() {
		add(f.Name, f.About)
	}
	// What a run has not.
	for _, f := range reports.CapacityFormats() {
		add(f.Name, "of a search for capacity or a comparison alone")
	}
	if before == "" {
		words = append(words, "all\tall of them")
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// verdict is the exit code of a summary.
func verdict(s summary.Summary) error {
	if s.Verdict.ExitCode == 0 {
		return nil
	}
	return exit{code: s.Verdict.ExitCode}
}

func (c *command) show(s summary.Summary, dir string) error {
	return render.Terminal(c.stdout, s, c.terminal(dir))
}
