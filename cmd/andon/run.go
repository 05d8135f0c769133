package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/live"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

type runFlags struct {
	target, out, fixtures string
	production            string
	credentials           credentialFlags
	seed                  uint64
	noUniqueIDs, plain    bool
	http2, traceparent    bool
	follow                bool
	hooks                 webhookFlags
	release, deviations   string
	baseline              string
	labels                []string
	monitor               monitorFlags
	paired                pairedFlags
	together              togetherFlags
}

func (c *command) run() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Drive a target with a scenario and report",
		Long: `Run sends the calls of a scenario, holds every response against the contract, and writes a
run directory with the raw results, summary.json, report.md and report.html.

SCENARIO is a name that andon scenarios list shows, or a file; without one it is "mixed".
Without --target the reference provider is started on this machine and driven.

Exit codes: 0 all held; 1 a threshold or the contract was broken; 2 wrong usage, scenario or
description, nothing was sent; 3 no verdict (target unreachable, run directory not writable,
generator-limited, interrupted). Ctrl-C stops sending and waits for the calls in flight; a
second one does not, and ends andon within five seconds whatever holds it up, as a third does at
once. Then the report may be missing; andon report makes it of what was measured.

Where the scenario says follow, or with --follow, it is found out what becomes of the executions that
calls start: the target is asked about them, beside the load and after it, until they have ended or
the time for that is over (10m, unless the scenario says another). Ctrl-C then ends the sending, and a
second one the following; what was not seen to its end is no loss, and andon follow asks further.
--webhook-listen takes webhooks that tell of ends as well, signed with the secret of
ANDON_WEBHOOK_SECRET or --webhook-secret-file.

` + pairedHelp + `

` + togetherHelp + `

` + credentialsHelp + `

Whoever reads along may go away (head, a closed pager) or stand still (Ctrl-S): the run goes on to
its end. Of the progress that nobody reads the latest line is kept; the report waits for its
reader. Where standard output cannot be written, a 0 becomes a 3. The report is in the run
directory all the same.

On a terminal a live view is shown, in which q is a Ctrl-C too, and a short summary after it;
andon report shows all tables. With --plain, in CI (the variable CI), with TERM=dumb and where
there is no terminal, there are lines instead, and the whole report. NO_COLOR is honoured.

What --release and --label say is in the run directory and in every report, and on every series
that is monitored: as release and label_NAME, in OTLP as the resource's andon.release and
andon.label.NAME. Runs of two releases are for comparing, and never merged.

--metrics-listen serves the figures at /metrics for Prometheus while the process runs, with
native histograms. The last ones come after the last scrape, so that they are lost unless
--metrics-linger makes the process wait for another scrape. --remote-write and --otlp push
every 5 s and once more at the end, which needs no waiting. Failures to deliver are warnings,
and do not touch the run or its exit code. What an endpoint wants for authorization comes from
ANDON_REMOTE_WRITE_AUTHORIZATION ("Bearer …") and OTEL_EXPORTER_OTLP_HEADERS ("name=value,…").`,
		Example: `  andon run
  andon run tiers --seed 7
  ANDON_TOKEN=… andon run smoke --target https://staging.example.com
  andon run ./peak.yaml --out reports/runs/peak
  andon run mixed --shard 2/8 --start-at 16:30:00Z --out s2
  andon run --release 4f2c1e9 --label environment=staging --label team=core
  andon run soak --metrics-listen 127.0.0.1:9464 --metrics-linger 1m
  andon run soak --remote-write http://127.0.0.1:9090/api/v1/write
  andon run soak --otlp http://127.0.0.1:4318`,
		Args:              atMostOne,
		ValidArgsFunction: completeShipped,
		RunE: func(_ *cobra.Command, args []string) error {
			// Little is in memory before the calls and after them, and not for long: collecting it is mostly in vain.
			if os.Getenv("GOGC") == "" {
				defer debug.SetGCPercent(debug.SetGCPercent(400))
			}
			return c.runScenario(args, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "base `URL` of the provider; without it the reference provider is driven")
	flags.StringVar(&f.production, "production", "", productionUse)
	flags.Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	flags.StringVar(&f.fixtures, "fixtures", "", fixturesUse)
	flags.StringVar(&f.out, "out", "", "run `directory` to write (default reports/runs/<time>-<scenario>)")
	f.credentials.add(flags)
	flags.BoolVar(&f.http2, "http2", false, "send over HTTP/2 where the target speaks it, with TLS or without: fewer connections, and a slower generator")
	flags.BoolVar(&f.noUniqueIDs, "no-unique-ids", false, "do not check that executionIds are unique, which takes up to 10 MB for a million calls")
	flags.BoolVar(&f.follow, "follow", false, "find out what becomes of the executions, as the description says, or as follow in the scenario does")
	f.hooks.add(flags)
	flags.BoolVar(&f.plain, "plain", false, "tell the progress in lines, also on a terminal")
	flags.BoolVar(&f.traceparent, "traceparent", false, "send a W3C traceparent header with each call, and list the slowest calls by their trace ids")
	flags.StringArrayVar(&f.labels, "label", nil, "`name=text` that the run is known by in every report; may be given up to 20 times")
	flags.StringVar(&f.release, "release", "", "`name` of what is deployed at the target; runs of two releases are never merged")
	flags.StringVar(&f.deviations, "deviations", "", deviationsUse)
	flags.StringVar(&f.baseline, "baseline", "", "`file` of the baseline that thresholds refer to, in the place of the scenario's")
	f.monitor.add(flags)
	f.paired.add(flags)
	f.together.add(flags)
	return cmd
}

