package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/attack"
)

// defaultSeed makes two runs of the same scenario send the same bytes, unless asked otherwise.
const defaultSeed = 1

const seedUse = "`number` that, with the scenario, determines every call and its moment"

type runFlags struct {
	target, out, tokenFile string
	seed                   uint64
	noUniqueIDs            bool
}

func (c *command) run() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Drive a target with a scenario and report",
		Long: `Run sends the calls of a scenario, holds every response against the contract, and writes a
run directory with the raw results, summary.json, report.md and report.html, a page that needs
no network.

SCENARIO is a name that andon scenarios list shows, or a file; without one it is "mixed".
Without --target the reference provider is started on this machine and driven.

Exit codes: 0 all held; 1 a threshold or the contract was broken; 2 wrong usage, scenario or
description, nothing was sent; 3 no verdict (target unreachable, generator-limited,
interrupted). Ctrl-C stops sending and waits for the calls in flight; a second one does not.`,
		Example: `  andon run
  andon run tiers --seed 7
  ANDON_TOKEN=… andon run smoke --target https://staging.example.com
  andon run ./peak.yaml --out reports/runs/peak`,
		Args:              atMostOne,
		ValidArgsFunction: completeShipped,
		RunE:              func(_ *cobra.Command, args []string) error { return c.runScenario(args, f) },
	}
	cmd.Flags().StringVar(&f.target, "target", "", "base `URL` of the provider; without it the reference provider is driven")
	cmd.Flags().Uint64Var(&f.seed, "seed", defaultSeed, seedUse)
	cmd.Flags().StringVar(&f.out, "out", "", "run `directory` to write (default reports/runs/<time>-<scenario>)")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", tokenUse)
	cmd.Flags().BoolVar(&f.noUniqueIDs, "no-unique-ids", false, "do not check that executionIds are unique, which takes up to 21 MiB for a million calls")
	return cmd
}

func (c *command) runScenario(args []string, f runFlags) error {
	d, spec, err := c.description()
	if err != nil {
		return err
	}
	s, err := c.scenario(args, d)
	if err != nil {
		return err
	}
	plan, err := s.Plan(f.seed)
	if err != nil {
		return err
	}
	bearer, err := token(f.tokenFile)
	if err != nil {
		return err
	}
	target, err := pickTarget(f.target, s, strings.Join(append([]string{"andon run"}, args...), " "))
	if err != nil {
		return err
	}

	embedded := target == nil
	if embedded {
		stop, url, err := startProvider(d, s.Provider, f.seed)
		if err != nil {
			return err
		}
		defer stop()
		target = url
	}
	fmt.Fprintf(c.stderr, "%s: %s → %s\n", reports.Printable(s.Name, 64), announce(plan), place(target, embedded))

	interrupt, kill, release := signals(func() {
		fmt.Fprintln(c.stderr, "\nstopped sending; waiting for the calls in flight (Ctrl-C again gives them up)")
	})
	defer release()
	if err := attack.Preflight(kill, target); err != nil {
		return exit{noVerdict, fmt.Errorf("%s cannot be reached, nothing was sent: %w", target.Redacted(), err)}
	}

	started := time.Now()
	id, dir := filepath.Base(filepath.Clean(f.out)), f.out
	if dir == "" {
		id, dir = results.NewDir(filepath.Join("reports", "runs"), s.Name, started)
	}
	manifest := results.Manifest{
		Andon: version(), ID: id, Scenario: s.Name, Seed: f.seed, Target: target.String(), Started: started.UTC(),
		SpecSHA256: d.SHA256(), Labels: s.Labels, Planned: plan.Planned, Thresholds: s.Thresholds,
		TimeoutSeconds: s.Timeout.Seconds(), InFlight: s.InFlight,
	}
	files := map[string][]byte{"scenario.yaml": s.Source, "openapi.yaml": spec}
	for name, data := range s.Feeders {
		files[name] = data
	}
	w, err := results.Create(dir, manifest, files)
	if err != nil {
		return err
	}

	terminal, _, width := screen(c.stderr)
	live := reports.NewLive(c.stderr, terminal, width)
	agg, end, lost := attack.Run(kill, interrupt, attack.Config{
		Plan: plan, Description: d, Target: target, Token: bearer, Writer: w, RepeatedIDsAllowed: f.noUniqueIDs,
		Tick: ticker(live, plan, terminal),
	})
	live.Done()

	run, err := results.Open(dir)
	if err != nil {
		return exit{noVerdict, fmt.Errorf("the run directory cannot be read back: %w", err)}
	}
	summary := reports.Summarize(run.Manifest, run.Samples, run.Vitals, end, agg)
	if err := c.conclude(summary, run, agg); err != nil {
		return err
	}
	if lost != nil {
		return exit{noVerdict, lost}
	}
	return verdict(summary)
}

