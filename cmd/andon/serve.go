package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/text"
)

type serveFlags struct {
	listen, scenario, tokenFile string
	workers, queue              int
	latency, faults, pools      []string
	slowBody, stall             string
	maxBody                     int64
	seed                        uint64
	log                         bool
	executions                  executionFlags
}

// executionFlags say how what is accepted is run, and how it is told of.
type executionFlags struct {
	workers, queue       int
	times, faults        []string
	webhooks, secretFile string
	webhookFaults        []string
}

func (c *command) serve() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the reference provider",
		Long: `Serve answers POST /agents/execute as the description says, and can be made to behave like a real
service: with latency by tier, a capacity (workers, or pools of them by tier, and a queue in front of
each), and faults.

A token is demanded where ANDON_TOKEN or --token-file gives one. Ctrl-C lets the calls in service end.

With one of the flags --execution… what is accepted is run, too: POST /executions/get, or what the
description marks with x-andon-following, then tells what became of it. Without, there is no such
operation. Webhooks are signed with the secret of ANDON_WEBHOOK_SECRET or --webhook-secret-file.

Faults (a share of the valid calls): ` + strings.Join(provider.ShareNames(), ", ") + `.
With above=RATE, as in above=56/s, they strike only while more valid calls come, over the last 10 s.
Of executions: ` + strings.Join(provider.FateNames(), ", ") + `.
Of webhooks: late=SHARE,TIME, ` + strings.Join(provider.WebhookFaultNames(), ", ") + `.`,
		Example: `  andon serve
  andon serve --latency "Full=lognormal(400ms, 0.4)" --latency "Lite=lognormal(120ms, 0.3)" --workers 64 --queue 256
  andon serve --latency 20ms --fault http500=1% --fault truncated=0.5% --stall 5s,2s --log
  andon serve --executions-workers 8 --executions-queue 1000 --executions-time 2s --execution-fault lost=1%`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serveProvider(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`address` to listen at; port 0 takes a free one")
	flags.StringVar(&f.scenario, "scenario", "", "take the behaviour from the provider block of this `scenario`; other flags override it")
	addWhole(flags, &f.workers, "workers", 0, 0, 1_000_000, "calls served at the same time; 0 is any number")
	flags.StringArrayVar(&f.pools, "pool", nil, "workers for one tier alone, `TIER=WORKERS`: Full=8; may be repeated, and not with --workers")
	addWhole(flags, &f.queue, "queue", 0, 0, 1_000_000, "calls that may wait for a worker, or for one of each pool; a call beyond is refused with 429")
	flags.StringArrayVar(&f.latency, "latency", nil, "service time, `[TIER=]DISTRIBUTION`: 20ms, uniform(10ms, 50ms), lognormal(MEDIAN, SIGMA); may be repeated; calls without a tier take as long as those of the first one unless they are named too")
	flags.StringArrayVar(&f.faults, "fault", nil, "a fault and its share, `NAME=SHARE`: http500=1%, or above=RATE; may be repeated")
	flags.StringVar(&f.slowBody, "slow-body", "", "share of bodies that trickle, and for how long: `SHARE,TIME`, as in 5%,2s")
	flags.StringVar(&f.stall, "stall", "", "freeze once, `AT,FOR` after the first call, as in 5s,2s")
	flags.Int64Var(&f.maxBody, "max-body", 1<<20, "most `bytes` of a request's body; a larger one is refused with 413")
	flags.StringVar(&f.tokenFile, "token-file", "", tokenUse)
	flags.Uint64Var(&f.seed, "seed", defaultSeed, "`number` that determines latencies and faults")
	flags.BoolVar(&f.log, "log", false, "log each call, execution and webhook to standard error, as JSON")
	f.executions.add(flags)
	return cmd
}

func (f *executionFlags) add(flags *pflag.FlagSet) {
	addWhole(flags, &f.workers, "executions-workers", 0, 0, 1_000_000, "executions that run at the same time; 0 is any number")
	addWhole(flags, &f.queue, "executions-queue", 0, 0, 1_000_000, "executions that may wait for a worker; a call beyond is refused with 429")
	flags.StringArrayVar(&f.times, "executions-time", nil, "how long one runs, `[TIER=]DISTRIBUTION`, as for --latency; may be repeated")
	flags.StringArrayVar(&f.faults, "execution-fault", nil, "what becomes of a share of them, `NAME=SHARE`: failed=2%, lost=1%; may be repeated")
	flags.StringVar(&f.webhooks, "webhook-url", "", "`URL` to which a webhook is posted when an execution has ended")
	flags.StringVar(&f.secretFile, "webhook-secret-file", "", "`file` with the secret that webhooks are signed with, in place of the variable ANDON_WEBHOOK_SECRET")
	flags.StringArrayVar(&f.webhookFaults, "webhook-fault", nil, "a fault of webhooks and its share, `NAME=SHARE`: never=1%, late=5%,10s; may be repeated")
}