func (c *command) runScenario(args []string, f runFlags) error {
	if err := f.paired.check(f.target, f.follow, f.hooks, f.monitor); err != nil {
		return err
	}
	plan, err := c.planned(args, f.seed, f.fixtures, f.follow)
	if err != nil {
		return err
	}
	t := trial.Config{
		Plan: plan, HTTP2: f.http2, Traceparent: f.traceparent, RepeatedIDsAllowed: f.noUniqueIDs,
		Dir: f.out, Root: filepath.Join("reports", "runs"), Andon: version(), Command: repeats(c.args),
		Release: f.release, Baseline: f.baseline, Commands: commands(c.chosen),
	}
	if t.Shard, t.StartAt, err = f.together.read(f.paired); err != nil {
		return err
	}
	if t.Labels, err = results.ParseRunLabels(f.labels, f.release); err != nil {
		return fmt.Errorf("--label or --release: %w", err)
	}
	if t.Deviations, err = c.deviationsForLoad(f.deviations, plan.Scenario); err != nil {
		return err
	}
	if t.Credentials, err = f.credentials.open(c, plan.Carried); err != nil {
		return err
	}
	if t.Target, err = pickTarget(f.target, plan.Scenario, strings.Join(append([]string{"andon run"}, args...), " ")); err != nil {
		return err
	}
	against, err := f.paired.target(plan)
	if err != nil {
		return err
	}
	if err := permittedURLs(f.production, t.Target, against); err != nil {
		return err
	}
	if f.paired.asked() {
		return c.runPaired(t, against, f.paired, f.plain, nil)
	}
	w := live.NewWatch(c.stderr, os.Stdin, f.plain)
	mon, err := f.monitor.open(func(said string) { w.Say(c.redact(text.Public(said))) })
	if err != nil {
		return err
	}
	if mon != nil {
		defer mon.Close()
		t.Started, t.Observe, t.Tick = mon.Start, mon.Observe, mon.Progress
	}
	hooks, err := f.hooks.open(c, plan, t.Credentials)
	if err != nil {
		return err
	}
	t.Webhooks = hooks.webhooks
	if t.Embedded = t.Target == nil; t.Embedded {
		var end func()
		if t.Target, end, err = trial.Embedded(plan, hooks.provider); err != nil {
			return exit{noVerdict, err}
		}
		defer end()
	}
	t.Warn = func(said string) { w.Say("warning: " + said) }
	w.Target = place(t.Target, t.Embedded)
	c.tell("%s: %s → %s", text.Printable(plan.Name, 64), plan, w.Target)
	if said := t.Together(); said != "" {
		c.tell("%s", said)
	}
	if how := plan.Following; how != nil {
		c.tell("executions are followed by %s: at most %g polls/s, and for %s at most after the last call", text.Printable(how.Operation.String(), 200), how.Polls, how.For)
	}
	if warning := t.Warning(); warning != "" {
		c.tell("warning: %s", warning)
	}

	stop := c.signals(w.Stopping, w.End)
	defer stop.release()
	w.Press, t.Progress, t.Every, t.Ended = stop.press, w.Progress, w.Every(), w.Answered
	// Whatever happens, the terminal is given back.
	defer w.End()
	result, err := trial.Run(stop.kill, stop.first, t)
	w.End()
	if result.Aggregator == nil {
		return notRun(err)
	}
	stop.code.Store(int32(cmp.Or(result.Summary.Verdict.ExitCode, noVerdict)))
	c.stepSummary(func(path string) error { return reports.AppendMarkdown(path, result.Summary) })
	if shown := c.showRun(result, w.Screen != nil); shown != nil && !c.stdout.lost(shown) {
		return exit{noVerdict, shown}
	}
	if mon != nil {
		if became := result.Summary.Executions; became != nil {
			mon.Executions(*became)
		}
		mon.End(stop.kill, stop.again())
	}
	if err != nil {
		// What was found stands, whatever became of its record; the summary says which it is.
		return exit{cmp.Or(result.Summary.Verdict.ExitCode, noVerdict), err}
	}
	return verdict(result.Summary)
}

// showRun shows what came of a run: in short to whoever has watched it.
func (c *command) showRun(r trial.Result, watched bool) error {
	if terminal, _, _ := live.Terminal(c.stdout.Writer); terminal && watched {
		return render.Brief(c.stdout, r.Summary, c.terminal(r.Dir))
	}
	return c.show(r.Summary, r.Dir)
}

// repeats is the command line that repeats a run, as it is kept: a query may be a secret of an endpoint's, and the
// directory of the run is taken.
func repeats(args []string) []string {
	line := []string{"andon"}
	for i, arg := range args {
		if arg == "--out" || strings.HasPrefix(arg, "--out=") || i > 0 && args[i-1] == "--out" {
			continue
		}
		line = append(line, text.Public(arg))
	}
	return line
}