// verdict is the exit code of a summary.
func verdict(s reports.Summary) error {
	if s.Verdict.ExitCode == 0 {
		return nil
	}
	return exit{code: s.Verdict.ExitCode}
}

// conclude writes the reports of a run and shows it.
func (c *command) conclude(s reports.Summary, run *results.Run, agg *metrics.Aggregator) error {
	if err := reports.WriteSummary(run.Dir, s); err != nil {
		return exit{noVerdict, err}
	}
	if err := reports.WriteMarkdown(run.Dir, s); err != nil {
		return exit{noVerdict, err}
	}
	if err := reports.WritePage(run.Dir, reports.NewPageData(s, run, agg)); err != nil {
		return exit{noVerdict, err}
	}
	return c.show(s, run.Dir)
}

func (c *command) show(s reports.Summary, dir string) error {
	_, color, width := screen(c.stdout)
	return reports.Terminal(c.stdout, s, reports.TerminalOptions{Color: color, Width: width, Dir: dir})
}

// pickTarget is where the calls go; nil is the embedded provider. A target elsewhere than on this machine must be named
// on the command line: a file that was passed on must not send thousands of calls to a place that nobody looked at.
func pickTarget(flag string, s *scenarios.Scenario, again string) (*url.URL, error) {
	if flag != "" {
		u, err := contracts.ParseTarget(flag)
		if err != nil {
			return nil, fmt.Errorf("--target: %w", err)
		}
		return u, nil
	}
	if s.Target == "" {
		return nil, nil
	}
	u, err := contracts.ParseTarget(s.Target)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return u, nil
	}
	return nil, fmt.Errorf("the scenario's target %s is not on this machine, so it must be named when the run is started: %s --target %s", u, again, u)
}

func place(target *url.URL, embedded bool) string {
	if embedded {
		return target.String() + " (the embedded reference provider)"
	}
	return target.String()
}

// announce says how many calls there will be, before the first one.
func announce(p *scenarios.Plan) string {
	length := (time.Duration(p.Seconds * float64(time.Second))).Round(time.Millisecond)
	if p.Closed() {
		return fmt.Sprintf("at most %d calls by up to %d callers in %s (closed loop), seed %d", p.Calls, p.PeakCallers(), length, p.Seed)
	}
	return fmt.Sprintf("%d calls in %s, at most %.4g/s, seed %d", p.Hits, length, p.PeakRate(), p.Seed)
}

// startProvider serves the reference provider on a free port of this machine until stop is called.
func startProvider(d *contracts.Description, config provider.Config, seed uint64) (stop func(), target *url.URL, err error) {
	config.Seed = seed
	handler, err := provider.New(d, config)
	if err != nil {
		return nil, nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, exit{noVerdict, err}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		// What is still in service when the run has ended is nobody's loss.
		_ = provider.Serve(ctx, ln, handler)
	}()
	return func() { cancel(); <-done }, &url.URL{Scheme: "http", Host: ln.Addr().String()}, nil
}

// plainEvery is how often progress is told where it cannot be shown in place.
const plainEvery = 5 * time.Second

func ticker(live *reports.Live, plan *scenarios.Plan, terminal bool) func(time.Duration, *metrics.Aggregator, int) {
	var last time.Duration
	return func(now time.Duration, a *metrics.Aggregator, inFlight int) {
		if !terminal && now-last < plainEvery-plainEvery/10 {
			return
		}
		last = now
		window := 1
		if !terminal {
			window = int(plainEvery / time.Second)
		}
		recent, all := a.Recent(now, window), a.Running()
		phase, callers, _ := plan.At(now)
		// What was sent lately is held against what was asked for in the middle of that time.
		_, _, asked := plan.At(max(now-time.Duration(window)*time.Second/2, 0))
		label := plan.Labels.Phases[phase]
		p := reports.Progress{
			Elapsed: now, Total: time.Duration(plan.Seconds * float64(time.Second)), Phase: label.Name, Warmup: label.Warmup,
			Asked: asked, Callers: callers, InFlight: inFlight, P50: recent.P50, P99: recent.P99,
			Errors: all.Errors, Violations: all.Violations, Dropped: all.Dropped,
		}
		if recent.Seconds > 0 {
			p.Achieved = float64(recent.Sent) / recent.Seconds
		}
		live.Show(p)
	}
}
