package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/follow"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

func (c *command) follow() *cobra.Command {
	var with credentialFlags
	var production string
	cmd := &cobra.Command{
		Use:   "follow RUN_DIR",
		Short: "Go on following the executions of a run, and report",
		Long: `Follow asks the target what became of the executions that a run has started and not seen to their
end: since it was interrupted or killed, or since the time for it was over. It reads their ids from the
run's journal, sends none of its calls again, keeps in the run directory what it finds, and shows the
report. Ctrl-C ends it with what is known; it can be called as often as there is something to be known.

It asks the target of the run for as long as the run's scenario says; a production target is only
asked where its name is typed out (--production). The times are those of this machine's clock, which
has to be the one that the run went on on: of what ended while nobody asked, it is only known that it
did.

The thresholds of the scenario are held against what is known then. The exit code is that of the run's
verdict; a run that was cut off has none.`,
		Example: `  andon follow reports/runs/20261124T060000Z-mixed
  ANDON_TOKEN=… andon follow run`,
		Args: exactlyOne("a run directory"),
		RunE: func(_ *cobra.Command, args []string) error { return c.followRun(args[0], production, with) },
	}
	cmd.Flags().StringVar(&production, "production", "", productionUse)
	with.add(cmd.Flags())
	return cmd
}

func (c *command) followRun(dir, production string, f credentialFlags) error {
	d, err := chosenIn(dir).Open(filepath.Join(dir, "openapi.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no run directory: it has no openapi.yaml", text.Printable(dir, 4096))
	} else if err != nil {
		return err
	}
	s, err := c.scenario([]string{filepath.Join(dir, "scenario.yaml")}, d, "")
	if err != nil {
		return err
	}
	run, err := results.Open(dir)
	if err != nil {
		return exit{noVerdict, err}
	}
	target, err := url.Parse(run.Target)
	if err != nil {
		return exit{noVerdict, fmt.Errorf("the target of the run cannot be read: %w", err)}
	}
	if err := permittedURLs(production, target); err != nil {
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
	w.Follows()
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

// webhookFlags say where webhooks are listened for.
type webhookFlags struct{ listen, url, secretFile string }

func (f *webhookFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "webhook-listen", "", "`address` to listen at for webhooks that tell of the ends of executions, such as 127.0.0.1:9000")
	flags.StringVar(&f.url, "webhook-url", "", "`URL` by which the target reaches --webhook-listen, where that is another one")
	flags.StringVar(&f.secretFile, "webhook-secret-file", "", "`file` with the secret that webhooks are signed with, in place of the variable ANDON_WEBHOOK_SECRET")
}

// hooks are the webhooks that are listened for, and where the embedded provider sends them; nil where none are.
type hooks struct {
	webhooks *follow.Webhooks
	provider *provider.Webhooks
}

// open begins to listen, where that is asked for.
func (f *webhookFlags) open(c *command, plan *scenarios.Plan, kept *credentials.Set) (h hooks, err error) {
	switch {
	case f.listen == "" && f.url+f.secretFile != "":
		return h, errors.New("webhooks are listened for nowhere: --webhook-listen says where")
	case f.listen == "":
		return h, nil
	case plan.Following == nil:
		return h, errors.New("--webhook-listen: executions are not followed, so that webhooks tell nothing; add --follow, or `follow: true` to the scenario")
	}
	secret, err := webhookSecret(f.secretFile)
	if err != nil {
		return h, err
	}
	if secret != "" {
		c.secrets.Keep(secret)
		kept.Keep(secret)
	}
	h.webhooks, err = follow.Listen(follow.WebhookConfig{Address: f.listen, Secret: secret, Operation: plan.Following.Operation, Now: time.Now})
	var taken *net.OpError
	if errors.As(err, &taken) {
		return h, exit{noVerdict, err}
	} else if err != nil {
		return h, fmt.Errorf("--webhook-listen: %w", err)
	}
	h.provider = &provider.Webhooks{URL: cmp.Or(f.url, "http://"+h.webhooks.At()+"/"), Secret: secret}
	c.tell("webhooks are listened for at %s; the target has to send them to %s", h.webhooks.At(), h.provider.URL)
	return h, nil
}