// put puts the flags over what a scenario says.
func (f *executionFlags) put(cmd *cobra.Command, config *provider.Config, tiers []string) (err error) {
	e, w := provider.Executions{}, provider.Webhooks{}
	if config.Executions != nil {
		e = *config.Executions
	}
	if config.Webhooks != nil {
		w = *config.Webhooks
	}
	if e.Time == nil {
		e.Time = map[string]provider.Latency{}
	}
	changed := cmd.Flags().Changed
	if changed("executions-workers") {
		e.Workers = f.workers
	}
	if changed("executions-queue") {
		e.Queue = f.queue
	}
	if e.Time, err = provider.ParseLatencies(f.times, e.Time, tiers); err != nil {
		return fmt.Errorf("--executions-time: %w", err)
	}
	for _, text := range f.faults {
		if err := e.Set(text); err != nil {
			return fmt.Errorf("--execution-fault: %w", err)
		}
	}
	if changed("executions-workers") || changed("executions-queue") || len(f.times) > 0 || len(f.faults) > 0 {
		config.Executions = &e
	}
	for _, text := range f.webhookFaults {
		if err := w.Set(text); err != nil {
			return fmt.Errorf("--webhook-fault: %w", err)
		}
	}
	if f.webhooks != "" {
		w.URL = f.webhooks
	}
	if f.webhooks == "" && len(f.webhookFaults) == 0 && config.Webhooks == nil {
		return nil
	}
	if w.URL == "" {
		return errors.New("nothing says where the webhooks go; --webhook-url does")
	}
	if secret, err := webhookSecret(f.secretFile); err != nil {
		return err
	} else if secret != "" {
		w.Secret = secret
	}
	if w.Secret == "" {
		return errors.New("webhooks are signed, and no secret is given; put it into ANDON_WEBHOOK_SECRET, or name its file with --webhook-secret-file")
	}
	config.Webhooks = &w
	return nil
}

func (c *command) serveProvider(cmd *cobra.Command, f serveFlags) error {
	d, err := c.description()
	if err != nil {
		return err
	}
	config, err := c.providerConfig(cmd, f, d)
	if err != nil {
		return err
	}
	handler, err := provider.New(d, config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer c.signals(cancel, func() {}).release()
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return exit{noVerdict, fmt.Errorf("cannot listen at %s: %w; --listen names another address", f.listen, err)}
	}
	fmt.Fprintf(c.stdout, "serving %s http://%s%s", d.Operation().Method, ln.Addr(), d.Operation().Path)
	if config.Token != "" {
		fmt.Fprint(c.stdout, " (a token is demanded)")
	}
	if config.Executions != nil {
		fmt.Fprintf(c.stdout, "; %s tells what became of an execution", d.Following())
	}
	fmt.Fprintln(c.stdout)
	if err := provider.Serve(ctx, ln, handler); err != nil {
		return exit{noVerdict, err}
	}
	fmt.Fprintln(c.stdout, "stopped")
	return nil
}

// providerConfig puts the flags over the scenario's provider block.
func (c *command) providerConfig(cmd *cobra.Command, f serveFlags, d *contracts.Description) (provider.Config, error) {
	config := provider.Config{Latency: provider.DefaultLatency(d.Tiers())}
	if f.scenario != "" {
		s, err := c.scenario([]string{f.scenario}, d, "")
		if err != nil {
			return config, err
		}
		if config, err = s.OpenProvider(cmd.Context()); err != nil {
			return config, err
		}
	}
	var err error
	if config.Token, err = demanded(f.tokenFile); err != nil {
		return config, err
	}
	config.Seed, config.MaxBody = f.seed, f.maxBody
	if f.maxBody < 1 {
		return config, fmt.Errorf("--max-body wants at least 1 byte, found %d", f.maxBody)
	}
	if cmd.Flags().Changed("workers") {
		config.Workers, config.Pools = f.workers, nil
	} else if len(f.pools) > 0 {
		config.Workers = 0
	}
	if config.Pools, err = provider.ParsePools(f.pools, config.Pools); err != nil {
		return config, fmt.Errorf("--pool: %w", err)
	}
	if cmd.Flags().Changed("queue") {
		config.Queue = f.queue
	}
	if f.log {
		config.Log = slog.New(slog.NewJSONHandler(text.JSONWriter{To: c.log}, nil))
	}
	if config.Latency, err = provider.ParseLatencies(f.latency, config.Latency, d.Tiers()); err != nil {
		return config, fmt.Errorf("--latency: %w", err)
	}
	for _, text := range f.faults {
		if err := config.Faults.Set(text); err != nil {
			return config, fmt.Errorf("--fault: %w", err)
		}
	}
	if f.slowBody != "" {
		if config.Faults.SlowBody, err = provider.ParseSlowBody(f.slowBody); err != nil {
			return config, fmt.Errorf("--slow-body: %w", err)
		}
	}
	if f.stall != "" {
		if config.Faults.Stall, err = provider.ParseStall(f.stall); err != nil {
			return config, fmt.Errorf("--stall: %w", err)
		}
	}
	err = f.executions.put(cmd, &config, d.Tiers())
	return config, err
}
