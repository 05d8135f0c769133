package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

func (c *command) follow() *cobra.Command {
	var credentials credentialFlags
	cmd := &cobra.Command{
		Use:   "follow RUN_DIR",
		Short: "Go on following the executions of a run, and report",
		Long: `Follow asks the target what became of the executions that a run has started and not seen to their
end: since it was interrupted or killed, or since the time for it was over. It reads their ids from the
run's journal, sends none of its calls again, keeps in the run directory what it finds, and shows the
report. Ctrl-C ends it with what is known; it can be called as often as there is something to be known.

The times are those of this machine's clock, which has to be the one that the run went on on.

The exit code is that of the run's verdict.`,
		Example: `  andon follow reports/runs/20261124T060000Z-mixed
  ANDON_TOKEN=… andon follow run`,
		Args: exactlyOne("a run directory"),
		RunE: func(_ *cobra.Command, args []string) error { return c.followRun(args[0], credentials) },
	}
	credentials.add(cmd.Flags())
	return cmd
}

func (c *command) followRun(dir string, f credentialFlags) error {
	d, err := contracts.Open(filepath.Join(dir, "openapi.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no run directory: it has no openapi.yaml", text.Printable(dir, 4096))
	} else if err != nil {
		return err
	}
	s, err := c.scenario([]string{filepath.Join(dir, "scenario.yaml")}, d, "")
	if err != nil {
		return err
	}
	r := trial.Resumption{Dir: dir}
	if r.Plan, err = s.Plan(defaultSeed); err != nil {
		return err
	}
	if r.Credentials, err = f.open(c, s.Carried); err != nil {
		return err
	}
	w := live.NewWatch(c.stderr, os.Stdin, true)
	r.Progress = w.Progress
	stop := c.signals(w.Stopping, w.End)
	defer stop.release()
	defer w.End()
	if err := trial.Resume(stop.kill, stop.first, r); err != nil {
		return exit{noVerdict, err}
	}
	w.End()
	// They tell of what was known before.
	for _, name := range []string{"summary.json", "report.md", "report.html"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return exit{noVerdict, err}
		}
	}
	return c.showReport([]string{dir}, reportFlags{format: "terminal"})
}
